"""/usage and /quota."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors, offers
from bot.actor import actor_of
from bot.delivery import DiscordCourier, parcels
from bot.ui import usage as ui
from bot.ui import usage_report as report_ui
from mv.app import App
from mv.domain.ids import MemberId, ServerId
from mv.domain.money import typed
from mv.domain.usage import AllowanceKind, Period
from mv.errors import NotChosen, OutOfRange
from mv.services.usage import COUNTS

KINDS = [app_commands.Choice(name=kind.value, value=kind.value) for kind in AllowanceKind]
PERIODS = [app_commands.Choice(name=period.value, value=period.value) for period in Period]


@app_commands.guild_install()
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
class UsageCog(commands.GroupCog, group_name="usage", group_description="What you used and what is left"):
    """Translates /usage."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    @app_commands.command(name="me", description="What you used, what is left, and when it resets")
    async def me(self, interaction: discord.Interaction) -> None:
        """Here; in a direct message, in every server shared with the bot."""
        names = {ServerId(guild.id): guild.name for guild in interaction.client.guilds}
        sheets = await self.app.usage.me(actor_of(interaction), tuple(names))
        single = interaction.guild_id is not None
        cards = [
            ui.usage_card(s.allowances, s.spent, "" if single else names[s.server_id], zone=s.zone) for s in sheets
        ]
        await doors.show(interaction, ui.usage_message(cards))

    @app_commands.command(name="member", description="What a member used and has left; managers only")
    @app_commands.describe(member="Whose usage")
    async def member(self, interaction: discord.Interaction, member: discord.Member | discord.User) -> None:
        """As they see it themselves. Limits go by the roles they have; who has left the server has none."""
        roles = frozenset(role.id for role in member.roles) if isinstance(member, discord.Member) else frozenset()
        theirs = MemberId(member.id)
        sheet = await self.app.usage.of(actor_of(interaction), theirs, roles)
        card = ui.usage_card(sheet.allowances, sheet.spent, zone=sheet.zone, of=(theirs, member.display_name))
        await doors.show(interaction, ui.usage_message([card]))

    @app_commands.command(name="server", description="Who and what used how much in a month; managers only")
    @app_commands.autocomplete(month=offers.months)
    @app_commands.describe(month="Such as 2026-11; left out: the running one")
    async def server(self, interaction: discord.Interaction, month: str | None = None) -> None:
        """By member, project and engine, with a chart of its days."""
        actor, reports = actor_of(interaction), self.app.usage_reports
        which = await reports.month(actor, month)
        await interaction.response.defer(ephemeral=True, thinking=True)
        report = await reports.server(actor, which)
        chart = await reports.chart(report) if report.days else None
        sheet = report_ui.server_message(report, chart)
        await doors.show(interaction, sheet.within(interaction.filesize_limit))

    @app_commands.command(name="ledger", description="Every entry of a month as CSV; managers only")
    @app_commands.autocomplete(month=offers.months)
    @app_commands.describe(month="Such as 2026-11; left out: the running one")
    async def ledger(self, interaction: discord.Interaction, month: str | None = None) -> None:
        """What the sums are made of; as ZIPs where it is too large for one file."""
        actor, reports = actor_of(interaction), self.app.usage_reports
        which = await reports.month(actor, month)
        await interaction.response.defer(ephemeral=True, thinking=True)
        async with reports.ledger(actor, which, interaction.filesize_limit) as export:
            if export is None:
                await doors.show(interaction, report_ui.no_ledger(which))
            else:
                drawn = partial(report_ui.ledger_message, which, export.entries)
                await parcels.send(interaction, export.archives, drawn)


@app_commands.guild_install()
@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class QuotaCog(commands.GroupCog, group_name="quota", group_description="Limits of this server, for managers"):
    """Translates /quota."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """No buttons."""
        return ()

    @app_commands.command(name="set", description="Set a limit: for a member, a role, or everybody here")
    @app_commands.describe(
        kind="What is limited",
        limit="How many (for spend: US dollars); 0 is none at all",
        period="Per day or month",
        member="For this member",
        role="For everybody with this role",
    )
    @app_commands.choices(kind=KINDS, period=PERIODS)
    async def set_(
        self,
        interaction: discord.Interaction,
        kind: str,
        limit: float,
        period: str,
        member: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """Replaces the limit of the same subject, kind and period."""
        which = AllowanceKind(kind)
        quota = await self.app.usage.set_quota(
            actor_of(interaction), which, _amount(which, limit), Period(period), *_subject(member, role)
        )
        await doors.show(interaction, ui.quota_set(quota))

    @app_commands.command(name="show", description="The limits of this server, or of a member or role")
    @app_commands.describe(member="Only this member's", role="Only this role's")
    async def show(
        self,
        interaction: discord.Interaction,
        member: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """What was set, and what holds otherwise."""
        quotas = await self.app.usage.quotas(actor_of(interaction), *_subject(member, role))
        await doors.show(interaction, ui.quota_message(quotas))

    @app_commands.command(name="clear", description="Remove a limit: of a member, a role, or everybody here")
    @app_commands.describe(
        kind="Only this kind", period="Only per day, or per month", member="Of this member", role="Of this role"
    )
    @app_commands.choices(kind=KINDS, period=PERIODS)
    async def clear(
        self,
        interaction: discord.Interaction,
        kind: str | None = None,
        period: str | None = None,
        member: discord.User | None = None,
        role: discord.Role | None = None,
    ) -> None:
        """What is more general holds again."""
        which = AllowanceKind(kind) if kind else None, Period(period) if period else None
        count = await self.app.usage.clear_quotas(actor_of(interaction), *which, *_subject(member, role))
        await doors.show(interaction, ui.quotas_cleared(count))


def _subject(member: discord.User | None, role: discord.Role | None) -> tuple[MemberId | None, int | None]:
    """At most one of the two. Raises NotChosen."""
    if member and role:
        raise NotChosen(field="subject", given="member and role", allowed=("member", "role"))
    return (MemberId(member.id), None) if member else (None, role.id if role else None)


def _amount(kind: AllowanceKind, limit: float) -> int:
    """Counts are whole numbers; dollars become micro-dollars. Raises OutOfRange, NotChosen."""
    if kind is AllowanceKind.SPEND:
        return typed("limit", limit)
    if not COUNTS[0] <= limit <= COUNTS[1]:
        raise OutOfRange(field="limit", low=COUNTS[0], high=COUNTS[1])
    if limit != round(limit):
        raise NotChosen(field="limit", given=f"{limit:g}", allowed=("whole numbers",))
    return int(limit)
