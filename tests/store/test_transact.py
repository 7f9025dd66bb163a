"""Transactions that are done in the database's own thread, all at once."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mv.domain.ids import Kind
from mv.errors import StorageError, StorageLocked
from mv.ports import Transaction
from mv.store.database import Database
from tests.store.things import SERVER, SetClock, a_job, plain, url_of

WANTED = {(SERVER, Kind.JOB): 1}
ROOT = Path(__file__).parent.parent.parent


async def take(tx: Transaction) -> int:
    return (await tx.next_numbers(WANTED))[SERVER, Kind.JOB]


async def test_what_it_returns_and_what_it_stores(records: Database) -> None:
    job = a_job()
    assert await records.transact(take) == 1
    assert await records.transact(take, lasting=False) == 2
    await records.transact(lambda tx: tx.jobs.add_all([job]), lasting=False)
    async with records.read() as tx:
        assert await tx.jobs.get(job.id) == job
    async with records.write() as tx:
        assert await take(tx) == 3


@pytest.mark.parametrize("lasting", [True, False])
async def test_an_error_undoes_all_of_it(records: Database, lasting: bool) -> None:
    async def fail(tx: Transaction) -> None:
        await take(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await records.transact(fail, lasting=lasting)
    assert await records.transact(take) == 1


async def test_waiting_for_anything_else_is_an_error(records: Database) -> None:
    async def dawdle(tx: Transaction) -> None:
        await take(tx)
        await asyncio.sleep(0.01)

    with pytest.raises(RuntimeError):
        await records.transact(dawdle)
    assert await records.transact(take) == 1


async def test_who_is_cancelled_leaves_it_whole(records: Database) -> None:
    for turns in range(12):
        before = await records.transact(take)
        task = asyncio.create_task(records.transact(take))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await records.transact(take) in (before + 1, before + 2)


async def test_many_at_once_take_turns(records: Database) -> None:
    taken = await asyncio.gather(*(records.transact(take, lasting=bool(n % 2)) for n in range(40)))
    assert sorted(taken) == list(range(1, 41))


async def test_after_closing(records: Database) -> None:
    await records.close()
    with pytest.raises(StorageError):
        await records.transact(take)


def test_what_does_not_wait_for_the_disk_survives_a_kill(tmp_path: Path) -> None:
    code = f"""
import asyncio, os
from mv.domain.ids import Kind
from mv.store.database import Database
from tests.store.things import SERVER, SetClock

async def main():
    records = Database({url_of(tmp_path)!r}, clock=SetClock())
    await records.open()
    await records.transact(lambda tx: tx.next_numbers({{(SERVER, Kind.JOB): 7}}), lasting=False)
    os.kill(os.getpid(), 9)

asyncio.run(main())
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert ended.returncode == -9
    with sqlite3.connect(tmp_path / "mv.sqlite3") as raw:
        assert raw.execute("SELECT last FROM counters").fetchall() == [(7,)]


async def test_who_insists_waits_for_another_program_and_who_does_not_goes_in_between(tmp_path: Path) -> None:
    records = Database(url_of(tmp_path), clock=SetClock(), busy_seconds=0.05, patience_seconds=20)
    await records.open()
    try:
        with plain(tmp_path) as other:
            other.execute("BEGIN EXCLUSIVE")
            waiting = [asyncio.create_task(records.insist(take)) for _ in range(10)]
            await asyncio.sleep(0.3)
            began = time.monotonic()
            with pytest.raises(StorageLocked):
                await records.transact(take)
            assert time.monotonic() - began < 3, "behind one attempt at most, not behind ten"
            other.execute("ROLLBACK")
        assert sorted(await asyncio.gather(*waiting)) == list(range(1, 11))
    finally:
        await records.close()


async def test_insisting_has_an_end(tmp_path: Path) -> None:
    records = Database(url_of(tmp_path), clock=SetClock(), busy_seconds=0.02, patience_seconds=0.3)
    await records.open()
    try:
        with plain(tmp_path) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StorageLocked):
                await records.insist(take)
            other.execute("ROLLBACK")
        assert await records.insist(take, lasting=False) == 1
    finally:
        await records.close()
