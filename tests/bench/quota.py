"""(m): what it costs to know what a command may still use, with a large ledger behind it.

The entries are all of the running month and of one server with twenty members: the most that a period can hold.
Measured are the check alone, a command that is refused, and one that is let through.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, insert

from mv.config import load_config
from mv.domain.budget import BOT, WHOLE_BOT, Account
from mv.domain.ids import ChannelId, MemberId, RecordId, ServerId
from mv.domain.jobs import JobKind, ReplyTo
from mv.domain.ledger import Entry, LedgerLine, Measure, spans
from mv.domain.usage import AllowanceKind, Period, Quota, window
from mv.errors import BudgetReached
from mv.ports import Transaction
from mv.services.admission import Desk
from mv.services.application import Application
from mv.store.database import Database
from mv.store.entries import from_line
from mv.store.tables import ledger, tallies
from mv.store.tallies import accounts_of
from tests.bench.table import Row, percentile
from tests.store.things import NOON, SetClock, url_of

CONFIGS = Path(__file__).parents[2] / "configs"
SERVER = ServerId(1)
MEMBERS = 20
BATCH = 20_000
CHECK_SECONDS = 0.002
KINDS = (Measure.SCENES, Measure.SPEND, Measure.TOKENS_IN, Measure.TOKENS_OUT)


async def checks(*, quick: bool, sizes: tuple[int, int] | None = None) -> list[Row]:
    """With few entries, and with many."""
    sizes = sizes or ((1_000, 20_000) if quick else (1_000, 1_000_000))
    rounds = 30 if quick else 400
    few, many = [await _measured(size, rounds) for size in sizes]
    rows = []
    aims = (("checked", CHECK_SECONDS), ("checked and refused", None), ("checked and let through", None))
    for what, aim in aims:
        small, big = few[what], many[what]
        rows.append(
            Row(
                key="m",
                what=f"a command {what}, p95, with {sizes[0]:,} entries in the ledger and with {sizes[1]:,}",
                baseline=f"{small * 1000:.2f} ms",
                ours=f"{big * 1000:.2f} ms",
                ratio=big / small,
                aim="" if aim is None else f"≤ {aim * 1000:.0f} ms",
                judged=None if aim is None else big,
                bound=aim,
            )
        )
    return rows


async def _measured(size: int, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        clock = SetClock(NOON)
        records = Database(url_of(Path(folder)), clock=clock)
        await records.open()
        await records.close()
        _fill(Path(folder) / "mv.sqlite3", size)
        await records.open()
        try:
            config = load_config(CONFIGS)
            budgets = config.limits.budgets.model_copy(update={"server": 10**15, "bot": 10**15})
            config = replace(config, limits=config.limits.model_copy(update={"budgets": budgets}))
            async with records.write() as tx:
                for period in Period:
                    for kind in AllowanceKind:
                        quota = Quota(kind=kind, limit=10**17, period=period, server_id=SERVER)
                        await tx.usage.set_quota(quota, MemberId(1), NOON)
            desk = Desk(records, clock, config)
            return {
                "checked": await _looked(records, rounds),
                "checked and refused": await _timed(desk, rounds, 10**16),
                "checked and let through": await _timed(desk, min(rounds, 200), 10),
            }
        finally:
            await records.close()


async def _looked(records: Database, rounds: int) -> float:
    """What the check asks of the records, and nothing else: limits, a member's two periods, and two budgets."""
    took = []
    month, day = (window(period, NOON)[0] for period in (Period.MONTH, Period.DAY))
    for number in range(rounds):
        account = Account.of_member(SERVER, MemberId(number % MEMBERS + 1))

        async def check(tx: Transaction, account: Account = account) -> float:
            began = time.perf_counter()
            await tx.usage.quotas([SERVER])
            await tx.usage.sums_by_start({month: [account, Account.of_server(SERVER), BOT], day: [account]})
            return time.perf_counter() - began

        took.append(await records.transact(check))
    return percentile(took, 0.95)


async def _timed(desk: Desk, rounds: int, spend: int) -> float:
    took = []
    for number in range(rounds):
        application = _application(MemberId(number % MEMBERS + 1), spend, number)
        began = time.perf_counter()
        try:
            await desk.admit(application)
        except BudgetReached:
            assert spend > 10
        took.append(time.perf_counter() - began)
    return percentile(took, 0.95)


def _application(member: MemberId, spend: int, number: int) -> Application:
    reply = ReplyTo(channel_id=ChannelId(1), application_id=1, token="t", token_expires_at=None, private=False)
    wants = {AllowanceKind.SCENES: 1, AllowanceKind.SPEND: spend}
    return Application(
        server_id=SERVER, member_id=member, roles=frozenset(), kind=JobKind.SCENES, order={}, engine="e", vendor="v",
        reply=replace(reply, interaction_id=number + 1), wants=wants, estimate=spend,
    )  # fmt: skip


def _fill(path: Path, size: int) -> None:
    """Entries a minute apart, over and over the month so far, with their sums."""
    engine = create_engine(f"sqlite:///{path}")
    sums: dict[tuple[Any, ...], int] = defaultdict(int)
    month = int((NOON - NOON.replace(day=1, hour=0)).total_seconds() // 60)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
        for first in range(0, size, BATCH):
            lines = [_line(number, month) for number in range(first, min(size, first + BATCH))]
            connection.execute(insert(ledger), [from_line(line) for line in lines])
            for line in lines:
                for account, kind in accounts_of(line):
                    for span in spans(line.counted_at):
                        sums[(*account, *span, kind.value)] += line.amount
        names = ("server_id", "scope", "subject", "span", "quarter", "kind", "amount")
        rows = [dict(zip(names, (*key, amount), strict=True)) for key, amount in sums.items()]
        for first in range(0, len(rows), BATCH):
            connection.execute(insert(tallies), rows[first : first + BATCH])
    engine.dispose()
    assert any(key[0] == WHOLE_BOT for key in sums)


def _line(number: int, month: int) -> LedgerLine:
    job, at = number // len(KINDS), NOON - timedelta(minutes=number // len(KINDS) % month)
    return LedgerLine(
        job_id=RecordId(f"{job:026d}"),
        server_id=SERVER,
        member_id=MemberId(job % MEMBERS + 1),
        project_id=None,
        kind=KINDS[number % len(KINDS)],
        entry=Entry.SETTLE,
        amount=1,
        engine="e",
        counted_at=at,
        at=at,
    )
