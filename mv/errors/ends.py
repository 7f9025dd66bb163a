"""A job ended without a result, or with a part of it."""

from __future__ import annotations

from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class Stopped(MvError):
    """Cancelled; `by_id` is the member who did it, 0 for the bot itself."""

    by_id: int = 0


@dataclass(eq=False)
class Partial(MvError):
    """Some of several pictures failed; `why` is the code of the first failure. Belongs to a job that is done."""

    wanted: int
    got: int
    why: str


@dataclass(eq=False)
class Uncertain(MvError):
    """The process died while the vendor was being asked: it may have been charged, and is not asked again unbidden."""

    vendor: str = ""
