"""The sums that limits go by, against the ledger read anew: quarters of an hour and days say what its entries say."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mv.domain.budget import BOT, Account
from mv.domain.ids import MemberId, ServerId, new_id
from mv.domain.ledger import LedgerLine, Measure
from mv.domain.usage import AllowanceKind, Period, window
from mv.services.audit import KEPT, Auditor
from mv.store.database import Database
from mv.store.tallies import TOGETHER, accounts_of
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, SetClock, a_line, plain

ZONES = (
    "UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Chatham",
    "Pacific/Kiritimati", "Pacific/Marquesas", "America/New_York",
)  # fmt: skip
ACCOUNTS = (
    *(Account.of_member(server, member) for server in (SERVER, OTHER_SERVER) for member in (ANA, BO)),
    Account.of_server(SERVER), Account.of_server(OTHER_SERVER), BOT,
)  # fmt: skip
Sums = dict[tuple[Account, AllowanceKind], int]

nows = st.integers(0, 365 * 86_400).map(lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
ages = st.one_of(
    st.integers(0, 40 * 24 * 4).map(lambda quarters: timedelta(minutes=15 * quarters)),
    st.integers(0, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds)),
)
entries = st.tuples(
    ages,
    st.sampled_from((timedelta(), timedelta(microseconds=1), timedelta(microseconds=-1))),
    st.sampled_from((SERVER, OTHER_SERVER)),
    st.sampled_from((ANA, BO)),
    st.sampled_from(list(Measure)),
    st.integers(-(10**9), 10**9),
)


class Undone(Exception):
    """Takes a transaction back."""


def by_the_ledger(lines: Iterable[LedgerLine], since: datetime) -> Sums:
    sums: Sums = defaultdict(int)
    for line in lines:
        for account, kind in accounts_of(line):
            if line.counted_at >= since:
                sums[account, kind] += line.amount
    return sums


def wanted(now: datetime) -> Mapping[datetime, tuple[Account, ...]]:
    return {window(period, now, zone)[0]: ACCOUNTS for period in Period for zone in ZONES}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(now=nows, drawn=st.lists(entries, max_size=30))
async def test_sums_are_those_of_the_ledger_in_any_zone(
    records: Database, now: datetime, drawn: list[tuple[timedelta, timedelta, ServerId, MemberId, Measure, int]]
) -> None:
    starts = [since for since in wanted(now) if since > now - timedelta(days=2)]
    lines = [
        a_line(
            new_id(), amount, kind=kind, server_id=server, member_id=member,
            counted_at=starts[number % len(starts)] + off if number % 3 == 0 else now - age + off,
        )
        for number, (age, off, server, member, kind, amount) in enumerate(drawn)
    ]  # fmt: skip
    with contextlib.suppress(Undone):
        async with records.write() as tx:
            for line in lines:
                await tx.usage.append([line])
            for since, sums in (await tx.usage.sums_by_start(wanted(now))).items():
                assert sums == by_the_ledger(lines, since)
                assert sums == await tx.usage.sums(ACCOUNTS, since)
            midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=40)
            assert await tx.usage.tallied(midnight) == ((await tx.usage.recounted(midnight))[0],) * 2
            raise Undone


@pytest.mark.parametrize("servers", [1, TOGETHER // 2, TOGETHER, TOGETHER + 1, 5 * TOGETHER])
async def test_many_servers_are_summed_at_once(records: Database, servers: int) -> None:
    since = NOON.replace(hour=18, minute=30, microsecond=0) - timedelta(days=2)
    lines = [
        a_line(new_id(), server, server_id=ServerId(server), counted_at=since + timedelta(hours=hours))
        for server in range(1, servers + 1)
        for hours in (-1, 1, 30)
    ]
    async with records.write() as tx:
        await tx.usage.append(lines)
        accounts = [Account.of_member(ServerId(server), ANA) for server in range(1, servers + 2)]
        sums = await tx.usage.sums(accounts, since)
    assert sums == {(account, AllowanceKind.SCENES): 2 * account.server_id for account in accounts[:-1]}


async def test_a_day_stays_until_all_of_it_is_over(records: Database, tmp_path: Path) -> None:
    async with records.write() as tx:
        await tx.usage.append([a_line(new_id(), 1), a_line(new_id(), 2, counted_at=NOON + timedelta(minutes=15))])
        assert await tx.usage.drop_tallies(NOON + timedelta(minutes=15)) == 1
    with plain(tmp_path) as connection:
        rows = connection.execute("SELECT span, amount FROM tallies ORDER BY span").fetchall()
    assert rows == [(1, 2), (96, 3)]
    async with records.write() as tx:
        assert await tx.usage.drop_tallies(NOON.replace(hour=23, minute=59)) == 1
        assert await tx.usage.drop_tallies(NOON.replace(hour=0) + timedelta(days=1)) == 1


@pytest.mark.parametrize(("span", "what"), [(1, "scenes, summed"), (96, "scenes, summed by day")])
async def test_the_check_finds_a_sum_that_is_wrong_missing_or_too_many(
    records: Database, tmp_path: Path, span: int, what: str
) -> None:
    clock = SetClock(NOON + timedelta(hours=1))
    auditor = Auditor(records, clock)
    async with records.write() as tx:
        await tx.usage.append([a_line(new_id(), 5), a_line(new_id(), 2, counted_at=NOON - timedelta(days=30))])
    assert (await auditor.check()).differences == []
    of_span = f"WHERE span = {span} AND quarter > (SELECT min(quarter) + 96 FROM tallies)"
    for change, expected in (
        (f"UPDATE tallies SET amount = amount + 1 {of_span}", 8),
        (f"DELETE FROM tallies {of_span}", 2),
        (f"DELETE FROM tallies WHERE span = {span}", 0),
    ):
        with plain(tmp_path) as connection:
            connection.execute(change)
        (found,) = (await auditor.check()).differences
        assert (found.whose, found.what, found.ledger, found.elsewhere) == (f"member {ANA}", what, 7, expected)
    clock.time = NOON + KEPT + timedelta(days=1)
    await auditor.daily()
    with plain(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM tallies").fetchone() == (0,)
