"""Servers that the bot left: kept for a while, then gone; and those that come back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mv.domain.budget import BOT, Account, Warned
from mv.domain.ids import Kind, ServerId
from mv.domain.ledger import Measure
from mv.domain.settings import Option
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.ports import Transaction
from tests.cleanup.house import DAY, House, opened_house
from tests.store.things import ANA, NOON, OTHER_SERVER, SERVER, a_line, a_project, plain

TABLES = (
    "counters", "projects", "media", "characters", "takes", "scene_lists", "scene_versions", "scenes", "jobs", "steps",
    "ledger", "tallies", "warnings", "quotas", "settings", "servers",
)  # fmt: skip


async def furnish(house: House, server: ServerId) -> None:
    """Something of everything."""
    project = a_project(server_id=server)
    async with house.records.write() as tx:
        await tx.next_numbers({(server, Kind.PROJECT): 1})
        await tx.projects.add(project)
    await house.a_list(9, scenes=24, server=server, project_id=project.id)
    await house.a_list(server=server, private=True)
    figure = await house.a_character(3, server=server, project_id=project.id, starred_at=NOON)
    await house.a_list(server=server, character_id=figure.id)
    await house.delete(await house.a_list(server=server))
    jobs = [await house.a_job(server=server, project_id=project.id) for _ in range(25)]
    await house.a_job(server=server, delivered=False)
    await house.set(Option.KEEP_JOBS, 9, server)
    quota = Quota(kind=AllowanceKind.SCENES, limit=5, period=Period.DAY, server_id=server)
    async with house.records.write() as tx:
        await tx.usage.set_quota(quota, ANA, NOON)
        lines = [a_line(job.id, 7, server_id=server, project_id=project.id, kind=Measure.SPEND) for job in jobs]
        account = Account.of_project(server, project.id)
        warned = Warned(account=account, month="2026-11", percent=80, allowed=1, used=1, noted_at=NOON)
        await tx.usage.warn([warned, replace(warned, account=Account.of_server(server))])
        await tx.usage.append([*lines, *(replace(line, kind=Measure.IMAGES) for line in lines)])


async def leave(house: House, *servers: ServerId) -> None:
    async with house.records.write() as tx:
        await tx.servers.leave(servers, house.clock.now())


def rows_of(house: House, server: ServerId) -> dict[str, int]:
    """What is stored of it, by table; takes, versions, scenes and steps by what they belong to."""
    through = {
        "takes": "character_id IN (SELECT id FROM characters WHERE server_id = ?)",
        "scene_versions": "scene_list_id IN (SELECT id FROM scene_lists WHERE server_id = ?)",
        "scenes": "scene_list_id IN (SELECT id FROM scene_lists WHERE server_id = ?)",
        "steps": "job_id IN (SELECT id FROM jobs WHERE server_id = ?)",
    }
    with plain(house.folder) as connection:
        counts = {
            table: connection.execute(
                f"SELECT count(*) FROM {table} WHERE {through.get(table, 'server_id = ?')}", (server,)
            ).fetchone()[0]
            for table in TABLES
        }
    return {table: count for table, count in counts.items() if count}


async def spent(house: House) -> int:
    """By the ledger, and by its sums of what counts still."""
    now = house.clock.now()
    since = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with house.records.read() as tx:
        sums = (await tx.usage.sums([BOT], since)).get((BOT, AllowanceKind.SPEND), 0)
    with plain(house.folder) as connection:
        rows = connection.execute("SELECT amount, counted_at FROM ledger WHERE kind = 'spend'").fetchall()
    assert sums == sum(amount for amount, at in rows if at >= str(since)[:19])
    return int(sum(amount for amount, _ in rows))


async def test_what_is_kept_of_a_server_that_was_left_goes_after_a_month(house: House) -> None:
    await furnish(house, SERVER)
    await furnish(house, OTHER_SERVER)
    before = rows_of(house, OTHER_SERVER)
    await leave(house, SERVER)
    assert set(rows_of(house, SERVER)) == set(TABLES)
    house.after(30 * DAY - timedelta(seconds=1))
    await house.set(Option.KEEP_JOBS, 9999, SERVER)
    await house.set(Option.KEEP_JOBS, 9999, OTHER_SERVER)
    await house.clean()
    assert rows_of(house, SERVER)["scenes"] == 9 * 24 + 3 + 3
    house.after(30 * DAY)
    foretold = await house.clean(dry=True)
    done = await house.clean()
    assert foretold.servers == done.servers
    tally = done.of(SERVER)
    assert (tally.left, tally.scene_lists, tally.characters, tally.takes, tally.jobs) == (True, 3, 1, 3, 26)
    assert tally.files == 6
    assert rows_of(house, SERVER) == {"counters": 4, "ledger": 50, "servers": 1, "tallies": 2, "warnings": 1}
    assert not [key for key in house.files() if key.startswith(f"{SERVER}/")]
    after = rows_of(house, OTHER_SERVER)
    assert after.pop("scene_versions") == before.pop("scene_versions") - 1, "of the one that was deleted"
    assert {**before, "scene_lists": 0, "scenes": 0} == {**after, "scene_lists": 0, "scenes": 0}


async def test_the_months_budget_does_not_grow_when_a_server_goes(house: House) -> None:
    await furnish(house, SERVER)
    await furnish(house, OTHER_SERVER)
    before = await spent(house)
    await leave(house, SERVER)
    house.after(30 * DAY)
    await house.clean()
    assert await spent(house) == before == 2 * 25 * 7
    with plain(house.folder) as connection:
        kept = connection.execute("SELECT DISTINCT member_id, project_id FROM ledger WHERE server_id = ?", (SERVER,))
        assert kept.fetchall() == [(0, None)], "nobody's any more"
    house.after(33 * DAY)
    await house.clean()
    assert rows_of(house, SERVER) == {}
    assert await spent(house) == before / 2
    assert SERVER not in dict((await house.clean()).servers)


async def test_one_that_comes_back_in_time_keeps_everything(house: House) -> None:
    await furnish(house, SERVER)
    before = rows_of(house, SERVER)
    await leave(house, SERVER)
    house.after(20 * DAY)
    async with house.records.write() as tx:
        await tx.servers.come_back([SERVER])
        assert await tx.servers.left() == {}
    await leave(house, SERVER)
    house.after(45 * DAY)
    await house.set(Option.KEEP_DELETED, 99)
    await house.set(Option.KEEP_JOBS, 0)
    await house.clean()
    assert rows_of(house, SERVER) == {**before, "settings": 2, "servers": 1}, "it counts from the last time it was left"


async def test_to_be_left_twice_counts_from_the_first_time(house: House) -> None:
    await house.a_list()
    await leave(house, SERVER)
    house.after(29 * DAY)
    await leave(house, SERVER)
    async with house.records.read() as tx:
        assert await tx.servers.left() == {SERVER: NOON}


async def test_one_that_comes_back_while_it_is_removed_keeps_what_is_left(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await furnish(house, SERVER)
    await leave(house, SERVER)
    house.after(31 * DAY)
    transact, calls = house.records.transact, 0

    async def back_after_five(work: object, *, lasting: bool = True) -> object:
        nonlocal calls
        calls += 1
        if calls == 5:
            async with house.records.write() as tx:
                await tx.servers.come_back([SERVER])
        return await transact(work, lasting=lasting)  # type: ignore[arg-type]

    monkeypatch.setattr(house.records, "transact", back_after_five)
    await house.clean()
    assert f"server {SERVER} came back while it was removed" in caplog.text
    assert rows_of(house, SERVER)["jobs"] == 26
    assert (await house.a_list()).ref.number == 5, "numbers go on"


async def test_one_with_open_jobs_waits_for_them(house: House) -> None:
    await house.a_list()
    job = await house.a_running_painter()
    await leave(house, SERVER)
    house.after(31 * DAY)
    assert list((await house.clean()).touched()) == []
    assert house.count("scene_lists") == 1
    await house.end(job)
    await house.clean()
    assert rows_of(house, SERVER) == {}


async def test_never_if_the_configuration_says_so(tmp_path: Path) -> None:
    async with opened_house(tmp_path, left_server_days=0) as house:
        await furnish(house, SERVER)
        await leave(house, SERVER)
        house.after(9000 * DAY)
        ((server, tally),) = (await house.clean()).touched()
        assert (server, tally.left, tally.characters) == (SERVER, False, 0), "only what its settings say"
        assert {"characters", "quotas", "settings"} <= set(rows_of(house, SERVER))


async def test_members_of_other_servers_have_their_turns_meanwhile(house: House) -> None:
    await house.a_list(60, scenes=24)
    await leave(house, SERVER)
    house.after(31 * DAY)
    cleaning = asyncio.create_task(house.clean())
    turns = 0
    while not cleaning.done():
        await house.a_list(server=OTHER_SERVER)
        turns += 1
    await cleaning
    assert turns >= 5
    assert rows_of(house, SERVER) == {}
    assert rows_of(house, OTHER_SERVER)["scene_lists"] == turns


async def test_a_server_is_known_by_whatever_is_stored_of_it(house: House) -> None:
    quota = Quota(kind=AllowanceKind.SCENES, limit=5, period=Period.DAY, server_id=ServerId(3))

    async def fill(tx: Transaction) -> None:
        await tx.usage.set_quota(quota, ANA, NOON)

    await house.records.transact(fill)
    await house.set(Option.KEEP_JOBS, 1, ServerId(4))
    await house.a_list(server=ServerId(5))
    async with house.records.read() as tx:
        assert await tx.servers.known() == (3, 4, 5)
    await leave(house, *(ServerId(n) for n in (3, 4, 5)))
    house.after(31 * DAY)
    await house.clean()
    async with house.records.read() as tx:
        assert await tx.servers.known() == ()
