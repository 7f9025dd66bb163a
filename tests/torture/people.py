"""Members of two servers who ask for scenes and characters, press what is offered, and let tokens grow old."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from mv.domain.ids import RecordId
from tests.standins.discord import Channel, Interaction, Member, Message, StandInMistake, User
from tests.torture.presses import final_of, progress_of
from tests.torture.records import Job, jobs_of
from tests.torture.weather import BadDay
from tests.torture.words import word

ENGINES = (None, None, "flux-1.1-pro", "flux-schnell")
"""For pictures: every take a prediction of its own, alike but for nothing; told apart by seed; all takes in one."""
PRESSES, CHANGES, CANCELS, EXPIRIES, PRIVATE, DELETED = 0.35, 0.5, 0.3, 0.2, 0.25, 0.6
"""Shares of what is asked for, but CHANGES is of those who could press Again and revise or vary instead; CANCELS of
those who see progress: half of all jobs end before it is shown; and DELETED of messages whose token has ended before
their job: there, only a new message is left."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What should become a job. `word` is that of the request; a press has the word of the job under whose end the
    button stood. `retries` is that job, if the button is Retry, which makes one job however often it is pressed."""

    word: str
    asked: Interaction
    retries: RecordId | None = None


class People:
    """All of them."""

    def __init__(self, stage: BadDay, dice: random.Random) -> None:
        self._stage = stage
        self._dice = dice
        discord = stage.discord
        ada = discord.other_guild.members[discord.member.id]
        oskar = discord.other_guild.members[discord.other_guild.owner_id]
        self._members = (discord.member, discord.friend, discord.manager, discord.owner, ada, oskar)
        self._pressed: set[tuple[RecordId, str]] = set()
        self._marked: set[RecordId] = set()
        self._aging: list[Interaction] = []
        self.expiries, self.cancellations = EXPIRIES, CANCELS
        """Shares of the moment: how many tokens grow old early, and how many of those who see progress press Cancel."""
        self.asks: list[Ask] = []
        self.cancels: dict[RecordId, Interaction] = {}

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self) -> None:
        """One more job: by a button if there is one to press, else by a command. Nothing happens while no bot is
        connected."""
        if not self._stage.discord.gateway.live:
            return
        try:
            if self._dice.random() < PRESSES and await self._press():
                return
            await self._create()
        except StandInMistake:
            return  # the commands are not there yet, or the message changed under the hand

    async def _create(self) -> None:
        dice, discord = self._dice, self._stage.discord
        mine, member = word(len(self.asks)), dice.choice(self._members)
        options: dict[str, object] = {"private": dice.random() < PRIVATE}
        if len(self.asks) % 2:
            options |= {"idea": f"A {mine} crosses the street", "character": "Mara, 60", "count": dice.randint(1, 5)}
            prepared = discord.prepare("scenes create", options, member=member)
        else:
            options |= {"description": f"A {mine} in a yellow coat", "images": dice.randint(1, 4)}
            options["engine"] = dice.choice(ENGINES)
            prepared = discord.prepare("character create", options, member=member)
        self.asks.append(Ask(mine, prepared.asked))
        await discord.send(prepared)
        self._age(prepared.asked)

    def _age(self, asked: Interaction) -> None:
        """Some tokens do not live for fifteen minutes."""
        if self._dice.random() < self.expiries:
            asked.token_expires_at = asked.sent_at + self._dice.uniform(0.3, 3.0)
            if self._dice.random() < DELETED:
                self._aging.append(asked)

    def delete(self) -> None:
        """Somebody tidies the channel: progress whose token has just ended is deleted."""
        now = time.monotonic()
        for asked in [one for one in self._aging if one.token_expires_at <= now]:
            self._aging.remove(asked)
            message = asked.message
            if message is not None and not message.ephemeral and (message.thinking or progress_of(message)):
                message.deleted = True

    async def _press(self) -> bool:
        """Again under a result, or Retry under a failure, which is often pressed twice."""
        offered = list(self._offered())
        if not offered:
            return False
        message, label, job = self._dice.choice(offered)
        self._pressed.add((job.id, label))
        retry = label == "Retry"
        if not retry and await self._change(message, job):
            return True
        for _ in range(self._dice.randint(1, 2) if retry else 1):
            asked = await self._stage.discord.click(message, label, member=self._who(job, message.channel))
            self.asks.append(Ask(job.word, asked, job.id if retry else None))
            self._age(asked)
        return True

    async def _change(self, message: Message, job: Job) -> bool:
        """What was made is made anew, but for what somebody wants to be different; by its command."""
        shown = re.search(r"\b([SC]\d+) · ", message.text)
        if message.channel.guild is None or shown is None or self._dice.random() >= CHANGES:
            return False
        options: dict[str, object] = {"ref": shown[1], "instructions": "Make it rain"}
        if job.kind == "scenes" and self._dice.random() < 0.5:
            options["scene"] = 1
        command = "scenes revise" if job.kind == "scenes" else "character vary"
        who = self._who(job, message.channel)
        prepared = self._stage.discord.prepare(command, options, member=who, channel=message.channel)
        self.asks.append(Ask(job.word, prepared.asked))
        await self._stage.discord.send(prepared)
        self._age(prepared.asked)
        return True

    def _offered(self) -> Iterator[tuple[Message, str, Job]]:
        jobs = {job.id: job for job in jobs_of(self._stage)}
        for message in self._stage.discord.messages:
            job = jobs.get(final_of(message, jobs) or RecordId(""))
            label = next((one for one in ("Again", "Retry") if one in message.buttons), None)
            if job is not None and label is not None and (job.id, label) not in self._pressed:
                yield message, label, job

    # ── cancelling ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def cancel(self) -> None:
        """Presses Cancel under the progress of some jobs, once each."""
        if not self._stage.discord.gateway.live:
            return
        jobs = {job.id: job for job in jobs_of(self._stage)}
        for message in self._stage.discord.messages:
            job = jobs.get(progress_of(message) or RecordId(""))
            if job is None or job.id in self._marked:
                continue
            self._marked.add(job.id)
            if self._dice.random() < self.cancellations:
                who = self._who(job, message.channel)
                self.cancels[job.id] = await self._stage.discord.click(message, "Cancel", member=who)

    def _who(self, job: Job, channel: Channel) -> Member | User:
        member = self._stage.discord.world.guilds[job.server].members[job.member]
        return member if channel.guild is not None else member.user
