"""What every job engine must do: start what may start, see each job to its end, and deliver it once."""

from __future__ import annotations

import asyncio
import logging

import pytest

from mv.config.model import Concurrency
from mv.domain.jobs import Delivery, Job, JobKind, JobState, Phase
from mv.errors import StorageFull, revive
from tests.jobs.fakes import SECRET, WORDS, World, gone, until


async def test_a_job_runs_ends_and_is_delivered_once(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job())
    await gone(crew, job)
    stored = await world.stored(job)
    assert stored.state is JobState.DONE
    assert stored.delivered_by is Delivery.TOKEN
    assert stored.started_at is not None
    assert crew.studio.started == crew.postman.numbers == [1]
    assert crew.postman.delivered[0].state is JobState.DONE
    assert crew.studio.closed == []


async def test_releasing_it_again_is_harmless(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("hold"))
    crew.engine.release(job)
    await until(lambda: crew.studio.started == [1])
    crew.engine.release(job)
    status = crew.engine.status(job.id)
    assert status is not None
    assert status.phase is Phase.PAINTING
    crew.postman.slow = True
    crew.studio.open(1)
    await until(lambda: crew.postman.at_once == 1)
    crew.engine.release(job)
    crew.postman.letters.set()
    await gone(crew, job)
    crew.engine.release(job)
    await gone(crew, job)
    assert crew.studio.started == crew.postman.numbers == [1]


async def test_a_job_that_is_final_already_is_only_delivered(world: World) -> None:
    crew = world.crew()
    job = world.job()
    await world.store(job)
    async with world.records.write() as tx:
        await tx.jobs.finish(job.id, JobState.DONE, world.clock.now())
    crew.engine.release(job)
    await gone(crew, job)
    assert crew.studio.started == []
    assert crew.postman.numbers == [1]


async def test_one_runner_a_kind(world: World) -> None:
    crew = world.crew()
    with pytest.raises(ValueError):
        crew.engine.register(JobKind.SCENES, crew.studio)


async def test_a_job_that_nobody_runs_here_stays_stored(world: World) -> None:
    engine = world.make(world.records, world.clock, Concurrency(total=1, per_member=1, waiting_per_member=1))
    job = world.job()
    await world.store(job)
    engine.release(job)
    assert engine.status(job.id) is None
    await engine.resume()
    await engine.drain(5)
    assert await world.state(job) is JobState.QUEUED


# ── limits and turns ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_no_more_than_the_limits_run_at_once(world: World) -> None:
    crew = world.crew(total=5, member=2, vendors={"gemini": 3, "replicate": 1})
    vendors = ("gemini", "replicate", "offline")
    jobs = [world.job(member=n % 3, vendor=vendors[n // 3 % 3], seconds=0.05) for n in range(60)]
    await world.released(crew, *jobs)
    await gone(crew, *jobs)
    peak = crew.studio.peak
    assert peak["total"] == 5
    assert max(n for name, n in peak.items() if name.startswith("member")) == 2
    assert peak["vendor gemini"] <= 3
    assert peak["vendor replicate"] == 1
    assert sorted(crew.studio.started) == sorted(crew.postman.numbers) == list(range(1, 61))


@pytest.mark.parametrize("priority", [-1, 0, 1])
async def test_fifty_jobs_of_one_member_do_not_hold_up_anothers(world: World, priority: int) -> None:
    """Fairness comes first: neither dear nor cheap does another's job wait behind them."""
    crew = world.crew(total=4)
    many = [world.job("hold", member=1) for _ in range(50)]
    await world.released(crew, *many)
    await until(lambda: len(crew.studio.started) == 4)
    (other,) = await world.released(crew, world.job("hold", member=2, priority=priority))
    status = crew.engine.status(other.id)
    assert status is not None
    assert status.place == 1
    crew.studio.open(1)
    await until(lambda: len(crew.studio.started) == 5)
    assert crew.studio.started[-1] == other.ref.number


async def test_priority_goes_first_then_age(world: World) -> None:
    crew = world.crew(total=1)
    jobs = [world.job("hold"), world.job(), world.job(priority=3), world.job(priority=-1)]
    await world.released(crew, *jobs)
    crew.studio.open(1)
    await gone(crew, *jobs)
    assert crew.studio.started == [1, 4, 2, 3]


async def test_a_full_vendor_holds_up_no_job_of_another(world: World) -> None:
    crew = world.crew(vendors={"replicate": 1})
    slow = [world.job("hold", vendor="replicate") for _ in range(3)]
    fast = world.job(vendor="gemini")
    await world.released(crew, *slow, fast)
    await gone(crew, fast)
    assert crew.studio.started == [1, 4]


# ── what is seen of it ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_status_tells_place_phase_and_counts(world: World) -> None:
    crew = world.crew(total=1)
    first, second, third = await world.released(crew, *[world.job("hold") for _ in range(3)])
    places = [status and status.place for status in map(crew.engine.status, (second.id, third.id))]
    assert places == [1, 2]
    await until(lambda: crew.studio.started == [1])
    await asyncio.sleep(0.02)
    status = crew.engine.status(first.id)
    assert status is not None
    assert (status.phase, status.done, status.total, status.note) == (Phase.PAINTING, 1, 3, "vendor_busy")
    assert status.place is None
    assert status.running_seconds >= 0.01
    assert status.job.state is JobState.RUNNING
    waiting = crew.engine.status(second.id)
    assert waiting is not None
    assert (waiting.phase, waiting.running_seconds) == (Phase.WAITING, 0.0)


async def test_status_learns_how_long_such_jobs_take(world: World) -> None:
    crew = world.crew()
    (done,) = await world.released(crew, world.job(seconds=0.02))
    await gone(crew, done)
    (job,) = await world.released(crew, world.job("hold"))

    def usual() -> float:
        status = crew.engine.status(job.id)
        assert status is not None
        return status.usual_seconds or 0.0

    await until(lambda: usual() > 0)
    assert usual() >= 0.02


async def test_status_estimates_when_a_job_starts(world: World) -> None:
    crew = world.crew(total=2, member=2)
    done = await world.released(crew, *[world.job(seconds=0.2) for _ in range(2)])
    await gone(crew, *done)
    jobs = await world.released(crew, *[world.job("hold") for _ in range(7)])

    def estimate(job: Job) -> float | None:
        status = crew.engine.status(job.id)
        assert status is not None
        return status.starts_in_seconds

    await until(lambda: estimate(jobs[-1]) is not None)
    assert estimate(jobs[0]) is None, "it runs"
    estimates = [estimate(job) or 0.0 for job in jobs[2:]]
    assert estimates == sorted(estimates)
    assert estimates[-1] - estimates[0] >= 0.4, "two rounds later"
    status = crew.engine.status(jobs[-1].id)
    assert status is not None
    assert status.left_seconds is not None
    assert status.left_seconds >= estimates[-1] + 0.2
    crew.studio.open(*(job.ref.number for job in jobs))


async def test_status_of_a_result_that_is_being_delivered(world: World) -> None:
    crew = world.crew()
    crew.postman.slow = True
    (job,) = await world.released(crew, world.job())
    await until(lambda: crew.postman.at_once == 1)
    status = crew.engine.status(job.id)
    assert status is not None
    assert (status.phase, status.job.state) == (Phase.DELIVERING, JobState.DONE)


# ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_the_runner_raises_ends_the_job_with_its_facts(world: World) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job("busy"))
    await gone(crew, job)
    stored = await world.stored(job)
    assert (stored.state, stored.error) == (JobState.FAILED, "VendorBusy")
    assert revive(stored.error or "", dict(stored.error_facts or {})).facts() == {
        "vendor": "gemini",
        "retry_after": 3.0,
    }
    assert crew.postman.numbers == [1]


@pytest.mark.parametrize("act", ["bug", "forgetful", "quits"])
async def test_a_bug_ends_as_an_incident_whose_number_is_in_the_log(
    world: World, act: str, caplog: pytest.LogCaptureFixture
) -> None:
    crew = world.crew()
    (job,) = await world.released(crew, world.job(act))
    await gone(crew, job)
    stored = await world.stored(job)
    assert (stored.state, stored.error) == (JobState.FAILED, "Incident")
    number = (stored.error_facts or {})["number"]
    assert len(number) == 8
    lines = [record for record in caplog.records if number in record.getMessage()]
    assert len(lines) == 1
    assert lines[0].levelno == logging.ERROR
    assert str(job.ref) in lines[0].getMessage()
    assert crew.postman.numbers == [1]


async def test_no_log_line_holds_a_members_words_or_a_token(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull(), RuntimeError()]
    jobs = await world.released(crew, *[world.job(act) for act in ("bug", "busy", "forgetful", "quick")])
    await gone(crew, *jobs)
    assert caplog.text
    assert SECRET not in caplog.text
    assert WORDS not in caplog.text


async def test_closing_is_tried_again(world: World, caplog: pytest.LogCaptureFixture) -> None:
    crew = world.crew()
    crew.studio.closing_fails = [StorageFull(), StorageFull()]
    (job,) = await world.released(crew, world.job("busy"))
    await gone(crew, job)
    assert crew.studio.closed == [(1, "VendorBusy")] * 3
    assert await world.state(job) is JobState.FAILED
    assert crew.postman.numbers == [1]


async def test_a_job_that_cannot_be_closed_stays_stored_and_the_next_start_takes_it_up(world: World) -> None:
    crew = world.crew(total=1)
    crew.studio.closing_fails = [StorageFull() for _ in range(99)]
    lame, well = await world.released(crew, world.job("busy"), world.job())
    await gone(crew, lame, well)
    assert await world.state(lame) is JobState.RUNNING
    assert await world.state(well) is JobState.DONE
    assert crew.postman.numbers == [2]

    after = world.crew()
    await after.engine.resume()
    await gone(after, lame)
    assert await world.state(lame) is JobState.FAILED
    assert after.postman.numbers == [1]


# ── delivery ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_slow_delivery_holds_up_no_job(world: World) -> None:
    crew = world.crew(total=1)
    crew.postman.slow = True
    jobs = await world.released(crew, *[world.job() for _ in range(5)])
    await until(lambda: crew.studio.started == [1, 2, 3, 4, 5])
    assert crew.postman.delivered == []
    crew.postman.letters.set()
    await gone(crew, *jobs)
    assert sorted(crew.postman.numbers) == [1, 2, 3, 4, 5]


async def test_a_failing_delivery_kills_nothing_and_is_made_up_for_at_the_next_start(world: World) -> None:
    crew = world.crew()
    crew.postman.fails = True
    (job,) = await world.released(crew, world.job())
    await gone(crew, job)
    crew.postman.fails = False
    (next_one,) = await world.released(crew, world.job())
    await gone(crew, next_one)
    assert crew.postman.numbers == [2]

    after = world.crew()
    await after.engine.resume()
    await until(lambda: after.postman.numbers == [1])
    assert after.studio.started == []
