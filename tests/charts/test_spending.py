"""A month's spending as a value, and in words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.spending import ROOM, alt_text
from bot.ui.text import units
from mv.domain.money import rounded
from mv.domain.spending import MOST_ENGINES, DaySpend, MonthSpend, by_day, by_engine, peak, percent, running
from tests.charts.months import HOSTILE, MONTHS, many, month, spend

days = st.dates(date(2026, 10, 25), date(2026, 12, 5))
rows = st.builds(DaySpend, day=days, engine=st.sampled_from([*"abcdefghijklm"]), spend=st.integers(-(10**6), 10**12))
months = st.builds(
    MonthSpend,
    first=st.just(date(2026, 11, 1)),
    rows=st.lists(rows, max_size=60).map(tuple),
    today=st.none() | st.dates(date(2026, 11, 1), date(2026, 11, 30)),
    budget=st.none() | st.integers(0, 10**13),
)


@given(months)
def test_every_sum_is_the_same(month: MonthSpend) -> None:
    total = sum(row.spend for row in month.rows if row.day.month == 11)
    engines = by_engine(month)
    assert month.total == total == sum(by_day(month)) == sum(each.spend for each in engines)
    for day in range(month.days):
        assert by_day(month)[day] == sum(each.days[day] for each in engines)
    sums = running(month)
    assert len(sums) == (month.today.day if month.today else 30)
    assert sums[-1] == sum(by_day(month)[: len(sums)])


@given(months)
def test_the_largest_come_first_and_the_rest_last(month: MonthSpend) -> None:
    engines = by_engine(month)
    named = [each for each in engines if not each.is_rest]
    assert len(named) <= MOST_ENGINES
    assert [each.spend for each in named] == sorted((each.spend for each in named), reverse=True)
    assert sum(each.engines for each in engines) <= len({row.engine for row in month.within})
    assert all(each is engines[-1] for each in engines if each.is_rest)
    assert all(any(each.days) or each.is_rest for each in engines)


@given(months)
def test_the_peak_is_a_day_that_cost_most(month: MonthSpend) -> None:
    day = peak(month)
    assert (day is None) == (max(by_day(month)) <= 0)
    if day is not None:
        assert by_day(month)[day - 1] == max(by_day(month))


def test_what_costs_the_same_goes_by_name() -> None:
    engines = by_engine(month(spend(1, "b", 5), spend(2, "a", 5), spend(3, "free", 0)))
    assert [each.engine for each in engines] == ["a", "b"]


def test_an_eighth_engine_is_the_rest() -> None:
    *named, rest = by_engine(month(*many(9)))
    assert [each.engine for each in named] == [f"engine-{number:02}" for number in range(7)]
    assert (rest.is_rest, rest.engines, rest.engine) == (True, 2, "")


def test_a_day_outside_the_month_is_not_today() -> None:
    assert MonthSpend(first=date(2027, 2, 1), today=date(2026, 2, 5)).days_so_far == 28
    assert MonthSpend(first=date(2028, 2, 1)).days == 29


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 5, "0 %"), (1, 1000, "<1 %"), (1, 2, "50 %"), (999, 1000, ">99 %"), (5, 5, "100 %"), (7, 5, "140 %")],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (40, "<$0.0001"),
        (99_999, "$0.10"),
        (50_100, "$0.0501"),
        (12_345_678, "$12.35"),
        (1_234_500_000, "$1,234.50"),
        (10**12, "$1,000,000"),
    ],
)
def test_rounded_money(amount: int, text: str) -> None:
    assert rounded(amount) == text


# ── in words ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_month_in_words() -> None:
    text = alt_text(month(spend(3, "flux", 3_000_000), spend(4, "gemini", 1_000_000), budget=8_000_000))
    assert text == (
        "Spend in November 2026: $4.00, the most on day 3 with $3.00. "
        "By engine: flux $3.00 (75 %), gemini $1.00 (25 %). 50 % of the budget of $8.00 is used."
    )


def test_a_month_without_anything() -> None:
    assert alt_text(month()) == "Spend in November 2026: nothing."
    assert alt_text(month(today=4, title="Ann's")) == "Ann's in November 2026: nothing so far."
    assert alt_text(month(budget=0)).endswith("The budget is none at all.")


def test_the_others_are_counted() -> None:
    assert ", 8 others $" in alt_text(month(*many(15)))
    assert ", 1 other $" in alt_text(month(*many(8)))


@pytest.mark.parametrize("name", MONTHS)
def test_words_for_every_month(name: str) -> None:
    text = alt_text(MONTHS[name])
    assert 0 < units(text) <= ROOM
    assert text.isprintable() or any(sign in text for sign in "\u2068\u2069")
    assert "\n" not in text


@given(months)
def test_words_never_run_over(month: MonthSpend) -> None:
    assert units(alt_text(month)) <= ROOM


@given(st.text(max_size=60), st.text(max_size=300))
def test_any_name_can_be_told(engine: str, title: str) -> None:
    text = alt_text(month(spend(1, engine, 5), *(spend(2, f"{n}{engine}", 9) for n in range(9)), title=title))
    assert units(text) <= ROOM
    assert text.endswith(".")


def test_hostile_names_in_words() -> None:
    text = alt_text(month(*(spend(1, name, 1) for name in HOSTILE)))
    assert "\u202e" not in text
    assert "\ud800" not in text
