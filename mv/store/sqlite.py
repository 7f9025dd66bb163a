"""All that is true of SQLite only: how it is opened, checked, begun, and what its errors mean.

One connection writes, and waits for the disk at the end of every transaction that shall last; a few others read and
never wait for it (WAL). Nothing else in the store says a word that PostgreSQL would not understand.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import sqlite3
import tempfile
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mv.errors import (
    Conflict,
    DataFolderUnusable,
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageLocked,
    StorageReadOnly,
)
from mv.store.one_hop import OneHopConnection, ReadingConnection
from mv.store.types import compact

log = logging.getLogger(__name__)

T = TypeVar("T")

READERS = 4
CHECKED_BYTES = 64 * 1024 * 1024
"""A database up to this size is checked page by page before it is opened, about 1 ms a MiB."""

_UNWRITTEN = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
}
"""For want of room, or of the right to write: SQLite does not say which."""
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BROKEN_KEYS = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
}
_BUGS = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}


def writing_engine(path: Path, *, busy_seconds: float, foreign_keys: bool = True) -> AsyncEngine:
    """One connection; its transactions take the write lock with their first statement."""

    def connect() -> sqlite3.Connection:
        raw = _connect(path, busy_seconds)
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        return raw

    async def create() -> OneHopConnection:
        return await WritingConnection(connect, path)  # type: ignore[return-value]

    return _engine(path, create, connections=1, begin="BEGIN IMMEDIATE")


def reading_engine(path: Path, *, busy_seconds: float) -> AsyncEngine:
    """A few connections that cannot write."""

    def connect() -> sqlite3.Connection:
        raw = _connect(path, busy_seconds)
        raw.execute("PRAGMA query_only = ON")
        return raw

    async def create() -> ReadingConnection:
        return await ReadingConnection(connect)  # type: ignore[return-value]

    return _engine(path, create, connections=READERS, begin="BEGIN")


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)


def _engine(path: Path, create: object, *, connections: int, begin: str) -> AsyncEngine:
    logging.getLogger("aiosqlite").setLevel(logging.INFO)  # its DEBUG lines hold what is stored, reply tokens too
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        async_creator=create,
        pool_size=connections,
        max_overflow=0,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        hide_parameters=True,
        json_serializer=compact,
        json_deserializer=partial(_json, path),
    )

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.begin(begin)

    @event.listens_for(engine.sync_engine, "handle_error")
    def _keep_when_cancelled(context: ExceptionContext) -> None:
        if isinstance(context.original_exception, asyncio.CancelledError):
            context.is_disconnect = False  # the rollback that follows waits its turn in the connection's thread

    return engine


class WritingConnection(OneHopConnection):
    """The one that writes. A database that was moved or deleted under it takes in nothing more: what it took in would
    be gone after the next start."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], path: Path) -> None:
        super().__init__(connector)
        self._path = path
        self._opened: tuple[int, int] | None = None

    def before(self) -> None:
        """Before every transaction; one look at the folder."""
        found = _identity(self._path)
        self._opened = self._opened or found
        if found is None or found != self._opened:
            log.error("the database %s was moved or deleted; put it back and start again", self._path)
            raise StorageDamaged(path=str(self._path))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        log.warning("the database %s holds a text that is damaged, of %s characters", path, len(text))
        raise StorageDamaged(path=str(path)) from error


async def at_once(connection: AsyncConnection, work: Callable[[], Coroutine[Any, Any, T]], *, lasting: bool) -> T:
    """Runs `work`, a transaction that awaits this connection only, in the connection's thread; not `lasting`: without
    waiting for the disk at its end."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, OneHopConnection)  # noqa: S101  # by `_engine`
    return await driver.at_once(work, lasting=lasting)


def prepare_folder(path: Path) -> None:
    """Makes the folder of the database and tries to write there. Raises DataFolderUnusable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError as error:
        if error.errno != errno.ENOSPC:  # then there may be records to read, at least
            raise DataFolderUnusable(path=str(path.parent), reason=error.strerror or "unknown") from error


async def examine(path: Path, *, busy_seconds: float) -> None:
    """Looks at the file without changing a byte of it. Raises StorageDamaged, StorageLocked."""
    await asyncio.to_thread(_examine, path, busy_seconds)


def _examine(path: Path, busy_seconds: float) -> None:
    if not path.exists() or not path.stat().st_size:
        return
    alone = not any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))
    address = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    try:
        raw = sqlite3.connect(address, uri=True, timeout=busy_seconds)
        try:
            if path.stat().st_size <= CHECKED_BYTES:
                found = raw.execute("PRAGMA quick_check(1)").fetchone()
            else:
                found = raw.execute("SELECT coalesce(max('ok'), 'ok') FROM sqlite_master").fetchone()
        finally:
            raw.close()
    except sqlite3.Error as error:
        raise translate(error, path) or StorageDamaged(path=str(path)) from error
    if found != ("ok",):
        raise StorageDamaged(path=str(path))


async def check(connection: AsyncConnection, path: Path) -> None:
    """Every page, every index, every reference; about 2 ms a MiB. Raises StorageDamaged."""
    found = (await connection.exec_driver_sql("PRAGMA integrity_check(1)")).scalar_one()
    if found != "ok":
        raise StorageDamaged(path=str(path))
    await check_references(connection, path)


async def check_references(connection: AsyncConnection, path: Path) -> None:
    """After a migration, which runs without foreign keys. Raises StorageDamaged if one points nowhere."""
    if (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first() is not None:
        raise StorageDamaged(path=str(path))


def translate(error: BaseException, path: Path, *, writing: bool = True) -> StorageError | None:
    """What an error of the driver means; None for one that only a bug can cause, such as to write where one reads."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StorageError()
    if code == sqlite3.SQLITE_FULL or code in _UNWRITTEN:
        return StorageFull() if _writable(path) else StorageReadOnly()
    if code in _BROKEN_KEYS:
        return Conflict()
    primary = code & 0xFF
    if primary in _LOCKED:
        return StorageLocked()
    if primary in _DAMAGED:
        return StorageDamaged(path=str(path))
    if primary == sqlite3.SQLITE_READONLY and writing:
        return StorageReadOnly()
    if primary == sqlite3.SQLITE_CANTOPEN and not _writable(path):
        return StorageReadOnly()
    return None if primary in _BUGS or code == sqlite3.SQLITE_READONLY else StorageError()


def _writable(path: Path) -> bool:
    """Tries it beside the database: the kernel may have given up on a disk whose permissions say otherwise. True also
    if something else is wrong."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(b".")
            probe.flush()
    except OSError as error:
        return error.errno not in _FORBIDDEN
    return os.access(path, os.W_OK) or not path.exists()
