from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mv.domain.ids import Kind, MessageId, Ref, new_id
from mv.domain.jobs import REUSED, Delivery, Job, JobKind, JobState, Once
from mv.errors import AllowanceUsedUp, Blocked, Conflict, revive
from mv.ports import Backlog
from mv.store.database import Database
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, a_job, a_project


async def test_a_job_comes_back_as_it_was(records: Database) -> None:
    project = a_project()
    job = a_job(
        project_id=project.id,
        state=JobState.FAILED,
        started_at=NOON,
        finished_at=NOON + timedelta(seconds=3),
        record_id=new_id(),
        version=2,
        error="Blocked",
        error_facts={"rule": "safety"},
        cost=77,
        delivered_at=NOON + timedelta(seconds=4),
        delivered_by=Delivery.CHANNEL,
        once="retry:x",
    )
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.jobs.add_all([job, a_job(2)])
    async with records.read() as tx:
        assert await tx.jobs.get(job.id) == job
        assert await tx.jobs.find(SERVER, job.ref) == job
        assert await tx.jobs.find(OTHER_SERVER, job.ref) is None
        assert await tx.jobs.find(SERVER, Ref(Kind.JOB, 10**12 - 1)) is None
        assert await tx.jobs.get(new_id()) is None


async def test_a_number_is_given_once(records: Database) -> None:
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(1)])
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(2), a_job(1)])
    async with records.read() as tx:
        assert [job.ref.number for job in await tx.jobs.unfinished()] == [1]


async def test_a_state_that_contradicts_its_times_is_a_bug(records: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)check constraint") as caught:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(state=JobState.DONE)])
    assert "a-token" not in str(caught.value)


async def test_states_move_forward_only(records: Database) -> None:
    job = a_job()
    later = NOON + timedelta(seconds=9)
    async with records.write() as tx:
        await tx.jobs.add_all([job])
        assert await tx.jobs.start(job.id, NOON)
        assert await tx.jobs.start(job.id, later), "a restart takes a running job up again"
        error = Blocked(vendor="gemini", rule="likeness")
        assert await tx.jobs.finish(job.id, JobState.FAILED, later, error=error, cost=5)
        assert not await tx.jobs.finish(job.id, JobState.DONE, later, record_id=new_id())
        assert not await tx.jobs.start(job.id, later)
        assert not await tx.jobs.finish(new_id(), JobState.DONE, later)
    async with records.read() as tx:
        stored = await tx.jobs.get(job.id)
    assert stored is not None
    assert (stored.state, stored.started_at, stored.finished_at) == (JobState.FAILED, NOON, later)
    assert (stored.cost, stored.record_id) == (5, None)
    revived = revive(stored.error or "", dict(stored.error_facts or {}))
    assert isinstance(revived, Blocked)
    assert revived.facts() == error.facts()


async def test_a_start_may_bring_the_message_that_shows_the_job(records: Database) -> None:
    jobs = a_job(1), a_job(2)
    async with records.write() as tx:
        await tx.jobs.add_all(jobs)
        await tx.jobs.start(jobs[0].id, NOON, MessageId(55))
        await tx.jobs.start(jobs[0].id, NOON)
        await tx.jobs.start(jobs[1].id, NOON)
    async with records.read() as tx:
        stored = [await tx.jobs.get(job.id) for job in jobs]
    assert [job.reply.message_id for job in stored if job] == [55, jobs[1].reply.message_id], (
        "a start that knows none erases none"
    )


async def test_facts_with_tuples_are_stored(records: Database) -> None:
    job = a_job()
    error = AllowanceUsedUp(kind="scenes", limit=1, used=1, wanted=1, period="day", resets_at=2, whose="role")
    async with records.write() as tx:
        await tx.jobs.add_all([job])
        await tx.jobs.finish(job.id, JobState.FAILED, NOON, error=error)
    async with records.read() as tx:
        stored = await tx.jobs.get(job.id)
    assert stored is not None
    assert stored.error_facts == error.facts()


async def test_the_queue_is_oldest_first(records: Database) -> None:
    jobs = [a_job(n, created_at=NOON - timedelta(seconds=n)) for n in (1, 2, 3, 4)]
    async with records.write() as tx:
        await tx.jobs.add_all(jobs)
        await tx.jobs.start(jobs[1].id, NOON)
        await tx.jobs.finish(jobs[2].id, JobState.DONE, NOON + timedelta(seconds=2))
        await tx.jobs.finish(jobs[3].id, JobState.CANCELLED, NOON + timedelta(seconds=1))
    async with records.read() as tx:
        assert [job.ref.number for job in await tx.jobs.unfinished()] == [2, 1]
        assert [job.ref.number for job in await tx.jobs.undelivered()] == [4, 3]
    async with records.write() as tx:
        await tx.jobs.set_delivered(jobs[3].id, Delivery.DIRECT, NOON, None)
    async with records.read() as tx:
        assert [job.ref.number for job in await tx.jobs.undelivered()] == [3]


async def test_delivery_erases_the_token_and_stands(records: Database) -> None:
    job = a_job(state=JobState.DONE, finished_at=NOON)
    async with records.write() as tx:
        await tx.jobs.add_all([job])
        await tx.jobs.set_message(job.id, MessageId(55))
        await tx.jobs.set_delivered(job.id, Delivery.TOKEN, NOON, None)
        await tx.jobs.set_delivered(job.id, Delivery.NOWHERE, NOON + timedelta(days=1), MessageId(1))
    async with records.read() as tx:
        stored = await tx.jobs.get(job.id)
    assert stored is not None
    assert (stored.reply.token, stored.reply.message_id) == (None, 55)
    assert (stored.delivered_by, stored.delivered_at) == (Delivery.TOKEN, NOON)


async def test_expired_tokens_are_erased(records: Database) -> None:
    expired = replace(a_job(1).reply, token_expires_at=NOON - timedelta(seconds=1))
    without = replace(a_job(1).reply, token=None)
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(1, reply=expired), a_job(2), a_job(3, reply=without)])
        assert await tx.jobs.erase_tokens(NOON) == 1
        assert await tx.jobs.erase_tokens(NOON) == 0
        tokens = [job.reply.token for job in await tx.jobs.unfinished()]
    assert tokens == [None, "a-token", None]


async def test_open_jobs_are_counted_per_member(records: Database) -> None:
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(1), a_job(2), a_job(3, member_id=BO), a_job(1, server_id=OTHER_SERVER)])
        await tx.jobs.add_all([a_job(4, state=JobState.DONE, finished_at=NOON)])
        everybody = [(SERVER, ANA), (SERVER, BO), (OTHER_SERVER, BO), (OTHER_SERVER, ANA)]
        counts = await tx.jobs.open_counts(everybody)
        assert await tx.jobs.open_counts([]) == {}
    assert counts == dict(zip(everybody, (2, 1, 0, 1), strict=True))


async def test_pages_of_one_member_and_of_all(records: Database) -> None:
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(n, member_id=BO if n % 2 else ANA) for n in range(1, 8)])
    async with records.read() as tx:
        first = await tx.jobs.page(SERVER, member_id=None, before=None, size=3)
        assert [job.ref.number for job in first.rows] == [7, 6, 5]
        second = await tx.jobs.page(SERVER, member_id=None, before=first.before, size=4)
        assert ([job.ref.number for job in second.rows], second.before) == ([4, 3, 2, 1], None)
        mine = await tx.jobs.page(SERVER, member_id=ANA, before=None, size=10)
        assert [job.ref.number for job in mine.rows] == [6, 4, 2]
        assert (await tx.jobs.page(OTHER_SERVER, member_id=None, before=None, size=3)).rows == ()


async def test_choices_offer_open_jobs_first_and_never_what_was_asked(records: Database) -> None:
    async with records.write() as tx:
        await tx.jobs.add_all([a_job(n) for n in range(1, 13)])
        for job in await tx.jobs.unfinished():
            if job.ref.number > 2:
                await tx.jobs.finish(job.id, JobState.DONE, NOON)
        await tx.jobs.add_all([a_job(13, member_id=BO, kind=JobKind.CHARACTER, engine="imagen-4")])
    async with records.read() as tx:
        found = await tx.jobs.choices(SERVER, member_id=None, text="", size=25)
        assert [choice.ref.number for choice in found] == [13, 2, 1, *range(12, 2, -1)]
        assert found[0].title == "character queued imagen-4"
        assert [c.ref.number for c in await tx.jobs.choices(SERVER, member_id=ANA, text="", size=3)] == [2, 1, 12]
        assert [c.ref.number for c in await tx.jobs.choices(SERVER, member_id=ANA, text="j1", size=9)] == [
            1,
            12,
            11,
            10,
        ]
        assert [c.ref.number for c in await tx.jobs.choices(SERVER, member_id=None, text="Imagen", size=9)] == [13]
        assert await tx.jobs.choices(SERVER, member_id=None, text="lighthouse", size=9) == ()


async def test_the_journal_keeps_order_and_replaces_values(records: Database) -> None:
    job, other = a_job(1), a_job(2)
    later = NOON + timedelta(seconds=5)
    async with records.write() as tx:
        await tx.jobs.add_all([job, other])
        await tx.jobs.intend(job.id, "create", NOON, {"engine": "imagen-4"})
        await tx.jobs.intend(job.id, "await", NOON, {})
        await tx.jobs.intend(other.id, "create", NOON, {})
        await tx.jobs.complete(job.id, "create", later, {"ticket": "p1"}, 40_000)
        await tx.jobs.complete(job.id, "a step nobody intended", later, {"x": [1]}, None)
    async with records.read() as tx:
        journal = await tx.jobs.steps(job.id)
        assert [step.name for step in journal] == ["create", "await", "a step nobody intended"]
        created = await tx.jobs.step(job.id, "create")
        assert created == journal[0]
        assert created is not None
        assert (created.intended_at, created.done_at, created.cost) == (NOON, later, 40_000)
        assert created.value == {"ticket": "p1"}
        assert (journal[1].done_at, journal[1].cost) == (None, None)
        assert await tx.jobs.step(job.id, "deliver") is None
    async with records.write() as tx:
        await tx.jobs.intend(job.id, "create", later, {"again": True})
        again = await tx.jobs.step(job.id, "create")
        assert (await tx.jobs.steps(job.id))[0] == again
    assert again is not None
    assert (again.value, again.intended_at, again.done_at, again.cost) == ({"again": True}, later, None, 40_000)


async def test_a_step_needs_its_job(records: Database) -> None:
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.jobs.intend(new_id(), "create", NOON, {})


async def test_how_long_such_jobs_take(records: Database) -> None:
    def took(number: int, seconds: float, **changes: Any) -> Job:
        finished = NOON + timedelta(minutes=number)
        started = finished - timedelta(seconds=seconds)
        return a_job(number, state=JobState.DONE, started_at=started, finished_at=finished, **changes)

    async with records.write() as tx:
        assert await tx.jobs.usual_seconds("gemini-2.5-pro", JobKind.SCENES) is None
        await tx.jobs.add_all([took(n, 1000) for n in range(1, 30)])
        await tx.jobs.add_all([took(n, n - 29) for n in range(30, 50)])
        await tx.jobs.add_all([took(60, 500, engine="other"), took(61, 500, kind=JobKind.CHARACTER)])
        failed = a_job(70, state=JobState.FAILED, started_at=NOON, finished_at=NOON + timedelta(days=1))
        await tx.jobs.add_all([failed])
        answered = took(80, 0.1)
        await tx.jobs.add_all([answered])
        await tx.jobs.complete(answered.id, REUSED, NOON, {}, None)
        assert await tx.jobs.usual_seconds("gemini-2.5-pro", JobKind.SCENES) == 10.5


async def test_the_backlog_is_counted_by_state(records: Database) -> None:
    async with records.read() as tx:
        assert await tx.jobs.backlog() == {}
    jobs = [a_job(n, created_at=NOON + timedelta(minutes=n)) for n in range(1, 5)]
    async with records.write() as tx:
        await tx.jobs.add_all(jobs)
        await tx.jobs.start(jobs[1].id, NOON)
        await tx.jobs.finish(jobs[0].id, JobState.FAILED, NOON)
    async with records.read() as tx:
        assert await tx.jobs.backlog() == {
            JobState.QUEUED: Backlog(count=2, oldest=jobs[2].created_at),
            JobState.RUNNING: Backlog(count=1, oldest=jobs[1].created_at),
        }


async def test_what_was_asked_for_once(records: Database) -> None:
    once, open_once = Once(key="retry:x"), Once(key="again:x:1", while_open=True)
    first = a_job(1, once=once.key, reply=replace(a_job().reply, interaction_id=2**63 - 1))
    second = a_job(2, once=open_once.key, reply=replace(a_job().reply, interaction_id=5))
    async with records.write() as tx:
        await tx.jobs.add_all([first, second, a_job(3), a_job(4)])
        assert await tx.jobs.get(first.id) == first
        assert await tx.jobs.asked([], []) == ()
        assert await tx.jobs.asked([6, 7], [Once(key="retry:y")]) == ()
        assert await tx.jobs.asked([5], []) == (second,)
        assert await tx.jobs.asked([], [once]) == (first,)
        both = await tx.jobs.asked([2**63 - 1, 5, 6], [once, open_once])
        assert sorted(job.ref.number for job in both) == [1, 2]
        for job in (first, second):
            await tx.jobs.finish(job.id, JobState.FAILED, NOON)
        assert [job.id for job in await tx.jobs.asked([], [once, open_once])] == [first.id], "the other is free again"
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(5, reply=second.reply)])


async def test_a_clock_that_was_set_back_tells_nothing_of_how_long_jobs_take(records: Database) -> None:
    def took(number: int, seconds: float) -> Job:
        finished = NOON + timedelta(minutes=number)
        started = finished - timedelta(seconds=seconds)
        return a_job(number, state=JobState.DONE, started_at=started, finished_at=finished)

    async with records.write() as tx:
        await tx.jobs.add_all([took(1, -3600)])
        assert await tx.jobs.usual_seconds("gemini-2.5-pro", JobKind.SCENES) is None
        await tx.jobs.add_all([took(2, -5), took(3, 20), took(4, 30)])
        assert await tx.jobs.usual_seconds("gemini-2.5-pro", JobKind.SCENES) == 25
