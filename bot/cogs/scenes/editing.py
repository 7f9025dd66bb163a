"""Scene lists changed by hand: each change is a new version, shown to everybody who may see the list."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import sheet_of
from bot.shelf import Part, at_home
from bot.ui.custom_ids import Action, Press
from bot.ui.forms import Form, Target
from bot.ui.scene_form import edit_form, insert_form, scene_typed
from mv.domain import limits
from mv.domain.scene_edits import scene_of
from mv.domain.scenes import SceneListView

Number = app_commands.Range[int, 1, limits.SCENES[1]]
Place = app_commands.Range[int, 0, limits.SCENES[1]]
REF = "Its number, such as S12"


class Editing(Part):
    """What asks no generator."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Restore."""
        return (*super().presses(), doors.pressable(Action.SCENES_RESTORE, self.on_restore))

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Those for a scene."""
        return {
            **super().sent_forms(),
            Form.EDIT_SCENE: self.on_edit_scene_sent,
            Form.INSERT_SCENE: self.on_insert_scene_sent,
        }

    @app_commands.command(name="edit", description="Change one scene by hand")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref=REF, scene="Which scene")
    async def edit(self, interaction: discord.Interaction, ref: str, scene: Number) -> None:
        """Opens a form with the scene in it."""
        view = await self.app.scenes.show(actor_of(interaction), ref)
        await interaction.response.send_modal(edit_form(view, scene, scene_of(view.version.draft, scene)))

    @app_commands.command(name="insert", description="Write one more scene by hand")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref=REF, after="The scene it comes after; 0 is the beginning")
    async def insert(self, interaction: discord.Interaction, ref: str, after: Place) -> None:
        """Opens a form."""
        view = await self.app.scene_edits.room(actor_of(interaction), ref, after)
        await interaction.response.send_modal(insert_form(view, after, scene_of(view.version.draft, max(after, 1))))

    @app_commands.command(name="move", description="Put a scene in another place")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref=REF, scene="Which scene", to="The place it is to have")
    async def move(self, interaction: discord.Interaction, ref: str, scene: Number, to: Number) -> None:
        """A new version."""
        await self._changed(interaction, await self.app.scene_edits.move(actor_of(interaction), ref, scene, to))

    @app_commands.command(name="remove", description="Take a scene out")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref=REF, scene="Which scene")
    async def remove(self, interaction: discord.Interaction, ref: str, scene: Number) -> None:
        """A new version."""
        await self._changed(interaction, await self.app.scene_edits.remove(actor_of(interaction), ref, scene))

    @app_commands.command(name="restore", description="Make an old version current again")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref=REF, version="Which version")
    async def restore(
        self, interaction: discord.Interaction, ref: str, version: app_commands.Range[int, 1, 999_999]
    ) -> None:
        """A new version."""
        await self._changed(interaction, await self.app.scene_edits.restore(actor_of(interaction), ref, version))

    async def on_restore(self, interaction: discord.Interaction, press: Press) -> None:
        """The button under an old version."""
        await at_home(interaction, self.app.scenes, press.record)
        edits = self.app.scene_edits
        await self._changed(interaction, await edits.restore_by_id(actor_of(interaction), press.record, press.version))

    async def on_edit_scene_sent(self, interaction: discord.Interaction, about: Target, typed: dict[str, str]) -> None:
        """The form of a scene."""
        await at_home(interaction, self.app.scenes, about.record)
        edits, scene = self.app.scene_edits, scene_typed(typed)
        view = await edits.edit(actor_of(interaction), about.record, about.version, about.scene, scene)
        await self._changed(interaction, view)

    async def on_insert_scene_sent(
        self, interaction: discord.Interaction, about: Target, typed: dict[str, str]
    ) -> None:
        """The form of a new scene."""
        await at_home(interaction, self.app.scenes, about.record)
        edits, scene = self.app.scene_edits, scene_typed(typed)
        view = await edits.insert(actor_of(interaction), about.record, about.version, about.scene, scene)
        await self._changed(interaction, view)

    async def _changed(self, interaction: discord.Interaction, view: SceneListView) -> None:
        """With the page of the scene that was changed."""
        sheet = await asyncio.to_thread(sheet_of, view, scene=view.version.scene or 1)
        await doors.show(interaction, sheet, private=view.record.private)
