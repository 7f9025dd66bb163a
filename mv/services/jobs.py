"""Jobs as members see them: listed, shown, cancelled; and the notes that the courier takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.engine import Vendor
from mv.domain.ids import Kind, MessageId, RecordId, Ref, parse_ref
from mv.domain.jobs import Delivery, Job, JobKind, Once, Progress, Step
from mv.errors import ManagersOnly, NotAllowed, NotFound, TextRemoved, TooLate
from mv.ports import Choice, Page, Transaction, VendorState
from mv.services.asking import again_key
from mv.services.project import any_project
from mv.services.shelf import visible
from mv.services.tools import Tools, server_of

KIND = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job, how far it is if it is not over, the record it made if there is one still, and the engine that did, or
    else is asked. `went` is what Go made of a question."""

    job: Job
    progress: Progress | None
    result: Ref | None
    engine: str
    went: Ref | None = None

    def asks(self, actor: Actor) -> bool:
        """Whether it is a question that waits for this actor's answer."""
        waits = self.job.unconfirmed is not None and not self.job.declined and self.went is None
        return waits and self.job.member_id == actor.member_id


class Jobs:
    """/jobs, and the Cancel and Retry buttons."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def page(
        self, actor: Actor, *, everybody: bool = False, before: int | None = None, project: str | None = None
    ) -> Page[Job]:
        """One's own jobs, newest first; a manager may ask for everybody's. `project` by ref or name. Raises
        ManagersOnly, Unknown."""
        if everybody and not actor.is_manager:
            raise ManagersOnly()
        async with self._tools.records.read() as tx:
            found = await any_project(tx, server_of(actor), project)
            return await tx.jobs.page(
                server_of(actor),
                member_id=None if everybody else actor.member_id,
                before=before,
                size=limits.PAGE,
                project_id=found.id if found else None,
            )

    async def show(self, actor: Actor, given: str) -> JobView:
        """By ref. Raises NotFound."""
        async with self._tools.records.read() as tx:
            job = await self._find(tx, actor, given)
            result, engine = await _result(tx, actor, job), await _made_by(tx, job)
            after = await _came_of(tx, job) if job.unconfirmed is not None else None
        return JobView(
            job=job, progress=self.progress(job), result=result, engine=engine, went=after.ref if after else None
        )

    def progress(self, job: Job) -> Progress | None:
        """How far it is; None if it is over. From memory."""
        return None if job.state.final else self._tools.jobs.status(job.id)

    def held_up(self) -> dict[Vendor, VendorState]:
        """The vendors that keep jobs waiting: left alone, on trial, or asked only so often. From memory."""
        states = {vendor: gate.state() for vendor, gate in self._tools.gates.items()}
        return {v: state for v, state in states.items() if state.resting_until or state.probing or state.waiting}

    async def choices(self, actor: Actor, text: str) -> tuple[Choice, ...]:
        """For autocomplete."""
        member = None if actor.is_manager else actor.member_id
        async with self._tools.records.read() as tx:
            return await tx.jobs.choices(server_of(actor), member_id=member, text=text, size=limits.CHOICES)

    async def cancel(self, actor: Actor, given: str) -> Job:
        """By ref. Raises NotFound, TextRemoved, TooLate."""
        async with self._tools.records.read() as tx:
            job = await self._find(tx, actor, given)
        return await self._cancel(actor, job)

    async def cancel_by_id(self, actor: Actor, job_id: RecordId) -> Job:
        """For the button. Raises NotFound, NotAllowed, TooLate."""
        job = await self.get(job_id)
        if job is None or actor.server_id not in (None, job.server_id):
            raise NotFound(kind=KIND, given="")
        if not _theirs(actor, job):
            raise NotAllowed(action="cancel", ref=str(job.ref), owner_id=job.member_id)
        return await self._cancel(actor, job)

    async def _cancel(self, actor: Actor, job: Job) -> Job:
        stopped = not job.state.final and await self._tools.jobs.cancel(job.id, actor.member_id)
        after = await self.get(job.id) or job
        if not stopped:
            raise TooLate(ref=str(job.ref), state=after.state.value)
        return after

    async def own(self, actor: Actor, job_id: RecordId) -> Job:
        """One's own job by key, for Retry, Edit, Go and its Cancel. Raises NotFound, NotAllowed, TextRemoved."""
        job = await self.get(job_id)
        if job is None or actor.server_id not in (None, job.server_id):
            raise NotFound(kind=KIND, given="")
        if job.member_id != actor.member_id:
            raise NotAllowed(action="retry", ref=str(job.ref), owner_id=job.member_id)
        if not job.order:
            raise TextRemoved(ref=str(job.ref))
        return job

    async def decline(self, job: Job) -> Job | None:
        """Cancel, to a question: from now on Go makes nothing of it. The job that Go made before, if there is one."""

        async def answer(tx: Transaction) -> Job | None:
            went = await _came_of(tx, job)
            if went is None:
                await tx.jobs.set_once(job.id, again_key(job))
            return went

        return await self._tools.records.transact(answer)

    async def went(self, jobs: Iterable[Job]) -> dict[RecordId, Ref]:
        """What Go made of those that are questions."""
        keys = {again_key(job): job.id for job in jobs if job.unconfirmed is not None and not job.declined}
        async with self._tools.records.read() as tx:
            came = await tx.jobs.asked((), [Once(key=key) for key in keys])
        return {keys[job.once]: job.ref for job in came if job.once in keys and keys[job.once] != job.id}

    async def get(self, job_id: RecordId) -> Job | None:
        """By key, for the courier."""
        async with self._tools.records.read() as tx:
            return await tx.jobs.get(job_id)

    async def shown_at(self, job_id: RecordId, message_id: MessageId) -> None:
        """Notes the message that shows a job."""
        await self._tools.records.transact(lambda tx: tx.jobs.set_message(job_id, message_id), lasting=False)

    async def delivered(self, job_id: RecordId, by: Delivery, message_id: MessageId | None) -> None:
        """Notes where a result went; the interaction's token is erased."""
        now = self._tools.clock.now()
        await self._tools.records.insist(lambda tx: tx.jobs.set_delivered(job_id, by, now, message_id), lasting=False)

    async def posting(self, job_id: RecordId, by: Delivery) -> Step | None:
        """Notes, before a result goes out as a new message, that it may be out there from now on. What was noted
        before, if anything: with `done_at`, the `message` is there."""
        now, step = self._tools.clock.now(), _post(by)

        async def note(tx: Transaction) -> Step | None:
            before = await tx.jobs.step(job_id, step)
            if before is None:
                await tx.jobs.intend(job_id, step, now, {})
            return before

        return await self._tools.records.transact(note)

    async def posted(self, job_id: RecordId, by: Delivery, message_id: MessageId) -> None:
        """Notes the new message."""
        now, value = self._tools.clock.now(), {"message": message_id}
        await self._tools.records.transact(
            lambda tx: tx.jobs.complete(job_id, _post(by), now, value, None), lasting=False
        )

    async def _find(self, tx: Transaction, actor: Actor, given: str) -> Job:
        ref = parse_ref(given, Kind.JOB)
        job = await tx.jobs.find(server_of(actor), ref) if ref else None
        if job is None or not _theirs(actor, job):
            raise NotFound(kind=KIND, given=given)
        return job


def _post(by: Delivery) -> str:
    return f"post:{by.value}"


async def _came_of(tx: Transaction, job: Job) -> Job | None:
    came = await tx.jobs.asked((), [Once(key=again_key(job))])
    return next((other for other in came if other.id != job.id), None)


async def _result(tx: Transaction, actor: Actor, job: Job) -> Ref | None:
    """What a job made, if this actor may see it."""
    if job.record_id is None:
        return None
    rows = tx.scenes if job.kind is JobKind.SCENES else tx.characters
    record = await rows.get(job.record_id)
    return record.ref if record is not None and visible(actor, record) else None


async def _made_by(tx: Transaction, job: Job) -> str:
    """Another engine than the one that was to be asked may have stood in."""
    if job.record_id is None:
        return job.engine
    if job.kind is JobKind.CHARACTER:
        made = await tx.characters.takes(job.record_id, job_id=job.id)
        takes = made or await tx.characters.takes(job.record_id, job_id=job.record_id)  # from the library
        return takes[0].engine if takes else job.engine
    version = await tx.scenes.version(job.record_id, job.version) if job.version else None
    return version.engine if version is not None else job.engine


def _theirs(actor: Actor, job: Job) -> bool:
    """Members see and cancel their own jobs, managers all of their server's."""
    return job.member_id == actor.member_id or (actor.is_manager and actor.server_id == job.server_id)
