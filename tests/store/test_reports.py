"""A server's month: what is summed, and how its entries are read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from mv.domain.engine import Price
from mv.domain.ids import Kind, Ref, new_id
from mv.domain.ledger import Entry, Measure
from mv.domain.usage_report import Booked, Month, ServerMonth, Share, Tally, month_of, months_before, tallied
from mv.errors import NotChosen
from mv.ports import Transaction
from mv.store.database import Database
from tests.store.things import ANA, BO, NOON, OTHER_SERVER, SERVER, a_job, a_line, a_project

PRICE = Price(picture_micro=5, date=date(2026, 11, 1))
SINCE, UNTIL = NOON - timedelta(hours=1), NOON + timedelta(hours=1)


async def test_sums_are_by_who_what_and_whether_the_price_is_known(records: Database) -> None:
    project = a_project()
    same = {"project_id": project.id, "kind": Measure.IMAGES, "engine": "x"}
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.usage.append(
            [
                a_line(new_id(), 3, **same, price=PRICE),
                a_line(new_id(), 4, **same, price=PRICE),
                a_line(new_id(), 5, **same),
                a_line(new_id(), 7, **same, member_id=BO),
                a_line(new_id(), 9, **same, server_id=OTHER_SERVER),
                a_line(new_id(), 10, **same, counted_at=SINCE),
                a_line(new_id(), 20, **same, counted_at=SINCE - timedelta(microseconds=1)),
                a_line(new_id(), 30, **same, counted_at=UNTIL),
            ]
        )
    async with records.read() as tx:
        found = await tx.usage.shares(SERVER, SINCE, UNTIL)
        called = await tx.projects.called([project.id, new_id()])
    assert sorted((each.member_id, each.unpriced, each.amount) for each in found) == [
        (ANA, False, 7),
        (ANA, True, 15),
        (BO, True, 7),
    ]
    assert {(each.project_id, each.engine, each.kind) for each in found} == {(project.id, "x", Measure.IMAGES)}
    assert called == {project.id: (project.ref, project.name)}


async def test_money_is_by_engine_from_moment_to_moment(records: Database) -> None:
    starts = [NOON + timedelta(days=day) for day in range(3)]
    async with records.write() as tx:
        await tx.usage.append(
            [
                a_line(new_id(), 1, kind=Measure.SPEND, engine="x"),
                a_line(new_id(), 2, kind=Measure.LOST, engine="x"),
                a_line(new_id(), 4, kind=Measure.SPEND, engine="y"),
                a_line(new_id(), 8, kind=Measure.TOKENS_IN, engine="y"),
                a_line(new_id(), 16, kind=Measure.SPEND, engine="y", counted_at=starts[1]),
                a_line(new_id(), 32, kind=Measure.SPEND, engine="y", counted_at=starts[2]),
            ]
        )
    async with records.read() as tx:
        assert await tx.usage.money(SERVER, starts) == ({"x": 3, "y": 4}, {"y": 16})


async def all_entries(tx: Transaction, size: int) -> list[Booked]:
    found: list[Booked] = []
    while page := await tx.usage.entries(SERVER, SINCE, UNTIL, after=found[-1] if found else None, size=size):
        found += page
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 100])
async def test_entries_come_once_each_in_the_order_they_count(records: Database, size: int) -> None:
    job, project = a_job(7), a_project()
    moments = [NOON, NOON - timedelta(minutes=1), NOON, NOON, SINCE, NOON + timedelta(minutes=1)]
    lines = [a_line(new_id(), n, counted_at=at) for n, at in enumerate(moments)]
    async with records.write() as tx:
        await tx.jobs.add_all([job])
        await tx.projects.add(project)
        own = a_line(job.id, 6, project_id=project.id, price=PRICE)
        await tx.usage.append([*lines, own, a_line(job.id, -6, entry=Entry.REFUND, counted_at=UNTIL)])
    async with records.read() as tx:
        found = await all_entries(tx, size)
    assert [each.line.amount for each in found] == [4, 1, 0, 2, 3, 6, 5]
    named = found[5]
    assert (named.job, named.project, named.line) == (Ref(Kind.JOB, 7), project.ref, own)
    assert (found[0].job, found[0].project) == (None, None), "that job is not on record"


# ── months ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia"])
def test_the_days_of_a_month_follow_one_another(zone: str) -> None:
    for number in range(1, 13):
        month = Month(first=date(2024, number, 1), zone=zone)
        hours = {(after - before) / timedelta(hours=1) for before, after in pairwise(month.starts)}
        assert hours <= {23.0, 24.0, 25.0}
        following = Month(first=(month.first + timedelta(days=31)).replace(day=1), zone=zone)
        assert month.until == following.since


def test_the_running_month_is_that_of_the_zone() -> None:
    eve = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert str(month_of(None, eve, "UTC")) == "2026-11"
    there = month_of(" ", eve, "Europe/Berlin")
    assert (str(there), there.today, there.name) == ("2026-12", date(2026, 12, 1), "December 2026")
    assert month_of("2026-12", eve, "Europe/Berlin") == there
    assert month_of(" 2026-1 ", eve, "UTC") == Month(first=date(2026, 1, 1))
    with pytest.raises(NotChosen):
        month_of("2026-12", eve, "UTC")
    assert [str(each) for each in months_before(eve, "Europe/Berlin", 3)] == ["2026-12", "2026-11", "2026-10"]


# ── sums ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def share(member: int, kind: Measure, amount: int, *, unpriced: bool = False) -> Share:
    return Share(member_id=type(ANA)(member), project_id=None, engine="x", kind=kind, unpriced=unpriced, amount=amount)


def test_who_used_nothing_in_the_end_is_left_out_and_the_rest_is_ranked() -> None:
    shares = [
        share(1, Measure.SCENES, 1),
        share(1, Measure.SCENES, -1, unpriced=True),
        share(2, Measure.IMAGES, 3, unpriced=True),
        share(3, Measure.SPEND, 1),
        share(4, Measure.IMAGES, 9),
        share(5, Measure.LOST, 9),
    ]
    found = tallied(shares, lambda each: each.member_id)
    assert [each.subject for each in found] == [3, 4, 2, 5]
    assert (found[2].unpriced_images, found[2].spend) == (3, 0)
    report = ServerMonth(month=Month(first=date(2026, 11, 1)), shares=tuple(shares))
    assert [each.subject for each in report.members] == [3, 4, 2], "nobody is charged for what was lost"
    assert (report.total.images, report.gone) == (12, 10)
    assert ServerMonth(month=report.month).total == Tally()
