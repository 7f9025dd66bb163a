"""Members of two servers who ask what the cards say, press what is offered, and change their minds."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.proof.deck import Card
from tests.proof.stage import ProofStage
from tests.proof.weather import CANCELLED, Plan
from tests.standins.discord import Guild, Interaction, Member, Message, StandInMistake
from tests.torture.words import word

PROJECT, PRIVATE = 0.3, 0.15
"""Shares of what is asked for."""


@dataclass(kw_only=True)
class Ask:
    """One request. What is pressed under a result has the word, the server and the project of what made it."""

    word: str
    card: Card
    member: Member
    asked: Interaction
    project: bool
    scenes: bool
    cancelled: list[float] = field(default_factory=list)
    """When Cancel was pressed."""

    @property
    def guild(self) -> Guild:
        return self.member.guild


class People:
    """All of them."""

    def __init__(self, stage: ProofStage, dice: random.Random) -> None:
        self._stage = stage
        self._dice = dice
        world, discord = stage.discord.world, stage.discord
        more = [world.add_member(discord.guild, name) for name in ("Cleo", "Dana")]
        others = [world.add_member(discord.other_guild, "Eve"), *discord.other_guild.members.values()]
        here = [discord.member, discord.friend, discord.manager, discord.owner, *more]
        self.members = [*here, *(one for one in others if one.user is not world.bot)]
        self.members = list(dict.fromkeys(self.members))
        self.asks: list[Ask] = []
        self._alike: dict[int, Ask] = {}
        self._pressed: set[tuple[int, str]] = set()
        self._words = 0

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def play(self, card: Card) -> bool:
        """Whether it could be: not while no bot is connected. A press without anything to press is another request."""
        if not self._stage.discord.gateway.live:
            return False
        try:
            if card.what in ("scenes", "character"):
                await self._create(card, self._dice.choice(self.members))
            elif not await self._press(card):
                await self._create(Card(what="scenes"), self._dice.choice(self.members))
        except StandInMistake:
            return False  # the bot went away under the hand
        return True

    async def ask(self, member: Member, *, engine: str | None = None, images: int = 1, scenes: bool = False) -> Ask:
        """Something that goes well, acknowledged."""
        what = "scenes" if scenes else "character"
        ask = await self._create(Card(what=what, engine=engine, images=images), member)
        await ask.asked.acknowledged()
        return ask

    async def _create(self, card: Card, member: Member) -> Ask:
        dice = self._dice
        before = self._alike.get(card.group) if card.group else None
        if before is not None:
            member = dice.choice([one for one in self.members if one.guild is before.guild])
        mine = before.word if before else self._word()
        project = False if card.group else dice.random() < PROJECT
        options: dict[str, object] = {"project": "P1" if project else None}
        if not card.group:
            options["private"] = dice.random() < PRIVATE
        if card.what == "scenes":
            options |= {"idea": f"A {mine} crosses the street", "character": "Mara, 60", "count": dice.randint(2, 4)}
        else:
            said = f"A {mine} in a yellow coat" if before is None else f"a {mine} in  a YELLOW coat "
            options |= {"description": said, "images": card.images, "engine": card.engine}
            options["fresh"] = card.fresh or None
        self._stage.weather.plans[mine] = Plan(trouble=card.trouble, images=card.images)
        prepared = self._stage.discord.prepare(f"{card.what} create", options, member=member)
        ask = Ask(
            word=mine, card=card, member=member, asked=prepared.asked, project=project, scenes=card.what == "scenes"
        )
        self.asks.append(ask)
        self._alike.setdefault(card.group, ask)
        await self._stage.discord.send(prepared)
        return ask

    def _word(self) -> str:
        self._words += 1
        return word(self._words)

    async def _press(self, card: Card) -> bool:
        """Under something that was not pressed in that way before."""
        offered = list(self._offered(card.what))
        if not offered:
            return False
        before, message, ref = self._dice.choice(offered)
        self._pressed.add((message.id, card.what))
        if card.what in ("Again", "Retry"):
            asked = await self._stage.discord.click(message, card.what, member=before.member)
        else:
            options: dict[str, object] = {"ref": ref, "instructions": f"Make it rain on {before.word}"}
            if card.what == "revise" and self._dice.random() < 0.4:
                options["scene"] = 1
            command = "scenes revise" if card.what == "revise" else "character vary"
            prepared = self._stage.discord.prepare(command, options, member=before.member)
            asked = (await self._stage.discord.send(prepared)) and prepared.asked
        ask = Ask(
            word=before.word, card=card, member=before.member, asked=asked, project=before.project, scenes=before.scenes
        )
        self.asks.append(ask)
        return True

    def _offered(self, what: str) -> Iterator[tuple[Ask, Message, str]]:
        """What may be pressed so: the request, its message, and the ref of what it shows, if it shows any."""
        for ask in self.asks:
            message = ask.asked.message
            if message is None or message.deleted or (message.id, what) in self._pressed or ask.card.group:
                continue
            label = {"revise": "Revise", "vary": "Vary"}.get(what, what)
            shown = re.search(r"\b([SC]\d+) · ", message.text)
            if label in message.buttons and (shown or what == "Retry"):
                yield ask, message, shown[1] if shown else ""

    # ── cancelling ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def change_their_minds(self) -> None:
        """Presses Cancel, for as long as it is let: under progress of what is to be cancelled."""
        while True:
            for ask in self.asks:
                if ask.card.trouble in CANCELLED and not ask.cancelled and self._ripe(ask):
                    await self._cancel(ask)
            await asyncio.sleep(0.05)

    async def _cancel(self, ask: Ask) -> None:
        message = ask.asked.message
        assert message is not None
        try:
            ask.cancelled.append(time.monotonic())
            await self._stage.discord.click(message, "Cancel", member=ask.member)
        except StandInMistake:
            ask.cancelled.clear()  # nobody is there to hear it

    def _ripe(self, ask: Ask) -> bool:
        message = ask.asked.message
        if message is None or "Cancel" not in message.buttons or not self._stage.discord.gateway.live:
            return False
        if ask.card.trouble == "cancel late":
            return ask.word in self._stage.vendor.downloaded
        early = int(ask.word[-1]) % 2  # or when the vendor is at work
        return (bool(early) or self._stage.weather.begun(ask.word)) and self._dice.random() < 0.2
