"""A server that the bot left long ago: all that is kept of it goes, its numbers last.

What it spent counts in the bot's own budget of the month. So entries of the ledger stay for a month without members and
projects, and with them the bare number of the server; then these go as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from mv.domain.ids import Kind, RecordId, ServerId
from mv.domain.retention import BOOKED, Tally
from mv.ports import Transaction
from mv.services.cleanup_files import Files
from mv.services.cleanup_tools import FOUND_AT_ONCE, ROWS, Keeping, purge, remove_jobs

log = logging.getLogger(__name__)

T = TypeVar("T")
KINDS = (Kind.SCENE_LIST, Kind.CHARACTER)


class _CameBackError(Exception):
    """The bot is in that server again: what is left of it stays."""


class LeftServers:
    """Removes them, and stops at once when one comes back."""

    def __init__(self, keeping: Keeping, files: Files) -> None:
        self._keeping = keeping
        self._files = files

    async def count(self, server: ServerId, tally: Tally) -> None:
        """What would go."""
        tally.left = True
        async with self._keeping.records.read() as tx:
            lists, characters = [await tx.cleaning.deleted(server, kind, None, None) for kind in KINDS]
            takes = await tx.cleaning.takes_of(characters)
            tally.jobs += len(await tx.cleaning.jobs(server, None, None))
            tally.others += await tx.cleaning.others(server, self._keeping.clock.now() - BOOKED)
        tally.scene_lists += len(lists)
        tally.characters += len(characters)
        tally.takes += len(takes)
        await self._files.would_be_loose(server, takes, tally)

    async def remove(self, server: ServerId, over: datetime, tally: Tally) -> None:
        """One that was left until `over`. One with open jobs waits for these."""
        async with self._keeping.records.read() as tx:
            waiting = await tx.cleaning.open_jobs(server)
        if waiting:
            log.info("server %s was left; it is removed when its %s open jobs have ended", server, waiting)
            return
        tally.left, batch = True, _While(self._keeping, server, over)
        try:
            for kind in KINDS:
                await self._records(server, kind, batch, tally)
            while jobs := await self._jobs(server):
                tally.jobs += await remove_jobs(batch, jobs)
            await self._files.remove_loose(server, tally, batch)
            tally.others += await self._books(server, batch)
        except _CameBackError:
            log.warning("server %s came back while it was removed; what is left of it stays", server)
        finally:
            self._keeping.preferences.forget(server)

    async def _records(self, server: ServerId, kind: Kind, batch: _While, tally: Tally) -> None:
        while True:
            async with self._keeping.records.read() as tx:
                keys = await tx.cleaning.deleted(server, kind, None, FOUND_AT_ONCE)
                takes = await tx.cleaning.takes_of(keys if kind is Kind.CHARACTER else ())
            if not keys:
                return
            tally.takes += len(takes)
            for key in keys:
                await purge(batch, kind, key, None)
                tally.count(kind, 1)

    async def _jobs(self, server: ServerId) -> Sequence[RecordId]:
        async with self._keeping.records.read() as tx:
            return await tx.cleaning.jobs(server, None, FOUND_AT_ONCE)

    async def _books(self, server: ServerId, batch: _While) -> int:
        """How many rows are gone, or name nobody any more."""
        booked, removed = self._keeping.clock.now() - BOOKED, 0

        async def ledger(tx: Transaction) -> int:
            removed = await tx.cleaning.remove_ledger(server, booked, ROWS)
            return removed or await tx.cleaning.blank_ledger(server, ROWS)

        async def rest(tx: Transaction) -> int:
            return await tx.cleaning.remove_projects(server, ROWS)

        for work in (ledger, rest):
            while some := await batch(work):
                removed += some
        removed += await batch(lambda tx: tx.cleaning.remove_rules(server))
        if await batch(lambda tx: tx.cleaning.remove_server(server)):
            log.info("server %s was left; nothing of it is kept any more", server)
        return removed


class _While:
    """Batches that raise _CameBackError unless the server is still one that was left until then."""

    def __init__(self, keeping: Keeping, server: ServerId, over: datetime) -> None:
        self._keeping = keeping
        self._server = server
        self._over = over

    async def __call__(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = False) -> T:
        """As `Keeping.batch`."""

        async def guarded(tx: Transaction) -> T:
            left = (await tx.servers.left()).get(self._server)
            if left is None or left > self._over:
                raise _CameBackError
            return await work(tx)

        return await self._keeping.batch(guarded, lasting=lasting)
