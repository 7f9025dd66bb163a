"""A disk that is full: before a command, in the middle of a job, at the start, and under the log."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.ui.frame import Sheet
from mv.domain.ids import RecordId
from mv.domain.jobs import Delivery, Job, JobKind
from tests.e2e import acts
from tests.e2e.stage import BotProcess, until
from tests.e2e.stage import Stage as Processes
from tests.faults.machine import Disk, refused, small_disk
from tests.faults.stage import Stage
from tests.standins.gemini import Reply
from tests.standins.replicate import Script

SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
CHARGED = {"scenes": 1, "spend": 8750}


@asynccontextmanager
async def records_on(disk: Disk, folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """A bot whose data folder is on that disk."""
    stage = Stage(folder, data_dir=disk.path / "data", **settings)
    stage.data = disk.path / "data"
    async with stage:
        yield stage


async def nothing_is_stored(stage: Stage) -> None:
    answer = await (await stage.discord.slash("jobs list")).response()
    assert "No jobs yet" in answer.text


async def test_full_before_a_command(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with records_on(disk, tmp_path) as stage:
            disk.fill()
            for command, options in (
                ("scenes create", SCENES),
                ("character create", {"description": "y"}),
                ("project create", {"name": "Spring"}),
            ):
                await refused(await stage.discord.slash(command, options), "disk is full", "make room")
            assert stage.google.calls == 0
            await nothing_is_stored(stage)
            disk.room()
            told = await stage.scenes(member=stage.discord.member)
            told.result("S1 · version 1", charged=CHARGED)


async def test_full_in_the_middle_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer came and cannot be kept, nor can it be kept that the job has failed: the member hears of it at once,
    and of the end as soon as there is room."""
    monkeypatch.setattr("mv.app.LocalEngine.__init__.__kwdefaults__", _kwdefaults(pauses=(0.3,) * 30))
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with records_on(disk, tmp_path) as stage:

            def full(prompt: str) -> Reply:
                disk.fill()
                return Reply()

            stage.google.decide = full
            asked = await stage.discord.slash("scenes create", SCENES)
            await asked.until(lambda message: "disk takes nothing in" in message.text)
            stage.google.decide = None
            disk.room()
            told = await stage.told(asked)
            told.failure("disk is full", "make room")
            assert stage.google.calls == 1
            again = await stage.press(told, "Retry")
            again.result("S1 · version 1", charged=CHARGED)
            await stage.settled()


async def test_full_for_longer_than_anybody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt to store the end is left: the minute's tidying takes it up, without a restart."""
    monkeypatch.setattr("mv.app.LocalEngine.__init__.__kwdefaults__", _kwdefaults(pauses=(0.05, 0.05)))
    monkeypatch.setattr("mv.jobs.engine.FORGOTTEN_SECONDS", 0.01)
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with records_on(disk, tmp_path) as stage:
            stage.troubles_expected = True

            def full(prompt: str) -> Reply:
                disk.fill()
                return Reply()

            stage.google.decide = full
            asked = await stage.discord.slash("scenes create", SCENES)
            await stage.until(lambda: "until there is a way to store its end" in stage.log.text, "it was given up")
            for _ in range(3):
                await stage.app.engine.tidy()
                await asyncio.sleep(0.3)
            assert stage.google.calls == 1, "nothing is asked while the answer cannot be kept"
            stage.google.decide = None
            disk.room()
            await stage.app.engine.tidy()
            told = await stage.told(asked)
            told.result("S1 · version 1", charged=CHARGED)
            assert stage.google.calls == 2
            await stage.settled()


def _kwdefaults(**changes: Any) -> dict[str, Any]:
    from mv.jobs.engine import LocalEngine

    return {**(LocalEngine.__init__.__kwdefaults__ or {}), **changes}


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and path.name != "filling")


@pytest.mark.parametrize("leave", [0, 4096])
async def test_full_where_pictures_are_kept(tmp_path: Path, leave: int) -> None:
    """With some room the picture fits, and its light copy does not."""
    with small_disk(tmp_path / "disk", 512) as disk:
        async with Stage(tmp_path / "stage", media_url=(disk.path / "media").as_uri()) as stage:
            stage.replicate.edge = 24
            disk.fill(leave)
            told = await stage.character()
            told.failure("disk is full")
            assert files(disk.path) == []
            disk.room()
            again = await stage.press(told, "Retry")
            again.result("take 1", charged={"images": 1, "spend": 40_000})
            assert len(files(disk.path)) == 2


async def test_full_when_a_picture_is_noted(tmp_path: Path) -> None:
    """The files are stored, and that they are cannot be: none of them stays."""
    with small_disk(tmp_path / "disk", 2048) as disk:
        media = tmp_path / "media"
        async with records_on(disk, tmp_path / "stage", media_url=media.as_uri()) as stage:

            def full(values: Any) -> Script:
                asyncio.get_running_loop().call_later(0.2, disk.fill)
                return Script(delay=0.5)

            stage.replicate.decide = full
            asked = await stage.discord.slash("character create", {"description": "y", "images": 1})
            await asyncio.sleep(1.5)
            stage.replicate.decide = None
            disk.room()
            told = await stage.told(asked)
            told.failure("disk is full")
            assert files(media) == []


async def test_full_when_an_order_is_noted(tmp_path: Path) -> None:
    """What the vendor has accepted is neither thrown away nor ordered again, if there is room by the time it comes."""
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with records_on(disk, tmp_path / "stage") as stage:

            def full(values: Any) -> Script:
                disk.fill()
                asyncio.get_running_loop().call_later(0.3, disk.room)
                return Script(delay=1.0)

            stage.replicate.decide = full
            told = await stage.character()
            told.result("take 1", charged={"images": 1, "spend": 40_000})
            assert stage.replicate.counts["creates"] == 1
            assert "could not be noted: StorageFull" in stage.log.text


@pytest.mark.parametrize("private", [False, True])
async def test_full_when_a_delivery_is_noted(tmp_path: Path, private: bool) -> None:
    """The member has the result; that they have it is noted when there is room, and they get it no second time."""
    with small_disk(tmp_path / "disk", 2048) as disk:
        async with records_on(disk, tmp_path / "stage") as stage:
            draws = stage.bot.courier.draws
            draw = draws[JobKind.SCENES]

            async def full(job: Job, room: int) -> Sheet:
                sheet = await draw(job, room)
                disk.fill()
                return sheet

            draws[JobKind.SCENES] = full
            asked = await stage.discord.slash("scenes create", {**SCENES, "private": private})
            await asked.until(lambda message: "Delete" in message.buttons)
            await stage.until(lambda: stage.app.engine.status(only(stage)) is None, "the courier has gone")
            await stage.app.engine.tidy()
            await asyncio.sleep(0.3)
            draws[JobKind.SCENES] = draw
            disk.room()
            await stage.app.engine.tidy()
            told = await stage.told(asked)
            told.result("S1 · version 1", charged=CHARGED)
            assert told.job.delivered_by is Delivery.TOKEN
            assert len(stage.discord.world.messages) == 1
            assert "disk" not in told.text


def only(stage: Stage) -> RecordId:
    """The one job of the records."""
    with closing(sqlite3.connect(stage.data / "mv.sqlite3")) as connection:
        return RecordId(connection.execute("SELECT id FROM jobs").fetchone()[0])


# ── as a process ─────────────────────────────────────────────────────────────────────────────────────────────────────


def may_write(bot: BotProcess, size: int) -> None:
    """No file may grow beyond so many bytes: the same to a program as a full disk, on every machine."""
    _, hard = resource.prlimit(bot._process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot._process.pid, resource.RLIMIT_FSIZE, (size, hard))


async def test_no_file_may_grow_not_even_the_log(tmp_path: Path) -> None:
    async with Processes(tmp_path) as stage:
        stage.troubles_expected = True
        bot = await stage.start()
        await acts.asked(stage, "jobs list")
        may_write(bot, 1)
        for command, options in (("scenes create", SCENES), ("character create", {"description": "y"})):
            await refused(await stage.discord.slash(command, options), "disk is full")
        assert stage.rows("SELECT id FROM jobs") == []
        said = bot.log
        may_write(bot, resource.RLIM_INFINITY)
        await acts.result(await acts.scenes(stage))
        await acts.result(await acts.character(stage))
        await stage.delivered()
        assert bot.log != said, "the log goes on"
        assert "Traceback" not in bot.log

        stage.google.delay = 1.0
        asked = await acts.scenes(stage, "Another idea")
        await until(lambda: stage.google.calls == 2, "the vendor at work")
        may_write(bot, 1)
        await asked.until(lambda message: "disk takes nothing in" in message.text)
        may_write(bot, resource.RLIM_INFINITY)
        failed = await asked.until(lambda message: "Retry" in message.buttons, 15)
        assert "disk is full" in failed.text
        assert "your allowance was given back" in failed.text
        await stage.delivered()
        assert stage.counted(3) == {}
        may_write(bot, 1)
        await refused(await stage.discord.slash("scenes create", SCENES), "disk is full")
        assert await bot.stop() == 0


async def test_a_full_disk_at_the_start(tmp_path: Path) -> None:
    """With nothing on it yet, and with records."""
    with small_disk(tmp_path / "disk", 2048) as disk:
        data = str(disk.path / "data")
        async with Processes(tmp_path / "stage") as stage:
            stage.folder.mkdir()
            disk.fill()
            ended = await stage.run(MV_DATA_DIR=data)
            assert (ended.code, ended.out) == (2, "")
            assert "disk is full" in ended.err
            assert "Traceback" not in ended.err
            disk.room()
            stage.data = Path(data)
            bot = await stage.start(MV_DATA_DIR=data)
            await acts.result(await acts.scenes(stage))
            await stage.delivered()
            assert await bot.stop() == 0
            disk.fill()
            ended = await stage.run(MV_DATA_DIR=data)
            assert (ended.code, ended.out) == (2, "")
            assert "disk is full" in ended.err
            disk.room()


async def test_a_log_on_a_full_disk(tmp_path: Path) -> None:
    """The records have room."""
    with small_disk(tmp_path / "disk", 512) as disk:
        async with Processes(disk.path) as stage:
            stage.data = tmp_path / "data"
            bot = await stage.start(MV_DEBUG_MODE="1")  # more than what is left of the log's last block
            disk.fill()
            await acts.result(await acts.scenes(stage))
            assert "done, delivered" not in bot.log, "the log could not be written"
            disk.room()
            await acts.result(await acts.scenes(stage))
            await bot.says("J2")
            disk.fill()
            assert await bot.stop() == 0
