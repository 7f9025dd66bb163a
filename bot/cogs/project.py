"""/project."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors, offers
from bot.actor import actor_of
from bot.delivery import DiscordCourier, parcels
from bot.ui import project as ui
from bot.ui.custom_ids import ListOf, Turn
from bot.ui.exports import project_files_message
from mv.app import App
from mv.domain import limits

Name = app_commands.Range[str, 1, limits.NAME]


@app_commands.guild_install()
@app_commands.guild_only()
class ProjectCog(commands.GroupCog, group_name="project", group_description="What groups a video's scene lists"):
    """Translates /project."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return (doors.turnable(ListOf.PROJECT, self.on_turn),)

    @app_commands.command(name="create", description="Start a project")
    @app_commands.describe(name="What to call it")
    async def create(self, interaction: discord.Interaction, name: Name) -> None:
        """A new project, seen by everybody."""
        project = await self.app.projects.create(actor_of(interaction), name)
        await doors.show(interaction, ui.project_created(project), private=False)

    @app_commands.command(name="list", description="Projects of this server")
    async def list_(self, interaction: discord.Interaction) -> None:
        """A page of projects."""
        page = await self.app.projects.page(actor_of(interaction))
        await doors.show(interaction, ui.project_rows(page, Turn(what=ListOf.PROJECT)))

    @app_commands.command(name="export", description="All of a project as ZIP files: lists, pictures, a contact sheet")
    @app_commands.autocomplete(ref=offers.projects)
    @app_commands.describe(ref="Its number, such as P3")
    async def export(self, interaction: discord.Interaction, ref: str) -> None:
        """What the asker may see of it, for them alone."""
        actor, exports = actor_of(interaction), self.app.exports
        project = await exports.project(actor, ref)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with exports.packed(actor, project, interaction.filesize_limit) as bundle:
            await parcels.send(interaction, bundle.archives, partial(project_files_message, bundle.contents))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        page = await self.app.projects.page(actor_of(interaction), turn.before or None)
        await doors.turn(interaction, ui.project_rows(page, turn))
