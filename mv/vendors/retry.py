"""What both vendors' adapters share: asking again within reason, and keeping keys out of every text.

An adapter judges each foreign exception once, as a `Setback`: what the service is told, whether asking again is right,
and whether the failed call may have been paid for all the same. `insist` does the rest.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar

from mv.errors import LOST, TIMEOUT, MvError, VendorDown
from mv.ports import BUSY, GOES_ON, UNSURE, Report

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_WAIT = 60.0
"""Seconds. A vendor that asks for more is not waited for: the member is told instead."""


class Setback(Exception):
    """A call that failed, judged. Its cause is the foreign exception; `note` is for the log and holds no secret."""

    def __init__(
        self, error: MvError, note: str, *, again: bool = False, after: float | None = None, maybe_paid: bool = False
    ) -> None:
        super().__init__(note)
        self.error = error
        self.note = note
        self.again = again
        self.after = after
        """Seconds the vendor asked for."""
        self.maybe_paid = maybe_paid
        """The vendor may have done the work and charged for it, though nothing arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on. `seconds` bounds everything together, waits included."""

    seconds: float
    attempts: int = 3
    first_wait: float = 1.0
    paid_repeats: int = 1
    """How often a call is repeated that may have been paid for already."""

    def pause(self, setback: Setback, attempt: int) -> float:
        """Seconds before the next attempt: doubling, spread by a quarter, never less than the vendor asked for."""
        wait: float = self.first_wait * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
        return max(wait, setback.after or 0.0)


async def insist(call: Callable[[float], Awaitable[T]], patience: Patience, report: Report, secret: str, who: str) -> T:
    """Calls until it works or no more is reasonable, then raises the last setback's error.

    `call` is given the seconds that are left. Before each wait BUSY is reported, UNSURE once a call may have been taken
    all the same; after it GOES_ON.
    """
    until = time.monotonic() + patience.seconds
    attempt = paid = 0
    while True:
        attempt += 1
        try:
            return await call(max(until - time.monotonic(), 0.001))
        except Setback as caught:
            setback = caught
        paid += setback.maybe_paid
        pause = patience.pause(setback, attempt)
        enough = attempt >= patience.attempts or paid > patience.paid_repeats
        if enough or not setback.again or pause > LONGEST_WAIT or time.monotonic() + pause >= until:
            log.warning("%s: gave up after attempt %d: %s", who, attempt, setback.note)
            if paid and isinstance(setback.error, VendorDown) and setback.error.reason != TIMEOUT:
                setback.error.reason = LOST
            raise_plainly(setback, secret)
        log.info("%s: attempt %d failed, again in %.1f s: %s", who, attempt, pause, setback.note)
        await report(UNSURE if paid else BUSY)
        await asyncio.sleep(pause)
        await report(GOES_ON)


def raise_plainly(setback: Setback, secret: str) -> NoReturn:
    """Raises the setback's error from the foreign one, unless that one's text holds the secret: then from nothing."""
    cause = setback.__cause__
    if cause is not None and _mentions(cause, secret):
        cause = None
    raise setback.error from cause


def _mentions(error: BaseException, secret: str) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if secret in str(seen) or secret in repr(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def seconds_of(header: str | None) -> float | None:
    """A Retry-After header, as seconds from now: a number or an HTTP date. None if absent or nonsense."""
    text = (header or "").strip()
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(wait, 0.0) if math.isfinite(wait) else None


def clean(text: object, secret: str, limit: int = 300) -> str:
    """A vendor's text for our own log: one line, clipped, without the key."""
    line = " ".join(str(text).replace(secret, "***").split())
    return "".join(c for c in line if c.isprintable())[:limit]


def usable(secret: str) -> bool:
    """Whether it can be sent in a header at all; an HTTP library's complaint would otherwise quote it."""
    return bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret


def quiet(*names: str) -> None:
    """Lets these libraries' loggers speak from WARNING on: below that they log addresses, some of them signed."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)
