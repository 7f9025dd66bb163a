"""/character, and the buttons under a character."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.cogs.character.library import Library
from bot.cogs.character.making import Making
from bot.cogs.character.varying import Varying
from bot.delivery import DiscordCourier
from mv.app import App
from mv.domain.jobs import JobKind


@app_commands.guild_install()
@app_commands.guild_only()
class CharacterCog(
    Making,
    Varying,
    Library,
    commands.GroupCog,
    group_name="character",
    group_description="Character reference images",
):
    """Translates /character."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.courier = courier
        courier.draws[JobKind.CHARACTER] = self.result
