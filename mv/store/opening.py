"""The records from the moment the process starts: whoever reads or writes waits until they are open.

SQLAlchemy takes an eighth of a second to import. So it is imported in a thread, beside the connection to Discord.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from mv.errors import StorageError
from mv.ports import Clock, Records, Transaction

if TYPE_CHECKING:
    from mv.store.database import Database


T = TypeVar("T")


class OpeningRecords(Records):
    """A `Database` at `url`, with the same methods. Before `open` was called they raise StorageError; should it fail,
    they raise what it raised."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._opening: asyncio.Task[Database] | None = None
        self._ready: Database | None = None

    async def open(self) -> None:
        """Once. Raises ConfigMistake for an address that is none, StartError, StorageError."""
        self._opening = asyncio.create_task(self._open(), name="open the records")
        await self._opening

    async def _open(self) -> Database:
        database = await asyncio.to_thread(self._load)
        await database.open()
        self._ready = database
        return database

    def _load(self) -> Database:
        from mv.store.database import Database

        return Database(self._url, clock=self._clock)

    async def close(self) -> None:
        """As `Database.close`; an opening that is under way is given up."""
        if self._ready is not None:
            await self._ready.close()
        elif self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """As `Database.read`."""
        return self._ready.read() if self._ready else self._read_later()

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """As `Database.write`."""
        return self._ready.write() if self._ready else self._write_later()

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """As `Database.transact`."""
        return await (self._ready or await self._opened()).transact(work, lasting=lasting)

    async def insist(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """As `Database.insist`."""
        return await (self._ready or await self._opened()).insist(work, lasting=lasting)

    @asynccontextmanager
    async def _read_later(self) -> AsyncIterator[Transaction]:
        database = await self._opened()
        async with database.read() as tx:
            yield tx

    @asynccontextmanager
    async def _write_later(self) -> AsyncIterator[Transaction]:
        database = await self._opened()
        async with database.write() as tx:
            yield tx

    async def _opened(self) -> Database:
        if self._opening is None or self._opening.cancelled():
            raise StorageError()
        return await asyncio.shield(self._opening)
