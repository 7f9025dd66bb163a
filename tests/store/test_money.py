"""A database from before money had prices and sums: its ledger is taken over whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

import mv.store.migrations
from mv.domain.budget import BOT, Account
from mv.domain.ids import new_id
from mv.domain.ledger import Entry, Measure
from mv.domain.usage import AllowanceKind
from mv.services.audit import Auditor
from mv.store import sqlite
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, SetClock, a_line, opened

SPEND = AllowanceKind.SPEND


def to_0004(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(mv.store.migrations.__file__).parent))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "0004")


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
        await connection.run_sync(to_0004)
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
            sums = await tx.usage.sums(accounts, NOON.replace(day=1, hour=0, minute=0, microsecond=0), (SPEND,))
            assert [sums[account, SPEND] for account in accounts] == [50, 50, 57, 57]
            assert [line.price for line in await tx.usage.lines(job)] == [None] * 3
            await tx.usage.append([a_line(job, 9, kind=Measure.SPEND, entry=Entry.SETTLE, engine="another")])
            await tx.usage.append([a_line(job, 9, kind=Measure.SPEND, entry=Entry.SETTLE, engine="e")])
            assert sum(line.amount for line in await tx.usage.lines(job) if line.kind is Measure.SPEND) == 59
        found = await Auditor(records, SetClock()).check()
        assert (found.differences, found.jobs, found.entries) == ([], 0, 5)
