"""(c): the local job engine on the real database, against the same waits behind nothing but a semaphore."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from mv.config.model import Concurrency
from mv.domain.jobs import JobKind, JobState, Phase
from mv.jobs.engine import LocalEngine
from mv.ports import Run
from mv.store.database import Database
from tests.bench.table import Row, against, middle
from tests.jobs.fakes import Now, Postman, Studio, World, until

AT_ONCE = 16
MEMBERS = 25


class Worker(Studio):
    """Works as real runners do: an intent, the wait, what came of it, and the last transaction."""

    async def quick(self, run: Run) -> None:
        """Three commits around one sleep; the engine's own come on top."""
        await run.progress(Phase.WRITING)
        await run.journal.intend("ask", model="m")
        await asyncio.sleep(float(run.job.order["seconds"]))
        await run.journal.done("ask", cost=7, id="p-1")
        async with self.records.write() as tx:
            await tx.jobs.finish(run.job.id, JobState.DONE, self.clock.now())


async def throughput(*, quick: bool) -> list[Row]:
    """500 jobs of 0.5 s, 16 at a time, of 25 members; interleaved."""
    many, each, rounds = (64, 0.25, 1) if quick else (500, 0.5, 2)
    ideal: list[float] = []
    ours: list[float] = []
    for _ in range(rounds):
        ideal.append(await _ideal(many, each))
        ours.append(await _ours(many, each))
    what = f"{many} jobs of {each} s, {AT_ONCE} at a time, until delivered"
    return [against("c", what, middle(ideal), middle(ours), 1.05)]


async def _ideal(many: int, each: float) -> float:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with gate:
            await asyncio.sleep(each)

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(many)))
    return time.monotonic() - began


async def _ours(many: int, each: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        records = Database(f"sqlite+aiosqlite:///{Path(folder) / 'bench.sqlite3'}", clock=Now())
        await records.open()
        try:
            return await _timed(records, many, each)
        finally:
            await records.close()


async def _timed(records: Database, many: int, each: float) -> float:
    limits = Concurrency(total=AT_ONCE, per_member=AT_ONCE, per_vendor={}, waiting_per_member=many)
    engine, postman = LocalEngine(records, Now(), limits), Postman(records, Now())
    engine.register(JobKind.SCENES, Worker(records, Now()))
    engine.attach(postman)
    world = World(records, Now(), LocalEngine)
    jobs = [world.job(member=number % MEMBERS, seconds=each) for number in range(many)]
    await world.store(*jobs)
    began = time.monotonic()
    for job in jobs:
        engine.release(job)
    await until(lambda: len(postman.delivered) == many, 120)
    took = time.monotonic() - began
    await engine.drain(1)
    return took
