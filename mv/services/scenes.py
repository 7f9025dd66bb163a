"""Scene lists: asked for, asked for again or to be revised, shown, listed and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.engine import Engine, Makes
from mv.domain.ids import Kind, MemberId, RecordId, Ref, parse_ref
from mv.domain.jobs import REUSED, Job, JobKind, Once, ReplyTo
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
    VersionLine,
    made_meanwhile,
)
from mv.domain.usage import AllowanceKind
from mv.errors import NotFound, TextRemoved
from mv.ports import Seen, Transaction
from mv.services.admission import Desk
from mv.services.asking import Ask, Costs
from mv.services.defaults import naming, with_defaults, with_known_flavor
from mv.services.project import find_project, still_open
from mv.services.reuse import Keys, asked_before, scene_keys
from mv.services.scenes_task import KIND, Revision, SceneTask, checked, estimate
from mv.services.shelf import Shelf
from mv.services.tools import Tools, eyes, server_of

MEANWHILE = 3
"""How many versions of others are shown beside one."""


class Scenes(Shelf[SceneList]):
    """/scenes, and the buttons under its results."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        super().__init__(tools, Kind.SCENE_LIST, KIND, lambda tx: tx.scenes)
        self._desk = desk

    async def request(
        self, actor: Actor, order: SceneOrder, reply: ReplyTo, *, after: Job | None = None
    ) -> Job | SceneListView:
        """A stored job for a new list, or the list that the same request made before; `after` is the job whose request
        was edited. Raises Refused."""
        server = server_of(actor)
        asked = checked(order if after is None else with_known_flavor(self._tools, order))
        order, chosen = await with_defaults(self._tools, actor, server, asked)
        flavor = self._tools.config.flavor(order.flavor)
        listed = flavor.scene_params.engines
        meant = self._tools.meant(Makes.SCENES, listed, None)[0]
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
            engines=(),
            asked=meant.name,
            character_id=character_id,
            reuse=self._tools.config.limits.reuse.scenes,
            by=actor.name,
            words_by=await self._taken_over(actor, asked, after) if after else None,
        )
        if task.reuse:
            await self._tools.preferences.check(server, actor.places)
            keys = scene_keys(self._tools.config, task, project_id)
            there = await self._made_before(eyes(actor), keys, private=order.private)
            if there is not None:
                return there
        lined = self._tools.line_up(Makes.SCENES, listed, None)
        task = task.model_copy(update={"engines": lined.names, "notes": lined.notes})
        return await self._admit(
            Ask(actor=actor, server_id=server, project_id=project_id, reply=reply), task, lined.engines
        )

    async def _made_before(self, seen: Seen, keys: Keys, *, private: bool) -> SceneListView | None:
        async with self._tools.records.read() as tx:
            found = await asked_before(tx.scenes, seen, keys, private=private)
            view = await scene_list_view(tx, found[0], 1) if found else None
        return replace(view, reused_for=seen.member_id) if view else None

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
        lined = self._tools.line_up(Makes.SCENES, flavor.scene_params.engines, None)
        task = SceneTask(
            brief=version.brief,
            request=dict(version.request),
            defaults_applied=dict(version.defaults_applied),
            engines=lined.names,
            notes=lined.notes,
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
        return await self._admit(ask, task, lined.engines)

    async def retry(self, actor: Actor, job: Job, reply: ReplyTo) -> Job:
        """A stored job for the request of one that failed, once. Raises Refused, also if its list is deleted, or
        the project of a new one is archived."""
        task = SceneTask.model_validate(job.order)
        if task.list_id is not None:
            await self.view(actor, RecordId(task.list_id))
        else:
            async with self._tools.records.read() as tx:
                await still_open(tx, job.server_id, job.project_id)
        lined = self._tools.line_up(Makes.SCENES, task.engines, None)
        task = task.model_copy(update={"engines": lined.names, "notes": lined.notes})
        return await self._admit(Ask.again(actor, job, reply), task, lined.engines)

    async def _admit(self, ask: Ask, task: SceneTask, engines: Sequence[Engine]) -> Job:
        day, count = self._tools.clock.now().date(), 1 if task.revision and task.revision.scene else task.count
        costs = Costs.by(engines, day, lambda engine: estimate(engine, count, day, shown=task.shown))
        wants = {AllowanceKind.SCENES: 1}
        return await self._desk.admit(ask.application(JobKind.SCENES, task, engines[0], wants, costs))

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
            view = await scene_list_view(tx, record, job.version)
            reused = await tx.jobs.step(job.id, REUSED) is not None
        return replace(view, reused_for=job.member_id) if reused else view


async def held(tx: Transaction, list_id: RecordId, given: str = "") -> SceneList:
    """The list as it is now; nobody else makes a version of it until this transaction ends. Raises NotFound, which
    says what was `given`."""
    last = await tx.scenes.last_version(list_id)
    record = await tx.scenes.get(list_id) if last is not None else None
    if record is None:
        raise NotFound(kind=KIND, given=given)
    return record


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
