"""What managers are told without having asked: that a budget is nearly used up, or is."""

from __future__ import annotations

import asyncio
import logging

import discord

from bot.delivery.wire import MalformedError, PassingError, RefusedError, TooLargeError, under
from bot.ui.sending import sending
from bot.ui.usage import budget_notice
from mv.errors import MvError
from mv.services.budgets import BudgetWatch, Notice

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
"""How often it is looked for what could not be told before."""
REQUEST_SECONDS = 15.0


class Notices:
    """One for the whole process. A notice that Discord takes and a kill forgets comes a second time."""

    def __init__(self, client: discord.Client, watch: BudgetWatch) -> None:
        self._client = client
        self._watch = watch

    async def run(self) -> None:
        """For as long as the bot runs."""
        while True:
            try:
                await self.tell()
            except MvError as error:
                log.warning("managers are not told of budgets: %s; again in a minute", error.code)
            except Exception:  # the loop would end for good
                log.exception("managers could not be told of a budget; again in a minute")
            try:
                await asyncio.wait_for(self._watch.noted.wait(), EVERY_SECONDS)
            except TimeoutError:
                continue

    async def tell(self) -> None:
        """All that is due. Raises StorageError."""
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
