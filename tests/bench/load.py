"""Commands sent by many members, and how long each waited."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.side import Side
from tests.standins.discord import Callback, Interaction
from tests.standins.discord.standin import Prepared

WAIT_SECONDS = 180.0
SCENES, CHARACTER = "scenes create", "character create"
_told_apart = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Seconds from sending; `delivered` is empty for a bot that only defers."""

    acknowledged: list[float]
    delivered: list[float]


def options(command: str) -> Mapping[str, Any]:
    """A request like no other."""
    number = next(_told_apart)
    if command == SCENES:
        return {"idea": f"rain on a harbour at dawn, number {number}", "character": "an old lighthouse keeper"}
    return {"description": f"an old lighthouse keeper in a yellow coat, number {number}"}


async def send(side: Side, commands: Sequence[str], *, per_second: float | None = None) -> Outcome:
    """Commands of members in turn, all at once or at a steady pace; returns when all are answered and delivered."""
    ready = [
        side.discord.prepare(command, options(command), member=member)
        for command, member in zip(commands, side.turns, strict=False)
    ]
    waiting: list[asyncio.Task[float]] = []
    with _without_collector():
        began = time.monotonic()
        for number, one in enumerate(ready):
            if per_second is not None:
                await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            await side.discord.send(one)
            if per_second is not None and side.delivers:
                waiting.append(asyncio.create_task(_shown(one)))
        asked = [one.asked for one in ready]
        await _all(side, asked, lambda one: one.acknowledged_at is not None, "acknowledged")
    _refuse_refusals(side, asked)
    delivered = [await task for task in waiting]
    if side.delivers:
        await _all(side, asked, _delivered, "delivered")
    return Outcome(acknowledged=[one.acknowledged_after for one in asked], delivered=delivered)


def _delivered(asked: Interaction) -> bool:
    message = asked.message
    return message is not None and not message.thinking and bool(message.embeds) and "Cancel" not in message.buttons


async def _shown(one: Prepared) -> float:
    await one.asked.until(lambda message: bool(message.attachments), WAIT_SECONDS)
    return time.monotonic() - one.asked.sent_at


async def _all(side: Side, asked: Sequence[Interaction], done: Any, what: str) -> None:
    """Looks 100 times a second rather than at every change, which would cost as much as what is measured."""
    ends = time.monotonic() + WAIT_SECONDS
    while not all(done(one) for one in asked):
        if time.monotonic() > ends:
            missing = [one for one in asked if not done(one)]
            shown = missing[0].message.text if missing[0].message else "nothing"
            raise AssertionError(f"{side.name}: {len(missing)} not {what}; one shows {shown!r}\n{side.log()}")
        await asyncio.sleep(0.01)


def _refuse_refusals(side: Side, asked: Sequence[Interaction]) -> None:
    """A refusal is quick to give: it must not count as an acknowledgement."""
    for one in asked:
        if one.callback is not Callback.DEFERRED:
            told = one.message.text if one.message else ""
            raise AssertionError(f"{side.name} answered /{one.name} by {one.callback!r}: {told}\n{side.log()}")


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
