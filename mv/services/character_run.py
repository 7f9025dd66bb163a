"""The character job: order the pictures, wait, take them in, store the takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from mv.config import Flavor
from mv.domain.character import Character, MediaFile, Take, Variation
from mv.domain.engine import Engine
from mv.domain.ids import Kind, RecordId, Ref, new_id
from mv.domain.jobs import Job, Phase
from mv.domain.ledger import Measure
from mv.errors import (
    Blocked,
    MvError,
    NoPicture,
    NotFound,
    Partial,
    Stopped,
    StorageError,
    Uncertain,
    VendorError,
    revive,
)
from mv.ports import Painted, Run, Runner, Ticket, Transaction
from mv.services.character_lending import Lending
from mv.services.character_library import first_takes
from mv.services.character_orders import COLLECT, Orders, Painting, Plan, picture_bill
from mv.services.character_task import KIND, CharacterTask
from mv.services.closing import BILL, fail, finish
from mv.services.incidents import incident
from mv.services.intake import Intake, Print
from mv.services.reuse import Keys, Together, alike, key_of, picture_keys
from mv.services.standing_in import Line
from mv.services.tools import Tools
from mv.services.trace import Trace

log = logging.getLogger(__name__)

FETCH_AGAIN = ("broken", "not_a_picture")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A take before it has a number."""

    print: Print
    engine: Engine
    model_version: str
    seed: int | None


class CharacterRunner(Runner):
    """The `Runner` of character jobs."""

    def __init__(self, tools: Tools, trace: Trace) -> None:
        self._tools = tools
        self._trace = trace
        self._intake = Intake(tools)
        self._orders = Orders(tools, trace)
        self._lending = Lending(tools)
        self._together = Together(tools.records, tools.clock)

    async def run(self, run: Run) -> None:
        """Raises what the vendor raises if no picture came; then the engine calls `close`."""
        task = CharacterTask.model_validate(run.job.order)
        flavor = self._tools.config.kept_flavor(task.brief.flavor)
        self._trace.request(run.job, task.request, task.defaults_applied, flavor)
        make = partial(self._make, run, task, flavor)
        keys = self._keys(run.job, task) if task.reuse else ()
        if not keys:
            await make()
            return
        engines = [self._tools.config.engines[name] for name in task.engines if name in self._tools.config.engines]
        plans = [Plan(task=task, flavor=flavor, engine=engine) for engine in engines]
        begun = [await self._orders.begun(run.journal, plan) for plan in plans]
        await self._together.make(run, keys[0], None if any(begun) else partial(_alike, run.job, task, keys), make)

    async def _make(self, run: Run, task: CharacterTask, flavor: Flavor) -> bool:
        """Whether all pictures came."""
        line = await Line.of(run.journal, self._tools.config, task.engines)
        while True:
            painting = Painting(run, Plan(task=task, flavor=flavor, engine=line.engine))
            made = await self._painted(painting)
            if made or not await line.passes_on(painting.failures):
                break
        if not made:
            raise _worst(painting.failures)
        await painting.tell(Phase.STORING)
        whole, key = len(made) == task.brief.images, None
        if whole and task.character_id is None:
            key = key_of(self._keys(run.job, task), task, painting.engine)
        twins = await self._tools.records.insist(lambda tx: self._store(tx, painting, made, key), lasting=False)
        await self._intake.discard(twins)
        return whole

    async def close(self, job: Job, error: MvError) -> None:
        """Ends a job that made nothing; if it was cancelled, its predictions are cancelled at the vendor first."""
        if isinstance(error, Stopped):
            if vendor := await self._orders.cancel(job):
                error = Stopped(by_id=error.by_id, vendor=vendor.value)
        elif vendor := await self._orders.in_doubt(job):  # whatever stood in the way after that
            error = Uncertain(vendor=vendor.value)
        if await fail(self._tools.records, job, error, self._tools.clock.now()):
            await self._discard(job)

    async def _discard(self, job: Job) -> None:
        """Deletes what was taken in for nothing."""
        async with self._tools.records.read() as tx:
            steps = await tx.jobs.steps(job.id)
        kept = [f for step in steps if step.name.startswith(COLLECT) for f in step.value.get("files", ())]
        await self._intake.discard(Print.of(job.server_id, value) for value in kept)

    async def settle(self) -> None:
        """Waits until every order that is on its way has its ticket in the journal."""
        await self._orders.settle()

    def expect(self, job: Job) -> None:
        """Others that ask for the same wait for it."""
        if job.order.get("reuse"):
            self._together.expect(job, self._keys(job, CharacterTask.model_validate(job.order)))

    def over(self, job: Job) -> None:
        """And no longer."""
        self._together.over(job)

    def _keys(self, job: Job, task: CharacterTask) -> Keys:
        return picture_keys(self._tools.config, task, job.project_id)

    async def _painted(self, painting: Painting) -> list[_Made]:
        """What this engine makes; why it made less is in `failures`."""
        try:
            await self._prepare(painting)
        except VendorError as error:
            painting.failures.append(error)
            return []
        return await self._paint(painting)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def _prepare(self, painting: Painting) -> None:
        """Nothing is ordered for a character that is deleted meanwhile (raises NotFound), nor before the picture that
        the takes go by is at the vendor. What was ordered before is seen to its end in any case."""
        run, plan = painting.run, painting.plan
        if plan.task.character_id is None:
            return
        if not await self._orders.begun(run.journal, plan):
            async with self._tools.records.read() as tx:
                if await tx.characters.get(RecordId(plan.task.character_id)) is None:
                    raise NotFound(kind=KIND, given="")
        references = await self._lending.references(run, plan.task, plan.engine, painting.report)
        painting.plan = replace(plan, references=references)

    async def _paint(self, painting: Painting) -> list[_Made]:
        run = painting.run
        await painting.tell(Phase.PAINTING)
        groups = painting.plan.groups()
        every = (self._group(painting, number, images) for number, images in groups.items())
        results = await asyncio.gather(*every, return_exceptions=True)  # a bug in one leaves none of them behind
        made = []
        for number, result in zip(groups, results, strict=True):
            if isinstance(result, list):
                made += result
                continue
            if not isinstance(result, Exception):
                raise result
            if not isinstance(result, MvError):
                result = incident(f"picture {number} of {run.job.ref}", result)
            painting.failures.append(result)
            painting.lost.append(number)
        return made

    async def _group(self, painting: Painting, number: int, images: int) -> list[_Made] | MvError:
        """One prediction, from its start to its files. An error is returned: the others go on."""
        try:
            prompt = painting.plan.prompt(self._tools.config, number)
            ticket = await self._orders.ticket(painting, number, prompt)
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

    # ── taking in ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _collected(
        self, painting: Painting, number: int, images: int, ticket: Ticket, timeout_seconds: float
    ) -> dict[str, Any]:
        """The files of one prediction, in the store: `{"files": [{"original": …, "preview": …}], "model_version"}`."""
        journal, engine = painting.run.journal, painting.engine
        step = f"{COLLECT}{engine.name}:{number}"
        seen = await journal.seen(step)
        if seen is not None and seen.done_at is not None:
            if "error" in seen.value:
                error = revive(seen.value["error"], seen.value["facts"])
                error.made = seen.value.get("made", 1)
                raise error
            return dict(seen.value)
        try:
            painted, prints, failures = await self._fetched(painting, images, ticket, timeout_seconds)
        except MvError as error:
            if error.made:
                bill = picture_bill(engine, self._tools.clock.now(), lost=min(error.made, images))
                await journal.done(step, error=error.code, facts=error.facts(), made=error.made, bill=bill.plain())
            raise
        if len(prints) < images:
            painting.failures += failures or [NoPicture(vendor=engine.vendor.value, reason="empty")]
        lost = min(painted.made, images) - len(prints)
        bill = picture_bill(engine, self._tools.clock.now(), charged=len(prints), lost=max(0, lost))
        value = {
            "files": [p.plain() for p in prints],
            "model_version": painted.model_version,
            BILL: bill.plain(),
        }
        try:
            await journal.done(step, cost=bill.spend, **value)
        except StorageError:
            await self._intake.discard(prints)
            raise
        return value

    async def _fetched(
        self, painting: Painting, images: int, ticket: Ticket, timeout_seconds: float
    ) -> tuple[Painted, list[Print], list[NoPicture]]:
        """At least one, in the store, and why the others are none. Those that cannot be read are fetched once more."""
        engine, painter = painting.engine, self._tools.painters[painting.engine.vendor]
        for last in (False, True):
            painted = await painter.collect(engine, ticket, timeout_seconds, painting.report)
            await painting.tell(Phase.FETCHING)
            prints, failures = await self._taken_in(painting, painted.pictures[:images])
            if last or not any(failure.reason in FETCH_AGAIN for failure in failures):
                break
            await self._intake.discard(prints)
        if not prints:
            failures[0].made = painted.made
            raise failures[0]
        return painted, prints, failures

    async def _taken_in(self, painting: Painting, pictures: Sequence[bytes]) -> tuple[list[Print], list[NoPicture]]:
        """Those that are pictures, and why the others are none."""
        server, spec = painting.run.job.server_id, painting.plan.flavor.image_params.preview.spec()
        prints: list[Print] = []
        failures: list[NoPicture] = []
        for data in pictures:
            try:
                prints.append(await self._intake.take_in(server, data, spec))
            except NoPicture as error:
                failures.append(NoPicture(vendor=painting.engine.vendor.value, reason=error.reason))
            except (StorageError, asyncio.CancelledError):
                await self._intake.discard(prints)
                raise
        return prints, failures

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _store(self, tx: Transaction, painting: Painting, made: Sequence[_Made], key: str | None) -> list[Print]:
        """Returns those whose bytes are stored already under another name."""
        job, task, now = painting.run.job, painting.plan.task, self._tools.clock.now()
        record_id, last = await self._target(tx, job, task, key)
        variation = await _unforgotten(tx, job, task.variation or Variation())
        takes, twins = [], []
        for number, one in enumerate(made, start=last + 1):
            original, preview = await tx.media.add(one.print.original), await tx.media.add(one.print.preview)
            if (original.key, preview.key) != (one.print.original.key, one.print.preview.key):
                twins.append(one.print)
            takes.append(_take(painting, one, number, (original, preview), now, variation))
        await tx.characters.add_takes(record_id, takes)
        wanted = task.brief.images
        missing = None
        if len(made) < wanted:
            why = _worst(painting.failures).code if painting.failures else NoPicture.__name__
            missing = Partial(wanted=wanted, got=len(made), why=why, numbers=tuple(painting.lost))
        counts = {Measure.IMAGES: len(made)}
        await finish(tx, job, now, painting.engine, counts, record_id=record_id, missing=missing)
        return twins

    async def _target(self, tx: Transaction, job: Job, task: CharacterTask, key: str | None) -> tuple[RecordId, int]:
        """The character that the takes belong to, made now if it is a new one, and the last number that is taken.
        Raises NotFound if it is deleted."""
        if task.character_id is None:
            record = await self._new_character(tx, job, task, key)
            await tx.characters.add(record)
            return record.id, 0
        last = await tx.characters.last_take(RecordId(task.character_id))
        if last is None:
            raise NotFound(kind=KIND, given="")
        return RecordId(task.character_id), last

    async def _new_character(self, tx: Transaction, job: Job, task: CharacterTask, key: str | None) -> Character:
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
            owner_name=task.by,
            request_key=key,
        )


async def _alike(
    job: Job, task: CharacterTask, keys: Keys, tx: Transaction, record_id: RecordId | None
) -> RecordId | None:
    """As `Find`: with all its pictures, by the engine that was chosen, if one was."""
    for record in await alike(tx.characters, job, keys, record_id):
        takes = () if record.id in task.lost else await first_takes(tx, record)
        if len(takes) == task.brief.images and (takes[0].engine == task.meant or not task.chosen):
            return record.id
    return None


async def _unforgotten(tx: Transaction, job: Job, variation: Variation) -> Variation:
    """Without the words of whoever asked to be forgotten since this was asked for."""
    whose = variation.words_by
    if whose is None or not await tx.own.forgotten_since(job.server_id, whose, job.created_at):
        return variation
    return variation.model_copy(update={"instructions": "", "words_by": None})


def _take(
    painting: Painting,
    made: _Made,
    number: int,
    files: tuple[MediaFile, MediaFile],
    now: datetime,
    variation: Variation,
) -> Take:
    task = painting.plan.task
    return Take(
        id=new_id(),
        number=number,
        job_id=painting.run.job.id,
        original=files[0],
        preview=files[1],
        engine=made.engine.name,
        model_version=made.model_version,
        seed=made.seed,
        aspect_ratio=task.brief.aspect_ratio,
        cost=made.engine.picture_cost(1, now.date()),
        created_at=now,
        author_id=painting.run.job.member_id,
        instruction=variation.instructions,
        words_by=variation.words_by,
        from_take=variation.take if painting.plan.references else None,
    )


def _worst(failures: Sequence[MvError]) -> MvError:
    """The failure that says most: what may have been charged first, then a refusal by rule, then the first."""
    for kind in (Uncertain, Blocked):
        for failure in failures:
            if isinstance(failure, kind):
                return failure
    return failures[0]
