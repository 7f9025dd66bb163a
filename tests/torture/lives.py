"""One life of the process after the other, each ended by SIGKILL at a planned moment."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.e2e.stage import BotProcess, until
from tests.torture.people import CANCELS, EXPIRIES, People
from tests.torture.points import LOSING, POINTS, Need, Point
from tests.torture.records import jobs_of
from tests.torture.weather import BadDay

READY_SECONDS = 60.0
MET_SECONDS = 6.0
"""How long a named point is waited for; then the process is killed from outside."""
SETTLED_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class End:
    """How a life shall end: at a point, or so many seconds after its start or after it was connected."""

    point: Point | None = None
    occurrence: int = 1
    seconds: float = MET_SECONDS
    early: bool = False
    """From the start of the process, which may then die before it is connected."""
    stopping: float = 0.0
    """So many seconds before, it is told to stop, and has begun to."""


def planned(kills: int, dice: random.Random) -> list[End]:
    """Half at named points, no two alike as long as there are others; half at any time."""
    points = iter(dice.sample(POINTS, len(POINTS)) * (1 + kills // len(POINTS)))
    named: list[list[End]] = []
    while (left := kills // 2 - sum(map(len, named))) > 0:
        point = next(points)
        if point.needs is not Need.LOST_ORDER:
            named.append([End(point, dice.choice((1, 1, 2)) if point.needs is Need.NOTHING else 1)])
        elif left > 1:
            named.append([End(LOSING), End(point)])
    ends = [*named, *([_any_time(dice)] for _ in range(kills - kills // 2))]
    dice.shuffle(ends)
    return [end for group in ends for end in group]


def _any_time(dice: random.Random) -> End:
    early = dice.random() < 0.25
    seconds = dice.uniform(0.3, 2.0) if early else dice.uniform(0.0, 3.0)
    return End(seconds=seconds, early=early, stopping=dice.uniform(0.0, 1.5) if dice.random() < 0.2 else 0.0)


def _outside(end: End) -> str:
    if end.point is not None:
        return "(a point that was not met)"
    return "(while it was stopping)" if end.stopping else "(any time)"


class Lives:
    """`killed` counts what each life really ended by."""

    def __init__(self, stage: BadDay, people: People, dice: random.Random, jobs: int) -> None:
        self._stage = stage
        self._people = people
        self._dice = dice
        self._wanted = jobs
        self.killed: Counter[str] = Counter()

    async def live(self, ends: Sequence[End]) -> None:
        """All of them, then a last one in which everything comes to its end. Raises AssertionError if a process ended
        by itself, or if it never settles."""
        for number, end in enumerate(ends):
            lives_left = len(ends) - number
            quota = -(-(self._wanted - len(jobs_of(self._stage))) // lives_left)
            if not await self._one(end, quota):
                await self._one(replace(end, stopping=0.0), 1)
        await self._last()

    async def _one(self, end: End, quota: int) -> bool:
        """Whether it was killed: one that was told to stop may have done so before."""
        bot, process = await self._start(end)
        needs = end.point.needs if end.point is not None else Need.NOTHING
        self._people.expiries = 0.9 if needs is Need.EXPIRY else EXPIRIES
        self._people.cancellations = 1.0 if needs is Need.CANCEL else CANCELS
        acting = asyncio.create_task(self._act(quota))
        try:
            if not end.early:
                await self._connected(process)
            ended = asyncio.create_task(process.wait())
            await asyncio.wait({ended}, timeout=end.seconds)
            if end.stopping and process.returncode is None:
                process.terminate()
                await asyncio.wait({ended}, timeout=end.stopping)
        finally:
            acting.cancel()
            await asyncio.wait({acting})
        if process.returncode is None:
            process.kill()
            await process.wait()
            self.killed[_outside(end)] += 1
        elif process.returncode == -signal.SIGKILL and end.point is not None:
            self.killed[end.point.name] += 1
        elif not end.stopping or process.returncode not in (0, -signal.SIGTERM):
            raise AssertionError(f"the bot ended by itself with {process.returncode}:\n{bot.log[-6000:]}")
        if not acting.cancelled() and (error := acting.exception()) is not None:
            raise error
        return process.returncode == -signal.SIGKILL

    async def _last(self) -> None:
        _, process = await self._start(End())
        await self._connected(process)
        ends = time.monotonic() + SETTLED_SECONDS
        while (missing := self._wanted - len(jobs_of(self._stage))) > 0:
            await self._ask(missing)
            await asyncio.sleep(1)
            assert time.monotonic() < ends, f"{missing} jobs are still not accepted"
        while (open_jobs := self._open()) and time.monotonic() < ends and process.returncode is None:
            await self._people.cancel()
            await asyncio.sleep(0.2)
        assert process.returncode is None, f"the bot ended by itself with {process.returncode}"
        if open_jobs:
            print(f"not settled: jobs {open_jobs}", file=sys.stderr)
        await asyncio.sleep(2)
        await self._stage.bots[-1].stop()

    def _open(self) -> list[int]:
        rows = self._stage.rows("SELECT number FROM jobs WHERE delivered_at IS NULL ORDER BY number")
        return [row["number"] for row in rows]

    async def _act(self, quota: int) -> None:
        """What members do in one life: `quota` jobs are asked for, some of those that wait are cancelled."""
        await self._ask(quota)
        while True:
            await self._people.cancel()
            self._people.delete()
            await asyncio.sleep(0.1)

    async def _ask(self, quota: int) -> None:
        await until(lambda: self._stage.discord.gateway.complete, "a bot connected", READY_SECONDS)
        for _ in range(quota):
            await self._people.ask()
            await asyncio.sleep(self._dice.uniform(0, 0.4))

    async def _start(self, end: End) -> tuple[BotProcess, asyncio.subprocess.Process]:
        stage = self._stage
        changes: dict[str, str | None] = {"PYTHONDONTWRITEBYTECODE": None}
        if end.point is not None:
            changes |= {"TORTURE_POINT": str(POINTS.index(end.point)), "TORTURE_OCCURRENCE": str(end.occurrence)}
        self._before = stage.discord.gateway.identifies
        log = stage.folder / f"bot-{len(stage.bots)}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.torture.victim", cwd=stage.folder, env=stage.environment(**changes),
                stdout=file, stderr=file,
            )  # fmt: skip
        bot = BotProcess(process, log)
        stage.bots.append(bot)
        return bot, process

    async def _connected(self, process: asyncio.subprocess.Process) -> None:
        """Or ended."""
        ready = asyncio.create_task(self._stage.discord.ready(READY_SECONDS, beyond=self._before))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
