from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mv.errors import DataFolderInUse, DataFolderUnusable
from mv.store.lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from mv.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    with FolderLock(folder):
        with pytest.raises(DataFolderInUse) as caught:
            FolderLock(folder).acquire()
        assert caught.value.path == str(folder)
    with FolderLock(folder):
        pass
    FolderLock(folder).release()


def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(DataFolderInUse):
            FolderLock(tmp_path).acquire()
        process.kill()
    with FolderLock(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(DataFolderUnusable):
        FolderLock(tmp_path / "file").acquire()


def test_records_that_lie_elsewhere_are_held_too(tmp_path: Path) -> None:
    """Two data folders, one database: both would take up the same jobs."""
    database = tmp_path / "shared" / "mv.sqlite3"
    with FolderLock(tmp_path / "one", database):
        with pytest.raises(DataFolderInUse) as caught:
            FolderLock(tmp_path / "two", database).acquire()
        assert caught.value.path == str(database.parent)
        with FolderLock(tmp_path / "two", database.with_name("other.sqlite3")):
            pass
    with FolderLock(tmp_path / "two", database):
        pass
