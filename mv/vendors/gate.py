"""What stands before a vendor: its rate, and a circuit breaker.

A call that starts work has two steps here. `turn` waits for the vendor's rate; a runner takes it before it notes what
it is about to do, where a cancel still costs nothing. `ask` makes the call, unless the vendor rests, and learns from
its outcome. What was paid for already is fetched through `fetch`: always let through, and learned from as well.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from aiolimiter import AsyncLimiter

from mv.config.model import VendorLimits
from mv.domain.engine import Vendor
from mv.errors import RESTING, MvError, VendorBusy, VendorDown
from mv.ports import BUSY, GOES_ON, PROBE, RATE, Clock, Counted, Gate, Meter, Report, Timed, VendorState
from mv.vendors.gate_breaker import Breaker, Sign, sign_of
from mv.vendors.retry import LONGEST_WAIT

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long a call waits for the outcome of another's probe."""


class VendorGate(Gate):
    """One per vendor and process. Rests are measured by `monotonic`; the clock only says when they end."""

    def __init__(
        self,
        vendor: Vendor,
        limits: VendorLimits,
        clock: Clock,
        meter: Meter,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._vendor = vendor.value
        self._clock, self._meter, self._monotonic, self._patience = clock, meter, monotonic, patience
        self._breaker = Breaker(limits)
        self._rate = limiter(limits.per_minute.get(vendor.value))
        self._held_until = 0.0
        self._waiting = 0
        self._probe: asyncio.Future[None] | None = None

    def state(self) -> VendorState:
        """From memory."""
        left = self._breaker.left(self._monotonic())
        return VendorState(
            failures=self._breaker.failures,
            resting_until=self._clock.now() + timedelta(seconds=left) if left else None,
            probing=not self._breaker.closed and not left,
            waiting=self._waiting,
        )

    async def turn(self, report: Report) -> None:
        """Waits for the vendor's rate and for the end of a probe; spends nothing, and may be cancelled at any moment.
        Raises VendorDown(resting), at once or when its turn has come."""
        await self._past_probe(report)
        self._waiting += 1
        try:
            waited = await self._in_time(report)
        finally:
            self._waiting -= 1
        if waited:
            await report(GOES_ON)
            await self._past_probe(report)

    async def ask(self, kind: str, call: Callable[[], Awaitable[T]], report: Report) -> T:
        """A call that starts work. Raises VendorDown(resting) without making it, and whatever it raises. The first one
        after a rest is the probe, whose outcome the others wait for."""
        await self._past_probe(report)
        if self._breaker.closed:
            return await self._called(kind, call, None)
        self._probe = asyncio.get_running_loop().create_future()
        return await self._called(kind, call, self._probe)

    async def fetch(self, kind: str, call: Callable[[], Awaitable[T]]) -> T:
        """A call for what was started before."""
        return await self._called(kind, call, None)

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _past_probe(self, report: Report) -> None:
        """Raises VendorDown while it rests. On return nobody probes, until somebody awaits something."""
        until = self._monotonic() + self._patience
        while (probe := self._probing()) is not None:
            left = until - self._monotonic()
            if left <= 0:
                raise VendorDown(vendor=self._vendor, reason=RESTING)
            await report(PROBE)
            await asyncio.wait({probe}, timeout=left)
            await report(GOES_ON)

    def _probing(self) -> asyncio.Future[None] | None:
        if self._breaker.left(self._monotonic()):
            raise VendorDown(vendor=self._vendor, reason=RESTING)
        return self._probe

    async def _in_time(self, report: Report) -> bool:
        """Whether there was anything to wait for."""
        waited = False
        if self._rate is not None:
            if not self._rate.has_capacity():
                waited = True
                await report(RATE)
            await self._rate.acquire()
        while (left := self._held_until - self._monotonic()) > 0:
            waited = True
            await report(BUSY)
            await asyncio.sleep(left)
        return waited

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _called(self, kind: str, call: Callable[[], Awaitable[T]], probe: asyncio.Future[None] | None) -> T:
        began = self._monotonic()
        try:
            result = await call()
        except BaseException as error:
            self._learn(kind, error, probe)
            if isinstance(error, Exception):
                self._measure(error.code if isinstance(error, MvError) else type(error).__name__, began)
            raise
        self._learn(kind, None, probe)
        self._measure("ok", began)
        return result

    def _measure(self, outcome: str, began: float) -> None:
        self._meter.count(Counted.VENDOR_CALLS, vendor=self._vendor, outcome=outcome)
        self._meter.took(Timed.VENDOR_CALL, self._monotonic() - began, vendor=self._vendor)

    def _learn(self, kind: str, error: BaseException | None, probe: asyncio.Future[None] | None) -> None:
        sign, now = sign_of(error), self._monotonic()
        asked = (error.retry_after or 0.0) if isinstance(error, VendorBusy) else 0.0
        if asked <= LONGEST_WAIT:  # who asks for more is not waited for: members are told instead
            self._held_until = max(self._held_until, now + asked)
        if probe is None:
            seconds = self._breaker.note(kind, sign, now)
        else:
            seconds = self._breaker.note_probe(kind, sign, now)
            self._probe = None
            if not probe.done():
                probe.set_result(None)
            if sign is Sign.ALIVE:
                lasted = round(self._breaker.lasted(now), 1)
                log.info("%s answers again, after %g s; it is asked as usual", self._vendor, lasted)
        if seconds is not None:
            self._meter.count(Counted.RESTS, vendor=self._vendor)
            times = "once more" if probe else f"{self._breaker.failures} times in a row"
            log.warning("%s failed %s, with %s; it is left alone for %g s", self._vendor, times, error, seconds)


def limiter(per_minute: int | None) -> AsyncLimiter | None:
    """At most so many in any minute, a sixth of them at once: a bucket that holds more would let nearly twice as many
    through in its first minute."""
    if per_minute is None:
        return None
    at_once = max(1, per_minute // 6)
    return AsyncLimiter(at_once, at_once * 60 / (per_minute - at_once + 1))
