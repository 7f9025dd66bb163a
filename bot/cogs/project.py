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
from bot.ui.character import character_rows
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.exports import project_files_message
from bot.ui.frame import Sheet
from bot.ui.scenes import scene_list_rows
from mv.app import App
from mv.domain import limits
from mv.domain.money import typed

Name = app_commands.Range[str, 1, limits.NAME]
WHICH = (None, False, True)
"""Projects of a list, by the number in its turns: all, open ones, archived ones."""


@app_commands.guild_install()
@app_commands.guild_only()
class ProjectCog(commands.GroupCog, group_name="project", group_description="What groups a video's scene lists"):
    """Translates /project."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return (
            doors.pressable(Action.PROJECT_SCENES, self.on_scenes),
            doors.pressable(Action.PROJECT_CHARACTERS, self.on_characters),
            doors.turnable(ListOf.PROJECT, self.on_turn),
        )

    @app_commands.command(name="create", description="Start a project")
    @app_commands.describe(name="What to call it")
    async def create(self, interaction: discord.Interaction, name: Name) -> None:
        """A new project, seen by everybody."""
        project = await self.app.projects.create(actor_of(interaction), name)
        await doors.show(interaction, ui.project_created(project), private=False)

    @app_commands.command(name="list", description="Projects of this server")
    @app_commands.describe(archived="Only archived ones, or only open ones; all if left out")
    async def list_(self, interaction: discord.Interaction, archived: bool | None = None) -> None:
        """A page of projects."""
        turn = Turn(what=ListOf.PROJECT, project=WHICH.index(archived))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="show", description="What is in a project, and what it cost")
    @app_commands.autocomplete(ref=offers.all_projects)
    @app_commands.describe(ref="Its number or name, such as P3")
    async def show(self, interaction: discord.Interaction, ref: str) -> None:
        """Counts, people, cost, and the latest records."""
        await doors.show(interaction, ui.project_sheet(await self.app.projects.show(actor_of(interaction), ref)))

    @app_commands.command(name="rename", description="Give a project of yours another name")
    @app_commands.autocomplete(ref=offers.all_projects)
    @app_commands.describe(ref="Its number or name, such as P3", name="What to call it from now on")
    async def rename(self, interaction: discord.Interaction, ref: str, name: Name) -> None:
        """Its owner and managers may."""
        renamed = await self.app.projects.rename(actor_of(interaction), ref, name)
        await doors.show(interaction, ui.project_renamed(*renamed))

    @app_commands.command(name="archive", description="Close a project of yours to new records, or open it again")
    @app_commands.autocomplete(ref=offers.all_projects)
    @app_commands.describe(ref="Its number or name, such as P3", reopen="Open it again")
    async def archive(self, interaction: discord.Interaction, ref: str, reopen: bool = False) -> None:
        """Its owner and managers may; what is in it stays."""
        project = await self.app.projects.archive(actor_of(interaction), ref, reopen=reopen)
        await doors.show(interaction, ui.project_archived(project))

    @app_commands.command(name="budget", description="What a project may spend in a month; managers only")
    @app_commands.autocomplete(ref=offers.all_projects)
    @app_commands.describe(
        ref="Its number or name, such as P3",
        limit="US dollars a month; 0 is none at all. Left out: no budget of its own",
    )
    async def budget(self, interaction: discord.Interaction, ref: str, limit: float | None = None) -> None:
        """Takes the place of the one before."""
        amount = None if limit is None else typed("limit", limit)
        project, spent = await self.app.projects.budget(actor_of(interaction), ref, amount)
        await doors.show(interaction, ui.project_budget(project, spent))

    async def on_scenes(self, interaction: discord.Interaction, press: Press) -> None:
        """The project's scene lists, as /scenes list shows them."""
        actor = actor_of(interaction)
        project = await self.app.projects.own(actor, press.record)
        page = await self.app.scenes.page(actor, project=str(project.ref))
        await doors.show(interaction, scene_list_rows(page, Turn(what=ListOf.SCENES, project=project.ref.number)))

    async def on_characters(self, interaction: discord.Interaction, press: Press) -> None:
        """The project's characters, as /character list shows them."""
        actor = actor_of(interaction)
        project = await self.app.projects.own(actor, press.record)
        page = await self.app.characters.page(actor, project=str(project.ref))
        await doors.show(interaction, character_rows(page, Turn(what=ListOf.CHARACTER, project=project.ref.number)))

    @app_commands.command(name="export", description="All of a project as ZIP files: lists, pictures, a contact sheet")
    @app_commands.autocomplete(ref=offers.all_projects)
    @app_commands.describe(ref="Its number or name, such as P3")
    async def export(self, interaction: discord.Interaction, ref: str) -> None:
        """What the asker may see of it, for them alone."""
        actor = actor_of(interaction)
        project = await self.app.projects.named(actor, ref)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with self.app.exports.project(actor, project, interaction.filesize_limit) as bundle:
            await parcels.send(interaction, bundle.archives, partial(project_files_message, bundle.contents))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        which = WHICH[turn.project % len(WHICH)]
        page = await self.app.projects.page(actor_of(interaction), turn.before or None, archived=which)
        return ui.project_rows(page, turn)
