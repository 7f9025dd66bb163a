"""The Courier: progress while a job runs, then its result, to the message that was promised; once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

import discord

from bot.delivery.board import Board
from bot.delivery.failure import failure_sheet, incident_sheet
from bot.delivery.ladder import Ladder
from bot.delivery.rungs import Rungs
from bot.delivery.wire import PassingError, RefusedError, Trouble
from bot.ui.custom_ids import Action, Press, custom_id
from bot.ui.frame import Sheet
from mv.domain.ids import MessageId, RecordId
from mv.domain.jobs import Delivery, Job, JobKind, JobState
from mv.errors import StorageDamaged, StorageError
from mv.ports import Clock, Counted, Courier, JobEngine, Meter
from mv.services.jobs import Jobs

log = logging.getLogger(__name__)

DRAWN_AGAIN = 5
"""How often, once a minute, a result is tried again whose records cannot be read."""
LOOKS_AGAIN_AFTER = (2.0, 8.0, 30.0)
"""Seconds between the looks at a result that an older edit may replace."""

Draw = Callable[[Job, int], Awaitable[Sheet]]
"""What a finished job of one kind is shown as, with files of so many bytes in all."""


class DiscordCourier(Courier):
    """One for the whole process."""

    def __init__(
        self,
        client: discord.Client,
        jobs: Jobs,
        engine: JobEngine,
        clock: Clock,
        meter: Meter,
        *,
        every_seconds: float,
        remind_after: int,
    ) -> None:
        self.client = client
        self._jobs = jobs
        self._clock = clock
        self._meter = meter
        self._remind_after = remind_after
        self._rungs = Rungs(client, clock)
        self._ladder = Ladder(self._rungs, jobs)
        self._board = Board(self._rungs, jobs, engine, every_seconds)
        self._delivering: set[RecordId] = set()
        self._looking: set[asyncio.Task[None]] = set()
        self._out: dict[RecordId, tuple[Delivery, MessageId | None]] = {}
        """Where results went whose delivery is not on record yet."""
        self._undrawn: Counter[RecordId] = Counter()
        self.draws: dict[JobKind, Draw] = {}
        """What a finished job of each kind is shown as; the cogs say."""

    @property
    def busy(self) -> bool:
        """Whether any job is on its way to a message."""
        return bool(len(self._board) or self._delivering)

    @property
    def locked_out(self) -> asyncio.Event:
        """Set when Discord refuses the bot's own token: a person must mend that."""
        return self._rungs.locked_out

    def follow(self, job: Job) -> None:
        """Shows the job's progress from now on; a second call changes nothing."""
        self._board.follow(job)

    async def farewell(self) -> None:
        """Whoever still waits is told; see `Board.farewell`."""
        for task in self._looking:
            task.cancel()
        await self._board.farewell()

    async def deliver(self, job: Job) -> None:
        """Once: a job that is delivered already is left alone. Never raises."""
        if job.id in self._delivering:
            return
        self._delivering.add(job.id)
        try:
            await self._deliver(job)
        except (PassingError, RefusedError) as trouble:
            log.warning("%s is not delivered yet: %s; it is tried again", job.ref, trouble)
        except StorageError as error:
            log.warning("%s is not delivered, or that is not noted: %s; it is tried again", job.ref, error.code)
        except Exception as error:  # it stays undelivered, and is tried again in a minute
            log.error("%s could not be delivered: %s", job.ref, type(error).__name__, exc_info=error)
        finally:
            self._delivering.discard(job.id)

    async def _deliver(self, job: Job) -> None:
        shown = await self._board.leave(job)
        fresh = await self._jobs.get(job.id)
        if fresh is None or fresh.delivered_at is not None:
            self._forget(job)
            return
        if job.id in self._out:
            await self._note(fresh)
            return
        known = shown.message_id if shown is not None and shown.message_id else fresh.reply.message_id
        where, message_id, sheet = await self._ladder.climb(fresh, known, lambda room: self._draw(fresh, room))
        self._out[job.id] = where, message_id
        await self._note(fresh)
        self._meter.count(Counted.DELIVERIES, by=where.value)
        log.info("%s of server %s: %s, delivered by %s", fresh.ref, fresh.server_id, fresh.state.value, where.value)
        if message_id is not None and where in (Delivery.TOKEN, Delivery.MESSAGE):
            if shown is not None and shown.doubtful:
                self._look_after(fresh, where, message_id, sheet)
            await self._remind(fresh, message_id)

    async def _note(self, job: Job) -> None:
        where, message_id = self._out[job.id]
        await self._jobs.delivered(job.id, where, message_id)
        self._forget(job)

    def _forget(self, job: Job) -> None:
        self._out.pop(job.id, None)
        self._undrawn.pop(job.id, None)
        self._rungs.forget(job)

    async def _draw(self, job: Job, room: int) -> Sheet:
        if job.state is not JobState.DONE:
            return failure_sheet(job)
        try:
            return (await self.draws[job.kind](job, room)).within(room)
        except StorageError as error:
            self._undrawn[job.id] += 1
            if isinstance(error, StorageDamaged) or self._undrawn[job.id] > DRAWN_AGAIN:
                return incident_sheet(job, error)
            raise
        except Exception as error:  # noqa: BLE001  # the member is told, with a number that is in the log
            return incident_sheet(job, error)

    async def _remind(self, job: Job, message_id: MessageId) -> None:
        """Edits notify nobody: whoever waited long is mentioned once."""
        waited = (self._clock.now() - job.created_at).total_seconds()
        if not self._remind_after or waited < self._remind_after:
            return
        try:
            await self._rungs.remind(job, message_id)
        except Trouble as trouble:
            log.info("%s: no reminder (%s)", job.ref, trouble)

    # ── edits of progress that land late ─────────────────────────────────────────────────────────────────────────

    def _look_after(self, job: Job, where: Delivery, message_id: MessageId, sheet: Sheet) -> None:
        task = asyncio.create_task(self._look_again(job, where, message_id, sheet), name=f"{job.ref} look again")
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _look_again(self, job: Job, where: Delivery, message_id: MessageId, sheet: Sheet) -> None:
        """Puts the result back in the place of progress that came after it."""
        progress = custom_id(Press(action=Action.JOB_CANCEL, record=job.id))
        for pause in LOOKS_AGAIN_AFTER:
            await asyncio.sleep(pause)
            try:
                if progress not in await self._rungs.shown(job, where, message_id):
                    continue
                if where is Delivery.TOKEN:
                    await self._rungs.by_token(job, sheet)
                else:
                    await self._rungs.by_message(job, message_id, sheet)
                log.info("%s: its result was put back in the place of older progress", job.ref)
            except Trouble as trouble:
                log.info("%s: could not look whether its result is still there (%s)", job.ref, trouble)
