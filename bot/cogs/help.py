"""/help."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors
from bot.delivery import DiscordCourier
from bot.ui.help import help_message
from mv.app import App


class HelpCog(commands.Cog):
    """Translates /help."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        """Takes what every cog takes."""

    @app_commands.command(name="help", description="What this bot does, with examples")
    @app_commands.guild_install()
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def help(self, interaction: discord.Interaction) -> None:
        """One screen."""
        await doors.show(interaction, help_message())
