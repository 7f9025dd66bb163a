"""What runs jobs, and what carries their results to whoever waits."""

from __future__ import annotations

from typing import Any, Protocol

from mv.domain.ids import MemberId, RecordId
from mv.domain.jobs import Job, JobKind, Phase, Progress, Step
from mv.errors import MvError


class Journal(Protocol):
    """The named steps of one job."""

    async def seen(self, name: str) -> Step | None:
        """The step, if it was ever intended."""

    async def intend(self, name: str, **value: Any) -> None:
        """Written, and committed, before an effect."""

    async def done(self, name: str, *, cost: int | None = None, **value: Any) -> None:
        """Written after it."""


class Run(Protocol):
    """What a runner is given."""

    job: Job
    journal: Journal

    async def progress(
        self, phase: Phase, *, done: int | None = None, total: int | None = None, note: str | None = None
    ) -> None:
        """Shown to whoever waits; cheap, never raises."""


class Runner(Protocol):
    """Does jobs of one kind."""

    async def run(self, run: Run) -> None:
        """Works, and ends the job itself in its last transaction. An exception leaves the ending to `close`.
        On cancellation it lets go at once: also a process that stops cancels runs, and the vendor's work is then
        collected after the next start. The vendor is told in `close`, whose error then is Stopped."""

    async def close(self, job: Job, error: MvError) -> None:
        """Ends a job that has no result: state by the error, settles what its steps cost, gives the rest back."""

    def expect(self, job: Job) -> None:
        """A process before this one began it, and it will be run, or closed; before any job is."""
        return

    def over(self, job: Job) -> None:
        """It has come to its end here, however it did."""
        return

    async def settle(self) -> None:
        """Waits for what a cancelled run left behind that must be seen to its end, such as an order at a vendor whose
        number is not known yet. Only when the process stops."""
        return


class Courier(Protocol):
    """Carries progress and results to whoever waits for them. Never raises."""

    def follow(self, job: Job) -> None:
        """From now on, show this job's progress (read from `JobEngine.status`) until it is delivered."""

    async def deliver(self, job: Job) -> None:
        """A final job → the message that was promised, and the record of where it went."""

    async def farewell(self) -> None:
        """The process stops: whoever still waits for a job is told that the bot restarts and goes on with it. Returns
        when all were told, after a few seconds at most."""
        return


class JobEngine(Protocol):
    """Runs stored jobs in the background."""

    def register(self, kind: JobKind, runner: Runner) -> None:
        """Once a kind, before `resume`."""

    def attach(self, courier: Courier) -> None:
        """Who delivers."""

    async def resume(self) -> None:
        """After a start: takes up all that is stored and not finished, delivers what is not delivered."""

    async def tidy(self) -> None:
        """Delivers what could not be delivered before, and erases tokens that live no longer."""

    def release(self, job: Job) -> None:
        """A stored job may start: its command is acknowledged."""

    def status(self, job_id: RecordId) -> Progress | None:
        """How far a job is; None if it is not here (any more)."""

    async def cancel(self, job_id: RecordId, by: MemberId) -> bool:
        """Stops it and waits until it has ended; False if it had ended already, or its result was already stored."""

    async def drain(self, seconds: float) -> None:
        """Stops taking up jobs, gives running ones that long, then stops them where they are;
        they go on after a start."""
