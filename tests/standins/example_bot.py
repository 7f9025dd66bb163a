"""A bot of a few lines, run as a process by the stand-in's own test: every kind of answer that mv-bot uses, once."""

from __future__ import annotations

import io
import os

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route


class Form(discord.ui.Modal, title="Revise"):
    wanted: discord.ui.TextInput[Form] = discord.ui.TextInput(label="What should change", max_length=100)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"changed: {self.wanted.value}")


class Buttons(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=60)

    @discord.ui.button(label="Revise", custom_id="revise:1")
    async def revise(self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.button(label="Report", custom_id="report:1")
    async def report(self, interaction: discord.Interaction, button: discord.ui.Button[Buttons]) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"{interaction.user.mention} @everyone", ephemeral=False)
        mentions = discord.AllowedMentions(users=[interaction.user])
        await interaction.user.send(f"hello {interaction.user.mention}", allowed_mentions=mentions)


class Bot(discord.AutoShardedClient):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        _, url, _ = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        return  # the default waits 5 s between shards


def build() -> Bot:
    bot = Bot()
    scenes = app_commands.Group(name="scenes", description="scenes")

    @scenes.command(name="create", description="makes one")
    @app_commands.choices(style=[app_commands.Choice(name="Noir", value="noir")])
    async def create(
        interaction: discord.Interaction,
        idea: app_commands.Range[str, 1, 20],
        count: app_commands.Range[int, 1, 24] = 8,
        style: str = "noir",
        friend: discord.Member | None = None,
        sheet: discord.Attachment | None = None,
    ) -> None:
        await interaction.response.defer(thinking=True)
        data = await sheet.read() if sheet else b"nothing"
        embed = discord.Embed(title=idea, description=f"{count} {style} {friend} {data.decode()}")
        embed.set_image(url="attachment://still.png")
        file = discord.File(io.BytesIO(b"png"), "still.png", description="a still")
        await interaction.edit_original_response(embed=embed, attachments=[file], view=Buttons())

    @create.autocomplete("style")
    async def styles(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current} {interaction.namespace.idea}", value="noir")]

    @bot.tree.command(name="quota", description="for managers")
    @app_commands.default_permissions(manage_guild=True)
    async def quota(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"manager: {interaction.permissions.manage_guild}", ephemeral=True)

    bot.tree.add_command(scenes)
    return bot


if __name__ == "__main__":
    Route.BASE = os.environ["DISCORD_API_BASE_URL"]
    build().run("any.shape.will-do", log_handler=None)
