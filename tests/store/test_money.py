"""Databases from before money had prices and sums, and from before sums of days: the ledger is taken over whole."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, text

import mv.store.migrations
from mv.domain.budget import BOT, Account
from mv.domain.ids import new_id
from mv.domain.ledger import Entry, Measure, quarter
from mv.domain.usage import AllowanceKind
from mv.services.audit import Auditor
from mv.store import sqlite
from mv.store.entries import from_line
from mv.store.tables import ledger
from mv.store.tallies import accounts_of
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, SetClock, a_line, opened

SPEND = AllowanceKind.SPEND


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(mv.store.migrations.__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def test_an_older_ledger_has_its_sums(tmp_path: Path) -> None:
    project, job = new_id(), new_id()
    rows = [
        (job, SERVER, ANA, project, "spend", "reserve", 70, NOON),
        (job, SERVER, ANA, project, "spend", "settle", -20, NOON),
        (job, SERVER, ANA, project, "scenes", "reserve", 1, NOON),
        (new_id(), SERVER, BO, None, "spend", "reserve", 7, NOON + timedelta(minutes=15)),
        (new_id(), OTHER_SERVER, 0, None, "spend", "reserve", 3, NOON - timedelta(days=400)),
    ]
    columns = ("job_id", "server_id", "member_id", "project_id", "kind", "entry", "amount", "counted_at")
    engine = sqlite.writing_engine(tmp_path / "mv.sqlite3", busy_seconds=1)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, "0004")
        await connection.execute(
            text("INSERT INTO projects (id, server_id, number, name, folded, owner_id, created_at) "
                 "VALUES (:id, :server, 1, 'P', 'p', 1, :at)"),
            {"id": project, "server": SERVER, "at": str(NOON)[:26]},
        )  # fmt: skip
        for row in rows:
            values = dict(zip(columns, (*row[:-1], str(row[-1])[:26]), strict=True))
            names = ", ".join(f":{name}" for name in columns)
            await connection.execute(
                text(f"INSERT INTO ledger ({', '.join(columns)}, engine, at) VALUES ({names}, 'e', :counted_at)"),
                values,
            )
    await engine.dispose()
    accounts = [Account.of_member(SERVER, ANA), Account.of_project(SERVER, project), Account.of_server(SERVER), BOT]
    async with opened(tmp_path) as records:
        async with records.write() as tx:
            sums = await tx.usage.sums(accounts, NOON.replace(day=1, hour=0, minute=0, microsecond=0))
            assert [sums[account, SPEND] for account in accounts] == [50, 50, 57, 57]
            assert [line.price for line in await tx.usage.lines(job)] == [None] * 3
            await tx.usage.append([a_line(job, 9, kind=Measure.SPEND, entry=Entry.SETTLE, engine="another")])
            await tx.usage.append([a_line(job, 9, kind=Measure.SPEND, entry=Entry.SETTLE, engine="e")])
            assert sum(line.amount for line in await tx.usage.lines(job) if line.kind is Measure.SPEND) == 59
        found = await Auditor(records, SetClock()).check()
        assert (found.differences, found.jobs, found.entries) == ([], 0, 5)


async def test_sums_of_quarters_make_those_of_days(tmp_path: Path) -> None:
    midnight = NOON.replace(hour=0, microsecond=0)
    minutes = (-35 * 1440, -30, -15, -0.001, 0, 14.9, 15, 720, 1439)
    lines = [
        a_line(new_id(), 3**number, kind=kind, counted_at=midnight + timedelta(minutes=minutes[number]))
        for number in range(len(minutes))
        for kind in (Measure.SPEND, Measure.SCENES, Measure.LOST)
    ]
    quarters: dict[tuple[Any, ...], int] = defaultdict(int)
    for line in lines:
        for account, kind in accounts_of(line):
            quarters[(*account, kind.value, quarter(line.counted_at))] += line.amount
    engine = sqlite.writing_engine(tmp_path / "mv.sqlite3", busy_seconds=1)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade, "0005")
        await connection.execute(insert(ledger), [from_line(line) for line in lines])
        names = ("server_id", "scope", "subject", "kind", "quarter", "amount")
        await connection.execute(
            text(f"INSERT INTO tallies ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"),
            [dict(zip(names, (*key, amount), strict=True)) for key, amount in quarters.items()],
        )
    await engine.dispose()
    mine = Account.of_member(SERVER, ANA)
    async with opened(tmp_path) as records:
        assert (await Auditor(records, SetClock()).check()).differences == []
        async with records.write() as tx:
            for since in (midnight - timedelta(minutes=30), midnight, midnight + timedelta(minutes=15)):
                left = sum(line.amount for line in lines if line.counted_at >= since and line.kind is Measure.SPEND)
                assert (await tx.usage.sums([mine], since))[mine, SPEND] == left
            await tx.usage.append(lines)
            await tx.usage.append([a_line(new_id(), 1)])
        found = await Auditor(records, SetClock()).check()
        assert (found.differences, found.entries) == ([], len(lines) + 1)
