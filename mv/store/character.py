"""Characters and their takes, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.character import Character, Take
from mv.domain.ids import Kind, RecordId, Ref
from mv.ports import CharacterRows
from mv.store import search
from mv.store.media_rows import labelled, to_file
from mv.store.queries import AnyRow, Condition, fold
from mv.store.shelf import SqlShelf
from mv.store.tables import characters, media, projects, scene_lists, takes

_ALL = select(characters, projects.c.name.label("project_name"), projects.c.number.label("project_number")).select_from(
    characters.outerjoin(projects, projects.c.id == characters.c.project_id)
)
_ORIGINAL, _PREVIEW = media.alias("original"), media.alias("preview")
_SOME = (
    select(takes, *labelled(_ORIGINAL, "original_"), *labelled(_PREVIEW, "preview_"))
    .join(_ORIGINAL, _ORIGINAL.c.id == takes.c.original_id)
    .join(_PREVIEW, _PREVIEW.c.id == takes.c.preview_id)
    .where(takes.c.character_id == bindparam("of_character"))
)
_TAKES = _SOME.order_by(takes.c.number)
_TAKES_OF_JOB = _TAKES.where(takes.c.job_id == bindparam("of_job"))
_TAKE = _SOME.where(takes.c.number == bindparam("numbered"))
_NEWEST = _SOME.where(takes.c.number < bindparam("before")).order_by(takes.c.number.desc()).limit(bindparam("size"))
_BEYOND = 2**31 - 1
"""No take has such a number."""
_LAST = (
    select(characters.c.takes)
    .where(characters.c.id == bindparam("which"), characters.c.deleted_at.is_(None))
    .with_for_update()
)


LINKED = 200
"""Scene lists that are refreshed with a character: others' commands wait meanwhile."""


class SqlCharacterRows(SqlShelf[Character], CharacterRows):
    """`takes` of a character is counted here, whatever the record that is added says."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection, Kind.CHARACTER, characters, characters.c.name, _ALL, _to_character)

    async def add(self, record: Character) -> None:
        """A new character, without takes. Raises Conflict at the end of the transaction's statement if it is there."""
        await self._connection.execute(insert(characters), _from_character(record))
        await self._index(record.id)

    async def add_takes(self, record_id: RecordId, takes_: Sequence[Take]) -> None:
        """With their media rows, which must be stored before by `MediaRows.add`. Raises Conflict for a number that this
        character, or this job, has already."""
        if not takes_:
            return
        await self._connection.execute(insert(takes), [_from_take(record_id, take) for take in takes_])
        counted = update(characters).where(characters.c.id == record_id)
        await self._connection.execute(counted.values(takes=characters.c.takes + len(takes_)))
        await self._index(record_id)

    async def _deleted(self, record_id: RecordId, which: Condition, at: datetime | None) -> bool:
        """With it goes, or comes, the picture of the scene lists made with it. Those that are not refreshed at once are
        when it is removed for good."""
        done = await super()._deleted(record_id, which, at)
        if done:
            linked = select(scene_lists.c.id).where(scene_lists.c.character_id == record_id)
            newest = linked.order_by(scene_lists.c.number.desc()).limit(LINKED)
            lists = [RecordId(key) for key in (await self._connection.execute(newest)).scalars()]
            await self._connection.run_sync(search.refresh, Kind.SCENE_LIST, lists)
        return done

    async def takes(self, record_id: RecordId, *, job_id: RecordId | None = None) -> tuple[Take, ...]:
        """All, or those of one job, in order of their number."""
        query = _TAKES if job_id is None else _TAKES_OF_JOB
        rows = await self._connection.execute(query, {"of_character": record_id, "of_job": job_id})
        return tuple(_to_take(row) for row in rows)

    async def take(self, record_id: RecordId, number: int) -> Take | None:
        """One by its number."""
        rows = await self._connection.execute(_TAKE, {"of_character": record_id, "numbered": number})
        row = rows.one_or_none()
        return None if row is None else _to_take(row)

    async def newest_takes(self, record_id: RecordId, *, before: int | None = None, size: int) -> tuple[Take, ...]:
        """Newest first, those with numbers below `before`."""
        which = {"of_character": record_id, "before": min(before or _BEYOND, _BEYOND), "size": size}
        return tuple(_to_take(row) for row in await self._connection.execute(_NEWEST, which))

    async def last_take(self, record_id: RecordId) -> int | None:
        """The last number that a take has or had, 0 if there was none; nobody else takes the next one till the end of
        this transaction. None if the character is deleted."""
        row = (await self._connection.execute(_LAST, {"which": record_id})).one_or_none()
        return None if row is None else int(row.takes)

    async def rename(self, record_id: RecordId, name: str) -> None:
        """What it is called and found by."""
        which = update(characters).where(characters.c.id == record_id)
        await self._connection.execute(which.values(name=name, folded=fold(name)))
        await self._index(record_id)

    async def set_main(self, record_id: RecordId, number: int) -> None:
        """The take that stands for it."""
        which = update(characters).where(characters.c.id == record_id)
        await self._connection.execute(which.values(main_take=number))


def _from_character(record: Character) -> dict[str, Any]:
    return {
        "id": record.id,
        "server_id": record.server_id,
        "number": record.ref.number,
        "owner_id": record.owner_id,
        "private": record.private,
        "name": record.name,
        "folded": fold(record.name),
        "description": record.description,
        "flavor": record.flavor,
        "request": dict(record.request),
        "defaults_applied": dict(record.defaults_applied),
        "takes": 0,
        "project_id": record.project_id,
        "created_at": record.created_at,
        "deleted_at": record.deleted_at,
        "main_take": record.main_take,
        "owner_name": record.owner_name,
        "starred_at": record.starred_at,
        "request_key": record.request_key,
    }


def _to_character(row: AnyRow) -> Character:
    return Character(
        id=row.id,
        server_id=row.server_id,
        ref=Ref(Kind.CHARACTER, row.number),
        owner_id=row.owner_id,
        private=row.private,
        name=row.name,
        description=row.description,
        flavor=row.flavor,
        request=row.request,
        defaults_applied=row.defaults_applied,
        created_at=row.created_at,
        takes=row.takes,
        project_id=row.project_id,
        project_name=row.project_name,
        project_ref=None if row.project_number is None else Ref(Kind.PROJECT, row.project_number),
        deleted_at=row.deleted_at,
        main_take=row.main_take,
        owner_name=row.owner_name,
        starred_at=row.starred_at,
        request_key=row.request_key,
    )


def _from_take(record_id: RecordId, take: Take) -> dict[str, Any]:
    return {
        "id": take.id,
        "character_id": record_id,
        "number": take.number,
        "job_id": take.job_id,
        "original_id": take.original.id,
        "preview_id": take.preview.id,
        "engine": take.engine,
        "model_version": take.model_version,
        "seed": take.seed,
        "aspect_ratio": take.aspect_ratio,
        "cost": take.cost,
        "created_at": take.created_at,
        "author_id": take.author_id,
        "instruction": take.instruction,
        "words_by": take.words_by,
        "from_take": take.from_take,
    }


def _to_take(row: AnyRow) -> Take:
    return Take(
        id=row.id,
        number=row.number,
        job_id=row.job_id,
        original=to_file(row, "original_"),
        preview=to_file(row, "preview_"),
        engine=row.engine,
        model_version=row.model_version,
        seed=row.seed,
        aspect_ratio=row.aspect_ratio,
        cost=row.cost,
        created_at=row.created_at,
        author_id=row.author_id,
        instruction=row.instruction,
        words_by=row.words_by,
        from_take=row.from_take,
    )
