"""What the clean-up asks of many rows comes out of an index, so that members' commands are not held up by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

from mv.domain.ids import Kind, new_id
from mv.domain.settings import Option
from tests.cleanup.house import DAY, House
from tests.store.test_plans import listening
from tests.store.things import NOON, OTHER_SERVER, SERVER

SMALL = {"counters", "quotas", "settings", "servers", "CONSTANT", "(subquery-1)", "(subquery-3)"}
"""Tables of a row or so to a server, which may be read whole; and what SQLAlchemy writes for nothing at all."""


def in_part(step: str) -> bool:
    """Whether it reads an index of some jobs only, which are few."""
    return "ix_jobs_undelivered" in step or "ix_jobs_open" in step


async def test_no_query_reads_a_whole_table(house: House) -> None:
    figure = await house.a_character(3)
    for record in (await house.a_list(2), await house.a_character(2)):
        await house.delete(record)
    await house.a_job()
    for option in (Option.KEEP_JOBS, Option.KEEP_TAKES):
        await house.set(option, 1)
    await house.a_list(server=OTHER_SERVER, character_id=None)
    async with house.records.write() as tx:
        await tx.servers.leave([OTHER_SERVER], NOON - 99 * DAY)
    house.after(timedelta(days=60))
    with listening() as heard:
        await house.clean(dry=True)
        await house.clean()
        async with house.records.write() as tx:
            await tx.cleaning.freed_by([new_id()])
            await tx.cleaning.purge(Kind.CHARACTER, figure.id, None, 100)
            await tx.cleaning.remove_projects(SERVER, 5)
    scans = set()
    assert len({statement for statement, _ in heard.statements}) > 30
    with closing(sqlite3.connect(house.folder / "mv.sqlite3")) as connection:
        for statement, parameters in heard.statements:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                words = step.split()
                if "VIRTUAL TABLE INDEX 0:><" in step:  # a range of rowids
                    continue
                if words[0] == "SCAN" and words[1] not in SMALL and not in_part(step):
                    scans.add((step, statement))
    assert scans == set()
