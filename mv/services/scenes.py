"""Scene lists: asked for, asked for again or to be revised, shown, listed and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.engine import Engine, Makes
from mv.domain.ids import Kind, MemberId, RecordId, Ref, parse_ref
from mv.domain.jobs import Job, JobKind, Once, ReplyTo
from mv.domain.mydata import REMOVED, repeated_from, same_words
from mv.domain.scene_changes import changes
from mv.domain.scene_edits import scene_of
from mv.domain.scenes import (
    Change,
    SceneBrief,
    SceneList,
    SceneListView,
    SceneOrder,
    SceneVersion,
    TokenUsage,
    VersionLine,
    made_meanwhile,
)
from mv.domain.usage import AllowanceKind
from mv.errors import NotFound, TextRemoved
from mv.ports import Transaction
from mv.services.admission import Desk
from mv.services.asking import Ask, Costs
from mv.services.defaults import naming, with_defaults, with_known_flavor
from mv.services.project import find_project, still_open
from mv.services.shelf import Shelf
from mv.services.tools import Tools, eyes, server_of

KIND = "scene list"
MEANWHILE = 3
"""How many versions of others are shown beside one."""

PROMPT_TOKENS = 1_500
TOKENS_A_SCENE = 450
THINKING_TOKENS = 4_000
"""An estimate on the high side for what is reserved; what is settled is what the vendor counted."""


class Revision(BaseModel):
    """What is to become of a version: of all of it, or of one scene by its number."""

    model_config = ConfigDict(frozen=True)

    based_on: int
    instructions: str
    scene: int | None = None
    newest: int | None = None
    """The newest version that whoever asked knew of; None: the one of the moment when it was asked."""
    words_by: MemberId | None = None
    """Whose instructions these are, where whoever asked repeats another's."""

    def retyped(self, instructions: str, scene: int | None) -> Revision:
        """The same, with what came back from a form that showed it."""
        words_by = self.words_by if instructions.strip() == self.instructions else None
        return self.model_copy(update={"instructions": instructions, "scene": scene, "words_by": words_by})


class SceneTask(BaseModel):
    """A scenes job's order, as stored: all that the runner needs. `list_id` is set when a list gets a new version."""

    model_config = ConfigDict(frozen=True)

    brief: SceneBrief
    request: dict[str, Any]
    defaults_applied: dict[str, Any]
    engines: tuple[str, ...]
    list_id: str | None = None
    attempt: int = 1
    """The version it makes, as far as can be foreseen when it is asked for."""
    revision: Revision | None = None
    shown: int = 0
    """How many scenes the version has that is revised."""
    character_id: str | None = None
    by: str = ""
    """What whoever asked was called then."""
    words_by: MemberId | None = None
    """Whose words the request of a new list holds, where whoever asked took them over from another's."""

    @property
    def count(self) -> int:
        """How many scenes it makes, as far as can be foreseen."""
        return self.shown or self.brief.count


class Scenes(Shelf[SceneList]):
    """/scenes, and the buttons under its results."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        super().__init__(tools, Kind.SCENE_LIST, KIND, lambda tx: tx.scenes)
        self._desk = desk

    async def request(self, actor: Actor, order: SceneOrder, reply: ReplyTo, *, after: Job | None = None) -> Job:
        """A stored job for a new list; `after` is the one whose request was edited. Raises Refused."""
        server = server_of(actor)
        asked = checked(order if after is None else with_known_flavor(self._tools, order))
        order, chosen = await with_defaults(self._tools, actor, server, asked)
        flavor = self._tools.config.flavor(order.flavor)
        engines = self._tools.line_up(Makes.SCENES, flavor.scene_params.engines, None)
        brief, defaults = self._tools.config.fill_scenes(order)
        character_id = project_id = None
        if order.project is not None or parse_ref(order.character, Kind.CHARACTER) is not None:
            async with self._tools.records.read() as tx:
                project = await find_project(tx, server, order.project)
                project_id = project.id if project else None
                asked = naming(asked, project)
                brief, character_id = await _with_character(tx, actor, brief, private=order.private)
        task = SceneTask(
            brief=brief,
            request=asked.model_dump(exclude_none=True),
            defaults_applied=defaults | chosen,
            engines=tuple(engine.name for engine in engines),
            character_id=character_id,
            by=actor.name,
            words_by=await self._taken_over(actor, asked, after) if after else None,
        )
        return await self._admit(
            Ask(actor=actor, server_id=server, project_id=project_id, reply=reply), task, engines[0]
        )

    async def again(self, actor: Actor, record_id: RecordId, number: int | None, reply: ReplyTo) -> Job:
        """A stored job for a fresh version of what made version `number`: of its request, or, if it is a revision, of
        that. Raises Refused."""
        view = await self.view(actor, record_id, number)
        version, revision = view.version, None
        if version.change is Change.REVISE and version.based_on is not None:
            if not version.instruction:
                raise TextRemoved(ref=str(view.record.ref))
            revision = Revision(
                based_on=version.based_on,
                instructions=version.instruction,
                scene=version.scene,
                words_by=repeated_from(actor.member_id, version.author_id, version.words_by),
            )
        once = Once(key=f"again:{record_id}:{version.number}", while_open=True)
        return await self._next_version(actor, view, revision, reply, once)

    async def revise(self, actor: Actor, record_id: RecordId, revision: Revision, reply: ReplyTo) -> Job:
        """A stored job for a new version, changed as asked. Raises Refused."""
        view = await self.view(actor, record_id, revision.based_on)
        instructions = limits.text("instructions", revision.instructions, limits.INSTRUCTIONS)
        if revision.scene is not None:
            scene_of(view.version.draft, revision.scene)
        newest = revision.newest or view.record.versions
        revision = revision.model_copy(update={"instructions": instructions, "newest": newest})
        return await self._next_version(actor, view, revision, reply, None)

    async def _taken_over(self, actor: Actor, asked: SceneOrder, after: Job) -> MemberId | None:
        """Whose words stand in a request that was edited, if they are another's."""
        task = SceneTask.model_validate(after.order)
        if not same_words(asked.model_dump(), task.request):
            return None
        if task.list_id is None:
            return task.words_by
        async with self._tools.records.read() as tx:
            record = await tx.scenes.get(RecordId(task.list_id), deleted=True)
        return repeated_from(actor.member_id, record.owner_id, record.words_by) if record else None

    async def _next_version(
        self, actor: Actor, view: SceneListView, revision: Revision | None, reply: ReplyTo, once: Once | None
    ) -> Job:
        version = view.version
        if REMOVED in (version.brief.idea, version.brief.character):
            raise TextRemoved(ref=str(view.record.ref))
        flavor = self._tools.config.kept_flavor(version.brief.flavor)
        engines = self._tools.line_up(Makes.SCENES, flavor.scene_params.engines, None)
        task = SceneTask(
            brief=version.brief,
            request=dict(version.request),
            defaults_applied=dict(version.defaults_applied),
            engines=tuple(engine.name for engine in engines),
            list_id=view.record.id,
            attempt=view.record.versions + 1,
            revision=revision,
            shown=len(version.draft.scenes) if revision else 0,
            by=actor.name,
        )
        ask = Ask(
            actor=actor,
            server_id=view.record.server_id,
            project_id=view.record.project_id,
            reply=reply,
            once=once,
        )
        return await self._admit(ask, task, engines[0])

    async def retry(self, actor: Actor, job: Job, reply: ReplyTo) -> Job:
        """A stored job for the request of one that failed, once. Raises Refused, also if its list is deleted, or
        the project of a new one is archived."""
        task = SceneTask.model_validate(job.order)
        if task.list_id is not None:
            await self.view(actor, RecordId(task.list_id))
        else:
            async with self._tools.records.read() as tx:
                await still_open(tx, job.server_id, job.project_id)
        engines = self._tools.line_up(Makes.SCENES, task.engines, None)
        task = task.model_copy(update={"engines": tuple(engine.name for engine in engines)})
        return await self._admit(Ask.again(actor, job, reply), task, engines[0])

    async def _admit(self, ask: Ask, task: SceneTask, engine: Engine) -> Job:
        day, count = self._tools.clock.now().date(), 1 if task.revision and task.revision.scene else task.count
        costs = Costs(engine.price(day), estimate(engine, count, day, shown=task.shown))
        return await self._desk.admit(ask.application(JobKind.SCENES, task, engine, {AllowanceKind.SCENES: 1}, costs))

    async def show(self, actor: Actor, given: str, version: int | None = None) -> SceneListView:
        """By ref; raises NotFound, also for a version that does not exist."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            return await scene_list_view(tx, record, version)

    async def view(self, actor: Actor, record_id: RecordId, version: int | None = None) -> SceneListView:
        """By key, for the buttons; in a direct message only the owner's own. Raises NotFound."""
        async with self._tools.records.read() as tx:
            return await scene_list_view(tx, await self._visible(tx, actor, record_id), version)

    async def result(self, job: Job) -> SceneListView:
        """What a finished job made."""
        async with self._tools.records.read() as tx:
            record = await tx.scenes.get(job.record_id, deleted=True) if job.record_id else None
            if record is None:
                raise NotFound(kind=KIND, given=str(job.ref))
            return await scene_list_view(tx, record, job.version)


async def held(tx: Transaction, list_id: RecordId, given: str = "") -> SceneList:
    """The list as it is now; nobody else makes a version of it until this transaction ends. Raises NotFound, which
    says what was `given`."""
    last = await tx.scenes.last_version(list_id)
    record = await tx.scenes.get(list_id) if last is not None else None
    if record is None:
        raise NotFound(kind=KIND, given=given)
    return record


def checked(order: SceneOrder) -> SceneOrder:
    """The order with clean texts; raises Refused for what does not fit."""
    return order.model_copy(
        update={
            "idea": limits.text("idea", order.idea, limits.IDEA),
            "character": limits.text("character", order.character, limits.CHARACTER),
            "count": limits.number("count", order.count, limits.SCENES),
            "traits": limits.optional_text("traits", order.traits, limits.TRAITS),
            "video_type": limits.optional_text("video_type", order.video_type, limits.STYLE),
            "style": limits.optional_text("style", order.style, limits.STYLE),
            "camera": limits.optional_text("camera", order.camera, limits.STYLE),
        }
    )


def estimate(engine: Engine, count: int, day: date, *, shown: int = 0) -> int | None:
    """Micro-dollars to reserve for a list of `count` scenes, made from one of `shown`; None if unpriced."""
    usage = TokenUsage(
        prompt_tokens=PROMPT_TOKENS + shown * TOKENS_A_SCENE,
        output_tokens=count * TOKENS_A_SCENE,
        thinking_tokens=THINKING_TOKENS,
    )
    return engine.scene_cost(usage, day)


def revised(job: Job) -> tuple[RecordId, Revision]:
    """The list that a job was to revise, and how. Raises NotFound if it was to do something else."""
    task = SceneTask.model_validate(job.order)
    if task.list_id is None or task.revision is None:
        raise NotFound(kind=KIND, given="")
    return RecordId(task.list_id), task.revision


async def scene_list_view(tx: Transaction, record: SceneList, number: int | None) -> SceneListView:
    """A version with what was made meanwhile; None is the newest. Raises NotFound."""
    version = await tx.scenes.version(record.id, number if number is not None else record.versions)
    if version is None:
        raise NotFound(kind="version", given=f"{record.ref} v{number}")
    found = [await tx.scenes.version(record.id, other) for other in made_meanwhile(version)[:MEANWHILE]]
    others = await lines(tx, record, [other for other in found if other is not None])
    return SceneListView(record=record, version=version, meanwhile=others)


async def lines(tx: Transaction, record: SceneList, versions: Sequence[SceneVersion]) -> tuple[VersionLine, ...]:
    """These versions, and what each changed."""
    drafts = {version.number: version.draft for version in versions}
    for before in {before_it(version) for version in versions} - set(drafts):
        other = await tx.scenes.version(record.id, before)
        if other is not None:
            drafts[before] = other.draft
    return tuple(
        VersionLine(version=version, changes=changes(before, version.draft) if before is not None else None)
        for version in versions
        for before in [drafts.get(before_it(version))]
    )


def before_it(version: SceneVersion) -> int:
    """The version it is compared with; 0 if there is none. One that was restored: with what it took the place of."""
    return (version.based_on if version.change is not Change.RESTORE else None) or version.number - 1


async def _with_character(
    tx: Transaction, actor: Actor, brief: SceneBrief, *, private: bool
) -> tuple[SceneBrief, RecordId | None]:
    """A saved character's description goes into the prompt word for word, and the list links to it. What a private one
    is called is not told in a list that everybody sees."""
    ref: Ref | None = parse_ref(brief.character, Kind.CHARACTER)
    if ref is None:
        return brief, None
    character = await tx.characters.find(eyes(actor), ref)
    if character is None:
        near = await tx.characters.choices(eyes(actor), str(ref.number), 3)
        raise NotFound(kind="character", given=brief.character, nearest=tuple(str(choice.ref) for choice in near))
    if character.description == REMOVED:
        raise TextRemoved(ref=str(character.ref))
    text, name = character.description, None
    told = private or not character.private
    if told and not text.casefold().startswith(character.name.casefold()):
        text, name = f"{character.name}: {text}", character.name
    link = {"character": text, "character_ref": str(character.ref), "character_name": name}
    return brief.model_copy(update=link), character.id
