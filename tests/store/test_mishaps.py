"""The disk is full, or the process is killed: what was stored is there, nothing is there by halves."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mv.errors import StorageError, StorageFull
from mv.ports import Transaction
from mv.store.database import Database
from tests.store.things import a_job, opened


async def limit_pages(tx: Any, pages: int) -> None:
    await tx._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


async def too_much(tx: Transaction) -> None:
    await tx.jobs.add_all([a_job(n, order={"idea": "x" * 5000}) for n in range(3, 200)])


async def stored(records: Database) -> list[int]:
    async with records.read() as tx:
        return [job.ref.number for job in await tx.jobs.unfinished()]


async def test_a_full_disk_stores_nothing_by_halves(records: Database) -> None:
    async def fill() -> None:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(2)])
            await too_much(tx)

    async with records.write() as tx:
        await tx.jobs.add_all([a_job(1)])
        await limit_pages(tx, 60)
    with pytest.raises(StorageFull):
        await fill()
    assert await stored(records) == [1]
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(2)])
    assert await stored(records) == [1, 2]


@pytest.mark.parametrize("more", [True, False])
async def test_going_on_after_a_full_disk_stores_nothing_either(records: Database, more: bool) -> None:
    """SQLite has ended the transaction: a statement after it would be committed on its own."""

    async def go_on() -> None:
        async with records.write() as tx:
            with suppress(Exception):
                await too_much(tx)
            if more:
                await tx.jobs.add_all([a_job(2)])

    async with records.write() as tx:
        await limit_pages(tx, 60)
    with pytest.raises(StorageError):
        await go_on()
    assert await stored(records) == []


FILL = """
import asyncio, resource, signal, sys
from pathlib import Path
from mv.errors import StorageFull
from tests.store.things import a_job, opened

async def main():
    async with opened(Path(sys.argv[1])) as records:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(1)])
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
        try:
            for n in range(2, 100):
                async with records.write() as tx:
                    await tx.jobs.add_all([a_job(n, order={"idea": "x" * 50_000})])
        except StorageFull:
            print(n)

asyncio.run(main())
"""


def filled(folder: Path) -> int:
    """The number of the first job that did not fit."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(folder)], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


async def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    number = filled(tmp_path)
    async with opened(tmp_path) as records:
        assert await stored(records) == list(range(1, number))


WRITE = """
import asyncio, sys
from pathlib import Path
from mv.domain.ids import Kind
from tests.store.things import SERVER, a_job, a_line, opened

async def main():
    async with opened(Path(sys.argv[1])) as records:
        while True:
            async with records.write() as tx:
                first = (await tx.next_numbers({(SERVER, Kind.JOB): 20}))[SERVER, Kind.JOB]
                jobs = [a_job(n) for n in range(first, first + 20)]
                await tx.jobs.add_all(jobs)
                await tx.usage.append([a_line(job.id, 1) for job in jobs])
            print(first + 19, flush=True)

asyncio.run(main())
"""


def killed_after(folder: Path, batches: int) -> int:
    """The last number that was said to be stored."""
    command = [sys.executable, "-c", WRITE, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(batches)]
        process.kill()
        said += process.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


async def test_killed_in_the_middle_of_writes(tmp_path: Path) -> None:
    for batches in (3, 15, 40):
        said = killed_after(tmp_path, batches)
        async with opened(tmp_path) as records, records.read() as tx:
            jobs = await tx.jobs.unfinished()
            lines = [await tx.usage.lines(job.id) for job in jobs[-40:]]
        assert sorted(job.ref.number for job in jobs) == list(range(1, len(jobs) + 1))
        assert len(jobs) in (said, said + 20)
        assert all(len(line) == 1 for line in lines)
