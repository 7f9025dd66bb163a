"""The records: opened once, read in snapshots, written one transaction after the other.

The wall stands here: what a driver raises leaves `read` and `write` as one of our errors, or, if only a bug can have
caused it, as it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mv.errors import ConfigMistake, Conflict, RecordsNotReady, StorageError, StorageLocked
from mv.ports import Clock, Records, Transaction
from mv.store import postgres, schema, sqlite
from mv.store.transaction import SqlTransaction

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSE_SECONDS = 0.1
"""Between attempts to write while another program holds the database."""


class Database(Records):
    """At `url`: `sqlite+aiosqlite:///FILE` (one process to a file) or `postgresql+DRIVER://…`.

    `busy_seconds` is how long another process may hold SQLite's lock before StorageLocked is raised; it is shorter than
    the time a command has to be answered in; who insists waits `patience_seconds`.
    """

    def __init__(self, url: str, *, clock: Clock, busy_seconds: float = 2.0, patience_seconds: float = 60.0) -> None:
        self._url = _checked(url)
        self._clock = clock
        self._busy_seconds = busy_seconds
        self._patience_seconds = patience_seconds
        self._insisting = asyncio.Lock()
        self._path = _file(self._url)
        self._writer: AsyncEngine | None = None
        self._reader: AsyncEngine | None = None
        # Waiting here is first come, first served; waiting at SQLite's lock is not, and it blocks the writer's thread.
        many = postgres.CONNECTIONS
        self._writing = asyncio.Semaphore(1 if self._path else many)
        self._reading = asyncio.Semaphore(sqlite.READERS if self._path else many)

    async def open(self) -> None:
        """Makes the tables, or brings them up to date. Raises StartError or StorageError; a database that is damaged is
        left as it is."""
        if self._path is not None:
            sqlite.prepare_folder(self._path)
            await sqlite.examine(self._path, busy_seconds=self._busy_seconds)
            self._writer = sqlite.writing_engine(self._path, busy_seconds=self._busy_seconds)
            self._reader = sqlite.reading_engine(self._path, busy_seconds=self._busy_seconds)
        else:
            self._writer, self._reader = postgres.engines(self._url)
        try:
            await self._prepare()
        except BaseException:
            await carried_through(self.close())
            raise

    async def look(self) -> None:
        """As `open`, to read only, beside another process that writes: nothing is made or brought up to date. Raises
        RecordsNotReady, SchemaTooNew, StorageError."""
        if self._path is not None:
            if not self._path.exists() or not self._path.stat().st_size:
                raise RecordsNotReady(path=str(self._path), why="missing")
            self._reader = sqlite.reading_engine(self._path, busy_seconds=self._busy_seconds)
        else:
            _, self._reader = postgres.engines(self._url)
        async with self._connection(self._reader, self._reading) as connection:
            due = await schema.due(connection)
        if due is not schema.Due.NOTHING:
            await self.close()
            why = "missing" if due is schema.Due.CREATE else "older"
            raise RecordsNotReady(path=str(self._path or "MV_DATABASE_URL"), why=why)

    async def _prepare(self) -> None:
        async with self._connection(self._writer, self._writing) as connection:
            due = await schema.due(connection)
            if due is schema.Due.CREATE and self._path is not None:
                await schema.create(connection)
            elif due is not schema.Due.NOTHING:
                await connection.rollback()
                await self._migrate(connection)
            await connection.commit()

    async def _migrate(self, connection: AsyncConnection) -> None:
        if self._path is None:
            await schema.migrate(connection)
            return
        engine = sqlite.writing_engine(self._path, busy_seconds=self._busy_seconds, foreign_keys=False)
        try:
            async with engine.begin() as without_keys:
                await schema.migrate(without_keys)
                await sqlite.check_references(without_keys, self._path)
        finally:
            await engine.dispose()

    async def check(self) -> None:
        """Looks through all that is stored (SQLite), or asks whether the server answers. Raises StorageError."""
        async with self._connection(self._reader, self._reading) as connection:
            if self._path is not None:
                await sqlite.check(connection, self._path)
            else:
                await connection.execute(select(1))

    async def close(self) -> None:
        """Waits for nothing: whoever still writes must have ended before. From then on reading and writing raises
        StorageError."""
        engines = (self._reader, self._writer)
        self._reader = self._writer = None
        for engine in engines:
            if engine is not None:
                await engine.dispose()

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A snapshot; writing in it is an error."""
        return self._read()

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end, rolls back on an exception.

        A commit that has begun is carried through: who is cancelled meanwhile learns of it at the next await after the
        block, so that what stands directly behind the block is done if, and only if, the records are stored.
        """
        return self._write()

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """As `write`; SQLite does all of it in the connection's thread, where `work` can await nothing else."""
        async with self._connection(self._writer, self._writing) as connection:

            async def whole() -> T:
                try:
                    result = await work(SqlTransaction(connection, self._clock))
                    await connection.commit()
                except BaseException:
                    await connection.rollback()
                    raise
                return result

            if self._path is None:
                return await carried_through(whole())
            return await carried_through(sqlite.at_once(connection, whole, lasting=lasting))

    async def insist(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """As `transact`, again while another program holds SQLite's lock. One at a time: each attempt keeps the writer
        for `busy_seconds`, and what is to be answered soon goes in between."""
        if self._path is None:
            return await self.transact(work, lasting=lasting)
        ends = time.monotonic() + self._patience_seconds
        async with self._insisting:
            while True:
                try:
                    return await self.transact(work, lasting=lasting)
                except StorageLocked:
                    if time.monotonic() >= ends:
                        raise
                await asyncio.sleep(PAUSE_SECONDS)

    @asynccontextmanager
    async def _read(self) -> AsyncIterator[Transaction]:
        async with self._connection(self._reader, self._reading) as connection:
            yield SqlTransaction(connection, self._clock)

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[Transaction]:
        async with self._connection(self._writer, self._writing) as connection:
            try:
                yield SqlTransaction(connection, self._clock)
                await carried_through(_store(connection))
            except BaseException:
                await carried_through(connection.rollback())
                raise

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine | None, turn: asyncio.Semaphore) -> AsyncIterator[AsyncConnection]:
        async with turn:
            try:
                connection = await _connected(engine)
                try:
                    yield connection
                finally:
                    await connection.close()
            except DBAPIError as error:
                meaning = self._meaning(error.orig, writing=engine is self._writer)
                if meaning is None:
                    raise
                if not isinstance(meaning, Conflict):
                    log.warning("the records: %s (%s)", meaning.code, _name(error.orig))
                raise meaning from error

    def _meaning(self, error: BaseException | None, *, writing: bool) -> StorageError | None:
        if error is None:
            return None
        if self._path is None:
            return postgres.translate(error)
        return sqlite.translate(error, self._path, writing=writing)


def _name(error: BaseException | None) -> str:
    """For the log: never its text, which may hold an address or what was to be stored."""
    return str(getattr(error, "sqlite_errorname", type(error).__name__))


async def _connected(engine: AsyncEngine | None) -> AsyncConnection:
    if engine is None:
        raise StorageError()
    try:
        return await engine.connect().start()
    except PoolTimeout as error:
        raise StorageLocked() from error
    except OSError as error:
        raise StorageError() from error


async def _store(connection: AsyncConnection) -> None:
    """Closing belongs to it: on a network it takes time in which the cancellation would arrive."""
    await connection.commit()
    await connection.close()


async def carried_through(work: Coroutine[Any, Any, T]) -> T:
    """Does the work to its end, also if the task that waits for it is cancelled; the cancellation is then delivered
    at that task's next await."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise
            cancelled = True
        except Exception:  # noqa: BLE001  # raised by `result` below
            break
    if cancelled:
        _deliver_later()
    return task.result()


def _deliver_later() -> None:
    """Unless who asked for it, such as `asyncio.timeout`, has taken it back before the task awaits again."""
    waiting = asyncio.current_task()

    def deliver() -> None:
        if waiting is not None and waiting.cancelling():
            waiting.uncancel()
            waiting.cancel()

    asyncio.get_running_loop().call_soon(deliver)


def file_of(url: str) -> Path | None:
    """Where the records are, if they are in a file. Raises ConfigMistake as `Database` does."""
    return _file(_checked(url))


def _file(url: URL) -> Path | None:
    return Path(url.database or "").absolute() if url.get_backend_name() == "sqlite" else None


def _checked(url: str) -> URL:
    """Raises ConfigMistake, which never holds the address: it may hold a password."""
    expected = "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME"
    mistake = ConfigMistake(file="environment", line=0, key="MV_DATABASE_URL", expected=expected)
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        raise mistake from None
    if backend not in ("sqlite", "postgresql"):
        raise mistake
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise mistake
    return parsed
