"""An interaction, as plain values: who asks, where, and where the answer was promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import discord

from mv.domain.actor import Actor
from mv.domain.ids import ChannelId, MemberId, ServerId
from mv.domain.jobs import ReplyTo
from mv.errors import ServerOnly

NEEDED = ("view_channel", "send_messages", "embed_links", "attach_files")
"""What the bot must be allowed where a public result goes."""

INVITED = (*NEEDED, "send_messages_in_threads", "read_message_history")
"""What the invite link asks for. To read what came before is needed for replies, and to find again what was posted just
before a kill; where the bot may not, Discord's own memory of some minutes must do."""

TOKEN_LIFE = timedelta(minutes=15) - timedelta(seconds=10)
"""Counted from the arrival by our own clock: the one that is asked later, and that need not agree with Discord's."""


def actor_of(interaction: discord.Interaction) -> Actor:
    """Who asks. Managers are members with Manage Server; Discord resolves the permission itself."""
    member = interaction.user
    roles = frozenset(role.id for role in member.roles) if isinstance(member, discord.Member) else frozenset()
    in_server = interaction.guild_id is not None
    return Actor(
        member_id=MemberId(member.id),
        server_id=ServerId(interaction.guild_id) if interaction.guild_id is not None else None,
        channel_id=ChannelId(interaction.channel_id or 0),
        role_ids=roles,
        is_manager=in_server and _holds(interaction.permissions, "manage_guild"),
        name=member.display_name,
        places=_places(interaction),
    )


def _places(interaction: discord.Interaction) -> tuple[ChannelId, ...]:
    if interaction.guild_id is None:
        return ()
    parent = interaction.channel.parent_id if isinstance(interaction.channel, discord.Thread) else None
    return tuple(ChannelId(place) for place in (interaction.channel_id, parent) if place)


async def member_of(interaction: discord.Interaction, server: ServerId) -> Actor:
    """Who asks for a job in that server. In a direct message they act as a plain member of it, with the roles that they
    have there, for limits hang on these: one request to Discord. Raises ServerOnly if they are none (any more)."""
    actor = actor_of(interaction)
    if actor.server_id is not None:
        return actor
    guild = interaction.client.get_guild(server)
    try:
        member = await guild.fetch_member(actor.member_id) if guild is not None else None
    except discord.NotFound:
        member = None
    if member is None:
        raise ServerOnly()
    return replace(actor, server_id=server, role_ids=frozenset(role.id for role in member.roles))


def reply_of(interaction: discord.Interaction, *, private: bool) -> ReplyTo:
    """Where the answer goes."""
    return ReplyTo(
        channel_id=ChannelId(interaction.channel_id or 0),
        application_id=interaction.application_id,
        token=interaction.token,
        token_expires_at=datetime.now(UTC) + TOKEN_LIFE,
        private=private,
        upload_limit=interaction.filesize_limit,
        interaction_id=interaction.id,
    )


def missing_permissions(interaction: discord.Interaction) -> tuple[str, ...]:
    """What the bot would need to post a public result here and does not have; nothing in a direct message."""
    if interaction.guild_id is None:
        return ()
    allowed = interaction.app_permissions
    needed = list(NEEDED)
    if isinstance(interaction.channel, discord.Thread):
        needed[needed.index("send_messages")] = "send_messages_in_threads"
    return tuple(name for name in needed if not _holds(allowed, name))


def missing_there(interaction: discord.Interaction, channel_id: ChannelId) -> tuple[str, ...]:
    """What the bot would need to write into another channel of this server, which it may not even see."""
    guild = interaction.guild
    channel = guild.get_channel_or_thread(channel_id) if guild is not None else None
    if guild is None or channel is None:
        return ("view_channel",)
    allowed = channel.permissions_for(guild.me)
    write = "send_messages_in_threads" if isinstance(channel, discord.Thread) else "send_messages"
    return tuple(name for name in ("view_channel", write, "embed_links") if not _holds(allowed, name))


def _holds(permissions: discord.Permissions, name: str) -> bool:
    """Administrators hold every permission, whether it is listed or not."""
    return permissions.administrator or bool(getattr(permissions, name))
