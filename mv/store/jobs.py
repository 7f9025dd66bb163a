"""Jobs, as rows; their journal is `JournalRows`. A job is open while `finished_at` is not set, which the table holds
together with its state."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Update, and_, bindparam, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, MemberId, MessageId, RecordId, Ref, ServerId
from mv.domain.jobs import CANCEL, REUSED, Delivery, Job, JobKind, JobState, Once
from mv.errors import MvError, StorageDamaged
from mv.ports import Backlog, Choice, JobRows, Page
from mv.store.job_map import from_job, to_job
from mv.store.journal import JournalRows
from mv.store.queries import Condition, Query, among, members_of, newest, page, typed
from mv.store.tables import jobs, steps

log = logging.getLogger(__name__)

_UNREADABLE = (StorageDamaged, ValueError, TypeError)
"""What a row raises that holds something else than was stored."""
_INSERT = insert(jobs)
_OPEN: Condition = jobs.c.finished_at.is_(None)
_REUSED: Condition = exists().where(steps.c.job_id == jobs.c.id, steps.c.name == REUSED)
_ONE = select(jobs).where(jobs.c.id == bindparam("which"))
_CHANGE = update(jobs).where(jobs.c.id == bindparam("which"))
_CHANGE_OPEN = _CHANGE.where(_OPEN)
_CHANGE_FIRST = _CHANGE.where(jobs.c.delivered_at.is_(None))
_START = _CHANGE_OPEN.values(
    state=JobState.RUNNING.value,
    started_at=func.coalesce(jobs.c.started_at, bindparam("at", type_=jobs.c.started_at.type)),
    message_id=func.coalesce(bindparam("shown_by", type_=jobs.c.message_id.type), jobs.c.message_id),
)
_BACKLOG = select(jobs.c.state, func.count(), func.min(jobs.c.created_at)).where(_OPEN).group_by(jobs.c.state)
_TITLE: ColumnElement[str] = jobs.c.kind + " " + jobs.c.state + " " + jobs.c.engine

SAMPLE = 20
"""Finished jobs that say how long such jobs usually take."""


class SqlJobRows(JournalRows, JobRows):
    """All that the desk, the engine and the courier ask of jobs."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_all(self, jobs_: Sequence[Job]) -> None:
        """New jobs, all in one statement."""
        if jobs_:
            await self._connection.execute(_INSERT, [from_job(job) for job in jobs_])

    async def get(self, job_id: RecordId) -> Job | None:
        """By key."""
        return _maybe(await self._connection.execute(_ONE, {"which": job_id}))

    async def find(self, server_id: ServerId, ref: Ref) -> Job | None:
        """By number; who may see what is the service's business."""
        query = select(jobs).where(jobs.c.server_id == server_id, jobs.c.number == ref.number)
        return _maybe(await self._connection.execute(query))

    async def page(
        self,
        server_id: ServerId,
        *,
        member_id: MemberId | None,
        before: int | None,
        size: int,
        project_id: RecordId | None = None,
    ) -> Page[Job]:
        """Newest first; `member_id` None is everybody's."""
        query = select(jobs).where(_of(server_id, member_id))
        if project_id is not None:
            query = query.where(jobs.c.project_id == project_id)
        rows = (await self._connection.execute(newest(query, jobs, before=before, size=size))).all()
        return page(rows, size, to_job)

    async def unpriced(self, project_id: RecordId) -> int:
        """How many are done, and have no known price."""
        done = (jobs.c.project_id == project_id, jobs.c.state == JobState.DONE.value, jobs.c.cost.is_(None))
        return int((await self._connection.execute(select(func.count()).select_from(jobs).where(*done))).scalar_one())

    async def choices(
        self, server_id: ServerId, *, member_id: MemberId | None, text: str, size: int
    ) -> tuple[Choice, ...]:
        """For autocomplete: those still open first. A job has no title of its own: its kind, state and engine stand for
        it, and never what was asked for, which may be private."""
        found = typed(text, Kind.JOB, jobs.c.number, func.lower(_TITLE))
        query = select(jobs.c.number, _TITLE.label("title")).where(_of(server_id, member_id), found)
        query = query.order_by(jobs.c.number.desc())
        rows = list(await self._connection.execute(query.where(_OPEN).limit(size)))
        if len(rows) < size:
            rows += await self._connection.execute(query.where(~_OPEN).limit(size - len(rows)))
        return tuple(Choice(ref=Ref(Kind.JOB, row.number), title=row.title) for row in rows)

    async def unfinished(self) -> tuple[Job, ...]:
        """Queued and running, oldest first."""
        return await self._all(select(jobs).where(_OPEN).order_by(jobs.c.created_at, jobs.c.id))

    async def begun(self) -> frozenset[RecordId]:
        """The running whose runner has noted anything."""
        noted = exists().where(steps.c.job_id == jobs.c.id, steps.c.name != CANCEL)
        running = jobs.c.state == JobState.RUNNING.value
        return frozenset(await self._connection.scalars(select(jobs.c.id).where(_OPEN, running, noted)))

    async def backlog(self) -> dict[JobState, Backlog]:
        """The queued and the running; a state that no job is in is not in it."""
        rows = await self._connection.execute(_BACKLOG)
        return {JobState(state): Backlog(count=count, oldest=oldest) for state, count, oldest in rows}

    async def undelivered(self) -> tuple[Job, ...]:
        """Final, not delivered, oldest first."""
        waiting = and_(jobs.c.delivered_at.is_(None), jobs.c.finished_at.is_not(None))
        return await self._all(select(jobs).where(waiting).order_by(jobs.c.finished_at, jobs.c.id))

    async def _all(self, query: Query) -> tuple[Job, ...]:
        try:
            return tuple(to_job(row) for row in (await self._connection.execute(query)).all())
        except _UNREADABLE:
            return tuple([job async for job in self._readable(query)])

    async def _readable(self, query: Query) -> AsyncIterator[Job]:
        """One that is damaged stays where it is, and does not keep the others back."""
        keys = (await self._connection.execute(query.with_only_columns(jobs.c.id))).scalars().all()
        for key in keys:
            try:
                job = await self.get(RecordId(key))
            except _UNREADABLE as error:
                log.error("the stored job %s is damaged and left alone: %s", key, type(error).__name__)
                continue
            if job is not None:
                yield job

    async def open_counts(
        self, member_ids: Sequence[tuple[ServerId, MemberId]]
    ) -> dict[tuple[ServerId, MemberId], int]:
        """How many jobs each has queued or running; 0 for those who have none."""
        counts = dict.fromkeys(member_ids, 0)
        if counts:
            servers, parameters = members_of(counts)
            for server, member, count in await self._connection.execute(_open_counts(servers), parameters):
                counts[server, member] = count
        return counts

    async def asked(self, interactions: Sequence[int], onces: Sequence[Once]) -> tuple[Job, ...]:
        """Jobs that came of these interactions, and those that stand in the way of asking under these keys again."""
        wanted = {
            "interactions": list(interactions),
            "for_ever": [once.key for once in onces if not once.while_open],
            "while_open": [once.key for once in onces if once.while_open],
        }
        parameters = {name: values for name, values in wanted.items() if values}
        if not parameters:
            return ()
        rows = await self._connection.execute(_asked(*parameters), parameters)
        return tuple(to_job(row) for row in rows)

    async def start(self, job_id: RecordId, at: datetime, message_id: MessageId | None = None) -> bool:
        """queued or running → running; False if it is final. The first start's time stays, also after a restart; so
        does a message that is stored already, unless another is given."""
        return await self._change(_START, job_id, at=at, shown_by=message_id)

    async def finish(
        self,
        job_id: RecordId,
        state: JobState,
        at: datetime,
        *,
        record_id: RecordId | None = None,
        version: int | None = None,
        error: MvError | None = None,
        cost: int | None = None,
    ) -> bool:
        """→ a final state, once: False if it was final already."""
        return await self._change(
            _CHANGE_OPEN,
            job_id,
            state=state.value,
            finished_at=at,
            record_id=record_id,
            version=version,
            error=None if error is None else error.code,
            error_facts=None if error is None else error.facts(),
            cost=cost,
        )

    async def set_message(self, job_id: RecordId, message_id: MessageId) -> None:
        """The message that shows this job."""
        await self._change(_CHANGE, job_id, message_id=message_id)

    async def set_once(self, job_id: RecordId, key: str) -> None:
        """From now on it stands in the way of asking under this key."""
        await self._change(_CHANGE, job_id, once=key)

    async def set_delivered(self, job_id: RecordId, by: Delivery, at: datetime, message_id: MessageId | None) -> None:
        """Also erases the interaction's token. The first delivery stays on record."""
        shown = {} if message_id is None else {"message_id": message_id}
        await self._change(_CHANGE_FIRST, job_id, delivered_by=by.value, delivered_at=at, reply_token=None, **shown)

    async def erase_tokens(self, expired_before: datetime) -> int:
        """Erases tokens that live no longer; returns how many."""
        expired = and_(jobs.c.reply_token.is_not(None), jobs.c.token_expires_at < expired_before)
        return (await self._connection.execute(update(jobs).where(expired).values(reply_token=None))).rowcount

    async def usual_seconds(self, engine: str, kind: JobKind) -> float | None:
        """Median running time in seconds of the last 20 finished jobs of that engine. One during which the clock was
        set back tells nothing, nor does one that made nothing."""
        done = (jobs.c.engine == engine, jobs.c.kind == kind.value, jobs.c.state == JobState.DONE.value, ~_REUSED)
        query = select(jobs.c.started_at, jobs.c.finished_at).where(*done).order_by(jobs.c.finished_at.desc())
        rows = await self._connection.execute(query.limit(SAMPLE))
        took: list[float] = sorted(
            (row.finished_at - row.started_at).total_seconds()
            for row in rows
            if row.started_at is not None and row.finished_at >= row.started_at
        )
        if not took:
            return None
        return (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2

    async def _change(self, statement: Update, job_id: RecordId, **values: Any) -> bool:
        return (await self._connection.execute(statement, {"which": job_id, **values})).rowcount > 0


@cache
def _open_counts(servers: int) -> Query:
    query = select(jobs.c.server_id, jobs.c.member_id, func.count()).where(_OPEN, among(jobs, servers))
    return query.group_by(jobs.c.server_id, jobs.c.member_id)


@cache
def _asked(*names: str) -> Query:
    """By the parameters that are there: an empty list would cost the others their index."""
    conditions: dict[str, Condition] = {
        "interactions": jobs.c.interaction_id.in_(bindparam("interactions", expanding=True)),
        "for_ever": jobs.c.once.in_(bindparam("for_ever", expanding=True)),
        "while_open": and_(jobs.c.once.in_(bindparam("while_open", expanding=True)), _OPEN),
    }
    return select(jobs).where(or_(*(conditions[name] for name in names)))


def _maybe(rows: CursorResult[*tuple[Any, ...]]) -> Job | None:
    row = rows.one_or_none()
    return None if row is None else to_job(row)


def _of(server_id: ServerId, member_id: MemberId | None) -> Condition:
    of_server = jobs.c.server_id == server_id
    return of_server if member_id is None else and_(of_server, jobs.c.member_id == member_id)
