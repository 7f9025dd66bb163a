"""`python -m tests.standins.discord --port N`: the stand-in as a process; see ControlledStandIn for how to drive it."""

from __future__ import annotations

import argparse
import asyncio
import signal

from tests.standins.discord.control import ControlledStandIn


async def main() -> None:
    """Until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.discord", description=ControlledStandIn.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 is any free one")
    parser.add_argument("--shards", type=int, default=1, help="what /gateway/bot recommends")
    args = parser.parse_args()
    ended = asyncio.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(one, ended.set)
    async with ControlledStandIn(args.port, shards=args.shards) as discord:
        print(f"ready {discord.base_url}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
