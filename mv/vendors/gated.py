"""Adapters behind their vendor's gate: whoever asks a vendor passes it, and need not know."""

from __future__ import annotations

from collections.abc import Mapping

from mv.config.model import VendorLimits
from mv.domain.engine import Engine, Vendor
from mv.ports import (
    Clock,
    Lent,
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
)
from mv.vendors.gate import VendorGate


class GatedWriter(SceneWriter):
    """Any writer."""

    def __init__(self, inner: SceneWriter, gate: VendorGate) -> None:
        self._inner = inner
        self._gate = gate

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        """Raises VendorDown(resting) without asking."""
        return await self._gate.ask("write", lambda: self._inner.write(engine, prompt, report), report)

    async def warm(self) -> None:
        """The inner one's."""
        await self._inner.warm()

    async def aclose(self) -> None:
        """The inner one's."""
        await self._inner.aclose()


class GatedPainter(Painter):
    """Any painter."""

    def __init__(self, inner: Painter, gate: VendorGate) -> None:
        self._inner = inner
        self._gate = gate

    async def lend(self, engine: Engine, picture: Lent, report: Report) -> str:
        """Always let through: who lends has waited for a turn, and it says nothing of how orders would fare."""
        return await self._gate.fetch("lend", lambda: self._inner.lend(engine, picture, report))

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """Raises VendorDown(resting) without asking."""
        return await self._gate.ask("start", lambda: self._inner.start(engine, prompt, report), report)

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """Never refused: it is paid for."""
        return await self._gate.fetch("collect", lambda: self._inner.collect(engine, ticket, timeout_seconds, report))

    async def find(self, engine: Engine, prompt: PicturePrompt, search: Search) -> Ticket | None:
        """Never refused: it may be paid for. Nothing is learned from it: None may mean anything."""
        return await self._inner.find(engine, prompt, search)

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """Never refused, and nothing is learned from it."""
        return await self._inner.cancel(engine, ticket)

    async def warm(self) -> None:
        """The inner one's."""
        await self._inner.warm()

    async def aclose(self) -> None:
        """The inner one's."""
        await self._inner.aclose()


def gates_for(limits: VendorLimits, clock: Clock, meter: Meter) -> dict[Vendor, VendorGate]:
    """One before each vendor that is really asked: nothing stands before the offline engines."""
    return {v: VendorGate(v, limits, clock, meter) for v in list(Vendor) if v is not Vendor.OFFLINE}


def gated_writers(
    writers: Mapping[Vendor, SceneWriter], gates: Mapping[Vendor, VendorGate]
) -> dict[Vendor, SceneWriter]:
    """Each behind its vendor's gate, if it has one."""
    return {v: GatedWriter(writer, gates[v]) if v in gates else writer for v, writer in writers.items()}


def gated_painters(painters: Mapping[Vendor, Painter], gates: Mapping[Vendor, VendorGate]) -> dict[Vendor, Painter]:
    """Each behind its vendor's gate, if it has one."""
    return {v: GatedPainter(painter, gates[v]) if v in gates else painter for v, painter in painters.items()}
