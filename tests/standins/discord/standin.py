"""The stand-in as a test holds it: a server to point a bot at, and hands that do what members do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.standins.discord import forms, wire
from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.interactions import Interaction, Kind
from tests.standins.discord.server import Server
from tests.standins.discord.world import Channel, Json, Member, Message, User

Who = Member | User


@dataclass(frozen=True, slots=True)
class Prepared:
    """An interaction that is ready to be sent."""

    asked: Interaction
    payload: Json


class DiscordStandIn(Server):
    """A Discord on 127.0.0.1 with two servers: `guild` (with `owner`, `manager`, `member`, `friend` and `channel`)
    and `other_guild`. Point a bot at `base_url`; the gateway's address comes from its /gateway/bot.

    Unless told otherwise, an act is `member`'s in `channel`. Acts return when the event is on the wire; await the
    Interaction's `acknowledged`, `response` or `until` for what the bot makes of it."""

    async def slash(
        self,
        path: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who | None = None,
        channel: Channel | None = None,
        forced: bool = False,
    ) -> Interaction:
        """Types a command, such as "scenes create". Raises StandInMistake where Discord's client would not let a
        member do it, unless `forced`. A `channel` of type 1 (`world.direct(user)`) asks in a direct message."""
        return await self.send(self.prepare(path, options, member=member, channel=channel, forced=forced))

    def prepare(
        self,
        path: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who | None = None,
        channel: Channel | None = None,
        forced: bool = False,
    ) -> Prepared:
        """As `slash`, but not sent yet: `send` it when the time has come."""
        asked = self._ask(Kind.COMMAND, path, member, channel)
        filled = self.commands.fill(path, asked.channel, options or {}, focused=None, forced=forced)
        if not forced:
            self._may(path, asked)
        return self._prepared(asked, filled.data)

    async def autocomplete(
        self,
        path: str,
        option: str,
        text: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who | None = None,
        channel: Channel | None = None,
    ) -> Interaction:
        """Types `text` into an option, with others filled already; await `acknowledged`, then see `choices`."""
        asked = self._ask(Kind.AUTOCOMPLETE, path, member, channel)
        filled = self.commands.fill(
            path, asked.channel, {**(options or {}), option: text}, focused=option, forced=False
        )
        return await self.send(self._prepared(asked, filled.data))

    async def click(self, message: Message, which: str, *, member: Who | None = None) -> Interaction:
        """Presses a button by its label or custom id."""
        return await self.select(message, which, [], member=member)

    async def select(
        self, message: Message, which: str, values: Sequence[str], *, member: Who | None = None
    ) -> Interaction:
        """Chooses in a select by its placeholder or custom id."""
        user = _user(member or self.member)
        one = forms.control(message, which, user)
        asked = self._ask(Kind.CLICK, one["custom_id"], member, message.channel)
        asked.source = message
        return await self.send(self._prepared(asked, forms.pressed(one, values)))

    async def submit(self, modal: Interaction, values: Mapping[str, Any] | None = None) -> Interaction:
        """Sends the form that `modal` was answered by; `values` by label or custom id."""
        data = forms.filled(modal, values or {})
        who = modal.channel.guild.members[modal.user.id] if modal.channel.guild else modal.user
        asked = self._ask(Kind.SUBMIT, data["custom_id"], who, modal.channel)
        asked.source = modal.source
        return await self.send(self._prepared(asked, data))

    def _ask(self, kind: Kind, name: str, member: Who | None, channel: Channel | None) -> Interaction:
        who = member or self.member
        place = channel or self._home(who)
        if place.guild is not None and who.id not in place.guild.members:
            raise StandInMistake(f"{_user(who).name} is not in {place.guild.name}")
        number = self.world.snowflake()
        return Interaction(id=number, kind=kind, user=_user(who), channel=place, bell=self.bell, name=name)

    def _home(self, who: Who) -> Channel:
        if isinstance(who, Member) and who.guild is not self.guild:
            return next(iter(who.guild.channels.values()))
        return self.channel

    def _may(self, path: str, asked: Interaction) -> None:
        found = self.commands.find(path, asked.channel)
        assert found is not None
        needed = found[0].get("default_member_permissions")
        granted = self.world.permissions(asked.user.id, asked.channel)
        if needed is not None and (int(needed) & ~int(granted) or int(needed) == 0) and asked.channel.guild:
            raise StandInMistake(f"Discord hides /{path} from {asked.user.name}: it needs {needed}")
        contexts = found[0].get("contexts")
        if asked.channel.guild is None and contexts is not None and 1 not in contexts:
            raise StandInMistake(f"Discord does not offer /{path} in direct messages")

    def _prepared(self, asked: Interaction, data: Json) -> Prepared:
        return Prepared(asked, self._payload(asked, data))

    async def send(self, prepared: Prepared) -> Interaction:
        """Puts an interaction on the wire; from now on its three seconds run."""
        asked = prepared.asked
        self.hooks.add(asked)
        asked.sent_at = time.monotonic()
        asked.token_expires_at = asked.sent_at + self.token_seconds
        if not await self.gateway.dispatch("INTERACTION_CREATE", prepared.payload, asked.channel.guild):
            raise StandInMistake("no bot is connected")
        return asked

    def _payload(self, asked: Interaction, data: Json) -> Json:
        channel, guild, bot = asked.channel, asked.channel.guild, self.world.bot
        granted = str(int(self.world.permissions(asked.user.id, channel)))
        found: Json = {"id": str(asked.id), "application_id": str(bot.id), "type": int(asked.kind), "version": 1}
        found |= {"token": asked.token, "data": data, "locale": "en-US", "entitlements": []}
        found |= {"channel_id": str(channel.id), "channel": wire.channel(channel) | {"permissions": granted}}
        found["app_permissions"] = str(int(self.world.permissions(bot.id, channel)))
        found["attachment_size_limit"] = guild.upload_limit if guild else 10 * 1024 * 1024
        found["authorizing_integration_owners"] = {"0": str(guild.id if guild else 0)}
        if asked.source is not None:
            found["message"] = wire.message(self.world, asked.source)
        if guild is None:
            return found | {"context": 1, "user": wire.user(asked.user)}
        found |= {"context": 0, "guild_id": str(guild.id), "guild_locale": "en-US"}
        found["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
        return found | {"member": wire.member(guild.members[asked.user.id]) | {"permissions": granted}}


def _user(who: Who) -> User:
    return who.user if isinstance(who, Member) else who
