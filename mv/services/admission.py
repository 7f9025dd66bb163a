"""The desk where every job is admitted: allowance checked, cost reserved and job stored, in one transaction.

Commands that arrive together are admitted together: while one batch is written, the next gathers, so that two hundred
commands at once cost a handful of commits. Each is still decided by itself, in the order they came.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from mv.config import Config
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import Job, JobKind, JobState, Once, ReplyTo
from mv.domain.money import micro
from mv.domain.usage import AllowanceKind, Entry, Period, Quota, in_force, window
from mv.errors import AllowanceUsedUp, AlreadyAsked, MvError, Repeated, TooManyWaiting
from mv.ports import Clock, Counted, LedgerLine, Meter, Records, Transaction, Unmetered
from mv.services.preferences import Preferences

Who = tuple[ServerId, MemberId]
CHEAP, COSTLY = 0, 1
"""Priorities: among the jobs of one member, cheap ones go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A job that somebody wants, with what it would use at most. `wants[SPEND]` is absent if the engine is unpriced or
    free; `estimate` tells these apart: micro-dollars, None if unpriced."""

    server_id: ServerId
    member_id: MemberId
    roles: frozenset[int]
    kind: JobKind
    order: Mapping[str, Any]
    engine: str
    vendor: str
    reply: ReplyTo
    wants: Mapping[AllowanceKind, int]
    estimate: int | None = None
    once: Once | None = None
    project_id: RecordId | None = None
    places: tuple[ChannelId, ...] = ()
    """Where it was asked for, as the actor's."""

    @property
    def who(self) -> Who:
        """Allowances are per member and server."""
        return self.server_id, self.member_id


@dataclass(slots=True)
class _State:
    """What counts for one batch; `used` and `waiting` grow as applications are let through."""

    now: datetime
    quotas: Sequence[Quota]
    used: dict[Period, dict[tuple[ServerId, MemberId, AllowanceKind], int]] = field(default_factory=dict)
    waiting: dict[Who, int] = field(default_factory=dict)
    interactions: dict[int, Job] = field(default_factory=dict)
    onces: dict[str, Job] = field(default_factory=dict)

    def note(self, job: Job) -> None:
        """Stored already, or let through just now: the same is not let through again."""
        if job.reply.interaction_id is not None:
            self.interactions[job.reply.interaction_id] = job
        if job.once is not None:
            self.onces[job.once] = job

    def repeated(self, application: Application) -> MvError | None:
        """Why it is none of its own, if it is not."""
        first = self.interactions.get(application.reply.interaction_id or 0)
        if first is not None:
            return Repeated(ref=str(first.ref))
        before = self.onces.get(application.once.key) if application.once else None
        return AlreadyAsked(ref=str(before.ref), member_id=before.member_id) if before else None


class Desk:
    """Admits jobs. One for the whole process."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        config: Config,
        meter: Meter | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        self._records = records
        self._clock = clock
        self._meter = meter or Unmetered()
        self._limits = config.limits.concurrency
        self._defaults = config.default_quotas()
        self._preferences = Preferences(records, config.limits.retention) if preferences is None else preferences
        self._cheap = micro(str(self._limits.cheap))
        self._queue: list[tuple[Application, asyncio.Future[Job]]] = []
        self._serving: asyncio.Task[None] | None = None

    async def admit(self, application: Application) -> Job:
        """The stored job, its cost reserved. Raises NotHere, Repeated, AlreadyAsked, AllowanceUsedUp or TooManyWaiting,
        and then nothing is stored; StorageError if the records cannot answer: nothing is let through unseen."""
        await self._preferences.check(application.server_id, application.places)
        answer: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._queue.append((application, answer))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name="admission")
        return await answer

    async def _serve(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            decide = partial(self._decide, [application for application, _ in batch])
            try:
                verdicts = await self._records.transact(decide, lasting=False)
            except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, whatever it is
                verdicts = [error] * len(batch)
            for (_, answer), verdict in zip(batch, verdicts, strict=True):
                if isinstance(verdict, Job):
                    self._meter.count(Counted.JOBS_ACCEPTED, kind=verdict.kind.value)
                if answer.done():
                    continue
                if isinstance(verdict, Exception):
                    answer.set_exception(verdict)
                else:
                    answer.set_result(verdict)

    async def _decide(self, batch: list[Application], tx: Transaction) -> list[Job | Exception]:
        wanted: dict[tuple[ServerId, Kind], int] = defaultdict(int)
        for application in batch:
            wanted[application.server_id, Kind.JOB] += 1
        numbers = await tx.next_numbers(wanted)
        state = await self._state(tx, batch)
        verdicts: list[Job | Exception] = []
        for application in batch:
            refusal = self._refusal(application, state)
            if refusal is not None:
                verdicts.append(refusal)
                continue
            key = (application.server_id, Kind.JOB)
            job = _job(application, Ref(Kind.JOB, numbers[key]), state.now, self._priority(application))
            state.note(job)
            verdicts.append(job)
            numbers[key] += 1
            wanted[key] -= 1
        if any(wanted.values()):
            await tx.next_numbers({key: -left for key, left in wanted.items() if left})
        jobs = [verdict for verdict in verdicts if isinstance(verdict, Job)]
        if jobs:
            await tx.jobs.add_all(jobs)
            accepted = zip(batch, verdicts, strict=True)
            await tx.usage.append([line for a, v in accepted if isinstance(v, Job) for line in _reserve(a, v)])
        return verdicts

    async def _state(self, tx: Transaction, batch: list[Application]) -> _State:
        who = sorted({application.who for application in batch})
        quotas = (*await tx.usage.quotas(sorted({server for server, _ in who})), *self._defaults)
        state = _State(now=self._clock.now(), quotas=quotas, waiting=await tx.jobs.open_counts(who))
        for period in sorted({quota.period for quota in quotas}):
            state.used[period] = await tx.usage.used(who, window(period, state.now)[0])
        interactions = [a.reply.interaction_id for a in batch if a.reply.interaction_id is not None]
        for job in await tx.jobs.asked(interactions, [a.once for a in batch if a.once is not None]):
            state.note(job)
        return state

    def _priority(self, application: Application) -> int:
        """Scenes without a price are cheap, pictures are not: these cost a multiple at any vendor."""
        cost = application.estimate
        if cost is None:
            return CHEAP if application.kind is JobKind.SCENES else COSTLY
        return CHEAP if cost <= self._cheap else COSTLY

    def _refusal(self, application: Application, state: _State) -> MvError | None:
        repeated = state.repeated(application)
        if repeated is not None:
            return repeated
        waiting = state.waiting.get(application.who, 0)
        if waiting >= self._limits.waiting_per_member:
            return TooManyWaiting(limit=self._limits.waiting_per_member)
        server = application.server_id
        quotas = tuple(q for q in state.quotas if q.server_id in (None, server))
        for kind, amount in application.wants.items():
            for quota in in_force(quotas, kind, application.member_id, application.roles):
                used = state.used[quota.period].get((*application.who, kind), 0)
                if used + amount > quota.limit:
                    return used_up(quota, used, amount, state.now)
        for kind, amount in application.wants.items():
            for sums in state.used.values():
                key = (*application.who, kind)
                sums[key] = sums.get(key, 0) + amount
        state.waiting[application.who] = waiting + 1
        return None


def used_up(quota: Quota, used: int, wanted: int, now: datetime) -> AllowanceUsedUp:
    """The refusal with its facts."""
    return AllowanceUsedUp(
        kind=quota.kind.value,
        limit=quota.limit,
        used=used,
        wanted=wanted,
        period=quota.period.value,
        resets_at=int(window(quota.period, now)[1].timestamp()),
        whose=quota.whose,
    )


def _job(application: Application, ref: Ref, now: datetime, priority: int) -> Job:
    return Job(
        id=new_id(),
        server_id=application.server_id,
        ref=ref,
        kind=application.kind,
        state=JobState.QUEUED,
        member_id=application.member_id,
        private=application.reply.private,
        order=application.order,
        engine=application.engine,
        vendor=application.vendor,
        reply=application.reply,
        created_at=now,
        priority=priority,
        project_id=application.project_id,
        once=application.once.key if application.once else None,
    )


def _reserve(application: Application, job: Job) -> list[LedgerLine]:
    return [_line(job, kind, amount) for kind, amount in application.wants.items() if amount]


def _line(job: Job, kind: AllowanceKind, amount: int) -> LedgerLine:
    """A reservation."""
    return LedgerLine(
        job_id=job.id,
        server_id=job.server_id,
        member_id=job.member_id,
        project_id=job.project_id,
        kind=kind,
        entry=Entry.RESERVE,
        amount=amount,
        engine=job.engine,
        counted_at=job.created_at,
        at=job.created_at,
    )


async def settle(tx: Transaction, job: Job, actual: Mapping[AllowanceKind, int], now: datetime) -> None:
    """Corrects what was reserved to what was really used; kinds that are not named were not used at all. What was used
    without a reservation, such as the money of an engine that took over from an unpriced one, counts as well.

    A correction counts in the period of the reservation, so that a refund after midnight does not swell the new day.
    """
    reserved = {line.kind: line for line in await tx.usage.lines(job.id) if line.entry is Entry.RESERVE}
    corrections = []
    for kind in {**reserved, **actual}:
        line, used = reserved.get(kind) or _line(job, kind, 0), actual.get(kind, 0)
        if used != line.amount:
            entry = Entry.SETTLE if used else Entry.REFUND
            corrections.append(replace(line, entry=entry, amount=used - line.amount, at=now))
    if corrections:
        await tx.usage.append(corrections)
