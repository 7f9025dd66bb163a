"""No list, autocomplete, queue or usage query reads a whole table; a batch of commands costs a statement each time."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from mv.domain.budget import BOT, Account
from mv.domain.ids import Kind, MemberId, Ref, ServerId, new_id
from mv.domain.jobs import JobKind, Once
from mv.domain.mydata import Forgetting
from mv.domain.search import Filters, parse_query
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.domain.usage_report import Booked
from mv.ports import Transaction
from mv.store import search
from mv.store.database import Database
from tests.store.things import (
    ANA,
    NOON,
    SEEN,
    SERVER,
    a_character,
    a_file,
    a_job,
    a_line,
    a_list,
    a_project,
    a_version,
)

MATCHED = re.compile(r"VIRTUAL TABLE INDEX \d+:.*[M=]")
"""A table of the text search that is asked for words or for its key."""
ALLOWED_SCANS = {"ix_jobs_open", "ix_jobs_undelivered", "ix_jobs_token", "ix_warnings_untold"}
"""Indexes of the few rows that are in question."""


@dataclass
class Heard:
    statements: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Heard]:
    heard = Heard()

    def hear(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, _many: bool) -> None:
        heard.statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


@pytest.fixture
async def asked(records: Database) -> AsyncIterator[list[tuple[str, Any]]]:
    with listening() as heard:
        async with records.read() as tx:
            await ask_everything(tx)
        async with records.write() as tx:
            await tx.jobs.erase_tokens(NOON)
            await tx.own.erase(Forgetting(server_id=SERVER, member_id=ANA, asked_at=NOON), 100)
        yield heard.statements


async def ask_everything(tx: Transaction) -> None:
    project = new_id()
    for member in (None, ANA):
        for chosen in (None, project):
            for before in (None, 5):
                filters = {"project_id": chosen, "member_id": member, "before": before, "size": 10}
                await tx.scenes.page(SEEN, **filters)  # type: ignore[arg-type]
                await tx.characters.page(SEEN, **filters)  # type: ignore[arg-type]
                await tx.jobs.page(SERVER, member_id=member, before=before, size=10, project_id=chosen)
    for text in ("", "12", "a b", "S1"):
        await tx.scenes.choices(SEEN, text, 25)
        await tx.characters.choices(SEEN, text, 25)
        await tx.projects.choices(SERVER, text, 25)
        await tx.jobs.choices(SERVER, member_id=ANA, text=text, size=25)
        await tx.jobs.choices(SERVER, member_id=None, text=text, size=25)
    for archived in (None, False, True):
        await tx.projects.page(SEEN, before=None, size=10, archived=archived)
    await tx.projects.choices(SERVER, "a", 25, archived=True)
    await tx.projects.by_name(SERVER, "x", archived=True)
    await tx.projects.get(SEEN, project)
    await tx.projects.makers(SEEN, project)
    await tx.projects.spent(project)
    await tx.jobs.unpriced(project)
    await tx.projects.names(SERVER, 200)
    await tx.projects.by_name(SERVER, "x")
    for filters_ in (Filters(), Filters(project_id=project, member_id=ANA, engine="x", flavor="y", since=NOON)):
        for query in ("salt", '"salt and light" neo*', "salt -light", f"<@{ANA}>"):
            for after in (None, search.key(2, 5)):
                await tx.scenes.search(SEEN, parse_query(query), filters_, after=after, size=10)
                await tx.characters.search(SEEN, parse_query(query), filters_, after=after, size=10)
    for rows, kind in ((tx.scenes, Kind.SCENE_LIST), (tx.characters, Kind.CHARACTER)):
        await rows.find(SEEN, Ref(kind, 1))
        await rows.get(new_id())
    await tx.scenes.version(new_id(), 1)
    await tx.scenes.version_of_job(new_id())
    await tx.characters.takes(new_id())
    await tx.characters.takes(new_id(), job_id=new_id())
    await tx.characters.take(new_id(), 1)
    await tx.characters.newest_takes(new_id(), size=9)
    await tx.characters.newest_takes(new_id(), before=5, size=9)
    await tx.characters.last_take(new_id())
    for private in (True, False):
        await tx.scenes.lists_of(new_id(), SEEN, private=private, size=5)
    await tx.media.by_hash(SERVER, "0")
    await tx.projects.find(SERVER, Ref(Kind.PROJECT, 1))
    await ask_of_jobs(tx)
    await ask_of_own(tx)


async def ask_of_jobs(tx: Transaction) -> None:
    await tx.jobs.get(new_id())
    await tx.jobs.find(SERVER, Ref(Kind.JOB, 1))
    await tx.jobs.unfinished()
    await tx.jobs.undelivered()
    await tx.jobs.backlog()
    await tx.jobs.steps(new_id())
    await tx.jobs.usual_seconds("gemini", JobKind.SCENES)
    keys = [Once(key="retry:x"), Once(key="again:x:1", while_open=True)]
    for interactions, onces in (([1, 2], []), ([], keys), ([1, 2], keys), ([1], keys[1:])):
        await tx.jobs.asked(interactions, onces)
    who = [(ServerId(s), MemberId(m)) for s in (1, 2) for m in range(20)]
    await tx.jobs.open_counts(who)
    accounts = [Account.of_member(*one) for one in who]
    await tx.usage.sums(accounts, NOON)
    await tx.usage.where_used(ANA, [SERVER, ServerId(2)], NOON)
    await tx.usage.untold()
    await tx.projects.budgets([new_id()])
    await tx.usage.quotas([SERVER, ServerId(2)])
    await tx.usage.lines(new_id())
    await tx.usage.sums([BOT], NOON)
    later = NOON + timedelta(days=30)
    await tx.usage.shares(SERVER, NOON, later)
    await tx.usage.money(SERVER, [NOON, later])
    for after in (None, Booked(number=5, line=a_line(new_id(), 1))):
        await tx.usage.entries(SERVER, NOON, later, after=after, size=100)
    await tx.projects.called([new_id()])


async def ask_of_own(tx: Transaction) -> None:
    await tx.own.servers(ANA, [SERVER, ServerId(2)])
    await tx.own.belongings(SERVER, ANA)
    for rows in (tx.own.changes, tx.own.takes, tx.own.entries):
        await rows(SERVER, ANA, skip=0, size=5)
    await tx.own.projects(SERVER, ANA)
    await tx.own.in_the_way(SERVER, ANA)


async def test_no_query_reads_a_whole_table(asked: list[tuple[str, Any]], tmp_path: Path) -> None:
    scans, sorts = set(), set()
    assert len(asked) > 60
    with closing(sqlite3.connect(tmp_path / "mv.sqlite3")) as connection:
        for statement, parameters in asked:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                if (
                    step.startswith("SCAN")
                    and not MATCHED.search(step)
                    and not ALLOWED_SCANS.intersection(step.split())
                ):
                    scans.add((step, statement))
                if "TEMP B-TREE FOR ORDER BY" in step and "number DESC" in statement:
                    sorts.add(statement)
    assert scans == set()
    assert sorts == set(), "pages and choices come out of their index in order"


def batch(size: int) -> tuple[list[Any], list[Any], list[Any]]:
    who = [(SERVER, MemberId(n)) for n in range(size)]
    jobs = [a_job(n + 1, member_id=MemberId(n)) for n in range(size)]
    lines = [a_line(job.id, 1, kind=kind, member_id=job.member_id) for job in jobs for kind in AllowanceKind]
    return who, jobs, lines


@pytest.mark.parametrize("size", [1, 20, 200])
async def test_a_batch_of_commands_is_admitted_with_one_statement_each(records: Database, size: int) -> None:
    who, jobs, lines = batch(size)
    quota = Quota(kind=AllowanceKind.SCENES, limit=5, period=Period.DAY, server_id=SERVER)
    with listening() as heard:
        async with records.write() as tx:
            await tx.next_numbers({(SERVER, Kind.JOB): size})
            await tx.jobs.open_counts(who)
            await tx.usage.quotas([SERVER])
            await tx.usage.sums([Account.of_member(*one) for one in who], NOON)
            await tx.jobs.asked(range(size), [Once(key=f"retry:{n}") for n in range(size)])
            await tx.jobs.add_all(jobs)
            await tx.usage.append(lines)
            assert len(heard.statements) == 8
            await tx.usage.set_quota(quota, ANA, NOON)
    async with records.read() as tx:
        assert len(await tx.jobs.unfinished()) == size
        assert len(await tx.usage.lines(jobs[-1].id)) == 3


async def test_the_lock_on_counters_comes_first(records: Database) -> None:
    with listening() as heard:
        async with records.write() as tx:
            await tx.next_numbers({(SERVER, Kind.JOB): 1})
    assert heard.statements[0][0].startswith("INSERT INTO counters")


async def test_storing_what_was_made_costs_few_statements(records: Database) -> None:
    character = a_character()
    with listening() as heard:
        async with records.write() as tx:
            await tx.scenes.add(a_list(), a_version(scenes=24))
            assert len(heard.statements) == 10, "three, and seven for the text search"
            await tx.characters.add(character)
            await tx.media.add(a_file("a"))
            await tx.projects.add(a_project())
    assert len(heard.statements) == 20
