"""Odd places and tight limits: names with every sign, links, no folder for temporary files, few open files."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import acts
from tests.e2e.stage import Stage as Processes
from tests.faults.machine import small_disk
from tests.faults.stage import Stage

CHARGED = {"scenes": 1, "spend": 8750}
PICTURE = {"images": 1, "spend": 40_000}


@pytest.mark.parametrize("name", ["with a space", "Ümläute 🎬", "what?mode=ro#and%20more%", "a'b\"c;d&e=f"])
async def test_a_data_folder_of_any_name(tmp_path: Path, name: str) -> None:
    """The second start finds what the first has stored, in that folder and in no other."""
    folder = tmp_path / name / "data"
    for number in (1, 2):
        stage = Stage(tmp_path / f"stage{number}", data_dir=folder)
        stage.data = folder
        async with stage:
            who = stage.newcomer()
            (await stage.scenes(member=who)).result(f"S{number} · version 1", charged=CHARGED)
            (await stage.character(member=who)).result(f"C{number} · take 1", charged=PICTURE)
    assert set(os.listdir(tmp_path)) == {name, "stage1", "stage2"}
    assert (folder / "mv.sqlite3").exists()
    assert len(list((folder / "media").rglob("character_ref*.png"))) == 2


async def test_a_data_folder_that_is_a_link(tmp_path: Path) -> None:
    """Also for the lock: by the link or by its target, a second process is refused."""
    (tmp_path / "target").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "target", target_is_directory=True)
    async with Processes(tmp_path) as stage:
        await stage.start()
        await acts.result(await acts.scenes(stage))
        await stage.delivered()
        assert (tmp_path / "target" / "mv.sqlite3").exists()
        second = await stage.run(MV_DATA_DIR=str(tmp_path / "target"))
        assert second.code == 2
        assert "Another mv-bot" in second.err


async def test_no_room_for_temporary_files(tmp_path: Path) -> None:
    """Neither pictures nor SQLite ask for any."""
    with small_disk(tmp_path / "tmp", 64) as disk:
        disk.fill()
        async with Processes(tmp_path / "stage") as stage:
            stage.folder.mkdir()
            await stage.start(TMPDIR=str(disk.path), SQLITE_TMPDIR=str(disk.path))
            await acts.result(await acts.scenes(stage))
            await acts.result(await acts.character(stage))
            await stage.delivered()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="no limits on a running process here")
async def test_few_open_files(tmp_path: Path) -> None:
    """96 suffice for twelve jobs at once, which take 70; with none to spare members are told, and then all goes on."""
    async with Processes(tmp_path, delay=0.2) as stage:
        stage.troubles_expected = True
        bot = await stage.start()
        pid = bot._process.pid
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (96, 4096))
        who = [stage.discord.member, stage.discord.friend, stage.discord.manager]
        asked = await asyncio.gather(
            *(acts.scenes(stage, f"Idea {n}", 2, member=who[n % 3]) for n in range(6)),
            *(acts.character(stage, f"Somebody {n}", 2, member=who[n % 3]) for n in range(6)),
        )
        await asyncio.gather(*(acts.result(one) for one in asked))
        await stage.delivered()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (8, 4096))
        short: list[Any] = [await acts.scenes(stage), await acts.character(stage)]
        for one in short:
            await one.until(lambda message: not acts.waiting(message), 40)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, 4096))
        await acts.result(await acts.scenes(stage))
        await acts.result(await acts.character(stage))
        await stage.delivered()
        assert stage.rows("SELECT id FROM jobs WHERE finished_at IS NULL") == []
        assert bot.running
