"""Stand-ins whose answers are held back until they are let go, and that see when whoever waits hangs up."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from aiohttp import web

from tests.bench.side import OURS, Side
from tests.e2e.stage import ROOT, until
from tests.standins.discord import Interaction, Member
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

TICK_SECONDS = 0.001


@dataclass(eq=False)
class Held:
    """A request that waits here. Times are `time.monotonic()`; `about` is what it asks for."""

    about: str
    arrived: float = field(default_factory=time.monotonic)
    ended: float | None = None
    """When it was let go, or hung up."""
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def let_go(self) -> None:
        """Now it is answered."""
        if self.ended is None:
            self.ended = time.monotonic()
        self.go.set()

    async def wait(self, request: web.Request) -> None:
        """Until it is let go, or nobody waits any more."""
        while not self.go.is_set():
            if request.transport is None or request.transport.is_closing():
                self.let_go()
            await asyncio.sleep(TICK_SECONDS)


class HeldGemini(GeminiStandIn):
    """Holds every call while it is `holding`."""

    def __init__(self) -> None:
        super().__init__()
        self.holding = True
        self.held: list[Held] = []

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if self.holding:
            held = Held(str(await request.json()))
            self.held.append(held)
            await held.wait(request)
        return await super()._call(request)


class HeldReplicate(ReplicateStandIn):
    """Holds the question how a prediction is while it is `holding`; `cancelled` is when one was, by its id."""

    def __init__(self) -> None:
        super().__init__(edge=64)
        self.holding = True
        self.held: list[Held] = []
        self.cancelled: dict[str, float] = {}

    async def _get(self, request: web.Request) -> web.StreamResponse:
        if self.holding:
            held = Held(request.match_info["id"])
            self.held.append(held)
            await held.wait(request)
        return await super()._get(request)

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        self.cancelled.setdefault(request.match_info["id"], time.monotonic())
        return await super()._cancel(request)


@dataclass
class Studio:
    """The bot, and vendors that keep it waiting."""

    side: Side
    google: HeldGemini
    replicate: HeldReplicate

    async def scenes(self, idea: str, member: Member | None = None) -> Interaction:
        """/scenes create, acknowledged."""
        options = {"idea": idea, "character": "an old lighthouse keeper", "count": 2}
        return await (await self.side.discord.slash("scenes create", options, member=member)).acknowledged(30)

    async def character(self, description: str, member: Member | None = None) -> Interaction:
        """/character create, acknowledged."""
        options = {"description": description}
        return await (await self.side.discord.slash("character create", options, member=member)).acknowledged(30)

    async def help(self) -> float:
        """The round trip of a command that does nothing, in seconds."""
        return (await (await self.side.discord.slash("help")).acknowledged(30)).acknowledged_after

    async def called(self, about: str) -> Held:
        """Waits until either vendor holds a request about it."""

        def found() -> Held | None:
            return next((one for one in [*self.google.held, *self.replicate.held] if about in one.about), None)

        await until(lambda: found() is not None, f"a call about {about}", 30)
        held = found()
        assert held is not None
        return held

    def hold(self, holding: bool) -> None:
        """From now on; what is held already is let go if not."""
        self.google.holding = self.replicate.holding = holding
        for held in [] if holding else [*self.google.held, *self.replicate.held]:
            held.let_go()


@contextlib.asynccontextmanager
async def studio(**concurrency: int) -> AsyncIterator[Studio]:
    """One bot that runs, with allowances that nobody uses up; `concurrency` is laid over that of limits.yaml."""
    async with HeldGemini() as google, HeldReplicate() as replicate:
        with TemporaryDirectory() as name:
            env = {
                "GEMINI_API_KEY": "bench",
                "GOOGLE_GEMINI_BASE_URL": google.url,
                "REPLICATE_API_TOKEN": "bench",
                "REPLICATE_BASE_URL": replicate.url,
                "MV_CONFIG_DIR": str(_configs(Path(name), concurrency)),
            }
            async with Side("held", OURS, Path(name), env) as side:
                await side.start()
                await side.discord.synced("help", 30)
                made = Studio(side, google, replicate)
                try:
                    yield made
                finally:
                    made.hold(False)


def _configs(folder: Path, concurrency: dict[str, int]) -> Path:
    """configs/ with other limits: the rest are links."""
    made = folder / "configs"
    made.mkdir()
    for one in (ROOT / "configs").iterdir():
        if one.name != "limits.yaml":
            (made / one.name).symlink_to(one)
    limits: dict[str, Any] = yaml.safe_load((ROOT / "configs" / "limits.yaml").read_text(encoding="utf-8"))
    limits["concurrency"] |= concurrency
    limits["allowances"] = [{"kind": "scenes", "limit": 10_000, "period": "day"}]
    (made / "limits.yaml").write_text(yaml.safe_dump(limits), encoding="utf-8")
    return made
