"""What is left of allowances and budgets, for the jobs that are asked for together; and why one is not let through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mv.domain.budget import Account, Budget, Scope, Warned
from mv.domain.ids import RecordId, Ref
from mv.domain.jobs import Job
from mv.domain.usage import AllowanceKind, Quota, in_force, window
from mv.errors import AllowanceUsedUp, AlreadyAsked, BudgetReached, MvError, Repeated, TooLate, TooManyWaiting
from mv.services.application import Application, Who


@dataclass(frozen=True, slots=True)
class Asked:
    """An application at the desk, and what holds where it comes from."""

    application: Application
    zone: str
    budgets: tuple[Budget, ...]
    """Of the server and of the whole bot."""


@dataclass(slots=True)
class Headroom:
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

    def budgets(self, asked: Asked) -> tuple[Budget, ...]:
        """All that bind it, the narrowest first."""
        application, key = asked.application, asked.application.project_id
        if key is None or key not in self.projects:
            return asked.budgets
        account = Account.of_project(application.server_id, key)
        return Budget(account=account, limit=self.projects[key][1], zone=asked.zone), *asked.budgets

    def spent(self, budget: Budget) -> int:
        """Micro-dollars in its running month."""
        return self.used[budget.window(self.now)[0]].get((budget.account, AllowanceKind.SPEND), 0)

    def count(self, asked: Asked) -> None:
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

    def warn(self, budget: Budget, used: int, *, refused: bool = False) -> None:
        """Its managers are to be told of the marks that it reached; of the last one also when it is not enough for a
        job, though something is left."""
        for mark in budget.reached(max(used, budget.limit) if refused else used):
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

    def binding(self, batch: Sequence[Asked]) -> dict[datetime, set[Account]]:
        """Whose use binds this batch, by the start of the period."""
        accounts: dict[datetime, set[Account]] = defaultdict(set)
        periods = {quota.period for quota in self.quotas}
        for asked in batch:
            for period in periods:
                accounts[window(period, self.now, asked.zone)[0]].add(asked.application.account)
            for budget in self.budgets(asked):
                accounts[budget.window(self.now)[0]].add(budget.account)
        return accounts

    def refusal(self, asked: Asked, most_waiting: int) -> MvError | None:
        """Why it is not let through, if it is not."""
        application = asked.application
        repeated = self._repeated(application)
        if repeated is not None:
            return repeated
        if self.waiting.get(application.who, 0) >= most_waiting:
            return TooManyWaiting(limit=most_waiting)
        return self._beyond_allowance(asked) or self._beyond_budget(asked)

    def _repeated(self, application: Application) -> MvError | None:
        """Why it is none of its own, if it is not."""
        first = self.interactions.get(application.reply.interaction_id or 0)
        if first is not None:
            return Repeated(ref=str(first.ref))
        before = self.onces.get(application.once.key) if application.once else None
        if before is not None and before.declined:
            return TooLate(ref=str(before.ref), state=before.state.value)
        return AlreadyAsked(ref=str(before.ref), member_id=before.member_id) if before else None

    def _beyond_allowance(self, asked: Asked) -> AllowanceUsedUp | None:
        application = asked.application
        quotas = tuple(q for q in self.quotas if q.server_id in (None, application.server_id))
        for kind, amount in application.asks.items():
            for quota in in_force(quotas, kind, application.member_id, application.roles):
                since, resets_at = window(quota.period, self.now, asked.zone)
                used = self.used[since].get((application.account, kind), 0)
                if not _fits(used, amount, quota.limit):
                    return _used_up(quota, used, amount, resets_at)
        return None

    def _beyond_budget(self, asked: Asked) -> BudgetReached | None:
        amount = asked.application.asks.get(AllowanceKind.SPEND, 0)
        if amount == 0:
            return None
        for budget in self.budgets(asked):
            used, resets_at = self.spent(budget), budget.window(self.now)[1]
            if _fits(used, amount, budget.limit):
                continue
            self.warn(budget, used, refused=True)
            project = self.projects.get(RecordId(budget.account.subject))
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


def _used_up(quota: Quota, used: int, wanted: int | None, resets_at: datetime) -> AllowanceUsedUp:
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
