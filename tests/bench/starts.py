"""(b): from the start of the process to the first answered command, when a bot that has run before is restarted."""

from __future__ import annotations

from tests.bench.side import Side
from tests.bench.table import Row, against, middle


async def restart(sides: tuple[Side, Side], *, quick: bool) -> list[Row]:
    """The command is sent the moment the gateway is up; the first start, with sync and migrations, is shown apart."""
    rounds = 3 if quick else 11
    first = [await _start(side) for side in sides]
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for side, times in zip(sides, found, strict=True):
            times.append(await _start(side))
    return [
        against("b", "process start until /help is answered", middle(found[0]), middle(found[1]), 2.5),
        against("b", "the same at the very first start", first[0], first[1]),
    ]


async def both(sides: tuple[Side, Side]) -> None:
    """Starts them for other measurements."""
    for side in sides:
        await _start(side)


async def _start(side: Side) -> float:
    await side.stop()
    began = await side.start()
    await side.discord.synced("help", 30)
    asked = await (await side.discord.slash("help")).acknowledged(30)
    assert asked.acknowledged_at is not None
    return asked.acknowledged_at - began
