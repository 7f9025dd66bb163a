"""(d): the longest that the event loop stands still while pictures are taken in, by the whole character service."""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from PIL import Image

from mv.app import App, build
from mv.domain.actor import Actor
from mv.domain.character import CharacterOrder
from mv.domain.engine import Engine, Vendor
from mv.domain.ids import ChannelId, MemberId, ServerId, new_id
from mv.domain.jobs import Job, JobState, ReplyTo
from mv.ports import Courier, Painted, Painter, PicturePrompt, Report, Ticket
from mv.settings import Settings
from tests.bench.table import Row, middle, seconds

SIDE_PIXELS = 1024
BOUND_SECONDS = 0.025
TICK_SECONDS = 0.001


class Given(Painter):
    """Hands out pictures that are there already, at once."""

    def __init__(self, pictures: Sequence[bytes]) -> None:
        self._pictures = list(pictures)

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """Any id."""
        return Ticket(id=new_id())

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """The next picture."""
        return Painted(pictures=(self._pictures.pop(),), model_version="given")

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """Nothing to stop."""
        return 0

    async def aclose(self) -> None:
        """Nothing to close."""


class Counter(Courier):
    """Delivers nothing, and knows when all is through."""

    def __init__(self, many: int) -> None:
        self._left = many
        self.all = asyncio.Event()

    def follow(self, job: Job) -> None:
        """Nobody watches."""

    async def deliver(self, job: Job) -> None:
        """One more is through."""
        self._left -= 1
        if not self._left:
            self.all.set()


async def longest(*, quick: bool) -> list[Row]:
    """Interleaved: nothing at all, 100 pictures through the service, and ten of them on the loop."""
    many, rounds = (20, 1) if quick else (100, 3)
    pictures = await asyncio.to_thread(lambda: [_picture(number) for number in range(many)])
    idle: list[float] = []
    ours: list[float] = []
    naive: list[float] = []
    for _ in range(rounds):
        stall, took = await _ours(pictures)
        ours.append(stall)
        idle.append(await _watched(lambda took=took: asyncio.sleep(took)))  # type: ignore[misc]
        naive.append(await _watched(lambda: _on_the_loop(pictures[:10])))
    what = f"longest stall of the loop while {many} pictures of {SIDE_PIXELS}x{SIDE_PIXELS} are taken in"
    return [
        _row(f"{what}; baseline: an idle loop", middle(idle), middle(ours)),
        _row("the same; baseline: decoding and encoding on the loop", middle(naive), middle(ours)),
    ]


def _row(what: str, baseline: float, ours: float) -> Row:
    return Row(
        key="d",
        what=what,
        baseline=seconds(baseline),
        ours=seconds(ours),
        ratio=ours / baseline,
        aim=f"≤ {seconds(BOUND_SECONDS)}",
        judged=ours,
        bound=BOUND_SECONDS,
    )


def _picture(number: int) -> bytes:
    """About 1.5 MB of PNG, no two alike, with the grain that a generated picture has."""
    size = (SIDE_PIXELS, SIDE_PIXELS)
    slope = Image.linear_gradient("L").resize(size).rotate(number)
    grain = Image.effect_noise(size, 12)
    mixed = Image.merge("RGB", [slope, Image.blend(slope, grain, 0.3), grain])
    file = io.BytesIO()
    mixed.save(file, "PNG", compress_level=1)
    return file.getvalue()


async def _watched(work: Callable[[], Awaitable[Any]]) -> float:
    """Seconds that a 1 ms tick came late, at the worst."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            worst = max(worst, time.monotonic() - due)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    await work()
    await asyncio.sleep(0.05)
    ticking.cancel()
    return worst


async def _on_the_loop(pictures: Sequence[bytes]) -> None:
    for data in pictures:
        with Image.open(io.BytesIO(data)) as image:
            image.convert("RGB").save(io.BytesIO(), "WEBP", quality=80)
        await asyncio.sleep(0)


async def _ours(pictures: Sequence[bytes]) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder))
        app = build(settings)
        cast("dict[Vendor, Painter]", app.tools.painters)[Vendor.OFFLINE] = Given(pictures)
        await app.open()
        try:
            return await _through(app, len(pictures))
        finally:
            await app.close()


async def _through(app: App, many: int) -> tuple[float, float]:
    order = CharacterOrder(description="an old lighthouse keeper", engine="offline-sheet", fresh=True)
    asked = [await app.characters.request(_actor(number), order, _reply()) for number in range(many)]
    jobs = [job for job in asked if isinstance(job, Job)]
    began = time.monotonic()
    stall = await _watched(lambda: _run(app, jobs))
    took = time.monotonic() - began
    async with app.tools.records.read() as tx:
        for job in jobs:
            stored = await tx.jobs.get(job.id)
            assert stored is not None
            assert stored.state is JobState.DONE, stored
    return stall, took


async def _run(app: App, jobs: Sequence[Job]) -> None:
    counter = Counter(len(jobs))
    app.engine.attach(counter)
    for job in jobs:
        app.engine.release(job)
    await counter.all.wait()


def _actor(number: int) -> Actor:
    return Actor(member_id=MemberId(number + 1), server_id=ServerId(1), channel_id=ChannelId(2))


def _reply() -> ReplyTo:
    expires = datetime.now(UTC) + timedelta(minutes=15)
    return ReplyTo(channel_id=ChannelId(2), application_id=3, token="t", token_expires_at=expires, private=False)
