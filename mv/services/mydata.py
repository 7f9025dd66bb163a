"""A member's own data: taken home, and forgotten. Nobody does either for somebody else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

from mv.domain.actor import Actor
from mv.domain.ids import MemberId, ServerId
from mv.domain.mydata import Belongings, Forgetting
from mv.domain.usage import Period, window
from mv.errors import StillWorking
from mv.export.zips import Archive, Chapter, safe_name
from mv.ports import Transaction
from mv.services.mydata_pieces import OwnPieces
from mv.services.packing import Packer
from mv.services.tools import Tools

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH = 100
"""Rows that are erased in one transaction: others' commands go in between."""
LINES = 1_000
"""Of the ledger, in one transaction."""
MARGIN = timedelta(days=1)
"""A month ends at other hours in other time zones."""


class MyData:
    """/mydata. `shared` are servers that the bot is in, with their names: a direct message is about all of them."""

    def __init__(self, tools: Tools, packer: Packer) -> None:
        self._tools = tools
        self._packer = packer

    @asynccontextmanager
    async def export(
        self, actor: Actor, shared: Mapping[ServerId, str], room: int
    ) -> AsyncIterator[AsyncIterator[Archive] | None]:
        """Everything of theirs in ZIP files of `room` bytes at most, each made when it is asked for; None if there is
        nothing. Raises StorageError."""
        async with self._tools.records.read() as tx:
            servers = await _servers(tx, actor, shared)
        if not servers:
            yield None
            return
        async with self._packer.packing() as packing:
            chapters = []
            for server in servers:
                name = shared.get(server, "")
                folder = safe_name(name, f" {server}") if actor.server_id is None else ""
                own = OwnPieces(self._tools, packing, actor.member_id, server, folder)
                chapters += [Chapter(pieces=(piece,)) async for piece in own.all(name)]
            stem = f"mydata_{self._tools.clock.now():%Y-%m-%d}"
            about: dict[str, Any] = {"what": "one member's own data", "servers": [str(server) for server in servers]}
            async with aclosing(packing.archives(chapters, room, stem, about)) as archives:
                yield archives

    async def question(self, actor: Actor, shared: Mapping[ServerId, str]) -> tuple[Belongings, ...]:
        """What would be forgotten, by server; none where there is nothing. Raises StillWorking."""
        async with self._tools.records.read() as tx:
            servers = await _named_in(tx, actor, shared)
            await _idle(tx, servers, actor.member_id)
            found = [await tx.own.belongings(server, actor.member_id) for server in servers]
        return tuple(each for each in found if not each.empty)

    async def forget(self, actor: Actor, shared: Mapping[ServerId, str]) -> tuple[Belongings, ...]:
        """What was forgotten, by server. Once it is noted it comes to its end, also after a kill; what others' jobs
        repeat that are under way, when they are delivered. Raises StillWorking."""
        now, member = self._tools.clock.now(), actor.member_id

        async def order(tx: Transaction) -> tuple[Belongings, ...]:
            servers = await _named_in(tx, actor, shared)
            await _idle(tx, servers, member)
            found = [await tx.own.belongings(server, member) for server in servers]
            there = tuple(each for each in found if not each.empty)
            for each in there:
                await tx.own.ask(Forgetting(server_id=each.server_id, member_id=member, asked_at=now))
            return there

        there = await self._tools.records.transact(order)
        for each in there:
            await self._erase(Forgetting(server_id=each.server_id, member_id=member, asked_at=now))
        return there

    async def tidy(self) -> None:
        """Goes on with what a kill cut off, or what waited for others' jobs, and ends what has waited for the end of
        its month: once more all of it, for what came in between. Cheap if there is nothing to do."""
        async with self._tools.records.read() as tx:
            asked = await tx.own.asked()
        for one in asked:
            over = self._tools.clock.now() >= window(Period.MONTH, one.asked_at)[1] + MARGIN
            if (one.erased_at is None or over) and await self._erase(one) and over:
                await self._end(one)

    async def _erase(self, one: Forgetting) -> bool:
        """All but what the ledger has of this month; False if it must be gone on with later."""
        await self._in_pieces(lambda tx: tx.own.erase(one, BATCH))
        async with self._tools.records.read() as tx:
            if await tx.own.repeated_under_way(one):
                return False
        after: int | None = 0
        while after is not None:
            after = await self._piece(lambda tx, after=after: tx.own.erase_repeated(one, after, BATCH))  # type: ignore[misc]
        month = window(Period.MONTH, one.asked_at)[0] - MARGIN
        await self._in_pieces(lambda tx: tx.own.anonymise(one, LINES, counted_before=month))
        if await self._piece(lambda tx: tx.own.compact(begin=True)):
            await self._in_pieces(lambda tx: tx.own.compact(begin=False))
        if one.erased_at is None:
            now = self._tools.clock.now()
            await self._tools.records.transact(lambda tx: tx.own.erased(one, now))
            log.info("a member of server %s is forgotten, as they asked", one.server_id)
        return True

    async def _end(self, one: Forgetting) -> None:
        await self._in_pieces(lambda tx: tx.own.anonymise(one, LINES))
        await self._tools.records.transact(lambda tx: tx.own.end(one))

    async def _in_pieces(self, work: Callable[[Transaction], Coroutine[Any, Any, bool]]) -> None:
        while await self._piece(work):
            continue

    async def _piece(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """What a power cut undoes is done again: the note that all is done comes last, and lasts."""
        return await self._tools.records.transact(work, lasting=False)


async def _servers(tx: Transaction, actor: Actor, shared: Mapping[ServerId, str]) -> tuple[ServerId, ...]:
    """Here; in a direct message, wherever something is theirs."""
    among = tuple(shared) if actor.server_id is None else (actor.server_id,)
    return await tx.own.servers(actor.member_id, among)


async def _named_in(tx: Transaction, actor: Actor, shared: Mapping[ServerId, str]) -> tuple[ServerId, ...]:
    """Here; in a direct message, wherever something is theirs or was set by them."""
    if actor.server_id is not None:
        return (actor.server_id,)
    return await tx.own.servers(actor.member_id, tuple(shared), acts=True)


async def _idle(tx: Transaction, servers: Sequence[ServerId], member: MemberId) -> None:
    refs = [str(ref) for server in servers for ref in await tx.own.in_the_way(server, member)]
    if refs:
        raise StillWorking(refs=tuple(refs))
