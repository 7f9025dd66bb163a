"""What managers are told without having asked: that a budget is nearly used up, or is."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.delivery.wire import MalformedError, PassingError, RefusedError, TooLargeError, under
from bot.ui.sending import sending
from bot.ui.usage import budget_notice
from mv.services.budgets import BudgetWatch, Notice

log = logging.getLogger(__name__)

REQUEST_SECONDS = 15.0


class Notices:
    """One for the whole process. A notice that Discord takes and a kill forgets comes a second time."""

    def __init__(self, client: discord.Client, watch: BudgetWatch) -> None:
        self._client = client
        self._watch = watch
        self._telling = asyncio.Lock()

    async def tell(self) -> None:
        """All that is due, one after the other; whoever calls meanwhile waits. Raises StorageError."""
        async with self._telling:
            for notice in await self._watch.pending():
                if await self._told(notice):
                    await self._watch.told(notice)

    async def _told(self, notice: Notice) -> bool:
        """False where it may work later. Where no channel is named, or it takes nothing, the log has it."""
        if notice.channel_id is None:
            return True
        channel = self._client.get_partial_messageable(notice.channel_id)
        try:
            async with under(REQUEST_SECONDS):
                await channel.send(**sending(budget_notice(notice.warned, notice.project)))
        except PassingError as trouble:
            log.warning("managers of server %s are not told yet: %s", notice.warned.account.server_id, trouble)
            return False
        except (RefusedError, TooLargeError, MalformedError) as trouble:
            log.warning("managers of server %s cannot be told: %s", notice.warned.account.server_id, trouble)
        return True
