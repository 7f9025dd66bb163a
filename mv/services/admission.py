"""The desk where every job is admitted: allowance checked, cost reserved and job stored, in one transaction. What may
cost much, and was not agreed to, is stored as a question instead: nothing is reserved, and nothing starts.

Commands that arrive together are admitted together: while one batch is written, the next gathers, so that two hundred
commands at once cost a handful of commits. Each is still decided by itself, in the order they came.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from mv.config import Config
from mv.domain.budget import Account, Budget, Scope, Warned
from mv.domain.engine import Price
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import ROLES, Job, JobKind, JobState, Once, ReplyTo
from mv.domain.ledger import Entry, LedgerLine, Measure
from mv.domain.money import micro
from mv.domain.settings import Rules
from mv.domain.usage import AllowanceKind, Quota, in_force, window
from mv.errors import AllowanceUsedUp, AlreadyAsked, BudgetReached, MvError, Repeated, TooManyWaiting
from mv.ports import Clock, Counted, Meter, Records, Transaction, Unmetered
from mv.services.preferences import Preferences

Who = tuple[ServerId, MemberId]
CHEAP, COSTLY = 0, 1
"""Priorities: among the jobs of one member, cheap ones go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A job that somebody wants, with what it would use at most. `wants[SPEND]` is absent if nothing is known to
    cost anything; `estimate` is what the engine that is asked first costs, by the `price`: None if unpriced."""

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
    price: Price | None = None
    once: Once | None = None
    agreed: int | None = 0
    """Micro-dollars that the member was shown and said Go to; None: whatever it may cost."""
    project_id: RecordId | None = None
    places: tuple[ChannelId, ...] = ()
    """Where it was asked for, as the actor's."""

    @property
    def who(self) -> Who:
        """Allowances are per member and server."""
        return self.server_id, self.member_id

    @property
    def account(self) -> Account:
        """The member's."""
        return Account.of_member(self.server_id, self.member_id)

    @property
    def asks(self) -> dict[AllowanceKind, int | None]:
        """What allowances must have left; None: some money, nobody knows how much."""
        unpriced = {AllowanceKind.SPEND: None} if self.estimate is None else {}
        return {**unpriced, **self.wants}


@dataclass(frozen=True, slots=True)
class _Asked:
    """An application at the desk, and what holds where it comes from."""

    application: Application
    zone: str
    budgets: tuple[Budget, ...]
    """Of the server and of the whole bot."""


@dataclass(slots=True)
class _State:
    """What counts for one batch; `used` (by the start of a period, what budgets spent included) and `waiting` grow as
    applications are let through by `count`."""

    now: datetime
    quotas: Sequence[Quota]
    used: dict[datetime, dict[tuple[Account, AllowanceKind], int]] = field(default_factory=dict)
    projects: dict[RecordId, tuple[Ref, int]] = field(default_factory=dict)
    waiting: dict[Who, int] = field(default_factory=dict)
    interactions: dict[int, Job] = field(default_factory=dict)
    onces: dict[str, Job] = field(default_factory=dict)
    warned: list[Warned] = field(default_factory=list)

    def note(self, job: Job) -> None:
        """Stored already, or let through just now: the same is not let through again."""
        if job.reply.interaction_id is not None:
            self.interactions[job.reply.interaction_id] = job
        if job.once is not None:
            self.onces[job.once] = job

    def budgets(self, asked: _Asked) -> tuple[Budget, ...]:
        """All that bind it, the narrowest first."""
        application, key = asked.application, asked.application.project_id
        if key is None or key not in self.projects:
            return asked.budgets
        account = Account.of_project(application.server_id, key)
        return Budget(account=account, limit=self.projects[key][1], zone=asked.zone), *asked.budgets

    def spent(self, budget: Budget) -> int:
        """Micro-dollars in its running month."""
        return self.used[budget.window(self.now)[0]].get((budget.account, AllowanceKind.SPEND), 0)

    def count(self, asked: _Asked) -> None:
        """It is let through: what it reserves is not there for those behind it."""
        application = asked.application
        for kind, amount in application.wants.items():
            self._add(application.account, kind, amount)
        for budget in self.budgets(asked):
            self._add(budget.account, AllowanceKind.SPEND, application.asks.get(AllowanceKind.SPEND) or 0)
            self.warn(budget, self.spent(budget))
        self.waiting[application.who] = self.waiting.get(application.who, 0) + 1

    def _add(self, account: Account, kind: AllowanceKind, amount: int) -> None:
        """To all its running periods."""
        for sums in self.used.values():
            sums[account, kind] = sums.get((account, kind), 0) + amount

    def warn(self, budget: Budget, used: int) -> None:
        """Its managers are to be told of the marks that it reached."""
        for mark in budget.reached(used):
            self.warned.append(
                Warned(
                    account=budget.account,
                    month=budget.month(self.now),
                    percent=mark,
                    allowed=budget.limit,
                    used=used,
                    noted_at=self.now,
                )
            )

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
        self._preferences = Preferences(records, config.limits) if preferences is None else preferences
        self._cheap = micro(str(self._limits.cheap))
        self._ask_over = config.limits.ask_over
        self._queue: list[tuple[_Asked, asyncio.Future[Job]]] = []
        self._serving: asyncio.Task[None] | None = None
        self.warned: Callable[[], None] | None = None
        """Called when managers are to be told of a budget."""

    async def admit(self, application: Application) -> Job:
        """The stored job, its cost reserved; or only the question whether to (`Job.unconfirmed`). Raises NotHere,
        Repeated, AlreadyAsked, AllowanceUsedUp, BudgetReached or TooManyWaiting, and then nothing is stored;
        StorageError if the records cannot answer: nothing is let through unseen."""
        rules = await self._preferences.check(application.server_id, application.places)
        answer: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._queue.append((self._asked(application, rules), answer))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name="admission")
        return await answer

    def _asked(self, application: Application, rules: Rules) -> _Asked:
        preferences = self._preferences
        budgets = preferences.budget(application.server_id, rules), preferences.budget_of_all
        return _Asked(application, preferences.zone(rules), tuple(one for one in budgets if one is not None))

    async def _serve(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            decide = partial(self._decide, [asked for asked, _ in batch])
            try:
                verdicts, warned = await self._records.transact(decide, lasting=False)
            except Exception as error:  # noqa: BLE001  # whoever waits must hear of it, whatever it is
                verdicts, warned = [error] * len(batch), False
            if warned and self.warned is not None:
                self.warned()
            for (_, answer), verdict in zip(batch, verdicts, strict=True):
                if isinstance(verdict, Job) and verdict.unconfirmed is None:
                    self._meter.count(Counted.JOBS_ACCEPTED, kind=verdict.kind.value)
                if answer.done():
                    continue
                if isinstance(verdict, Exception):
                    answer.set_exception(verdict)
                else:
                    answer.set_result(verdict)

    async def _decide(self, batch: list[_Asked], tx: Transaction) -> tuple[list[Job | Exception], bool]:
        """A verdict on each, and whether managers are to be warned."""
        wanted: dict[tuple[ServerId, Kind], int] = defaultdict(int)
        for asked in batch:
            wanted[asked.application.server_id, Kind.JOB] += 1
        numbers = await tx.next_numbers(wanted)
        state = await self._state(tx, batch)
        verdicts: list[Job | Exception] = []
        for asked in batch:
            application = asked.application
            refusal = self._refusal(asked, state)
            if refusal is not None:
                verdicts.append(refusal)
                continue
            key = (application.server_id, Kind.JOB)
            job = _job(application, Ref(Kind.JOB, numbers[key]), state, self._priority(application))
            if self._costs_much(application):
                job = job.as_question(application.estimate or 0)
            else:
                state.count(asked)
            state.note(job)
            verdicts.append(job)
            numbers[key] += 1
            wanted[key] -= 1
        if any(wanted.values()):
            await tx.next_numbers({key: -left for key, left in wanted.items() if left})
        jobs = [verdict for verdict in verdicts if isinstance(verdict, Job)]
        if jobs:
            await tx.jobs.add_all(jobs)
            accepted = [
                (asked.application, verdict)
                for asked, verdict in zip(batch, verdicts, strict=True)
                if isinstance(verdict, Job) and verdict.unconfirmed is None
            ]
            await tx.usage.append([line for a, job in accepted for line in reservation(job, a.wants, a.price)])
        await tx.usage.warn(state.warned)
        return verdicts, bool(state.warned)

    async def _state(self, tx: Transaction, batch: list[_Asked]) -> _State:
        applications = [asked.application for asked in batch]
        who = sorted({application.who for application in applications})
        quotas = (*await tx.usage.quotas(sorted({server for server, _ in who})), *self._defaults)
        state = _State(now=self._clock.now(), quotas=quotas, waiting=await tx.jobs.open_counts(who))
        keys = {a.project_id for a in applications if a.project_id is not None}
        state.projects = await tx.projects.budgets(sorted(keys)) if keys else {}
        state.used = await tx.usage.sums_by_start(_binding(batch, state))
        interactions = [a.reply.interaction_id for a in applications if a.reply.interaction_id is not None]
        for job in await tx.jobs.asked(interactions, [a.once for a in applications if a.once is not None]):
            state.note(job)
        return state

    def _priority(self, application: Application) -> int:
        """Scenes without a price are cheap, pictures are not: these cost a multiple at any vendor."""
        cost = application.estimate
        if cost is None:
            return CHEAP if application.kind is JobKind.SCENES else COSTLY
        return CHEAP if cost <= self._cheap else COSTLY

    def _costs_much(self, application: Application) -> bool:
        """More than may start unasked, and more than was agreed to; nobody can say of what has no price."""
        if self._ask_over is None or application.estimate is None or application.agreed is None:
            return False
        return application.estimate > max(self._ask_over, application.agreed)

    def _refusal(self, asked: _Asked, state: _State) -> MvError | None:
        application = asked.application
        repeated = state.repeated(application)
        if repeated is not None:
            return repeated
        if state.waiting.get(application.who, 0) >= self._limits.waiting_per_member:
            return TooManyWaiting(limit=self._limits.waiting_per_member)
        return _beyond_allowance(asked, state) or _beyond_budget(asked, state)


def _binding(batch: Sequence[_Asked], state: _State) -> dict[datetime, set[Account]]:
    """Whose use binds this batch, by the start of the period."""
    accounts: dict[datetime, set[Account]] = defaultdict(set)
    periods = {quota.period for quota in state.quotas}
    for asked in batch:
        for period in periods:
            accounts[window(period, state.now, asked.zone)[0]].add(asked.application.account)
        for budget in state.budgets(asked):
            accounts[budget.window(state.now)[0]].add(budget.account)
    return accounts


def _beyond_allowance(asked: _Asked, state: _State) -> AllowanceUsedUp | None:
    application = asked.application
    quotas = tuple(q for q in state.quotas if q.server_id in (None, application.server_id))
    for kind, amount in application.asks.items():
        for quota in in_force(quotas, kind, application.member_id, application.roles):
            since, resets_at = window(quota.period, state.now, asked.zone)
            used = state.used[since].get((application.account, kind), 0)
            if not _fits(used, amount, quota.limit):
                return used_up(quota, used, amount, resets_at)
    return None


def _beyond_budget(asked: _Asked, state: _State) -> BudgetReached | None:
    amount = asked.application.asks.get(AllowanceKind.SPEND, 0)
    if amount == 0:
        return None
    for budget in state.budgets(asked):
        used, resets_at = state.spent(budget), budget.window(state.now)[1]
        if _fits(used, amount, budget.limit):
            continue
        state.warn(budget, max(used, budget.limit))
        project = state.projects.get(RecordId(budget.account.subject))
        return BudgetReached(
            scope=budget.account.scope.value,
            limit=budget.limit,
            used=used,
            wanted=amount,
            resets_at=int(resets_at.timestamp()),
            ref=str(project[0]) if project and budget.account.scope is Scope.PROJECT else "",
        )
    return None


def _fits(used: int, wanted: int | None, limit: int) -> bool:
    """What has no known price fits as long as anything is left."""
    return used < limit if wanted is None else used + wanted <= limit


def used_up(quota: Quota, used: int, wanted: int | None, resets_at: datetime) -> AllowanceUsedUp:
    """The refusal with its facts."""
    return AllowanceUsedUp(
        kind=quota.kind.value,
        limit=quota.limit,
        used=used,
        wanted=wanted,
        period=quota.period.value,
        resets_at=int(resets_at.timestamp()),
        whose=quota.whose,
    )


def _job(application: Application, ref: Ref, state: _State, priority: int) -> Job:
    """With those roles of its member's that limits name: its result says what is left."""
    roles = sorted(application.roles & {quota.role_id for quota in state.quotas if quota.role_id is not None})
    return Job(
        id=new_id(),
        server_id=application.server_id,
        ref=ref,
        kind=application.kind,
        state=JobState.QUEUED,
        member_id=application.member_id,
        private=application.reply.private,
        order={**application.order, ROLES: roles} if roles else application.order,
        engine=application.engine,
        vendor=application.vendor,
        reply=application.reply,
        created_at=state.now,
        priority=priority,
        project_id=application.project_id,
        once=application.once.key if application.once else None,
    )


def reservation(job: Job, wants: Mapping[AllowanceKind, int], price: Price | None) -> list[LedgerLine]:
    """What opens a job's account in the ledger."""
    return [
        LedgerLine(
            job_id=job.id,
            server_id=job.server_id,
            member_id=job.member_id,
            project_id=job.project_id,
            kind=Measure(kind.value),
            entry=Entry.RESERVE,
            amount=amount,
            engine=job.engine,
            counted_at=job.created_at,
            at=job.created_at,
            price=price,
        )
        for kind, amount in wants.items()
    ]
