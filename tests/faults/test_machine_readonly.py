"""A disk or folder that may not be written: at the start, and from some moment on."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stage import Stage as Processes
from tests.faults.machine import did, failing_disk, give_up, refused, small_disk
from tests.faults.stage import Stage

SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
CHARGED = {"scenes": 1, "spend": 8750}


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """Also for an administrator, whom permissions do not bind."""
    forbid, allow = ["chmod", "a-w", str(folder)], ["chmod", "u+w", str(folder)]
    if os.geteuid() == 0:
        forbid, allow = ["chattr", "+i", str(folder)], ["chattr", "-i", str(folder)]
    if shutil.which(forbid[0]) is None or subprocess.run(forbid, capture_output=True).returncode:
        pytest.skip(f"an administrator's right to write cannot be taken away here: {' '.join(forbid)}")
    try:
        yield
    finally:
        subprocess.run(allow, check=True)


@pytest.mark.parametrize("used", [False, True])
async def test_a_disk_that_may_not_be_written_at_the_start(tmp_path: Path, used: bool) -> None:
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with Processes(tmp_path / "stage") as stage:
            stage.folder.mkdir()
            if used:
                async with Stage(tmp_path / "before", data_dir=disk.path / "data") as before:
                    (await before.scenes()).result(charged=CHARGED)
            await asyncio.to_thread(did, "mount", "-o", "remount,ro", str(disk.path))
            ended = await stage.run(MV_DATA_DIR=str(disk.path / "data"))
            assert (ended.code, ended.out) == (2, "")
            assert "Read-only file system" in ended.err
            assert str(disk.path / "data") in ended.err
            assert "Traceback" not in ended.err


@pytest.mark.parametrize("slow", ["/users/@me", "/gateway/bot"])
async def test_records_that_cannot_be_opened_while_discord_is_slow(tmp_path: Path, slow: str) -> None:
    """The way out meets the login at any step."""
    async with Processes(tmp_path) as stage:
        stage.data.mkdir()
        stage.troubles_expected = True
        (stage.data / "mv.sqlite3").write_bytes(b"no database" * 1000)
        stage.discord.fail("GET", slow, delay=0.5, times=None)
        ended = await stage.run()
        assert (ended.code, ended.out) == (2, "")
        assert "Traceback" not in ended.err
        assert "ERROR" not in ended.err


async def test_a_folder_that_may_not_be_written_at_the_start(tmp_path: Path) -> None:
    async with Processes(tmp_path) as stage:
        stage.data.mkdir()
        with unwritable(stage.data):
            ended = await stage.run()
        assert (ended.code, ended.out) == (2, "")
        assert str(stage.data) in ended.err
        assert "Operation not permitted" in ended.err or "Permission denied" in ended.err
        assert "Traceback" not in ended.err


async def test_a_database_that_may_not_be_written_at_the_start(tmp_path: Path) -> None:
    async with Stage(tmp_path) as before:
        (await before.scenes()).result(charged=CHARGED)
    async with Processes(tmp_path) as stage:
        with unwritable(stage.data / "mv.sqlite3"):
            ended = await stage.run()
        assert (ended.code, ended.out) == (2, "")
        assert str(stage.data) in ended.err
        assert "Operation not permitted" in ended.err or "Permission denied" in ended.err
        assert "Traceback" not in ended.err


async def test_the_kernel_gives_up_on_the_disk_while_it_runs(tmp_path: Path) -> None:
    """Commands are answered, what is stored can be read."""
    with failing_disk(tmp_path / "disk") as disk:
        stage = Stage(tmp_path / "stage", data_dir=disk.path / "data")
        stage.data = disk.path / "data"
        async with stage:
            stage.troubles_expected = True
            (await stage.scenes(member=stage.discord.member)).result(charged=CHARGED)
            give_up(disk)
            for command, options in (
                ("scenes create", SCENES),
                ("character create", {"description": "y"}),
                ("project create", {"name": "Spring"}),
            ):
                await refused(await stage.discord.slash(command, options), "may not write to its disk")
            shown = await stage.discord.slash("scenes show", {"ref": "S1"})
            assert "S1" in (await shown.response()).text
            assert stage.google.calls == 1
            assert "StorageReadOnly (SQLITE_" in stage.log.text


async def test_the_folder_of_pictures_may_not_be_written_while_it_runs(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        (await stage.character()).result(charged={"images": 1, "spend": 40_000})
        (folder,) = (stage.data / "media").iterdir()
        with unwritable(folder):
            told = await stage.character()
            told.failure("may not write to its disk", "make it writable")
        again = await stage.press(told, "Retry")
        again.result("take 1", charged={"images": 1, "spend": 40_000})
        assert "StorageReadOnly (E" in stage.log.text
