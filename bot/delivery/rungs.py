"""The ways to a message, one method each; and which of them hold for a job.

Edits may be made again without harm. A new message may not: it carries the job's id as a nonce, by which Discord knows
a repetition for some minutes, and after that it is looked for where it would be.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord
from discord.utils import time_snowflake

from bot.delivery.wire import PassingError, RefusedError, Trouble, under
from bot.ui.frame import Sheet, only
from bot.ui.sending import editing, sending
from mv.domain.ids import MessageId, RecordId
from mv.domain.jobs import Delivery, Job, JobState, Step
from mv.ports import Clock

REQUEST_SECONDS = 15.0
PROGRESS_SECONDS = 5.0
BYTES_A_SECOND = 200_000
"""What an upload is given time for, on top."""
LOOKED_THROUGH = 300
"""Messages since a post was begun."""
CLOCKS_APART = timedelta(minutes=2)
"""Ours and Discord's."""
NO_HISTORY = 160002
"""A reply needs the permission to read what came before."""


class _Original(int):
    """The id by which Discord knows an interaction's first reply, in an address; discord.py would quote a string."""

    def __format__(self, spec: str, /) -> str:
        return "@original"


ORIGINAL = _Original()


class Rungs:
    """All requests of deliveries. They raise Trouble and nothing else."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._refused: dict[RecordId, set[Delivery]] = {}
        self.locked_out = asyncio.Event()
        """Set when Discord refuses the bot's own token: nothing is asked with it any more."""

    # ── which hold ───────────────────────────────────────────────────────────────────────────────────────────────

    def holding(self, job: Job, message_id: MessageId | None) -> tuple[Delivery, ...]:
        """Those that are worth a try, the best first. A private job goes through no channel."""
        found = [Delivery.TOKEN] if job.reply.token is not None and self.token_seconds(job) > 0 else []
        if not self.locked_out.is_set():
            if not job.private:
                found += [Delivery.MESSAGE] if message_id is not None else []
                found.append(Delivery.CHANNEL)
            found.append(Delivery.DIRECT)
        return tuple(way for way in found if way not in self._refused.get(job.id, ()))

    def token_seconds(self, job: Job) -> float:
        """How long the token lives; one without an end does for a day."""
        ends = job.reply.token_expires_at
        return (ends - self._clock.now()).total_seconds() if ends is not None else 86_400.0

    def refuse(self, job: Job, way: Delivery) -> None:
        """Discord refused it for good: it is not tried again, and a dead token least of all."""
        self._refused.setdefault(job.id, set()).add(way)

    def forget(self, job: Job) -> None:
        """It is delivered."""
        self._refused.pop(job.id, None)

    @asynccontextmanager
    async def _own(self, seconds: float) -> AsyncIterator[None]:
        """`under`, for requests with the bot's own token. Something between us and Discord may refuse for a moment, so
        what Discord gives no code for passes, but a 401 that Discord repeats: that is its word on a token."""
        try:
            async with under(seconds):
                yield
        except RefusedError as refusal:
            if refusal.code or (refusal.status == 401 and await self._token_is_refused()):
                raise
            raise PassingError(refusal.status) from refusal

    async def _token_is_refused(self) -> bool:
        try:
            async with under(REQUEST_SECONDS):
                await self._client.http.request(discord.http.Route("GET", "/users/@me"))
        except RefusedError as refusal:
            if refusal.status == 401:
                self.locked_out.set()
        except Trouble:
            return False
        return self.locked_out.is_set()

    # ── edits ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def by_token(self, job: Job, sheet: Sheet, seconds: float | None = None) -> int:
        """The interaction's first reply; the message's id."""
        async with under(seconds or _seconds(sheet)):
            return (await self._webhook(job).edit_message(ORIGINAL, **editing(sheet))).id

    async def by_message(self, job: Job, message_id: MessageId, sheet: Sheet, seconds: float | None = None) -> int:
        """The same message, with the bot's own token."""
        async with self._own(seconds or _seconds(sheet)):
            return (await self._channel(job).get_partial_message(message_id).edit(**editing(sheet))).id

    async def shown(self, job: Job, way: Delivery, message_id: MessageId) -> frozenset[str]:
        """The custom_ids of what a message of the job shows now."""
        if way is Delivery.TOKEN:
            async with under(REQUEST_SECONDS):
                return _custom_ids(await self._webhook(job).fetch_message(message_id))
        async with self._own(REQUEST_SECONDS):
            return _custom_ids(await self._channel(job).fetch_message(message_id))

    # ── new messages ─────────────────────────────────────────────────────────────────────────────────────────────

    async def by_channel(self, job: Job, sheet: Sheet, begun: Step | None) -> int:
        """A message that mentions the asker; the one that is there already, if it was `begun` before."""
        mentioned = replace(sheet, content=f"<@{job.member_id}>\n{sheet.content}".strip())
        arguments = sending(mentioned, mentions=only(job.member_id))
        return await self._once(self._channel(job), job, sheet, arguments, begun)

    async def by_direct_message(self, job: Job, sheet: Sheet, begun: Step | None) -> int:
        """As `by_channel`, to the asker alone."""
        async with self._own(REQUEST_SECONDS):
            channel = await self._client.create_dm(discord.Object(job.member_id))
        return await self._once(channel, job, sheet, sending(sheet), begun)

    async def _once(
        self, channel: discord.abc.Messageable, job: Job, sheet: Sheet, arguments: dict[str, Any], begun: Step | None
    ) -> int:
        found = await self._find(channel, job, sheet, begun) if begun is not None else None
        if found is not None:
            return found
        async with self._own(_seconds(sheet)):
            return (await channel.send(**arguments, nonce=_nonce(job))).id

    async def _find(self, channel: discord.abc.Messageable, job: Job, sheet: Sheet, begun: Step) -> int | None:
        """Our own message that shows the same; None also where the bot may not look."""
        since = discord.Object(time_snowflake(begun.intended_at - CLOCKS_APART))
        wanted = _marks(sheet)
        try:
            async with self._own(REQUEST_SECONDS):
                async for message in channel.history(limit=LOOKED_THROUGH, after=since, oldest_first=True):
                    ours = message.author.id == self._me and message.webhook_id is None
                    if ours and (str(message.nonce) == _nonce(job) or (wanted and wanted <= _marks_of(message))):
                        return message.id
        except RefusedError:
            return None
        return None

    # ── the reminder ─────────────────────────────────────────────────────────────────────────────────────────────

    async def remind(self, job: Job, message_id: MessageId | None) -> None:
        """One short message, tried once: a lost one does no harm, a second one would."""
        arguments: dict[str, Any] = {
            "content": f"<@{job.member_id}> {job.ref} {'is ready' if job.state is JobState.DONE else 'has ended'}.",
            "allowed_mentions": only(job.member_id),
        }
        async with under(REQUEST_SECONDS):
            if job.private:
                await self._webhook(job).send(**arguments, ephemeral=True)
                return
            if message_id is not None:
                message = self._channel(job).get_partial_message(message_id)
                arguments["reference"] = message.to_reference(fail_if_not_exists=False)
            try:
                await self._channel(job).send(**arguments)
            except discord.HTTPException as error:
                if error.code != NO_HISTORY:
                    raise
                del arguments["reference"]
                await self._channel(job).send(**arguments)

    # ── whom ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user is not None else 0

    def _channel(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.reply.channel_id)

    def _webhook(self, job: Job) -> discord.Webhook:
        """The interaction's; one that discord.py does not take for an application's sends nothing ephemeral."""
        webhook = discord.Webhook.partial(job.reply.application_id, job.reply.token or "", client=self._client)
        webhook.type = discord.WebhookType.application
        return webhook


def _nonce(job: Job) -> str:
    return job.id[-25:]


def _seconds(sheet: Sheet) -> float:
    return REQUEST_SECONDS + sheet.bytes / BYTES_A_SECOND


def _marks(sheet: Sheet) -> frozenset[str]:
    """What tells a job's message from every other: its buttons, which carry ids; without any, what stands below."""
    ids = frozenset(button.custom_id for row in sheet.rows for button in row)
    return ids or frozenset(embed.footer.text for embed in sheet.embeds if embed.footer.text)


def _marks_of(message: discord.Message) -> frozenset[str]:
    return _custom_ids(message) | {embed.footer.text for embed in message.embeds if embed.footer.text}


def _custom_ids(message: discord.Message) -> frozenset[str]:
    found: set[str] = set()
    for component in message.components:
        for child in getattr(component, "children", ()):
            found.add(getattr(child, "custom_id", None) or "")
    return frozenset(found)
