"""Background tasks that are neither lost nor left behind."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import time
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]


class Tasks:
    """All that run at this moment; an ended one is forgotten at once."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Work, context: contextvars.Context | None = None) -> asyncio.Task[None]:
        """Nobody awaits it: an exception is logged."""
        task = self.watched(work, context)
        task.add_done_callback(_log_failure)
        return task

    def watched(self, work: Work, context: contextvars.Context | None = None) -> asyncio.Task[None]:
        """The caller sees to its exceptions."""
        task = asyncio.create_task(work, context=context)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def cancel(self) -> None:
        """All of them."""
        for task in self._running:
            task.cancel()

    async def settle(self, seconds: float) -> None:
        """Waits until nothing runs any more, or the time is over."""
        until = time.monotonic() + seconds
        while self._running and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._running, timeout=left)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task failed", exc_info=error)
