"""Files that nothing names, files that are not there, and what interrupted runs left."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from mv.config.model import Retention
from mv.domain.character import MediaFile, file_name
from mv.domain.jobs import JobKind
from mv.domain.retention import named_at
from mv.errors import StorageError
from mv.services.intake import Print
from mv.store.scraps import FolderScraps
from tests.cleanup.house import DAY, House, opened_house
from tests.store.things import NOON, OTHER_SERVER, SERVER

HOUR = timedelta(hours=1)


async def put(house: House, key: str, hours: float = 2.0) -> str:
    await house.media.put(key, b"bytes of it", "image/png")
    house.aged(key, hours)
    return key


async def test_files_that_no_record_names_are_swept_when_they_are_old_enough(house: House) -> None:
    await house.a_character(2)
    named = house.files()
    young = await put(house, f"{SERVER}/{file_name(NOON, 'png')}", hours=0.9)
    for server in (SERVER, OTHER_SERVER):
        await put(house, f"{server}/{file_name(NOON, 'png')}")
    foretold = await house.clean(dry=True)
    report = await house.clean()
    assert report.orphans == foretold.orphans
    assert (report.orphans.files, report.orphans.bytes) == (2, 22)
    assert house.files() == sorted([*named, young])
    house.after(HOUR)
    assert (await house.clean()).orphans.files == 1
    assert house.files() == named


@pytest.mark.parametrize(
    "key",
    [
        "holiday.png", "11/holiday.png", "11/character_ref_1.png", "photos/character_ref_20261122_120000_0123abcd.png",
        "11/sub/character_ref_20261122_120000_0123abcd.png", "character_ref_20261122_120000_0123abcd.png",
    ],
)  # fmt: skip
async def test_what_this_bot_does_not_name_so_is_never_touched(house: House, key: str) -> None:
    await put(house, key)
    assert named_at(key) is None
    assert not (await house.clean()).orphans
    assert house.files() == [key]


def test_names_that_are_ours() -> None:
    assert named_at(f"{SERVER}/{file_name(NOON, 'jpeg')}") == NOON.replace(microsecond=0)
    assert named_at(f"{SERVER}/character_ref_20261122_120000_0123abcd.preview.webp") is not None
    assert named_at(f"{SERVER}/character_ref_20261399_120000_0123abcd.webp") is None


async def test_what_an_open_job_has_taken_in_is_spared_until_it_ends(house: House) -> None:
    """It was killed after it took pictures in, and was away for hours: its next run goes on with them."""
    file = await house.a_file("a picture")
    small = await house.a_file("a light copy")
    job = await house.a_running_painter()
    noted = Print(original=file, preview=small).plain()
    async with house.records.write() as tx:
        await tx.jobs.complete(job.id, "collect:x:1", NOON, {"files": [noted], "model_version": "1"}, 5)
    assert not (await house.clean()).orphans
    assert house.files() == sorted([file.key, small.key])
    await house.end(job)
    assert (await house.clean()).orphans.files == 2
    assert house.files() == []


async def test_a_journal_that_holds_anything_else_harms_nothing(house: House) -> None:
    job = await house.a_job(done=False, kind=JobKind.SCENES)
    async with house.records.write() as tx:
        for number, files in enumerate((None, "x", 7, [None, 1, {"original": 3}], {"a": 1}, [])):
            await tx.jobs.complete(job.id, f"step:{number}", NOON, {"files": files}, None)
    await put(house, f"{SERVER}/{file_name(NOON, 'png')}")
    assert (await house.clean()).orphans.files == 1


async def test_missing_files_are_told_and_their_records_stay(house: House, caplog: pytest.LogCaptureFixture) -> None:
    figure = await house.a_character(2)
    gone = house.files()[0]
    (house.folder / "media" / gone).unlink()
    for dry in (True, False):
        assert (await house.clean(dry=dry)).missing == [gone]
    await house.cleaner.daily()
    assert await house.takes(figure.id) == [1, 2]
    assert f"1 files are named by records, but missing, such as {gone}" in caplog.text


async def test_a_whole_folder_that_is_gone(house: House) -> None:
    await house.a_character(3)
    for key in house.files():
        (house.folder / "media" / key).unlink()
    assert (await house.clean()).missing == house.keys()
    assert len(house.keys()) == 6


async def test_more_files_than_are_looked_at_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.services.cleanup_files.PAGE", 3)
    monkeypatch.setattr("mv.store.media.LISTED_AT_ONCE", 2)
    monkeypatch.setattr("mv.services.cleanup_files.ROWS", 2)
    await house.a_character(4)
    named = house.files()
    for _ in range(5):
        await put(house, f"{SERVER}/{file_name(NOON, 'png')}")
    report = await house.clean()
    assert (report.orphans.files, report.missing) == (5, [])
    assert house.files() == named


async def test_files_stay_where_a_restore_put_a_database_aside(house: House) -> None:
    key = await put(house, f"{SERVER}/{file_name(NOON, 'png')}")
    aside = house.folder / "before-restore-20261122_120000"
    aside.mkdir()
    report = await house.clean()
    assert (report.orphans.files, report.held.files, report.held.bytes) == (0, 1, 11)
    assert house.files() == [key]
    aside.rmdir()
    assert (await house.clean()).orphans.files == 1


async def test_what_is_older_than_the_records_stays(house: House) -> None:
    """Such as beside a new database: another one may name them."""
    old, new = [await put(house, f"{SERVER}/{file_name(NOON - days * DAY, 'png')}") for days in (10, 8)]
    for dry in (True, False):
        report = await house.clean(dry=dry)
        assert (report.older.files, report.older.bytes, report.orphans.files) == (1, 11, 1)
    assert house.files() == [old]
    assert new != old


async def test_a_new_database_beside_old_files_takes_none_of_them(tmp_path: Path) -> None:
    async with opened_house(tmp_path) as house:
        await house.a_character(2)
        files = house.files()
    for name in ("mv.sqlite3", "mv.sqlite3-wal", "mv.sqlite3-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    house = House(tmp_path, Retention())
    await house.records.open()
    house.after(DAY)
    assert (await house.clean()).older.files == len(files) == 4
    await house.records.close()
    assert house.files() == files


async def test_a_file_that_cannot_be_deleted_is_swept_another_day(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = await house.a_character(1)
    await house.delete(figure)
    house.after(DAY)

    async def no(key: str) -> None:
        raise StorageError

    with monkeypatch.context() as held:
        held.setattr(house.media, "delete", no)
        await house.clean()
    assert house.keys() == []
    assert len(house.files()) == 2
    assert (await house.clean()).orphans.files == 2
    assert house.files() == []


async def test_what_interrupted_runs_left_goes_after_a_day(house: House) -> None:
    house.clock.time = NOON
    names = [
        "all.zip.part", "all.zip.part.sqlite3", "all.zip.part.sqlite3-wal", "all.zip.part.sqlite3.raw",
        "all.zip.part.sqlite3.raw-journal", "media/11/character_ref_1.png#1", "restore.part/mv.sqlite3",
    ]  # fmt: skip
    kept = ["all.zip", "mv-bot.lock", "commands.sha256", "notes.txt", "media/11/a#b.png"]
    for name in (*names, *kept):
        path = house.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    for path in house.folder.rglob("*"):
        os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    house.after(DAY - HOUR)
    assert not (await house.clean()).scraps
    house.after(DAY)
    foretold = await house.clean(dry=True)
    assert (foretold.scraps.files, foretold.scraps.bytes) == (7, 35)
    report = await house.clean()
    assert report.scraps == foretold.scraps
    assert [name for name in names if (house.folder / name).exists()] == []
    assert [name for name in kept if not (house.folder / name).exists()] == []
    assert not (house.folder / "restore.part").exists()


async def test_beside_a_database_elsewhere_only_what_is_surely_ours_goes(tmp_path: Path) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    names = ["film.mp4.part", "all.zip.part", "restore.part/mv.sqlite3"]
    for name in names:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    for path in home.rglob("*"):
        os.utime(path, (1, 1))
    scraps = FolderScraps.of(data, home / "mv.sqlite3", None)
    assert [Path(scrap.path) for scrap in await scraps.found(NOON)] == [home / "restore.part"]


async def test_bytes_that_come_again_after_their_file_went_are_stored_anew(house: House) -> None:
    figure = await house.a_character(1)
    await house.delete(figure)
    house.after(DAY)
    await house.clean()
    again = await house.a_file(f"{figure.id} 1 full")
    assert house.files() == [again.key]
    assert isinstance(again, MediaFile)


async def test_the_daily_pass_logs_what_it_did(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await house.delete(await house.a_list(), NOON - 2 * DAY)
    await put(house, f"{SERVER}/{file_name(NOON, 'png')}")
    (house.folder / "all.zip.part").write_bytes(b"12345")
    os.utime(house.folder / "all.zip.part", (1, 1))
    await house.cleaner.daily()
    for line in (
        f"server {SERVER}: removed 1 scene lists",
        "1 files without a record were removed, 11 bytes",
        "1 leavings of interrupted runs were removed, 5 bytes",
    ):
        assert line in caplog.text


@pytest.mark.parametrize("jump", [2 * DAY, -2 * DAY])
async def test_nothing_goes_when_the_clock_was_set(
    house: House, jump: timedelta, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be wrong now: it is trusted when it has gone on evenly until the next pass."""
    await house.delete(await house.a_list(), NOON - 2 * DAY)
    house.after(jump)
    await house.cleaner.daily()
    assert "the machine's clock was set" in caplog.text
    assert house.count("scene_lists") == 1
    house.after(jump + timedelta(minutes=1))
    await house.cleaner.daily()
    assert house.count("scene_lists") == (0 if jump > timedelta() else 1)
