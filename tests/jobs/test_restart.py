"""What the next process does with what the last one left, and how a process leaves."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest

from mv.domain.ids import MemberId
from mv.domain.jobs import JobState
from mv.errors import StorageFull
from mv.ports import Run
from tests.jobs.fakes import SECRET, World, gone, until


async def test_a_new_engine_takes_up_all_that_is_unfinished_oldest_first(world: World) -> None:
    dead = world.crew(total=2)
    jobs = await world.released(dead, *[world.job("hold") for _ in range(5)])
    await until(lambda: dead.studio.started == [1, 2])

    crew = world.crew(total=1)
    crew.studio.open(1, 2, 3, 4, 5)
    await crew.engine.resume()
    assert crew.postman.followed == [1, 2, 3, 4, 5]
    await gone(crew, *jobs)
    assert crew.studio.started == crew.postman.numbers == [1, 2, 3, 4, 5]
    assert {await world.state(job) for job in jobs} == {JobState.DONE}


async def test_the_journal_of_the_dead_process_is_seen(world: World) -> None:
    dead = world.crew()
    (job,) = await world.released(dead, world.job("steps"))
    await world.journalled(job, "collect")

    crew = world.crew()
    crew.studio.open(1)
    await crew.engine.resume()
    await gone(crew, job)
    assert await world.state(job) is JobState.DONE
    async with world.records.read() as tx:
        steps = {step.name: step for step in await tx.jobs.steps(job.id)}
    assert set(steps) == {"create", "collect"}
    assert steps["create"].value["id"] == "p-1"
    assert steps["create"].cost == 7
    assert all(step.done_at for step in steps.values())


async def test_an_intent_without_an_end_is_seen_as_such(world: World) -> None:
    dead = world.crew()
    (job,) = await world.released(dead, world.job("torn"))
    await world.journalled(job, "create")

    crew = world.crew()
    await crew.engine.resume()
    await gone(crew, job)
    assert await world.state(job) is JobState.UNCERTAIN


async def test_what_a_cancelled_effect_cost_is_still_journalled(world: World) -> None:
    crew = world.crew()
    paid = asyncio.Event()

    async def pays(run: Run) -> None:
        await run.journal.intend("create")
        paid.set()
        await run.journal.done("create", cost=9, id="p-2")
        await asyncio.sleep(30)

    crew.studio.quick = pays  # type: ignore[method-assign]
    (job,) = await world.released(crew, world.job())
    await paid.wait()
    assert await crew.engine.cancel(job.id, MemberId(1))
    async with world.records.read() as tx:
        step = await tx.jobs.step(job.id, "create")
    assert step is not None
    assert step.done_at is not None
    assert step.cost == 9


async def test_undelivered_results_go_out_a_few_at_a_time(world: World) -> None:
    jobs = [world.job() for _ in range(30)]
    await world.store(*jobs)
    async with world.records.write() as tx:
        for job in jobs:
            await tx.jobs.finish(job.id, JobState.DONE, world.clock.now())
    crew = world.crew()
    crew.postman.slow = True
    await crew.engine.resume()
    await until(lambda: crew.postman.at_once > 0)
    await asyncio.sleep(0.02)
    assert 1 <= crew.postman.at_once <= 8
    crew.postman.letters.set()
    await until(lambda: len(crew.postman.delivered) == 30)
    assert crew.postman.peak <= 8
    assert crew.studio.started == []
    await crew.engine.resume()
    await asyncio.sleep(0.02)
    assert len(crew.postman.delivered) == 30


async def test_results_that_wait_for_discord_hold_up_no_others(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.jobs.engine.DELIVERY_SECONDS", 0.05)
    crew = world.crew(courier=False)
    jobs = await world.released(crew, *[world.job() for _ in range(12)])
    await until(lambda: not crew.studio.running and len(crew.studio.started) == 12)
    await gone(crew, *jobs)

    crew = world.crew()
    crew.postman.slow = set(range(1, 11))
    await crew.engine.resume()
    await until(lambda: crew.postman.numbers == [11, 12])
    crew.postman.letters.set()
    await gone(crew, *jobs)
    assert sorted(crew.postman.numbers) == list(range(1, 13))


async def test_expired_tokens_are_erased_at_the_start(world: World) -> None:
    old, young = world.job("hold"), world.job("hold")
    long_ago = world.clock.now() - dt.timedelta(hours=1)
    await world.store(replace(old, reply=replace(old.reply, token_expires_at=long_ago)), young)
    crew = world.crew()
    await crew.engine.resume()
    while True:
        if (await world.stored(old)).reply.token is None:
            break
        await asyncio.sleep(0.01)
    assert (await world.stored(young)).reply.token == SECRET


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_drain_gives_running_jobs_time_and_starts_no_other(world: World) -> None:
    crew = world.crew(total=1)
    job, queued = await world.released(crew, world.job(seconds=0.05), world.job())
    await until(lambda: crew.studio.started == [1])
    await crew.engine.drain(10)
    assert await world.state(job) is JobState.DONE
    assert crew.postman.numbers == [1]
    assert await world.state(queued) is JobState.QUEUED
    assert crew.studio.started == [1]
    crew.engine.release(queued)
    assert crew.engine.status(queued.id) is None


@pytest.mark.parametrize("act", ["hold", "stubborn"])
async def test_a_drained_job_stays_running_and_goes_on_after_the_next_start(world: World, act: str) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job(act))
    await until(lambda: crew.studio.started == [1])
    await asyncio.sleep(0)
    await asyncio.wait_for(crew.engine.drain(0.01), 5)
    assert crew.studio.interrupted[:1] == [1]
    assert crew.studio.closed == []
    assert crew.postman.numbers == []
    assert await world.state(job) is JobState.RUNNING
    crew.studio.open(1)
    await until(lambda: not crew.studio.running)

    after = world.crew()
    after.studio.open(1)
    await after.engine.resume()
    await gone(after, job)
    assert await world.state(job) is JobState.DONE


async def test_a_cancel_that_comes_after_the_drain_has_stopped_the_job_is_too_late(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("hold"))
    await until(lambda: crew.studio.started == [1])
    draining = asyncio.create_task(crew.engine.drain(0))
    await asyncio.sleep(0)
    assert not await crew.engine.cancel(job.id, MemberId(1))
    await draining
    assert await world.state(job) is JobState.RUNNING


async def test_a_drain_waits_for_deliveries(world: World) -> None:
    crew = world.crew()
    crew.postman.slow = True
    (job,) = await world.released(crew, world.job())
    await until(lambda: crew.postman.at_once == 1)
    draining = asyncio.create_task(crew.engine.drain(10))
    await asyncio.sleep(0.01)
    crew.postman.letters.set()
    await draining
    assert crew.postman.numbers == [1]
    assert (await world.stored(job)).delivered_at is not None


async def test_a_drain_of_an_engine_with_nothing_to_do_ends_at_once(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job())
    await gone(crew, job)
    await asyncio.wait_for(crew.engine.drain(60), 5)
    await asyncio.wait_for(world.crew().engine.drain(60), 5)


async def test_a_drain_while_the_end_cannot_be_stored(world: World) -> None:
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull() for _ in range(99)]
    (job,) = await world.released(crew, world.job("busy"))
    await until(lambda: crew.studio.closed != [])
    await asyncio.wait_for(crew.engine.drain(0), 5)
    assert await world.state(job) is JobState.RUNNING


# ── what could not be stored, and what a member had asked for ────────────────────────────────────────────────────────


async def test_a_job_whose_end_could_not_be_stored_ends_when_there_is_room_again(world: World) -> None:
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull() for _ in range(3)]
    job = replace(world.job("busy"), created_at=world.clock.now() - dt.timedelta(minutes=2))
    await world.released(crew, job)
    await until(lambda: crew.studio.closing_fails == [] and crew.engine.status(job.id) is None)
    assert await world.state(job) is JobState.RUNNING
    assert crew.postman.numbers == []
    await crew.engine.tidy()
    await gone(crew, job)
    assert await world.state(job) is JobState.FAILED
    assert crew.postman.numbers == [1]


async def test_while_an_end_cannot_be_stored_whoever_waits_is_told(world: World) -> None:
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull(), StorageFull()]
    (job,) = await world.released(crew, world.job("busy"))
    notes: set[str | None] = set()

    def told() -> bool:
        status = crew.engine.status(job.id)
        notes.add(None if status is None else status.note)
        return status is None

    await until(told)
    assert "unstorable" in notes
    assert await world.state(job) is JobState.FAILED


async def test_tidying_leaves_a_command_that_is_not_acknowledged_yet_alone(world: World) -> None:
    crew = world.crew()
    job = world.job()
    await world.store(job)
    await crew.engine.tidy()
    await asyncio.sleep(0.02)
    assert crew.studio.started == []


async def test_a_cancel_outlives_a_kill(world: World) -> None:
    dead = world.crew()
    dead.studio.closing_fails = [StorageFull() for _ in range(99)]
    (job,) = await world.released(dead, world.job("hold"))
    await until(lambda: dead.studio.started == [1])
    cancelling = asyncio.create_task(dead.engine.cancel(job.id, MemberId(7)))
    await world.journalled(job, "cancel")
    await dead.engine.drain(0)
    cancelling.cancel()

    crew = world.crew()
    await crew.engine.resume()
    await gone(crew, job)
    stored = await world.stored(job)
    assert stored.state is JobState.CANCELLED
    assert crew.studio.started == []
    assert crew.studio.closed == [(1, "Stopped")]
    assert stored.error_facts is not None or stored.error == "Stopped"


async def test_what_is_stored_while_the_records_open_is_left_to_its_command(world: World) -> None:
    """It is released when its command is acknowledged; until then there is no message to show anything."""
    crew = world.crew()
    job = world.job()
    await world.store(job)
    await crew.engine.resume()
    await asyncio.sleep(0.05)
    assert crew.studio.started == crew.postman.followed == []
    crew.engine.release(job)
    await gone(crew, job)
    assert crew.studio.started == [1]
