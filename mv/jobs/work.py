"""What this process holds of one job, from its release to its delivery."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar, copy_context
from datetime import datetime
from types import MappingProxyType

from mv.domain.ids import MemberId
from mv.domain.jobs import Job, JobState, Phase, Progress, Step
from mv.jobs.journal import RecordsJournal
from mv.ports import Run

LOG_FIELDS: ContextVar[Mapping[str, str]] = ContextVar("LOG_FIELDS", default=MappingProxyType({}))
"""What every line that is logged on behalf of a job says of it."""


class Work(Run):
    """The `Run` that its runner is given, and what the engine needs beside it."""

    def __init__(self, job: Job, journal: RecordsJournal) -> None:
        self.job = job
        self.journal = journal
        self.context = copy_context()
        """That of the release: a job never runs with the log fields of the one that made room for it."""
        self.context.run(LOG_FIELDS.set, {"job": str(job.ref), "server": str(job.server_id)})
        self.halted = False
        """Whether it shall stop: `stopped_by` a member, or because the process stops."""
        self.stopped_by: MemberId | None = None
        self.runner: asyncio.Task[None] | None = None
        self.interrupted = False
        """Whether its runner was at work when it was halted."""
        self.abandoned = False
        """Whether it is ended without its runner, which does not let go."""
        self.ended: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()
        """The final job; None if it stays as it is stored; or what kept its end from being stored."""
        self._phase = Phase.WAITING
        self._done: int | None = None
        self._total: int | None = None
        self._note: str | None = None
        self._began: float | None = None

    @property
    def deliverable(self) -> bool:
        """Whether it is final and nobody has been told."""
        return self.job.state.final and self.job.delivered_at is None

    async def progress(
        self, phase: Phase, *, done: int | None = None, total: int | None = None, note: str | None = None
    ) -> None:
        """In a new phase counts start anew, in the same one they stay unless given. A note lasts till the next call."""
        same = phase is self._phase
        self._phase = phase
        self._done = self._done if same and done is None else done
        self._total = self._total if same and total is None else total
        self._note = note

    def remark(self, note: str) -> None:
        """A note beside the phase it is in, till the next progress."""
        self._note = note

    def begin(self, at: datetime, steps: Iterable[Step]) -> None:
        """It runs from now; a job of an earlier process has its first start on record."""
        self.journal.found(steps)
        self._began = time.monotonic()
        self.job = dataclasses.replace(self.job, state=JobState.RUNNING, started_at=self.job.started_at or at)

    def halt(self, by: MemberId | None) -> bool:
        """Cancelled by a member; None: the process stops. The first one counts: False if it shall stop already."""
        if self.halted:
            return False
        self.halted = True
        self.stopped_by = by
        if self.runner is not None:
            self.interrupted = self.runner.cancel()
        return True

    def end(self, final: Job | None) -> None:
        """Nothing is left to do but the delivery."""
        if final is not None:
            self.job = final
            self._phase, self._done, self._total, self._note = Phase.DELIVERING, None, None, None
        self.ended.set_result(final)

    def fail(self, error: Exception) -> None:
        """How it ended could not be stored."""
        self.ended.set_exception(error)
        self.ended.exception()  # it is logged already: nobody has to be waiting

    @property
    def running_seconds(self) -> float:
        """Since it began in this process."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def seen(self, place: int | None, usual_seconds: float | None, starts_in_seconds: float | None) -> Progress:
        """As it is shown to whoever waits."""
        return Progress(
            job=self.job,
            phase=self._phase,
            place=place,
            done=self._done,
            total=self._total,
            usual_seconds=usual_seconds,
            running_seconds=self.running_seconds,
            note=self._note,
            starts_in_seconds=starts_in_seconds,
        )
