"""`python -m tests.torture [--seed N] [--jobs 60] [--kills 30] [--quick]`: exit code 1 if a promise was broken."""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.torture.count import BAD, GOOD, Tally, tally
from tests.torture.lives import Lives, planned
from tests.torture.people import People
from tests.torture.weather import BadDay

QUICK = (15, 6)
"""Jobs and kills of the short form."""


async def torture(folder: Path, seed: int, jobs: int, kills: int) -> tuple[Tally, Counter[str]]:
    """What became of the jobs, and by what the process was killed."""
    dice = random.Random(seed)
    stage = BadDay(folder, seed)
    stage.troubles_expected = True
    async with stage:
        people = People(stage, random.Random(dice.random()))
        lives = Lives(stage, people, random.Random(dice.random()), jobs)
        await lives.live(planned(kills, random.Random(dice.random())))
        found = tally(stage, people)
        found.figures["errors in the log"] = _errors(stage)
        return found, lives.killed


def _errors(stage: BadDay) -> int:
    return sum("Traceback" in line for bot in stage.bots for line in bot.log.splitlines())


def report(found: Tally, killed: Counter[str]) -> str:
    """The figures, one a line."""
    others = sorted(set(found.figures) - {*GOOD, *BAD})
    lines = [f"{found.figures[name]:6}  {name}" for name in (*GOOD, *BAD)]
    lines += ["", *(f"{found.figures[name]:6}  {name}" for name in others)]
    lines += ["", f"{sum(killed.values()):6}  kills:", *(f"{n:10}  {name}" for name, n in sorted(killed.items()))]
    return "\n".join([*lines, "", *found.notes])


async def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="what to repeat; any if left out")
    parser.add_argument("--jobs", type=int, default=60)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK[0]} jobs, {QUICK[1]} kills")
    parser.add_argument("--keep", type=Path, default=None, help="a folder to leave the data and the logs in")
    args = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # answers to processes that are dead
    seed = random.randrange(10**6) if args.seed is None else args.seed
    jobs, kills = QUICK if args.quick else (args.jobs, args.kills)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        if args.keep is not None:
            args.keep.mkdir(parents=True)
        found, killed = await torture(args.keep or Path(folder), seed, jobs, kills)
    print(report(found, killed))
    print(f"seed {seed}, {time.monotonic() - began:.0f} s")
    return int(found.broken)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
