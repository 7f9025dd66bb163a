from __future__ import annotations

from datetime import timedelta

from mv.domain.ids import Kind, new_id
from mv.domain.usage import AllowanceKind, Entry, Period, Quota
from mv.store.database import Database
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, a_line, a_project


async def test_lines_come_back_in_the_order_they_were_written(records: Database) -> None:
    project, job_id = a_project(), new_id()
    lines = [
        a_line(job_id, 1, project_id=project.id),
        a_line(job_id, 12_345_678_901, kind=AllowanceKind.SPEND),
        a_line(job_id, -1, entry=Entry.REFUND, at=NOON + timedelta(seconds=1)),
        a_line(job_id, -12_345_678_000, kind=AllowanceKind.SPEND, entry=Entry.SETTLE),
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
        assert await tx.usage.used([(SERVER, ANA)], NOON) == {(SERVER, ANA, AllowanceKind.SCENES): 0}
        assert [line.amount for line in await tx.usage.lines(job_id)] == [1, -1]


async def test_use_is_summed_by_member_and_kind_since_a_moment(records: Database) -> None:
    yesterday = NOON - timedelta(microseconds=1)
    async with records.write() as tx:
        await tx.usage.append(
            [
                a_line(new_id(), 1),
                a_line(new_id(), 2),
                a_line(new_id(), 64, counted_at=yesterday, at=NOON),
                a_line(new_id(), 4, kind=AllowanceKind.IMAGES),
                a_line(new_id(), 8, member_id=BO),
                a_line(new_id(), 16, server_id=OTHER_SERVER),
                a_line(new_id(), 32, server_id=OTHER_SERVER, member_id=BO),
            ]
        )
    async with records.read() as tx:
        assert await tx.usage.used([(SERVER, ANA), (OTHER_SERVER, BO)], NOON) == {
            (SERVER, ANA, AllowanceKind.SCENES): 3,
            (SERVER, ANA, AllowanceKind.IMAGES): 4,
            (OTHER_SERVER, BO, AllowanceKind.SCENES): 32,
        }
        assert await tx.usage.used([(SERVER, ANA)], yesterday) == {
            (SERVER, ANA, AllowanceKind.SCENES): 67,
            (SERVER, ANA, AllowanceKind.IMAGES): 4,
        }
        assert await tx.usage.used([], NOON) == {}


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


async def test_the_total_is_everybodys_since_a_moment(records: Database) -> None:
    spend = {"kind": AllowanceKind.SPEND}
    lines = [
        a_line(new_id(), 5, **spend),
        a_line(new_id(), 7, member_id=BO, server_id=OTHER_SERVER, **spend),
        a_line(new_id(), 100, counted_at=NOON - timedelta(microseconds=1), **spend),
        a_line(new_id(), 1000, kind=AllowanceKind.SCENES),
    ]
    async with records.write() as tx:
        await tx.usage.append(lines)
    async with records.read() as tx:
        assert await tx.usage.total(AllowanceKind.SPEND, NOON) == 12
        assert await tx.usage.total(AllowanceKind.SPEND, NOON + timedelta(days=1)) == 0
