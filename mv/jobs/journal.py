"""The journal of a job's steps, kept with the records, so that what was begun at a vendor is found again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from mv.domain.ids import RecordId
from mv.domain.jobs import Step
from mv.ports import Clock, Journal, Records


class RecordsJournal(Journal):
    """One job's journal. Every line that is written is one transaction."""

    def __init__(self, records: Records, clock: Clock, job_id: RecordId) -> None:
        self._records = records
        self._clock = clock
        self._job_id = job_id
        self._found: dict[str, Step] | None = None
        self._touched: set[str] = set()

    def found(self, steps: Iterable[Step]) -> None:
        """What was in it when this process began the job; saves `seen` a query for all that is not written since."""
        self._found = {step.name: step for step in steps}

    async def seen(self, name: str) -> Step | None:
        """The step, if it was ever intended."""
        if self._found is not None and name not in self._touched:
            return self._found.get(name)
        async with self._records.read() as tx:
            return await tx.jobs.step(self._job_id, name)

    async def intend(self, name: str, **value: Any) -> None:
        """Committed when it returns: only then the effect may begin."""
        self._touched.add(name)
        now = self._clock.now()
        await self._records.insist(lambda tx: tx.jobs.intend(self._job_id, name, now, value))

    async def done(self, name: str, *, cost: int | None = None, **value: Any) -> None:
        """Committed when it returns, also if the job is cancelled meanwhile: what an effect cost is never lost."""
        self._touched.add(name)
        await _to_its_end(self._complete(name, cost, value))

    async def _complete(self, name: str, cost: int | None, value: dict[str, Any]) -> None:
        now = self._clock.now()
        await self._records.insist(lambda tx: tx.jobs.complete(self._job_id, name, now, value, cost))


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Awaits short work that must not be torn apart; a cancellation is raised when it has ended."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()
