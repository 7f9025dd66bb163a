"""A month's spending, per day and engine, as it is drawn and told. Amounts are micro-dollars at known prices."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

MOST_ENGINES = 7
"""Told apart by colour; more than these are summed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpend:
    """What one engine cost on one day. There may be several for the same two; below zero it takes something back."""

    day: date
    engine: str
    spend: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSpend:
    """The month that begins with the day `first`. `today` is given if it is in that month: what follows is to come.
    `title` says whose spending it is, before `in November 2026`."""

    first: date
    rows: tuple[DaySpend, ...] = ()
    today: date | None = None
    budget: int | None = None
    title: str = "Spend"

    @property
    def days(self) -> int:
        """How many the month has."""
        return monthrange(self.first.year, self.first.month)[1]

    @property
    def days_so_far(self) -> int:
        """Today's number, or that of the last day of a month that is over."""
        return self.today.day if self.today is not None and self._holds(self.today) else self.days

    @property
    def name(self) -> str:
        """`November 2026`."""
        return f"{_MONTHS[self.first.month - 1]} {self.first.year}"

    @property
    def total(self) -> int:
        """All of it."""
        return sum(row.spend for row in self.within)

    @property
    def within(self) -> tuple[DaySpend, ...]:
        """The rows of this month; others are none of it."""
        return tuple(row for row in self.rows if self._holds(row.day))

    def _holds(self, day: date) -> bool:
        return (day.year, day.month) == (self.first.year, self.first.month)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpend:
    """One engine's month, a number a day; or that of the `engines` that are summed up as the rest, without a name."""

    engine: str
    days: tuple[int, ...]
    engines: int = 1
    is_rest: bool = False

    @property
    def spend(self) -> int:
        """All of it."""
        return sum(self.days)


def by_engine(month: MonthSpend, most: int = MOST_ENGINES) -> tuple[EngineSpend, ...]:
    """The largest first, those that cost the same by name; beyond `most` one more for all the rest. Engines that cost
    nothing are left out."""
    found: dict[str, list[int]] = defaultdict(lambda: [0] * month.days)
    for row in month.within:
        found[row.engine][row.day.day - 1] += row.spend
    spent = [EngineSpend(engine=name, days=tuple(days)) for name, days in found.items() if any(days)]
    spent.sort(key=lambda each: (-each.spend, each.engine))
    rest = spent[most:]
    if not rest:
        return tuple(spent)
    together = tuple(map(sum, zip(*(each.days for each in rest), strict=True)))
    return (*spent[:most], EngineSpend(engine="", days=together, engines=len(rest), is_rest=True))


def by_day(month: MonthSpend) -> tuple[int, ...]:
    """One number for every day, also for those to come."""
    days = [0] * month.days
    for row in month.within:
        days[row.day.day - 1] += row.spend
    return tuple(days)


def running(month: MonthSpend) -> tuple[int, ...]:
    """What had come together by the end of each day, up to today."""
    return tuple(accumulate(by_day(month)))[: month.days_so_far]


def peak(month: MonthSpend) -> int | None:
    """The number of the day that cost most, the first of several; None if nothing was spent."""
    days = by_day(month)
    most = max(days)
    return days.index(most) + 1 if most > 0 else None


def percent(part: int, whole: int) -> str:
    """`38 %`; `<1 %` and `>99 %` where rounding would say none or all. `whole` is above zero."""
    rounded = (200 * part + whole) // (2 * whole)
    if rounded <= 0 < part:
        return "<1 %"
    return ">99 %" if rounded == 100 and part < whole else f"{rounded} %"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
