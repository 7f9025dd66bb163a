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
from mv.domain.budget import BOT, Account, Scope
from mv.domain.engine import Price
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import Job, JobKind, JobState, Once, ReplyTo
from mv.domain.ledger import Bill, Entry, Measure, Used, balance_of
from mv.domain.project import Project
from mv.domain.settings import WHOLE_SERVER, Option, Setting
from mv.domain.usage import AllowanceKind, Period, Quota, window
from mv.errors import (
    AllowanceUsedUp,
    AlreadyAsked,
    BudgetReached,
    MvError,
    Repeated,
    Stopped,
    StorageLocked,
    TooManyWaiting,
    Uncertain,
    VendorDown,
)
from mv.ports import Records, Transaction
from mv.services.admission import CHEAP, COSTLY, Desk
from mv.services.application import Application
from mv.services.closing import BILL, fail, finish, settle
from mv.store.database import Database
from tests.services.conftest import CONFIGS, SetClock

T = TypeVar("T")
HERE, THERE = ServerId(10), ServerId(20)
ANN, BOB = MemberId(1), MemberId(2)
NOW = SetClock().now()
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
        account = Account.of_member(HERE, member)
        sums = await tx.usage.sums([account], window(Period.MONTH, SetClock().now())[0])
    return sums.get((account, kind), 0)


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


async def admitted(desk: Desk, wants: Mapping[AllowanceKind, int], **changes: Any) -> Job:
    (job,) = await ask(desk, application(wants=wants, **changes))
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
    desk: Desk, records: Database, clock: SetClock, config: Config
) -> None:
    job = await admitted(desk, {SCENES: 1})
    await fail(records, job, Stopped(), clock.now())
    engine = config.engine("gemini-2.5-pro")
    with pytest.raises(Stopped):
        async with records.write() as tx:
            await finish(tx, job, clock.now(), engine, {Measure.SCENES: 1}, record_id=job.id)
    assert await used(records) == 0


async def test_a_correction_counts_in_the_period_of_its_reservation(
    desk: Desk, records: Database, clock: SetClock
) -> None:
    clock.time = clock.time.replace(hour=23, minute=59)
    job = await admitted(desk, {IMAGES: 4})
    later = clock.time + timedelta(hours=2)
    async with records.write() as tx:
        await settle(tx, job, Used(engine="e", counts={Measure.IMAGES: 1}), later)
        lines = await tx.usage.lines(job.id)
    assert [(line.entry, line.amount) for line in lines] == [(Entry.RESERVE, 4), (Entry.SETTLE, -3)]
    assert lines[1].counted_at == job.created_at
    assert lines[1].at == later


AMOUNTS = st.dictionaries(st.sampled_from(AllowanceKind), st.integers(0, 10**9))
PRICES = st.none() | st.just(Price(input_micro=1, output_micro=2, date=SetClock().now().date()))
BILLS = st.lists(
    st.builds(
        Bill,
        engine=st.sampled_from(["e", "f", "g"]),
        price=PRICES,
        spend=st.none() | st.integers(0, 10**9),
        lost=st.integers(0, 10**6),
        tokens_in=st.integers(0, 10**6),
        tokens_out=st.integers(0, 10**6),
    ),
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wants=AMOUNTS, bills=BILLS, scenes=st.integers(0, 3), reserved=PRICES, counted=PRICES)
async def test_what_is_settled_adds_up_to_what_was_used(
    tmp_path_factory: pytest.TempPathFactory,
    config: Config,
    wants: dict[AllowanceKind, int],
    bills: list[Bill],
    scenes: int,
    reserved: Price | None,
    counted: Price | None,
) -> None:
    clock = SetClock()
    quotas = config.limits.model_copy(update={"allowances": ()})
    folder: Path = tmp_path_factory.mktemp("settle")
    records = Database(f"sqlite+aiosqlite:///{folder / 'mv.sqlite3'}", clock=clock)
    await records.open()
    used = Used(bills=bills, engine="f", price=counted, counts={Measure.SCENES: scenes})
    try:
        job = await admitted(Desk(records, clock, replace(config, limits=quotas)), wants, price=reserved)
        async with records.write() as tx:
            await settle(tx, job, used, clock.now())
            await settle(tx, job, used, clock.now())
            lines = await tx.usage.lines(RecordId(job.id))
            account = Account.of_member(HERE, ANN)
            mine = await tx.usage.sums([account], clock.now().replace(hour=0))
            everybody = await tx.usage.sums([BOT, Account.of_server(HERE)], clock.now().replace(hour=0))
        assert balance_of(lines) == used.amounts(), "also what was used without a reservation, and by another engine"
        for unpriced in (True, False):
            part = {key: sum_ for key, sum_ in used.amounts().items() if (used.prices()[key[0]] is None) is unpriced}
            assert balance_of(line for line in lines if (line.price is None) is unpriced) == part
        sums = {kind: amount for (_, kind), amount in mine.items() if amount}
        spend = sum(bill.spend or 0 for bill in bills)
        assert sums == {kind: amount for kind, amount in ((SCENES, scenes), (SPEND, spend)) if amount}
        assert set(everybody.values()) <= {spend + sum(bill.lost for bill in bills)}
    finally:
        await records.close()


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def setting(records: Database, option: Option, value: object) -> None:
    async with records.write() as tx:
        await tx.settings.put(
            Setting(server_id=HERE, channel_id=WHOLE_SERVER, option=option, value=value, set_by=ANN, set_at=NOW)
        )


def paid(amount: int | None, member: MemberId = ANN, **changes: Any) -> Application:
    wants = {SCENES: 1, SPEND: amount} if amount else {SCENES: 1}
    return application(member, wants=wants, estimate=amount, **changes)


async def warnings(records: Database) -> list[tuple[str, int, int]]:
    async with records.read() as tx:
        return [(one.account.scope.value, one.percent, one.used) for one in await tx.usage.untold()]


async def test_exactly_a_budget_of_many_at_once_whoever_asks(desk: Desk, records: Database) -> None:
    await setting(records, Option.BUDGET, 1_000)
    called: list[None] = []
    desk.warned = lambda: called.append(None)
    many = [paid(100, MemberId(n % 7 + 1)) for n in range(50)]
    found = await ask(desk, *many, paid(0), paid(None), paid(5, server=THERE))
    assert sum(isinstance(one, Job) for one in found[:50]) == 10
    refused = [one for one in found[:50] if isinstance(one, BudgetReached)]
    assert len(refused) == 40
    assert (refused[0].scope, refused[0].limit, refused[0].used, refused[0].wanted) == ("server", 1_000, 1_000, 100)
    assert refused[0].resets_at == int(window(Period.MONTH, NOW)[1].timestamp())
    assert isinstance(found[50], Job), "what costs nothing is made all the same"
    assert isinstance(found[51], BudgetReached), "what nobody knows the price of is not"
    assert isinstance(found[52], Job), "another server has its own"
    assert called
    assert await warnings(records) == [("server", 80, 800), ("server", 100, 1_000)]


async def test_what_does_not_fit_any_more_warns_as_well(desk: Desk, records: Database) -> None:
    await setting(records, Option.BUDGET, 1_000)
    first, second, third = await ask(desk, paid(700), paid(400), paid(None))
    assert [type(one) for one in (first, second, third)] == [Job, BudgetReached, Job]
    assert await warnings(records) == [("server", 80, 700), ("server", 100, 700)]


async def test_a_budget_of_nothing_lets_nothing_through(desk: Desk, records: Database) -> None:
    await setting(records, Option.BUDGET, 0)
    assert [type(one) for one in await ask(desk, paid(1), paid(None), paid(0))] == [BudgetReached, BudgetReached, Job]


async def test_what_is_given_back_can_be_spent_again(desk: Desk, records: Database, clock: SetClock) -> None:
    await setting(records, Option.BUDGET, 1_000)
    first, refused = await ask(desk, paid(1_000), paid(1))
    assert isinstance(first, Job)
    assert isinstance(refused, BudgetReached)
    await fail(records, first, Stopped(), clock.now())
    assert isinstance((await ask(desk, paid(1_000)))[0], Job)


async def test_money_that_was_lost_counts_in_budgets_and_for_no_member(
    desk: Desk, records: Database, clock: SetClock
) -> None:
    await setting(records, Option.BUDGET, 1_000)
    await limit(records, 1_000, SPEND)
    (job,) = await ask(desk, paid(600))
    assert isinstance(job, Job)
    bill = Bill(engine="e", price=None, spend=None, lost=600)
    async with records.write() as tx:
        await tx.jobs.complete(job.id, "collect", clock.now(), {BILL: bill.plain()}, None)
    await fail(records, job, VendorDown(vendor="v"), clock.now())
    assert await used(records, kind=SPEND) == 0
    assert [type(one) for one in await ask(desk, paid(500), paid(400))] == [BudgetReached, Job]


async def test_the_bots_own_budget_is_everybodys(records: Database, clock: SetClock, config: Config) -> None:
    budgets = config.limits.budgets.model_copy(update={"bot": 1_000, "server": 900})
    few = replace(config, limits=config.limits.model_copy(update={"budgets": budgets}))
    desk = Desk(records, clock, few)
    asked = (paid(900), paid(200, server=THERE), paid(100, server=THERE), paid(1))
    found = [(await ask(desk, one))[0] for one in asked]  # two servers at once: whose settings are read first is luck
    assert [type(one) for one in found] == [Job, BudgetReached, Job, BudgetReached]
    assert isinstance(found[1], BudgetReached)
    assert isinstance(found[3], BudgetReached)
    assert (found[1].scope, found[3].scope) == ("bot", "server"), "the narrowest that binds is named"


async def test_a_projects_budget_binds_what_is_made_for_it(desk: Desk, records: Database) -> None:
    project = Project(
        id=new_id(), server_id=HERE, ref=Ref(Kind.PROJECT, 3), name="Tides", owner_id=ANN, created_at=NOW, budget=100
    )
    async with records.write() as tx:
        await tx.projects.add(project)
    found = await ask(desk, paid(100, project_id=project.id), paid(1, project_id=project.id), paid(1))
    assert [type(one) for one in found] == [Job, BudgetReached, Job]
    assert isinstance(found[1], BudgetReached)
    assert (found[1].scope, found[1].ref) == (Scope.PROJECT.value, "P3")


async def test_days_and_months_are_those_of_the_server(desk: Desk, records: Database, clock: SetClock) -> None:
    await limit(records, 1)
    await setting(records, Option.BUDGET, 100)
    await setting(records, Option.TIME_ZONE, "Pacific/Auckland")
    clock.time = NOW.replace(day=31, hour=11, minute=59)  # there it is 23:59
    assert [type(one) for one in await ask(desk, paid(100), paid(0))] == [Job, AllowanceUsedUp]
    assert [type(one) for one in await ask(desk, paid(1, BOB))] == [BudgetReached]
    clock.time += timedelta(minutes=1)
    found = await ask(desk, paid(100), paid(1, BOB))
    assert [type(one) for one in found] == [Job, BudgetReached]
    assert isinstance(found[1], BudgetReached)
    assert found[1].resets_at == int(NOW.replace(month=6, day=30, hour=12).timestamp())


async def test_a_spend_limit_that_is_used_up_binds_what_has_no_price(desk: Desk, records: Database) -> None:
    await limit(records, 100, SPEND)
    found = await ask(desk, paid(None), paid(100), paid(None), paid(0))
    assert [type(one) for one in found] == [Job, Job, AllowanceUsedUp, Job]


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asking(records: Database, clock: SetClock, config: Config) -> Desk:
    """Asks about what may cost more than 100 micro-dollars; a member may have two jobs waiting."""
    few = config.limits.concurrency.model_copy(update={"waiting_per_member": 2})
    limits = config.limits.model_copy(update={"ask_over": 100, "concurrency": few})
    return Desk(records, clock, replace(config, limits=limits))


@pytest.mark.parametrize(
    ("estimate", "agreed", "asked"),
    [(100, 0, False), (101, 0, True), (None, 0, False), (101, 101, False), (102, 101, True), (10**9, None, False)],
)
async def test_what_may_cost_more_than_was_agreed_to_is_a_question(
    asking: Desk, estimate: int | None, agreed: int | None, asked: bool
) -> None:
    (job,) = await ask(asking, paid(estimate, agreed=agreed))
    assert isinstance(job, Job)
    assert job.unconfirmed == (estimate if asked else None)
    assert job.state.final is asked


async def test_questions_use_up_nothing_and_stand_in_nobodys_way(asking: Desk, records: Database) -> None:
    await setting(records, Option.BUDGET, 1_000)
    await limit(records, 1)
    again = Once(key="again:x:1", while_open=True)
    found = await ask(asking, *(paid(900, once=again) for _ in range(5)), paid(900, agreed=900, once=again), paid(900))
    jobs = [one for one in found if isinstance(one, Job)]
    assert [job.unconfirmed for job in jobs] == [900] * 5 + [None]
    assert isinstance(found[6], AllowanceUsedUp), "what is refused is not asked about"
    assert (await used(records), await used(records, kind=SPEND)) == (1, 900)
    assert await warnings(records) == [("server", 80, 900)]
    async with records.read() as tx:
        assert [job.ref.number for job in await tx.jobs.unfinished()] == [6]
        assert await tx.jobs.undelivered() == ()


async def test_as_many_questions_as_one_likes(asking: Desk) -> None:
    found = await ask(asking, *(paid(900) for _ in range(9)), paid(1), paid(1), paid(900))
    assert [type(one) for one in found] == [Job] * 11 + [TooManyWaiting]


async def test_a_question_that_comes_twice_is_asked_once(asking: Desk) -> None:
    reply = replace(paid(900).reply, interaction_id=7)
    first, second = await ask(asking, *(replace(paid(900), reply=reply) for _ in range(2)))
    assert isinstance(first, Job)
    assert isinstance(second, Repeated)
    assert second.ref == str(first.ref)
    assert [type(one) for one in await ask(asking, replace(paid(900), reply=reply))] == [Repeated]
