"""Scene lists: asked for, asked for again, shown, listed and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import Character
from mv.domain.engine import Engine, Makes
from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId, parse_ref
from mv.domain.jobs import Job, JobKind, ReplyTo
from mv.domain.scenes import SceneBrief, SceneList, SceneListView, SceneOrder, TokenUsage
from mv.domain.usage import AllowanceKind
from mv.errors import NotAllowed, NotFound
from mv.ports import Choice, Page, Transaction
from mv.services.admission import Application, Desk
from mv.services.project import find_project
from mv.services.tools import Tools, eyes, server_of

KIND = "scene list"
R = TypeVar("R", SceneList, Character)

PROMPT_TOKENS = 1_500
TOKENS_A_SCENE = 450
THINKING_TOKENS = 4_000
"""An estimate on the high side for what is reserved; what is settled is what the vendor counted."""


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
    character_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """Who is charged for a task, and where."""

    actor: Actor
    server_id: ServerId
    project_id: RecordId | None
    reply: ReplyTo


class Scenes:
    """/scenes, and the buttons under its results."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        self._tools = tools
        self._desk = desk

    async def request(self, actor: Actor, order: SceneOrder, reply: ReplyTo) -> Job:
        """A stored job for a new list. Raises Refused."""
        server = server_of(actor)
        order = checked(order)
        flavor = self._tools.config.flavor(order.flavor)
        engines = self._tools.line_up(Makes.SCENES, flavor.scene_params.engines, None)
        brief, defaults = self._tools.config.fill_scenes(order)
        character_id = project_id = None
        if order.project is not None or parse_ref(order.character, Kind.CHARACTER) is not None:
            async with self._tools.records.read() as tx:
                project = await find_project(tx, server, order.project)
                project_id = project.id if project else None
                brief, character_id = await _with_character(tx, actor, brief)
        task = SceneTask(
            brief=brief,
            request=order.model_dump(exclude_none=True),
            defaults_applied=defaults,
            engines=tuple(engine.name for engine in engines),
            character_id=character_id,
        )
        return await self._admit(
            _Ask(actor=actor, server_id=server, project_id=project_id, reply=reply), task, engines[0]
        )

    async def again(self, actor: Actor, record_id: RecordId, number: int | None, reply: ReplyTo) -> Job:
        """A stored job for a fresh version of the request that made version `number`. Raises Refused."""
        view = await self.view(actor, record_id, number)
        version = view.version
        flavor = self._tools.config.flavor(version.brief.flavor)
        engines = self._tools.line_up(Makes.SCENES, flavor.scene_params.engines, None)
        task = SceneTask(
            brief=version.brief,
            request=dict(version.request),
            defaults_applied=dict(version.defaults_applied),
            engines=tuple(engine.name for engine in engines),
            list_id=record_id,
            attempt=view.record.versions + 1,
        )
        ask = _Ask(actor=actor, server_id=view.record.server_id, project_id=view.record.project_id, reply=reply)
        return await self._admit(ask, task, engines[0])

    async def retry(self, actor: Actor, job: Job, reply: ReplyTo) -> Job:
        """A stored job for the request of one that failed. Raises Refused."""
        task = SceneTask.model_validate(job.order)
        ask = _Ask(actor=actor, server_id=job.server_id, project_id=job.project_id, reply=reply)
        return await self._admit(ask, task, self._tools.config.engine(task.engines[0]))

    async def _admit(self, ask: _Ask, task: SceneTask, engine: Engine) -> Job:
        wants = {AllowanceKind.SCENES: 1}
        cost = estimate(engine, task.brief.count)
        if cost:
            wants[AllowanceKind.SPEND] = cost
        return await self._desk.admit(
            Application(
                server_id=ask.server_id,
                member_id=ask.actor.member_id,
                roles=ask.actor.role_ids,
                kind=JobKind.SCENES,
                order=task.model_dump(mode="json"),
                engine=engine.name,
                vendor=engine.vendor.value,
                reply=ask.reply,
                wants=wants,
                project_id=ask.project_id,
            )
        )

    async def show(self, actor: Actor, given: str, version: int | None = None) -> SceneListView:
        """By ref; raises NotFound, also for a version that does not exist."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            return await _view(tx, record, version)

    async def view(self, actor: Actor, record_id: RecordId, version: int | None = None) -> SceneListView:
        """By key, for the buttons; in a direct message only the owner's own. Raises NotFound."""
        async with self._tools.records.read() as tx:
            return await _view(tx, await self._visible(tx, actor, record_id), version)

    async def result(self, job: Job) -> SceneListView:
        """What a finished job made."""
        async with self._tools.records.read() as tx:
            record = await tx.scenes.get(job.record_id, deleted=True) if job.record_id else None
            if record is None:
                raise NotFound(kind=KIND, given=str(job.ref))
            return await _view(tx, record, job.version)

    async def page(
        self, actor: Actor, *, project: str | None = None, member: MemberId | None = None, before: int | None = None
    ) -> Page[SceneList]:
        """Newest first, filtered by project (ref or name) and author. Raises Unknown."""
        async with self._tools.records.read() as tx:
            found = await find_project(tx, server_of(actor), project)
            return await tx.scenes.page(
                eyes(actor),
                project_id=found.id if found else None,
                member_id=member,
                before=before,
                size=limits.PAGE,
            )

    async def choices(self, actor: Actor, text: str) -> tuple[Choice, ...]:
        """For autocomplete."""
        async with self._tools.records.read() as tx:
            return await tx.scenes.choices(eyes(actor), text, limits.CHOICES)

    async def deletable(self, actor: Actor, given: str) -> SceneList:
        """The list that this actor may delete. Raises NotFound, NotAllowed."""
        async with self._tools.records.read() as tx:
            return owned(actor, await self._find(tx, actor, given))

    async def deletable_by_id(self, actor: Actor, record_id: RecordId) -> SceneList:
        """As `deletable`, for the buttons."""
        async with self._tools.records.read() as tx:
            return owned(actor, await self._visible(tx, actor, record_id))

    async def delete(self, actor: Actor, record_id: RecordId) -> SceneList:
        """Deletes it. Raises NotFound (also if it is deleted already), NotAllowed."""
        async with self._tools.records.write() as tx:
            record = owned(actor, await self._visible(tx, actor, record_id))
            if not await tx.scenes.delete(record.id, self._tools.clock.now()):
                raise NotFound(kind=KIND, given=str(record.ref))
            return record

    async def _find(self, tx: Transaction, actor: Actor, given: str) -> SceneList:
        ref = parse_ref(given, Kind.SCENE_LIST)
        record = await tx.scenes.find(eyes(actor), ref) if ref else None
        if record is None:
            near = await tx.scenes.choices(eyes(actor), "".join(filter(str.isdigit, given)), 3)
            raise NotFound(kind=KIND, given=given, nearest=tuple(str(choice.ref) for choice in near))
        return record

    async def _visible(self, tx: Transaction, actor: Actor, record_id: RecordId) -> SceneList:
        record = await tx.scenes.get(record_id)
        if record is None or not visible(actor, record):
            raise NotFound(kind=KIND, given=str(record.ref) if record and record.owner_id == actor.member_id else "")
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


def estimate(engine: Engine, count: int) -> int | None:
    """Micro-dollars to reserve for a list of `count` scenes; None if unpriced."""
    return engine.scene_cost(
        TokenUsage(prompt_tokens=PROMPT_TOKENS, output_tokens=count * TOKENS_A_SCENE, thinking_tokens=THINKING_TOKENS)
    )


def visible(actor: Actor, record: SceneList | Character) -> bool:
    """Whether these eyes may see a record: public ones of this server, and one's own; in a direct message one's own."""
    if actor.server_id is None:
        return record.owner_id == actor.member_id
    return record.server_id == actor.server_id and (not record.private or record.owner_id == actor.member_id)


def owned(actor: Actor, record: R) -> R:
    """The record, if this actor may delete it: its owner, or a manager of its server. Raises NotAllowed."""
    if record.owner_id != actor.member_id and not actor.is_manager:
        raise NotAllowed(action="delete", ref=str(record.ref), owner_id=record.owner_id)
    return record


async def _view(tx: Transaction, record: SceneList, number: int | None) -> SceneListView:
    version = await tx.scenes.version(record.id, number if number is not None else record.versions)
    if version is None:
        raise NotFound(kind="version", given=f"{record.ref} v{number}")
    return SceneListView(record=record, version=version)


async def _with_character(tx: Transaction, actor: Actor, brief: SceneBrief) -> tuple[SceneBrief, RecordId | None]:
    """A saved character's description goes into the prompt word for word, and the list links to it."""
    ref: Ref | None = parse_ref(brief.character, Kind.CHARACTER)
    if ref is None:
        return brief, None
    character = await tx.characters.find(eyes(actor), ref)
    if character is None:
        if not brief.character.strip().upper().startswith("C"):
            return brief, None
        near = await tx.characters.choices(eyes(actor), str(ref.number), 3)
        raise NotFound(kind="character", given=brief.character, nearest=tuple(str(choice.ref) for choice in near))
    text = f"{character.name}: {character.description}"
    return brief.model_copy(update={"character": text, "character_ref": str(character.ref)}), character.id
