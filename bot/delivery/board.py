"""Progress: what the messages of jobs show while they run, edited at most once every two seconds each.

A result never waits for an edit of progress that hangs: it goes out, and the message is looked at again afterwards, for
such an edit may still land.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from bot.delivery.rungs import PROGRESS_SECONDS, Rungs
from bot.delivery.wire import PassingError, RefusedError, Trouble
from bot.ui.frame import Sheet
from bot.ui.jobs import progress_message
from mv.domain.ids import MessageId, RecordId
from mv.domain.jobs import Delivery, Job, Phase, Progress
from mv.ports import JobEngine
from mv.services.jobs import Jobs

log = logging.getLogger(__name__)

FIRST_PROGRESS_SECONDS = 0.7
"""A job that is done sooner shows its result and nothing else."""
LAST_EDIT_SECONDS = 0.3
"""What an edit that is under way may hold its result up."""
FAREWELL_SECONDS = 3.0
LANDS_WITHIN_SECONDS = 60.0
"""After so long, an edit that was given up has been done or never will be."""
TOKEN_MARGIN_SECONDS = 120.0
"""A job that ends so shortly before its token may as well end after it."""


@dataclass(slots=True)
class Shown:
    """A message that shows a job: the task that edits it, and its id once known, which the records shall know too.
    Times are `time.monotonic()`."""

    job: Job
    task: asyncio.Task[None] | None = None
    message_id: MessageId | None = None
    noted: bool = False
    last: Progress | None = None
    edited_at: float = 0.0
    editing: bool = False
    """Whether an edit is under way."""
    doubtful_at: float | None = None
    """When an edit was given up that may still be done."""

    @property
    def doubtful(self) -> bool:
        """Whether the message may yet change by itself."""
        return self.doubtful_at is not None and time.monotonic() - self.doubtful_at < LANDS_WITHIN_SECONDS


class Board:
    """All jobs that are shown at work."""

    def __init__(self, rungs: Rungs, jobs: Jobs, engine: JobEngine, every_seconds: float) -> None:
        self._rungs = rungs
        self._jobs = jobs
        self._engine = engine
        self._every = every_seconds
        self._shown: dict[RecordId, Shown] = {}
        self._leaving = False

    def __len__(self) -> int:
        return len(self._shown)

    def follow(self, job: Job) -> None:
        """Shows it from now on, where that is possible; a second call changes nothing."""
        shown = self._shown.get(job.id)
        if shown is not None and shown.task is not None and not shown.task.done():
            return
        if self._way(job, job.reply.message_id) is None:
            return
        shown = self._shown[job.id] = Shown(job=job, message_id=job.reply.message_id)
        work = self._part(shown) if self._leaving else self._show(shown)
        shown.task = asyncio.create_task(work, name=f"{job.ref} progress")

    async def leave(self, job: Job) -> Shown | None:
        """Progress of it is not shown any more, but for an edit that is given up (see `Shown.doubtful`)."""
        shown = self._shown.pop(job.id, None)
        if shown is None:
            return None
        if shown.task is not None:
            if shown.editing:
                await asyncio.wait({shown.task}, timeout=LAST_EDIT_SECONDS)
            shown.task.cancel()
            await asyncio.wait({shown.task}, timeout=LAST_EDIT_SECONDS)
        return shown

    async def farewell(self) -> None:
        """Every message says that the bot restarts. Ends within FAREWELL_SECONDS; nothing is edited afterwards."""
        first, self._leaving = not self._leaving, True
        if first:
            for shown in self._shown.values():
                work = self._part(shown, shown.task)
                shown.task = asyncio.create_task(work, name=f"{shown.job.ref} farewell")
        ends = time.monotonic() + FAREWELL_SECONDS
        try:
            while (going := self._going()) and (left := ends - time.monotonic()) > 0:
                await asyncio.wait(going, timeout=left)
        finally:
            for task in self._going():
                task.cancel()

    def _going(self) -> set[asyncio.Task[None]]:
        return {shown.task for shown in self._shown.values() if shown.task is not None and not shown.task.done()}

    # ── one message ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _show(self, shown: Shown) -> None:
        await asyncio.sleep(FIRST_PROGRESS_SECONDS)
        said: object = None
        looked_in_vain = False
        while True:
            progress = self._engine.status(shown.job.id)
            if progress is None and looked_in_vain:
                return
            looked_in_vain = progress is None
            if progress is not None:
                shown.last = progress
                now = _facts(progress, self._notes(progress))
                if now != said:
                    done = await self._edit(shown, progress, self._notes(progress))
                    if done is None:
                        return
                    said = now if done else said
            await asyncio.sleep(self._every)

    async def _part(self, shown: Shown, before: asyncio.Task[None] | None = None) -> None:
        """The last edit before the process stops, in the place of the task that edited it `before`."""
        if before is not None:
            try:
                if shown.editing:
                    await asyncio.wait({before}, timeout=self._every)
            finally:  # also if the result has come meanwhile
                before.cancel()
            await asyncio.wait({before}, timeout=LAST_EDIT_SECONDS)
        await asyncio.sleep(max(0.0, shown.edited_at + self._every - time.monotonic()))
        waiting = Progress(job=shown.job, phase=Phase.WAITING)
        progress = self._engine.status(shown.job.id) or shown.last or waiting
        await self._edit(shown, progress, ("restarting", *self._notes(progress)))

    async def _edit(self, shown: Shown, progress: Progress, notes: Iterable[str]) -> bool | None:
        """Whether it is shown; None if there is no use in going on."""
        job = shown.job
        way = self._way(job, shown.message_id)
        if way is None:
            return None
        sheet = progress_message(progress, job.about, notes)
        shown.edited_at, shown.editing = time.monotonic(), True
        try:
            message = await self._send(shown, way, sheet)
        except asyncio.CancelledError:
            shown.doubtful_at = time.monotonic()
            raise
        except RefusedError as refusal:
            log.info("%s: progress could not be shown by %s (%s)", job.ref, way.value, refusal)
            self._rungs.refuse(job, way)
            return False if self._way(job, shown.message_id) else None
        except Trouble as trouble:
            log.info("%s: progress could not be shown by %s (%s)", job.ref, way.value, trouble)
            if not isinstance(trouble, PassingError):
                return None
            shown.doubtful_at = time.monotonic() if not trouble.status else shown.doubtful_at
            shown.editing = False
            await asyncio.sleep(trouble.wait)
            return False
        finally:
            shown.editing = False
        await self._note(shown, MessageId(message))
        return True

    async def _send(self, shown: Shown, way: Delivery, sheet: Sheet) -> int:
        if way is Delivery.TOKEN:
            return await self._rungs.by_token(shown.job, sheet, PROGRESS_SECONDS)
        assert shown.message_id is not None  # noqa: S101  # by `_way`
        return await self._rungs.by_message(shown.job, shown.message_id, sheet, PROGRESS_SECONDS)

    async def _note(self, shown: Shown, message_id: MessageId) -> None:
        if shown.noted:
            return
        shown.message_id, shown.noted = message_id, True
        try:
            await self._jobs.shown_at(shown.job.id, message_id)
        except Exception as error:  # noqa: BLE001  # a note for the ladder; the result does not depend on it
            log.warning("%s: its message could not be noted: %s", shown.job.ref, type(error).__name__)

    def _way(self, job: Job, message_id: MessageId | None) -> Delivery | None:
        """By the token, else by message id; progress goes no other way."""
        ways = self._rungs.holding(job, message_id)
        return next((way for way in ways if way in (Delivery.TOKEN, Delivery.MESSAGE)), None)

    def _notes(self, progress: Progress) -> tuple[str, ...]:
        """That a private result may come as a direct message, for its token may be over by then."""
        job, left = progress.job, progress.left_seconds or 0.0
        lives = self._rungs.token_seconds(job)
        return ("by_direct_message",) if job.private and lives - TOKEN_MARGIN_SECONDS < left else ()


def _facts(progress: Progress, notes: tuple[str, ...]) -> tuple[object, ...]:
    """What is worth an edit if it has changed."""
    seen = (progress.job.state, progress.phase, progress.place, progress.done, progress.total, progress.usual_seconds)
    return (*seen, progress.note, notes)
