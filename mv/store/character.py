"""Characters and their takes, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.character import Character, Take
from mv.domain.ids import Kind, MemberId, RecordId, Ref
from mv.ports import CharacterRows, Choice, Page, Seen
from mv.store.media_rows import labelled, to_file
from mv.store.queries import AnyRow, Query, fold, newest, page, seen_by, typed
from mv.store.tables import characters, media, projects, takes

_ALL = select(characters, projects.c.name.label("project_name"), projects.c.number.label("project_number")).select_from(
    characters.outerjoin(projects, projects.c.id == characters.c.project_id)
)
_ORIGINAL, _PREVIEW = media.alias("original"), media.alias("preview")
_TAKES = (
    select(takes, *labelled(_ORIGINAL, "original_"), *labelled(_PREVIEW, "preview_"))
    .join(_ORIGINAL, _ORIGINAL.c.id == takes.c.original_id)
    .join(_PREVIEW, _PREVIEW.c.id == takes.c.preview_id)
    .order_by(takes.c.number)
)


class SqlCharacterRows(CharacterRows):
    """`takes` of a character is counted here, whatever the record that is added says."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, record: Character) -> None:
        """A new character, without takes. Raises Conflict at the end of the transaction's statement if it is there."""
        await self._connection.execute(insert(characters), _from_character(record))

    async def add_takes(self, record_id: RecordId, takes_: Sequence[Take]) -> None:
        """With their media rows, which must be stored before by `MediaRows.add`. Raises Conflict for a number that this
        character, or this job, has already."""
        if not takes_:
            return
        await self._connection.execute(insert(takes), [_from_take(record_id, take) for take in takes_])
        counted = update(characters).where(characters.c.id == record_id)
        await self._connection.execute(counted.values(takes=characters.c.takes + len(takes_)))

    async def get(self, record_id: RecordId, *, deleted: bool = False) -> Character | None:
        """By key, whoever asks."""
        query = _ALL.where(characters.c.id == record_id)
        return await self._one(query if deleted else query.where(characters.c.deleted_at.is_(None)))

    async def find(self, seen: Seen, ref: Ref) -> Character | None:
        """By number, if these eyes may see it."""
        return await self._one(_ALL.where(seen_by(characters, seen), characters.c.number == ref.number))

    async def _one(self, query: Query) -> Character | None:
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _to_character(row)

    async def takes(self, record_id: RecordId, *, job_id: RecordId | None = None) -> tuple[Take, ...]:
        """All, or those of one job, in order of their number."""
        query = _TAKES.where(takes.c.character_id == record_id)
        if job_id is not None:
            query = query.where(takes.c.job_id == job_id)
        return tuple(_to_take(row) for row in await self._connection.execute(query))

    async def page(
        self, seen: Seen, *, project_id: RecordId | None, member_id: MemberId | None, before: int | None, size: int
    ) -> Page[Character]:
        """Newest first."""
        query = _ALL.where(seen_by(characters, seen))
        if project_id is not None:
            query = query.where(characters.c.project_id == project_id)
        if member_id is not None:
            query = query.where(characters.c.owner_id == member_id)
        rows = (await self._connection.execute(newest(query, characters, before=before, size=size))).all()
        return page(rows, size, _to_character)

    async def choices(self, seen: Seen, text: str, size: int) -> tuple[Choice, ...]:
        """For autocomplete, by number or name."""
        found = typed(text, Kind.CHARACTER, characters.c.number, characters.c.folded)
        query = select(characters.c.number, characters.c.name).where(seen_by(characters, seen), found)
        rows = await self._connection.execute(query.order_by(characters.c.number.desc()).limit(size))
        return tuple(Choice(ref=Ref(Kind.CHARACTER, row.number), title=row.name) for row in rows)

    async def delete(self, record_id: RecordId, at: datetime) -> bool:
        """Marks it deleted; False if it was already."""
        there = (characters.c.id == record_id) & characters.c.deleted_at.is_(None)
        done = await self._connection.execute(update(characters).where(there).values(deleted_at=at))
        return done.rowcount > 0


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
    )
