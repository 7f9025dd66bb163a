"""Servers and channels that come and go, as Discord tells."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.delivery import DiscordCourier
from bot.errors import UNREACHABLE
from mv.app import App
from mv.domain.ids import ChannelId, ServerId


class ServersCog(commands.Cog):
    """Passes on which servers the bot is in: what is kept of one that it left goes after a while."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.client = courier.client

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """A channel may have been deleted while nobody listened; if it was the only one where something may be made,
        nothing could be made any more."""
        for server, channel in await self.app.server_settings.channels():
            guild = self.client.get_guild(server)
            if guild is not None and guild.get_channel_or_thread(channel) is None and await _is_gone(guild, channel):
                await self.app.server_settings.channel_gone(server, channel)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Perhaps again."""
        await self.app.servers.joined(ServerId(guild.id))

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Not for one that is merely unavailable."""
        await self.app.servers.left(ServerId(guild.id))

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """What was set for it goes with it."""
        await self.app.server_settings.channel_gone(ServerId(channel.guild.id), ChannelId(channel.id))

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, thread: discord.RawThreadDeleteEvent) -> None:
        """As a channel."""
        await self.app.server_settings.channel_gone(ServerId(thread.guild_id), ChannelId(thread.thread_id))


async def _is_gone(guild: discord.Guild, channel: ChannelId) -> bool:
    """Archived threads are not in memory, so Discord is asked; if it does not say, the channel is there."""
    try:
        await guild.fetch_channel(channel)
    except discord.NotFound:
        return True
    except (discord.HTTPException, discord.InvalidData, *UNREACHABLE):
        return False
    return False
