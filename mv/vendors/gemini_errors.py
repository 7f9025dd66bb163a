"""Judges what google-genai raises: what the service is told, and whether asking again is right.

A generate call that timed out or broke off may have been paid for, so it is repeated at most once (`maybe_paid`), and
never where it orders a picture; a 429 or a refused connection cost nothing and is repeated as often as patience lasts,
and so did an error in Google's own words: it does not charge for requests that fail with 400 or 500.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mv.errors import (
    TIMEOUT,
    UNREACHABLE,
    BadRequest,
    KeyRefused,
    ModelGone,
    MvError,
    NoCredit,
    NoPicture,
    Uncertain,
    VendorBusy,
    VendorDown,
)
from mv.vendors.retry import Setback, clean, seconds_of

log = logging.getLogger(__name__)

VENDOR = "gemini"
VARIABLE = "GEMINI_API_KEY"

_BAD_KEY = re.compile(r"API_KEY_INVALID|API key (not valid|expired|not found)", re.IGNORECASE)
_GONE = re.compile(r"models?\b.{0,120}(not found|no longer available|been (retired|shut down))", re.IGNORECASE)
_NO_CREDIT = re.compile(
    r"limit:\s*0(?![\d.])|quota_?value\W{1,4}0\W|credits? .{0,20}depleted|billing (account|is) (is )?(disabled|not)",
    re.IGNORECASE,
)
_PER_DAY = re.compile(r"PerDay", re.IGNORECASE)
_FILE_GONE = re.compile(r"\bfiles?[/ ]\S.{0,90}\b(not exist|not found|expired)", re.IGNORECASE)
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)s\s*$")


class TooLarge(ValueError):
    """An answer larger than what was asked for could be."""


def judge(error: Exception, model: str, secret: str) -> Setback | None:
    """None for an exception that is no vendor's fault: a bug of ours."""
    import httpx2
    from google.genai import errors

    name = type(error).__name__
    if isinstance(error, errors.APIError):
        return _of_status(error, model, secret)
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return Setback(VendorDown(vendor=VENDOR, reason=UNREACHABLE), name, again=True)
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
        return Setback(VendorDown(vendor=VENDOR, reason=UNREACHABLE), name)
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return Setback(VendorDown(vendor=VENDOR, reason=TIMEOUT), name, again=True, maybe_paid=True)
    unreadable = (httpx2.HTTPError, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
    if isinstance(error, unreadable):
        return Setback(VendorDown(vendor=VENDOR, reason="unavailable"), name, again=True, maybe_paid=True)
    return None


def judge_order(error: Exception, model: str, secret: str) -> Setback | None:
    """As `judge`, for a call that orders a picture: one that may have been paid for is Uncertain and never repeated.
    None for our own errors only: what nobody foresaw says nothing of what the vendor did."""
    from google.genai import errors

    if isinstance(error, MvError):
        return None
    if isinstance(error, TooLarge):
        return Setback(NoPicture(vendor=VENDOR, reason="too_large"), str(error))
    setback, status = judge(error, model, secret), isinstance(error, errors.APIError)
    if setback is None:
        log.error("gemini: a picture was ordered, and it failed in a way that nobody foresaw", exc_info=error)
        return Setback(Uncertain(vendor=VENDOR), f"{type(error).__name__} after the request was sent")
    if setback.maybe_paid or (status and not _certain(error)):
        return Setback(Uncertain(vendor=VENDOR), setback.note)
    if status and _FILE_GONE.search(_text(error)):  # a picture to go by, which is kept for two days
        return Setback(NoPicture(vendor=VENDOR, reason="expired"), setback.note)
    return setback


def judge_upload(error: Exception, model: str, secret: str) -> Setback | None:
    """As `judge`, for a picture that is handed over: it costs nothing, and no model is asked."""
    setback = judge(error, model, secret)
    if setback is None:
        return None
    if isinstance(setback.error, ModelGone):
        return Setback(BadRequest(vendor=VENDOR, model=model), setback.note)
    setback.maybe_paid = False
    return setback


def _certain(error: Any) -> bool:
    """Whether a status proves that no picture was made: a refusal does, and a failure that Google itself tells of. One
    that comes from something in between does not, for the answer may have been lost on its way back."""
    if isinstance(error.code, int) and 300 <= error.code < 500:
        return True
    told = error.details.get("error") if isinstance(error.details, dict) else None
    return isinstance(told, dict) and isinstance(told.get("status"), str)


def _of_status(error: Any, model: str, secret: str) -> Setback:
    code = error.code if isinstance(error.code, int) else 0
    said = _text(error)
    note = f"HTTP {code} {clean(error.status, secret, 60)}"
    after = _after(error)
    if code == 429:
        return _limited(said, note, after)
    if code in {401, 403} or (code == 400 and _BAD_KEY.search(said)):
        return Setback(KeyRefused(vendor=VENDOR, variable=VARIABLE), f"{note}: {VARIABLE} is refused")
    if code in {404, 410} or (code == 400 and _GONE.search(said)):
        return Setback(ModelGone(vendor=VENDOR, model=model), note)
    if code == 402 or (code == 400 and _NO_CREDIT.search(said)):
        return Setback(NoCredit(vendor=VENDOR), note)
    if code in {408, 504}:
        down = VendorDown(vendor=VENDOR, reason=TIMEOUT)
        return Setback(down, note, again=True, after=after, maybe_paid=True)
    if 400 <= code < 500:
        detail = clean(error.message or "", secret)
        return Setback(BadRequest(vendor=VENDOR, model=model), f"{note}: {detail}")
    return Setback(VendorDown(vendor=VENDOR, reason="unavailable"), note, again=True, after=after)


def _limited(said: str, note: str, after: float | None) -> Setback:
    """429. A quota of zero never fills up; a day's quota not within a minute."""
    if _NO_CREDIT.search(said):
        return Setback(NoCredit(vendor=VENDOR), f"{note}, no quota at all")
    if _PER_DAY.search(said):
        return Setback(VendorBusy(vendor=VENDOR, retry_after=_till_midnight()), f"{note}, for today")
    return Setback(VendorBusy(vendor=VENDOR, retry_after=after), note, again=True, after=after)


def _till_midnight() -> float | None:
    """Seconds until a day's quota is full again: Google's days begin at midnight in California. None where this machine
    knows no time zones."""
    try:
        now = datetime.now(ZoneInfo("America/Los_Angeles"))
    except ZoneInfoNotFoundError:
        return None
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()


def _text(error: Any) -> str:
    try:
        return f"{error.message or ''} {json.dumps(error.details)}"
    except (TypeError, ValueError):
        return str(error.message or "")


def _after(error: Any) -> float | None:
    """The longer of the Retry-After header and RetryInfo.retryDelay, in seconds."""
    headers = getattr(error.response, "headers", None)
    waits = [seconds_of(headers.get("retry-after"))] if headers is not None else []
    waits += [_seconds(delay) for delay in _delays(error.details)]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def _delays(details: Any) -> Iterator[Any]:
    inner = details.get("error", details) if isinstance(details, dict) else None
    listed = inner.get("details") if isinstance(inner, dict) else None
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and "retryDelay" in entry:
            yield entry["retryDelay"]


def _seconds(delay: Any) -> float | None:
    if isinstance(delay, dict):
        delay = f"{delay.get('seconds', '')}s"
    found = _DURATION.match(delay) if isinstance(delay, str) else None
    return float(found[1]) if found else None
