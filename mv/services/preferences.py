"""What is set in a server, from memory: whoever makes something asks for it every time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from mv.config.model import Limits
from mv.domain.budget import BOT, Account, Budget
from mv.domain.ids import ChannelId, ServerId
from mv.domain.settings import KEPT, Option, Rules
from mv.errors import NotHere
from mv.ports import Records

MOST = 5_000
"""Servers remembered at once."""


class Preferences:
    """One for the whole process, which alone changes them. Who stores a change calls `forget` directly behind it."""

    def __init__(self, records: Records, limits: Limits) -> None:
        self._records = records
        self._limits = limits
        self._retention = limits.retention
        self._known: dict[ServerId, Rules] = {}
        self._reading: dict[ServerId, asyncio.Task[Rules]] = {}

    async def of(self, server: ServerId) -> Rules:
        """One query, the first time, for all who ask at once. Raises StorageError."""
        found = self._known.get(server)
        if found is not None:
            return found
        reading = self._reading.get(server)
        if reading is None:
            reading = self._reading[server] = asyncio.create_task(self._read(server), name="settings of a server")
            reading.add_done_callback(lambda done: self._note(server, done))
        return await asyncio.shield(reading)

    async def check(self, server: ServerId, places: tuple[ChannelId, ...]) -> Rules:
        """What holds there. Raises NotHere where nothing may be made."""
        rules = await self.of(server)
        if not rules.allows(places):
            raise NotHere(channels=rules.allowed)
        return rules

    async def _read(self, server: ServerId) -> Rules:
        async with self._records.read() as tx:
            return Rules(await tx.settings.of(server))

    def _note(self, server: ServerId, done: asyncio.Task[Rules]) -> None:
        failed = done.cancelled() or done.exception() is not None
        if self._reading.get(server) is not done:  # something was stored while it was read
            return
        del self._reading[server]
        if not failed:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[server] = done.result()

    def forget(self, server: ServerId) -> None:
        """It is read anew when it is needed."""
        self._known.pop(server, None)
        self._reading.pop(server, None)

    async def days(self, server: ServerId) -> dict[Option, int]:
        """What is kept how long there, by its managers or by limits.yaml; 0 is for ever."""
        rules = await self.of(server)
        return {option: _or(rules.days(option), getattr(self._retention, option.value)) for option in KEPT}

    def zone(self, rules: Rules) -> str:
        """The time zone whose days and months hold there."""
        return rules.zone or self._limits.time_zone

    async def zone_of(self, server: ServerId) -> str:
        """The same, where nothing is known of it yet."""
        return self.zone(await self.of(server))

    def budget(self, server: ServerId, rules: Rules) -> Budget | None:
        """What the server may spend in a month, if anybody said so."""
        limit = self._limits.budgets.server if rules.budget is None else rules.budget
        return None if limit is None else Budget(account=Account.of_server(server), limit=limit, zone=self.zone(rules))

    @property
    def budget_of_all(self) -> Budget | None:
        """What everybody together may."""
        limit = self._limits.budgets.bot
        return None if limit is None else Budget(account=BOT, limit=limit, zone=self._limits.time_zone)

    async def undo(self, server: ServerId) -> timedelta:
        """For how long a deletion can be taken back."""
        days = (await self.days(server))[Option.KEEP_DELETED]
        return max(timedelta(hours=self._retention.undo_hours), timedelta(days=days))


def _or(days: int | None, otherwise: int) -> int:
    return otherwise if days is None else days
