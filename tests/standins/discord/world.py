"""The simulated Discord's memory: servers, channels, members, messages; permissions as Discord computes them."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from tests.standins.discord.errors import StandInMistake

Json = dict[str, Any]
DISCORD_EPOCH_MS = 1_420_070_400_000
FIXED_IDS_MS = 1_600_000_000_000
MEGABYTE = 1024 * 1024
EPHEMERAL = 1 << 6
LOADING = 1 << 7


class Permission(IntFlag):
    """The bits this stand-in knows about; the rest stay as they are given."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL = Permission((1 << 50) - 1)
ORDINARY = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)


@dataclass(eq=False, kw_only=True)
class User:
    """An account. `accepts_messages` False refuses direct messages with 50007."""

    id: int
    name: str
    bot: bool = False
    accepts_messages: bool = True

    @property
    def mention(self) -> str:
        """As it stands in a message's text."""
        return f"<@{self.id}>"


@dataclass(eq=False, kw_only=True)
class Role:
    """A role; `@everyone` has the server's id."""

    id: int
    name: str
    permissions: Permission


@dataclass(eq=False, kw_only=True)
class Guild:
    """A server. `boosts` is the tier 0-3, which sets the upload limit."""

    id: int
    name: str
    owner_id: int = 0
    boosts: int = 0
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)

    @property
    def upload_limit(self) -> int:
        """Bytes a file may have."""
        return (10, 10, 50, 100)[self.boosts] * MEGABYTE


@dataclass(eq=False, kw_only=True)
class Member:
    """An account in a server."""

    user: User
    guild: Guild
    role_ids: list[int] = field(default_factory=list)

    @property
    def id(self) -> int:
        """The account's."""
        return self.user.id

    @property
    def mention(self) -> str:
        """As it stands in a message's text."""
        return self.user.mention


@dataclass(eq=False, kw_only=True)
class Channel:
    """A text channel (0), a direct message (1) or a public thread (11).

    `overwrites` is role or member id → (allowed, denied)."""

    id: int
    name: str
    type: int = 0
    guild: Guild | None = None
    parent_id: int | None = None
    recipient: User | None = None
    archived: bool = False
    overwrites: dict[int, tuple[Permission, Permission]] = field(default_factory=dict)

    def deny(self, who: Member | Role | User, *denied: Permission) -> None:
        """Takes permissions away here; `world.announce(guild)` tells the bot."""
        allowed, before = self.overwrites.get(who.id, (Permission(0), Permission(0)))
        for one in denied:
            before |= one
        self.overwrites[who.id] = (allowed & ~before, before)


@dataclass(eq=False, kw_only=True)
class Attachment:
    """A file of a message."""

    id: int
    name: str
    size: int
    mime: str
    data: bytes
    description: str | None = None


@dataclass(eq=False, kw_only=True)
class Message:
    """A message as it stands now; `past` holds (seconds, content, embeds) of what it showed before, oldest first."""

    id: int
    channel: Channel
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    allowed_mentions: Json | None = None
    nonce: str | None = None
    reference: Json | None = None
    interaction: Json | None = None
    asker_id: int | None = None
    webhook: bool = False
    pinged: frozenset[int | str] = frozenset()
    """User and role ids, and "everyone", that were really notified when it was sent."""
    sent_at: float = 0.0
    edited_at: float | None = None
    deleted: bool = False
    past: list[tuple[float, str, list[Json]]] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        """Whether only the asker sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """Whether it is a defer that nothing replaced yet."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """Everything a member can read on it, for `in`."""
        parts: list[str | None] = [self.content]
        for embed in self.embeds:
            parts += [embed.get("title") or "", embed.get("description") or "", (embed.get("author") or {}).get("name")]
            parts += [line for one in embed.get("fields", []) for line in (one["name"], one["value"])]
            parts.append((embed.get("footer") or {}).get("text"))
        return "\n".join(part for part in parts if part)

    @property
    def controls(self) -> list[Json]:
        """Buttons and selects, flat."""
        return [one for one in walk(self.components) if "custom_id" in one or one.get("type") == 2]

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [one.get("label") or "" for one in self.controls if one["type"] == 2]

    def file(self, name: str) -> bytes:
        """The bytes of an attachment by its name or ending."""
        for one in self.attachments:
            if one.name == name or one.name.endswith(name):
                return one.data
        raise StandInMistake(f"no file {name!r}; there are {[one.name for one in self.attachments]}")


def walk(components: list[Json]) -> list[Json]:
    """All components, with those inside rows, labels and containers."""
    found: list[Json] = []
    for one in components:
        inner = list(one.get("components") or [])
        inner += [one[key] for key in ("component", "accessory") if one.get(key)]
        found += [one, *walk(inner)]
    return found


class World:
    """All of it, by id."""

    def __init__(self) -> None:
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Message] = {}
        self.given: dict[int, Attachment] = {}
        """Files that members gave to commands."""
        self.keep_files = True
        self.cdn = ""
        self._order = itertools.count()
        self._fixed = itertools.count(1)
        self.bot = self.add_user("mv-bot", bot=True)

    def snowflake(self) -> int:
        """A new id that tells the time, as Discord's do."""
        return (int(time.time() * 1000) - DISCORD_EPOCH_MS) << 22 | next(self._order) & 0x3FFFFF

    def fixed_id(self) -> int:
        """An id that is the same in every run; two in a row fall to different shards."""
        return (FIXED_IDS_MS - DISCORD_EPOCH_MS + next(self._fixed)) << 22

    def add_user(self, name: str, *, bot: bool = False) -> User:
        """A new account."""
        user = User(id=self.fixed_id(), name=name, bot=bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, owner: str = "Olga") -> Guild:
        """A server with an owner, the bot, and #general."""
        guild = Guild(id=self.fixed_id(), name=name)
        guild.roles[guild.id] = Role(id=guild.id, name="@everyone", permissions=ORDINARY)
        self.guilds[guild.id] = guild
        guild.owner_id = self.add_member(guild, owner).id
        guild.members[self.bot.id] = Member(user=self.bot, guild=guild)
        self.add_channel(guild, "general")
        return guild

    def add_member(self, guild: Guild, who: str | User, permissions: Permission | None = None) -> Member:
        """A member, with a role of their own if they get permissions beyond everybody's."""
        user = who if isinstance(who, User) else self.add_user(who)
        member = Member(user=user, guild=guild)
        if permissions:
            role = Role(id=self.fixed_id(), name=f"{user.name}'s role", permissions=permissions)
            guild.roles[role.id] = role
            member.role_ids.append(role.id)
        guild.members[user.id] = member
        return member

    def add_channel(self, guild: Guild, name: str, *, thread_in: Channel | None = None) -> Channel:
        """A text channel, or a thread in one."""
        channel = Channel(id=self.fixed_id(), name=name, guild=guild, type=11 if thread_in else 0)
        channel.parent_id = thread_in.id if thread_in else None
        guild.channels[channel.id] = channel
        self.channels[channel.id] = channel
        return channel

    def direct(self, user: User) -> Channel:
        """The bot's direct message channel with someone."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(id=self.fixed_id(), name="", type=1, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def permissions(self, who: int, channel: Channel) -> Permission:
        """What a member may do in a channel: roles, then overwrites of everyone, roles and the member."""
        guild = channel.guild
        if guild is None:
            return ALL
        member = guild.members.get(who)
        if member is None:
            return Permission(0)
        if guild.owner_id == who:
            return ALL
        granted = guild.roles[guild.id].permissions
        for role_id in member.role_ids:
            granted |= guild.roles[role_id].permissions
        if granted & Permission.ADMINISTRATOR:
            return ALL
        return self._overwritten(granted, member, channel)

    def _overwritten(self, granted: Permission, member: Member, channel: Channel) -> Permission:
        place = self.channels.get(channel.parent_id or 0, channel)
        nothing = (Permission(0), Permission(0))
        allow, deny = place.overwrites.get(member.guild.id, nothing)
        granted = granted & ~deny | allow
        roles = [place.overwrites.get(role_id, nothing) for role_id in member.role_ids]
        for allow, deny in [*((Permission(0), no) for _, no in roles), *((yes, Permission(0)) for yes, _ in roles)]:
            granted = granted & ~deny | allow
        allow, deny = place.overwrites.get(member.id, nothing)
        return granted & ~deny | allow
