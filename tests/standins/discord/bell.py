"""Waiting for something to become true in the simulated Discord, without polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Rings after every change; who waits looks again."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something changed."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def until(self, ready: Callable[[], T | None], timeout_seconds: float, what: Callable[[], str]) -> T:
        """The first true value of `ready`. Raises AssertionError with `what()` when the time is up."""
        ends = time.monotonic() + timeout_seconds
        while True:
            found = ready()
            if found:
                return found
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait_for(future, max(0.0, ends - time.monotonic()))
            except TimeoutError:
                raise AssertionError(f"not within {timeout_seconds} s: {what()}") from None
            finally:
                self._waiting.discard(future)
