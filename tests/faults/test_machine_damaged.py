"""A damaged database: named at the start and left untouched, answered while the bot runs; and one taken away."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stage import Stage as Processes
from tests.faults.machine import refused
from tests.faults.stage import Stage
from tests.standins.discord import Interaction

SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
CHARGED = {"scenes": 1, "spend": 8750}
PAGE = 4096


def header(file: Path) -> None:
    file.write_bytes(b"garbage." * 12 + file.read_bytes()[96:])


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flipped(file: Path) -> None:
    """Every second page in the middle holds something else."""
    data = bytearray(file.read_bytes())
    for page in range(2, len(data) // PAGE, 2):
        data[page * PAGE : (page + 1) * PAGE] = bytes(b ^ 0xFF for b in data[page * PAGE : (page + 1) * PAGE])
    file.write_bytes(data)


def zeros(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few records in it."""
    import asyncio

    folder = tmp_path_factory.mktemp("used")

    async def use() -> None:
        async with Stage(folder) as stage:
            for _ in range(3):
                (await stage.scenes(count=12)).result(charged=CHARGED)

    asyncio.run(use())
    return folder / "data"


@pytest.mark.parametrize("damage", [cut, flipped])
async def test_at_the_start(tmp_path: Path, used: Path, damage: Callable[[Path], None]) -> None:
    async with Processes(tmp_path) as stage:
        shutil.copytree(used, stage.data)
        file = stage.data / "mv.sqlite3"
        damage(file)
        before = file.read_bytes()
        ended = await stage.run()
        assert (ended.code, ended.out) == (2, "")
        assert f"database {file} is damaged" in ended.err
        assert "Traceback" not in ended.err
        assert file.read_bytes() == before
        shutil.rmtree(stage.data)


async def test_no_bytes_at_all_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mv.sqlite3").touch()
    async with Stage(tmp_path) as stage:
        (await stage.scenes()).result("S1 · version 1", charged=CHARGED)


def garbage_in_the_log(file: Path) -> None:
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[: size // 2] + b"garbage." * (size // 16))


@pytest.mark.parametrize("damage", [garbage_in_the_log, cut, zeros, header])
async def test_a_damaged_log_beside_it(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """After a kill what was written last stands in SQLite's log. Of a damaged one the sound part counts, as after a
    power cut: the bot starts, and the database is sound."""
    async with Stage(tmp_path / "first") as stage:
        (await stage.scenes()).result(charged=CHARGED)
        shutil.copytree(stage.data, tmp_path / "second" / "data")  # what a kill leaves
    data = tmp_path / "second" / "data"
    assert (data / "mv.sqlite3-wal").stat().st_size > 10_000
    damage(data / "mv.sqlite3-wal")
    async with Stage(tmp_path / "second") as stage:
        (await stage.scenes(member=stage.discord.friend)).result(charged=CHARGED)
        with closing(sqlite3.connect(data / "mv.sqlite3")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def told_of_damage(asked: Interaction) -> None:
    answer = await refused(asked, "database is damaged", "must restore")
    assert "mv.sqlite3" not in answer.text


def overwrite(file: Path) -> None:
    """All pages but the first, whose change counter says that there is something new."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
    with file.open("r+b") as raw:
        size = raw.seek(0, os.SEEK_END)
        raw.seek(PAGE)
        raw.write(os.urandom(size - PAGE))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 7")  # every other connection looks at the file again


async def test_pages_are_overwritten_while_it_runs(tmp_path: Path, used: Path) -> None:
    """Whoever needs them is told; the bot stays, and the log says why."""
    shutil.copytree(used, tmp_path / "data")
    async with Stage(tmp_path) as stage:
        (await stage.scenes()).result(charged=CHARGED)
        overwrite(stage.data / "mv.sqlite3")
        await told_of_damage(await stage.discord.slash("scenes create", SCENES))
        await told_of_damage(await stage.discord.slash("scenes list"))
        assert "StorageDamaged (SQLITE_CORRUPT" in stage.log.text
        assert stage.google.calls == 1
        with pytest.raises(Exception, match="StorageDamaged"):
            await stage.app.engine.tidy()


async def test_a_text_that_was_changed_spoils_that_record_only(tmp_path: Path, used: Path) -> None:
    """What SQLite cannot see: the pages are sound, and a stored request is not."""
    shutil.copytree(used, tmp_path / "data")
    async with Stage(tmp_path) as stage:
        with closing(sqlite3.connect(stage.data / "mv.sqlite3")) as connection, connection:
            connection.execute('UPDATE jobs SET "order" = substr("order", 5) WHERE number = 1')
        manager = stage.discord.manager
        await told_of_damage(await stage.discord.slash("jobs show", {"ref": "J1"}, member=manager))
        shown = await stage.discord.slash("jobs show", {"ref": "J2"}, member=manager)
        assert "J2" in (await shown.response()).text
        (await stage.scenes(member=stage.discord.friend)).result(charged=CHARGED)


async def test_a_damaged_job_keeps_no_other_back(tmp_path: Path) -> None:
    """Three were under way at a kill. Two of them are done by the next process; the third cannot be read, which the log
    says."""
    data = tmp_path / "second" / "data"
    async with Stage(tmp_path / "first") as stage:
        stage.google.delay = 0.5
        asked = [await stage.discord.slash("scenes create", SCENES, member=stage.newcomer()) for _ in range(3)]
        await stage.until(lambda: stage.google.calls == 3, "all three at work")
        shutil.copytree(stage.data, data)  # what a kill leaves
        for one in asked:
            (await stage.told(one)).result(charged=CHARGED)
    with closing(sqlite3.connect(data / "mv.sqlite3")) as connection, connection:
        connection.execute('UPDATE jobs SET "order" = substr("order", 5) WHERE number = 2')
    async with Stage(tmp_path / "second") as stage:
        stage.troubles_expected = True
        await stage.until(lambda: stage.log.text.count(": done, delivered by") == 2, "the others are done")
        assert "is damaged and left alone" in stage.log.text
        assert stage.google.calls == 2


async def test_the_data_folder_is_deleted_while_it_runs(tmp_path: Path) -> None:
    """What were stored from then on would be gone after the next start: nothing is taken in."""
    async with Stage(tmp_path) as stage:
        stage.troubles_expected = True
        (await stage.scenes()).result(charged=CHARGED)
        shutil.move(stage.data, tmp_path / "elsewhere")
        await told_of_damage(await stage.discord.slash("scenes create", SCENES))
        assert "was moved or deleted" in stage.log.text
        shutil.move(tmp_path / "elsewhere", stage.data)
        (await stage.scenes()).result(charged=CHARGED)


async def test_the_folder_of_pictures_is_deleted_while_it_runs(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        made = await stage.character()
        made.result("take 1", charged={"images": 1, "spend": 40_000})
        shutil.rmtree(stage.data / "media")
        gone = await stage.discord.slash("character original", {"ref": "C1"}, member=stage.discord.manager)
        answer = await gone.response()
        assert "There is no file `C1` here" in answer.text
        shown = await stage.discord.slash("character show", {"ref": "C1"}, member=stage.discord.manager)
        assert "The preview is not at hand" in (await shown.response()).text
        (await stage.character()).result("take 1", charged={"images": 1, "spend": 40_000})


@pytest.mark.parametrize("changed", [b"", b"something else altogether"])
async def test_a_picture_was_changed(tmp_path: Path, changed: bytes) -> None:
    """What is shown as untouched is what the vendor sent, or nothing."""
    async with Stage(tmp_path) as stage:
        made = await stage.character()
        made.result(charged={"images": 1, "spend": 40_000})
        for path in (stage.data / "media").rglob("*"):
            if path.is_file():
                path.write_bytes(changed)
        asked = await stage.discord.slash("character original", {"ref": "C1"}, member=stage.discord.manager)
        answer = await asked.response()
        assert "There is no file `C1` here" in answer.text
        assert answer.attachments == []
        shown = await stage.discord.slash("character show", {"ref": "C1"}, member=stage.discord.manager)
        assert "The preview is not at hand" in (await shown.response()).text
