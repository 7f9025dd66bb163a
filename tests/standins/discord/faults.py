"""Faults on demand, and the record of every REST request."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from typing import Any

from tests.standins.discord.errors import ApiError


@dataclass(eq=False, kw_only=True)
class Fault:
    """What happens to requests of a method to paths like a pattern (`*` stands for anything, slashes too).

    `status` None lets the request through after `delay` seconds. `lose` does what was asked, and cuts the connection
    instead of answering; `drop` cuts it without doing anything. What comes after `delay` seconds is done also if nobody
    waits for it any more. `everywhere`: the 429 is the global one. `times` None is for ever; `hits` counts."""

    method: str
    pattern: str
    status: int | None = None
    code: int = 0
    times: int | None = 1
    retry_after: float | None = None
    delay: float = 0.0
    lose: bool = False
    drop: bool = False
    everywhere: bool = False
    message: str = "a fault on demand"
    hits: int = 0

    def wants(self, method: str, path: str) -> bool:
        """Whether it is for this request, and not used up."""
        if self.times is not None and self.hits >= self.times:
            return False
        return self.method in ("*", method) and fnmatch.fnmatchcase(path, self.pattern)

    def error(self) -> ApiError | None:
        """The refusal, if it refuses."""
        return None if self.status is None else ApiError(self.status, self.code, self.message)


@dataclass(eq=False, kw_only=True)
class Record:
    """One REST request. `path` is below the base; `at` is `time.monotonic()` at its arrival; `status` 0 while open."""

    method: str
    path: str
    at: float
    body: Any = None
    files: list[str] = field(default_factory=list)
    status: int = 0
    code: int = 0
    demanded: bool = False
    """Whether a fault answered it."""


class Faults:
    """Those that were asked for, the oldest first."""

    def __init__(self) -> None:
        self.all: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """From now on."""
        self.all.append(fault)
        return fault

    def meet(self, method: str, path: str) -> Fault | None:
        """The first that wants this request; counts it."""
        for fault in self.all:
            if fault.wants(method, path):
                fault.hits += 1
                return fault
        return None
