"""Scene lists changed by hand, and old versions made current again: a new version each time, without any vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from mv.domain.actor import Actor
from mv.domain.ids import Kind, RecordId
from mv.domain.scene_edits import inserted, moved, removed, rewritten, scene_of, with_scene, written
from mv.domain.scenes import Change, SceneDraft, SceneList, SceneListView, SceneVersion, TokenUsage, meanwhile
from mv.errors import NotFound, Same
from mv.ports import Transaction
from mv.services.scenes import held, scene_list_view
from mv.services.scenes_task import KIND
from mv.services.shelf import Shelf
from mv.services.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """What happens to a draft; `scene` is the number that the record of it names."""

    change: Change
    alter: Callable[[SceneDraft], SceneDraft]
    scene: int | None = None


class SceneEdits(Shelf[SceneList]):
    """/scenes edit, insert, move, remove and restore. What is changed is the version that a form was opened for, or the
    newest; versions that others made meanwhile are kept, and the view names them."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools, Kind.SCENE_LIST, KIND, lambda tx: tx.scenes)

    async def edit(
        self, actor: Actor, record_id: RecordId, version: int, number: int, typed: Mapping[str, str]
    ) -> SceneListView:
        """Another scene, as typed, in the place of this one. Raises Refused."""

        def alter(draft: SceneDraft) -> SceneDraft:
            return with_scene(draft, number, rewritten(scene_of(draft, number), typed))

        edit = _Edit(change=Change.EDIT, alter=alter, scene=number)
        return await self._by_id(actor, record_id, version, edit)

    async def insert(
        self, actor: Actor, record_id: RecordId, version: int, after: int, typed: Mapping[str, str]
    ) -> SceneListView:
        """One more scene, as typed, behind number `after`. Raises Refused."""
        scene = written(typed)
        edit = _Edit(change=Change.INSERT, alter=lambda draft: inserted(draft, after, scene), scene=after + 1)
        return await self._by_id(actor, record_id, version, edit)

    async def move(self, actor: Actor, given: str, number: int, to: int) -> SceneListView:
        """Scene `number` to place `to`. Raises Refused."""
        return await self._by_ref(
            actor, given, _Edit(change=Change.MOVE, alter=lambda draft: moved(draft, number, to), scene=to)
        )

    async def remove(self, actor: Actor, given: str, number: int) -> SceneListView:
        """The list without scene `number`. Raises Refused."""
        return await self._by_ref(
            actor, given, _Edit(change=Change.REMOVE, alter=lambda draft: removed(draft, number), scene=number)
        )

    async def restore(self, actor: Actor, given: str, number: int) -> SceneListView:
        """An old version made current again, as a new one. Raises NotFound, Same."""
        async with self._tools.records.write() as tx:
            found = await self._find(tx, actor, given)
            return await self._restore(tx, actor, await held(tx, found.id, str(found.ref)), number)

    async def restore_by_id(self, actor: Actor, record_id: RecordId, number: int) -> SceneListView:
        """As `restore`, for the button."""
        async with self._tools.records.write() as tx:
            found = await self._visible(tx, actor, record_id)
            record = await held(tx, found.id, str(found.ref))
            return await self._restore(tx, actor, record, number)

    async def room(self, actor: Actor, given: str, after: int) -> SceneListView:
        """The newest version, if a scene can be inserted there. Raises NotFound, OutOfRange, ListFull."""
        async with self._tools.records.read() as tx:
            view = await scene_list_view(tx, await self._find(tx, actor, given), None)
        draft = view.version.draft
        inserted(draft, after, draft.scenes[0])
        return view

    async def _by_ref(self, actor: Actor, given: str, edit: _Edit) -> SceneListView:
        async with self._tools.records.write() as tx:
            found = await self._find(tx, actor, given)
            record = await held(tx, found.id, str(found.ref))
            return await self._changed(tx, actor, record, record.versions, edit)

    async def _by_id(self, actor: Actor, record_id: RecordId, version: int, edit: _Edit) -> SceneListView:
        async with self._tools.records.write() as tx:
            found = await self._visible(tx, actor, record_id)
            record = await held(tx, found.id, str(found.ref))
            return await self._changed(tx, actor, record, version, edit)

    async def _restore(self, tx: Transaction, actor: Actor, record: SceneList, number: int) -> SceneListView:
        old = await tx.scenes.version(record.id, number)
        newest = await tx.scenes.version(record.id, record.versions)
        if old is not None and newest is not None and old.draft == newest.draft:  # such as a second press
            raise Same(ref=str(record.ref))
        edit = _Edit(change=Change.RESTORE, alter=lambda draft: draft)
        return await self._changed(tx, actor, record, number, edit)

    async def _changed(
        self, tx: Transaction, actor: Actor, record: SceneList, number: int, edit: _Edit
    ) -> SceneListView:
        base = await tx.scenes.version(record.id, number)
        if base is None:
            raise NotFound(kind="version", given=f"{record.ref} v{number}")
        draft = edit.alter(base.draft)
        if draft == base.draft and edit.change is not Change.RESTORE:
            raise Same(ref=str(record.ref))
        version = self._version(actor, record, base, draft, edit)
        await tx.scenes.add_version(record.id, version)
        return await scene_list_view(tx, replace(record, versions=version.number, title=draft.title), None)

    def _version(
        self, actor: Actor, record: SceneList, base: SceneVersion, draft: SceneDraft, edit: _Edit
    ) -> SceneVersion:
        """The text is still the engine's that wrote the base; nothing was spent."""
        others = range(base.number + 1, record.versions + 1) if edit.change is not Change.RESTORE else ()
        return replace(
            base,
            number=record.versions + 1,
            author_id=actor.member_id,
            created_at=self._tools.clock.now(),
            job_id=None,
            draft=draft,
            usage=TokenUsage(),
            cost=0,
            notes=tuple(meanwhile(others)),
            change=edit.change,
            based_on=base.number,
            scene=edit.scene,
            instruction="",
            words_by=None,
        )
