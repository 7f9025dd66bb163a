"""What a clean-up finds and removes, as rows. Whatever is removed is looked at again in the same statement: what a
member changed since it was found, stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Delete, Table, Update, and_, delete, exists, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.budget import Scope
from mv.domain.character import MediaFile
from mv.domain.ids import Kind, RecordId, ServerId
from mv.domain.jobs import JobKind
from mv.domain.retention import FINAL
from mv.ports import CleaningRows, Freed
from mv.store.forgetting import forget_records, forget_server
from mv.store.media_rows import to_file
from mv.store.queries import Condition, Query
from mv.store.tables import (
    characters,
    counters,
    jobs,
    ledger,
    media,
    projects,
    quotas,
    scene_lists,
    scene_versions,
    scenes,
    servers,
    settings,
    steps,
    takes,
)
from mv.store.tallies import forget_accounts

K = TypeVar("K", bound=str)
AT_ONCE = 500
"""Keys in one statement: databases bound the number of its values."""

_TABLES: dict[Kind, Table] = {Kind.SCENE_LIST: scene_lists, Kind.CHARACTER: characters}
_OPEN: Condition = jobs.c.finished_at.is_(None)
_USED: Condition = or_(
    exists().where(takes.c.original_id == media.c.id), exists().where(takes.c.preview_id == media.c.id)
)
_NAMED: Condition = or_(ledger.c.member_id != 0, ledger.c.project_id.is_not(None))
_other = takes.alias("other")
_NEWEST = select(func.max(_other.c.number)).where(_other.c.character_id == takes.c.character_id).scalar_subquery()


class SqlCleaningRows(CleaningRows):
    """Each method is one batch; how large, and what comes first, is the service's business."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def deleted(
        self, server_id: ServerId, kind: Kind, before: datetime | None, size: int | None
    ) -> tuple[RecordId, ...]:
        """Those deleted until then, but for those whose result is yet to be delivered; None: all there are."""
        table = _TABLES[kind]
        query = select(table.c.id).where(table.c.server_id == server_id)
        if before is not None:
            awaited = and_(
                jobs.c.record_id == table.c.id, jobs.c.delivered_at.is_(None), jobs.c.finished_at.is_not(None)
            )
            query = query.where(table.c.deleted_at <= before, ~exists().where(awaited))
        return await self._ids(query.order_by(table.c.id), size)

    async def purge(self, kind: Kind, record_id: RecordId, before: datetime | None, size: int) -> bool:
        """Removes about that many rows of it, the record itself last: True when it is gone."""
        table = _TABLES[kind]
        due = table.c.id == record_id if before is None else and_(table.c.id == record_id, table.c.deleted_at <= before)
        begun = await self._connection.execute(update(table).where(due).values(deleted_at=FINAL))
        if not begun.rowcount:
            return True
        await forget_records(self._connection, kind, [record_id])
        left = await (self._versions(record_id, size) if kind is Kind.SCENE_LIST else self._belongings(record_id, size))
        if left <= 0:
            return False
        await self._connection.execute(delete(table).where(table.c.id == record_id))
        return True

    async def _versions(self, record_id: RecordId, size: int) -> int:
        """Removes versions, the newest first; how many rows more it might have removed."""
        mine = scene_versions.c.scene_list_id == record_id
        numbers = (await self._connection.execute(select(scene_versions.c.number).where(mine))).scalars().all()
        for number in sorted(numbers, reverse=True):
            if size <= 0:
                return 0
            its = and_(scenes.c.scene_list_id == record_id, scenes.c.version == number)
            size -= await self._removed(delete(scenes).where(its)) + 1
            await self._connection.execute(delete(scene_versions).where(mine, scene_versions.c.number == number))
        return max(size, 1)

    async def _belongings(self, record_id: RecordId, size: int) -> int:
        """Removes takes, and the links of scene lists; how many rows more it might have removed."""
        mine = select(takes.c.id).where(takes.c.character_id == record_id).limit(size)
        size -= await self._removed(delete(takes).where(takes.c.id.in_(mine)))
        if size > 0:
            query = select(scene_lists.c.id).where(scene_lists.c.character_id == record_id)
            linked = await self._ids(query, size)
            size -= await self._removed(
                update(scene_lists).where(scene_lists.c.id.in_(linked)).values(character_id=None)
            )
            await forget_records(self._connection, Kind.SCENE_LIST, linked)
        return size

    # ── takes and their files ────────────────────────────────────────────────────────────────────────────────────────

    async def takes(
        self, server_id: ServerId, before: datetime, size: int | None, busy: Sequence[RecordId] = ()
    ) -> tuple[RecordId, ...]:
        """Takes made until then of characters without a star, but for the main one and the newest of each, and for
        those of `busy` characters."""
        return await self._ids(_old_takes(server_id, before, busy), size)

    async def remove_takes(
        self, server_id: ServerId, before: datetime, take_ids: Sequence[RecordId], busy: Sequence[RecordId] = ()
    ) -> int:
        """Of those that `takes` found, but for those of `busy` characters."""
        due = _old_takes(server_id, before, busy).where(takes.c.id.in_(take_ids))
        removed = delete(takes).where(takes.c.id.in_(due)).returning(takes.c.character_id)
        of = (await self._connection.execute(removed)).scalars().all()
        await forget_records(self._connection, Kind.CHARACTER, sorted({RecordId(key) for key in of}))
        return len(of)

    async def takes_of(self, character_ids: Sequence[RecordId]) -> tuple[RecordId, ...]:
        """All takes of these."""
        found: list[RecordId] = []
        for some in _parts(character_ids):
            found += await self._ids(select(takes.c.id).where(takes.c.character_id.in_(some)), None)
        return tuple(found)

    async def begun(self) -> datetime | None:
        """The first entry of the ledger: every job has one, and it outlives the job."""
        first = select(ledger.c.counted_at).order_by(ledger.c.id).limit(1)
        return (await self._connection.execute(first)).scalar_one_or_none()

    async def loose(self, server_id: ServerId, size: int | None) -> tuple[MediaFile, ...]:
        """Files with a row that no take uses."""
        query = select(media).where(media.c.server_id == server_id, ~_USED).limit(size)
        return tuple(to_file(row) for row in await self._connection.execute(query))

    async def remove_files(self, server_id: ServerId, file_ids: Sequence[RecordId]) -> tuple[Freed, ...]:
        """The rows of those that no take uses; none at all while a character job of that server runs."""
        running = and_(
            jobs.c.server_id == server_id, _OPEN, jobs.c.kind == JobKind.CHARACTER.value, jobs.c.started_at.is_not(None)
        )
        due = delete(media).where(
            media.c.server_id == server_id, media.c.id.in_(file_ids), ~_USED, ~exists().where(running)
        )
        rows = await self._connection.execute(due.returning(media.c.key, media.c.bytes))
        return tuple(Freed(row.key, row.bytes) for row in rows)

    async def freed_by(self, take_ids: Sequence[RecordId]) -> tuple[MediaFile, ...]:
        """The files that no take would use without these."""
        doomed, freed = frozenset(take_ids), set[str]()
        for some in _parts(take_ids):
            used = await self._files_of(takes.c.id.in_(some))
            freed |= used - await self._files_of(_uses(used), but=doomed)
        found: list[MediaFile] = []
        for ids in _parts(sorted(freed)):
            rows = await self._connection.execute(select(media).where(media.c.id.in_(ids)))
            found += [to_file(row) for row in rows]
        return tuple(found)

    async def _files_of(self, which: Condition, but: AbstractSet[str] = frozenset()) -> set[str]:
        """The keys of the files of these takes, but for the takes named."""
        rows = await self._connection.execute(select(takes.c.id, takes.c.original_id, takes.c.preview_id).where(which))
        return {key for row in rows if row.id not in but for key in (row.original_id, row.preview_id)}

    async def files(self, server_id: ServerId, after: str, size: int) -> tuple[MediaFile, ...]:
        """A page of all files of a server, by hash, those with hashes behind `after`."""
        query = select(media).where(media.c.server_id == server_id, media.c.sha256 > after)
        rows = await self._connection.execute(query.order_by(media.c.sha256).limit(size))
        return tuple(to_file(row) for row in rows)

    async def named(self, keys: Sequence[str]) -> frozenset[str]:
        """Those of these keys that a row has."""
        found: set[str] = set()
        for some in _parts(keys):
            query = select(media.c.key).where(media.c.key.in_(some))
            found.update((await self._connection.execute(query)).scalars())
        return frozenset(found)

    # ── jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def jobs(self, server_id: ServerId, before: datetime | None, size: int | None) -> tuple[RecordId, ...]:
        """Jobs that ended until then and are delivered; None: all there are."""
        query = select(jobs.c.id).where(jobs.c.server_id == server_id)
        if before is None:
            return await self._ids(query, size)
        query = query.where(jobs.c.finished_at <= before, jobs.c.delivered_at.is_not(None))
        return await self._ids(query.order_by(jobs.c.finished_at), size)

    async def open_jobs(self, server_id: ServerId) -> int:
        """How many are queued or running."""
        query = select(func.count()).select_from(jobs).where(jobs.c.server_id == server_id, _OPEN)
        return int((await self._connection.execute(query)).scalar_one())

    async def remove_jobs(self, job_ids: Sequence[RecordId]) -> int:
        """With their steps; never one that is open."""
        over = select(jobs.c.id).where(jobs.c.id.in_(job_ids), ~_OPEN)
        await self._connection.execute(delete(steps).where(steps.c.job_id.in_(over)))
        return await self._removed(delete(jobs).where(jobs.c.id.in_(job_ids), ~_OPEN))

    # ── a server that was left ───────────────────────────────────────────────────────────────────────────────────────

    async def others(self, server_id: ServerId, before: datetime) -> int:
        """How many rows are neither records nor jobs, and would be removed, or name nobody any more."""
        due = or_(ledger.c.counted_at < before, _NAMED)
        found = [(ledger, due), *((table, true()) for table in (projects, quotas, settings))]
        counted = [
            select(func.count()).select_from(table).where(_of(table, server_id), which) for table, which in found
        ]
        return sum([int((await self._connection.execute(query)).scalar_one()) for query in counted])

    async def remove_ledger(self, server_id: ServerId, before: datetime, size: int) -> int:
        """Entries that count in a period before that; returns how many."""
        old = select(ledger.c.id).where(ledger.c.server_id == server_id, ledger.c.counted_at < before).limit(size)
        return await self._removed(delete(ledger).where(ledger.c.id.in_(old)))

    async def blank_ledger(self, server_id: ServerId, size: int) -> int:
        """Takes members and projects out of entries; returns how many."""
        named = select(ledger.c.id).where(ledger.c.server_id == server_id, _NAMED).limit(size)
        await forget_accounts(self._connection, server_id, Scope.MEMBER, Scope.PROJECT)
        return await self._removed(update(ledger).where(ledger.c.id.in_(named)).values(member_id=0, project_id=None))

    async def remove_projects(self, server_id: ServerId, size: int) -> int:
        """Those that nothing belongs to; returns how many."""
        free = select(projects.c.id).where(projects.c.server_id == server_id)
        for table in (jobs, ledger, scene_lists, characters):
            free = free.where(~exists().where(table.c.server_id == server_id, table.c.project_id == projects.c.id))
        return await self._removed(delete(projects).where(projects.c.id.in_(free.limit(size))))

    async def remove_rules(self, server_id: ServerId) -> int:
        """Quotas and settings; returns how many."""
        return sum([await self._removed(delete(table).where(_of(table, server_id))) for table in (quotas, settings)])

    async def remove_server(self, server_id: ServerId) -> bool:
        """Its counters and the note of it, once nothing else of it is there: True when it is gone."""
        for table in (ledger, jobs, media, projects, scene_lists, characters):
            found = await self._connection.execute(select(table.c.server_id).where(_of(table, server_id)).limit(1))
            if found.first() is not None:
                return False
        await forget_accounts(self._connection, server_id, *Scope)
        await forget_server(self._connection, server_id)
        for table in (counters, servers):
            await self._connection.execute(delete(table).where(_of(table, server_id)))
        return True

    async def _ids(self, query: Query, size: int | None) -> tuple[RecordId, ...]:
        return tuple(RecordId(key) for key in (await self._connection.execute(query.limit(size))).scalars())

    async def _removed(self, statement: Delete | Update) -> int:
        return (await self._connection.execute(statement)).rowcount


def _of(table: Table, server_id: ServerId) -> ColumnElement[bool]:
    return table.c.server_id == server_id


def _uses(file_ids: AbstractSet[str]) -> Condition:
    return or_(takes.c.original_id.in_(file_ids), takes.c.preview_id.in_(file_ids))


def _parts(keys: Sequence[K]) -> Iterator[Sequence[K]]:
    return (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))


def _old_takes(server_id: ServerId, before: datetime, busy: Sequence[RecordId]) -> Any:
    kept = or_(takes.c.number == characters.c.main_take, takes.c.number == _NEWEST)
    return (
        select(takes.c.id)
        .join(characters, characters.c.id == takes.c.character_id)
        .where(
            characters.c.server_id == server_id,
            characters.c.deleted_at.is_(None),
            characters.c.starred_at.is_(None),
            characters.c.id.not_in(busy),
            takes.c.created_at <= before,
            ~func.coalesce(kept, False),
        )
    )
