"""The versions of a scene list, for whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import sheet_of
from bot.shelf import Part
from bot.ui import scene_history as ui
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from mv.domain.ids import Kind, Ref

Version = app_commands.Range[int, 1, 999_999]


class History(Part):
    """What was before."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """The pages of the history, and one version of it."""
        return (
            *super().presses(),
            doors.pressable(Action.SCENES_SHOW, self.on_show),
            doors.turnable(ListOf.HISTORY, self.on_history_turn),
        )

    @app_commands.command(name="history", description="All versions of a scene list, and what each changed")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12")
    async def history(self, interaction: discord.Interaction, ref: str) -> None:
        """A page of versions."""
        found = await self.app.scene_history.versions(actor_of(interaction), ref)
        await doors.show(interaction, ui.history_rows(found.record, found.page))

    @app_commands.command(name="compare", description="Two versions of a scene list side by side")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12", from_="The version before", to="The version after")
    @app_commands.rename(from_="from")
    async def compare(self, interaction: discord.Interaction, ref: str, from_: Version, to: Version) -> None:
        """What is different."""
        found = await self.app.scene_history.compare(actor_of(interaction), ref, from_, to)
        shown = (found.record, found.before, found.after, found.changes)
        await doors.show(interaction, await asyncio.to_thread(ui.comparison_message, *shown))

    async def on_history_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the history."""
        ref = str(Ref(Kind.SCENE_LIST, turn.project))
        found = await self.app.scene_history.versions(actor_of(interaction), ref, turn.before or None)
        await doors.turn(interaction, ui.history_rows(found.record, found.page, turn))

    async def on_show(self, interaction: discord.Interaction, press: Press) -> None:
        """One version, for whoever pressed."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await doors.show(interaction, await asyncio.to_thread(sheet_of, view))
