"""A clean-up as a process of its own that dies by kill -9 before or after its so-manieth step: a transaction, or a file
that is deleted.

    python -m tests.cleanup.victim FOLDER HOURS STEP before|after
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from tests.cleanup.house import House, opened_house


def watched(house: House, step: Callable[[str], AbstractAsyncContextManager[None]]) -> None:
    """Each transaction and deletion happens within a `step`."""

    def within(name: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*given: Any, **named: Any) -> Any:
            async with step(name):
                return await work(*given, **named)

        return call

    for owner, name in ((house.records, "transact"), (house.media, "delete")):
        setattr(owner, name, within(name, getattr(owner, name)))


def mortal(number: int, when: str) -> Callable[[str], AbstractAsyncContextManager[None]]:
    """Dies before or after the step of that number."""
    numbers = count(1)

    @asynccontextmanager
    async def step(_: str) -> AsyncIterator[None]:
        mine = next(numbers) == number
        if mine and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        yield
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


async def main(folder: str, hours: str, step: str, when: str) -> None:
    async with opened_house(Path(folder)) as house:
        house.after(timedelta(hours=float(hours)))
        watched(house, mortal(int(step), when))
        await house.cleaner.clean()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
