"""A job ended without a result, or with a part of it."""

from __future__ import annotations

from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class Stopped(MvError):
    """Cancelled; `by_id` is the member who did it, 0 for the bot itself. `vendor` may have charged what was ordered
    there and could not be found again, if one is named."""

    by_id: int = 0
    vendor: str = ""


@dataclass(eq=False)
class Unconfirmed(MvError):
    """Never started: it may cost `estimate` micro-dollars, which its member is asked about first. Belongs to a job that
    is only this question; Go makes another one of it."""

    estimate: int


@dataclass(eq=False)
class Partial(MvError):
    """Some of several pictures failed; `why` is the code of the failure that says most, `numbers` are those that failed
    where each was ordered by itself. Belongs to a job that is done."""

    wanted: int
    got: int
    why: str
    numbers: tuple[int, ...] = ()


@dataclass(eq=False)
class Uncertain(MvError):
    """What the vendor answered is lost: it may have charged it, and is not asked again unbidden."""

    vendor: str = ""
