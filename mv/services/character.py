"""Characters: asked for, asked for again, shown, listed, their originals, and deleted."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import Character, CharacterBrief, CharacterOrder, CharacterView, Original, Take
from mv.domain.engine import Engine, Makes
from mv.domain.ids import Kind, RecordId
from mv.domain.jobs import Job, JobKind, Once, ReplyTo
from mv.domain.usage import AllowanceKind
from mv.errors import NotChosen, NotFound, Partial, Unknown, revive
from mv.ports import Transaction
from mv.services.admission import Desk
from mv.services.asking import Ask
from mv.services.defaults import with_defaults
from mv.services.intake import kept
from mv.services.project import find_project
from mv.services.shelf import Shelf
from mv.services.smaller import ORIGINALS, PREVIEWS, smaller
from mv.services.tools import Tools, server_of

KIND = "character"
USUAL_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "4:3", "3:4", "21:9")
"""What is suggested where an engine takes any."""
_RATIO = re.compile(r"[1-9]\d?:[1-9]\d?")


class CharacterTask(BaseModel):
    """A character job's order, as stored. `character_id` is set when a character gets new takes."""

    model_config = ConfigDict(frozen=True)

    brief: CharacterBrief
    request: dict[str, Any]
    defaults_applied: dict[str, Any]
    engines: tuple[str, ...]
    character_id: str | None = None
    numbers: tuple[int, ...] = ()
    """Which pictures of the request are made, from 1; all of them if none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A character as it is shown: takes with their previews by take id; a preview that is gone is absent. `smaller`
    are those that were made smaller yet, to fit."""

    view: CharacterView
    previews: Mapping[RecordId, bytes]
    smaller: AbstractSet[RecordId] = frozenset()


class Characters(Shelf[Character]):
    """/character, and the buttons under its results."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        super().__init__(tools, Kind.CHARACTER, KIND, lambda tx: tx.characters)
        self._desk = desk

    async def request(self, actor: Actor, order: CharacterOrder, reply: ReplyTo) -> Job:
        """A stored job for a new character. Raises Refused."""
        server = server_of(actor)
        asked = checked(order)
        order, chosen = await with_defaults(self._tools, actor, server, asked)
        flavor = self._tools.config.flavor(order.flavor)
        engines = self._tools.line_up(Makes.IMAGES, flavor.image_params.engines, order.engine)
        brief, defaults = self._tools.config.fill_character(order, seed=draw_seed())
        engines = _for_ratio(engines, brief.aspect_ratio)
        project_id = None
        if order.project is not None:
            async with self._tools.records.read() as tx:
                project = await find_project(tx, server, order.project)
                project_id = project.id if project else None
        task = CharacterTask(
            brief=brief,
            request=asked.model_dump(exclude_none=True),
            defaults_applied=defaults | chosen,
            engines=tuple(engine.name for engine in engines),
        )
        ask = Ask(actor=actor, server_id=server, project_id=project_id, reply=reply)
        return await self._admit(ask, task, engines[0])

    async def again(self, actor: Actor, record_id: RecordId, reply: ReplyTo) -> Job:
        """A stored job for new takes with a new seed. Raises Refused."""
        view = await self.view(actor, record_id)
        record = view.record
        order = checked(CharacterOrder.model_validate({**record.request, "description": record.description}))
        flavor = self._flavor(record.flavor)
        engines = self._tools.line_up(Makes.IMAGES, flavor.image_params.engines, self._known(order.engine))
        order = order.model_copy(update={"seed": None, "name": record.name, "flavor": flavor.name})
        brief, _ = self._tools.config.fill_character(order, seed=draw_seed())
        engines = _for_ratio(engines, brief.aspect_ratio)
        task = CharacterTask(
            brief=brief,
            request=dict(record.request),
            defaults_applied=dict(record.defaults_applied),
            engines=tuple(engine.name for engine in engines),
            character_id=record_id,
        )
        ask = Ask(
            actor=actor,
            server_id=record.server_id,
            project_id=record.project_id,
            reply=reply,
            once=Once(key=f"again:{record_id}", while_open=True),
        )
        return await self._admit(ask, task, engines[0])

    async def retry(self, actor: Actor, job: Job, reply: ReplyTo) -> Job:
        """A stored job for the request of one that failed, or for the pictures that one is missing, once. Raises
        Refused, also if the character is deleted."""
        task = CharacterTask.model_validate(job.order)
        if job.error == Partial.__name__ and job.record_id is not None:
            task = _rest(task, job).model_copy(update={"character_id": job.record_id})
        if task.character_id is not None:
            await self.view(actor, RecordId(task.character_id))
        engines = self._tools.line_up(Makes.IMAGES, task.engines, None)
        task = task.model_copy(update={"engines": tuple(engine.name for engine in engines)})
        return await self._admit(Ask.again(actor, job, reply), task, engines[0])

    async def _admit(self, ask: Ask, task: CharacterTask, engine: Engine) -> Job:
        images = task.brief.images
        cost = engine.picture_cost(images)
        return await self._desk.admit(
            ask.application(JobKind.CHARACTER, task, engine, {AllowanceKind.IMAGES: images}, cost)
        )

    async def show(self, actor: Actor, given: str) -> Portrait:
        """By ref, with the takes of its newest job. Raises NotFound."""
        async with self._tools.records.read() as tx:
            view = await _view(tx, await self._find(tx, actor, given))
        return await self._portrait(view)

    async def view(self, actor: Actor, record_id: RecordId) -> CharacterView:
        """By key, for the buttons; in a direct message only the owner's own. Raises NotFound."""
        async with self._tools.records.read() as tx:
            return await _view(tx, await self._visible(tx, actor, record_id))

    async def result(self, job: Job, room: int | None = None) -> Portrait:
        """What a finished job made: its own takes, with previews of `room` bytes in all at most."""
        async with self._tools.records.read() as tx:
            record = await tx.characters.get(job.record_id, deleted=True) if job.record_id else None
            if record is None:
                raise NotFound(kind=KIND, given=str(job.ref))
            takes = await tx.characters.takes(record.id, job_id=job.id)
        return await self._portrait(CharacterView(record=record, takes=takes), room)

    async def originals(
        self, actor: Actor, given: str, take: int | None = None, room: int | None = None
    ) -> tuple[Original, ...]:
        """The vendor's files, by ref: of all takes, or of one; smaller pictures for files over `room` bytes. Raises
        NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._find(tx, actor, given)
            takes = await tx.characters.takes(record.id)
        return await self._originals(record, takes, take, room)

    async def originals_by_id(
        self, actor: Actor, record_id: RecordId, job_id: RecordId, room: int | None = None
    ) -> tuple[Original, ...]:
        """The vendor's files of one message's takes, for the button; as `originals`. Raises NotFound."""
        async with self._tools.records.read() as tx:
            record = await self._visible(tx, actor, record_id)
            takes = await tx.characters.takes(record.id, job_id=job_id)
        return await self._originals(record, takes, None, room)

    async def _originals(
        self, record: Character, takes: tuple[Take, ...], number: int | None, room: int | None
    ) -> tuple[Original, ...]:
        wanted = [take for take in takes if number is None or take.number == number]
        if not wanted:
            raise NotFound(kind="take", given=f"{record.ref} take {number}" if number else str(record.ref))
        found = []
        for take in wanted:
            try:
                found.append(await self._original(take, room))
            except KeyError:
                continue
        if not found:
            raise NotFound(kind="file", given=str(record.ref))
        return tuple(found)

    async def _original(self, take: Take, room: int | None) -> Original:
        data = await kept(self._tools.media, take.original)
        if room is not None and len(data) > room:
            small = await smaller(self._tools.darkroom, data, room, ORIGINALS)
            if small is not None:
                return Original(take=take, data=small.preview, smaller=small.preview_extension)
        return Original(take=take, data=data)

    async def _portrait(self, view: CharacterView, room: int | None = None) -> Portrait:
        previews: dict[RecordId, bytes] = {}
        shrunk: set[RecordId] = set()
        share = None if room is None else room // max(1, len(view.takes))
        for take in view.takes:
            try:
                preview = await kept(self._tools.media, take.preview)
            except KeyError:
                continue
            if share is not None and len(preview) > share:
                small = await smaller(self._tools.darkroom, preview, share, PREVIEWS)
                if small is not None:
                    preview = small.preview
                    shrunk.add(take.id)
            previews[take.id] = preview
        return Portrait(view=view, previews=previews, smaller=shrunk)

    def _flavor(self, name: str) -> Any:
        """The flavor a record was made with, or the default if it is gone."""
        try:
            return self._tools.config.flavor(name)
        except Unknown:
            return self._tools.config.flavor(None)

    def _known(self, engine: str | None) -> str | None:
        try:
            return self._tools.config.engine(engine).name if engine else None
        except Unknown:
            return None


def checked(order: CharacterOrder) -> CharacterOrder:
    """The order with clean texts; raises Refused for what does not fit."""
    return order.model_copy(
        update={
            "description": limits.text("description", order.description, limits.DESCRIPTION),
            "name": limits.optional_text("name", order.name, limits.NAME),
            "aspect_ratio": "".join((order.aspect_ratio or "").split()) or None,
            "images": limits.number("images", order.images, limits.IMAGES),
            "seed": limits.number("seed", order.seed, limits.SEED),
        }
    )


def draw_seed() -> int:
    """A fresh seed, short enough to be typed again."""
    return secrets.randbelow(1_000_000_000)


def _rest(task: CharacterTask, job: Job) -> CharacterTask:
    """For the pictures that a job is missing: those numbers, or, where several were ordered at once, as many more by
    another seed."""
    missing = revive(job.error or "", dict(job.error_facts or {}))
    assert isinstance(missing, Partial)  # noqa: S101  # by `retry`
    brief = task.brief.model_copy(update={"images": max(1, missing.wanted - missing.got)})
    if missing.numbers:
        return task.model_copy(update={"brief": brief, "numbers": missing.numbers})
    seed = (brief.seed + missing.got) % (limits.SEED[1] + 1)
    return task.model_copy(update={"brief": brief.model_copy(update={"seed": seed}), "numbers": ()})


def _for_ratio(engines: tuple[Engine, ...], ratio: str) -> tuple[Engine, ...]:
    """The engines that take this aspect ratio; raises NotChosen with what the first takes."""
    fit = tuple(engine for engine in engines if not engine.aspect_ratios or ratio in engine.aspect_ratios)
    if not fit or not _RATIO.fullmatch(ratio):
        raise NotChosen(field="aspect_ratio", given=ratio, allowed=engines[0].aspect_ratios or USUAL_RATIOS)
    return fit


async def _view(tx: Transaction, record: Character) -> CharacterView:
    """A character with the takes of its newest job: those that fit into one message."""
    takes = await tx.characters.takes(record.id)
    newest = takes[-1].job_id if takes else None
    return CharacterView(record=record, takes=tuple(take for take in takes if take.job_id == newest))
