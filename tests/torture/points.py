"""Named moments between two steps of a job, at which a process can be made to die. The product knows nothing of them:
they are functions of it by name, and a name that leads nowhere any more is an error, never a point that is not met."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

DURING_SECONDS = 0.12


class When(Enum):
    """Where in the call. DURING is `DURING_SECONDS` after it began, if it takes so long; INSIDE is behind the function
    that the call was given, before what the call itself does then (a commit)."""

    BEFORE = "before"
    DURING = "during"
    INSIDE = "inside"
    AFTER = "after"


class Need(Enum):
    """Without which a point is rarely met."""

    NOTHING = "nothing"
    CANCEL = "somebody presses Cancel"
    EXPIRY = "tokens are over before the job is"
    LOST_ORDER = "the last kill fell between an order and the note of its number"


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a call. `only` is how its first argument begins; `needs` is what members must do to lead there."""

    where: str
    when: When
    only: str = ""
    needs: Need = Need.NOTHING

    @property
    def name(self) -> str:
        """As it is printed."""
        function = self.where.partition(":")[2].removeprefix("_")
        return f"{function}{f' {self.only}' if self.only else ''}, {self.when.value}"


def _at(where: str, *moments: When, only: str = "", needs: Need = Need.NOTHING) -> tuple[Point, ...]:
    return tuple(Point(where, when, only, needs) for when in moments)


_B, _D, _I, _A = When.BEFORE, When.DURING, When.INSIDE, When.AFTER
_COURIER = "bot.delivery.courier:DiscordCourier."
_RUNGS = "bot.delivery.rungs:Rungs."
_JOURNAL = "mv.jobs.journal:RecordsJournal."
_PAINTER = "mv.vendors.replicate:ReplicatePainter."

POINTS: tuple[Point, ...] = (
    *_at("mv.services.admission:Desk._decide", _A),
    *_at("mv.services.admission:Desk.admit", _A),
    *_at("bot.doors:_acknowledge", _B, _D, _A),
    *_at("mv.jobs.engine:LocalEngine.resume", _B, _A),
    *_at("mv.jobs.engine:LocalEngine._begin", _A),
    *_at("mv.jobs.engine:LocalEngine.cancel", _D, _A, needs=Need.CANCEL),
    *(point for step in ("create", "write") for point in _at(f"{_JOURNAL}intend", _B, _A, only=step)),
    *(point for step in ("create", "collect", "write") for point in _at(f"{_JOURNAL}done", _B, _A, only=step)),
    *_at("mv.store.database:Database.transact", _I, _A),
    *_at("mv.store.database:_store", _B, _A),
    *_at("mv.store.media:ObjectMedia.put", _B, _A),
    *_at(f"{_PAINTER}start", _B, _D, _A),
    *_at("mv.vendors.replicate_api:ReplicateApi.create", _D, _A),
    *_at(f"{_PAINTER}find", _B, _A, needs=Need.LOST_ORDER),
    *_at(f"{_PAINTER}collect", _B, _D, _A),
    *_at(f"{_PAINTER}cancel", _B, _A, needs=Need.CANCEL),
    *_at("mv.vendors.gemini:GeminiWriter.write", _B, _D, _A),
    *_at("mv.services.character_orders:Orders._found", _B, _A, needs=Need.LOST_ORDER),
    *_at("mv.services.character_run:CharacterRunner._store", _A),
    *_at("mv.services.scenes_run:SceneRunner._store", _A),
    *_at("mv.services.character_run:CharacterRunner.close", _B, _A, needs=Need.CANCEL),
    *_at("mv.services.scenes_run:SceneRunner.close", _B, _A, needs=Need.CANCEL),
    *_at("mv.services.jobs:Jobs.shown_at", _A),
    *_at("bot.delivery:DiscordCourier._draw", _A),
    *_at(f"{_RUNGS}by_token", _B, _D, _A),
    *_at(f"{_RUNGS}by_message", _B, _A, needs=Need.EXPIRY),
    *_at(f"{_RUNGS}by_channel", _B, _D, _A, needs=Need.EXPIRY),
    *_at(f"{_RUNGS}by_direct_message", _B, _A, needs=Need.EXPIRY),
    *_at("mv.services.jobs:Jobs.posting", _A, needs=Need.EXPIRY),
    *_at("mv.services.jobs:Jobs.posted", _B, _A, needs=Need.EXPIRY),
    *_at("mv.services.jobs:Jobs.posting", _A, needs=Need.EXPIRY),
    *_at("mv.services.jobs:Jobs.posted", _B, _A, needs=Need.EXPIRY),
    *_at("mv.services.jobs:Jobs.delivered", _B, _A),
)

LOSING = Point("mv.vendors.replicate_api:ReplicateApi.create", When.DURING)
"""Dies between an order and the note of its number."""
assert LOSING in POINTS


def arm(point: Point | None, occurrence: int) -> None:
    """From now on the process kills itself when it is at `point` for the `occurrence`th time. Raises AttributeError if
    any of all points leads nowhere, TypeError if one is not a coroutine function."""
    for known in POINTS:
        _target(known)
    if point is None:
        return
    owner, name, function = _target(point)
    fuse = _Fuse(occurrence)

    @functools.wraps(function)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        if not _wanted(point, function, arguments):
            return await function(*arguments, **named)
        if point.when is When.BEFORE:
            fuse.burn()
        if point.when is When.DURING and fuse.next():
            threading.Timer(DURING_SECONDS, _die).start()
        if point.when is When.INSIDE:
            arguments = _with_fuse_behind(arguments, fuse)
        result = await function(*arguments, **named)
        if point.when is When.AFTER:
            fuse.burn()
        return result

    setattr(owner, name, wrapped)


class _Fuse:
    """Counts."""

    def __init__(self, occurrence: int) -> None:
        self._left = occurrence

    def next(self) -> bool:
        """Whether this is the one."""
        self._left -= 1
        return self._left == 0

    def burn(self) -> None:
        """One more; dies if it was the one."""
        if self.next():
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _target(point: Point) -> tuple[Any, str, Callable[..., Any]]:
    module, _, path = point.where.partition(":")
    *owners, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, name)
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{point.where} is no coroutine function (any more)")
    return owner, name, function


def _wanted(point: Point, function: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    if not point.only:
        return True
    return any(isinstance(one, str) and one.startswith(point.only) for one in arguments[:2])


def _with_fuse_behind(arguments: tuple[Any, ...], fuse: _Fuse) -> tuple[Any, ...]:
    """The same arguments, but their first function burns the fuse when it is through."""
    position = next(number for number, one in enumerate(arguments) if callable(one))
    work = arguments[position]

    async def lit(*inner: Any) -> Any:
        result = await work(*inner)
        fuse.burn()
        return result

    return (*arguments[:position], lit, *arguments[position + 1 :])
