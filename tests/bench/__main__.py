"""`python -m tests.bench`: all measurements; `python -m tests.bench a f --quick`: some, with small numbers.

`--bare` puts the bare bot on both sides: what the ratios then differ from 1 is the machine's noise."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.bench import acks, cancels, fairness, memory, starts, stops
from tests.bench.side import BARE, OURS, Side
from tests.bench.table import HEAD, Row
from tests.bench.vendors import vendors

KEYS = "abcdefghilm"
NAMES = {"library": "l", "quota": "m"}
"""Keys that may be asked for by a word."""


@contextlib.asynccontextmanager
async def both(command: Sequence[str]) -> AsyncIterator[tuple[Side, Side]]:
    """The bare bot and the other one, each with a Discord of its own."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = await stack.enter_async_context(vendors()) if tuple(command) != BARE else {}
        bare = await stack.enter_async_context(Side("bare", BARE, folder, {}))
        ours = await stack.enter_async_context(Side("ours", command, folder, env))
        yield bare, ours


async def measure(keys: str, command: Sequence[str], *, quick: bool) -> AsyncIterator[list[Row]]:
    """In an order that lets one start serve several."""
    if set(keys) & set("abef"):
        async with both(command) as sides:
            if "b" in keys:
                yield await starts.restart(sides, quick=quick)
            else:
                await starts.both(sides)
            if "a" in keys:
                yield await acks.burst(sides, quick=quick)
            if "f" in keys:
                yield await acks.pictures(sides, quick=quick)
            if "e" in keys and sides[1].delivers:
                yield await memory.growth(sides[1], quick=quick)
    if "c" in keys:
        from tests.bench import engine

        yield await engine.throughput(quick=quick)
    if "d" in keys:
        from tests.bench import stalls

        yield await stalls.longest(quick=quick)
    if "l" in keys:
        from tests.bench import library

        for row in await library.large(quick=quick):
            yield [row]
    if "m" in keys:
        from tests.bench import quota

        yield await quota.checks(quick=quick)
    if tuple(command) == OURS:  # the others have nothing to cancel, to queue or to finish
        for key, measured in (("g", cancels.rounds), ("h", fairness.turns), ("i", stops.stops)):
            if key in keys:
                yield await measured(quick=quick)


async def main() -> int:
    """Prints the table; with --strict, 1 if an aim was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "keys", nargs="*", default=list(KEYS), metavar="a-i, library, quota", help="which measurements; all by default"
    )
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument("--bare", action="store_true", help="the bare bot on both sides")
    parser.add_argument("--strict", action="store_true", help="exit code 1 if an aim is missed")
    parser.add_argument("--command", type=shlex.split, default=OURS, help="how to start the bot that is measured")
    args = parser.parse_args()
    args.keys = [NAMES.get(key, key) for key in args.keys]
    rows: list[Row] = []
    async for found in measure("".join(args.keys), BARE if args.bare else args.command, quick=args.quick):
        rows += found
        print(*(row.line() for row in found), sep="\n", file=sys.stderr, flush=True)
    rows = sorted((row for row in rows if row.key in args.keys), key=lambda row: row.key)
    print(HEAD, *(row.line() for row in rows), sep="\n")
    return int(args.strict and any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
