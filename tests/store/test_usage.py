from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mv.domain.budget import BOT, Account, Budget, Scope, Warned
from mv.domain.engine import Price
from mv.domain.ids import Kind, RecordId, new_id
from mv.domain.ledger import Entry, Measure
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.store.database import Database
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, a_line, a_project

MINE = Account.of_member(SERVER, ANA)
SINCE = NOON.replace(microsecond=0)


async def test_lines_come_back_in_the_order_they_were_written(records: Database) -> None:
    project, job_id = a_project(), new_id()
    lines = [
        a_line(job_id, 1, project_id=project.id),
        a_line(job_id, 12_345_678_901, kind=Measure.SPEND),
        a_line(job_id, -1, entry=Entry.REFUND, at=NOON + timedelta(seconds=1)),
        a_line(job_id, -12_345_678_000, kind=Measure.SPEND, entry=Entry.SETTLE),
    ]
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.usage.append(lines)
        await tx.usage.append([a_line(new_id(), 5)])
        await tx.usage.append([])
    async with records.read() as tx:
        assert await tx.usage.lines(job_id) == tuple(lines)
        assert await tx.usage.lines(new_id()) == ()


async def test_an_entry_counts_once(records: Database) -> None:
    job_id = new_id()
    async with records.write() as tx:
        await tx.usage.append([a_line(job_id, 1), a_line(job_id, 7)])
        await tx.usage.append([a_line(job_id, 9), a_line(job_id, -1, entry=Entry.REFUND)])
        assert await tx.usage.sums([MINE], SINCE) == {(MINE, AllowanceKind.SCENES): 0}
        assert [line.amount for line in await tx.usage.lines(job_id)] == [1, -1]


async def test_use_is_summed_by_member_and_kind_since_a_moment(records: Database) -> None:
    yesterday = SINCE - timedelta(microseconds=1)
    async with records.write() as tx:
        await tx.usage.append(
            [
                a_line(new_id(), 1),
                a_line(new_id(), 2),
                a_line(new_id(), 64, counted_at=yesterday, at=NOON),
                a_line(new_id(), 4, kind=Measure.IMAGES),
                a_line(new_id(), 8, member_id=BO),
                a_line(new_id(), 16, server_id=OTHER_SERVER),
                a_line(new_id(), 32, server_id=OTHER_SERVER, member_id=BO),
                a_line(new_id(), 128, kind=Measure.TOKENS_OUT),
            ]
        )
    there = Account.of_member(OTHER_SERVER, BO)
    async with records.read() as tx:
        assert await tx.usage.sums([MINE, there], SINCE) == {
            (MINE, AllowanceKind.SCENES): 3,
            (MINE, AllowanceKind.IMAGES): 4,
            (there, AllowanceKind.SCENES): 32,
        }
        assert (await tx.usage.sums([MINE], yesterday))[MINE, AllowanceKind.SCENES] == 67
        assert await tx.usage.sums([], SINCE) == {}
        assert await tx.usage.where_used(ANA, [SERVER, OTHER_SERVER], SINCE) == (SERVER, OTHER_SERVER)
        assert await tx.usage.where_used(BO, [SERVER], SINCE + timedelta(days=1)) == ()


async def test_quotas_are_replaced_and_cleared_by_subject(records: Database) -> None:
    scenes, images = AllowanceKind.SCENES, AllowanceKind.IMAGES

    def quota(limit: int, kind: AllowanceKind = scenes, period: Period = Period.DAY, **subject: int) -> Quota:
        return Quota(kind=kind, limit=limit, period=period, server_id=SERVER, **subject)  # type: ignore[arg-type]

    everybody, role, member = quota(10), quota(20, role_id=77), quota(5_000_000_000, member_id=ANA)
    async with records.write() as tx:
        for item in (quota(1), everybody, role, member, quota(3, images, member_id=ANA), quota(4, period=Period.MONTH)):
            await tx.usage.set_quota(item, BO, NOON)
        elsewhere = Quota(kind=scenes, limit=0, period=Period.DAY, server_id=OTHER_SERVER)
        await tx.usage.set_quota(elsewhere, BO, NOON)
        stored = await tx.usage.quotas([SERVER])
        assert set(stored) == {everybody, role, member, quota(3, images, member_id=ANA), quota(4, period=Period.MONTH)}
        assert len(stored) == 5
        assert await tx.usage.quotas([OTHER_SERVER]) == (elsewhere,)
        assert len(await tx.usage.quotas([SERVER, OTHER_SERVER])) == 6
        assert await tx.usage.quotas([]) == ()
        assert await tx.usage.clear_quotas(SERVER, scenes, None, ANA, None) == 1
        assert await tx.usage.clear_quotas(SERVER, None, Period.MONTH, None, None) == 1
        assert set(await tx.usage.quotas([SERVER])) == {everybody, role, quota(3, images, member_id=ANA)}
        assert await tx.usage.clear_quotas(SERVER, None, None, None, None) == 1
        assert await tx.usage.clear_quotas(SERVER, None, None, BO, None) == 0
        assert set(await tx.usage.quotas([SERVER])) == {role, quota(3, images, member_id=ANA)}


async def test_numbers_are_taken_and_given_back(records: Database) -> None:
    jobs, lists, elsewhere = (SERVER, Kind.JOB), (SERVER, Kind.SCENE_LIST), (OTHER_SERVER, Kind.JOB)
    async with records.write() as tx:
        assert await tx.next_numbers({jobs: 3, lists: 1, elsewhere: 5}) == {jobs: 1, lists: 1, elsewhere: 1}
        assert await tx.next_numbers({jobs: 2}) == {jobs: 4}
        await tx.next_numbers({jobs: -1, elsewhere: -5})
        assert await tx.next_numbers({}) == {}
    async with records.write() as tx:
        assert await tx.next_numbers({jobs: 1, elsewhere: 1, lists: 1}) == {jobs: 5, elsewhere: 1, lists: 2}


async def test_many_counters_at_once(records: Database) -> None:
    servers = [(type(SERVER)(number), Kind.JOB) for number in range(1, 3001)]
    async with records.write() as tx:
        assert await tx.next_numbers(dict.fromkeys(servers, 2)) == dict.fromkeys(servers, 1)
        assert await tx.next_numbers(dict.fromkeys(servers, 1)) == dict.fromkeys(servers, 3)


async def test_money_counts_for_project_server_and_bot_and_what_was_lost_for_no_member(records: Database) -> None:
    project = a_project()
    money = {"kind": Measure.SPEND, "project_id": project.id}
    lines = [
        a_line(new_id(), 5, **money),
        a_line(new_id(), 7, member_id=BO, server_id=OTHER_SERVER, kind=Measure.SPEND),
        a_line(new_id(), 100, counted_at=SINCE - timedelta(hours=12, microseconds=1), **money),
        a_line(new_id(), 11, **{**money, "kind": Measure.LOST}),
        a_line(new_id(), 1000, kind=Measure.SCENES),
    ]
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.usage.append(lines)
        await tx.usage.append(lines)
    accounts = [MINE, Account.of_project(SERVER, project.id), Account.of_server(SERVER), BOT]
    async with records.read() as tx:
        sums = await tx.usage.sums(accounts, SINCE)
        assert [sums[account, AllowanceKind.SPEND] for account in accounts] == [5, 16, 16, 23]
        assert await tx.usage.sums([BOT], SINCE + timedelta(days=1)) == {}
    async with records.write() as tx:
        assert await tx.usage.drop_tallies(SINCE) == 4 + 4, "of quarters, and of the day"
    async with records.read() as tx:
        assert await tx.usage.sums(accounts, SINCE - timedelta(days=9)) == sums


async def test_a_price_comes_back_as_it_was_used(records: Database) -> None:
    price = Price(input_micro=750_000, output_micro=3_750_000, date=NOON.date())
    job_id = new_id()
    async with records.write() as tx:
        await tx.usage.append([a_line(job_id, 3, price=price.model_copy(update={"source": "a page"}))])
        await tx.usage.append([a_line(job_id, 4, engine="another")])
        assert [line.price for line in await tx.usage.lines(job_id)] == [price, None]


async def test_a_warning_is_noted_once_and_told_once(records: Database) -> None:
    account = Account(SERVER, Scope.PROJECT, RecordId(new_id()))
    first = Warned(account=account, month="2026-11", percent=80, allowed=10, used=8, noted_at=NOON)
    second = replace(first, percent=100, used=10, noted_at=NOON + timedelta(minutes=1))
    async with records.write() as tx:
        await tx.usage.warn([second, first, replace(first, used=9)])
        await tx.usage.warn([])
        assert await tx.usage.untold() == (first, second)
        await tx.usage.told(first, NOON)
        await tx.usage.warn([first])
        assert await tx.usage.untold() == (second,)
        raised = replace(first, allowed=20, used=16)
        await tx.usage.warn([raised])
        assert set(await tx.usage.untold()) == {raised, second}, "another budget is another warning"


def test_marks_are_reached_exactly() -> None:
    budget = Budget(account=BOT, limit=1_000_001)
    assert budget.reached(800_000) == ()
    assert budget.reached(800_001) == (80,)
    assert budget.reached(1_000_000) == (80,)
    assert budget.reached(1_000_001) == (80, 100)
    assert Budget(account=BOT, limit=0).reached(0) == (80, 100)
    assert Budget(account=BOT, limit=1, zone="Asia/Tokyo").month(NOON.replace(day=30, hour=15)) == "2026-12"
