"""Scene lists with any texts, and what is found of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mv.domain.scenes import SceneBrief, SceneList, SceneVersion
from mv.domain.search import Filters, parse_query
from mv.ports import Found, Seen
from mv.store.database import Database
from tests.store.things import (
    SEEN,
    a_scene,
    a_version,
)

NONE = Filters()


def a_text(title: str = "Plain", scenes: tuple[str, ...] = ("nothing",), **brief: str) -> SceneVersion:
    version = a_version(title=title)
    texts = {"idea": "an idea", "character": "somebody", **brief}
    logline = texts.pop("logline", "A line.")
    draft = version.draft.model_copy(
        update={"scenes": tuple(a_scene(n, description=text) for n, text in enumerate(scenes, 1)), "logline": logline}
    )
    return replace(version, draft=draft, brief=SceneBrief.model_validate({**version.brief.model_dump(), **texts}))


async def store(records: Database, *made: tuple[SceneList, SceneVersion]) -> None:
    async with records.write() as tx:
        for record, version in made:
            await tx.scenes.add(record, version)


async def find(
    records: Database,
    query: str,
    filters: Filters = NONE,
    *,
    seen: Seen = SEEN,
    after: int | None = None,
    size: int = 50,
) -> Found[SceneList]:
    async with records.read() as tx:
        return await tx.scenes.search(seen, parse_query(query), filters, after=after, size=size)


async def numbers(records: Database, query: str, filters: Filters = NONE, **options: Any) -> list[int]:
    return [hit.record.ref.number for hit in (await find(records, query, filters, **options)).rows]
