"""The world as JSON, with every field that discord.py reads."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.standins.discord.world import (
    LOADING,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
    World,
    walk,
)


def moment(seconds: float) -> str:
    """A Unix time as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user(one: User) -> Json:
    """A user object."""
    return {
        "id": str(one.id),
        "username": one.name.lower(),
        "global_name": one.name,
        "discriminator": "0",
        "avatar": None,
        "bot": one.bot,
        "public_flags": 0,
    }


def member(one: Member) -> Json:
    """A member object with its user."""
    return {
        "user": user(one.user),
        "nick": None,
        "avatar": None,
        "roles": [str(role_id) for role_id in one.role_ids],
        "joined_at": moment(1_700_000_000),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }


def role(one: Role) -> Json:
    """A role object."""
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(int(one.permissions)),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }


def channel(one: Channel) -> Json:
    """A channel object: text, direct message or thread."""
    found: Json = {"id": str(one.id), "type": one.type, "last_message_id": None, "flags": 0}
    if one.recipient is not None:
        return {**found, "recipients": [user(one.recipient)]}
    assert one.guild is not None
    found |= {"guild_id": str(one.guild.id), "name": one.name, "rate_limit_per_user": 0}
    found["parent_id"] = str(one.parent_id) if one.parent_id else None
    if one.type == 11:
        return found | {
            "owner_id": str(one.guild.owner_id),
            "message_count": 0,
            "member_count": 1,
            "total_message_sent": 0,
            "thread_metadata": {
                "archived": one.archived,
                "auto_archive_duration": 1440,
                "archive_timestamp": moment(1_700_000_000),
                "locked": False,
            },
        }
    overwrites = [
        {"id": str(who), "type": int(who not in one.guild.roles), "allow": str(int(yes)), "deny": str(int(no))}
        for who, (yes, no) in one.overwrites.items()
    ]
    return found | {"position": 0, "nsfw": False, "topic": None, "permission_overwrites": overwrites}


def guild(one: Guild) -> Json:
    """A server as GET /guilds/{id} shows it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "owner_id": str(one.owner_id),
        "icon": None,
        "banner": None,
        "description": None,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role(each) for each in one.roles.values()],
        "premium_tier": one.boosts,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
    }


def guild_create(one: Guild, members: list[Member]) -> Json:
    """The event's data."""
    return guild(one) | {
        "joined_at": moment(1_700_000_000),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(each) for each in members],
        "channels": [channel(each) for each in one.channels.values() if each.type != 11],
        "threads": [channel(each) for each in one.channels.values() if each.type == 11 and not each.archived],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def attachment(world: World, one: Attachment) -> Json:
    """An attachment object; its address is signed for a day, as Discord's are."""
    url = f"{world.cdn}/attachments/{world.bot.id}/{one.id}/{one.name}?ex=7fffffff&is=0&hm=0"
    found: Json = {"id": str(one.id), "filename": one.name, "size": one.size, "content_type": one.mime}
    return found | {"url": url, "proxy_url": url, "description": one.description}


def message(world: World, one: Message) -> Json:
    """A message object; attachment:// in embeds has become an address."""
    files = {each.name: attachment(world, each) for each in one.attachments}
    found: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "author": user(one.author),
        "content": one.content,
        "timestamp": moment(one.sent_at),
        "edited_timestamp": moment(one.edited_at) if one.edited_at else None,
        "tts": False,
        "mention_everyone": "everyone" in one.pinged,
        "mentions": [user(world.users[who]) for who in one.pinged if isinstance(who, int) and who in world.users],
        "mention_roles": [],
        "attachments": list(files.values()),
        "embeds": [_resolved(embed, files) for embed in one.embeds],
        "components": one.components,
        "pinned": False,
        "type": 20 if one.interaction else 19 if one.reference else 0,
        "flags": one.flags & ~LOADING if one.content or one.embeds else one.flags,
    }
    if one.nonce is not None:
        found["nonce"] = one.nonce
    if one.webhook:
        found |= {"webhook_id": str(world.bot.id), "application_id": str(world.bot.id)}
    if one.interaction:
        found["interaction_metadata"] = one.interaction
    if one.reference:
        found["message_reference"] = one.reference
    return found


def _resolved(embed: Json, files: dict[str, Json]) -> Json:
    found = {"type": "rich", **embed}
    for key in ("image", "thumbnail"):
        url = (embed.get(key) or {}).get("url", "")
        if url.startswith("attachment://"):
            found[key] = {"url": files[url.removeprefix("attachment://")]["url"]}
    return found


def numbered(components: list[Json]) -> list[Json]:
    """Components with the numbers that Discord gives to those that came without."""
    for number, one in enumerate(walk(components), start=1):
        one.setdefault("id", number)
    return components
