"""Files of the moment: whatever a kill left of them is gone after the next start, and nothing else takes them away."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mv.app import build
from mv.errors import DataFolderInUse
from mv.settings import Settings
from tests.services.conftest import CONFIGS


def settings_of(folder: Path) -> Settings:
    return Settings(_env_file=None, data_dir=folder, config_dir=CONFIGS)


def left_by_a_kill(scratch: Path) -> None:
    (scratch / "export").mkdir(parents=True)
    (scratch / "export" / "P1.zip").write_bytes(b"half of it")
    (scratch / "file").write_bytes(b"x")


async def run(folder: Path, *words: str) -> int:
    """A command of a second process."""
    environment = {**os.environ, "MV_DATA_DIR": str(folder), "MV_CONFIG_DIR": str(CONFIGS)}
    command = (sys.executable, "-m", "bot", *words)
    return (await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True)).returncode


async def test_a_start_empties_it_and_follows_no_link(tmp_path: Path) -> None:
    app = build(settings_of(tmp_path / "data"))
    scratch = app.tools.scratch
    assert scratch == tmp_path / "data" / "scratch"
    left_by_a_kill(scratch)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").write_bytes(b"kept")
    (scratch / "link").symlink_to(tmp_path / "elsewhere")
    scratch.chmod(0o755)
    await app.open()
    assert (os.listdir(scratch), stat.S_IMODE(scratch.stat().st_mode)) == ([], 0o700)
    assert os.listdir(tmp_path / "elsewhere") == ["precious"]
    await app.close(0)


async def test_what_runs_beside_the_bot_leaves_it_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    app = build(settings_of(folder))
    await app.open()
    left_by_a_kill(app.tools.scratch)
    with pytest.raises(DataFolderInUse):
        await build(settings_of(folder)).open()
    assert await run(folder, "cleanup", "--dry-run") == 0
    assert await run(folder, "cleanup") == 2
    assert await run(folder, "backup", str(tmp_path / "all.zip")) == 0
    assert sorted(os.listdir(app.tools.scratch)) == ["export", "file"]
    await app.close(0)


async def test_a_start_does_not_fail_for_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "scratch").write_bytes(b"a file, of all things")
    app = build(settings_of(tmp_path))
    await app.open()
    await app.close(0)
    assert "scratch cannot be used" in caplog.text
