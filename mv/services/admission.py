"""The desk where every job is admitted: allowance checked, cost reserved and job stored, in one transaction. What may
cost much, and was not agreed to, is stored as a question instead: nothing is reserved, and nothing starts.

Commands that arrive together are admitted together: while one batch is written, the next gathers, so that two hundred
commands at once cost a handful of commits. Each is still decided by itself, in the order they came.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from functools import partial

from mv.config import Config
from mv.domain.ids import Kind, Ref, ServerId
from mv.domain.jobs import Job, JobKind
from mv.domain.money import micro
from mv.domain.settings import Rules
from mv.ports import Clock, Counted, Meter, Records, Transaction, Unmetered
from mv.services.application import Application, new_job, reservation
from mv.services.headroom import Asked, Headroom
from mv.services.preferences import Preferences

CHEAP, COSTLY = 0, 1
"""Priorities: among the jobs of one member, cheap ones go first."""


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
        self._queue: list[tuple[Asked, asyncio.Future[Job]]] = []
        self._serving: asyncio.Task[None] | None = None
        self.warned: Callable[[], None] | None = None
        """Called when managers are to be told of a budget."""

    async def admit(self, application: Application) -> Job:
        """The stored job, its cost reserved; or only the question whether to (`Job.unconfirmed`). Raises NotHere,
        Repeated, AlreadyAsked, TooLate, AllowanceUsedUp, BudgetReached or TooManyWaiting, and then nothing is stored;
        StorageError if the records cannot answer: nothing is let through unseen."""
        rules = await self._preferences.check(application.server_id, application.places)
        answer: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        self._queue.append((self._asked(application, rules), answer))
        if self._serving is None or self._serving.done():
            self._serving = asyncio.create_task(self._serve(), name="admission")
        return await answer

    def _asked(self, application: Application, rules: Rules) -> Asked:
        preferences = self._preferences
        budgets = preferences.budget(application.server_id, rules), preferences.budget_of_all
        return Asked(application, preferences.zone(rules), tuple(one for one in budgets if one is not None))

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

    async def _decide(self, batch: list[Asked], tx: Transaction) -> tuple[list[Job | Exception], bool]:
        """A verdict on each, and whether managers are to be warned."""
        wanted: dict[tuple[ServerId, Kind], int] = defaultdict(int)
        for asked in batch:
            wanted[asked.application.server_id, Kind.JOB] += 1
        numbers = await tx.next_numbers(wanted)
        state = await self._state(tx, batch)
        verdicts: list[Job | Exception] = []
        for asked in batch:
            application = asked.application
            refusal = state.refusal(asked, self._limits.waiting_per_member)
            if refusal is not None:
                verdicts.append(refusal)
                continue
            key = (application.server_id, Kind.JOB)
            job = new_job(
                application, Ref(Kind.JOB, numbers[key]), state.now, state.quotas, self._priority(application)
            )
            if self._costs_much(application):
                job = job.as_question(application.most or 0)
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

    async def _state(self, tx: Transaction, batch: list[Asked]) -> Headroom:
        applications = [asked.application for asked in batch]
        who = sorted({application.who for application in applications})
        quotas = (*await tx.usage.quotas(sorted({server for server, _ in who})), *self._defaults)
        state = Headroom(now=self._clock.now(), quotas=quotas, waiting=await tx.jobs.open_counts(who))
        keys = {a.project_id for a in applications if a.project_id is not None}
        state.projects = await tx.projects.budgets(sorted(keys)) if keys else {}
        state.used = await tx.usage.sums_by_start(state.binding(batch))
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
        if self._ask_over is None or application.most is None or application.agreed is None:
            return False
        return application.most > max(self._ask_over, application.agreed)
