"""The offline engine for characters, behind the same port as the vendors."""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mv.domain.engine import Engine
from mv.ports import Painted, Painter, PicturePrompt, Report, Search, Ticket
from mv.vendors.offline.writer import MODEL_VERSION, pause

DESKS = 2
"""Sheets drawn at once. More threads draw no faster on two cores, and the event loop waits 24 ms instead of 6."""


class OfflinePainter(Painter):
    """Draws model sheets, PNG of about a megapixel, in a thread; no network, no cost. `pause_seconds` are spent in a
    few reported steps, so that a preview has progress to show."""

    def __init__(self, *, pause_seconds: float = 0.0) -> None:
        self._pause = pause_seconds
        self._pool = ThreadPoolExecutor(DESKS, thread_name_prefix="offline-painter")

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """The ticket is the request itself: nothing has begun, and nothing can be lost."""
        return _ticket(prompt)

    async def find(self, engine: Engine, prompt: PicturePrompt, search: Search) -> Ticket:
        """Always: it is the request."""
        return _ticket(prompt)

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """The same bytes for the same ticket; about 100 ms of a core for each. Several have seeds that count up."""
        await pause(self._pause, "drawing", report)
        seed, images = int(ticket.data["seed"]), int(ticket.data["images"])
        loop = asyncio.get_running_loop()
        sheets = [await loop.run_in_executor(self._pool, _draw, ticket.data, seed + take) for take in range(images)]
        return Painted(pictures=tuple(sheets), model_version=MODEL_VERSION)

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """There is nothing to stop, and nothing to pay."""
        return 0

    async def aclose(self) -> None:
        """Holds nothing."""


def _ticket(prompt: PicturePrompt) -> Ticket:
    data: dict[str, Any] = {
        "name": prompt.name,
        "description": prompt.description,
        "aspect_ratio": prompt.aspect_ratio,
        "images": prompt.images,
        "instructions": prompt.instructions,
        "seed": prompt.seed or 0,
    }
    return Ticket(id=f"offline-{secrets.token_hex(8)}", data=data)


def _draw(data: Any, seed: int) -> bytes:
    from mv.vendors.offline.sheet import draw_sheet  # brings Pillow

    return draw_sheet(
        name=str(data["name"]),
        description=str(data["description"]),
        aspect_ratio=str(data["aspect_ratio"]),
        seed=seed,
        asked=str(data.get("instructions", "")),
    )
