"""A backup put back: the whole state, or the one before; never a mixture, and never a file that is not ours."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from mv.errors import ArchiveUnusable, BackupImpossible, DataFolderInUse, SchemaTooNew, StorageFull, StorageLocked
from mv.store.backup import back_up, restore
from mv.store.lock import FolderLock
from mv.store.scraps import FolderScraps
from tests.faults.machine import small_disk
from tests.ops.kept import FILES, as_another_process, fill, members, names, settings_of, state
from tests.store.things import SetClock, plain

CLOCK = SetClock()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    back_up(fill(tmp_path / "first", "Salt and Light"), tmp_path / "all.zip", CLOCK)
    return tmp_path / "all.zip"


def test_on_a_machine_that_has_nothing(tmp_path: Path, archive: Path) -> None:
    restored = restore(settings_of(tmp_path / "new"), archive, CLOCK)
    assert restored.kept is None
    assert restored.held.files == FILES
    assert state(tmp_path / "new") == state(tmp_path / "first")
    assert names(tmp_path / "new") == ["media", *sorted(f"media/{name}" for name in state(tmp_path / "new")["files"]),
                                       "mv-bot.lock", "mv.sqlite3"]  # fmt: skip


def test_in_place_of_another_state_which_is_kept(tmp_path: Path, archive: Path) -> None:
    settings = fill(tmp_path / "data", "Other and Else")
    before = state(tmp_path / "data", tokens=True)
    restored = restore(settings, archive, CLOCK)
    assert restored.kept == tmp_path / "data" / "before-restore-20261122_120000"
    assert state(tmp_path / "data") == state(tmp_path / "first")
    (tmp_path / "data" / "mv.sqlite3").unlink()
    shutil.copy(restored.kept / "mv.sqlite3", tmp_path / "data" / "mv.sqlite3")
    assert state(tmp_path / "data", tokens=True) == before, "the old state can be put back, media and all"
    again = restore(settings, archive, CLOCK)
    assert again.kept == tmp_path / "data" / "before-restore-20261122_120000-2"
    assert state(tmp_path / "data") == state(tmp_path / "first")


def test_beside_files_whose_database_was_lost(tmp_path: Path, archive: Path) -> None:
    """They stay until somebody says otherwise: nothing else is left of what was made since the backup."""
    other = tmp_path / "data" / "media" / "11" / "character_ref_20261122_120000_0123abcd.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"made since")
    restored = restore(settings_of(tmp_path / "data"), archive, CLOCK)
    assert (restored.kept, restored.had) == (tmp_path / "data" / "before-restore-20261122_120000", False)
    assert restored.kept is not None
    assert list(restored.kept.iterdir()) == []
    assert asyncio.run(FolderScraps.of(tmp_path / "data", None, None).put_aside())
    assert other.exists()


def left_by_a_kill(tmp_path: Path) -> Path:
    """A data folder whose last transactions are in the log only."""
    fill(tmp_path / "running", "Other and Else")
    with as_another_process(tmp_path / "running") as connection:
        connection.execute("INSERT INTO counters VALUES (77, 'X', 5)")
        connection.execute("UPDATE scene_lists SET title = 'torn'")
        shutil.copytree(tmp_path / "running", tmp_path / "data")
    assert (tmp_path / "data" / "mv.sqlite3-wal").stat().st_size
    return tmp_path / "data"


def test_the_log_of_the_old_database_is_kept_and_not_applied(tmp_path: Path, archive: Path) -> None:
    data = left_by_a_kill(tmp_path)
    restored = restore(settings_of(data), archive, CLOCK)
    assert state(data) == state(tmp_path / "first")
    assert restored.kept is not None
    shutil.copytree(restored.kept, tmp_path / "kept")
    with plain(tmp_path / "kept") as connection:
        assert connection.execute("SELECT last FROM counters WHERE kind = 'X'").fetchall() == [(5,)]


@pytest.mark.parametrize("with_log", [False, True])
def test_a_damaged_database_is_replaced(tmp_path: Path, archive: Path, with_log: bool) -> None:
    data = left_by_a_kill(tmp_path)
    (data / "mv.sqlite3").write_bytes(b"this is no database " * 1000)
    log = (data / "mv.sqlite3-wal").read_bytes()
    if not with_log:
        (data / "mv.sqlite3-wal").unlink()
    restored = restore(settings_of(data), archive, CLOCK)
    assert state(data) == state(tmp_path / "first")
    assert restored.kept is not None
    assert (restored.kept / "mv.sqlite3").read_bytes() == b"this is no database " * 1000
    if with_log:
        assert (restored.kept / "mv.sqlite3-wal").read_bytes() == log


def test_a_log_without_its_database_is_not_applied(tmp_path: Path, archive: Path) -> None:
    data = left_by_a_kill(tmp_path)
    (data / "mv.sqlite3").unlink()
    restore(settings_of(data), archive, CLOCK)
    assert state(data) == state(tmp_path / "first")


def test_damaged_media_are_mended(tmp_path: Path, archive: Path) -> None:
    for file in (tmp_path / "first" / "media").iterdir():
        file.write_bytes(b"not what it was")
    restore(settings_of(tmp_path / "first"), archive, CLOCK)
    assert set(state(tmp_path / "first")["files"].values()) == {
        data for name, data in members(archive).items() if name.startswith("media/")
    }


def test_not_beside_a_running_bot(tmp_path: Path, archive: Path) -> None:
    settings = fill(tmp_path / "data", "Other and Else")
    with FolderLock(tmp_path / "data"):
        before = names(tmp_path / "data")
        with pytest.raises(DataFolderInUse):
            restore(settings, archive, CLOCK)
        assert names(tmp_path / "data") == before


def test_not_under_another_program(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.store.sqlite_files.BUSY_SECONDS", 0.1)
    settings = fill(tmp_path / "data", "Other and Else")
    with as_another_process(tmp_path / "data") as connection:
        connection.execute("INSERT INTO counters VALUES (77, 'X', 5)")
        with pytest.raises(StorageLocked):
            restore(settings, archive, CLOCK)
        assert connection.execute("SELECT title FROM scene_lists").fetchall() == [("Other and Else",)]
    assert state(tmp_path / "data")["scene_lists"][0]["title"] == "Other and Else"


def test_not_into_another_kind_of_database(tmp_path: Path, archive: Path) -> None:
    url = SecretStr("postgresql+asyncpg://u:secret-word@h/n")
    with pytest.raises(BackupImpossible):
        restore(settings_of(tmp_path / "data", database_url=url), archive, CLOCK)


def rewritten(change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Callable[[Path], None]:
    """The archive with other members, or another manifest."""

    def rewrite(archive: Path) -> None:
        found = members(archive)
        manifest = json.loads(found.pop("manifest.json"))
        change(found, manifest)
        with zipfile.ZipFile(archive, "w") as target:
            for name, data in found.items():
                target.writestr(name, data)
            target.writestr("manifest.json", json.dumps(manifest))

    return rewrite


def named(evil: str) -> Callable[[Path], None]:
    def rename(found: dict[str, bytes], manifest: dict[str, Any]) -> None:
        name = next(name for name in found if name.startswith("media/"))
        found[evil] = found.pop(name)
        manifest["members"][evil] = manifest["members"].pop(name)

    return rewritten(rename)


def in_the_middle(of: bytes) -> Callable[[Path], None]:
    """One bit of a member is not what it was."""

    def flip(archive: Path) -> None:
        data = bytearray(archive.read_bytes())
        at = data.index(of) + len(of) + 300
        data[at] ^= 4
        archive.write_bytes(data)

    return flip


def cut_short(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[:-3000])


def overwritten(archive: Path) -> None:
    archive.write_bytes(b"PK not a zip at all" * 99)


def other_zip(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("readme.txt", "hello")


def _newer(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["format"] = 2


def _not_ours(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del manifest["format"]


def _no_time(_: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del manifest["made_at"]


def _one_less(found: dict[str, bytes], _: dict[str, Any]) -> None:
    del found[next(name for name in found if name.startswith("media/"))]


def _one_more(found: dict[str, bytes], _: dict[str, Any]) -> None:
    found["media/more.png"] = b"more"


def _no_database(found: dict[str, bytes], manifest: dict[str, Any]) -> None:
    del found["mv.sqlite3"], manifest["members"]["mv.sqlite3"]


def _longer(found: dict[str, bytes], manifest: dict[str, Any]) -> None:
    found["mv.sqlite3"] += bytes(1_000_000)


EVIL = ("../evil.png", "media/../../evil.png", "/tmp/evil.png", "media/..\\evil.png", "media/a\\..\\..\\b", "media/",
        "media/./x", "media//x", "C:/evil", "media/c:evil", "mv-bot.lock")  # fmt: skip
DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    ("damaged", in_the_middle(b"mv.sqlite3")),
    ("damaged", in_the_middle(b"Salt and Light picture 3")),
    ("not_ours", cut_short),
    ("not_ours", overwritten),
    ("not_ours", other_zip),
    ("newer", rewritten(_newer)),
    ("not_ours", rewritten(_not_ours)),
    ("damaged", rewritten(_no_time)),
    ("damaged", rewritten(_one_less)),
    ("damaged", rewritten(_one_more)),
    ("damaged", rewritten(_no_database)),
    ("damaged", rewritten(_longer)),
    ("missing", Path.unlink),
    *(("not_ours", named(evil)) for evil in EVIL),
]


@pytest.mark.parametrize(("why", "damage"), DAMAGES)
def test_what_is_not_a_sound_archive_changes_nothing(
    tmp_path: Path, archive: Path, why: str, damage: Callable[[Path], None]
) -> None:
    settings = fill(tmp_path / "data", "Other and Else")
    damage(archive)
    before = names(tmp_path)
    with pytest.raises(ArchiveUnusable) as caught:
        restore(settings, archive, CLOCK)
    assert caught.value.why == why
    assert set(names(tmp_path)) - set(before) <= {"data/mv-bot.lock"}
    assert state(tmp_path / "data")["scene_lists"][0]["title"] == "Other and Else"


def test_a_schema_from_the_future_is_left_alone(tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.store.backup.REVISIONS", ("0001",))
    with pytest.raises(SchemaTooNew):
        restore(settings_of(tmp_path / "new"), archive, CLOCK)
    assert names(tmp_path / "new") == ["mv-bot.lock"]
    with pytest.raises(SchemaTooNew):
        back_up(settings_of(tmp_path / "first"), tmp_path / "more.zip", CLOCK)
    assert not list(tmp_path.glob("more.zip*"))


def test_a_full_disk_leaves_the_old_state(tmp_path: Path, archive: Path) -> None:
    fill(tmp_path / "data", "Other and Else")
    before = state(tmp_path / "data")
    with small_disk(tmp_path / "disk", 1600) as disk:
        shutil.copytree(tmp_path / "data", disk.path / "data")
        for leave in (0, 100_000):
            disk.fill(leave=leave)
            with pytest.raises(StorageFull):
                restore(settings_of(disk.path / "data"), archive, CLOCK)
            disk.room()
            assert not (disk.path / "data" / "restore.part").exists()
            assert state(disk.path / "data") == before


KILLED = """
import os, signal, sys, traceback
from pathlib import Path
from mv.store.backup import restore
from tests.ops.kept import settings_of
from tests.store.things import SetClock

folder, archive, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for step in range(1, last):
    data = folder / f"killed{step}"
    os.system(f"cp -r '{folder / 'data'}' '{data}'")
    if os.fork() == 0:
        seen = 0

        def hear(event, arguments):
            global seen
            if any(str(folder) in str(one) for one in arguments):
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hear)
        try:
            restore(settings_of(data), archive, SetClock())
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(-1, 0)[1]
    print(step, "killed" if os.WIFSIGNALED(status) else "done", flush=True)
    if not os.WIFSIGNALED(status):
        sys.exit(os.WEXITSTATUS(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process is killed at each of its steps by fork")
def test_a_kill_at_any_step_leaves_the_old_state_or_the_new(tmp_path: Path, archive: Path) -> None:
    """Before every call that opens, makes, links, moves or removes a file in the data folder."""
    left_by_a_kill(tmp_path)
    old = shutil.copytree(tmp_path / "data", tmp_path / "old")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(archive), "200"], capture_output=True, text=True, timeout=100
    )
    assert ended.returncode == 0, ended.stderr
    steps = re.findall(r"(\d+) (killed|done)", ended.stdout)
    assert steps[-1][1] == "done", steps
    assert len(steps) > 20
    first, second = state(old), state(tmp_path / "first")
    del first["files"]
    found = []
    for step, _ in steps:
        now = state(tmp_path / f"killed{step}")
        found.append("new" if now == second else "old")
        if found[-1] == "old":
            del now["files"]
            assert now == first, step
        restore(settings_of(tmp_path / f"killed{step}"), archive, CLOCK)
        assert state(tmp_path / f"killed{step}") == second
        assert not (tmp_path / f"killed{step}" / "restore.part").exists()
    assert found == sorted(found, reverse=True), found
    assert {"old", "new"} == set(found)
