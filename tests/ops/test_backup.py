"""A backup: one moment, whole, without secrets; a file that is complete or not there."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from mv.errors import BackupImpossible, StorageDamaged, StorageFull
from mv.store import sqlite_files
from mv.store.backup import back_up
from tests.faults.machine import small_disk
from tests.ops.kept import ERASED, FILES, JOBS, TABLES, TOKEN, as_another_process, fill, members, settings_of, state
from tests.store.things import SetClock, plain

CLOCK = SetClock()


def test_it_holds_every_row_and_every_file(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    held = back_up(settings, tmp_path / "all.zip", CLOCK)
    assert held.records == {"jobs": JOBS, "scene lists": 1, "characters": 1}
    assert (held.files, held.missing, held.differing) == (FILES, (), ())
    assert held.bytes == (tmp_path / "all.zip").stat().st_size
    found, before = members(tmp_path / "all.zip"), state(tmp_path / "data")
    assert {name[6:]: data for name, data in found.items() if name.startswith("media/")} == before["files"]
    manifest = json.loads(found.pop("manifest.json"))
    assert manifest["format"] == 1
    assert manifest["made_at"] == "2026-11-22T12:00:00Z"
    assert manifest["schema"] == before["alembic_version"][0]["version_num"]
    stated = {name: (member["sha256"], member["bytes"]) for name, member in manifest["members"].items()}
    assert stated == {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in found.items()}
    (tmp_path / "copy").write_bytes(found["mv.sqlite3"])
    with closing(sqlite3.connect(tmp_path / "copy")) as copy, plain(tmp_path / "data") as original:
        for table in set(TABLES) - {"jobs"}:
            query = f"SELECT * FROM {table}"
            assert copy.execute(query).fetchall() == original.execute(query).fetchall()
        assert copy.execute("SELECT count(*), count(reply_token) FROM jobs").fetchone() == (JOBS, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "copy", "data"]
    assert (tmp_path / "all.zip").stat().st_mode & 0o777 == 0o600


def test_no_token_is_in_it_nor_are_its_bytes(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    with plain(tmp_path / "data") as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("UPDATE jobs SET reply_token = NULL WHERE number > 5")
    raw = (tmp_path / "data" / "mv.sqlite3").read_bytes()
    assert raw.count(TOKEN.encode()) > 5, "what is erased leaves its bytes behind, or this test shows nothing"
    back_up(settings, tmp_path / "all.zip", CLOCK)
    for data in members(tmp_path / "all.zip").values():
        assert TOKEN.encode() not in data
        assert ERASED.encode() not in data
    assert (tmp_path / "data" / "mv.sqlite3").read_bytes().count(TOKEN.encode()) > 5, "the original stays as it is"


WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
connection.execute("PRAGMA synchronous = OFF")
number, until = 0, time.monotonic() + 20
while time.monotonic() < until:
    number += 1
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO counters VALUES (?, 'A', ?)", (number, number))
    connection.execute("INSERT INTO counters VALUES (?, 'B', ?)", (number, number))
    connection.execute("COMMIT")
    if number == 1:
        print("going", flush=True)
"""


def test_one_moment_while_a_process_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page a step: a copy that began anew with every write would never end, one without a moment would be torn."""
    monkeypatch.setattr(sqlite_files, "PAGES_A_STEP", 1)
    settings = fill(tmp_path / "data")
    with plain(tmp_path / "data") as connection:
        connection.execute("CREATE TABLE filler AS SELECT zeroblob(4000000) AS zeros")
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "data" / "mv.sqlite3")], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        try:
            for number in range(3):
                back_up(settings, tmp_path / f"{number}.zip", CLOCK)
                assert writer.poll() is None
        finally:
            writer.kill()
    for number in range(3):
        (tmp_path / "copy").write_bytes(members(tmp_path / f"{number}.zip")["mv.sqlite3"])
        with closing(sqlite3.connect(tmp_path / "copy")) as copy:
            sums = copy.execute("SELECT kind, count(*), sum(last) FROM counters WHERE kind IN ('A', 'B') GROUP BY kind")
            first, second = sums.fetchall()
        assert first[1:] == second[1:]
        assert first[1] > number


def test_what_is_in_the_log_only_is_in_it(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    with as_another_process(tmp_path / "data") as connection:
        connection.execute("INSERT INTO counters VALUES (77, 'X', 5)")
        assert (tmp_path / "data" / "mv.sqlite3-wal").stat().st_size
        back_up(settings, tmp_path / "all.zip", CLOCK)
        (tmp_path / "copy").write_bytes(members(tmp_path / "all.zip")["mv.sqlite3"])
        with closing(sqlite3.connect(tmp_path / "copy")) as copy:
            assert copy.execute("SELECT last FROM counters WHERE kind = 'X'").fetchall() == [(5,)]


def test_media_that_are_missing_or_not_what_they_were(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    gone, changed = sorted((tmp_path / "data" / "media").iterdir())[1:3]
    gone.unlink()
    changed.write_bytes(b"another picture")
    held = back_up(settings, tmp_path / "all.zip", CLOCK)
    assert (held.missing, held.differing, held.files) == ((gone.name,), (changed.name,), FILES - 1)
    assert members(tmp_path / "all.zip")[f"media/{changed.name}"] == b"another picture"


def test_media_at_an_address(tmp_path: Path) -> None:
    fill(tmp_path / "data", media=tmp_path / "store")
    settings = settings_of(tmp_path / "data", media_url=(tmp_path / "store").as_uri())
    assert back_up(settings, tmp_path / "all.zip", CLOCK).files == FILES


@pytest.mark.parametrize(
    ("why", "file", "values"),
    [
        ("exists", "there.zip", {}),
        ("exists", "folder", {}),
        ("no_folder", "nowhere/all.zip", {}),
        ("no_database", "all.zip", {"data_dir": "empty"}),
        ("no_database", "all.zip", {"data_dir": "begun"}),
        ("not_sqlite", "all.zip", {"database_url": SecretStr("postgresql+asyncpg://u:secret-word@h/n")}),
    ],
)
def test_what_it_refuses(tmp_path: Path, why: str, file: str, values: dict[str, object]) -> None:
    (tmp_path / "there.zip").write_bytes(b"an old backup")
    (tmp_path / "folder").mkdir()
    (tmp_path / "begun").mkdir()
    with plain(tmp_path / "begun") as connection:
        connection.execute("PRAGMA user_version = 1")
    fill(tmp_path / "data")
    folder = tmp_path / str(values.pop("data_dir", "data"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BackupImpossible) as caught:
        back_up(settings_of(folder, **values), tmp_path / file, CLOCK)
    assert caught.value.why == why
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.zip").read_bytes() == b"an old backup"


def test_force_replaces(tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_bytes(b"an old backup")
    back_up(fill(tmp_path / "data"), tmp_path / "there.zip", CLOCK, force=True)
    assert len(members(tmp_path / "there.zip")) == FILES + 2


def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    file = tmp_path / "data" / "mv.sqlite3"
    data = bytearray(file.read_bytes())
    for page in range(3, len(data) // 4096, 2):
        data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    file.write_bytes(data)
    with pytest.raises(StorageDamaged):
        back_up(settings, tmp_path / "all.zip", CLOCK)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    settings = fill(tmp_path / "data")
    size = (tmp_path / "data" / "mv.sqlite3").stat().st_size // 1024
    next((tmp_path / "data" / "media").iterdir()).write_bytes(os.urandom(4_000_000))
    for kilobytes in (8, size // 2, size + 16, size * 2 + 2000):
        with small_disk(tmp_path / f"disk{kilobytes}", kilobytes) as disk:
            with pytest.raises(StorageFull):
                back_up(settings, disk.path / "all.zip", CLOCK)
            assert list(disk.path.iterdir()) == []


LIMITED = """
import resource, sys
from bot.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(["backup", sys.argv[2]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="file sizes are limited by Linux")
@pytest.mark.parametrize("limit", [4096, 100_000, 190_000])
def test_a_file_that_may_not_grow_leaves_nothing(tmp_path: Path, limit: int) -> None:
    fill(tmp_path / "data")
    environment = {**os.environ, "MV_DATA_DIR": str(tmp_path / "data"), "DISCORD_TOKEN": ""}
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), str(tmp_path / "all.zip")],
        env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 2, ended
    assert ended.stderr.startswith("The disk is full.")
    assert ended.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_what_a_killed_backup_left_is_cleared_away(tmp_path: Path) -> None:
    for left in (
        "all.zip.part",
        "all.zip.part.sqlite3",
        "all.zip.part.sqlite3.raw",
        "all.zip.part.sqlite3.raw-journal",
    ):
        (tmp_path / left).write_bytes(b"left behind " * 1000)
    back_up(fill(tmp_path / "data"), tmp_path / "all.zip", CLOCK)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip", "data"]


def test_writers_are_not_held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who would wait at a lock for no time at all writes while the copy is made."""
    monkeypatch.setattr(sqlite_files, "PAGES_A_STEP", 1)
    settings, failed, written = fill(tmp_path / "data"), [], 0
    making = threading.Thread(target=back_up, args=(settings, tmp_path / "all.zip", CLOCK))
    with closing(sqlite3.connect(tmp_path / "data" / "mv.sqlite3", isolation_level=None, timeout=0)) as connection:
        connection.execute("SELECT 1 FROM counters").fetchall()
        making.start()
        while making.is_alive():
            try:
                connection.execute("INSERT INTO counters VALUES (?, 'Z', 0)", (written,))
                written += 1
            except sqlite3.OperationalError as error:
                failed.append(error)
    assert failed == []
    assert written > 10
