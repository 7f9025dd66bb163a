"""(e): what the bot's process holds after 1,000 jobs against after 100, all of it over real sockets."""

from __future__ import annotations

import asyncio

from tests.bench.load import CHARACTER, SCENES, send
from tests.bench.side import Side
from tests.bench.table import Row

MEGABYTE = 1024 * 1024
MORE_MEGABYTES = 20
BATCH = (SCENES, SCENES, SCENES, CHARACTER) * 5


async def growth(ours: Side, *, quick: bool) -> list[Row]:
    """Three quarters scene lists, one quarter characters, 20 at a time, in a process started for this."""
    few, many = (20, 60) if quick else (100, 1000)
    await ours.stop()
    await ours.start()
    before = await _after(ours, 0, few)
    after = await _after(ours, few, many)
    more = (after - before) / MEGABYTE
    return [
        Row(
            key="e",
            what=f"memory after {many:,} jobs against after {few:,}",
            baseline=f"{before / MEGABYTE:.0f} MB",
            ours=f"{after / MEGABYTE:.0f} MB",
            ratio=after / before,
            aim=f"+ ≤ {MORE_MEGABYTES} MB",
            judged=more,
            bound=MORE_MEGABYTES,
        )
    ]


async def _after(side: Side, done: int, wanted: int) -> int:
    for _ in range(done, wanted, len(BATCH)):
        await send(side, BATCH)
    await asyncio.sleep(2)
    return side.resident()
