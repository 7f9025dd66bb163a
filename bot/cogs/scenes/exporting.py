"""Scene lists taken elsewhere as files, and brought in from one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import sheet_of
from bot.shelf import Part
from bot.ui.custom_ids import Action, Press
from bot.ui.exports import scene_files_message
from mv.domain.scenes import SceneListView
from mv.export.scenes_files import FileFormat

FORMATS = [app_commands.Choice(name=each.value, value=each.value) for each in FileFormat]


class Exporting(Part):
    """What goes out as files, and what comes in as one."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Export."""
        return (*super().presses(), doors.pressable(Action.SCENES_EXPORT, self.on_export))

    @app_commands.command(name="export", description="A scene list as a file")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(
        ref="Its number, such as S12",
        format="json for programs, markdown to read, csv and xlsx for spreadsheets",
        version="Which version; the newest if left out",
    )
    @app_commands.choices(format=FORMATS)
    async def export(
        self,
        interaction: discord.Interaction,
        ref: str,
        format: str,
        version: app_commands.Range[int, 1] | None = None,
    ) -> None:
        """One file, for the asker alone."""
        view = await self.app.scenes.show(actor_of(interaction), ref, version)
        await self._send(interaction, view, FileFormat(format))

    @app_commands.command(name="import", description="A new scene list from a scenes.json of ours")
    @app_commands.autocomplete(project=offers.projects)
    @app_commands.describe(
        file="A scenes.json, as /scenes export writes it",
        project="The project it belongs to",
        private="Only you see it; as the file says if left out",
    )
    async def import_(
        self,
        interaction: discord.Interaction,
        file: discord.Attachment,
        project: str | None = None,
        private: bool | None = None,
    ) -> None:
        """A list from a file. What was private stays so, unless it is said otherwise."""
        work = self._import(interaction, file, project, private)
        view = await doors.waited(interaction, work, private=private is not False)
        await doors.show(interaction, await asyncio.to_thread(sheet_of, view), private=view.record.private)

    async def _import(
        self, interaction: discord.Interaction, file: discord.Attachment, project: str | None, private: bool | None
    ) -> SceneListView:
        data = await doors.handed_in(file)
        return await self.app.imports.scenes(actor_of(interaction), data, project=project, private=private)

    async def on_export(self, interaction: discord.Interaction, press: Press) -> None:
        """All files of the version that is shown, for whoever pressed."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await self._send(interaction, view, *FileFormat)

    async def _send(self, interaction: discord.Interaction, view: SceneListView, *formats: FileFormat) -> None:
        files = await self.app.exports.scenes(view, formats)
        await doors.show(interaction, scene_files_message(view, files).within(interaction.filesize_limit))
