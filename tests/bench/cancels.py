"""(g): from the press on Cancel until nobody waits at the vendor any more, and until the vendor knows."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict

from tests.bench.held import Studio, studio
from tests.bench.table import Row, middle, seconds
from tests.e2e.stage import until
from tests.standins.discord import Interaction

BOUND_SECONDS = 0.05
WAIT_SECONDS = 30.0
Times = defaultdict[str, list[float]]


async def rounds(*, quick: bool) -> list[Row]:
    """Interleaved with /help, which does nothing."""
    times: Times = defaultdict(list)
    async with studio(total=16, per_member=1) as made:
        await _warm(made)
        for number in range(2 if quick else 10):
            times["help"].append(await made.help())
            await _queued(made, number, times)
            times["help"].append(await made.help())
            await _writing(made, number, times)
            times["help"].append(await made.help())
            await _painting(made, number, times)
    baseline = middle(times["help"])
    return [
        _row("cancel of a queued job until its member is told; baseline: /help", baseline, times["queued"]),
        _row("cancel while Gemini writes until nobody waits there", baseline, times["gemini"], BOUND_SECONDS),
        _row("cancel while Replicate paints until nobody waits there", baseline, times["replicate"], BOUND_SECONDS),
        _row("the same until Replicate is told", baseline, times["told"]),
    ]


async def _warm(made: Studio) -> None:
    """The vendors' clients are loaded, and have been asked once."""
    await made.scenes("warm scenes", next(made.side.turns))
    await made.character("warm character", next(made.side.turns))
    await made.called("warm scenes")
    await until(lambda: made.replicate.held, "a question about a picture", WAIT_SECONDS)
    await asyncio.sleep(1)
    made.google.held[0].let_go()


async def _queued(made: Studio, number: int, times: Times) -> None:
    """Its member has one at work, and no more may run."""
    member = next(made.side.turns)
    await made.scenes(f"first {number}", member)
    working = await made.called(f"first {number}")
    waiting = await made.scenes(f"second {number}", member)
    times["queued"].append(await _told(await _pressed(made, waiting)))
    working.let_go()


async def _writing(made: Studio, number: int, times: Times) -> None:
    asked = await made.scenes(f"written {number}", next(made.side.turns))
    held = await made.called(f"written {number}")
    pressed = await _pressed(made, asked)
    await until(lambda: held.ended, "nobody waiting", WAIT_SECONDS)
    times["gemini"].append((held.ended or 0.0) - pressed.sent_at)
    await _told(pressed)


async def _painting(made: Studio, number: int, times: Times) -> None:
    before = len(made.replicate.held)
    asked = await made.character(f"painted {number}", next(made.side.turns))
    await until(lambda: len(made.replicate.held) > before, "a question about the picture", WAIT_SECONDS)
    held = made.replicate.held[-1]
    pressed = await _pressed(made, asked)
    await until(lambda: held.ended and held.about in made.replicate.cancelled, "cancelled", WAIT_SECONDS)
    times["replicate"].append((held.ended or 0.0) - pressed.sent_at)
    times["told"].append(made.replicate.cancelled[held.about] - pressed.sent_at)
    await _told(pressed)


async def _pressed(made: Studio, asked: Interaction) -> Interaction:
    """As soon as there is something to press."""
    message = await asked.until(lambda message: "Cancel" in message.buttons, WAIT_SECONDS)
    guild = message.channel.guild
    assert guild is not None
    return await made.side.discord.click(message, "Cancel", member=guild.members[asked.user.id])


async def _told(pressed: Interaction) -> float:
    said = await pressed.response(WAIT_SECONDS)
    assert "cancelled" in said.text, said.text
    return time.monotonic() - pressed.sent_at


def _row(what: str, baseline: float, ours: list[float], bound: float | None = None) -> Row:
    value = middle(ours)
    return Row(
        key="g",
        what=what,
        baseline=seconds(baseline),
        ours=f"{seconds(value)} (at worst {seconds(max(ours))})",
        ratio=value / baseline,
        aim=f"≤ {seconds(bound)}" if bound else "",
        judged=value,
        bound=bound,
    )
