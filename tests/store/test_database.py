"""What holds when many write at once, and when someone is stopped in the middle."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from mv.domain.ids import Kind, new_id
from mv.errors import ConfigMistake
from mv.store.database import Database
from tests.store.things import ANA, NOON, SERVER, SetClock, a_job, a_line, opened

JOBS = (SERVER, Kind.JOB)


async def write_one(records: Database) -> int:
    """Stores a job under the next number, unless someone else has taken that number meanwhile."""
    async with records.write() as tx:
        number = (await tx.next_numbers({JOBS: 1}))[JOBS]
        before = (await tx.jobs.open_counts([(SERVER, ANA)]))[SERVER, ANA]
        assert number == before + 1, "a writer did not see those before it"
        await tx.jobs.add_all([a_job(number)])
        await tx.usage.append([a_line(new_id(), 1)])
    return number


def database_threads() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}


async def numbers(records: Database) -> list[int]:
    async with records.read() as tx:
        return sorted(job.ref.number for job in await tx.jobs.unfinished())


async def test_fifty_writers_at_once_each_see_the_others(records: Database) -> None:
    taken = await asyncio.gather(*(write_one(records) for _ in range(50)))
    assert taken == list(range(1, 51)), "first come, first served"
    assert await numbers(records) == taken


async def test_a_failed_block_leaves_nothing(records: Database) -> None:
    async def fail() -> None:
        async with records.write() as tx:
            await tx.next_numbers({JOBS: 1})
            await tx.jobs.add_all([a_job(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await numbers(records) == []
    assert await write_one(records) == 1


async def test_an_empty_block_and_an_unused_one(records: Database) -> None:
    async with records.write():
        pass
    async with records.read():
        pass
    assert await write_one(records) == 1


async def test_readers_do_not_wait_for_the_writer_and_see_one_moment(records: Database) -> None:
    await write_one(records)
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(2)])
        assert await asyncio.wait_for(numbers(records), 5) == [1]
    async with records.read() as tx:
        assert len(await tx.jobs.unfinished()) == 2
        async with records.write() as writing:
            await writing.jobs.add_all([a_job(3)])
        assert len(await tx.jobs.unfinished()) == 2, "a snapshot stands still"
    assert await numbers(records) == [1, 2, 3]


async def test_more_readers_than_connections(records: Database) -> None:
    await write_one(records)
    assert await asyncio.gather(*(numbers(records) for _ in range(100))) == [[1]] * 100


async def test_writing_in_a_snapshot_is_a_bug(records: Database) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"):
        async with records.read() as tx:
            await tx.jobs.add_all([a_job()])
    assert await numbers(records) == []


async def test_whoever_is_stopped_at_any_moment_holds_nobody_up(records: Database) -> None:
    dice = random.Random(5)
    kept: set[int] = set()

    async def some_work() -> None:
        if dice.random() < 0.3:
            await numbers(records)
            return
        number = 0
        async with records.write() as tx:
            number = (await tx.next_numbers({JOBS: 1}))[JOBS]
            await tx.jobs.add_all([a_job(number)])
            await tx.usage.append([a_line(new_id(), 1)])
        kept.add(number)

    cancelled = 0
    for _ in range(15):
        tasks = [asyncio.create_task(some_work()) for _ in range(20)]
        for task in tasks:
            for _ in range(dice.randrange(6)):
                await asyncio.sleep(0)
            if dice.random() < 0.2:
                await asyncio.sleep(dice.random() * 0.004)
            if dice.random() < 0.7:
                task.cancel()
                if dice.random() < 0.3:
                    await asyncio.sleep(0)
                    task.cancel()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
        assert {type(end) for end in ended} <= {type(None), asyncio.CancelledError}
        cancelled += sum(isinstance(end, asyncio.CancelledError) for end in ended)
    assert cancelled > 50
    assert len(kept) > 20
    assert set(await numbers(records)) == kept, "what stands behind the block is done if, and only if, it is stored"
    async with records.write() as tx:
        assert (await tx.next_numbers({JOBS: 1}))[JOBS] == len(kept) + 1, "what was rolled back took no number"


async def test_a_commit_that_has_begun_is_carried_through(records: Database) -> None:
    steps: list[str] = []

    async def work() -> None:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(1)])
            asyncio.get_running_loop().call_soon(task.cancel)
        steps.append("stored")
        await asyncio.sleep(0)
        steps.append("never reached")

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == ["stored"]
    assert await numbers(records) == [1]


@pytest.mark.parametrize("more_to_do", [True, False])
async def test_a_time_limit_that_ends_within_a_commit(records: Database, more_to_do: bool) -> None:
    async def work() -> None:
        async with asyncio.timeout(None) as limit:
            async with records.write() as tx:
                await tx.jobs.add_all([a_job(1)])
                limit.reschedule(asyncio.get_running_loop().time())
            if more_to_do:
                await asyncio.sleep(5)

    if more_to_do:
        with pytest.raises(TimeoutError):
            await work()
    else:
        await work()
    assert await numbers(records) == [1], "and no cancellation is left over"


async def test_a_stopped_task_costs_no_connection(records: Database) -> None:
    await write_one(records)
    await numbers(records)
    before = database_threads()

    async def stop_within(statement: int) -> None:
        async with records.write() as tx:
            for number in range(3):
                if number == statement:
                    asyncio.get_running_loop().call_soon(task.cancel)
                await tx.jobs.add_all([a_job(2 + number)])
            await asyncio.Event().wait()

    for statement in range(3):
        task = asyncio.create_task(stop_within(statement))
        with pytest.raises(asyncio.CancelledError):
            await task
    assert database_threads() == before
    assert await numbers(records) == [1]


async def test_reply_tokens_reach_no_log_and_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("aiosqlite").setLevel(logging.NOTSET)
    async with opened(tmp_path) as records:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(1)])
        with pytest.raises(Exception) as caught:
            async with records.write() as tx:
                await tx.jobs.add_all([a_job(1)])
    assert "a-token" not in caplog.text
    chain: BaseException | None = caught.value
    while chain is not None:
        assert "a-token" not in f"{chain!r} {chain}"
        chain = chain.__cause__


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:secret@h/d", "sqlite+aiosqlite://", "sqlite:///:memory:", ""])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigMistake) as caught:
        Database(url, clock=SetClock())
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_driver_that_is_not_installed() -> None:
    database = Database("postgresql+nodriver://u:secret@127.0.0.1/x", clock=SetClock(NOON))
    with pytest.raises(ConfigMistake) as caught:
        await database.open()
    assert "secret" not in str(caught.value)
