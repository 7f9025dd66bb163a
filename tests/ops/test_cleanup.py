"""`python -m bot cleanup` as a person runs it: beside the running bot, after it, and where there is nothing."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mv.domain.character import file_name
from tests.e2e.acts import character, result
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Ended, Stage
from tests.ops.kept import fill

pytestmark = pytest.mark.asyncio(loop_scope="module")


def write(stage: Stage, statement: str) -> None:
    with closing(sqlite3.connect(stage.data / "mv.sqlite3", isolation_level=None)) as connection:
        connection.execute(statement)


def media_of(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def refused(ended: Ended) -> str:
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1), ended
    return ended.err


async def test_beside_the_bot_it_looks_and_after_it_it_removes(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start()
    for who in ("A retired astronaut", "A young one"):
        await result(await character(stage, who, images=2))
    await stage.delivered()
    server = stage.discord.guild.id
    write(stage, "UPDATE characters SET deleted_at = '2020-01-01 00:00:00.000000' WHERE number = 1")
    orphan = stage.data / "media" / str(server) / file_name(datetime.now(UTC), "png")
    for path in (orphan, stage.data / "all.zip.part.sqlite3.raw"):
        path.write_bytes(b"x" * 1000)
        os.utime(path, (time.time() - 90_000, time.time() - 90_000))
    before = media_of(stage.data), stage.rows("SELECT count(*) AS n FROM characters")[0]["n"]
    beside, now = await asyncio.gather(stage.run("cleanup", "--dry-run"), stage.run("cleanup"))
    assert refused(now).startswith("The bot runs on the data folder ")
    assert "--dry-run" in now.err
    assert (beside.code, beside.err) == (0, "")
    lines = beside.out.splitlines()
    assert lines[0].startswith(f"Server {server}: 1 characters, 2 takes, ")
    assert lines[0].endswith(" bytes would go")
    assert lines[1:] == [
        "Files that no record names: 1 files of 1,000 bytes would go",
        "Left by interrupted runs: 1 files of 1,000 bytes would go",
    ]
    assert (media_of(stage.data), stage.rows("SELECT count(*) AS n FROM characters")[0]["n"]) == before
    assert "S1" not in beside.out
    await bot.stop()
    done = await stage.run("cleanup")
    assert (done.code, done.err) == (0, "")
    assert done.out == beside.out.replace("would go", "removed")
    assert not orphan.exists()
    assert media_of(stage.data / "media") == [row["key"] for row in stage.rows("SELECT key FROM media ORDER BY key")]
    again = await stage.run("cleanup")
    assert (again.code, again.out, again.err) == (0, "There is nothing to clean up.\n", "")
    await stage.start()
    shown = await (await stage.discord.slash("character show", {"ref": "C2"})).response()
    assert len(shown.attachments) == 2


async def test_what_a_person_reads(make_stage: MakeStage) -> None:
    stage = await make_stage()
    for options in (["--dry-run"], []):
        nothing = await stage.run("cleanup", *options)
        assert refused(nothing).startswith("There are no records in ")
        assert not (stage.data / "mv.sqlite3").exists(), "it makes nothing"
    await asyncio.to_thread(fill, stage.data)
    write(stage, "UPDATE alembic_version SET version_num = '0003'")
    older = await stage.run("cleanup", "--dry-run")
    assert refused(older).startswith("The database is of an older mv-bot")
    write(stage, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer mv-bot" in refused(await stage.run("cleanup", "--dry-run"))


async def test_missing_files_are_named_and_stay_on_record(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start()
    await result(await character(stage))
    await stage.delivered()
    await bot.stop()
    gone = min(path for path in (stage.data / "media").rglob("*") if path.is_file())
    gone.unlink()
    for arguments in (("--dry-run",), ()):
        ended = await stage.run("cleanup", *arguments)
        assert (ended.code, ended.out) == (0, "There is nothing to clean up.\n")
        key = gone.relative_to(stage.data / "media")
        assert ended.err == f"Warning: 1 files are named by records, but missing:\n  {key}\n"
    assert stage.rows("SELECT count(*) AS n FROM media")[0]["n"] == 2
