"""The database is held by another program, or the disk is slow: short holds are waited out, long ones are answered."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stage import Stage as Processes
from tests.faults.machine import refused
from tests.faults.stage import Stage

SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
CHARGED = {"scenes": 1, "spend": 8750}
HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
held.execute("ROLLBACK")
"""


@asynccontextmanager
async def held(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another program holds the database until the end of the block, or until it is told to `let_go`."""
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(folder / "mv.sqlite3"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    try:
        assert await program.stdout.readline() == b"held\n"
        yield program
    finally:
        let_go(program)
        await program.wait()


def let_go(program: asyncio.subprocess.Process) -> None:
    assert program.stdin is not None
    if not program.stdin.is_closing():
        program.stdin.write(b"\n")
        program.stdin.close()


async def test_a_short_hold_is_waited_out_in_time(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        async with held(stage.data) as program:
            asyncio.get_running_loop().call_later(1.0, let_go, program)
            asked = await stage.discord.slash("scenes create", SCENES, member=stage.discord.member)
            await asked.acknowledged()
        assert 0.5 < asked.acknowledged_after < 2.5
        (await stage.told(asked)).result("S1 · version 1", charged=CHARGED)


async def test_a_long_hold_is_answered_and_charges_nothing(tmp_path: Path) -> None:
    async with Stage(tmp_path) as stage:
        async with held(stage.data):
            answers = [
                await stage.discord.slash(command, options, member=stage.newcomer())
                for command, options in (("scenes create", SCENES), ("character create", {"description": "y"}))
            ]
            shown = await stage.discord.slash("jobs list")
            assert "No jobs yet" in (await shown.response()).text
            assert shown.acknowledged_after < 1, "who reads waits for nobody"
            await asyncio.gather(*(refused(one, "database is busy", "Try again") for one in answers))
        assert stage.google.calls == 0
        (await stage.scenes()).result("S1 · version 1", charged=CHARGED)


async def test_jobs_under_way_wait_and_end(tmp_path: Path) -> None:
    """The hold comes while both vendors work and lasts longer than one attempt to write; a command in between is
    answered all the same."""
    async with Stage(tmp_path) as stage:
        stage.google.delay = stage.replicate.delay = 0.4
        asked = [
            await stage.discord.slash("scenes create", SCENES, member=stage.newcomer()),
            await stage.discord.slash("character create", {"description": "y"}, member=stage.newcomer()),
        ]
        await asyncio.gather(*(one.acknowledged() for one in asked))
        await stage.until(lambda: stage.google.calls and stage.replicate.counts["accepted"], "both vendors at work")
        async with held(stage.data):
            began = time.monotonic()
            await refused(await stage.discord.slash("scenes create", SCENES), "database is busy")
            assert time.monotonic() - began < 8
            await asyncio.sleep(max(0.0, 4 - (time.monotonic() - began)))
        scenes, pictures = await asyncio.gather(*(stage.told(one) for one in asked))
        scenes.result(charged=CHARGED)
        pictures.result(charged={"images": 1, "spend": 40_000})
        assert stage.google.calls == 1
        assert stage.replicate.counts["creates"] == 1


async def test_held_at_the_start(tmp_path: Path) -> None:
    async with Processes(tmp_path) as stage:
        stage.data.mkdir()
        connection = sqlite3.connect(stage.data / "mv.sqlite3")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        async with held(stage.data):
            ended = await stage.run()
        assert (ended.code, ended.out) == (2, "")
        assert "held by another program" in ended.err
        assert "Traceback" not in ended.err


async def test_a_slow_disk_delays_no_acknowledgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every transaction takes longer at its end than Discord waits, in the thread that writes."""
    from mv.store.one_hop import OneHopConnection

    def slow(raw: sqlite3.Connection) -> None:
        time.sleep(3.5)
        sqlite3.Connection.commit(raw)

    class Slow(OneHopConnection):
        async def commit(self) -> None:
            if self._nothing_done():
                return
            await self.cross(slow)
            self._began = False

    async with Stage(tmp_path) as stage:
        monkeypatch.setattr(OneHopConnection, "commit", Slow.commit)
        asked = await stage.discord.slash("scenes create", SCENES)
        await asked.acknowledged()
        assert 1 < asked.acknowledged_after < 2.8
        other = await stage.discord.slash("jobs list")
        await other.response()
        assert other.acknowledged_after < 1
        monkeypatch.undo()
        (await stage.told(asked)).result(charged=CHARGED)
