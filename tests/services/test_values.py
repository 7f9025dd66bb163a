"""Small values: refs, money, periods, limits in force, names of files."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv.domain import limits
from mv.domain.character import default_name, file_name
from mv.domain.ids import Kind, MemberId, Ref, ServerId, new_id, parse_ref
from mv.domain.money import dollars, micro, token_cost
from mv.domain.usage import AllowanceKind, Period, Quota, in_force, window
from mv.domain.words import nearest
from mv.errors import Empty, OutOfRange, TooLong

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/Havana",
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


# ── refs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(
    number=st.integers(1, 10**12 - 1),
    kind=st.sampled_from(Kind),
    form=st.sampled_from(["{r}", "#{r}", " {r} ", "{n}", "#{n}"]),
)
def test_refs_are_read_in_every_form(number: int, kind: Kind, form: str) -> None:
    ref = Ref(kind, number)
    assert parse_ref(form.format(r=ref, n=number), kind) == ref
    assert parse_ref(form.format(r=str(ref).lower(), n=number), kind) == ref


@given(st.text())
def test_any_text_is_a_ref_or_none(text: str) -> None:
    found = parse_ref(text, Kind.SCENE_LIST)
    assert found is None or (found.kind is Kind.SCENE_LIST and found.number >= 1)


@pytest.mark.parametrize("text", ["", "S", "#", "0", "S0", "-1", "1.5", "C1", "S1S", "1 2", "9" * 13, "²", "S1\nS2"])
def test_these_are_none(text: str) -> None:
    assert parse_ref(text, Kind.SCENE_LIST) is None


def test_keys_sort_by_time() -> None:
    keys = [new_id() for _ in range(50)]
    assert len({len(key) for key in keys}) == 1
    assert len(set(keys)) == 50


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.decimals(0, 10**6, places=6))
def test_dollars_become_micro_dollars_exactly(amount: Decimal) -> None:
    assert Decimal(micro(amount)) / 1_000_000 == amount


@given(st.integers(0, 10**12))
def test_money_shows_exactly_what_it_is(amount: int) -> None:
    text = dollars(amount)
    assert re.fullmatch(r"\$\d+\.\d{2,6}", text)
    assert micro(text[1:]) == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (1, "$0.000001"), (100, "$0.0001"), (40_000, "$0.04"), (1_234_567, "$1.234567")],
)
def test_money_in_words(amount: int, text: str) -> None:
    assert dollars(amount) == text


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_tokens_cost_to_the_nearest_micro_dollar(tokens: int, price: int) -> None:
    assert abs(token_cost(tokens, price) - Decimal(tokens * price) / 1_000_000) <= Decimal("0.5")


# ── periods ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(now=MOMENTS, zone=st.sampled_from(ZONES), period=st.sampled_from(Period))
def test_a_period_holds_its_moment_and_begins_with_the_local_day(now: datetime, zone: str, period: Period) -> None:
    start, end = window(period, now, zone)
    assert start <= now < end
    assert (start.tzinfo, end.tzinfo) == (UTC, UTC)
    assert timedelta(hours=22) <= end - start <= timedelta(days=32)
    local = start.astimezone(ZoneInfo(zone))
    assert local.date() == now.astimezone(ZoneInfo(zone)).date().replace(
        **({"day": 1} if period is Period.MONTH else {})
    )
    again = window(period, end, zone)
    assert again[0] == end


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 29, 12, tzinfo=UTC), 23),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), 25),
        (datetime(2026, 6, 1, 12, tzinfo=UTC), 24),
    ],
)
def test_days_when_clocks_are_changed(now: datetime, hours: int) -> None:
    start, end = window(Period.DAY, now, "Europe/Berlin")
    assert end - start == timedelta(hours=hours)


def test_the_last_moment_of_a_month() -> None:
    now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert window(Period.MONTH, now) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert window(Period.DAY, now)[1] == datetime(2027, 1, 1, tzinfo=UTC)


# ── limits in force ──────────────────────────────────────────────────────────────────────────────────────────────────

ME = MemberId(7)
DAY, MONTH = Period.DAY, Period.MONTH


def quota(limit: int, period: Period = DAY, kind: AllowanceKind = AllowanceKind.SCENES, **whose: int) -> Quota:
    server = None if whose.pop("config", 0) else ServerId(1)
    member = whose.get("member")
    return Quota(
        kind=kind, limit=limit, period=period, server_id=server, role_id=whose.get("role"),
        member_id=MemberId(member) if member else None,
    )  # fmt: skip


CONFIGURED, SERVER, FEW, MANY, OWN = (
    quota(30, config=1),
    quota(5),
    quota(2, role=1),
    quota(9, role=2),
    quota(1, member=7),
)


@pytest.mark.parametrize(
    ("quotas", "wanted"),
    [
        ((), ()),
        ((CONFIGURED,), (CONFIGURED,)),
        ((CONFIGURED, SERVER), (SERVER,)),
        ((CONFIGURED, SERVER, FEW, MANY), (MANY,)),
        ((CONFIGURED, SERVER, FEW, MANY, OWN), (OWN,)),
        ((SERVER, quota(9, role=3)), (SERVER,)),
        ((SERVER, quota(9, member=8)), (SERVER,)),
        ((quota(0, member=7), SERVER), (quota(0, member=7),)),
        ((SERVER, quota(100, MONTH)), (SERVER, quota(100, MONTH))),
        ((SERVER, quota(100, MONTH, role=1)), (quota(100, MONTH, role=1),)),
        ((FEW, quota(50, MONTH, role=1), MANY), (MANY, quota(50, MONTH, role=1))),
        ((SERVER, quota(1, kind=AllowanceKind.IMAGES, member=7)), (SERVER,)),
    ],
)
def test_ones_own_before_the_most_generous_role_before_the_server_before_the_file(
    quotas: tuple[Quota, ...], wanted: tuple[Quota, ...]
) -> None:
    for order in (quotas, quotas[::-1]):
        assert in_force(order, AllowanceKind.SCENES, ME, frozenset({1, 2})) == wanted


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_file_names_carry_utc_and_never_collide() -> None:
    now = datetime(2026, 11, 22, 21, 15, 0, tzinfo=timezone(timedelta(hours=5)))
    names = {file_name(now, "png") for _ in range(500)}
    assert len(names) == 500
    assert all(re.fullmatch(r"character_ref_20261122_161500_[0-9a-f]{8}\.png", name) for name in names)


@given(st.text(min_size=1))
def test_a_default_name_says_something_and_is_short(description: str) -> None:
    name = default_name(description)
    assert name
    assert len(name) <= 40


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("an astronaut with a violin, silver hair and a coat", "an astronaut with a violin"),
        ("Mara, 60, yellow raincoat", "Mara"),
        ("60, tall and tired", "tall and tired"),
        ("Bob - a clown", "Bob"),
        ("a first clause that goes on and on without an end to it at all", "a first clause that goes on and on"),
        ("🎸🔥", "🎸🔥"),
        ("x" * 100, "x" * 40),
    ],
)
def test_default_names_are_the_first_clause_in_whole_words(description: str, name: str) -> None:
    assert default_name(description) == name


@given(st.text(), st.lists(st.text(), max_size=10))
def test_nearest_are_some_of_those_there_are(given_name: str, names: list[str]) -> None:
    found = nearest(given_name, names)
    assert len(found) <= 3
    assert set(found) <= set(names)
    assert bool(found) == bool(names)


# ── what members may type ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("unseen", ["", "  \n", "\0", "\u200b\u200d\u2060", "\u202e \ufeff", "\u00a0\u3000"])
def test_a_text_that_nobody_would_see_says_nothing(unseen: str) -> None:
    with pytest.raises(Empty):
        limits.text("idea", unseen, 100)
    assert limits.optional_text("style", unseen, 100) is None


@given(st.text(max_size=30), st.integers(1, 20))
def test_a_text_says_something_and_fits_or_is_refused(typed: str, limit: int) -> None:
    try:
        clean = limits.text("idea", typed, limit)
    except Empty:
        assert not limits.seen(typed)
    except TooLong:
        assert len(typed.strip()) > limit
    else:
        assert 1 <= len(clean) <= limit
        assert clean == clean.strip()
        assert "\0" not in clean
    if not limits.seen(typed):
        assert limits.optional_text("style", typed, limit) is None


def test_numbers_within_their_bounds() -> None:
    assert [limits.number("count", value, limits.SCENES) for value in (None, 1, 24)] == [None, 1, 24]
    for value in (0, 25, -1):
        with pytest.raises(OutOfRange):
            limits.number("count", value, limits.SCENES)
