"""The Courier: progress while a job runs, then its result, to the message that was promised.

The ladder, each rung once per cause: by the interaction's token while it lives, else by message id with the bot's own
token, else as a new message that mentions the asker, else as a direct message. A private result skips both channel
rungs. A rung that Discord refuses for good (401, 403, 404, 50027) is left for the next; a passing fault is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import discord

from bot.errors import heading, understood, words
from bot.ui.frame import Sheet, only
from bot.ui.jobs import progress_message
from bot.ui.notice import Tone, error_message, retry_buttons
from bot.ui.sending import editing, sending
from mv.domain.ids import MessageId, RecordId
from mv.domain.jobs import Delivery, Job, JobKind, JobState
from mv.domain.money import dollars
from mv.errors import Blocked, Incident, MvError, Refused, Stopped, Uncertain, revive
from mv.ports import Clock, Courier, JobEngine
from mv.services.jobs import Jobs

log = logging.getLogger(__name__)

FIRST_PROGRESS_SECONDS = 0.7
"""A job that is done sooner shows its result and nothing else."""
TRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Seconds between attempts while Discord cannot be reached."""
LAST_EDIT_SECONDS = 2.0
TOO_LARGE = 40005
DEAD_ENDS = frozenset((10003, 10008, 10015, 10062, 50001, 50007, 50013, 50027, 50083))
"""Unknown channel, message, webhook or interaction; no access, no permission; token over; thread archived."""

Draw = Callable[[Job], Awaitable[Sheet]]
"""What a finished job of one kind is shown as; the second pass draws without files."""


class _Original(int):
    """The id by which Discord knows an interaction's first reply, in an address; discord.py would quote a string."""

    def __format__(self, spec: str, /) -> str:
        return "@original"


ORIGINAL = _Original()


class _Refused(Exception):  # a rung, not a failure of ours
    """This rung does not hold."""


@dataclass(slots=True)
class _Shown:
    """A message that shows a job: the task that edits it, and its id once known."""

    task: asyncio.Task[None]
    editing: asyncio.Lock
    message_id: MessageId | None = None


class DiscordCourier(Courier):
    """One for the whole process."""

    def __init__(
        self,
        client: discord.Client,
        jobs: Jobs,
        engine: JobEngine,
        clock: Clock,
        *,
        every_seconds: float,
        remind_after: int,
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._engine = engine
        self._clock = clock
        self._every = every_seconds
        self._remind_after = remind_after
        self._shown: dict[RecordId, _Shown] = {}
        self._delivering: set[RecordId] = set()
        self.draws: dict[JobKind, Draw] = {}
        """What a finished job of each kind is shown as; the cogs say."""

    @property
    def busy(self) -> bool:
        """Whether any job is on its way to a message."""
        return bool(self._shown or self._delivering)

    # ── progress ─────────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, job: Job) -> None:
        """Shows the job's progress from now on; a second call changes nothing."""
        if job.id in self._shown or job.reply.token is None or self._expired(job):
            return
        task = asyncio.create_task(self._show(job), name=f"{job.ref} progress")
        self._shown[job.id] = _Shown(task=task, editing=asyncio.Lock(), message_id=job.reply.message_id)

    async def _show(self, job: Job) -> None:
        await asyncio.sleep(FIRST_PROGRESS_SECONDS)
        last: object = None
        while (progress := self._engine.status(job.id)) is not None and not self._expired(job):
            now = (progress.phase, progress.place, progress.done, progress.total, progress.usual_seconds, progress.note)
            if now != last and not await self._edit_progress(job, progress_message(progress, _about(job))):
                return
            last = now
            await asyncio.sleep(self._every)

    async def _edit_progress(self, job: Job, sheet: Sheet) -> bool:
        """False if there is no use in going on."""
        shown = self._shown.get(job.id)
        if shown is None:
            return False
        async with shown.editing:
            try:
                message = await self._by_token(job, sheet)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                status = getattr(error, "status", 0)
                log.info("%s: progress could not be shown (HTTP %s)", job.ref, status)
                return not 400 <= status < 500
        if shown.message_id is None:
            shown.message_id = MessageId(message)
            try:
                await self._jobs.shown_at(job.id, shown.message_id)
            except Exception as error:  # noqa: BLE001  # a note for the ladder; the result does not depend on it
                log.warning("%s: its message could not be noted: %s", job.ref, type(error).__name__)
        return True

    async def _stop_showing(self, job: Job) -> MessageId | None:
        """No progress edit is on its way after this; one that is under way is given a moment to end."""
        shown = self._shown.pop(job.id, None)
        if shown is None:
            return job.reply.message_id
        try:
            async with asyncio.timeout(LAST_EDIT_SECONDS):
                async with shown.editing:
                    shown.task.cancel()
        except TimeoutError:
            shown.task.cancel()
        await asyncio.wait({shown.task}, timeout=LAST_EDIT_SECONDS)
        return shown.message_id or job.reply.message_id

    # ── the result ───────────────────────────────────────────────────────────────────────────────────────────────

    async def deliver(self, job: Job) -> None:
        """Once: a job that is delivered already is left alone. Never raises."""
        self._delivering.add(job.id)
        try:
            message_id = await self._stop_showing(job)
            fresh = await self._jobs.get(job.id)
            if fresh is None or fresh.delivered_at is not None:
                return
            sheet = await self._draw(fresh)
            where, message_id = await self._climb(fresh, sheet, message_id)
            await self._jobs.delivered(fresh.id, where, message_id)
            log.info("%s of server %s: %s, delivered by %s", fresh.ref, fresh.server_id, fresh.state.value, where.value)
            await self._remind(fresh, where, message_id)
        except Exception as error:  # it stays undelivered, and goes out after the next start
            log.error("%s could not be delivered: %s", job.ref, type(error).__name__, exc_info=error)
        finally:
            self._delivering.discard(job.id)

    async def _draw(self, job: Job) -> Sheet:
        if job.state is not JobState.DONE:
            return failure_sheet(job)
        try:
            return await self.draws[job.kind](job)
        except Exception as error:  # noqa: BLE001  # the member is told, with a number that is in the log
            known = understood(error)
            return failure_sheet(_with_error(job, known))

    async def _climb(self, job: Job, sheet: Sheet, message_id: MessageId | None) -> tuple[Delivery, MessageId | None]:
        rungs: list[tuple[Delivery, Callable[[Sheet], Awaitable[int]]]] = []
        if job.reply.token is not None and not self._expired(job):
            rungs.append((Delivery.TOKEN, lambda s: self._by_token(job, s)))
        if not job.private:
            if message_id is not None:
                rungs.append((Delivery.MESSAGE, lambda s: self._by_message(job, message_id, s)))
            rungs.append((Delivery.CHANNEL, lambda s: self._by_channel(job, s)))
        rungs.append((Delivery.DIRECT, lambda s: self._by_direct_message(job, s)))
        for where, rung in rungs:
            try:
                return where, MessageId(await self._patiently(job, rung, sheet))
            except _Refused as refusal:
                log.info("%s: not delivered by %s (%s)", job.ref, where.value, refusal)
        log.warning("%s: nowhere to deliver it; the record is kept", job.ref)
        return Delivery.NOWHERE, None

    async def _patiently(self, job: Job, rung: Callable[[Sheet], Awaitable[int]], sheet: Sheet) -> int:
        """One rung, again while Discord has a passing fault. Raises _Refused when it does not hold."""
        for pause in (*TRIES, None):
            try:
                return await rung(sheet)
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                status, code = getattr(error, "status", 0), getattr(error, "code", 0)
                if (status == 413 or code == TOO_LARGE) and sheet.files:
                    sheet = _without_files(sheet)
                elif status in (401, 403, 404) or code in DEAD_ENDS:
                    raise _Refused(f"HTTP {status}, code {code}") from None
                elif 400 <= status < 500 and status != 429:
                    sheet = self._fallback(job, error)
                elif pause is None:
                    raise
                else:
                    await asyncio.sleep(pause)
        raise _Refused("refused in every form")

    def _fallback(self, job: Job, error: BaseException) -> Sheet:
        """What is shown in place of a message that Discord finds malformed: a bug, and so an incident."""
        return failure_sheet(_with_error(job, understood(error)))

    async def _by_token(self, job: Job, sheet: Sheet) -> int:
        message = await self._webhook(job).edit_message(ORIGINAL, **editing(sheet))
        return message.id

    async def _by_message(self, job: Job, message_id: MessageId, sheet: Sheet) -> int:
        channel = self._client.get_partial_messageable(job.reply.channel_id)
        message = await channel.get_partial_message(message_id).edit(**editing(sheet))
        return message.id

    async def _by_channel(self, job: Job, sheet: Sheet) -> int:
        channel = self._client.get_partial_messageable(job.reply.channel_id)
        mentioned = Sheet(content=f"<@{job.member_id}>", embeds=sheet.embeds, files=sheet.files, rows=sheet.rows)
        arguments = sending(mentioned, mentions=only(job.member_id))
        return (await channel.send(**arguments, nonce=job.id[-25:])).id

    async def _by_direct_message(self, job: Job, sheet: Sheet) -> int:
        channel = await self._client.create_dm(discord.Object(job.member_id))
        return (await channel.send(**sending(sheet), nonce=job.id[-25:])).id

    async def _remind(self, job: Job, where: Delivery, message_id: MessageId | None) -> None:
        """Edits notify nobody: whoever waited long is mentioned once. Tried once; the result is there anyway."""
        waited = (self._clock.now() - job.created_at).total_seconds()
        if not self._remind_after or waited < self._remind_after or where not in (Delivery.TOKEN, Delivery.MESSAGE):
            return
        arguments: dict[str, Any] = {
            "content": f"<@{job.member_id}> {job.ref} {'is ready' if job.state is JobState.DONE else 'has ended'}.",
            "allowed_mentions": only(job.member_id),
        }
        try:
            if job.private:
                await self._webhook(job).send(**arguments, ephemeral=True)
                return
            channel = self._client.get_partial_messageable(job.reply.channel_id)
            if message_id is not None:
                message = channel.get_partial_message(message_id)
                arguments["reference"] = message.to_reference(fail_if_not_exists=False)
            await channel.send(**arguments)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("%s: no reminder (HTTP %s)", job.ref, getattr(error, "status", 0))

    def _webhook(self, job: Job) -> discord.Webhook:
        """The interaction's; one that discord.py does not take for an application's sends nothing ephemeral."""
        webhook = discord.Webhook.partial(job.reply.application_id, job.reply.token or "", client=self._client)
        webhook.type = discord.WebhookType.application
        return webhook

    def _expired(self, job: Job) -> bool:
        expires = job.reply.token_expires_at
        return expires is not None and self._clock.now() >= expires


def _without_files(sheet: Sheet) -> Sheet:
    """The same without its files, for a server with a small upload limit; pictures in embeds go with them."""
    embeds = [embed.copy() for embed in sheet.embeds]
    for embed in embeds:
        embed.set_image(url=None)
    note = "The files are too large for this server; the record is kept."
    return Sheet(content=f"{sheet.content}\n{note}".strip(), embeds=tuple(embeds), rows=sheet.rows)


def _with_error(job: Job, error: MvError) -> Job:
    return replace(job, error=error.code, error_facts=error.facts())


def failure_sheet(job: Job) -> Sheet:
    """A job without a result: what happened, whether it was charged, what to do now, and a button to do it. A job that
    is done and could not be shown says so, and is not offered again: it is on record, and paid."""
    error = revive(job.error, dict(job.error_facts or {})) if job.error else Incident(number="unknown")
    said = words(error)
    if job.state is JobState.DONE:
        kept = f"{job.ref} is done and on record, and counts as usual; only this message could not be made."
        return error_message(heading(error), said.what, kept, said.to_do, tone=Tone.BAD)
    charged = f"{job.ref} · Nothing was charged; your allowance was given back."
    if job.cost:
        charged = f"{job.ref} · The vendor charged {dollars(job.cost)} for what it did; your allowance was given back."
    elif isinstance(error, Uncertain):
        charged = f"{job.ref} · The vendor may have charged it; your allowance was given back."
    buttons = retry_buttons(job.id, edit=isinstance(error, Blocked))
    tone = Tone.CARE if isinstance(error, Refused | Stopped) else Tone.BAD
    return error_message(heading(error), said.what, charged, said.to_do, buttons, tone=tone)


def _about(job: Job) -> str:
    """What a job works on, as the member typed it."""
    request = job.order.get("request", {})
    return str(request.get("idea") or request.get("description") or "")
