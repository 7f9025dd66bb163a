"""What every command, press and form passes before it is answered: whether it came before, and whether its member comes
faster than a person could. Both are kept in memory, within bounds."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import Any, TypeAlias

import discord
from discord.ext import commands

from mv.errors import TooFast
from mv.ports import Clock

log = logging.getLogger(__name__)

REMEMBERED = 10_000
"""Interactions, so that one that comes again is known; Discord resends what is minutes old at most."""
MINUTE = 60.0

Arrival: TypeAlias = discord.Interaction[Any]


class Heard:
    """The interactions that came lately: after a broken line Discord may send one again, and a scene must not move
    twice. For those that begin a job the records know it as well, also after a restart."""

    def __init__(self) -> None:
        self._ids: OrderedDict[int, None] = OrderedDict()

    def again(self, interaction: Arrival) -> bool:
        """Whether this one came before; from now on it did."""
        if interaction.id in self._ids:
            log.info("interaction %s came twice; the first is answered", interaction.id)
            return True
        self._ids[interaction.id] = None
        if len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)
        return False


class Throttle:
    """How much one member may do in a minute, over all servers. Whoever was quiet for a minute is forgotten."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock, self._most = clock, per_minute
        self._members = self._nobody()
        self._latest = 0.0

    def count(self, interaction: Arrival) -> None:
        """One more of its member; autocomplete is not counted. The minute begins with the first. Raises TooFast beyond
        the limit. Costs a look at everybody who came within the last minute."""
        if interaction.type is discord.InteractionType.autocomplete:
            return
        now = self._clock.now().timestamp()
        if now < self._latest:  # the clock was set back: minutes that begin later would not end for as long
            self._members = self._nobody()
        self._latest = now
        wait = self._members.update_rate_limit(interaction, now)
        if wait is not None:
            raise TooFast(limit=self._most, resets_at=int(now + wait) + 1)

    def _nobody(self) -> commands.CooldownMapping[Arrival]:
        return commands.CooldownMapping.from_cooldown(self._most, MINUTE, lambda interaction: interaction.user.id)
