"""Characters made: a new one, new takes, and scenes with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of, member_of
from bot.cogs.character.base import sheet_of
from bot.errors import STARTS_A_JOB
from bot.shelf import Part
from bot.ui import character as ui
from bot.ui import forms
from bot.ui.custom_ids import Action, Press
from bot.ui.error_words import words
from bot.ui.frame import Sheet
from bot.ui.usage import left_line
from mv.domain import limits
from mv.domain.character import CharacterOrder
from mv.domain.ids import MemberId, ServerId
from mv.domain.jobs import Job
from mv.errors import revive

Description = app_commands.Range[str, 1, limits.DESCRIPTION]
Name = app_commands.Range[str, 1, limits.NAME]
Images = app_commands.Range[int, limits.IMAGES[0], limits.IMAGES[1]]
Seed = app_commands.Range[int, limits.SEED[0], limits.SEED[1]]


class Making(Part):
    """What asks the generator."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Again, Fresh, and Use in scenes."""
        return (
            *super().presses(),
            doors.pressable(Action.CHARACTER_AGAIN, self.on_again),
            doors.pressable(Action.CHARACTER_FRESH, self.on_fresh),
            doors.pressable(Action.CHARACTER_USE, self.on_use),
        )

    def sent_forms(self) -> dict[forms.Form, doors.Sent]:
        """Edit and retry."""
        return {**super().sent_forms(), forms.Form.EDIT_CHARACTER: self.on_edit_sent}

    @app_commands.command(
        name="create", description="Make reference images of a character", extras={STARTS_A_JOB: True}
    )
    @app_commands.autocomplete(
        aspect_ratio=offers.aspect_ratios,
        engine=offers.image_engines,
        flavor=offers.flavors,
        project=offers.projects,
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
            description=description, name=name, aspect_ratio=aspect_ratio, images=images, seed=seed,
            engine=offers.engine_in(engine), flavor=flavor, project=project, private=private, fresh=fresh,
        )  # fmt: skip
        await self._create(interaction, order)

    async def _create(
        self,
        interaction: discord.Interaction,
        order: CharacterOrder,
        server: ServerId | None = None,
        after: Job | None = None,
    ) -> None:
        actor = await member_of(interaction, server) if server else actor_of(interaction)
        there = await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.request(actor, order, reply, after=after),
            private=order.private,
        )
        if there is not None:
            await doors.show(interaction, sheet_of(there), private=order.private)

    async def on_fresh(self, interaction: discord.Interaction, press: Press) -> None:
        """A new character by the request that was answered from the library, to be seen as that answer is; what stands
        in a direct message may have been private."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        actor = await member_of(interaction, view.record.server_id)
        alone = interaction.guild_id is None or (
            interaction.message is not None and interaction.message.flags.ephemeral
        )
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.anew(actor, press.record, MemberId(press.member), reply),
            private=view.record.private or alone,
        )

    async def on_again(self, interaction: discord.Interaction, press: Press) -> None:
        """New takes with a new seed, made as those of the message were, in a new message."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        actor = await member_of(interaction, view.record.server_id)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.again(actor, press.record, press.job, reply),
            private=view.record.private,
        )

    async def on_use(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens the form."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        await interaction.response.send_modal(forms.use_in_scenes(view.record))

    async def on_edit_sent(self, interaction: discord.Interaction, about: forms.Target, typed: dict[str, str]) -> None:
        """Edit and retry: the form under a refusal."""
        job = await self.app.jobs.own(actor_of(interaction), about.record)
        order = CharacterOrder.model_validate({**job.order["request"], **typed, "private": job.private})
        await self._create(interaction, order, job.server_id, job)

    async def result(self, job: Job, room: int) -> Sheet:
        """What a finished job is shown as, its pictures small enough for `room` bytes in all."""
        portrait = await self.app.characters.result(job, room)
        missing = words(revive(job.error, dict(job.error_facts or {}))).what if job.error else ""
        shown = (portrait.view, portrait.previews, missing, portrait.smaller, portrait.notes)
        return replace(ui.character_message(*shown), content=left_line(await self.app.usage.after(job)))
