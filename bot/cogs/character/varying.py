"""Characters varied: new takes of the same one, like one of its takes but for what is asked."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of, member_of
from bot.errors import STARTS_A_JOB
from bot.shelf import Part
from bot.ui import forms
from bot.ui.custom_ids import Action, Press
from mv.domain import limits
from mv.domain.character import Character, VaryOrder
from mv.domain.ids import RecordId
from mv.domain.jobs import Job
from mv.errors import OutOfRange

Instructions = app_commands.Range[str, 1, limits.INSTRUCTIONS]
Number = app_commands.Range[int, 1]


class Varying(Part):
    """What asks the generator for more of a character."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Vary."""
        return (*super().presses(), doors.pressable(Action.CHARACTER_VARY, self.on_vary))

    def sent_forms(self) -> dict[forms.Form, doors.Sent]:
        """Vary, and Edit and retry of it."""
        mine = {forms.Form.VARY: self.on_vary_sent, forms.Form.EDIT_VARY: self.on_edit_vary_sent}
        return {**super().sent_forms(), **mine}

    @app_commands.command(name="vary", description="Make new takes of the same character", extras={STARTS_A_JOB: True})
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(
        ref="The character's number, such as C7",
        instructions="What shall differ; all else stays the same",
        take="Which take to go by, where the engine takes a picture; the main one if left out",
    )
    async def vary(
        self,
        interaction: discord.Interaction,
        ref: str,
        instructions: Instructions | None = None,
        take: Number | None = None,
    ) -> None:
        """New takes, in public unless the character is private."""
        record = await self.app.characters.named(actor_of(interaction), ref)
        await self._vary(interaction, record, VaryOrder(instructions=instructions, take=take))

    async def on_vary(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens the form."""
        view = await self.app.characters.view(actor_of(interaction), press.record)
        await interaction.response.send_modal(forms.vary(view.record, press.takes))

    async def on_vary_sent(self, interaction: discord.Interaction, about: forms.Target, typed: dict[str, str]) -> None:
        """Vary: the form under a character."""
        found = (await self.app.characters.view(actor_of(interaction), about.record)).record
        take = _take(typed.get("take", ""), found)
        await self._vary(interaction, found, VaryOrder(instructions=typed.get("instructions"), take=take))

    async def on_edit_vary_sent(
        self, interaction: discord.Interaction, about: forms.Target, typed: dict[str, str]
    ) -> None:
        """Edit and retry: the form under a refusal, for the same take."""
        actor = actor_of(interaction)
        job = await self.app.jobs.own(actor, about.record)
        view = await self.app.characters.view(actor, RecordId(job.order["character_id"]))
        before = job.order["variation"]
        order = VaryOrder(instructions=typed.get("instructions"), take=before["take"])
        await self._vary(interaction, view.record, order, job)

    async def _vary(
        self, interaction: discord.Interaction, record: Character, order: VaryOrder, after: Job | None = None
    ) -> None:
        actor = await member_of(interaction, record.server_id)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.characters.vary(actor, record.id, order, reply, after=after),
            private=record.private,
        )


def _take(typed: str, record: Character) -> int | None:
    """A number from a form; raises OutOfRange for anything else."""
    said = typed.strip()
    if not said:
        return None
    if not said.isdecimal():
        raise OutOfRange(field="take", low=1, high=max(1, record.takes))
    return int(said)
