"""/mydata."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors
from bot.actor import actor_of
from bot.delivery import DiscordCourier, parcels
from bot.ui import mydata as ui
from bot.ui.custom_ids import Action, Press
from bot.ui.frame import Sheet
from bot.ui.sending import editing
from mv.app import App
from mv.domain.ids import ServerId, made_at, new_id

FRESH = timedelta(minutes=15)
"""How long a question stands; then it is asked anew, for there may be more by then."""


@app_commands.guild_install()
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class MyDataCog(commands.GroupCog, group_name="mydata", group_description="Your own data: take it home, or remove it"):
    """Translates /mydata."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Forget me."""
        return (doors.pressable(Action.MYDATA_FORGET, self.on_forget),)

    @app_commands.command(name="export", description="All you asked for and what came of it, as ZIP files")
    async def export(self, interaction: discord.Interaction) -> None:
        """Here; in a direct message, in every server shared with the bot."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        actor, shared = actor_of(interaction), _shared(interaction)
        async with self.app.mydata.export(actor, shared, interaction.filesize_limit) as archives:
            if archives is None:
                await doors.show(interaction, ui.nothing_kept())
            else:
                await parcels.send(interaction, archives, ui.files_message)

    @app_commands.command(name="forget", description="Remove your texts and your name; asks first")
    async def forget(self, interaction: discord.Interaction) -> None:
        """Asks first, and says what would happen."""
        await doors.show(interaction, await self._question(interaction))

    async def on_forget(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question. An old one is asked anew."""
        if datetime.now(UTC) - made_at(press.record) > FRESH:
            await doors.turn(interaction, await self._question(interaction))
            return
        await self.app.mydata.question(actor_of(interaction), _shared(interaction))
        await doors.turn(interaction, ui.forgetting())
        work = self.app.mydata.forget(actor_of(interaction), _shared(interaction))
        found = await doors.carried_out(interaction, work, ui.not_forgotten())
        sheet = ui.forgot(found, _names(interaction)) if found else ui.nothing_left()
        await interaction.edit_original_response(**editing(sheet))

    async def _question(self, interaction: discord.Interaction) -> Sheet:
        found = await self.app.mydata.question(actor_of(interaction), _shared(interaction))
        return ui.forget_question(found, _names(interaction), new_id()) if found else ui.nothing_left()


def _shared(interaction: discord.Interaction) -> dict[ServerId, str]:
    """The servers that the bot is in, and what they are called."""
    return {ServerId(guild.id): guild.name for guild in interaction.client.guilds}


def _names(interaction: discord.Interaction) -> dict[ServerId, str]:
    """Of the servers, where the answer is about several."""
    return {} if interaction.guild_id is not None else _shared(interaction)
