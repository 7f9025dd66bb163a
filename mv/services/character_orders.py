"""Orders of pictures at a vendor: each is journalled before it is sent and when its ticket is known, so that none is
sent twice. One whose ticket was lost in a kill is looked for at the vendor; if it is not found without doubt, only the
member decides whether it is sent again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from mv.config import Config, Flavor
from mv.domain.engine import Engine, Vendor
from mv.domain.ids import RecordId
from mv.domain.jobs import Job, Phase, Step
from mv.domain.ledger import Bill
from mv.errors import MvError, StorageError, Uncertain, Unknown, revive
from mv.ports import Counted, Journal, PicturePrompt, Run, Search, Ticket
from mv.services.attempt import Attempt, ended_step, open_step
from mv.services.character_lending import lent
from mv.services.character_task import CharacterTask
from mv.services.closing import BILL
from mv.services.tools import Tools
from mv.services.trace import Trace

log = logging.getLogger(__name__)

CREATE, COLLECT = "create:", "collect:"
"""The names of steps begin so; then the engine and the number of the picture."""
CANCEL_SECONDS = 10.0
NEIGHBOURS = timedelta(minutes=15)
"""Orders that were intended so long before may have been sent at the same time: their vendor was slow to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a job orders of one engine; `references` are addresses of pictures that were lent to its vendor."""

    task: CharacterTask
    flavor: Flavor
    engine: Engine
    references: tuple[str, ...] = ()

    def groups(self) -> dict[int, int]:
        """The predictions by their number from 1, and how many pictures each makes."""
        images = self.task.brief.images
        if self.engine.count_parameter:
            return {1: images}
        return dict.fromkeys(self.task.numbers or range(1, images + 1), 1)

    def prompt(self, config: Config, number: int) -> PicturePrompt:
        """That of one prediction: always the same for the same number."""
        brief, variation = self.task.brief, self.task.variation
        prompt = config.picture_prompt(brief, self.flavor, number, images=self.groups()[number])
        if variation is not None and (variation.instructions or self.references):
            wish = variation.instructions
            prompt = config.vary_prompt(prompt, brief, self.flavor, number, wish, self.references)
        return prompt if self.engine.takes_seed else replace(prompt, seed=None)


@dataclass(slots=True)
class Painting:
    """What a job has so far. `done` counts pictures that came or failed, `lost` are the numbers of predictions that
    failed."""

    run: Run
    plan: Plan
    done: int = 0
    failures: list[MvError] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        """The one that is asked now."""
        return self.plan.engine

    async def tell(self, phase: Phase, note: str | None = None) -> None:
        """Shows how many pictures are through."""
        await self.run.progress(phase, done=self.done, total=self.plan.task.brief.images, note=note)

    async def report(self, note: str) -> None:
        """What a vendor makes it wait for."""
        await self.tell(Phase.PAINTING, note)


@dataclass(frozen=True, slots=True)
class _Going:
    """An order that is being sent, or looked for."""

    task: asyncio.Task[Ticket]
    vendor: Vendor
    attempt: Attempt | None = None


class Orders:
    """Those of all character jobs of this process."""

    def __init__(self, tools: Tools, trace: Trace) -> None:
        self._tools = tools
        self._trace = trace
        self._going: dict[RecordId, set[_Going]] = {}
        self._clearing: set[asyncio.Task[Vendor | None]] = set()
        self._unnoted: dict[tuple[RecordId, str], Ticket] = {}
        """What is known here and could not be written into the journal."""

    async def ticket(self, painting: Painting, number: int, prompt: PicturePrompt) -> Ticket:
        """That of an order, which is sent now if it never was. Raises VendorError, Uncertain."""
        job, journal, engine = painting.run.job, painting.run.journal, painting.engine
        step = f"{CREATE}{engine.name}:{number}"
        seen = await journal.seen(step)
        if (ended := ended_step(seen)) is not None:
            return _noted(ended)
        if seen is not None and open_step(seen):
            await painting.tell(Phase.PAINTING, "looking_up")
            return await self._to_its_end(job, engine, self._found(job, engine, seen, prompt))
        await self._tools.turn(engine.vendor, self._tools.painters[engine.vendor], painting.report)
        self._trace.prompt(job, engine, prompt.text)
        attempt = Attempt(journal, step, painting.report, engine=engine.name, mark=_mark(engine, prompt))
        await attempt.begin()
        return await self._to_its_end(job, engine, self._start(painting, step, prompt, attempt), attempt)

    async def begun(self, journal: Journal, plan: Plan) -> bool:
        """Whether anything was ordered of this engine, or was about to be."""
        steps = [await journal.seen(f"{CREATE}{plan.engine.name}:{number}") for number in plan.groups()]
        return any(step is not None for step in steps)

    async def cancel(self, job: Job) -> Vendor | None:
        """Cancels at the vendor what was ordered and not collected, and notes what was made by then. An order that is
        still on its way is waited for, in the background if it takes long. The vendor that may have charged something
        all the same, if there is one."""
        clearing = asyncio.create_task(self._clear(job), name=f"{job.ref} cancel")
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
        try:
            return await asyncio.wait_for(asyncio.shield(clearing), CANCEL_SECONDS)
        except (TimeoutError, MvError) as error:
            log.warning("job %s: what became of its orders is not known: %s", job.ref, type(error).__name__)
            going = next(iter(self._going.get(job.id, ())), None)
            return going.vendor if going else Vendor(job.vendor)

    async def in_doubt(self, job: Job) -> Vendor | None:
        """The vendor that may have accepted an order whose answer is lost."""
        async with self._tools.records.read() as tx:
            steps = await tx.jobs.steps(job.id)
        lost = [step for step in steps if step.name.startswith(CREATE) and _lost(step)]
        return self._vendor(job, lost[0]) if lost else None

    async def settle(self) -> None:
        """Waits for all orders that are on their way, and for cancellations."""
        for job_id in tuple(self._going):
            self._give_up(job_id)
        going = {*self._clearing, *(one.task for orders in self._going.values() for one in orders)}
        if going:
            await asyncio.wait(going)

    async def _to_its_end(
        self, job: Job, engine: Engine, work: Coroutine[Any, Any, Ticket], attempt: Attempt | None = None
    ) -> Ticket:
        """Not interrupted by a cancel: what the vendor accepts must be known, to be cancelled there."""
        task = asyncio.create_task(work, name=f"{job.ref} order")
        going = _Going(task, engine.vendor, attempt)
        self._going.setdefault(job.id, set()).add(going)
        task.add_done_callback(lambda _: self._forget(job.id, going))
        return await asyncio.shield(task)

    async def _start(self, painting: Painting, step: str, prompt: PicturePrompt, attempt: Attempt) -> Ticket:
        job, engine, journal = painting.run.job, painting.engine, painting.run.journal
        mark = _mark(engine, prompt)
        try:
            ticket = await self._tools.painters[engine.vendor].start(engine, prompt, attempt.report)
        except MvError as error:
            await journal.done(step, engine=engine.name, error=error.code, facts=error.facts(), mark=mark)
            raise
        try:
            await journal.done(step, ticket=ticket.id, data=dict(ticket.data), engine=engine.name, mark=mark)
        except StorageError as error:  # here it is known all the same, and after a kill the vendor knows it
            log.warning("job %s: the ticket of %s could not be noted: %s", job.ref, step, error.code)
            self._unnoted[job.id, step] = ticket
        return ticket

    async def _found(self, job: Job, engine: Engine, seen: Step, prompt: PicturePrompt) -> Ticket:
        """What became of an order whose answer is lost; noted, for the next time. Raises Uncertain."""
        key = job.id, seen.name
        ticket = self._unnoted.get(key)
        if ticket is None:
            search = await self._search(seen)
            ticket = await self._tools.painters[engine.vendor].find(engine, prompt, search)
        if ticket is not None:
            self._unnoted[key] = ticket
        lost = Uncertain(vendor=engine.vendor.value)
        outcome = {"error": lost.code, "facts": lost.facts()} if ticket is None else _known(ticket)
        value = {**outcome, "engine": engine.name, "mark": seen.value.get("mark")}
        now = self._tools.clock.now()
        await self._tools.records.insist(lambda tx: tx.jobs.complete(job.id, seen.name, now, value, None))
        self._unnoted.pop(key, None)
        if ticket is None:
            raise lost
        self._tools.meter.count(Counted.PREDICTIONS_FOUND, vendor=engine.vendor.value)
        log.info("job %s: %s was found again at %s", job.ref, seen.name, engine.vendor.value)
        return ticket

    async def _search(self, seen: Step) -> Search:
        """Which tickets are known, and how many equal orders of that time have none."""
        async with self._tools.records.read() as tx:
            orders = await tx.jobs.steps_since(CREATE, seen.intended_at - NEIGHBOURS)
        taken = frozenset(str(step.value["ticket"]) for step in orders if "ticket" in step.value)
        mark = seen.value.get("mark")
        lost = [step for step in orders if "ticket" not in step.value and step.value.get("mark") == mark]
        open_ = [step for step in lost if _lost(step)]
        return Search(since=seen.intended_at, taken=taken, alike=max(1, len(open_)))

    def _forget(self, job_id: RecordId, going: _Going) -> None:
        orders = self._going.get(job_id, set())
        orders.discard(going)
        if not orders:
            self._going.pop(job_id, None)
        if not going.task.cancelled():
            going.task.exception()

    def _give_up(self, job_id: RecordId) -> None:
        """Orders that wait to be sent are not sent any more."""
        for going in self._going.get(job_id, ()):
            if going.attempt is not None and going.attempt.idle:
                going.task.cancel()

    async def _clear(self, job: Job) -> Vendor | None:
        self._give_up(job.id)
        orders = [going.task for going in self._going.get(job.id, ())]
        await asyncio.gather(*orders, return_exceptions=True)
        async with self._tools.records.read() as tx:
            steps = {step.name: step for step in await tx.jobs.steps(job.id)}
        ordered = [step for name, step in steps.items() if name.startswith(CREATE)]
        left = [step for step in ordered if ended_step(steps.get(_collect(step))) is None]
        unknown = await asyncio.gather(*(self._clear_one(job, step) for step in left))
        return next(filter(None, unknown), None)

    async def _clear_one(self, job: Job, step: Step) -> Vendor | None:
        """One order that was not collected. The vendor, if it may have it and cannot be asked to stop."""
        if not _lost(step) and "ticket" not in step.value:
            return None
        try:
            await self._stop(job, step)
        except MvError as error:
            log.warning("job %s: what became of %s is not known: %s", job.ref, step.name, error.code)
            return self._vendor(job, step)
        return None

    def _vendor(self, job: Job, order: Step) -> Vendor:
        """Whom an order was sent to: another than the job began with, where an engine of theirs took over."""
        try:
            return self._tools.config.engine(_engine(order)).vendor
        except Unknown:
            return Vendor(job.vendor)

    async def _stop(self, job: Job, step: Step) -> None:
        """At the vendor; what was made by then is paid for. Raises Uncertain."""
        task, config = CharacterTask.model_validate(job.order), self._tools.config
        number = step.name.rpartition(":")[2]
        engine = config.engine(_engine(step))
        async with self._tools.records.read() as tx:
            references = await lent(tx, job.id, engine)
        plan = Plan(task=task, flavor=config.kept_flavor(task.brief.flavor), engine=engine, references=references)
        prompt = plan.prompt(config, int(number))
        ticket = await self._found(job, engine, step, prompt) if _lost(step) else _noted(step)
        made = await self._tools.painters[engine.vendor].cancel(engine, ticket)
        if made:
            now = self._tools.clock.now()
            bill = picture_bill(engine, now, charged=min(made, prompt.images))
            value = {"files": (), "model_version": "", BILL: bill.plain()}
            spend = bill.spend
            await self._tools.records.insist(lambda tx: tx.jobs.complete(job.id, _collect(step), now, value, spend))


def picture_bill(engine: Engine, now: datetime, *, charged: int = 0, lost: int = 0) -> Bill:
    """For pictures that the member is charged, and for those that were made and are of no use to anybody."""
    day = now.date()
    return Bill(
        engine=engine.name,
        price=engine.price(day),
        spend=engine.picture_cost(charged, day),
        lost=engine.picture_cost(lost, day) or 0,
    )


def _engine(order: Step) -> str:
    """The name of the engine that was asked."""
    return order.name.removeprefix(CREATE).rpartition(":")[0]


def _collect(order: Step) -> str:
    """The step in which its pictures are taken in."""
    return COLLECT + order.name.removeprefix(CREATE)


def _lost(step: Step) -> bool:
    """Whether the vendor may have accepted it, and its ticket is not in the journal."""
    return open_step(step) or step.value.get("error") == Uncertain.__name__


def _known(ticket: Ticket) -> dict[str, Any]:
    return {"ticket": ticket.id, "data": dict(ticket.data)}


def _noted(step: Step) -> Ticket:
    if "error" in step.value:
        raise revive(step.value["error"], step.value["facts"])
    return Ticket(id=step.value["ticket"], data=step.value["data"])


def _mark(engine: Engine, prompt: PicturePrompt) -> str:
    """The same for orders that ask for the same."""
    asked = json.dumps([engine.model_dump(mode="json"), asdict(prompt)], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]
