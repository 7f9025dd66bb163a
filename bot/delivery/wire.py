"""What Discord's refusals and faults mean to a delivery, and how long one request may take.

discord.py sleeps as long as a 429 says, and repeats a 5xx for half a minute, out of our sight: a result would wait
behind a progress edit, and a token would be asked again after its end. So requests made `under` a time limit come back
at once, as one of the errors here, and whoever asked decides when to ask again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import SimpleNamespace

import aiohttp
import discord

TOO_LARGE = 40005
DEAD_ENDS = frozenset((10003, 10004, 10008, 10015, 10062, 40333, 50001, 50005, 50007, 50013, 50027, 50083))
"""Unknown channel, server, message, webhook or interaction; blocked; no access, not ours, no direct
messages, no permission; token over; thread archived."""
_UNDER_LIMIT: ContextVar[bool] = ContextVar("under_limit", default=False)


class Trouble(Exception):
    """Why a request did not do what it should."""


class RefusedError(Trouble):
    """For good: asking again is of no use."""

    def __init__(self, status: int, code: int) -> None:
        super().__init__(f"HTTP {status}, code {code}")
        self.status = status
        self.code = code


class TooLargeError(Trouble):
    """The files are over the limit there, whatever was believed."""


class MalformedError(Trouble):
    """Discord does not take this for a message: a bug of ours."""

    def __init__(self, cause: discord.HTTPException) -> None:
        super().__init__(f"HTTP {cause.status}, code {cause.code}")
        self.cause = cause


class PassingError(Trouble):
    """Busy, broken, hanging or gone: the same may work later. Whether it was done all the same is not known, unless
    Discord answered (`status` is not 0). `wait` is what it asks for, in seconds."""

    def __init__(self, status: int = 0, wait: float = 0.0) -> None:
        super().__init__(f"HTTP {status}" if status else "no answer")
        self.status = status
        self.wait = wait


def tracing() -> aiohttp.TraceConfig:
    """For the client's `http_trace`: without it, `under` cannot keep discord.py from being patient by itself."""
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_answered)
    return config


async def _answered(
    session: aiohttp.ClientSession, context: SimpleNamespace, parameters: aiohttp.TraceRequestEndParams
) -> None:
    status, headers = parameters.response.status, parameters.response.headers
    if _UNDER_LIMIT.get() and (status == 429 or status >= 500):
        raise PassingError(status, _seconds(headers.get("Retry-After")))


def _seconds(text: str | None) -> float:
    try:
        return max(0.0, float(text or 0))
    except ValueError:
        return 0.0


@asynccontextmanager
async def under(seconds: float) -> AsyncIterator[None]:
    """Requests to Discord take that long at most. Raises nothing but Trouble."""
    token = _UNDER_LIMIT.set(True)
    try:
        async with asyncio.timeout(seconds):
            yield
    except discord.HTTPException as error:
        raise _sorted(error) from None
    except discord.RateLimited as error:
        raise PassingError(429, error.retry_after) from None
    except (aiohttp.ClientError, OSError) as error:  # a time-out is an OSError
        raise PassingError() from error
    finally:
        _UNDER_LIMIT.reset(token)


def _sorted(error: discord.HTTPException) -> Trouble:
    status, code = error.status, error.code
    if status == 413 or code == TOO_LARGE:
        return TooLargeError()
    if status in (401, 403, 404) or code in DEAD_ENDS:
        return RefusedError(status, code)
    if status == 429 or status >= 500:
        return PassingError(status, _seconds(error.response.headers.get("Retry-After")))
    return MalformedError(error)
