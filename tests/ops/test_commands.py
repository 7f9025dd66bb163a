"""`backup` and `restore` as a person runs them, beside the running bot and after it; and the doctor's last line."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

import pytest

from tests.e2e.acts import character, finished, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import SECRETS, Ended, Stage, until
from tests.ops.kept import fill, members

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_bot_that_was_lost_goes_on_from_its_backup(make_stage: MakeStage) -> None:
    """Backed up while one job is done and others are under way; another bot takes the backup up in an empty folder."""
    stage = await make_stage(delay=1.5)
    bot = await stage.start()
    await result(await character(stage, images=2))
    stage.google.delay = 60.0
    await scenes(stage)
    made = await stage.run("backup", "all.zip")
    (stage.folder / "old.zip").write_bytes(b"an old backup")
    again, forced, beside = await asyncio.gather(
        stage.run("backup", "all.zip"), stage.run("backup", "--force", "old.zip"), stage.run("restore", "all.zip")
    )
    await bot.kill()
    assert made.code == 0, made
    files = stage.rows("SELECT COUNT(*) AS files FROM media")[0]["files"]
    assert f"2 jobs, 0 scene lists, 1 characters, {files} media files;" in made.out
    assert "Tokens of interactions are not in it" in made.out
    assert refused(again) == "all.zip exists already. Choose another name, or add --force to replace it."
    assert forced.code == 0, forced
    assert refused(beside).startswith("Another mv-bot runs on the data folder ")
    found = members(stage.folder / "all.zip")
    for secret in (*SECRETS, *stage.discord.hooks.by_token):
        assert not [name for name, data in found.items() if secret.encode() in data]
    shutil.move(stage.data, stage.folder / "lost")
    restored = await stage.run("restore", "all.zip")
    assert restored.code == 0, restored
    assert "Restored the state of " in restored.out
    stage.google.delay = 0.0
    await stage.start()
    shown = await stage.discord.message_where(lambda message: finished(message) and "scenes" in message.text)
    assert "8 scenes" in shown.text
    await stage.delivered()
    first, second = (row["delivered_by"] for row in stage.rows("SELECT delivered_by FROM jobs ORDER BY number"))
    assert first == "token"
    assert second in ("message", "channel"), "by the ladder: its token was not backed up"
    taken = await (await stage.discord.slash("character show", {"ref": "C1"})).response()
    assert len(taken.attachments) == 2
    kept = await _restored_once_more(stage)
    assert f"The database as it was before is in {stage.data / 'before-restore-'}" in kept.out


async def _restored_once_more(stage: Stage) -> Ended:
    await stage.bots[-1].stop()
    ended = await stage.run("restore", "all.zip")
    assert ended.code == 0, ended
    assert len(list(stage.data.glob("before-restore-*"))) == 1
    return ended


def refused(ended: Ended) -> str:
    """One sentence or two on one line, and exit code 2."""
    assert (ended.code, ended.out) == (2, ""), ended
    assert ended.err.count("\n") == 1, ended.err
    return ended.err.rstrip("\n")


async def test_what_a_person_reads(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.troubles_expected = True
    (stage.folder / "holiday.zip").write_bytes(b"photographs " * 99)
    postgres = "postgresql+asyncpg://bot:a-word-for-the-database@localhost/mv"
    nothing, server, missing, foreign, doctor = await asyncio.gather(
        stage.run("backup", "all.zip"),
        stage.run("backup", "all.zip", MV_DATABASE_URL=postgres),
        stage.run("restore", "nothing.zip"),
        stage.run("restore", "holiday.zip"),
        stage.run("doctor", GEMINI_API_KEY=None, REPLICATE_API_TOKEN=None, MV_DATA_DIR=str(stage.folder / "other")),
    )
    assert "There is nothing to back up" in refused(nothing)
    assert "pg_dump" in refused(server)
    assert "a-word-for-the-database" not in server.err
    assert refused(missing) == "There is no file nothing.zip."
    assert refused(foreign) == "holiday.zip is no backup of mv-bot."
    assert doctor.code == 0
    assert doctor.out.endswith(
        "Nothing is broken, but no vendor has a key: the bot starts, and can make neither scenes nor pictures.\n"
    )
    assert "All is well" not in doctor.out


async def test_media_that_are_missing_are_named(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start()
    await result(await character(stage))
    await stage.delivered()
    await bot.stop()
    gone = min(path for path in (stage.data / "media").rglob("*") if path.is_file())
    gone.unlink()
    key = gone.relative_to(stage.data / "media")
    ended = await stage.run("backup", "all.zip")
    assert ended.code == 0
    assert ended.err == f"Warning: 1 media files named by the records, but missing:\n  {key}\n"
    restored = await stage.run("restore", "all.zip", MV_DATA_DIR=str(stage.folder / "new"))
    assert restored.code == 0
    assert restored.err == f"Warning: 1 media files missing in the backup:\n  {key}\n"


async def test_a_backup_that_is_told_to_stop_leaves_nothing(make_stage: MakeStage) -> None:
    """SIGTERM too, which ends a process without its last words elsewhere."""
    stage = await make_stage()
    stage.troubles_expected = True
    await asyncio.to_thread(fill, stage.data)
    (stage.data / "media" / "character_ref_Salt_0.png").unlink()
    os.mkfifo(stage.data / "media" / "character_ref_Salt_0.png")  # whoever reads it waits
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "backup", "all.zip", cwd=stage.folder, env=stage.environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    await until((stage.folder / "all.zip.part").exists, "a backup under way")
    process.terminate()
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert (process.returncode, said) == (2, b"Interrupted. No backup was made.\n")
    assert sorted(path.name for path in stage.folder.iterdir()) == ["data"]
