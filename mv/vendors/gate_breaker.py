"""When a vendor that keeps failing is left alone. Pure: the time, in seconds of a monotonic clock, is handed in.

closed ──(fails so often in a row)──▶ resting ──(the rest is over)──▶ half open ──(the probe is answered)──▶ closed
                                         ▲                               │
                                         └────(the probe fails: twice as long)
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

from mv.config.model import VendorLimits
from mv.errors import Uncertain, VendorBusy, VendorDown, VendorError


class Sign(Enum):
    """What the outcome of a call says of the vendor."""

    ALIVE = "alive"
    FAILING = "failing"
    NONE = "none"


def sign_of(error: BaseException | None) -> Sign:
    """`error` is what the call raised. Any answer shows that the vendor is alive, a refusal too; one that is busy shows
    nothing, nor does a cancelled call, nor a bug of ours."""
    if error is None:
        return Sign.ALIVE
    if isinstance(error, VendorDown | Uncertain):
        return Sign.FAILING
    if isinstance(error, VendorError) and not isinstance(error, VendorBusy):
        return Sign.ALIVE
    return Sign.NONE


class Breaker:
    """Each kind of call has its own row of failures: a vendor that answers polls but takes no orders is not well."""

    def __init__(self, limits: VendorLimits) -> None:
        self._limits = limits
        self._failures: Counter[str] = Counter()
        self._rests = 0
        self._since = 0.0
        self._until: float | None = None

    @property
    def failures(self) -> int:
        """In a row, of the kind of call that fares worst."""
        return max(self._failures.values(), default=0)

    @property
    def closed(self) -> bool:
        """Everybody may pass."""
        return self._until is None

    def left(self, now: float) -> float:
        """Seconds of the rest; 0 when it is over, or there is none."""
        return 0.0 if self._until is None else max(self._until - now, 0.0)

    def note(self, kind: str, sign: Sign, now: float) -> float | None:
        """The outcome of a usual call. If a rest begins, its seconds. While there is one, only the probe counts."""
        if not self.closed or sign is Sign.NONE:
            return None
        if sign is Sign.ALIVE:
            del self._failures[kind]
            return None
        self._failures[kind] += 1
        if self._failures[kind] < self._limits.rest_after_failures:
            return None
        self._since = now
        return self._rest(now)

    def note_probe(self, kind: str, sign: Sign, now: float) -> float | None:
        """The outcome of the one call after a rest. If another begins, its seconds."""
        if sign is Sign.FAILING:
            self._failures[kind] += 1
            return self._rest(now)
        if sign is Sign.ALIVE:
            self._failures.clear()
            self._rests, self._until = 0, None
        return None

    def lasted(self, now: float) -> float:
        """Seconds since the first of the rests that followed each other."""
        return now - self._since

    def _rest(self, now: float) -> float:
        longest = self._limits.longest_rest_seconds
        seconds = min(self._limits.rest_seconds * 2.0 ** min(self._rests, 32), longest)
        self._rests += 1
        self._until = now + seconds
        return seconds
