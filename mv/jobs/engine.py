"""The local job engine: asyncio tasks over the records, in this one process.

A task exists while there is work and ends with it. A job has up to three, one after the other or inside each other:

    _live     marks the job as running, waits for the runner, sees to it that the job is final; it holds the slot until
              the runner has come to its end, or the job that has none is closed
    run       the runner's, inside _live; the only one that a member's cancel interrupts
    _deliver  the courier's, after the slot is free

What a job came to is what the records say at its end, never what happened here: so a cancel that meets the runner's
last transaction has one outcome. A job whose end could not be stored stays stored, and is taken up again by `tidy`, or
by the next start. A member's wish to cancel is journalled, so that a kill does not undo it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from mv.config.model import Concurrency
from mv.domain.ids import MemberId, RecordId
from mv.domain.jobs import CANCEL, Job, JobKind, JobState, Progress, Step
from mv.errors import MvError, NotSetUp, Stopped, StorageError, VendorError
from mv.jobs.ending import Endings
from mv.jobs.journal import RecordsJournal
from mv.jobs.queue import Queue
from mv.jobs.tasks import Tasks
from mv.jobs.usual import UsualTimes
from mv.jobs.work import Work
from mv.ports import Clock, Counted, Courier, JobEngine, Meter, Records, Runner, Timed, Transaction, Unmetered
from mv.services.incidents import incident

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10.0
"""How long a runner may take to let go; after that its job is ended without it."""
PAUSES_SECONDS = (0.25, 1.0, 4.0, 10.0)
"""Between the attempts to store how a job ended."""
GRACE_SECONDS = 1.0
"""What a stopping process gives runners to let go, and orders that are on their way to a vendor to be noted."""
FORGOTTEN_SECONDS = 60.0
"""A stored job that is older and not here was left behind: its command was acknowledged long ago."""
DELIVERIES_AT_ONCE = 4
"""Of those that the last process left behind, but for such as take longer than DELIVERY_SECONDS."""
DELIVERY_SECONDS = 3.0


class _LeavingError(Exception):
    """The process stops: the job stays as it is stored."""


class LocalEngine(JobEngine):
    """Use it within one running event loop; every method returns or awaits there."""

    def __init__(
        self,
        records: Records,
        clock: Clock,
        limits: Concurrency,
        *,
        pauses: Sequence[float] = PAUSES_SECONDS,
        patience: float = PATIENCE_SECONDS,
        grace: float = GRACE_SECONDS,
        meter: Meter | None = None,
    ) -> None:
        self._records = records
        self._clock = clock
        self._meter = meter or Unmetered()
        self._patience = patience
        self._grace = grace
        self._queue = Queue(limits)
        self._works: dict[RecordId, Work] = {}
        self._runners: dict[JobKind, Runner] = {}
        self._endings = Endings(records, self._runners, pauses)
        self._courier: Courier | None = None
        self._tasks = Tasks()
        self._usual = UsualTimes(records, self._tasks.spawn)
        self._draining = False
        self._resuming = False
        self._made_at = clock.now()

    # ── what others call ─────────────────────────────────────────────────────────────────────────────────────────────

    def register(self, kind: JobKind, runner: Runner) -> None:
        """Raises ValueError for a second runner of the same kind."""
        if kind in self._runners:
            raise ValueError(f"there is a runner for {kind} already")
        self._runners[kind] = runner

    def attach(self, courier: Courier) -> None:
        """Who delivers. Without one, jobs run and stay undelivered."""
        self._courier = courier

    async def resume(self) -> None:
        """One look at the records; everything else happens in the background. What is released meanwhile starts
        after what was begun before."""
        self._resuming = True
        try:
            await self._take_up(self._made_at)
        finally:
            self._resuming = False
            self._pump()

    async def tidy(self) -> None:
        """From time to time; one look at the records, the rest in the background."""
        if not self._draining:
            await self._take_up(self._clock.now() - timedelta(seconds=FORGOTTEN_SECONDS))

    def release(self, job: Job) -> None:
        """Costs no query. A job that is here already, or that comes while the process stops, changes nothing."""
        if self._draining or job.id in self._works:
            return
        if self._take_in(job) is not None:
            self._pump()

    def status(self, job_id: RecordId) -> Progress | None:
        """From memory. O(members with jobs + running jobs) while it waits, else O(1)."""
        work = self._works.get(job_id)
        if work is None:
            return None
        starts_in = self._usual.until_start(self._queue.bounds(job_id), self._ran)
        return work.seen(self._queue.place(job_id), self._usual.get(work.job), starts_in)

    async def cancel(self, job_id: RecordId, by: MemberId) -> bool:
        """Also for a stored job that was never released. Raises StorageError if its end could not be stored (yet)."""
        work = self._works.get(job_id) or await self._find(job_id)
        if work is None or work.ended.done():
            return False
        if work.halt(by):
            waited = self._queue.drop(job_id)
            self._tasks.spawn(self._end(work, Stopped(by_id=by)) if waited else self._insist(work, by))
        await asyncio.wait({work.ended}, timeout=self._patience + self._grace)
        if not work.ended.done():
            raise StorageError
        final = work.ended.result()
        return final is not None and final.state is JobState.CANCELLED

    async def drain(self, seconds: float) -> None:
        """Ends within `seconds` and twice the grace. Afterwards nothing of this engine runs any more."""
        self._draining = True
        self._queue.clear()
        if self._courier is not None:
            self._tasks.spawn(self._courier.farewell())
        await self._tasks.settle(seconds)
        for work in self._works.values():
            work.halt(None)
        for runner in self._runners.values():
            self._tasks.spawn(runner.settle())
        await self._tasks.settle(self._grace)
        self._tasks.cancel()
        await self._tasks.settle(self._grace)
        self._works.clear()

    def _ran(self, job_id: RecordId) -> float:
        work = self._works.get(job_id)
        return 0.0 if work is None else work.running_seconds

    # ── a job's life ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _take_in(self, job: Job, *, begun: bool = False) -> Work | None:
        if job.kind not in self._runners:
            log.error("job %s is of a kind that nobody runs here: %s", job.ref, job.kind)
            return None
        work = Work(job, RecordsJournal(self._records, self._clock, job.id))
        self._works[job.id] = work
        if begun:
            self._queue.enter(job)
            self._tasks.spawn(self._live(work), work.context)
        else:
            self._queue.push(job)
        return work

    def _pump(self) -> None:
        while not self._resuming and (job := self._queue.start()) is not None:
            work = self._works[job.id]
            self._tasks.spawn(self._live(work), work.context)

    def _free(self, work: Work) -> None:
        self._queue.end(work.job.id)
        self._pump()

    async def _live(self, work: Work) -> None:
        try:
            error = await self._outcome(work)
        except _LeavingError:
            self._queue.end(work.job.id)
            self._works.pop(work.job.id, None)
            work.end(None)
        else:
            if error is None:
                self._free(work)
            if not work.abandoned:
                await self._end(work, error)

    async def _outcome(self, work: Work) -> MvError | None:
        """What stood in the way of a result; None if the runner came to its end."""
        try:
            if not await self._begin(work) or await self._run(work):
                return None
        except MvError as error:
            log.warning("job %s: %s", work.job.ref, error if isinstance(error, VendorError | NotSetUp) else error.code)
            return error
        except Exception as error:  # noqa: BLE001  # whatever it is, the job must end
            return incident(f"job {work.job.ref} of server {work.job.server_id}", error)
        if work.stopped_by is None:
            raise _LeavingError
        return Stopped(by_id=work.stopped_by)

    async def _begin(self, work: Work) -> bool:
        now = self._clock.now()

        async def start(tx: Transaction) -> tuple[bool, tuple[Step, ...]]:
            started = await tx.jobs.start(work.job.id, now, work.job.reply.message_id)
            return started, await tx.jobs.steps(work.job.id) if started else ()

        started, steps = await self._records.insist(start)
        if started:
            work.begin(now, steps)
            for step in steps:
                if step.name == CANCEL:
                    raise Stopped(by_id=step.value["by"])
        return started

    async def _run(self, work: Work) -> bool:
        """Whether the runner came to its own end, which may be an exception; False if it was stopped."""
        if work.halted:
            return False
        work.runner = task = self._tasks.watched(self._runners[work.job.kind].run(work))
        await asyncio.wait({task})
        if not work.interrupted:
            if task.cancelled():
                raise RuntimeError("a runner cancelled itself")
            task.result()
            return True
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, MvError):
            log.error("job %s failed while it was stopped", work.job.ref, exc_info=error)
        return False

    async def _insist(self, work: Work, by: MemberId) -> None:
        """A cancelled job is cancelled after a kill too; if its runner does not let go, it is ended without it."""
        try:
            await work.journal.intend(CANCEL, by=by)
        except MvError as error:
            log.warning("job %s: that it is cancelled could not be noted: %s", work.job.ref, error.code)
        if work.runner is not None:
            await asyncio.wait({work.runner}, timeout=self._patience)
            if not work.runner.done():
                work.abandoned = True
                log.error("job %s does not let go; it is ended without its runner", work.job.ref)
                await self._end(work, Stopped(by_id=by))

    async def _end(self, work: Work, error: MvError | None) -> None:
        """Sees to it that it is final, frees its slot, has it delivered."""
        try:
            work.end(await self._endings.final(work, error))
        except Exception as failure:
            known = failure.code if isinstance(failure, MvError) else None
            what = f"job {work.job.ref} stays as it is stored until there is a way to store its end"
            log.error("%s: %s", what, known or type(failure).__name__, exc_info=None if known else failure)
            work.fail(failure)
        self._runners[work.job.kind].over(work.job)
        self._free(work)
        if work.deliverable:
            self._note(work.job)
            self._tasks.spawn(self._deliver(work))
        else:
            self._works.pop(work.job.id, None)

    def _note(self, job: Job) -> None:
        self._usual.ended(job)
        self._meter.count(Counted.JOBS_ENDED, kind=job.kind.value, state=job.state.value)
        if job.started_at is not None and job.finished_at is not None:
            seconds = (job.finished_at - job.started_at).total_seconds()
            self._meter.took(Timed.JOB, max(seconds, 0.0), kind=job.kind.value, engine=job.engine)

    async def _deliver(self, work: Work) -> None:
        try:
            if self._courier is not None:
                await self._courier.deliver(work.job)
        except Exception:
            log.exception("job %s could not be delivered", work.job.ref)
        finally:
            self._works.pop(work.job.id, None)

    # ── what the records know ────────────────────────────────────────────────────────────────────────────────────────

    async def _take_up(self, until: datetime) -> None:
        """What was stored until then, is unfinished and not here, and what is finished and not delivered. What was
        stored since is about to be acknowledged and released."""
        async with self._records.read() as tx:
            unfinished = await tx.jobs.unfinished()
            begun = await tx.jobs.begun()
            undelivered = await tx.jobs.undelivered()
        now = self._clock.now()
        unfinished = tuple(
            job
            for job in unfinished
            if job.id not in self._works and not until < job.created_at <= now  # not if the clock was set back since
        )
        for job in unfinished:
            if job.id in begun and job.kind in self._runners:
                self._runners[job.kind].expect(job)
        for job in sorted(unfinished, key=lambda job: job.id not in begun):
            if job.id in begun and not self._draining:
                self._take_in(job, begun=True)
            else:
                self.release(job)
            if self._courier is not None and job.id in self._works:
                self._courier.follow(job)
        self._tasks.spawn(self._catch_up(undelivered))

    async def _find(self, job_id: RecordId) -> Work | None:
        """A job that is stored and unfinished, but was not released here: from now on it is here, and waits."""
        job = await self._endings.stored(job_id)
        if job_id in self._works:
            return self._works[job_id]
        return None if job is None or job.state.final else self._take_in(job)

    async def _catch_up(self, undelivered: Sequence[Job]) -> None:
        """What the last process left behind."""
        going: set[asyncio.Task[None]] = set()
        for job in undelivered:
            if self._draining:
                return
            if job.id not in self._works:
                work = self._works[job.id] = Work(job, RecordsJournal(self._records, self._clock, job.id))
                work.end(job)
                going.add(self._tasks.spawn(self._deliver(work)))
            if len(going) == DELIVERIES_AT_ONCE:
                done, going = await asyncio.wait(going, timeout=DELIVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                going = going if done else set()  # those that wait for Discord hold up nobody
        try:
            async with self._records.write() as tx:
                await tx.jobs.erase_tokens(self._clock.now())
        except MvError as error:
            log.warning("expired tokens could not be erased: %s", error.code)
        except Exception:
            log.exception("expired tokens could not be erased")
