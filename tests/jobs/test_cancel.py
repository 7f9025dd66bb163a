"""Cancelling at every stage of a job: it stops, once, and the records tell the one truth."""

from __future__ import annotations

import asyncio
import time

import pytest

from mv.domain.ids import MemberId
from mv.domain.jobs import JobState
from mv.errors import StorageError, StorageFull
from mv.ports import Run
from tests.jobs.fakes import World, gone, until

BOSS = MemberId(77)


async def test_a_queued_job_is_gone_at_once_and_its_message_says_so(world: World) -> None:
    crew = world.crew(total=1)
    running, queued, last = await world.released(crew, *[world.job("hold") for _ in range(3)])
    assert await crew.engine.cancel(queued.id, BOSS)
    stored = await world.stored(queued)
    assert (stored.state, stored.error_facts) == (JobState.CANCELLED, {"by_id": BOSS, "vendor": ""})
    await gone(crew, queued)
    assert crew.postman.numbers == [2]
    crew.studio.open(1, 3)
    await gone(crew, running, last)
    assert crew.studio.started == [1, 3]
    assert crew.studio.closed == [(2, "Stopped")]


async def test_a_running_job_stops_at_once(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("hold"))
    await until(lambda: crew.studio.started == [1])
    cancelling = asyncio.create_task(crew.engine.cancel(job.id, BOSS))
    for _ in range(6):
        await asyncio.sleep(0)
    assert crew.studio.interrupted == [1], "a few turns of the loop are enough"
    assert await cancelling
    stored = await world.stored(job)
    assert (stored.state, stored.error_facts) == (JobState.CANCELLED, {"by_id": BOSS, "vendor": ""})
    assert crew.studio.closed == [(1, "Stopped")]
    await gone(crew, job)
    assert crew.postman.numbers == [1]


async def test_the_slot_of_a_cancelled_job_is_free(world: World) -> None:
    crew = world.crew(total=1)
    held, job = await world.released(crew, world.job("hold"), world.job())
    await until(lambda: crew.studio.started == [1])
    assert await crew.engine.cancel(held.id, BOSS)
    await gone(crew, job)
    assert await world.state(job) is JobState.DONE


async def test_a_job_that_ended_cannot_be_cancelled(world: World) -> None:
    crew = world.crew()
    crew.postman.slow = True
    (job,) = await world.released(crew, world.job())
    await until(lambda: crew.postman.at_once == 1)
    assert not await crew.engine.cancel(job.id, BOSS), "while it is delivered"
    crew.postman.letters.set()
    await gone(crew, job)
    assert not await crew.engine.cancel(job.id, BOSS), "afterwards"
    assert await world.state(job) is JobState.DONE


async def test_a_cancelled_job_cannot_be_cancelled_again(world: World) -> None:
    crew = world.crew()
    crew.postman.slow = True
    (job,) = await world.released(crew, world.job("hold"))
    assert await crew.engine.cancel(job.id, BOSS)
    assert not await crew.engine.cancel(job.id, BOSS)


async def test_nobodys_job_cannot_be_cancelled(world: World) -> None:
    assert not await world.crew().engine.cancel(world.job().id, BOSS)


async def test_a_stored_job_that_was_never_released_can_be_cancelled(world: World) -> None:
    crew = world.crew()
    job = world.job()
    await world.store(job)
    cancelled = await asyncio.gather(*[crew.engine.cancel(job.id, BOSS) for _ in range(2)])
    assert any(cancelled), "the second may come when the job has ended already"
    crew.engine.release(job)
    await gone(crew, job)
    assert await world.state(job) is JobState.CANCELLED
    assert crew.studio.started == []
    assert crew.postman.numbers == [1]


@pytest.mark.parametrize("stage", ["queued", "running"])
async def test_two_cancels_at_once_have_one_effect(world: World, stage: str) -> None:
    crew = world.crew(total=1)
    first, second = await world.released(crew, world.job("hold"), world.job("hold"))
    await until(lambda: crew.studio.started == [1])
    job = second if stage == "queued" else first
    assert await asyncio.gather(*[crew.engine.cancel(job.id, MemberId(n)) for n in (8, 9)]) == [True, True]
    await gone(crew, job)
    assert crew.studio.closed == [(job.ref.number, "Stopped")]
    assert crew.postman.numbers == [job.ref.number]
    assert (await world.stored(job)).error_facts == {"by_id": 8, "vendor": ""}


async def test_a_cancel_before_the_first_write_keeps_the_runner_from_starting(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("hold"))
    assert await crew.engine.cancel(job.id, BOSS)
    await gone(crew, job)
    assert crew.studio.started == []
    assert await world.state(job) is JobState.CANCELLED


async def test_a_result_that_is_stored_wins(world: World) -> None:
    """The runner has committed and not yet returned."""
    crew = world.crew()
    stored = asyncio.Event()

    async def lingers(run: Run) -> None:
        await crew.studio.finish(run)
        stored.set()
        await asyncio.sleep(30)

    crew.studio.quick = lingers  # type: ignore[method-assign]
    (job,) = await world.released(crew, world.job("quick"))
    await stored.wait()
    assert not await crew.engine.cancel(job.id, BOSS)
    await gone(crew, job)
    assert await world.state(job) is JobState.DONE
    assert crew.studio.closed == []
    assert [j.state for j in crew.postman.delivered] == [JobState.DONE]


async def test_whenever_the_cancel_comes_there_is_one_truth(world: World) -> None:
    """Cancels at every moment of a job's life, its transactions among them."""
    crew = world.crew()
    jobs = [world.job("steps", member=n % 5) for n in range(120)]
    crew.studio.open(*[job.ref.number for job in jobs])
    await world.store(*jobs)
    began = time.perf_counter()
    crew.engine.release(jobs[0])
    await gone(crew, jobs[0])
    whole_life = time.perf_counter() - began

    async def one(number: int) -> bool:
        crew.engine.release(jobs[number])
        if number > 3:
            await asyncio.sleep(whole_life * number / len(jobs))
        return await crew.engine.cancel(jobs[number].id, BOSS)

    answers = [False]
    for first in range(1, len(jobs), 3):
        answers += await asyncio.gather(*[one(number) for number in range(first, min(first + 3, len(jobs)))])
    await gone(crew, *jobs)
    states = {job.ref.number: await world.state(job) for job in jobs}
    assert list(states.values()) == [JobState.CANCELLED if stopped else JobState.DONE for stopped in answers]
    assert set(answers) == {True, False}
    assert sorted(crew.postman.numbers) == sorted(states)
    assert all(states[job.ref.number] is job.state for job in crew.postman.delivered)


async def test_a_runner_that_does_not_let_go_is_left_behind(world: World, caplog: pytest.LogCaptureFixture) -> None:
    crew = world.crew(total=1)
    job, other = await world.released(crew, world.job("stubborn"), world.job())
    await until(lambda: crew.studio.started == [1])
    assert await crew.engine.cancel(job.id, BOSS)
    assert await world.state(job) is JobState.CANCELLED
    await gone(crew, job, other)
    crew.studio.open(1)
    await until(lambda: not crew.studio.running)
    assert await world.state(job) is JobState.CANCELLED, "its late result comes to nothing"
    await crew.engine.drain(10)
    assert crew.studio.closed == [(1, "Stopped")]
    assert sorted(crew.postman.numbers) == [1, 2]
    assert [line.getMessage() for line in caplog.records if line.levelname == "ERROR"] == [
        "job J1 does not let go; it is ended without its runner"
    ]


async def test_a_runner_that_fails_while_it_is_cancelled_is_cancelled(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("falls"))
    await until(lambda: crew.studio.started == [1])
    await asyncio.sleep(0)
    assert await crew.engine.cancel(job.id, BOSS)
    assert await world.state(job) is JobState.CANCELLED
    assert "KeyError" in caplog.text


async def test_a_cancel_that_cannot_be_stored_says_so(world: World) -> None:
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull() for _ in range(99)]
    (job,) = await world.released(crew, world.job("hold"))
    await until(lambda: crew.studio.started == [1])
    with pytest.raises(StorageError):
        await crew.engine.cancel(job.id, BOSS)
    assert crew.studio.interrupted == [1]
    assert await world.state(job) is JobState.RUNNING
