"""The baseline: the least that a sharded discord.py bot with these command names can do, which is to defer.

Takes DISCORD_API_BASE_URL, DISCORD_TOKEN and MV_DATA_DIR as the real one does, and syncs its commands at its first
start only, as the real one does."""

from __future__ import annotations

import os
from pathlib import Path

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route


class Bare(discord.AutoShardedClient):
    """Nothing but the tree."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        """Where the gateway is, and the commands."""
        _, url, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        synced = Path(os.environ["MV_DATA_DIR"]) / "synced"
        if not synced.exists():
            await self.tree.sync()
            synced.touch()


def build() -> Bare:
    """With the commands the measurements use."""
    bot = Bare()
    scenes = app_commands.Group(name="scenes", description="scenes")
    character = app_commands.Group(name="character", description="character")

    @scenes.command(name="create", description="defers")
    async def make_scenes(interaction: discord.Interaction, idea: str, character: str) -> None:
        await interaction.response.defer(thinking=True)

    @character.command(name="create", description="defers")
    async def make_character(interaction: discord.Interaction, description: str) -> None:
        await interaction.response.defer(thinking=True)

    @bot.tree.command(name="help", description="defers")
    async def show_help(interaction: discord.Interaction) -> None:
        await interaction.response.defer(thinking=True)

    bot.tree.add_command(scenes)
    bot.tree.add_command(character)
    return bot


if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_BASE_URL"]
    build().run(os.environ["DISCORD_TOKEN"], log_handler=None)
