"""The desk: exactly the limit, numbers without gaps, and money that adds up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mv.config import Config, load_config
from mv.domain.ids import ChannelId, MemberId, RecordId, ServerId
from mv.domain.jobs import Job, JobKind, JobState, Once, ReplyTo
from mv.domain.usage import AllowanceKind, Entry, Period, Quota, window
from mv.errors import (
    AllowanceUsedUp,
    AlreadyAsked,
    MvError,
    Repeated,
    Stopped,
    StorageLocked,
    TooManyWaiting,
    Uncertain,
    VendorDown,
)
from mv.ports import Records, Transaction
from mv.services.admission import CHEAP, COSTLY, Application, Desk, settle
from mv.services.closing import fail, finish
from mv.store.database import Database
from tests.services.conftest import CONFIGS, SetClock

T = TypeVar("T")
HERE, THERE = ServerId(10), ServerId(20)
ANN, BOB = MemberId(1), MemberId(2)
SCENES, IMAGES, SPEND = AllowanceKind.SCENES, AllowanceKind.IMAGES, AllowanceKind.SPEND


def application(
    member: MemberId = ANN, server: ServerId = HERE, wants: Mapping[AllowanceKind, int] | None = None, **changes: Any
) -> Application:
    reply = ReplyTo(channel_id=ChannelId(1), application_id=1, token="t", token_expires_at=None, private=False)
    values: dict[str, Any] = {
        "roles": frozenset[int](),
        "kind": JobKind.SCENES,
        "order": {},
        "engine": "e",
        "vendor": "v",
    }
    return Application(
        server_id=server, member_id=member, reply=reply, wants={SCENES: 1} if wants is None else wants,
        **{**values, **changes},
    )  # fmt: skip


async def limit(records: Database, limit: int, kind: AllowanceKind = SCENES, **whose: Any) -> None:
    quota = Quota(kind=kind, limit=limit, period=whose.pop("period", Period.DAY), server_id=HERE, **whose)
    async with records.write() as tx:
        await tx.usage.set_quota(quota, ANN, SetClock().now())


async def used(records: Database, member: MemberId = ANN, kind: AllowanceKind = SCENES) -> int:
    async with records.read() as tx:
        sums = await tx.usage.used([(HERE, member)], window(Period.MONTH, SetClock().now())[0])
    return sums.get((HERE, member, kind), 0)


async def ask(desk: Desk, *asked: Application) -> list[Job | MvError]:
    found = await asyncio.gather(*(desk.admit(one) for one in asked), return_exceptions=True)
    assert all(isinstance(one, Job | MvError) for one in found)
    return found  # type: ignore[return-value]


async def test_exactly_the_limit_of_many_at_once(desk: Desk, records: Database) -> None:
    await limit(records, 10)
    found = await ask(desk, *[application() for _ in range(50)])
    let_through = [one for one in found if isinstance(one, Job)]
    assert [job.ref.number for job in let_through] == list(range(1, 11))
    refused = [one for one in found if isinstance(one, AllowanceUsedUp)]
    assert len(refused) == 40
    assert (refused[0].limit, refused[0].used, refused[0].wanted, refused[0].whose) == (10, 10, 1, "server")
    assert await used(records) == 10


async def test_numbers_have_no_gaps_whoever_is_refused(desk: Desk, records: Database) -> None:
    await limit(records, 2)
    first = await ask(
        desk, *[application() for _ in range(5)], application(BOB), application(BOB, THERE), application()
    )
    second = await ask(desk, application(BOB), application(), application(BOB, THERE))
    jobs = [one for one in (*first, *second) if isinstance(one, Job)]
    assert [job.ref.number for job in jobs if job.server_id == HERE] == [1, 2, 3, 4]
    assert [job.ref.number for job in jobs if job.server_id == THERE] == [1, 2]


async def test_all_kinds_or_none_are_reserved(desk: Desk, records: Database) -> None:
    await limit(records, 5, SPEND)
    found = await ask(desk, application(wants={SCENES: 1, SPEND: 4}), application(wants={SCENES: 1, SPEND: 4}))
    assert isinstance(found[0], Job)
    assert isinstance(found[1], AllowanceUsedUp)
    assert found[1].kind == "spend"
    assert (await used(records), await used(records, kind=SPEND)) == (1, 4)


async def test_day_and_month_both_hold(desk: Desk, records: Database, clock: SetClock) -> None:
    await limit(records, 2)
    await limit(records, 3, period=Period.MONTH)
    assert [type(one) for one in await ask(desk, application(), application(), application())][2] is AllowanceUsedUp
    clock.time += timedelta(days=1)
    found = await ask(desk, application(), application())
    assert isinstance(found[0], Job)
    assert isinstance(found[1], AllowanceUsedUp)
    assert found[1].period == "month"


async def test_too_many_waiting_counts_within_a_batch(records: Database, clock: SetClock, config: Config) -> None:
    concurrency = config.limits.concurrency.model_copy(update={"waiting_per_member": 3})
    few = replace(config, limits=config.limits.model_copy(update={"concurrency": concurrency}))
    desk = Desk(records, clock, few)
    found = await ask(desk, *[application() for _ in range(5)], application(BOB))
    assert [isinstance(one, Job) for one in found] == [True, True, True, False, False, True]
    assert isinstance(found[3], TooManyWaiting)
    async with records.write() as tx:
        assert isinstance(found[0], Job)
        await tx.jobs.finish(found[0].id, JobState.DONE, clock.now())
    assert isinstance((await ask(desk, application()))[0], Job)


def pressed(once: Once | None = None, interaction: int | None = None, **changes: Any) -> Application:
    wanted = application(once=once, **changes)
    return replace(wanted, reply=replace(wanted.reply, interaction_id=interaction))


async def test_an_interaction_counts_once_within_a_batch_and_after_it(desk: Desk, records: Database) -> None:
    await limit(records, 1)
    first, *others = await ask(desk, *[pressed(interaction=7)] * 3)
    assert isinstance(first, Job)
    assert [type(one) for one in others] == [Repeated, Repeated], "before any other refusal"
    (late,) = await ask(Desk(records, SetClock(), load_config(CONFIGS)), pressed(interaction=7))
    assert isinstance(late, Repeated)
    assert late.ref == str(first.ref)
    assert await used(records) == 1


async def test_once_for_ever_whoever_asks(desk: Desk, records: Database, clock: SetClock) -> None:
    retry = Once(key="retry:x")
    first, second = await ask(desk, pressed(retry, 1), pressed(retry, 2, member=BOB))
    assert isinstance(first, Job)
    assert isinstance(second, AlreadyAsked)
    assert (second.ref, second.member_id) == ("J1", ANN)
    await fail(records, first, Stopped(), clock.now())
    assert [type(one) for one in await ask(desk, pressed(retry, 3))] == [AlreadyAsked]
    other, same_number = await ask(desk, pressed(Once(key="retry:y"), 4), pressed(None, 5))
    assert isinstance(other, Job)
    assert isinstance(same_number, Job)
    assert same_number.ref.number == 3, "who was refused took no number"


async def test_once_while_it_is_open(desk: Desk, records: Database, clock: SetClock) -> None:
    again = Once(key="again:x:1", while_open=True)
    first, second = await ask(desk, pressed(again), pressed(again, member=BOB))
    assert isinstance(first, Job)
    assert isinstance(second, AlreadyAsked)
    for _ in range(2):
        await fail(records, first, Stopped(), clock.now())
        third, fourth = await ask(desk, pressed(again, member=BOB), pressed(again))
        assert isinstance(third, Job)
        assert isinstance(fourth, AlreadyAsked)
        assert fourth.ref == str(third.ref)
        first = third


async def test_what_was_refused_may_be_asked_again(desk: Desk, records: Database) -> None:
    retry = Once(key="retry:x")
    await limit(records, 0, member_id=ANN)
    refused, other = await ask(desk, pressed(retry, 1), pressed(retry, 2, member=BOB))
    assert isinstance(refused, AllowanceUsedUp)
    assert isinstance(other, Job), "what is refused stands in nobody's way"


@pytest.mark.parametrize(
    ("kind", "estimate", "cheap"),
    [
        (JobKind.SCENES, None, True),
        (JobKind.SCENES, 50_000, True),
        (JobKind.SCENES, 50_001, False),
        (JobKind.CHARACTER, 0, True),
        (JobKind.CHARACTER, 40_000, True),
        (JobKind.CHARACTER, 160_000, False),
        (JobKind.CHARACTER, None, False),
    ],
)
async def test_cheap_jobs_go_first(desk: Desk, kind: JobKind, estimate: int | None, cheap: bool) -> None:
    (job,) = await ask(desk, application(kind=kind, estimate=estimate))
    assert isinstance(job, Job)
    assert job.priority == (CHEAP if cheap else COSTLY)
    assert CHEAP < COSTLY


class Locked(Records):
    """Records that cannot be written."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        raise StorageLocked()

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        raise StorageLocked()

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        raise StorageLocked()


async def test_nothing_is_let_through_unseen(clock: SetClock, config: Config) -> None:
    found = await ask(Desk(Locked(), clock, config), application(), application(BOB))
    assert [type(one) for one in found] == [StorageLocked, StorageLocked]


async def test_whoever_gives_up_waiting_harms_nobody(desk: Desk, records: Database) -> None:
    tasks = [asyncio.ensure_future(desk.admit(application())) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(found[0], Job)
    assert isinstance(found[1], asyncio.CancelledError)
    assert isinstance(found[2], Job)


# ── what is settled ──────────────────────────────────────────────────────────────────────────────────────────────────


async def admitted(desk: Desk, wants: Mapping[AllowanceKind, int]) -> Job:
    (job,) = await ask(desk, application(wants=wants))
    assert isinstance(job, Job)
    return job


@pytest.mark.parametrize("error", [Stopped(by_id=1), VendorDown(vendor="v"), Uncertain(vendor="v")])
async def test_a_failure_gives_everything_back_but_what_was_spent(
    desk: Desk, records: Database, clock: SetClock, error: MvError
) -> None:
    job = await admitted(desk, {SCENES: 1, SPEND: 500})
    async with records.write() as tx:
        await tx.jobs.intend(job.id, "write", clock.now(), {})
        await tx.jobs.complete(job.id, "write", clock.now(), {}, 120)
    assert await fail(records, job, error, clock.now())
    assert not await fail(records, job, error, clock.now())
    assert (await used(records), await used(records, kind=SPEND)) == (0, 120)
    async with records.read() as tx:
        stored = await tx.jobs.get(job.id)
    assert stored is not None
    state = {Stopped: JobState.CANCELLED, Uncertain: JobState.UNCERTAIN}.get(type(error), JobState.FAILED)
    assert (stored.state, stored.cost) == (state, 120)


async def test_a_job_that_ended_already_cannot_end_well_after_it(
    desk: Desk, records: Database, clock: SetClock
) -> None:
    job = await admitted(desk, {SCENES: 1})
    await fail(records, job, Stopped(), clock.now())
    with pytest.raises(Stopped):
        async with records.write() as tx:
            await finish(tx, job, clock.now(), {SCENES: 1}, record_id=job.id)
    assert await used(records) == 0


async def test_a_correction_counts_in_the_period_of_its_reservation(
    desk: Desk, records: Database, clock: SetClock
) -> None:
    clock.time = clock.time.replace(hour=23, minute=59)
    job = await admitted(desk, {IMAGES: 4})
    later = clock.time + timedelta(hours=2)
    async with records.write() as tx:
        await settle(tx, job, {IMAGES: 1}, later)
        lines = await tx.usage.lines(job.id)
    assert [(line.entry, line.amount) for line in lines] == [(Entry.RESERVE, 4), (Entry.SETTLE, -3)]
    assert lines[1].counted_at == job.created_at
    assert lines[1].at == later


AMOUNTS = st.dictionaries(st.sampled_from(AllowanceKind), st.integers(0, 10**9))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wants=AMOUNTS, actual=AMOUNTS)
async def test_what_is_settled_adds_up_to_what_was_used(
    tmp_path_factory: pytest.TempPathFactory,
    config: Config,
    wants: dict[AllowanceKind, int],
    actual: dict[AllowanceKind, int],
) -> None:
    clock = SetClock()
    quotas = config.limits.model_copy(update={"allowances": ()})
    folder: Path = tmp_path_factory.mktemp("settle")
    records = Database(f"sqlite+aiosqlite:///{folder / 'mv.sqlite3'}", clock=clock)
    await records.open()
    try:
        job = await admitted(Desk(records, clock, replace(config, limits=quotas)), wants)
        async with records.write() as tx:
            await settle(tx, job, actual, clock.now())
            await settle(tx, job, actual, clock.now())
            sums: dict[AllowanceKind, int] = {}
            for line in await tx.usage.lines(RecordId(job.id)):
                sums[line.kind] = sums.get(line.kind, 0) + line.amount
        seen = {kind for amounts in (wants, actual) for kind, amount in amounts.items() if amount}
        assert sums == {kind: actual.get(kind, 0) for kind in seen}, "also what was used without a reservation"
    finally:
        await records.close()
