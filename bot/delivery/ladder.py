"""The ladder of ways to deliver a result, each tried once per cause.

By the interaction's token while it lives, else by message id with the bot's own token, else as a new message that
mentions the asker, else as a direct message. A private result skips both rungs that lead to the channel. A rung that
Discord refuses for good is left for the next; a passing fault is waited out on it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.delivery.failure import incident_sheet
from bot.delivery.rungs import Rungs
from bot.delivery.wire import MalformedError, PassingError, RefusedError, TooLargeError
from bot.ui.frame import Sheet
from mv.domain.ids import MessageId
from mv.domain.jobs import Delivery, Job
from mv.services.jobs import Jobs

log = logging.getLogger(__name__)

TRIES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Seconds between attempts while Discord cannot be reached."""
DIRECT_LIMIT = 10 * 1024 * 1024
"""Bytes a file may have in a direct message, whatever the server allows."""

Fitting = Callable[[int], Awaitable[Sheet]]
"""The message, with files of so many bytes in all."""


class Ladder:
    """One for the whole process."""

    def __init__(self, rungs: Rungs, jobs: Jobs) -> None:
        self._rungs = rungs
        self._jobs = jobs

    async def climb(
        self, job: Job, message_id: MessageId | None, draw: Fitting
    ) -> tuple[Delivery, MessageId | None, Sheet]:
        """Where it went, and what is shown there. Raises PassingError if Discord cannot be reached for minutes, and
        RefusedError if it refuses the bot's own token: then it is not delivered, and may be later."""
        while ways := self._rungs.holding(job, message_id):
            way = ways[0]
            try:
                found, sheet = await self._patiently(job, way, message_id, draw)
            except RefusedError as refusal:
                log.info("%s: not delivered by %s (%s)", job.ref, way.value, refusal)
                self._rungs.refuse(job, way)
            else:
                return way, MessageId(found), sheet
        if self._rungs.locked_out.is_set():
            raise RefusedError(401, 0)
        log.warning("%s: nowhere to deliver it; the record is kept", job.ref)
        return Delivery.NOWHERE, None, Sheet()

    async def _patiently(
        self, job: Job, way: Delivery, message_id: MessageId | None, draw: Fitting
    ) -> tuple[int, Sheet]:
        """One rung, again while Discord has a passing fault, or takes the message only without what it carries."""
        room = min(job.reply.upload_limit, DIRECT_LIMIT) if way is Delivery.DIRECT else job.reply.upload_limit
        sheet, halved, malformed, pauses = await draw(room), False, False, iter(TRIES)
        while True:
            try:
                return await self._stand(job, way, message_id, sheet), sheet
            except TooLargeError as error:
                if not sheet.files:
                    raise RefusedError(413, 0) from error
                sheet = sheet.within(0) if halved else await draw(sheet.bytes // 2)
                halved = True
            except MalformedError as error:
                if malformed:
                    raise RefusedError(error.cause.status, error.cause.code) from error
                sheet, malformed = incident_sheet(job, error.cause), True
            except PassingError as fault:
                pause = next(pauses, None)
                if pause is None:
                    raise
                await self._wait(job, way, max(pause, fault.wait), fault)

    async def _wait(self, job: Job, way: Delivery, seconds: float, fault: PassingError) -> None:
        """Raises RefusedError if the rung does not hold for so long."""
        if way is Delivery.TOKEN and seconds >= self._rungs.token_seconds(job):
            raise RefusedError(fault.status, 0) from fault
        log.info("%s: %s by %s; again in %.1f s", job.ref, fault, way.value, seconds)
        await asyncio.sleep(seconds)

    async def _stand(self, job: Job, way: Delivery, message_id: MessageId | None, sheet: Sheet) -> int:
        if way is Delivery.TOKEN:
            return await self._rungs.by_token(job, sheet)
        if way is Delivery.MESSAGE and message_id is not None:
            return await self._rungs.by_message(job, message_id, sheet)
        begun = await self._jobs.posting(job.id, way)
        if begun is not None and begun.done_at is not None:
            return int(begun.value["message"])
        post = self._rungs.by_channel if way is Delivery.CHANNEL else self._rungs.by_direct_message
        found = await post(job, sheet, begun)
        await self._jobs.posted(job.id, way, MessageId(found))
        return found
