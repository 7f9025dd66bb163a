"""How long such jobs usually take, without asking the records each time somebody wants to know; and what follows from
it for those that wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from mv.domain.ids import RecordId
from mv.domain.jobs import Job
from mv.jobs.queue import Bound, Sort
from mv.ports import Records

log = logging.getLogger(__name__)

REST_SECONDS = 5.0
"""A value is looked up at most so often on its own account; after that, when it is next asked for."""
MOMENT_SECONDS = 1.0
"""What is left of a job that takes longer than usual already."""


class UsualTimes:
    """Medians per engine and kind. Look-ups are handed to `spawn`, which runs them in the background."""

    def __init__(self, records: Records, spawn: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._records = records
        self._spawn = spawn
        self._known: dict[Sort, float | None] = {}
        self._looked: dict[Sort, float] = {}
        self._stale: set[Sort] = set()
        self._asking: set[Sort] = set()

    def get(self, job: Job) -> float | None:
        """What is known now, in seconds. What is not known, or no longer true, is looked up for the next time."""
        return self._of((job.engine, job.kind))

    def until_start(self, bounds: Sequence[Bound], ran: Callable[[RecordId], float]) -> float | None:
        """Seconds until a job starts that must pass all of these, by the one that holds it up longest; None if too
        little is known, or there is none. `ran` says how long a running job has run."""
        waits = [self._wait(bound, ran) for bound in bounds]
        known = [wait for wait in waits if wait is not None]
        return max(known) if known and len(known) == len(waits) else None

    def _wait(self, bound: Bound, ran: Callable[[RecordId], float]) -> float | None:
        """Slots become free one after the other as those that run come to their usual end, then once a round."""
        rounds, rest = divmod(bound.before, bound.slots)
        typical = self._mean(bound.waiting)
        left = [0.0] * (bound.slots - len(bound.running))
        if rest >= len(left):
            for job in bound.running:
                usual = self.get(job)
                if usual is None and typical is None:
                    return None
                left.append(max(MOMENT_SECONDS, (usual or typical or 0.0) - ran(job.id)))
        if rounds and typical is None:
            return None
        return sorted(left)[rest] + rounds * (typical or 0.0)

    def _mean(self, waiting: Mapping[Sort, int]) -> float | None:
        """Of what is known of these."""
        known = [(usual, count) for sort, count in waiting.items() if count and (usual := self._of(sort)) is not None]
        total = sum(count for _, count in known)
        return sum(usual * count for usual, count in known) / total if total else None

    def _of(self, of: Sort) -> float | None:
        if of not in self._known or of in self._stale:
            self._ask(of)
        return self._known.get(of)

    def ended(self, job: Job) -> None:
        """Such a job has ended: the median is another, or there is one now."""
        of = job.engine, job.kind
        self._stale.add(of)
        if of in self._known and (self._known[of] is None or time.monotonic() - self._looked[of] >= REST_SECONDS):
            self._ask(of)

    def _ask(self, of: Sort) -> None:
        if of not in self._asking:
            self._asking.add(of)
            self._stale.discard(of)
            self._spawn(self._look_up(of))

    async def _look_up(self, of: Sort) -> None:
        try:
            async with self._records.read() as tx:
                self._known[of] = await tx.jobs.usual_seconds(*of)
        except Exception:
            log.exception("the usual time of %s could not be read", of[0])
            self._known.setdefault(of, None)
        finally:
            self._looked[of] = time.monotonic()
            self._asking.discard(of)
