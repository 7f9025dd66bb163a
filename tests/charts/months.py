"""Months with all kinds of spending in them."""

from __future__ import annotations

from datetime import date

from mv.domain.spending import DaySpend, MonthSpend

NOVEMBER = date(2026, 11, 1)
HOSTILE = (
    "$a_b^c$",
    "灯台守の機械",
    "a\nb\u202e\ud800\0",
    "Движок",
    "مولد الصور",
    "<@123> `x` @everyone",
    "e\u0301\u0338\u0322\u031b" * 9,
    "$\\frac{1}{$",
    "🤖🤖",
    "W" * 60,
    " ",
    "",
)


def spend(day: int, engine: str, amount: int) -> DaySpend:
    return DaySpend(day=NOVEMBER.replace(day=day), engine=engine, spend=amount)


def month(
    *rows: DaySpend, budget: int | None = None, today: int | None = None, title: str = "Spend", first: date = NOVEMBER
) -> MonthSpend:
    at = None if today is None else first.replace(day=today)
    return MonthSpend(first=first, rows=rows, budget=budget, today=at, title=title)


def many(engines: int, scale: int = 10_000) -> tuple[DaySpend, ...]:
    """The first engine costs most."""
    return tuple(
        spend(day, f"engine-{number:02}", scale * (engines - number) * (1 + day * 7 % 5))
        for number in range(engines)
        for day in range(1, 31)
    )


MONTHS = {
    "empty": month(),
    "empty with a budget": month(budget=20_000_000, today=3),
    "one engine": month(*many(1)),
    "fifteen": month(*many(15), budget=10_000_000),
    "tiny": month(spend(3, "a", 1), spend(9, "a", 100)),
    "a hundredth of a cent": month(spend(9, "a", 100)),
    "huge": month(*many(3, 3_000_000_000), budget=10**12),
    "larger than anything": month(spend(30, "a", 10**18)),
    "a spike": month(*many(2, 1), spend(30, "engine-00", 190_000_000)),
    "over": month(*many(3), budget=1_000_000, today=30),
    "no budget at all": month(*many(2), budget=0, today=1),
    "taken back": month(spend(1, "a", 500), spend(2, "a", -900), spend(3, "b", 100), budget=100),
    "hostile": month(*(spend(1 + n, name, 10**6) for n, name in enumerate(HOSTILE)), title="$x_1^2$ **Ann** " * 20),
    "a short month": MonthSpend(first=date(2027, 2, 1), rows=(DaySpend(day=date(2027, 2, 28), engine="a", spend=9),)),
}
