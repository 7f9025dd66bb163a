"""The versions of a scene list: which there are, what each changed, and two of them side by side."""

from __future__ import annotations

from dataclasses import dataclass

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.ids import Kind
from mv.domain.scene_changes import changes
from mv.domain.scenes import Changes, SceneList, SceneVersion, VersionLine
from mv.errors import NotFound
from mv.ports import Page, Transaction
from mv.services.scenes import lines
from mv.services.scenes_task import KIND
from mv.services.shelf import Shelf
from mv.services.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of versions, newest first."""

    record: SceneList
    page: Page[VersionLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions, and what is different."""

    record: SceneList
    before: SceneVersion
    after: SceneVersion
    changes: Changes


class SceneHistory(Shelf[SceneList]):
    """/scenes history and compare."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools, Kind.SCENE_LIST, KIND, lambda tx: tx.scenes)

    async def versions(self, actor: Actor, given: str, before: int | None = None) -> History:
        """Those with numbers below `before`. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            found = await tx.scenes.history(record.id, before=before, size=limits.VERSIONS + 1)
            shown = found[: limits.VERSIONS]
            older = shown[-1].number if len(found) > len(shown) else None
            return History(record=record, page=Page(rows=await lines(tx, record, shown), before=older))

    async def compare(self, actor: Actor, given: str, before: int, after: int) -> Comparison:
        """From one version to another. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            old, new = [await _version(tx, record, number) for number in (before, after)]
            return Comparison(record=record, before=old, after=new, changes=changes(old.draft, new.draft))


async def _version(tx: Transaction, record: SceneList, number: int) -> SceneVersion:
    version = await tx.scenes.version(record.id, number)
    if version is None:
        raise NotFound(kind="version", given=f"{record.ref} v{number}")
    return version
