"""Which engine takes the place of another that is down or gone: the next of the list, which has none that costs more.

That one was passed over is journalled, with what was wrong, before the next is asked: a restart does not go back to it,
and so pays for nothing that the next has made already.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mv.config import Config
from mv.domain.engine import Engine, Vendor
from mv.domain.jobs import Step
from mv.errors import LOST, RESTING, TIMEOUT, UNREACHABLE, ModelGone, MvError, VendorDown, revive
from mv.ports import Journal

log = logging.getLogger(__name__)

OUT = "out:"
"""The name of the step begins so; then the engine."""
OF_THE_VENDOR = frozenset((UNREACHABLE, RESTING))
"""Reasons for which no other engine of the same vendor is asked."""
MAYBE_PAID = frozenset((TIMEOUT, LOST))
"""Those for which nobody stands in: the vendor may have done the work, or be at it still."""


class Line:
    """The engines of one job, in order; the first is asked now."""

    def __init__(self, journal: Journal, engines: Sequence[Engine]) -> None:
        self._journal = journal
        self._engines = list(engines)
        self.notes: list[str] = []
        """`engine_gone:imagen-4`, `engine_down:imagen-4`: who was passed over."""

    @classmethod
    async def of(cls, journal: Journal, config: Config, names: Sequence[str]) -> Line:
        """Without those that were passed over before a restart, or that are gone from models.yaml since; raises Unknown
        if that one is which is to be asked now."""
        now = [name for name in names if await journal.seen(f"{OUT}{name}") is None]
        config.engine(now[0] if now else names[-1])
        line = cls(journal, [config.engines[name] for name in names if name in config.engines])
        for engine in tuple(line._engines[:-1]):
            seen = await journal.seen(f"{OUT}{engine.name}")
            if seen is not None:
                line._leave(engine, revive(seen.value["error"], seen.value["facts"]))
        return line

    @property
    def engine(self) -> Engine:
        """The one that is asked now."""
        return self._engines[0]

    async def passes_on(self, errors: Sequence[MvError]) -> bool:
        """Whether another takes over after these. Not if any may have cost something, or would befall it too."""
        if not errors or not all(map(_out, errors)):
            return False
        before, error = self.engine, errors[0]
        if not _others(self._engines, error):
            return False
        await self._journal.done(f"{OUT}{before.name}", error=error.code, facts=error.facts())
        self._leave(before, error)
        log.warning("engine %s is %s; %s takes over", before.name, _how(error), self.engine.name)
        return True

    def _leave(self, engine: Engine, error: MvError) -> None:
        left = _others(self._engines, error)
        if engine is self.engine and left:
            self._engines = left
            self.notes.append(note(engine.name, error))


def note(engine: str, error: MvError) -> str:
    """What is said of one that was passed over."""
    return f"engine_{_how(error)}:{engine}"


def passed_over(steps: Sequence[Step]) -> tuple[str, ...]:
    """The notes of a job, by its journal."""
    outs = [step for step in steps if step.name.startswith(OUT)]
    return tuple(note(step.name.removeprefix(OUT), revive(step.value["error"], step.value["facts"])) for step in outs)


def _others(engines: Sequence[Engine], error: MvError) -> list[Engine]:
    away: Vendor | None = engines[0].vendor if _of_the_vendor(error) else None
    return [engine for engine in engines[1:] if engine.vendor is not away]


def _of_the_vendor(error: MvError) -> bool:
    return isinstance(error, VendorDown) and error.reason in OF_THE_VENDOR


def _out(error: MvError) -> bool:
    if error.made:  # and is paid for, though nothing of it could be fetched
        return False
    return isinstance(error, ModelGone) or (isinstance(error, VendorDown) and error.reason not in MAYBE_PAID)


def _how(error: MvError) -> str:
    return "gone" if isinstance(error, ModelGone) else "down"
