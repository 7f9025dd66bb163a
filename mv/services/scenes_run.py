"""The scenes job: ask the vendor for a list or for a change of one, check what came, ask once more for what is missing,
store the version.

Every call is journalled with its answer, so that a restart neither loses nor repeats one that came back. A call that
was in flight at a kill is asked again once.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial

from mv.config import Flavor
from mv.domain import limits
from mv.domain.engine import Engine, Vendor
from mv.domain.ids import Kind, MemberId, RecordId, Ref
from mv.domain.jobs import Job, Phase
from mv.domain.ledger import Bill, Measure
from mv.domain.mydata import REMOVED, repeats, without_figure, without_words
from mv.domain.scene_check import Checked, check
from mv.domain.scene_edits import with_scene
from mv.domain.scenes import Change, SceneDraft, SceneList, SceneVersion, TokenUsage, default_title, meanwhile
from mv.errors import BadAnswer, Blocked, MvError, NotFound, Uncertain, revive
from mv.ports import Counted, Journal, Run, Runner, SceneAnswer, ScenePrompt, Transaction
from mv.services.attempt import Attempt, ended_step, open_step
from mv.services.closing import fail, finish, spent
from mv.services.reuse import Keys, Together, alike, key_of, scene_keys
from mv.services.scenes import held
from mv.services.scenes_task import KIND, SceneTask
from mv.services.standing_in import Line
from mv.services.tools import Tools
from mv.services.trace import Trace

log = logging.getLogger(__name__)

MOST = limits.SCENES[1]
WRITE = "write"
"""The name of the first step; then the engine."""
AGAIN = ":again"
"""The name of a step ends so when a kill fell into the first call."""


@dataclass(slots=True)
class _Writing:
    """What a job has so far."""

    run: Run
    task: SceneTask
    flavor: Flavor
    line: Line
    base: SceneVersion | None = None
    """What is to be revised."""
    usage: TokenUsage = field(default_factory=TokenUsage)
    model_version: str = ""
    answered: Engine | None = None
    """That whose model really answered."""
    notes: list[str] = field(default_factory=list)

    @property
    def engine(self) -> Engine:
        """The one that is asked now."""
        return self.line.engine

    def check(self, answer: SceneAnswer, count: int, *, lenient: bool) -> Checked:
        """The answer, mended as far as can be."""
        params = self.flavor.scene_params
        return check(
            answer.payload,
            count=count,
            shortest=params.shortest_scene_seconds,
            longest=params.longest_scene_seconds,
            lenient=lenient,
        )


class SceneRunner(Runner):
    """The `Runner` of scenes jobs."""

    def __init__(self, tools: Tools, trace: Trace) -> None:
        self._tools = tools
        self._trace = trace
        self._together = Together(tools.records, tools.clock)

    async def run(self, run: Run) -> None:
        """Raises what the vendor raises; then the engine calls `close`."""
        task = SceneTask.model_validate(run.job.order)
        async with self._tools.records.read() as tx:
            if await tx.scenes.version_of_job(run.job.id) is not None:
                return
            base = await _base(tx, task)
        flavor = self._tools.config.kept_flavor(task.brief.flavor)
        line = await Line.of(run.journal, self._tools.config, task.engines)
        self._trace.request(run.job, task.request, task.defaults_applied, flavor)
        writing = _Writing(run=run, task=task, flavor=flavor, line=line, base=base)
        keys = self._keys(run.job, task) if task.reuse else ()
        if not keys:
            await self._make(writing)
            return
        begun = [await run.journal.seen(f"{WRITE}:{name}") for name in task.engines]
        find = None if any(begun) else partial(_alike, run.job, keys)
        await self._together.make(run, keys[0], find, partial(self._make, writing), version=1)

    async def _make(self, writing: _Writing) -> bool:
        """Whether it can stand for what others ask for in the same words."""
        run, task, flavor = writing.run, writing.task, writing.flavor
        if flavor.name != task.brief.flavor:
            writing.notes.append(f"flavor_gone:{task.brief.flavor}")
            writing.task = task.model_copy(update={"brief": task.brief.model_copy(update={"flavor": flavor.name})})
        draft = await self._write(writing)
        await run.progress(Phase.STORING)
        key = key_of(self._keys(run.job, task), task, writing.engine)
        await self._tools.records.insist(lambda tx: self._store(tx, writing, draft, key), lasting=False)
        return True

    async def close(self, job: Job, error: MvError) -> None:
        """Ends a job that made nothing."""
        await fail(self._tools.records, job, error, self._tools.clock.now())

    def expect(self, job: Job) -> None:
        """Others that ask for the same wait for it."""
        if job.order.get("reuse"):
            self._together.expect(job, self._keys(job, SceneTask.model_validate(job.order)))

    def over(self, job: Job) -> None:
        """And no longer."""
        self._together.over(job)

    def _keys(self, job: Job, task: SceneTask) -> Keys:
        return scene_keys(self._tools.config, task, job.project_id)

    async def _write(self, writing: _Writing) -> SceneDraft:
        brief, config, revision = writing.task.brief, self._tools.config, writing.task.revision
        if writing.base is None or revision is None:
            result, count = await self._complete(writing, config.scene_prompt(brief, writing.flavor))
            return result.draft(count, default_title(brief.idea))
        base = writing.base.draft
        prompt = config.revise_prompt(brief, writing.flavor, base, revision.instructions, revision.scene)
        result, count = await self._complete(writing, prompt)
        draft = result.draft(count, base.title)
        if revision.scene is not None:
            return with_scene(base, revision.scene, draft.scenes[0])
        kept = {"logline": draft.logline or base.logline, "palette": draft.palette or base.palette}
        return draft.model_copy(update=kept)

    async def _complete(self, writing: _Writing, prompt: ScenePrompt) -> tuple[Checked, int]:
        """An answer with no scene missing, and how many there are to be. Raises BadAnswer."""
        first = await self._ask(writing, WRITE, prompt)
        await writing.run.progress(Phase.CHECKING)
        result = writing.check(first, prompt.count if prompt.exact else MOST, lenient=False)
        as_asked = prompt.exact or first.problem or not result.scenes
        count = prompt.count if as_asked else len(result.scenes)
        missing = result.missing(count)
        if missing:
            second = await self._ask(writing, "more", self._more(writing, prompt, result, count))
            result.fill(writing.check(second, missing, lenient=True))
            writing.notes.append("asked_again")
            if result.missing(count):
                reason = second.problem or first.problem or "too_few"
                raise BadAnswer(vendor=writing.engine.vendor.value, reason=reason, wanted=count, got=result.usable())
        writing.notes += result.notes
        return result, count

    def _more(self, writing: _Writing, prompt: ScenePrompt, result: Checked, count: int) -> ScenePrompt:
        """For what is missing; where that is the one scene there is to be, or all of a revision, the same once more."""
        if prompt.scene is not None or (prompt.current is not None and not result.usable()):
            return prompt
        have = tuple(scene.title if scene else "(missing)" for scene in result.scenes)
        brief = writing.task.brief.model_copy(update={"count": count})
        missing, revised = result.missing(count), (prompt.current, prompt.instructions)
        return self._tools.config.more_prompt(brief, writing.flavor, have, missing, *revised)

    async def _ask(self, writing: _Writing, step: str, prompt: ScenePrompt) -> SceneAnswer:
        """One answer, from the first engine of the list that works."""
        await writing.run.progress(Phase.WRITING, done=0, total=None)
        answered = await self._answered(writing, step)
        while True:
            engine = answered or writing.engine
            try:
                answer = await self._ask_engine(writing, f"{step}:{engine.name}", engine, prompt)
            except MvError as error:
                if not await writing.line.passes_on([error]):
                    raise
                continue
            writing.usage += answer.usage
            writing.model_version = answer.model_version
            writing.answered = self._tools.config.answering(engine, answer.model_version)
            if answer.rule:
                raise Blocked(vendor=engine.vendor.value, rule=answer.rule)
            return answer

    async def _answered(self, writing: _Writing, step: str) -> Engine | None:
        """The engine whose answer is in the journal, also if it was passed over at a later step."""
        for name in writing.task.engines:
            for tried in (f"{step}:{name}", f"{step}:{name}{AGAIN}"):
                known = ended_step(await writing.run.journal.seen(tried))
                if known is not None and "error" not in known.value:
                    return self._tools.config.engine(name)
        return None

    async def _ask_engine(self, writing: _Writing, step: str, engine: Engine, prompt: ScenePrompt) -> SceneAnswer:
        journal, prompt = writing.run.journal, replace(prompt, attempt=writing.task.attempt)
        step = await _next_try(journal, step, engine)
        known = ended_step(await journal.seen(step))
        if step.endswith(AGAIN):
            writing.notes.append("asked_after_restart")
        if known is not None:
            value = known.value
            if "error" in value:
                raise revive(value["error"], value["facts"])
            return SceneAnswer(
                payload=value["payload"],
                usage=TokenUsage.model_validate(value["usage"]),
                model_version=value["model_version"],
                problem=value["problem"],
                rule=value.get("rule"),
            )

        async def report(note: str) -> None:
            await writing.run.progress(Phase.WRITING, note=note)

        writer = self._tools.writers[engine.vendor]
        await self._tools.turn(engine.vendor, writer, report)
        if step.endswith(AGAIN):
            self._tools.meter.count(Counted.CALLS_REPEATED, vendor=engine.vendor.value)
            log.warning("job %s: a kill fell into a call to %s; it is asked again", writing.run.job.ref, engine.name)
        self._trace.prompt(writing.run.job, engine, f"{prompt.system}\n\n{prompt.user}")
        attempt = Attempt(journal, step, report, engine=engine.name)
        await attempt.begin()
        try:
            answer = await writer.write(engine, prompt, attempt.report)
        except MvError as error:
            await journal.done(step, error=error.code, facts=error.facts())
            raise
        bill = self._bill(engine, answer)
        await journal.done(
            step,
            cost=bill.spend,
            bill=bill.plain(),
            payload=answer.payload,
            usage=answer.usage.model_dump(),
            model_version=answer.model_version,
            problem=answer.problem,
            rule=answer.rule,
        )
        return answer

    def _bill(self, engine: Engine, answer: SceneAnswer) -> Bill:
        """By the price of the model that really answered."""
        answered, day = self._tools.config.answering(engine, answer.model_version), self._tools.clock.now().date()
        return Bill(
            engine=answered.name,
            price=answered.price(day),
            spend=answered.scene_cost(answer.usage, day),
            tokens_in=answer.usage.prompt_tokens,
            tokens_out=answer.usage.output_tokens + answer.usage.thinking_tokens,
        )

    async def _store(self, tx: Transaction, writing: _Writing, draft: SceneDraft, key: str | None) -> None:
        job, task, now = writing.run.job, writing.task, self._tools.clock.now()
        record = await held(tx, RecordId(task.list_id)) if task.list_id else None
        task, draft = await _without_removed(tx, job, task, record, draft)
        revision = task.revision
        notes = [*task.notes, *writing.line.notes, *writing.notes, *_meanwhile(task, record)]
        version = SceneVersion(
            number=record.versions + 1 if record else 1,
            author_id=job.member_id,
            created_at=now,
            job_id=job.id,
            draft=draft,
            brief=task.brief,
            request=task.request,
            defaults_applied=task.defaults_applied,
            engine=writing.engine.name,
            model_version=writing.model_version,
            usage=writing.usage,
            cost=await spent(tx, job),
            notes=tuple(dict.fromkeys(notes)),
            change=Change.REVISE if revision else Change.AGAIN if record else Change.CREATE,
            based_on=revision.based_on if revision else None,
            scene=revision.scene if revision else None,
            instruction=revision.instructions if revision else "",
            words_by=revision.words_by if revision else None,
        )
        if record is None:
            record = await self._new_list(tx, job, task, draft.title, key if task.brief == writing.task.brief else None)
            await tx.scenes.add(record, version)
        else:
            await tx.scenes.add_version(record.id, version)
        answered = writing.answered or writing.engine
        await finish(tx, job, now, answered, {Measure.SCENES: 1}, record_id=record.id, version=version.number)

    async def _new_list(self, tx: Transaction, job: Job, task: SceneTask, title: str, key: str | None) -> SceneList:
        numbers = await tx.next_numbers({(job.server_id, Kind.SCENE_LIST): 1})
        character_id = RecordId(task.character_id) if task.character_id else None
        if character_id is not None and await tx.characters.get(character_id, deleted=True) is None:
            character_id = None  # removed for good meanwhile; its description is in the brief
        return SceneList(
            id=job.id,
            server_id=job.server_id,
            ref=Ref(Kind.SCENE_LIST, numbers[job.server_id, Kind.SCENE_LIST]),
            owner_id=job.member_id,
            private=job.private,
            title=title,
            created_at=self._tools.clock.now(),
            versions=1,
            project_id=job.project_id,
            character_id=character_id,
            owner_name=task.by,
            words_by=task.words_by,
            request_key=key,
        )


async def _without_removed(
    tx: Transaction, job: Job, task: SceneTask, record: SceneList | None, draft: SceneDraft
) -> tuple[SceneTask, SceneDraft]:
    """Without the words of whoever asked to be forgotten since this was asked for."""
    brief, request, revision = task.brief, task.request, task.revision
    if revision is not None and await _forgotten(tx, job, revision.words_by):
        revision = revision.model_copy(update={"instructions": "", "words_by": None})
    newest = await tx.scenes.version(record.id, record.versions) if record else None
    figure = await tx.characters.get(RecordId(task.character_id), deleted=True) if task.character_id else None
    if await _forgotten(tx, job, task.words_by) or (newest is not None and newest.brief.idea == REMOVED):
        brief, request = without_words(brief, request)
        if repeats(draft.title, task.brief.idea):
            draft = draft.model_copy(update={"title": REMOVED})
    elif REMOVED in (newest and newest.brief.character, figure and figure.description):
        brief = without_figure(brief)
    words_by = task.words_by if brief.idea == task.brief.idea else None
    update = {"brief": brief, "request": request, "revision": revision, "words_by": words_by}
    return task.model_copy(update=update), draft


async def _forgotten(tx: Transaction, job: Job, member: MemberId | None) -> bool:
    return member is not None and await tx.own.forgotten_since(job.server_id, member, job.created_at)


async def _alike(job: Job, keys: Keys, tx: Transaction, record_id: RecordId | None) -> RecordId | None:
    """As `Find`."""
    return next((record.id for record in await alike(tx.scenes, job, keys, record_id)), None)


async def _base(tx: Transaction, task: SceneTask) -> SceneVersion | None:
    """What is to be revised. Raises NotFound if its list was deleted."""
    if task.revision is None or task.list_id is None:
        return None
    record = await tx.scenes.get(RecordId(task.list_id))
    base = await tx.scenes.version(record.id, task.revision.based_on) if record else None
    if base is None:
        raise NotFound(kind=KIND, given="")
    return base


def _meanwhile(task: SceneTask, record: SceneList | None) -> list[str]:
    """Versions that were made since this revision was asked for, and are no part of it."""
    if record is None or task.revision is None:
        return []
    known = task.revision.newest or task.attempt - 1
    return meanwhile(range(known + 1, record.versions + 1))


async def _next_try(journal: Journal, step: str, engine: Engine) -> str:
    """The step to take: `step`, or its second try if the first was in flight at a kill. A third is never made, unless
    the engine is this machine."""
    if engine.vendor is Vendor.OFFLINE:
        return step
    for name in (step, step + AGAIN):
        if not open_step(await journal.seen(name)):
            return name
    raise Uncertain(vendor=engine.vendor.value)
