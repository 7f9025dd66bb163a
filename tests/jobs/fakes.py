"""A runner that does what a job's order says, a courier that notes what it was given, and the world around them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mv.config.model import Concurrency
from mv.domain.ids import ChannelId, Kind, MemberId, Ref, ServerId, new_id
from mv.domain.jobs import Delivery, Job, JobKind, JobState, Phase, ReplyTo
from mv.errors import MvError, Stopped, Uncertain, VendorBusy
from mv.ports import Clock, Courier, JobEngine, Records, Run, Runner

SECRET = "a-token-nobody-may-see"
WORDS = "words of a member"


class Now(Clock):
    """The real time."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class Studio(Runner):
    """`order["act"]` names one of the methods below; every act ends with the job's last transaction, unless it does
    not. `hold` waits until its gate is opened."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self.records = records
        self.clock = clock
        self.started: list[int] = []
        self.interrupted: list[int] = []
        self.closed: list[tuple[int, str]] = []
        self.running: dict[int, Job] = {}
        self.peak = Counter[str]()
        self.gates: dict[int, asyncio.Event] = {}
        self.closing_fails: list[Exception] = []

    async def run(self, run: Run) -> None:
        number = run.job.ref.number
        self.started.append(number)
        self.running[number] = run.job
        self._count()
        try:
            await getattr(self, str(run.job.order["act"]))(run)
        except asyncio.CancelledError:
            self.interrupted.append(number)
            raise
        finally:
            del self.running[number]

    async def close(self, job: Job, error: MvError) -> None:
        self.closed.append((job.ref.number, error.code))
        if self.closing_fails:
            raise self.closing_fails.pop(0)
        state = JobState.FAILED
        if isinstance(error, Stopped | Uncertain):
            state = JobState.CANCELLED if isinstance(error, Stopped) else JobState.UNCERTAIN
        async with self.records.write() as tx:
            await tx.jobs.finish(job.id, state, self.clock.now(), error=error)

    def open(self, *numbers: int) -> None:
        """Lets those that hold go on."""
        for number in numbers:
            self._gate(number).set()

    async def finish(self, run: Run) -> None:
        async with self.records.write() as tx:
            if not await tx.jobs.finish(run.job.id, JobState.DONE, self.clock.now()):
                raise Stopped

    # ── acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def quick(self, run: Run) -> None:
        await asyncio.sleep(run.job.order.get("seconds", 0))
        await self.finish(run)

    async def hold(self, run: Run) -> None:
        await run.progress(Phase.PAINTING, done=1, total=3, note="vendor_busy")
        await self._gate(run.job.ref.number).wait()
        await self.finish(run)

    async def busy(self, run: Run) -> None:
        raise VendorBusy(vendor="gemini", retry_after=3.0)

    async def bug(self, run: Run) -> None:
        raise ZeroDivisionError

    async def forgetful(self, run: Run) -> None:
        await run.progress(Phase.CHECKING)

    async def stubborn(self, run: Run) -> None:
        """Does not let go when it is cancelled, and then wants to finish."""
        gate = self._gate(run.job.ref.number)
        while not gate.is_set():
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.interrupted.append(run.job.ref.number)
        await self.finish(run)

    async def falls(self, run: Run) -> None:
        """Meets a bug while it is cancelled."""
        try:
            await self._gate(run.job.ref.number).wait()
        except asyncio.CancelledError:
            raise KeyError("falls") from None

    async def quits(self, run: Run) -> None:
        raise asyncio.CancelledError

    async def steps(self, run: Run) -> None:
        """Two journalled steps; the second waits for the gate."""
        seen = await run.journal.seen("create")
        if seen is None:
            await run.journal.intend("create", model="m")
            await run.journal.done("create", cost=7, id="p-1")
        elif seen.done_at is None:
            raise Uncertain(vendor="replicate")
        await run.journal.intend("collect")
        await self._gate(run.job.ref.number).wait()
        await run.journal.done("collect", files=["a"])
        await self.finish(run)

    async def torn(self, run: Run) -> None:
        """Never learns what became of what it asked for."""
        seen = await run.journal.seen("create")
        if seen is not None:
            raise Uncertain(vendor="replicate")
        await run.journal.intend("create")
        await self._gate(run.job.ref.number).wait()

    def _gate(self, number: int) -> asyncio.Event:
        return self.gates.setdefault(number, asyncio.Event())

    def _count(self) -> None:
        jobs = self.running.values()
        now = Counter(["total", *(f"member {j.member_id}" for j in jobs), *(f"vendor {j.vendor}" for j in jobs)])
        now["total"] = len(self.running)
        self.peak |= now


class Postman(Courier):
    """Notes deliveries, and stores them unless told to fail. If `slow`, for all or for those numbers, waits for
    `letters` first."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self.records = records
        self.clock = clock
        self.followed: list[int] = []
        self.delivered: list[Job] = []
        self.at_once = 0
        self.peak = 0
        self.fails = False
        self.slow: bool | set[int] = False
        self.letters = asyncio.Event()

    def follow(self, job: Job) -> None:
        self.followed.append(job.ref.number)

    async def deliver(self, job: Job) -> None:
        self.at_once += 1
        self.peak = max(self.peak, self.at_once)
        try:
            if self.slow is True or (self.slow and job.ref.number in self.slow):
                await self.letters.wait()
            if self.fails:
                raise ConnectionError("Discord is away")
            async with self.records.write() as tx:
                await tx.jobs.set_delivered(job.id, Delivery.TOKEN, self.clock.now(), None)
            self.delivered.append(job)
        finally:
            self.at_once -= 1

    @property
    def numbers(self) -> list[int]:
        return [job.ref.number for job in self.delivered]


MakeEngine = Callable[[Records, Clock, Concurrency], JobEngine]


@dataclass
class Crew:
    """An engine and those who work with it: one process, so to speak."""

    engine: JobEngine
    studio: Studio
    postman: Postman


@dataclass
class World:
    """Records that outlive engines."""

    records: Records
    clock: Clock
    make: MakeEngine
    crews: list[Crew] = field(default_factory=list)
    numbers: int = 0

    def crew(
        self, *, total: int = 4, member: int = 100, vendors: Mapping[str, int] | None = None, courier: bool = True
    ) -> Crew:
        bounds = Concurrency(total=total, per_member=member, per_vendor=vendors or {}, waiting_per_member=1000)
        engine = self.make(self.records, self.clock, bounds)
        crew = Crew(engine, Studio(self.records, self.clock), Postman(self.records, self.clock))
        for kind in JobKind:
            engine.register(kind, crew.studio)
        if courier:
            engine.attach(crew.postman)
        self.crews.append(crew)
        return crew

    def job(
        self, act: str = "quick", *, member: int = 1, vendor: str = "offline", priority: int = 0, **order: Any
    ) -> Job:
        self.numbers += 1
        now = self.clock.now()
        reply = ReplyTo(
            channel_id=ChannelId(5),
            application_id=6,
            token=SECRET,
            token_expires_at=now + dt.timedelta(minutes=15),
            private=False,
        )
        return Job(
            id=new_id(),
            server_id=ServerId(1),
            ref=Ref(Kind.JOB, self.numbers),
            kind=JobKind.SCENES,
            state=JobState.QUEUED,
            member_id=MemberId(member),
            private=False,
            order={"act": act, "words": WORDS, **order},
            engine=vendor,
            vendor=vendor,
            reply=reply,
            created_at=now + dt.timedelta(microseconds=self.numbers),
            priority=priority,
        )

    async def store(self, *jobs: Job) -> None:
        async with self.records.write() as tx:
            await tx.jobs.add_all(jobs)

    async def released(self, crew: Crew, *jobs: Job) -> Sequence[Job]:
        await self.store(*jobs)
        for job in jobs:
            crew.engine.release(job)
        return jobs

    async def stored(self, job: Job) -> Job:
        async with self.records.read() as tx:
            found = await tx.jobs.get(job.id)
        assert found is not None
        return found

    async def journalled(self, job: Job, name: str) -> None:
        """Waits until such a step is begun."""
        while True:
            async with self.records.read() as tx:
                if await tx.jobs.step(job.id, name) is not None:
                    return
            await asyncio.sleep(0.005)

    async def state(self, job: Job) -> JobState:
        return (await self.stored(job)).state


async def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Waits for something to become true, and fails if it does not."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not true():
        assert loop.time() < end, "it did not become true"
        await asyncio.sleep(0.002)


async def gone(crew: Crew, *jobs: Job) -> None:
    """Waits until the engine knows nothing of these jobs any more: they are delivered."""
    await until(lambda: all(crew.engine.status(job.id) is None for job in jobs))
