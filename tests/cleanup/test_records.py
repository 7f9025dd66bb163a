"""What is deleted, takes and jobs: what goes, when, and what stays."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mv.domain.ids import Kind
from mv.domain.jobs import JobKind
from mv.domain.search import Filters, parse_query
from mv.domain.settings import Option
from mv.ports import Seen
from tests.cleanup.house import DAY, House, opened_house
from tests.store.test_plans import listening
from tests.store.things import ANA, NOON, OTHER_SERVER, SERVER, a_version

MINUTE = timedelta(minutes=1)


async def test_nothing_goes_by_itself(house: House) -> None:
    await house.a_list(3)
    await house.a_character(3)
    await house.a_job()
    before = house.files()
    house.after(9000 * DAY)
    report = await house.clean()
    assert list(report.touched()) == []
    assert (report.orphans.files, report.missing) == (0, [])
    assert house.files() == before
    assert [house.count(t) for t in ("scene_lists", "takes", "jobs", "steps")] == [1, 3, 1, 3]


async def test_what_is_deleted_goes_after_a_day_with_all_that_belongs_to_it(house: House) -> None:
    gone, kept = await house.a_list(4), await house.a_list()
    figure = await house.a_character(2)
    linked = await house.a_list(character_id=figure.id)
    for record in (gone, figure):
        await house.delete(record)
    house.after(DAY - MINUTE)
    assert list((await house.clean()).touched()) == []
    house.after(DAY)
    ((server, tally),) = (await house.clean()).touched()
    assert server == SERVER
    assert (tally.scene_lists, tally.characters, tally.takes, tally.files) == (1, 1, 2, 4)
    assert tally.bytes == sum(len(f"{figure.id} {n} {side}") for n in (1, 2) for side in ("full", "small"))
    assert (house.files(), house.keys()) == ([], [])
    async with house.records.read() as tx:
        assert await tx.scenes.get(gone.id, deleted=True) is None
        assert await tx.characters.get(figure.id, deleted=True) is None
        assert await tx.scenes.get(kept.id) is not None
        left = await tx.scenes.get(linked.id)
        assert left is not None
        assert left.character_id is None
    assert [house.count(t) for t in ("scene_lists", "scene_versions", "scenes", "takes")] == [2, 2, 6, 0]
    assert list((await house.clean()).touched()) == []


async def test_a_number_is_never_given_again(house: House) -> None:
    record = await house.a_list()
    await house.delete(record)
    house.after(2 * DAY)
    await house.clean()
    assert (await house.a_list()).ref.number == record.ref.number + 1


async def test_a_server_may_keep_what_is_deleted_longer(house: House) -> None:
    mine, theirs = await house.a_list(), await house.a_list(server=OTHER_SERVER)
    for record in (mine, theirs):
        await house.delete(record)
    await house.set(Option.KEEP_DELETED, 5)
    house.after(5 * DAY - MINUTE)
    assert [server for server, _ in (await house.clean()).touched()] == [OTHER_SERVER]
    house.after(5 * DAY)
    assert [server for server, _ in (await house.clean()).touched()] == [SERVER]


async def test_a_star_does_not_keep_what_its_owner_deleted(house: House) -> None:
    record = await house.a_list(starred_at=NOON)
    await house.delete(record)
    house.after(DAY)
    await house.clean()
    assert house.count("scene_lists") == 0


async def test_what_is_deleted_waits_for_the_delivery_of_its_result(house: House) -> None:
    record = await house.a_list()
    await house.delete(record)
    job = await house.a_job(delivered=False)
    with_record = f"UPDATE jobs SET record_id = '{record.id}'"
    house.rows(with_record)
    house.after(DAY)
    await house.clean()
    assert house.count("scene_lists") == 1
    house.rows(f"UPDATE jobs SET delivered_at = finished_at WHERE id = '{job.id}'")
    await house.clean()
    assert house.count("scene_lists") == 0


async def test_a_large_list_goes_in_small_transactions(house: House) -> None:
    record = await house.a_list(40, scenes=24)
    await house.delete(record)
    house.after(DAY)
    with listening() as heard:
        await house.clean()
    assert house.count("scenes") == 0
    begun = [n for n, (statement, _) in enumerate(heard.statements) if statement.startswith("UPDATE scene_lists")]
    assert len(begun) >= 5, "1,000 rows, 200 at a time"


async def test_what_is_half_removed_cannot_be_brought_back(house: House) -> None:
    record = await house.a_list(20, scenes=24)
    await house.delete(record)
    house.after(DAY)
    async with house.records.write() as tx:
        assert not await tx.cleaning.purge(Kind.SCENE_LIST, record.id, NOON, 50)
        found = await tx.scenes.get(record.id, deleted=True)
        assert found is not None
        assert found.deleted_at is not None
        assert found.deleted_at < NOON - 3650 * DAY
    await house.set(Option.KEEP_DELETED, 3650)
    await house.clean()
    assert house.count("scene_lists") == 0


async def test_a_deletion_that_was_taken_back_meanwhile_stays_so(house: House) -> None:
    record = await house.a_list()
    await house.delete(record)
    async with house.records.write() as tx:
        assert await tx.cleaning.deleted(SERVER, Kind.SCENE_LIST, NOON, None) == (record.id,)
        await tx.scenes.undelete(record.id)
        assert await tx.cleaning.purge(Kind.SCENE_LIST, record.id, NOON, 100)
        assert await tx.scenes.get(record.id) is not None


# ── takes ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_old_takes_go_but_for_the_main_and_the_newest_one(house: House) -> None:
    plain = await house.a_character(4)
    chosen = await house.a_character(4, main_take=2)
    star = await house.a_character(3, starred_at=NOON)
    deleted = await house.a_character(3)
    await house.set(Option.KEEP_TAKES, 10)
    house.after(10 * DAY + 1.5 * DAY)
    await house.delete(deleted, house.clock.now())
    report = await house.clean()
    assert [await house.takes(c.id) for c in (plain, chosen, star, deleted)] == [
        [3, 4],
        [2, 3, 4],
        [1, 2, 3],
        [1, 2, 3],
    ]
    assert report.of(SERVER).takes == 3
    house.after(9000 * DAY)
    await house.clean()
    assert [await house.takes(c.id) for c in (plain, chosen, star)] == [[4], [2, 4], [1, 2, 3]]
    assert house.files() == house.keys()
    assert len(house.files()) == 2 * 6


async def test_a_main_take_that_is_no_more_keeps_nothing_else(house: House) -> None:
    figure = await house.a_character(3, main_take=9)
    await house.set(Option.KEEP_TAKES, 1)
    house.after(99 * DAY)
    await house.clean()
    assert await house.takes(figure.id) == [3]


async def test_files_that_another_take_uses_stay(house: House) -> None:
    first = await house.a_character(2)
    twin = await house.a_character(2, same_as=first.id, starred_at=NOON)
    other_server = await house.a_character(2, same_as=first.id, server=OTHER_SERVER)
    assert len(house.files()) == 8, "once in each server"
    await house.delete(first)
    await house.delete(other_server)
    house.after(DAY)
    await house.clean()
    assert await house.takes(twin.id) == [1, 2]
    assert len(house.files()) == 4
    assert house.files() == house.keys()


async def test_a_take_that_becomes_the_main_one_meanwhile_stays(house: House) -> None:
    figure = await house.a_character(3)
    async with house.records.write() as tx:
        due = await tx.cleaning.takes(SERVER, NOON + 99 * DAY, None)
        assert len(due) == 2
    house.rows(f"UPDATE characters SET main_take = 1 WHERE id = '{figure.id}'")
    async with house.records.write() as tx:
        assert await tx.cleaning.remove_takes(SERVER, NOON + 99 * DAY, due) == 1
    assert await house.takes(figure.id) == [1, 3]


async def test_takes_stay_that_a_job_may_go_by_or_is_about_to_show(house: House) -> None:
    varied, made, idle = [await house.a_character(3) for _ in range(3)]
    job = await house.a_job(done=False, kind=JobKind.CHARACTER, order={"character_id": varied.id})
    shown = await house.a_job(delivered=False, kind=JobKind.CHARACTER)
    house.rows(f"UPDATE jobs SET record_id = '{made.id}' WHERE id = '{shown.id}'")
    await house.set(Option.KEEP_TAKES, 1)
    house.after(99 * DAY)
    for dry in (True, False):
        assert (await house.clean(dry=dry)).of(SERVER).takes == 2
    assert [await house.takes(figure.id) for figure in (varied, made, idle)] == [[1, 2, 3], [1, 2, 3], [3]]
    await house.end(job)
    house.rows("UPDATE jobs SET delivered_at = finished_at")
    await house.clean()
    assert [await house.takes(figure.id) for figure in (varied, made, idle)] == [[3], [3], [3]]


async def test_the_search_knows_what_takes_and_pictures_are_left(house: House) -> None:
    figure = await house.a_character(2)
    house.rows("UPDATE takes SET engine = 'old' WHERE number = 1")
    await house.a_list(character_id=figure.id)
    async with house.records.write() as tx:
        await tx.characters.rename(figure.id, "Mara")
    await house.set(Option.KEEP_TAKES, 1)

    async def found(rows: str, **filters: Any) -> int:
        async with house.records.read() as tx:
            seen = Seen(server_id=SERVER, member_id=ANA)
            query = parse_query("mara" if rows == "characters" else "keeper")
            page = await getattr(tx, rows).search(seen, query, Filters(**filters), after=None, size=5)
            return len(page.rows)

    assert [await found("characters", engine="old"), await found("scenes", has_picture=True)] == [1, 1]
    house.after(99 * DAY)
    await house.clean()
    assert [await found("characters", engine="old"), await found("scenes", has_picture=True)] == [0, 1]
    await house.delete(figure, house.clock.now())
    assert [await found("scenes", has_picture=True), await found("scenes", has_picture=False)] == [0, 1]
    async with house.records.write() as tx:
        await tx.characters.undelete(figure.id)
    assert await found("scenes", has_picture=True) == 1
    await house.delete(figure, house.clock.now())
    house.after(199 * DAY)
    await house.clean()
    assert await found("scenes", has_picture=False) == 1


async def test_no_file_goes_while_a_picture_is_made_that_may_be_the_same(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    figure = await house.a_character(1)
    await house.delete(figure)
    job = await house.a_running_painter()
    house.after(DAY)
    await house.clean()
    assert house.count("takes") == 0
    assert house.files() == house.keys() != []
    assert "stay while a character job runs" in caplog.text
    await house.end(job)
    await house.clean()
    assert house.files() == house.keys() == []


# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_old_jobs_go_with_their_steps_and_nothing_else(house: House) -> None:
    record = await house.a_list()
    old = [await house.a_job() for _ in range(45)]
    waiting, running = await house.a_job(delivered=False), await house.a_job(done=False)
    elsewhere = await house.a_job(server=OTHER_SERVER)
    async with house.records.write() as tx:
        made = a_version(2, job_id=old[0].id)
        await tx.scenes.add_version(record.id, made)
    await house.set(Option.KEEP_JOBS, 30)
    house.after(30 * DAY - MINUTE)
    assert list((await house.clean()).touched()) == []
    house.after(30 * DAY)
    assert (await house.clean()).of(SERVER).jobs == 45
    left = {row[0] for row in house.rows("SELECT id FROM jobs")}
    assert left == {waiting.id, running.id, elsewhere.id}
    assert house.count("steps") == 9
    async with house.records.read() as tx:
        version = await tx.scenes.version(record.id, 2)
        assert version is not None
        assert version.job_id == old[0].id
        assert await tx.jobs.usual_seconds("gemini-2.5-pro", JobKind.SCENES) == 0.0, "of those that are left"


async def test_a_job_that_ended_later_stays(house: House) -> None:
    await house.a_job()
    later = await house.a_job()
    house.rows(f"UPDATE jobs SET finished_at = '2026-11-25 12:00:00.000000' WHERE id = '{later.id}'")
    await house.set(Option.KEEP_JOBS, 1)
    house.after(2 * DAY)
    await house.clean()
    assert house.rows("SELECT id FROM jobs") == [(later.id,)]


async def test_jobs_stay_beside_an_older_one_that_is_open(house: House) -> None:
    """It may look its order up at the vendor, and must know which are its neighbours'."""
    neighbour, waiting = await house.a_job(), await house.a_job(done=False)
    house.rows(f"UPDATE jobs SET finished_at = '2026-11-23 12:00:00.000000' WHERE id = '{neighbour.id}'")
    await house.set(Option.KEEP_JOBS, 1)
    house.after(9 * DAY)
    await house.clean()
    assert house.count("jobs") == 2
    await house.end(waiting)
    house.rows("UPDATE jobs SET delivered_at = finished_at")
    await house.clean()
    assert house.count("jobs") == 0


async def test_a_damaged_setting_stops_its_own_server_alone(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for server in (SERVER, OTHER_SERVER):
        await house.set(Option.KEEP_JOBS, 1, server)
        await house.a_job(server=server)
    house.rows(f"UPDATE settings SET value = '{{' WHERE server_id = {SERVER}")
    house.preferences.forget(SERVER)
    house.after(9 * DAY)
    report = await house.clean()
    assert (report.failed, report.of(OTHER_SERVER).jobs) == ([SERVER], 1)
    assert f"the clean-up of server {SERVER}" in caplog.text


async def test_limits_yaml_says_what_holds_where_nothing_is_set(tmp_path: Path) -> None:
    async with opened_house(tmp_path, keep_jobs_days=3, undo_hours=1) as house:
        await house.a_job()
        await house.a_job(server=OTHER_SERVER)
        await house.delete(await house.a_list())
        await house.set(Option.KEEP_JOBS, 0, OTHER_SERVER)
        house.after(timedelta(hours=1))
        assert (await house.clean()).of(SERVER).scene_lists == 1
        house.after(9 * DAY)
        await house.clean()
        assert house.rows("SELECT server_id FROM jobs") == [(OTHER_SERVER,)]


# ── a dry run ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_dry_run_says_the_same_and_changes_nothing(house: House) -> None:
    figure = await house.a_character(4)
    twin = await house.a_character(4, same_as=figure.id)
    await house.a_character(2, same_as=figure.id, starred_at=NOON)
    shared = await house.a_character(3)
    for record in (await house.a_list(3), shared):
        await house.delete(record)
    for _ in range(3):
        await house.a_job()
    await house.set(Option.KEEP_JOBS, 1)
    await house.set(Option.KEEP_TAKES, 1)
    house.after(50 * DAY)
    before = house.files(), house.rows("SELECT * FROM takes"), house.rows("SELECT * FROM scene_lists")
    with listening() as heard:
        foretold = await house.clean(dry=True)
    assert not [s for s, _ in heard.statements if not s.startswith(("SELECT", "PRAGMA", "WITH"))]
    assert (house.files(), house.rows("SELECT * FROM takes"), house.rows("SELECT * FROM scene_lists")) == before
    done = await house.clean()
    assert foretold.servers == done.servers
    assert done.of(SERVER).takes == 3 + 3 + 3
    assert done.of(SERVER).files == 2 + 6, "of the takes 3 of both, and of those of the deleted one"
    assert await house.takes(twin.id) == [4]


async def test_more_than_is_looked_at_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("cleanup", "cleanup_files", "cleanup_server"):
        monkeypatch.setattr(f"mv.services.{module}.FOUND_AT_ONCE", 2)
    for _ in range(5):
        await house.delete(await house.a_list())
        await house.delete(await house.a_character(1))
        await house.a_job()
    figure = await house.a_character(6)
    await house.set(Option.KEEP_JOBS, 1)
    await house.set(Option.KEEP_TAKES, 1)
    house.after(50 * DAY)
    tally = (await house.clean()).of(SERVER)
    assert (tally.scene_lists, tally.characters, tally.takes, tally.jobs, tally.files) == (5, 5, 10, 5, 20)
    assert await house.takes(figure.id) == [6]
    assert house.files() == house.keys()
