"""What a server used in a month: sums of its ledger by member, project and engine, as managers read them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mv.domain.ids import MemberId, RecordId, Ref
from mv.domain.ledger import LedgerLine, Measure
from mv.domain.spending import DaySpend, MonthSpend
from mv.errors import NotChosen

_MONTH = re.compile(r"\s*(\d{4})-(\d{1,2})\s*")
FIRST_YEAR = 2015
"""Discord's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """A calendar month of the time zone `zone`. `today` is given in the running one."""

    first: date
    zone: str = "UTC"
    today: date | None = None

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        """`November 2026`."""
        return MonthSpend(first=self.first).name

    @property
    def starts(self) -> tuple[datetime, ...]:
        """When each of its days begins, in UTC, and the next month."""
        days = MonthSpend(first=self.first).days
        return tuple(self._start(self.first + timedelta(days=day)) for day in range(days + 1))

    @property
    def since(self) -> datetime:
        """When it begins, in UTC."""
        return self.starts[0]

    @property
    def until(self) -> datetime:
        """When the next one begins, in UTC."""
        return self.starts[-1]

    def _start(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def month_of(given: str | None, now: datetime, zone: str) -> Month:
    """`2026-11`, or the running month if none is given. Raises NotChosen, also for one that is to come."""
    today = now.astimezone(ZoneInfo(zone)).date()
    running = today.replace(day=1)
    if given is None or not given.strip():
        return Month(first=running, zone=zone, today=today)
    typed = _MONTH.fullmatch(given)
    year, month = (int(typed[1]), int(typed[2])) if typed else (0, 0)
    if not (year >= FIRST_YEAR and 1 <= month <= 12 and (year, month) <= (today.year, today.month)):
        raise NotChosen(field="month", given=given, allowed=(f"{FIRST_YEAR}-01 to {running:%Y-%m}",))
    first = date(year, month, 1)
    return Month(first=first, zone=zone, today=today if first == running else None)


def months_before(now: datetime, zone: str, count: int) -> tuple[Month, ...]:
    """The running one and those before it, newest first."""
    month = month_of(None, now, zone)
    found = [month]
    while len(found) < count:
        month = Month(first=(month.first - timedelta(days=1)).replace(day=1), zone=zone)
        found.append(month)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A sum of the ledger. `unpriced`: of entries whose price is not known."""

    member_id: MemberId
    project_id: RecordId | None
    engine: str
    kind: Measure
    unpriced: bool
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one member, project or engine used, or all of them, by measure; `unpriced` is the part of it whose price is
    not known."""

    subject: Any = None
    used: Mapping[Measure, int] = field(default_factory=dict)
    unpriced: Mapping[Measure, int] = field(default_factory=dict)

    @property
    def scenes(self) -> int:
        """Runs of the generator."""
        return self.used.get(Measure.SCENES, 0)

    @property
    def images(self) -> int:
        """Pictures."""
        return self.used.get(Measure.IMAGES, 0)

    @property
    def spend(self) -> int:
        """Micro-dollars that members are charged."""
        return self.used.get(Measure.SPEND, 0)

    @property
    def lost(self) -> int:
        """Micro-dollars that nobody is charged."""
        return self.used.get(Measure.LOST, 0)

    @property
    def unpriced_runs(self) -> int:
        """Runs of the generator without a price."""
        return self.unpriced.get(Measure.SCENES, 0)

    @property
    def unpriced_images(self) -> int:
        """Pictures without a price."""
        return self.unpriced.get(Measure.IMAGES, 0)

    @property
    def unpriced_tokens(self) -> int:
        """Tokens without a price, in and out."""
        return self.unpriced.get(Measure.TOKENS_IN, 0) + self.unpriced.get(Measure.TOKENS_OUT, 0)


def tallied(shares: Iterable[Share], subject: Callable[[Share], Any]) -> tuple[Tally, ...]:
    """One for each subject that used anything: who spent most first, then by pictures, scene lists and tokens."""
    used: dict[Any, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
    unpriced: dict[Any, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
    for share in shares:
        used[subject(share)][share.kind] += share.amount
        if share.unpriced:
            unpriced[subject(share)][share.kind] += share.amount
    found = [Tally(subject=key, used=_some(sums), unpriced=_some(unpriced[key])) for key, sums in used.items()]
    return tuple(sorted((each for each in found if each.used), key=_rank))


def _some(sums: Mapping[Measure, int]) -> dict[Measure, int]:
    return {kind: amount for kind, amount in sums.items() if amount}


def _rank(tally: Tally) -> tuple[int, int, int, int, str]:
    return -tally.spend, -tally.images, -tally.scenes, -sum(tally.used.values()), str(tally.subject or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMonth:
    """A server's month. What is reserved for jobs under way counts as used. `projects` names those that were looked up;
    `budget` is given for the running month, if there is one."""

    month: Month
    shares: tuple[Share, ...] = ()
    days: tuple[DaySpend, ...] = ()
    projects: Mapping[RecordId, tuple[Ref, str]] = field(default_factory=dict)
    budget: int | None = None

    @property
    def members(self) -> tuple[Tally, ...]:
        """By MemberId; 0 is whoever asked to be forgotten. What was lost is nobody's."""
        charged = (share for share in self.shares if share.kind is not Measure.LOST)
        return tallied(charged, lambda share: share.member_id)

    @property
    def by_project(self) -> tuple[Tally, ...]:
        """By RecordId; None is what belongs to no project."""
        return tallied(self.shares, lambda share: share.project_id)

    @property
    def engines(self) -> tuple[Tally, ...]:
        """By name."""
        return tallied(self.shares, lambda share: share.engine)

    @property
    def total(self) -> Tally:
        """All of it."""
        return next(iter(tallied(self.shares, lambda _: None)), Tally())

    @property
    def gone(self) -> int:
        """What counts in the budget: spent, and lost."""
        return self.total.spend + self.total.lost

    @property
    def spending(self) -> MonthSpend:
        """As it is drawn."""
        month = self.month
        return MonthSpend(first=month.first, rows=self.days, today=month.today, budget=self.budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An entry of the ledger, with its number there, and what its job and project are called. A job that is not on
    record any more has no ref."""

    number: int
    line: LedgerLine
    job: Ref | None = None
    project: Ref | None = None
