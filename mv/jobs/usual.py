"""How long such jobs usually take, without asking the records each time somebody wants to know."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from mv.domain.jobs import Job, JobKind
from mv.ports import Records

log = logging.getLogger(__name__)

Of = tuple[str, JobKind]
REST_SECONDS = 5.0
"""A value is looked up at most so often on its own account; after that, when it is next asked for."""


class UsualTimes:
    """Medians per engine and kind. Look-ups are handed to `spawn`, which runs them in the background."""

    def __init__(self, records: Records, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._records = records
        self._spawn = spawn
        self._known: dict[Of, float | None] = {}
        self._looked: dict[Of, float] = {}
        self._stale: set[Of] = set()
        self._asking: set[Of] = set()

    def get(self, job: Job) -> float | None:
        """What is known now, in seconds. What is not known, or no longer true, is looked up for the next time."""
        of = job.engine, job.kind
        if of not in self._known or of in self._stale:
            self._ask(of)
        return self._known.get(of)

    def ended(self, job: Job) -> None:
        """Such a job has ended: the median is another."""
        of = job.engine, job.kind
        self._stale.add(of)
        if of in self._known and time.monotonic() - self._looked[of] >= REST_SECONDS:
            self._ask(of)

    def _ask(self, of: Of) -> None:
        if of not in self._asking:
            self._asking.add(of)
            self._stale.discard(of)
            self._spawn(self._look_up(of))

    async def _look_up(self, of: Of) -> None:
        try:
            async with self._records.read() as tx:
                self._known[of] = await tx.jobs.usual_seconds(*of)
        except Exception:
            log.exception("the usual time of %s could not be read", of[0])
            self._known.setdefault(of, None)
        finally:
            self._looked[of] = time.monotonic()
            self._asking.discard(of)
