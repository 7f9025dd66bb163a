"""Orders of pictures at a vendor: each is journalled before it is sent and when its ticket is known, so that none is
sent twice. One whose ticket was lost in a kill is looked for at the vendor; if it is not found without doubt, only the
member decides whether it is sent again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from mv.config import Flavor
from mv.domain.engine import Engine
from mv.domain.ids import RecordId
from mv.domain.jobs import Job, Phase, Step
from mv.errors import MvError, StorageError, Uncertain, revive
from mv.ports import Counted, PicturePrompt, Run, Search, Ticket
from mv.services.character import CharacterTask
from mv.services.tools import Tools
from mv.services.trace import Trace

log = logging.getLogger(__name__)

CREATE, COLLECT = "create:", "collect:"
"""The names of steps begin so; then the engine and the number of the picture."""
CANCEL_SECONDS = 10.0
NEIGHBOURS = timedelta(minutes=15)
"""Orders that were intended so long before may have been sent at the same time: their vendor was slow to answer."""


@dataclass(slots=True)
class Painting:
    """What a job has so far. `done` counts pictures that came or failed."""

    run: Run
    task: CharacterTask
    flavor: Flavor
    engine: Engine
    done: int = 0
    failures: list[MvError] = field(default_factory=list)

    def groups(self) -> list[int]:
        """Pictures a prediction, one entry each."""
        images = self.task.brief.images
        return [images] if self.engine.count_parameter else [1] * images

    async def tell(self, phase: Phase, note: str | None = None) -> None:
        """Shows how many pictures are through."""
        await self.run.progress(phase, done=self.done, total=self.task.brief.images, note=note)

    async def report(self, note: str) -> None:
        """What a vendor makes it wait for."""
        await self.tell(Phase.PAINTING, note)


class Orders:
    """Those of all character jobs of this process."""

    def __init__(self, tools: Tools, trace: Trace) -> None:
        self._tools = tools
        self._trace = trace
        self._starting: dict[RecordId, set[asyncio.Task[Ticket]]] = {}
        self._clearing: set[asyncio.Task[None]] = set()

    async def ticket(self, painting: Painting, number: int, prompt: PicturePrompt) -> Ticket:
        """That of an order, which is sent now if it never was. Raises VendorError, Uncertain."""
        job, journal, engine = painting.run.job, painting.run.journal, painting.engine
        step = f"{CREATE}{engine.name}:{number}"
        seen = await journal.seen(step)
        if seen is not None:
            return await self._found(painting, seen, prompt) if seen.done_at is None else _noted(seen)
        await self._tools.painters[engine.vendor].warm()  # not between the intent and the order
        await self._tools.turn(engine.vendor, painting.report)
        self._trace.prompt(job, engine, prompt.text)
        await journal.intend(step, engine=engine.name, mark=_mark(engine, prompt))
        starting = asyncio.create_task(self._start(painting, step, prompt), name=f"{job.ref} {step}")
        self._starting.setdefault(job.id, set()).add(starting)
        starting.add_done_callback(lambda done: self._forget(job.id, done))
        return await asyncio.shield(starting)

    async def cancel(self, job: Job) -> None:
        """Cancels at the vendor what was ordered and not collected. An order that is still on its way is waited for, in
        the background if it takes long."""
        clearing = asyncio.create_task(self._clear(job), name=f"{job.ref} cancel")
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
        await asyncio.wait({clearing}, timeout=CANCEL_SECONDS)

    async def settle(self) -> None:
        """Waits for all orders that are on their way, and for cancellations."""
        going = {*self._clearing, *(task for tasks in self._starting.values() for task in tasks)}
        if going:
            await asyncio.wait(going)

    async def _start(self, painting: Painting, step: str, prompt: PicturePrompt) -> Ticket:
        """Not interrupted by a cancel: what the vendor accepts must be known, to be cancelled there."""
        engine, journal = painting.engine, painting.run.journal
        mark = _mark(engine, prompt)
        try:
            ticket = await self._tools.painters[engine.vendor].start(engine, prompt, painting.report)
        except MvError as error:
            await journal.done(step, error=error.code, facts=error.facts(), mark=mark)
            raise
        try:
            await journal.done(step, ticket=ticket.id, data=dict(ticket.data), engine=engine.name, mark=mark)
        except StorageError as error:  # here it is known all the same, and after a kill the vendor knows it
            log.warning("job %s: the ticket of %s could not be noted: %s", painting.run.job.ref, step, error.code)
        return ticket

    async def _found(self, painting: Painting, seen: Step, prompt: PicturePrompt) -> Ticket:
        """What became of an order that a kill fell into."""
        engine, journal = painting.engine, painting.run.journal
        await painting.tell(Phase.PAINTING, "looking_up")
        search = await self._search(seen)
        ticket = await self._tools.painters[engine.vendor].find(engine, prompt, search)
        mark = seen.value.get("mark")
        if ticket is None:
            lost = Uncertain(vendor=engine.vendor.value)
            await journal.done(seen.name, error=lost.code, facts=lost.facts(), mark=mark)
            raise lost
        await journal.done(seen.name, ticket=ticket.id, data=dict(ticket.data), engine=engine.name, mark=mark)
        self._tools.meter.count(Counted.PREDICTIONS_FOUND, vendor=engine.vendor.value)
        log.info("job %s: %s was found again at %s", painting.run.job.ref, seen.name, engine.vendor.value)
        return ticket

    async def _search(self, seen: Step) -> Search:
        """Which tickets are known, and how many equal orders of that time have none."""
        async with self._tools.records.read() as tx:
            orders = await tx.jobs.steps_since(CREATE, seen.intended_at - NEIGHBOURS)
        taken = frozenset(str(step.value["ticket"]) for step in orders if "ticket" in step.value)
        mark = seen.value.get("mark")
        lost = [step for step in orders if "ticket" not in step.value and step.value.get("mark") == mark]
        open_ = [step for step in lost if step.done_at is None or step.value.get("error") == Uncertain.__name__]
        return Search(since=seen.intended_at, taken=taken, alike=max(1, len(open_)))

    def _forget(self, job_id: RecordId, done: asyncio.Task[Ticket]) -> None:
        tasks = self._starting.get(job_id, set())
        tasks.discard(done)
        if not tasks:
            self._starting.pop(job_id, None)
        if not done.cancelled():
            done.exception()

    async def _clear(self, job: Job) -> None:
        for starting in tuple(self._starting.get(job.id, ())):
            with suppress(MvError):
                await starting
        async with self._tools.records.read() as tx:
            steps = {step.name: step for step in await tx.jobs.steps(job.id)}
        for name, step in steps.items():
            if not name.startswith(CREATE) or "ticket" not in step.value:
                continue
            collected = steps.get(COLLECT + name.removeprefix(CREATE))
            if collected is None or collected.done_at is None:
                engine = self._tools.config.engine(step.value["engine"])
                ticket = Ticket(id=step.value["ticket"], data=step.value["data"])
                await self._tools.painters[engine.vendor].cancel(engine, ticket)


def _noted(step: Step) -> Ticket:
    if "error" in step.value:
        raise revive(step.value["error"], step.value["facts"])
    return Ticket(id=step.value["ticket"], data=step.value["data"])


def _mark(engine: Engine, prompt: PicturePrompt) -> str:
    """The same for orders that ask for the same."""
    asked = json.dumps([engine.model_dump(mode="json"), asdict(prompt)], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]
