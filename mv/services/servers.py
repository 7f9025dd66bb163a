"""Which servers the bot is in: one that it left is removed after a while, and kept if it comes back."""

from __future__ import annotations

import logging
from collections.abc import Collection

from mv.domain.ids import ServerId
from mv.errors import MvError
from mv.services.tools import Tools

log = logging.getLogger(__name__)


class Servers:
    """What Discord says of them. Nothing here raises: what could not be noted is noticed before the next clean-up."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def left(self, server: ServerId) -> None:
        """The bot was removed from it, or it is deleted."""
        await self._note(left=[server])

    async def joined(self, server: ServerId) -> None:
        """The bot is in it, perhaps again."""
        await self._note(back=[server])

    async def are(self, present: Collection[ServerId]) -> None:
        """All that the bot is in, those that are unavailable at the moment too. An empty list says nothing: then
        Discord is more likely in trouble than every server gone."""
        if not present:
            return
        try:
            async with self._tools.records.read() as tx:
                known, left = await tx.servers.known(), await tx.servers.left()
        except MvError as error:
            log.warning("which servers were left could not be looked up: %s", error.code)
            return
        here = frozenset(present)
        gone = [server for server in known if server not in here and server not in left]
        await self._note(left=gone, back=[server for server in left if server in here])

    async def _note(self, *, left: list[ServerId] | None = None, back: list[ServerId] | None = None) -> None:
        left, back = left or [], back or []
        if not left and not back:
            return
        now = self._tools.clock.now()
        try:
            async with self._tools.records.write() as tx:
                known = await tx.servers.known()
                await tx.servers.leave([server for server in left if server in known], now)
                await tx.servers.come_back(back)
        except MvError as error:
            log.warning("that servers were left or joined could not be noted: %s", error.code)
            return
        days = self._tools.config.limits.retention.left_server_days
        for server in left:
            log.info("server %s was left; what is kept of it goes in %s days", server, days)
        for server in back:
            log.info("server %s is there again", server)
