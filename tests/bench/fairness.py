"""(h): fifty jobs of one member wait, four run at most; when does somebody else's start?"""

from __future__ import annotations

import asyncio

from tests.bench.held import Held, Studio, studio
from tests.bench.table import Row, middle, seconds
from tests.e2e.stage import until

WAITING, AT_ONCE = 50, 4
MINE = "of the one with many"
BOUND_SECONDS = 0.25


async def turns(*, quick: bool) -> list[Row]:
    """Each round lets one call end, with a newcomer in the queue, and one without: what a start takes anyway."""
    after: list[float] = []
    alone: list[float] = []
    overtaken: list[int] = []
    async with studio(total=AT_ONCE, per_member=AT_ONCE) as made:
        many = next(made.side.turns)
        await asyncio.gather(*(made.scenes(f"number {n} {MINE}", many) for n in range(WAITING + AT_ONCE)))
        await until(lambda: len(_open(made)) == AT_ONCE, "four at work", 60)
        await asyncio.sleep(1)
        for number in range(3 if quick else 15):
            alone.append(await _next(made))
            about = f"newcomer {number}"
            await made.scenes(about, next(made.side.turns))
            before = len(made.google.held)
            ended = _open(made)[0]
            ended.let_go()
            held = await made.called(about)
            after.append(held.arrived - (ended.ended or 0.0))
            overtaken.append(sum(MINE in one.about for one in made.google.held[before : made.google.held.index(held)]))
            held.let_go()
            await until(lambda: len(_open(made)) == AT_ONCE, "four at work", 30)
    what = f"{WAITING} jobs of one member wait, {AT_ONCE} run; one ends:"
    return [
        Row(
            key="h",
            what=f"{what} jobs of that member that start before a newcomer's",
            baseline="0 (ideal)",
            ours=str(max(overtaken)),
            aim="0",
            judged=max(overtaken),
            bound=0,
        ),
        Row(
            key="h",
            what=f"{what} until the newcomer's asks the vendor; baseline: until one of that member's does",
            baseline=seconds(middle(alone)),
            ours=seconds(middle(after)),
            ratio=middle(after) / middle(alone),
            aim=f"≤ {seconds(BOUND_SECONDS)}",
            judged=middle(after),
            bound=BOUND_SECONDS,
        ),
    ]


async def _next(made: Studio) -> float:
    """Seconds from the end of one call to the next one's arrival, when nobody else waits."""
    before = len(made.google.held)
    ended = _open(made)[0]
    ended.let_go()
    await until(lambda: len(made.google.held) > before, "the next call", 30)
    return made.google.held[before].arrived - (ended.ended or 0.0)


def _open(made: Studio) -> list[Held]:
    return [one for one in made.google.held if one.ended is None]
