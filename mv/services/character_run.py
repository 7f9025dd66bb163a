"""The character job: start the predictions, wait, take the pictures in, store the takes.

The vendor's id of a prediction is journalled at once when it is known, and an intent before it is asked for: a restart
waits for what was started, and never starts it a second time. Where a kill fell between the two, that picture is
uncertain, and only the member decides whether it is asked for again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mv.config import Flavor
from mv.domain.character import Character, Take
from mv.domain.engine import Engine
from mv.domain.ids import Kind, RecordId, Ref, new_id
from mv.domain.jobs import Job, Phase
from mv.domain.limits import SEED
from mv.domain.usage import AllowanceKind
from mv.errors import Blocked, ModelGone, MvError, NoPicture, NotFound, Partial, Stopped, Uncertain, revive
from mv.ports import PicturePrompt, Run, Runner, Ticket, Transaction
from mv.services.character import KIND, CharacterTask
from mv.services.closing import fail, finish
from mv.services.intake import Intake, Print
from mv.services.tools import Tools
from mv.services.trace import Trace

log = logging.getLogger(__name__)

FETCH_AGAIN = ("broken", "not_a_picture")
CANCEL_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A take before it has a number."""

    print: Print
    engine: Engine
    model_version: str
    seed: int | None


@dataclass(slots=True)
class _Painting:
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


class CharacterRunner(Runner):
    """The `Runner` of character jobs."""

    def __init__(self, tools: Tools, trace: Trace) -> None:
        self._tools = tools
        self._trace = trace
        self._intake = Intake(tools)
        self._starting: dict[RecordId, set[asyncio.Task[Ticket]]] = {}
        self._clearing: set[asyncio.Task[None]] = set()

    async def run(self, run: Run) -> None:
        """Raises what the vendor raises if no picture came; then the engine calls `close`."""
        task = CharacterTask.model_validate(run.job.order)
        flavor = self._tools.config.flavor(task.brief.flavor)
        self._trace.request(run.job, task.request, task.defaults_applied, flavor)
        made: list[_Made] = []
        for position, name in enumerate(task.engines):
            painting = _Painting(run=run, task=task, flavor=flavor, engine=self._tools.config.engine(name))
            made = await self._paint(painting)
            gone = bool(painting.failures) and all(isinstance(e, ModelGone) for e in painting.failures)
            if made or not gone or position == len(task.engines) - 1:
                break
            log.warning("engine %s is gone at its vendor; %s takes over", name, task.engines[position + 1])
        if not made:
            raise _worst(painting.failures)
        await painting.tell(Phase.STORING)
        await self._tools.records.transact(lambda tx: self._store(tx, painting, made), lasting=False)

    async def close(self, job: Job, error: MvError) -> None:
        """Ends a job that made nothing; if it was cancelled, its predictions are cancelled at the vendor first."""
        if isinstance(error, Stopped):
            await self._cancel_at_vendor(job)
        await fail(self._tools.records, job, error, self._tools.clock.now())

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _paint(self, painting: _Painting) -> list[_Made]:
        await painting.tell(Phase.PAINTING)
        groups = painting.groups()
        every = (self._group(painting, k, n) for k, n in enumerate(groups, start=1))
        made = []
        for result in await asyncio.gather(*every, return_exceptions=True):  # a bug in one leaves none of them behind
            if isinstance(result, MvError):
                painting.failures.append(result)
            elif isinstance(result, BaseException):
                raise result
            else:
                made += result
        return made

    async def _group(self, painting: _Painting, number: int, images: int) -> list[_Made] | MvError:
        """One prediction, from its start to its files. An error is returned: the others go on."""
        try:
            prompt = self._prompt(painting, number, images)
            ticket = await self._started(painting, number, prompt)
            value = await self._collected(painting, number, images, ticket, prompt.timeout_seconds)
        except MvError as error:
            painting.done += images
            await painting.tell(Phase.PAINTING)
            return error
        painting.done += images
        await painting.tell(Phase.FETCHING)
        server = painting.run.job.server_id
        return [
            _Made(
                print=Print.of(server, f),
                engine=painting.engine,
                model_version=value["model_version"],
                seed=prompt.seed,
            )
            for f in value["files"]
        ]

    def _prompt(self, painting: _Painting, number: int, images: int) -> PicturePrompt:
        brief = painting.task.brief
        seed = (brief.seed + number - 1) % (SEED[1] + 1) if painting.engine.takes_seed else None
        prompt = self._tools.config.picture_prompt(brief, painting.flavor, number)
        return PicturePrompt(
            text=prompt.text,
            name=prompt.name,
            description=prompt.description,
            aspect_ratio=prompt.aspect_ratio,
            images=images,
            seed=seed,
            parameters=prompt.parameters,
            timeout_seconds=prompt.timeout_seconds,
        )

    async def _started(self, painting: _Painting, number: int, prompt: PicturePrompt) -> Ticket:
        job, journal, engine = painting.run.job, painting.run.journal, painting.engine
        step = f"create:{engine.name}:{number}"
        seen = await journal.seen(step)
        if seen is not None:
            if seen.done_at is None:
                raise Uncertain(vendor=engine.vendor.value)
            if "error" in seen.value:
                raise revive(seen.value["error"], seen.value["facts"])
            return Ticket(id=seen.value["ticket"], data=seen.value["data"])
        self._trace.prompt(job, engine, prompt.text)
        await journal.intend(step, engine=engine.name)
        starting = asyncio.create_task(self._start(painting, step, prompt), name=f"{job.ref} {step}")
        self._starting.setdefault(job.id, set()).add(starting)
        starting.add_done_callback(lambda done: self._forget(job.id, done))
        return await asyncio.shield(starting)

    async def _start(self, painting: _Painting, step: str, prompt: PicturePrompt) -> Ticket:
        """Not interrupted by a cancel: what the vendor accepts must be known, to be cancelled there."""
        engine, journal = painting.engine, painting.run.journal

        async def report(note: str) -> None:
            await painting.tell(Phase.PAINTING, note)

        try:
            ticket = await self._tools.painters[engine.vendor].start(engine, prompt, report)
        except MvError as error:
            await journal.done(step, error=error.code, facts=error.facts())
            raise
        await journal.done(step, ticket=ticket.id, data=dict(ticket.data), engine=engine.name)
        return ticket

    def _forget(self, job_id: RecordId, done: asyncio.Task[Ticket]) -> None:
        tasks = self._starting.get(job_id, set())
        tasks.discard(done)
        if not tasks:
            self._starting.pop(job_id, None)
        if not done.cancelled():
            done.exception()

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _collected(
        self, painting: _Painting, number: int, images: int, ticket: Ticket, timeout_seconds: float
    ) -> dict[str, Any]:
        """The files of one prediction, in the store: `{"files": [{"original": …, "preview": …}], "model_version"}`."""
        journal, engine = painting.run.journal, painting.engine
        step = f"collect:{engine.name}:{number}"
        seen = await journal.seen(step)
        if seen is not None and seen.done_at is not None:
            return dict(seen.value)

        async def report(note: str) -> None:
            await painting.tell(Phase.PAINTING, note)

        painter = self._tools.painters[engine.vendor]
        server, spec = painting.run.job.server_id, painting.flavor.image_params.preview.spec()
        for last in (False, True):
            painted = await painter.collect(engine, ticket, timeout_seconds, report)
            await painting.tell(Phase.FETCHING)
            try:
                prints = [await self._intake.take_in(server, data, spec) for data in painted.pictures[:images]]
                break
            except NoPicture as error:
                if last or error.reason not in FETCH_AGAIN:
                    raise NoPicture(vendor=engine.vendor.value, reason=error.reason) from error
        value = {"files": [p.plain() for p in prints], "model_version": painted.model_version}
        if len(prints) < images:
            painting.failures.append(NoPicture(vendor=engine.vendor.value, reason="empty"))
        await journal.done(step, cost=engine.picture_cost(len(prints)), **value)
        return value

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _store(self, tx: Transaction, painting: _Painting, made: Sequence[_Made]) -> None:
        job, task, now = painting.run.job, painting.task, self._tools.clock.now()
        record = await tx.characters.get(RecordId(task.character_id)) if task.character_id else None
        if task.character_id and record is None:
            raise NotFound(kind=KIND, given="")
        if record is None:
            record = await self._new_character(tx, job, task)
            await tx.characters.add(record)
        have = len(await tx.characters.takes(record.id))
        takes = []
        for offset, one in enumerate(made, start=1):
            original, preview = await tx.media.add(one.print.original), await tx.media.add(one.print.preview)
            takes.append(
                Take(
                    id=new_id(),
                    number=have + offset,
                    job_id=job.id,
                    original=original,
                    preview=preview,
                    engine=one.engine.name,
                    model_version=one.model_version,
                    seed=one.seed,
                    aspect_ratio=task.brief.aspect_ratio,
                    cost=one.engine.picture_cost(1),
                    created_at=now,
                )
            )
        await tx.characters.add_takes(record.id, takes)
        wanted = task.brief.images
        missing = None
        if len(made) < wanted:
            why = _worst(painting.failures).code if painting.failures else NoPicture.__name__
            missing = Partial(wanted=wanted, got=len(made), why=why)
        await finish(tx, job, now, {AllowanceKind.IMAGES: len(made)}, record_id=record.id, missing=missing)

    async def _new_character(self, tx: Transaction, job: Job, task: CharacterTask) -> Character:
        numbers = await tx.next_numbers({(job.server_id, Kind.CHARACTER): 1})
        return Character(
            id=job.id,
            server_id=job.server_id,
            ref=Ref(Kind.CHARACTER, numbers[job.server_id, Kind.CHARACTER]),
            owner_id=job.member_id,
            private=job.private,
            name=task.brief.name,
            description=task.brief.description,
            flavor=task.brief.flavor,
            request=task.request,
            defaults_applied=task.defaults_applied,
            created_at=self._tools.clock.now(),
            takes=0,
            project_id=job.project_id,
        )

    async def _cancel_at_vendor(self, job: Job) -> None:
        """Cancels what was started and not collected. A start that is still under way is waited for, in the background
        if it takes long."""
        clearing = asyncio.create_task(self._clear(job), name=f"{job.ref} cancel")
        self._clearing.add(clearing)
        clearing.add_done_callback(self._clearing.discard)
        await asyncio.wait({clearing}, timeout=CANCEL_SECONDS)

    async def _clear(self, job: Job) -> None:
        for starting in tuple(self._starting.get(job.id, ())):
            with suppress(MvError):
                await starting
        async with self._tools.records.read() as tx:
            steps = {step.name: step for step in await tx.jobs.steps(job.id)}
        for name, step in steps.items():
            if not name.startswith("create:") or "ticket" not in step.value:
                continue
            collected = steps.get("collect:" + name.removeprefix("create:"))
            if collected is None or collected.done_at is None:
                engine = self._tools.config.engine(step.value["engine"])
                ticket = Ticket(id=step.value["ticket"], data=step.value["data"])
                await self._tools.painters[engine.vendor].cancel(engine, ticket)


def _worst(failures: Sequence[MvError]) -> MvError:
    """The failure that says most: a refusal by rule first, then what is uncertain, then the first."""
    for kind in (Blocked, Uncertain):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return failures[0]
