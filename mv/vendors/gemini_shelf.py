"""Pictures between the call that made them and whoever takes them in. Gemini cannot be asked for them again."""

from __future__ import annotations

import logging

from mv.errors import NoPicture
from mv.ports import Painted

log = logging.getLogger(__name__)

Held = Painted | NoPicture
"""What came of a call: a picture, or why the one that was made is of no use."""

WAITING = 64
"""More than can be under way at once: each is taken a moment after it was put here."""
TAKEN = 8
TAKEN_BYTES = 32 * 1024 * 1024
"""Of those that were taken and may be asked for once more: so many, and so large together, but for the last one."""


class Shelf:
    """In memory, by ticket; the oldest go first."""

    def __init__(self, waiting: int = WAITING, taken: int = TAKEN, taken_bytes: int = TAKEN_BYTES) -> None:
        self._most_waiting, self._most_taken, self._most_bytes = waiting, taken, taken_bytes
        self._waiting: dict[str, Held] = {}
        self._taken: dict[str, Held] = {}

    def put(self, id: str, held: Held) -> None:
        """Holds it until it is taken."""
        self._waiting[id] = held
        while len(self._waiting) > self._most_waiting:
            self.drop(oldest := next(iter(self._waiting)))
            log.warning("gemini: the picture of %s was not fetched, and is dropped", oldest)

    def take(self, id: str) -> Held | None:
        """None if it is not here (any more). It may be taken again soon after."""
        found = self._waiting.pop(id, None) or self._taken.pop(id, None)
        if found is None:
            return None
        self._taken[id] = found
        while len(self._taken) > self._most_taken or (len(self._taken) > 1 and self._bytes() > self._most_bytes):
            del self._taken[next(iter(self._taken))]
        return found

    def drop(self, id: str) -> None:
        """Forgets it."""
        self._waiting.pop(id, None)
        self._taken.pop(id, None)

    def _bytes(self) -> int:
        came = [held for held in self._taken.values() if isinstance(held, Painted)]
        return sum(len(picture) for painted in came for picture in painted.pictures)
