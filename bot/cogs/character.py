"""/character, and the buttons under a character."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors
from bot.actor import actor_of, member_of
from bot.delivery import DiscordCourier
from bot.errors import STARTS_A_JOB
from bot.ui import character as ui
from bot.ui import forms, notice
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.error_words import words
from bot.ui.frame import Sheet
from bot.ui.originals import originals_message
from mv.app import App
from mv.domain import limits
from mv.domain.character import CharacterOrder
from mv.domain.engine import Makes
from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.jobs import Job, JobKind
from mv.errors import revive
from mv.services.character import Portrait

Description = app_commands.Range[str, 1, limits.DESCRIPTION]
Name = app_commands.Range[str, 1, limits.NAME]
Images = app_commands.Range[int, limits.IMAGES[0], limits.IMAGES[1]]
Seed = app_commands.Range[int, limits.SEED[0], limits.SEED[1]]
Choices = list[app_commands.Choice[str]]


@app_commands.guild_install()
@app_commands.guild_only()
class CharacterCog(commands.GroupCog, group_name="character", group_description="Character reference images"):
    """Translates /character."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.courier = courier
        courier.draws[JobKind.CHARACTER] = self.result

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return (
            doors.pressable(Action.CHARACTER_AGAIN, self.on_again),
            doors.pressable(Action.CHARACTER_ORIGINAL, self.on_original),
            doors.pressable(Action.CHARACTER_USE, self.on_use),
            doors.pressable(Action.CHARACTER_DELETE, self.on_delete),
            doors.pressable(Action.CHARACTER_DELETE_YES, self.on_delete_yes),
            doors.turnable(ListOf.CHARACTER, self.on_turn),
        )

    def sent_forms(self) -> dict[forms.Form, doors.Sent]:
        """Its forms."""
        return {forms.Form.EDIT_CHARACTER: self.on_edit_sent}

    @app_commands.command(
        name="create", description="Make reference images of a character", extras={STARTS_A_JOB: True}
    )
    @app_commands.describe(
        description="What the character looks like",
        name="What to call it",
        aspect_ratio="Width to height",
        images="How many pictures, 1 to 4",
        engine="Which engine makes them",
        seed="A number that repeats a picture, where the engine takes one",
        flavor="A set of prompts and defaults",
        project="The project it belongs to",
        private="Only you see it",
        fresh="Always ask the engine anew",
    )
    async def create(
        self,
        interaction: discord.Interaction,
        description: Description,
        name: Name | None = None,
        aspect_ratio: str | None = None,
        images: Images | None = None,
        engine: str | None = None,
        seed: Seed | None = None,
        flavor: str | None = None,
        project: str | None = None,
        private: bool = False,
        fresh: bool = False,
    ) -> None:
        """Reference images."""
        order = CharacterOrder(
            description=description, name=name, aspect_ratio=aspect_ratio, images=images, engine=engine, seed=seed,
            flavor=flavor, project=project, private=private, fresh=fresh,
        )  # fmt: skip
        await self._create(interaction, order)

    async def _create(
        self, interaction: discord.Interaction, order: CharacterOrder, server: ServerId | None = None
    ) -> None:
        actor = await member_of(interaction, server) if server else actor_of(interaction)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.request(actor, order, reply),
            private=order.private,
        )

    @app_commands.command(name="show", description="Show a character again")
    @app_commands.describe(ref="Its number, such as C7")
    async def show(self, interaction: discord.Interaction, ref: str) -> None:
        """A character with its newest pictures."""
        portrait = await self.app.characters.show(actor_of(interaction), ref)
        await doors.show(interaction, sheet_of(portrait), private=portrait.view.record.private)

    @app_commands.command(name="list", description="Characters of this server, newest first")
    @app_commands.describe(project="Only of this project", member="Only by this member")
    async def list_(
        self, interaction: discord.Interaction, project: str | None = None, member: discord.User | None = None
    ) -> None:
        """A page of characters."""
        found = await self.app.projects.find(actor_of(interaction), project)
        number = found.ref.number if found else 0
        turn = Turn(what=ListOf.CHARACTER, project=number, member=MemberId(member.id if member else 0))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="original", description="The untouched files from the engine")
    @app_commands.describe(ref="The character's number, such as C7", take="Which take; all if left out")
    async def original(
        self, interaction: discord.Interaction, ref: str, take: app_commands.Range[int, 1] | None = None
    ) -> None:
        """The vendor's own bytes."""
        room = interaction.filesize_limit
        originals = await self.app.characters.originals(actor_of(interaction), ref, take, room)
        await doors.show(interaction, originals_message(originals, room))

    @app_commands.command(name="delete", description="Delete a character of yours")
    @app_commands.describe(ref="Its number, such as C7")
    async def delete(self, interaction: discord.Interaction, ref: str) -> None:
        """Asks first."""
        record = await self.app.characters.deletable(actor_of(interaction), ref)
        question = notice.delete_question(Action.CHARACTER_DELETE_YES, record.id, record.ref, record.name)
        await doors.show(interaction, question)

    @show.autocomplete("ref")
    @original.autocomplete("ref")
    @delete.autocomplete("ref")
    async def refs(self, interaction: discord.Interaction, current: str) -> Choices:
        """Characters by number and name."""
        return await doors.offered(self.app.characters.choices(actor_of(interaction), current))

    @create.autocomplete("project")
    @list_.autocomplete("project")
    async def projects(self, interaction: discord.Interaction, current: str) -> Choices:
        """Open projects."""
        return await doors.offered(self.app.projects.choices(actor_of(interaction), current))

    @create.autocomplete("flavor")
    async def flavors(self, interaction: discord.Interaction, current: str) -> Choices:
        """Flavors of configs/."""
        return doors.matching(current, self.app.config.flavors)

    @create.autocomplete("engine")
    async def engines(self, interaction: discord.Interaction, current: str) -> Choices:
        """Engines that make pictures."""
        return doors.matching(current, [engine.name for engine in self.app.config.engines_for(Makes.IMAGES)])

    @create.autocomplete("aspect_ratio")
    async def aspect_ratios(self, interaction: discord.Interaction, current: str) -> Choices:
        """What the engines take."""
        engines = self.app.config.engines_for(Makes.IMAGES)
        return doors.matching(current, dict.fromkeys(ratio for e in engines for ratio in e.aspect_ratios))

    async def on_again(self, interaction: discord.Interaction, press: Press) -> None:
        """New takes with a new seed, in a new message."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        actor = await member_of(interaction, view.record.server_id)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.again(actor, press.record, reply),
            private=view.record.private,
        )

    async def on_original(self, interaction: discord.Interaction, press: Press) -> None:
        """The files of the takes of this message."""
        job, room = press.job or RecordId(""), interaction.filesize_limit
        originals = await self.app.characters.originals_by_id(actor_of(interaction), press.record, job, room)
        await doors.show(interaction, originals_message(originals, room))

    async def on_use(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens the form."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        await interaction.response.send_modal(forms.use_in_scenes(view.record))

    async def on_delete(self, interaction: discord.Interaction, press: Press) -> None:
        """Asks first."""
        record = await self.app.characters.deletable_by_id(actor_of(interaction), press.record)
        message = interaction.message.id if interaction.message else 0
        question = notice.delete_question(Action.CHARACTER_DELETE_YES, record.id, record.ref, record.name, message)
        await doors.show(interaction, question)

    async def on_delete_yes(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question."""
        record = await self.app.characters.delete(actor_of(interaction), press.record)
        await doors.removed(interaction, press.message, notice.deleted(record.ref, record.name))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def on_edit_sent(self, interaction: discord.Interaction, job_id: RecordId, typed: dict[str, str]) -> None:
        """Edit and retry: the form under a refusal."""
        job = await self.app.jobs.own(actor_of(interaction), job_id)
        order = CharacterOrder.model_validate({**job.order["request"], **typed, "private": job.private})
        await self._create(interaction, order, job.server_id)

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        page = await self.app.characters.page(
            actor_of(interaction),
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
            member=MemberId(turn.member) if turn.member else None,
            before=turn.before or None,
        )
        return ui.character_rows(page, turn)

    async def result(self, job: Job, room: int) -> Sheet:
        """What a finished job is shown as, its pictures small enough for `room` bytes in all."""
        portrait = await self.app.characters.result(job, room)
        missing = words(revive(job.error, dict(job.error_facts or {}))).what if job.error else ""
        replaced = any(take.engine != job.engine for take in portrait.view.takes)
        gone = job.engine if replaced else ""
        return ui.character_message(portrait.view, portrait.previews, missing, portrait.smaller, gone)


def sheet_of(portrait: Portrait) -> Sheet:
    """A character as /character show shows it."""
    return ui.character_message(portrait.view, portrait.previews, smaller=portrait.smaller)
