"""Everything that names one member, as rows: found by an index of each table. What erases it is `Eraser`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, delete, func, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import FORMER, Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.ledger import LedgerLine
from mv.domain.mydata import WINDOW, Belongings, Forgetting, OwnChange, OwnTake
from mv.domain.project import Project
from mv.domain.scenes import Change
from mv.errors import Stopped
from mv.ports import OwnRows
from mv.store import search
from mv.store.character import SqlCharacterRows
from mv.store.entries import to_line
from mv.store.eraser import Eraser, in_use
from mv.store.eraser_jobs import JobEraser, cancelled_by
from mv.store.queries import Condition, public, upsert
from mv.store.scenes import SqlSceneRows
from mv.store.tables import (
    characters,
    forgotten,
    jobs,
    ledger,
    projects,
    quotas,
    scene_lists,
    scene_versions,
    settings,
    takes,
)
from mv.store.tallies import name_nobody

SERVERS = 1_000
"""Looked through in one statement."""
_VERSIONS = scene_versions.join(scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id)
_SET = (quotas, settings)
_TAKES = takes.join(characters, characters.c.id == takes.c.character_id)


class SqlOwnRows(OwnRows):
    """`scenes` and `figures` are those of the same transaction."""

    def __init__(self, connection: AsyncConnection, scenes: SqlSceneRows, figures: SqlCharacterRows) -> None:
        self._connection = connection
        self._scenes = scenes
        self._figures = figures

    async def servers(
        self, member_id: MemberId, among: Sequence[ServerId], *, acts: bool = False
    ) -> tuple[ServerId, ...]:
        """Those of them in which anything is this member's, in that order; with `acts`, or was set by them."""
        there: set[int] = set()
        for first in range(0, len(among), SERVERS):
            there |= await self._of_these(member_id, among[first : first + SERVERS], acts)
        return tuple(server for server in among if server in there)

    async def _of_these(self, member_id: MemberId, among: Sequence[ServerId], acts: bool) -> set[int]:
        owned = [(table, table.c.owner_id) for table in (scene_lists, characters, projects)]
        named = [*owned, *((table, table.c.member_id) for table in (jobs, ledger, quotas))]
        named += [(table, table.c.set_by) for table in _SET] if acts else []
        found = union_all(
            *(
                select(table.c.server_id).where(table.c.server_id.in_(among), who == member_id).distinct()
                for table, who in named
            ),
            _of_versions(member_id).with_only_columns(scene_lists.c.server_id).distinct(),
            _of_takes(member_id).with_only_columns(characters.c.server_id).distinct(),
        )
        return set((await self._connection.execute(found)).scalars())

    async def belongings(self, server_id: ServerId, member_id: MemberId) -> Belongings:
        """How much there is."""
        here = {table: _owned(table, server_id, member_id) for table in (scene_lists, characters)}
        alone = [
            await self._count(select(func.count()).select_from(table).where(which, ~public(table)))
            for table, which in here.items()
        ]
        stay = {table: and_(which, public(table)) for table, which in here.items()}
        figures = select(func.count()).select_from(characters).where(stay[characters])
        elsewhere = (
            _of_versions(member_id).where(*_others(scene_lists, server_id, member_id)),
            _of_takes(member_id).where(*_others(characters, server_id, member_id)),
        )
        changes, shots = [await self._count(query.with_only_columns(func.count())) for query in elsewhere]
        return Belongings(
            server_id=server_id,
            alone=sum(alone),
            scene_lists=await self._count(select(func.count()).select_from(scene_lists).where(stay[scene_lists])),
            characters=await self._count(figures),
            described=await self._count(figures.where(in_use(member_id))),
            changes=changes,
            takes=shots,
            projects=await self._count(
                select(func.count()).select_from(projects).where(_owned(projects, server_id, member_id))
            ),
            jobs=await self._count(
                select(func.count())
                .select_from(jobs)
                .where(jobs.c.server_id == server_id, jobs.c.member_id == member_id)
            ),
            acts=await self._acts(server_id, member_id),
            lines=await self._lines(server_id, member_id),
        )

    async def _acts(self, server_id: ServerId, member_id: MemberId) -> int:
        query = select(jobs.c.error, jobs.c.error_facts).where(
            jobs.c.server_id == server_id, jobs.c.error == Stopped.__name__, jobs.c.member_id != member_id
        )
        cancelled = [row for row in await self._connection.execute(query) if cancelled_by(row) == member_id]
        set_ = [
            await self._count(
                select(func.count())
                .select_from(table)
                .where(table.c.server_id == server_id, table.c.set_by == member_id)
            )
            for table in _SET
        ]
        return len(cancelled) + sum(set_)

    async def _lines(self, server_id: ServerId, member_id: MemberId) -> int:
        """But for those that wait for the end of the month already."""
        query = select(func.count()).select_from(ledger)
        query = query.where(ledger.c.server_id == server_id, ledger.c.member_id == member_id)
        asked = (forgotten.c.server_id == server_id, forgotten.c.member_id == member_id)
        before = (await self._connection.execute(select(forgotten.c.asked_at).where(*asked))).scalar_one_or_none()
        return await self._count(query if before is None else query.where(ledger.c.at > before))

    async def _count(self, query: Select[Any]) -> int:
        return int((await self._connection.execute(query)).scalar_one())

    async def changes(self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int) -> tuple[OwnChange, ...]:
        """Versions of others' scene lists that they made."""
        columns = ("number", "change", "scene", "instruction", "created_at")
        query = (
            _of_versions(member_id)
            .with_only_columns(scene_lists.c.number.label("list_number"), *(scene_versions.c[name] for name in columns))
            .where(*_others(scene_lists, server_id, member_id))
            .order_by(scene_versions.c.scene_list_id, scene_versions.c.number)
        )
        return tuple(
            OwnChange(
                ref=Ref(Kind.SCENE_LIST, row.list_number),
                version=row.number,
                change=Change(row.change),
                scene=row.scene,
                instruction=row.instruction,
                created_at=row.created_at,
            )
            for row in await self._connection.execute(query.offset(skip).limit(size))
        )

    async def takes(self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int) -> tuple[OwnTake, ...]:
        """Takes of others' characters that they asked for."""
        query = (
            _of_takes(member_id)
            .with_only_columns(
                characters.c.number.label("character_number"),
                characters.c.deleted_at,
                *(takes.c[name] for name in ("character_id", "number", "instruction", "created_at")),
            )
            .where(*_others(characters, server_id, member_id))
            .order_by(takes.c.character_id, takes.c.number)
        )
        return tuple(
            OwnTake(
                ref=Ref(Kind.CHARACTER, row.character_number),
                character_id=RecordId(row.character_id),
                number=row.number,
                instruction=row.instruction,
                created_at=row.created_at,
                seen=row.deleted_at is None,
            )
            for row in await self._connection.execute(query.offset(skip).limit(size))
        )

    async def projects(self, server_id: ServerId, member_id: MemberId) -> tuple[Project, ...]:
        """Those they opened; without counts."""
        query = select(projects).where(_owned(projects, server_id, member_id)).order_by(projects.c.number)
        return tuple(
            Project(
                id=RecordId(row.id),
                server_id=row.server_id,
                ref=Ref(Kind.PROJECT, row.number),
                name=row.name,
                owner_id=row.owner_id,
                created_at=row.created_at,
                archived_at=row.archived_at,
            )
            for row in await self._connection.execute(query)
        )

    async def entries(
        self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int
    ) -> tuple[LedgerLine, ...]:
        """Their entries in the ledger."""
        query = select(ledger).where(ledger.c.server_id == server_id, ledger.c.member_id == member_id)
        rows = await self._connection.execute(query.order_by(ledger.c.counted_at, ledger.c.id).offset(skip).limit(size))
        return tuple(to_line(row) for row in rows)

    async def in_the_way(self, server_id: ServerId, member_id: MemberId) -> tuple[Ref, ...]:
        """Jobs of theirs that are open or not delivered, and open ones of others on records of theirs."""
        here, open_ = jobs.c.server_id == server_id, jobs.c.finished_at.is_(None)
        undelivered = and_(jobs.c.finished_at.is_not(None), jobs.c.delivered_at.is_(None))
        own = select(jobs.c.number).where(here, jobs.c.member_id == member_id)
        numbers = {row.number for row in await self._connection.execute(own.where(open_))}
        numbers |= {row.number for row in await self._connection.execute(own.where(undelivered))}
        rows = (await self._connection.execute(select(jobs.c.number, jobs.c.order).where(here, open_))).all()
        for table, name in ((scene_lists, "list_id"), (characters, "character_id")):
            asked = {row.number: row.order.get(name) for row in rows if row.order.get(name)}
            query = select(table.c.id).where(table.c.id.in_(asked.values()), _owned(table, server_id, member_id))
            theirs = set((await self._connection.execute(query)).scalars()) if asked else set()
            numbers |= {number for number, record in asked.items() if record in theirs}
        return tuple(Ref(Kind.JOB, number) for number in sorted(numbers))

    async def ask(self, forgetting: Forgetting) -> None:
        """Notes that they asked to be forgotten; again replaces it."""
        stored = upsert(self._connection.dialect.name, forgotten)
        again = stored.on_conflict_do_update(
            index_elements=["server_id", "member_id"],
            set_={"asked_at": stored.excluded.asked_at, "erased_at": None},
        )
        await self._connection.execute(
            again,
            {
                "server_id": forgetting.server_id,
                "member_id": forgetting.member_id,
                "asked_at": forgetting.asked_at,
                "erased_at": None,
            },
        )

    async def asked(self) -> tuple[Forgetting, ...]:
        """All that is not at its end, oldest first."""
        rows = await self._connection.execute(select(forgotten).order_by(forgotten.c.asked_at))
        return tuple(Forgetting(**row) for row in rows.mappings())

    async def erase(self, forgetting: Forgetting, size: int) -> bool:
        """Does the next part of it, of about that many rows; False when nothing was left to do."""
        return await self._eraser(forgetting).erase(size)

    async def repeated_under_way(self, forgetting: Forgetting) -> bool:
        """Whether a job of another that holds their words is open, or its result not delivered."""
        return await JobEraser(self._connection, self._eraser(forgetting), forgetting).under_way()

    async def erase_repeated(self, forgetting: Forgetting, after: int, size: int) -> int | None:
        """Erases what others' jobs repeat of theirs, of the next so many; the last number, None when all were seen."""
        return await JobEraser(self._connection, self._eraser(forgetting), forgetting).erase(after, size)

    def _eraser(self, forgetting: Forgetting) -> Eraser:
        return Eraser(self._connection, self._scenes, self._figures, forgetting)

    async def anonymise(self, forgetting: Forgetting, size: int, *, counted_before: datetime | None = None) -> bool:
        """That many lines of the ledger name nobody from now on; False when none was left."""
        mine = select(ledger).where(
            ledger.c.server_id == forgetting.server_id,
            ledger.c.member_id == forgetting.member_id,
            ledger.c.at <= forgetting.asked_at,
        )
        if counted_before is not None:
            mine = mine.where(ledger.c.counted_at < counted_before)
        found = (await self._connection.execute(mine.order_by(ledger.c.id).limit(size))).all()
        if found:
            which = ledger.c.id.in_([row.id for row in found])
            await self._connection.execute(update(ledger).where(which).values(member_id=FORMER))
            await name_nobody(self._connection, map(to_line, found))
        return bool(found)

    async def compact(self, *, begin: bool) -> bool:
        """Lets go of erased words in the text search, some pages at a time."""
        return await self._connection.run_sync(lambda sync: search.compact(sync, begin=begin))

    async def erased(self, forgetting: Forgetting, at: datetime) -> None:
        """All is erased but what of the ledger waits for the end of the month."""
        await self._connection.execute(update(forgotten).where(_this(forgetting)).values(erased_at=at))

    async def end(self, forgetting: Forgetting) -> None:
        """That they asked is forgotten as well."""
        await self._connection.execute(delete(forgotten).where(_this(forgetting)))

    async def forgotten_since(self, server_id: ServerId, member_id: MemberId, at: datetime) -> bool:
        """Whether they asked to be forgotten after that moment, or shortly before."""
        asked = (forgotten.c.server_id == server_id, forgotten.c.member_id == member_id)
        found = await self._connection.execute(
            select(forgotten.c.asked_at).where(*asked, forgotten.c.asked_at >= at - WINDOW)
        )
        return found.first() is not None


def _owned(table: Table, server_id: ServerId, member_id: MemberId) -> Condition:
    return and_(table.c.server_id == server_id, table.c.owner_id == member_id)


def _others(table: Table, server_id: ServerId, member_id: MemberId) -> tuple[Condition, Condition]:
    return table.c.server_id == server_id, table.c.owner_id != member_id


def _of_versions(member_id: MemberId) -> Select[Any]:
    return select(scene_versions).select_from(_VERSIONS).where(scene_versions.c.author_id == member_id)


def _of_takes(member_id: MemberId) -> Select[Any]:
    return select(takes).select_from(_TAKES).where(takes.c.author_id == member_id)


def _this(forgetting: Forgetting) -> Condition:
    return and_(
        forgotten.c.server_id == forgetting.server_id,
        forgotten.c.member_id == forgetting.member_id,
        forgotten.c.asked_at == forgetting.asked_at,
    )
