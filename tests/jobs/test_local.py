"""What the local engine promises beside the contract: no tasks and no memory left, and a port that is kept."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextvars import ContextVar

from mv.domain.jobs import Job
from mv.ports import Run
from tests.jobs.fakes import World, gone, until

field: ContextVar[str] = ContextVar("field", default="")


class Order(dict[str, object]):
    """An order that can be watched."""


async def test_five_hundred_jobs_leave_no_task_and_no_reference(world: World) -> None:
    crew = world.crew(total=16)
    before = asyncio.all_tasks()
    watched: list[weakref.ref[Order]] = []

    def one(number: int) -> Job:
        job = world.job(("quick", "quick", "busy", "bug")[number % 4], member=number % 25, seconds=0.01)
        order = Order(job.order)
        watched.append(weakref.ref(order))
        object.__setattr__(job, "order", order)
        return job

    jobs = [one(number) for number in range(500)]
    await world.released(crew, *jobs)
    ids = [job.id for job in jobs]
    del jobs
    assert any(ref() is not None for ref in watched)
    await until(lambda: all(crew.engine.status(job_id) is None for job_id in ids), 30)
    await until(lambda: asyncio.all_tasks() == before)
    assert len(crew.postman.delivered) == 500
    crew.postman.delivered.clear()
    gc.collect()
    assert [ref for ref in watched if ref() is not None] == []


async def test_an_engine_with_nothing_to_do_has_no_task(world: World) -> None:
    before = asyncio.all_tasks()
    crew = world.crew()
    await crew.engine.resume()
    await until(lambda: asyncio.all_tasks() == before)
    (job,) = await world.released(crew, world.job("hold"))
    await until(lambda: crew.studio.started == [1])
    assert asyncio.all_tasks() != before
    crew.studio.open(1)
    await gone(crew, job)
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_job_runs_with_the_log_fields_of_its_own_release(world: World) -> None:
    crew = world.crew(total=1)
    seen: list[str] = []

    async def looks(run: Run) -> None:
        seen.append(field.get())
        field.set("of the one before")
        await crew.studio.finish(run)

    crew.studio.quick = looks  # type: ignore[method-assign]
    jobs = [world.job() for _ in range(3)]
    await world.store(*jobs)
    for number, job in enumerate(jobs):
        field.set(f"release {number}")
        crew.engine.release(job)
    await gone(crew, *jobs)
    assert seen == ["release 0", "release 1", "release 2"]


async def test_without_a_courier_jobs_run_and_stay_undelivered(world: World) -> None:
    crew = world.crew(courier=False)
    (job,) = await world.released(crew, world.job())
    await gone(crew, job)
    stored = await world.stored(job)
    assert stored.state.final
    assert stored.delivered_at is None


async def test_after_a_drain_nothing_runs_any_more(world: World) -> None:
    before = asyncio.all_tasks()
    crew = world.crew()
    crew.postman.slow = True
    await world.released(crew, *[world.job(act) for act in ("quick", "hold", "busy")])
    await until(lambda: crew.postman.at_once == 2)
    await crew.engine.drain(0)
    await until(lambda: asyncio.all_tasks() == before)


async def test_the_journal_shows_what_was_written_now_and_before(world: World) -> None:
    dead = world.crew()
    looked: list[tuple[object, ...]] = []

    async def writes(run: Run) -> None:
        await run.journal.intend("before", n=1)
        await run.journal.done("before", n=2)
        await asyncio.sleep(30)

    async def looks(run: Run) -> None:
        before = await run.journal.seen("before")
        assert before is not None
        looked.append((before.value, before.done_at is not None))
        looked.append((await run.journal.seen("now"),))
        for write in (run.journal.intend, run.journal.done):
            await write("now", n=3)
            now = await run.journal.seen("now")
            assert now is not None
            looked.append((now.value, now.done_at is not None))
        await run.journal.done("before", n=5)
        mended = await run.journal.seen("before")
        assert mended is not None
        looked.append((mended.value,))
        await run.journal.intend("before", n=4)
        again = await run.journal.seen("before")
        assert again is not None
        looked.append((again.value, again.done_at is not None))
        await crew.studio.finish(run)

    dead.studio.quick = writes  # type: ignore[method-assign]
    (job,) = await world.released(dead, world.job())
    await world.journalled(job, "before")
    await dead.engine.drain(0.5)
    crew = world.crew()
    crew.studio.quick = looks  # type: ignore[method-assign]
    await crew.engine.resume()
    await gone(crew, job)
    now = [({"n": 3}, False), ({"n": 3}, True)]
    assert looked == [({"n": 2}, True), (None,), *now, ({"n": 5},), ({"n": 4}, False)]
