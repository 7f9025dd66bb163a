"""A bot process and the Discord it is alone with. Two of them take turns: one measures, the other idles."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.standins.discord import DiscordStandIn

BARE = (sys.executable, "-m", "tests.bench.bare")
OURS = (sys.executable, "-m", "bot")
MEMBERS = 200


class Side:
    """One bot by its command line, with a data folder that outlives its processes."""

    def __init__(self, name: str, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self.name = name
        self.command = tuple(command)
        self.delivers = self.command != BARE
        """Whether its jobs end in a message; the bare bot only defers."""
        self.discord = DiscordStandIn(keep_files=False, answer_seconds=60)
        world, guild = self.discord.world, self.discord.guild
        self.turns = itertools.cycle([world.add_member(guild, f"m{number}") for number in range(MEMBERS)])
        """Whose turn it is: no allowance is used up by one member."""
        self._folder = folder / name
        self._folder.mkdir()
        self._env = dict(env)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> float:
        """Starts the process and waits until it is connected; returns when it was started, as `time.monotonic()`."""
        before = self.discord.gateway.identifies
        with (self._folder / "log").open("ab") as log:
            began = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                *self.command, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        ready = asyncio.create_task(self.discord.ready(60, beyond=before))
        ended = asyncio.create_task(self._process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not ready.done() or ready.exception() is not None:
            ready.cancel()
            raise AssertionError(f"{self.name} did not start (exit code {self._process.returncode})\n{self.log()}")
        return began

    def _environment(self) -> dict[str, str]:
        """Without what would make every start compile our modules, but not the baseline's, which are installed."""
        own = {"DISCORD_TOKEN": "bench.bench.bench", "DISCORD_API_BASE_URL": self.discord.base_url}
        there = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**there, **self._env, **own, "MV_DATA_DIR": str(self._folder)}

    async def stop(self) -> int | None:
        """By SIGTERM, as a supervisor does; after 15 s by SIGKILL. The exit code; None if there was no process."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()
        return process.returncode

    def log(self) -> str:
        """The last lines it printed."""
        return (self._folder / "log").read_text(errors="replace")[-3000:]

    def resident(self) -> int:
        """Bytes of memory the process holds."""
        assert self._process is not None
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self._process.pid)], capture_output=True, check=True)
        return int(told.stdout) * 1024

    async def __aenter__(self) -> Side:
        await self.discord.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()
        await self.discord.stop()
