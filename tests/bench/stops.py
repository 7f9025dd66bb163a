"""(i): from SIGTERM until the process is gone."""

from __future__ import annotations

import asyncio
import time

from tests.bench.held import Studio, studio
from tests.bench.table import Row, middle, seconds
from tests.e2e.stage import until
from tests.standins.discord import Interaction

WAITING = 10
BOUND_SECONDS = 10.0


async def stops(*, quick: bool) -> list[Row]:
    """Jobs that wait are given five seconds to come to their end; none of these does."""
    idle: list[float] = []
    busy: list[float] = []
    codes: set[int | None] = set()
    async with studio() as made:
        for number in range(1 if quick else 3):
            await _fresh(made)
            idle.append(await _stopped(made, codes))
            await _fresh(made)
            waiting = await _wait_at_vendor(made, number)
            busy.append(await _stopped(made, codes))
            await _cleared(made, waiting)
    ended = f"SIGTERM until the process is gone (exit code {', '.join(map(str, codes))})"
    return [
        _row(f"{ended}, nothing running", middle(idle), middle(idle), codes),
        _row(
            f"the same, {WAITING} jobs waiting at a vendor; baseline: nothing running", middle(idle), max(busy), codes
        ),
    ]


async def _fresh(made: Studio) -> None:
    await made.side.stop()
    await made.side.start()
    await made.side.discord.synced("help", 30)
    await made.help()


async def _wait_at_vendor(made: Studio, number: int) -> list[Interaction]:
    asks = (made.scenes(f"stop {number} {n}", next(made.side.turns)) for n in range(WAITING // 2))
    more = (made.character(f"stop {number} {n}", next(made.side.turns)) for n in range(WAITING - WAITING // 2))
    before = len(made.google.held) + len(made.replicate.held)
    asked = await asyncio.gather(*asks, *more)
    await until(lambda: len(made.google.held) + len(made.replicate.held) >= before + WAITING, "all at the vendors", 60)
    await asyncio.sleep(0.5)
    return asked


async def _stopped(made: Studio, codes: set[int | None]) -> float:
    began = time.monotonic()
    codes.add(await made.side.stop())
    return time.monotonic() - began


async def _cleared(made: Studio, asked: list[Interaction]) -> None:
    """What waited comes to its end in the next process."""
    made.hold(False)
    await made.side.start()
    for one in asked:
        await one.until(lambda message: "Delete" in message.buttons, 60)
    made.hold(True)


def _row(what: str, baseline: float, ours: float, codes: set[int | None]) -> Row:
    return Row(
        key="i",
        what=what,
        baseline=seconds(baseline),
        ours=seconds(ours),
        ratio=ours / baseline,
        aim=f"≤ {BOUND_SECONDS:.0f} s, code 0",
        judged=ours if codes == {0} else 2 * BOUND_SECONDS,
        bound=BOUND_SECONDS,
    )
