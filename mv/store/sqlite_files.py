"""SQLite databases as files: copied while in use, looked through, put in the place of another.

Plain `sqlite3`, for all of it happens in a process of its own. What its errors mean is said in `sqlite.py`.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mv.errors import BackupImpossible, StorageDamaged
from mv.store import sqlite

PAGES_A_STEP = 4096
BUSY_SECONDS = 10.0
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database, and would apply to any file of that name."""
COUNTED = {"jobs": "jobs", "scene lists": "scene_lists", "characters": "characters"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A row of `media`."""

    key: str
    mime: str
    sha256: str


@contextmanager
def meaning(path: Path) -> Iterator[None]:
    """Raises StorageError in place of what the driver raised."""
    try:
        yield
    except sqlite3.Error as error:
        known = sqlite.translate(error, path)
        if known is None:
            raise
        raise known from error


def snapshot(source: Path, copy: Path) -> None:
    """One moment of a database that may be written to meanwhile, without the tokens of interactions, whose bytes are
    not in the copy either. Writers are not held up. Needs twice the database's size on the copy's disk for a moment.

    The read transaction keeps the moment: without it, every write of another process would make the copy begin anew.
    Raises BackupImpossible, if there are no tables yet, and StorageError.
    """
    raw = copy.with_name(f"{copy.name}.raw")
    try:
        _private(raw)
        with meaning(source), closing(_opened(source)) as reading, closing(sqlite3.connect(raw)) as writing:
            reading.execute("BEGIN")
            if reading.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone() is None:
                raise BackupImpossible(path=str(source), why="no_database")
            reading.backup(writing, pages=PAGES_A_STEP)
        _private(copy)
        with meaning(source), closing(sqlite3.connect(raw, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("UPDATE jobs SET reply_token = NULL WHERE reply_token IS NOT NULL")
            connection.execute("VACUUM INTO ?", (str(copy),))  # what is erased leaves its bytes behind; here they stay
    finally:
        erase(raw)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _private(path: Path) -> None:
    """An empty file that nobody else may read."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def erase(path: Path) -> None:
    """With what SQLite keeps beside it."""
    for end in ("", *BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)


def revision(path: Path) -> str:
    """Of a copy that nobody uses: looks through every page and reference, and says which revision its tables have.
    Raises StorageDamaged."""
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with meaning(path), closing(sqlite3.connect(address, uri=True)) as connection:
        if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise StorageDamaged(path=str(path))
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise StorageDamaged(path=str(path))
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            raise StorageDamaged(path=str(path))
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def holdings(path: Path) -> dict[str, int]:
    """How many records of each kind a copy holds, deleted ones too."""
    with meaning(path), closing(_opened(path)) as connection:
        return {
            name: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
            for name, table in COUNTED.items()
        }


def stored_files(path: Path) -> Iterator[StoredFile]:
    """All that a copy names, by key."""
    with meaning(path), closing(_opened(path)) as connection:
        for row in connection.execute("SELECT key, mime, sha256 FROM media ORDER BY key"):
            yield StoredFile(*row)


def take_place(new: Path, old: Path, kept: Path) -> bool:
    """`new` becomes the database at `old`, whose last state is kept whole in the folder `kept`. Nobody uses either.
    False if there was none.

    The file is exchanged in one step. Before it, what waits in the old one's log is written into it, so that nothing
    beside it is left to be applied to the new one; a database that is too damaged for that loses its log to `kept`.
    """
    there = [path for end in ("", *BESIDE) if (path := old.with_name(old.name + end)).exists()]
    if there:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        _settle(old)
        for end in BESIDE:
            beside = old.with_name(old.name + end)
            if beside.exists():
                beside.replace(kept / beside.name)
        if old.exists():
            _link(old, kept / old.name)
            shutil.copymode(old, new)
        _to_disk(kept)
    _to_disk(new)
    new.replace(old)
    _to_disk(old.parent)
    return bool(there)


def _settle(path: Path) -> None:
    """Leaves a database without a log; one that is damaged stays as it is. Raises StorageLocked, StorageFull."""
    if not path.exists():
        return
    with suppress(StorageDamaged), meaning(path), closing(_opened(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without links
        shutil.copy2(source, target)
        _to_disk(target)


def _to_disk(path: Path) -> None:
    """A file or a folder; Windows knows no such thing for what is open for reading."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
