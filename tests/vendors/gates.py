"""A gate whose time stands still until it is moved, and vendors that do as they are told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from mv.config.model import VendorLimits
from mv.domain.engine import Engine, Vendor
from mv.domain.scenes import TokenUsage
from mv.ports import (
    Clock,
    Counted,
    Meter,
    Painted,
    Painter,
    PicturePrompt,
    Report,
    SceneAnswer,
    ScenePrompt,
    SceneWriter,
    Search,
    Ticket,
    Timed,
)
from mv.vendors.gate import VendorGate

Outcome = BaseException | None


class Hands(Clock):
    """Both clocks: `moves` turns both on, `jumps` the wall clock alone."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall = datetime(2026, 5, 15, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds

    def moves(self, seconds: float) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds)

    def jumps(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)


class Counting(Meter):
    """Remembers."""

    def __init__(self) -> None:
        self.counted: Counter[tuple[str, ...]] = Counter()
        self.timed: list[tuple[str, float]] = []

    def count(self, what: Counted, **labels: str) -> None:
        self.counted[what.value, *labels.values()] += 1

    def took(self, what: Timed, seconds: float, **labels: str) -> None:
        assert what is Timed.VENDOR_CALL
        self.timed.append((labels["vendor"], seconds))


class Vendors(SceneWriter, Painter):
    """Answers every call with `outcome`, or the next of `script`; with `held` set, only once it is let go."""

    def __init__(self) -> None:
        self.outcome: Outcome = None
        self.script: list[Outcome] = []
        self.held: asyncio.Event | None = None
        self.calls: Counter[str] = Counter()
        self.most = self.inside = 0

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        await self._called("write")
        return SceneAnswer(payload={}, usage=TokenUsage(), model_version="m")

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        await self._called("start")
        return Ticket(id="t")

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        await self._called("collect")
        return Painted(pictures=(ticket.id.encode(),), model_version="m")

    async def find(self, engine: Engine, prompt: PicturePrompt, search: Search) -> Ticket | None:
        await self._called("find")
        return Ticket(id="found")

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        await self._called("cancel")
        return 0

    async def warm(self) -> None:
        self.calls["warm"] += 1

    async def aclose(self) -> None:
        self.calls["aclose"] += 1

    async def _called(self, what: str) -> None:
        self.calls[what] += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            if self.held is not None:
                await self.held.wait()
            outcome = self.script.pop(0) if self.script else self.outcome
            if outcome is not None:
                raise outcome
        finally:
            self.inside -= 1


def gate(
    hands: Hands,
    meter: Meter,
    vendor: Vendor = Vendor.GEMINI,
    *,
    patience: float = 60.0,
    monotonic: Callable[[], float] | None = None,
    **limits: Any,
) -> VendorGate:
    values = {"rest_after_failures": 3, "rest_seconds": 20, "longest_rest_seconds": 70, **limits}
    given = VendorLimits.model_validate(values)
    return VendorGate(vendor, given, hands, meter, monotonic=monotonic or hands.monotonic, patience=patience)
