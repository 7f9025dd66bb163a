"""/settings."""

from __future__ import annotations

from typing import TypeAlias

import discord
from discord import AppCommandOptionType, ChannelType, app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread
from discord.ext import commands

from bot import doors, offers
from bot.actor import actor_of, missing_there
from bot.delivery import DiscordCourier
from bot.ui import settings as ui
from mv.app import App
from mv.domain.ids import ChannelId
from mv.domain.money import typed
from mv.domain.settings import KEPT, MOST_DAYS, Changes
from mv.errors import CannotPost

THREADS = (ChannelType.public_thread, ChannelType.private_thread, ChannelType.news_thread)
WITH_MESSAGES = (ChannelType.text, ChannelType.news, ChannelType.voice, ChannelType.stage_voice, ChannelType.forum)


class Place(app_commands.Transformer):
    """Where commands are used: a channel or thread, also one that the bot does not see."""

    @property
    def type(self) -> AppCommandOptionType:
        """As Discord draws it."""
        return AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[ChannelType]:
        """All but what holds no messages."""
        return [*WITH_MESSAGES, *THREADS]

    async def transform(self, _: discord.Interaction, value: AppCommandChannel | AppCommandThread) -> ChannelId:
        """Its number."""
        return ChannelId(value.id)


Days: TypeAlias = app_commands.Range[int, 0, MOST_DAYS]
Channel: TypeAlias = app_commands.Transform[ChannelId, Place]


@app_commands.guild_install()
@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class SettingsCog(commands.GroupCog, group_name="settings", group_description="Settings of this server, for managers"):
    """Translates /settings."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    @app_commands.command(name="show", description="What is set in this server, and what holds otherwise")
    async def show(self, interaction: discord.Interaction) -> None:
        """All of it."""
        await doors.show(interaction, ui.settings_message(await self.app.server_settings.show(actor_of(interaction))))

    @app_commands.command(name="set", description="Change what is set in this server")
    @app_commands.autocomplete(project=offers.projects_or_none, flavor=offers.flavors_or_none, time_zone=offers.zones)
    @app_commands.describe(
        budget="US dollars that may be spent here in a month; 0 is none at all",
        no_budget="Take the budget away: what limits.yaml says holds again",
        time_zone="Whose days and months allowances and budgets go by, such as Europe/Berlin",
        notices_channel="Where managers are told that a budget is nearly used up",
        project="The project of what is made without one; none takes it away",
        flavor="The flavor of what is made without one; none takes it away",
        channel="Where this project and flavor apply; in the whole server if left out",
        allow_channel="A channel where things may be made; then they may not elsewhere",
        disallow_channel="A channel where nothing may be made",
        keep_jobs_days="Days for which ended jobs can be looked at; 0 is for ever",
        keep_takes_days="Days for which older pictures of characters without a star are kept; 0 is for ever",
        keep_deleted_days="Days for which Undo brings back what was deleted; 0 is as short as possible",
    )
    async def set_(
        self,
        interaction: discord.Interaction,
        budget: float | None = None,
        no_budget: bool = False,
        time_zone: str | None = None,
        notices_channel: Channel | None = None,
        project: str | None = None,
        flavor: str | None = None,
        channel: Channel | None = None,
        allow_channel: Channel | None = None,
        disallow_channel: Channel | None = None,
        keep_jobs_days: Days | None = None,
        keep_takes_days: Days | None = None,
        keep_deleted_days: Days | None = None,
    ) -> None:
        """All that was named, or nothing."""
        days = zip(KEPT, (keep_jobs_days, keep_takes_days, keep_deleted_days), strict=True)
        if notices_channel is not None and (missing := missing_there(interaction, notices_channel)):
            raise CannotPost(missing=missing)
        changes = Changes(
            project=project, flavor=flavor, channel=channel, allow=allow_channel, disallow=disallow_channel,
            keep={option: kept for option, kept in days if kept is not None},
            budget=None if budget is None else typed("budget", budget), no_budget=no_budget,
            zone=time_zone, notices=notices_channel,
        )  # fmt: skip
        view = await self.app.server_settings.change(actor_of(interaction), changes)
        await doors.show(interaction, ui.settings_message(view, saved=True))
