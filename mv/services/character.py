"""Characters asked for: a new one, new takes, takes like one of them, and what a job did not bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import Character, CharacterOrder, Variation, VaryOrder
from mv.domain.engine import Engine, Makes
from mv.domain.ids import MemberId, RecordId
from mv.domain.jobs import Job, JobKind, Once, ReplyTo
from mv.domain.mydata import REMOVED
from mv.domain.usage import AllowanceKind
from mv.errors import NotAllowed, Partial, TextRemoved, Unknown
from mv.services.admission import Desk
from mv.services.asking import Ask, Costs
from mv.services.character_library import CharacterLibrary, Portrait, known_take, main_take
from mv.services.character_task import CharacterTask, checked, draw_seed, for_ratio, repeated, rest_of
from mv.services.defaults import naming, with_defaults, with_known_flavor
from mv.services.project import find_project, still_open
from mv.services.reuse import picture_keys
from mv.services.tools import Tools, eyes, server_of

__all__ = ["Characters", "Portrait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _More:
    """New takes of a character. `given` is what the member typed."""

    record: Character
    variation: Variation | None
    given: dict[str, Any]


class Characters(CharacterLibrary):
    """/character, and the buttons under its results."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        super().__init__(tools)
        self._desk = desk

    async def request(
        self,
        actor: Actor,
        order: CharacterOrder,
        reply: ReplyTo,
        *,
        after: Job | None = None,
        once: Once | None = None,
    ) -> Job | Portrait:
        """A stored job for a new character, or the one that the same request made before; `after` is the job whose
        request was edited. Raises Refused."""
        server = server_of(actor)
        asked = checked(order if after is None else with_known_flavor(self._tools, order))
        order, chosen = await with_defaults(self._tools, actor, server, asked)
        flavor = self._tools.config.flavor(order.flavor)
        listed = flavor.image_params.engines
        brief, defaults = self._tools.config.fill_character(order, seed=draw_seed())
        meant = for_ratio(self._tools.meant(Makes.IMAGES, listed, order.engine), brief.aspect_ratio)
        project_id = None
        if order.project is not None:
            async with self._tools.records.read() as tx:
                project = await find_project(tx, server, order.project)
                project_id = project.id if project else None
                asked = naming(asked, project)
        task = CharacterTask(
            brief=brief,
            request=asked.model_dump(exclude_none=True),
            defaults_applied=defaults | chosen,
            engines=(),
            asked=meant[0].name,
            reuse=self._tools.config.limits.reuse.characters and not order.fresh,
            by=actor.name,
        )
        if task.reuse:
            await self._tools.preferences.check(server, actor.places)
            keys = picture_keys(self._tools.config, task, project_id)
            found = await self.made_before(eyes(actor), keys, task.brief.images, private=order.private)
            whole = [there for there in found if len(there.previews) == task.brief.images]
            if whole:
                return whole[0]
            task = task.model_copy(update={"lost": tuple(there.view.record.id for there in found)})
        lined = self._tools.line_up(Makes.IMAGES, listed, order.engine)
        engines = for_ratio(lined.engines, brief.aspect_ratio)
        task = task.model_copy(update={"engines": tuple(engine.name for engine in engines), "notes": lined.notes})
        ask = Ask(actor=actor, server_id=server, project_id=project_id, reply=reply, once=once)
        return await self._admit(ask, task, engines)

    async def anew(self, actor: Actor, record_id: RecordId, asker: MemberId, reply: ReplyTo) -> Job | Portrait:
        """A stored job for a new character by the request that was answered with this one; for `asker` alone, whose
        words these are too. Raises Refused."""
        record = (await self.view(actor, record_id)).record
        if actor.member_id != asker:
            raise NotAllowed(action="ask anew for", ref=str(record.ref), owner_id=asker)
        if record.description == REMOVED:
            raise TextRemoved(ref=str(record.ref))
        given = {**record.request, "description": record.description, "private": reply.private, "fresh": True}
        order = CharacterOrder.model_validate(given)
        order = order.model_copy(update={"engine": self._known(order.engine)})
        once = Once(key=f"anew:{record_id}:{asker}", while_open=True)
        return await self.request(actor, with_known_flavor(self._tools, order), reply, once=once)

    async def again(self, actor: Actor, record_id: RecordId, job_id: RecordId | None, reply: ReplyTo) -> Job:
        """A stored job for new takes with a new seed: by the description, or as the takes of that job were made.
        Raises Refused."""
        async with self._tools.records.read() as tx:
            record = await self._visible(tx, actor, record_id)
            variation = repeated(actor, await tx.characters.takes(record.id, job_id=job_id)) if job_id else None
            if variation is not None and variation.take is not None:
                await known_take(tx, record, variation.take)
        once = Once(key=f"again:{record_id}" + (f":{job_id}" if variation else ""), while_open=True)
        given = {"instructions": variation.instructions} if variation and variation.instructions else {}
        return await self._make_more(actor, _More(record=record, variation=variation, given=given), reply, once)

    async def vary(
        self, actor: Actor, record_id: RecordId, order: VaryOrder, reply: ReplyTo, *, after: Job | None = None
    ) -> Job:
        """A stored job for new takes of the same character: only what the instructions say differs. They go by the take
        that is named, else by the main one, where the engine takes a picture. Raises Refused; OutOfRange for a number
        that no take ever had, so that a form keeps what was typed. `after`: the job whose instructions were edited."""
        instructions = limits.optional_text("instructions", order.instructions, limits.INSTRUCTIONS)
        async with self._tools.records.read() as tx:
            record = await self._visible(tx, actor, record_id)
            if order.take is None:
                take = await main_take(tx, record)
            else:
                limits.number("take", order.take, (1, max(1, record.takes)))
                take = await known_take(tx, record, order.take)
        number, named = take.number if take else None, order.take is not None
        before = CharacterTask.model_validate(after.order).variation if after else None
        words_by = before.words_by if before and instructions == before.instructions else None
        variation = Variation(instructions=instructions or "", take=number, named=named, words_by=words_by)
        given = order.model_dump(exclude_none=True)
        return await self._make_more(actor, _More(record=record, variation=variation, given=given), reply)

    async def _make_more(self, actor: Actor, more: _More, reply: ReplyTo, once: Once | None = None) -> Job:
        record = more.record
        if record.description == REMOVED:
            raise TextRemoved(ref=str(record.ref))
        order = checked(CharacterOrder.model_validate({**record.request, "description": record.description}))
        flavor = self._tools.config.kept_flavor(record.flavor)
        lined = self._tools.line_up(Makes.IMAGES, flavor.image_params.engines, self._known(order.engine))
        order = order.model_copy(update={"seed": None, "name": record.name, "flavor": flavor.name})
        brief, _ = self._tools.config.fill_character(order, seed=draw_seed())
        engines = for_ratio(lined.engines, brief.aspect_ratio)
        task = CharacterTask(
            brief=brief,
            request={**record.request, **more.given},
            defaults_applied=dict(record.defaults_applied),
            engines=tuple(engine.name for engine in engines),
            notes=lined.notes,
            character_id=record.id,
            variation=more.variation,
            by=actor.name,
        )
        ask = Ask(actor=actor, server_id=record.server_id, project_id=record.project_id, reply=reply, once=once)
        return await self._admit(ask, task, engines)

    async def retry(self, actor: Actor, job: Job, reply: ReplyTo) -> Job:
        """A stored job for the request of one that failed, or for the pictures that one is missing, once. Raises
        Refused, also if the character is deleted, or the project of a new one is archived."""
        task = CharacterTask.model_validate(job.order)
        if job.error == Partial.__name__ and job.record_id is not None:
            task = rest_of(task, job).model_copy(update={"character_id": job.record_id, "reuse": False})
        if task.character_id is not None:
            await self.view(actor, RecordId(task.character_id))
        else:
            async with self._tools.records.read() as tx:
                await still_open(tx, job.server_id, job.project_id)
        lined = self._tools.line_up(Makes.IMAGES, task.engines, None)
        task = task.model_copy(update={"engines": lined.names, "notes": lined.notes})
        return await self._admit(Ask.again(actor, job, reply), task, lined.engines)

    async def _admit(self, ask: Ask, task: CharacterTask, engines: Sequence[Engine]) -> Job:
        day, images = self._tools.clock.now().date(), task.brief.images
        costs = Costs.by(engines, day, lambda engine: engine.picture_cost(images, day))
        wants = {AllowanceKind.IMAGES: images}
        return await self._desk.admit(ask.application(JobKind.CHARACTER, task, engines[0], wants, costs))

    def _known(self, engine: str | None) -> str | None:
        try:
            return self._tools.config.engine(engine).name if engine else None
        except Unknown:
            return None
