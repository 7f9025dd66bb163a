"""How a job comes to its end in the records, whatever stands in the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from mv.domain.ids import RecordId
from mv.domain.jobs import Job, JobKind
from mv.errors import MvError
from mv.jobs.work import Work
from mv.ports import Records, Runner
from mv.services.incidents import incident

log = logging.getLogger(__name__)

UNSTORABLE = "unstorable"
"""The note of a job whose end could not be stored yet."""


class Endings:
    """`pauses` in seconds between the attempts to store an end. `runners` may grow later."""

    def __init__(self, records: Records, runners: Mapping[JobKind, Runner], pauses: Sequence[float]) -> None:
        self._records = records
        self._runners = runners
        self._pauses = tuple(pauses)

    async def final(self, work: Work, error: MvError | None) -> Job | None:
        """The job as it is stored, final; None if it was erased. Raises what kept its end from being stored."""
        job = work.job
        for pause in self._pauses:
            try:
                return await self._close(job, error)
            except MvError as failure:
                log.warning("job %s could not be ended: %s; once more in %s s", job.ref, failure.code, pause)
            except Exception:
                log.exception("job %s could not be ended; once more in %s s", job.ref, pause)
            work.remark(UNSTORABLE)
            await asyncio.sleep(pause)
        return await self._close(job, error)

    async def stored(self, job_id: RecordId) -> Job | None:
        """What the records say."""
        async with self._records.read() as tx:
            return await tx.jobs.get(job_id)

    async def _close(self, job: Job, error: MvError | None) -> Job | None:
        stored = await self.stored(job.id)
        if stored is None or stored.state.final:
            return stored
        if error is None:
            error = incident(f"the runner of job {job.ref} came to its end without ending it")
        await self._runners[job.kind].close(stored, error)
        stored = await self.stored(job.id)
        if stored is not None and not stored.state.final:
            raise RuntimeError("closed, and still not final")
        return stored
