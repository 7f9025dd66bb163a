"""/scenes, and the buttons under a scene list."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.cogs.scenes.editing import Editing
from bot.cogs.scenes.exporting import Exporting
from bot.cogs.scenes.history import History
from bot.cogs.scenes.library import Library
from bot.cogs.scenes.making import Making
from bot.delivery import DiscordCourier
from mv.app import App
from mv.domain.jobs import JobKind


@app_commands.guild_install()
@app_commands.guild_only()
class ScenesCog(
    Making,
    Editing,
    History,
    Library,
    Exporting,
    commands.GroupCog,
    group_name="scenes",
    group_description="Scene lists for a music video",
):
    """Translates /scenes."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.courier = courier
        courier.draws[JobKind.SCENES] = self.result
