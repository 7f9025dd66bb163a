"""REST routes of the bot itself: who it is, its commands, servers, channels and their messages."""

from __future__ import annotations

import time
from typing import Any

from tests.standins.discord import errors, posts, wire
from tests.standins.discord.commands import Commands
from tests.standins.discord.door import Call, Route
from tests.standins.discord.gateway import Gateway
from tests.standins.discord.world import Channel, Guild, Json, Message, Permission, World

GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 9, 1 << 12
NONCE_SECONDS = 300.0


class Rest:
    """Handlers with the bot's token."""

    def __init__(self, world: World, commands: Commands, gateway: Gateway) -> None:
        self.world = world
        self.commands = commands
        self.gateway = gateway

    def routes(self) -> list[Route]:
        """All of them."""
        message = "/channels/{channel}/messages/{message}"
        return [
            ("GET", "/users/@me", self.me),
            ("GET", "/users/{user}", self.user),
            ("POST", "/users/@me/channels", self.direct),
            ("GET", "/oauth2/applications/@me", self.application),
            ("GET", "/applications/@me", self.application),
            ("GET", "/gateway", self.gateway_address),
            ("GET", "/gateway/bot", self.gateway_address),
            ("GET", "/applications/{application}/commands", self.get_commands),
            ("PUT", "/applications/{application}/commands", self.put_commands),
            ("GET", "/applications/{application}/guilds/{guild}/commands", self.get_commands),
            ("PUT", "/applications/{application}/guilds/{guild}/commands", self.put_commands),
            ("GET", "/guilds/{guild}", self.guild),
            ("GET", "/guilds/{guild}/channels", self.guild_channels),
            ("GET", "/guilds/{guild}/members/{user}", self.member),
            ("GET", "/channels/{channel}", self.channel),
            ("POST", "/channels/{channel}/typing", self.typing),
            ("POST", "/channels/{channel}/messages", self.post),
            ("GET", "/channels/{channel}/messages", self.history),
            ("GET", message, self.get),
            ("PATCH", message, self.edit),
            ("DELETE", message, self.delete),
        ]

    async def me(self, call: Call) -> Any:
        """The bot's account."""
        return wire.user(self.world.bot) | {"verified": True, "mfa_enabled": False, "locale": "en-US", "flags": 0}

    async def user(self, call: Call) -> Any:
        """Anybody's account."""
        user = self.world.users.get(call.number("user"))
        if user is None:
            raise errors.unknown_user()
        return wire.user(user)

    async def application(self, call: Call) -> Any:
        """The application, which has the bot's id."""
        bot = self.world.bot
        found: Json = {"id": str(bot.id), "name": bot.name, "description": "", "icon": None, "verify_key": "0" * 64}
        found |= {"bot_public": True, "bot_require_code_grant": False, "owner": wire.user(bot), "team": None}
        return found | {"flags": 0, "approximate_guild_count": len(self.world.guilds), "integration_types_config": {}}

    async def gateway_address(self, call: Call) -> Any:
        """Both routes; the plain one may say more than Discord's does."""
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.gateway.url, "shards": self.gateway.shards, "session_start_limit": limit}

    async def get_commands(self, call: Call) -> Any:
        """Of one scope."""
        return self.commands.all(self._scope(call))

    async def put_commands(self, call: Call) -> Any:
        """Replaces all of one scope."""
        return self.commands.put(self._scope(call), call.body)

    def _scope(self, call: Call) -> int | None:
        if call.number("application") != self.world.bot.id:
            raise errors.unknown_application()
        return self._guild(call).id if "guild" in call.args else None

    def _guild(self, call: Call) -> Guild:
        guild = self.world.guilds.get(call.number("guild"))
        if guild is None:
            raise errors.unknown_guild()
        return guild

    async def guild(self, call: Call) -> Any:
        """A server with its roles."""
        return wire.guild(self._guild(call))

    async def guild_channels(self, call: Call) -> Any:
        """Its channels without threads."""
        return [wire.channel(one) for one in self._guild(call).channels.values() if one.type != 11]

    async def member(self, call: Call) -> Any:
        """Somebody in a server."""
        member = self._guild(call).members.get(call.number("user"))
        if member is None:
            raise errors.unknown_member()
        return wire.member(member)

    async def direct(self, call: Call) -> Any:
        """Opens the direct message channel with someone."""
        user = self.world.users.get(int(call.body["recipient_id"]))
        if user is None:
            raise errors.unknown_user()
        return wire.channel(self.world.direct(user))

    def _channel(self, call: Call, *needed: Permission) -> Channel:
        channel = self.world.channels.get(call.number("channel"))
        if channel is None:
            raise errors.unknown_channel()
        granted = self.world.permissions(self.world.bot.id, channel)
        if not granted & Permission.VIEW_CHANNEL:
            raise errors.missing_access()
        if any(not granted & one for one in needed):
            raise errors.missing_permissions()
        return channel

    async def channel(self, call: Call) -> Any:
        """A channel the bot can see."""
        return wire.channel(self._channel(call))

    async def typing(self, call: Call) -> Any:
        """Nothing to show for it."""
        self._channel(call, Permission.SEND_MESSAGES)

    async def post(self, call: Call) -> Any:
        """A new message; an enforced nonce that was there in the last minutes gives back the message it made."""
        channel = self._channel(call)
        speak = Permission.SEND_MESSAGES_IN_THREADS if channel.type == 11 else Permission.SEND_MESSAGES
        self._channel(call, speak, *([Permission.ATTACH_FILES] if call.uploads else []))
        if channel.archived:
            raise errors.thread_archived()
        if channel.recipient is not None and not channel.recipient.accepts_messages:
            raise errors.closed_to_messages()
        if call.body.get("message_reference") and not self._may_read(channel):
            raise errors.no_history()
        twin = self._twin(channel, call.body)
        if twin is not None:
            return wire.message(self.world, twin)
        message = posts.create(self.world, channel, self.world.bot, call.body | {"flags": 0}, call.uploads)
        return await self.tell("MESSAGE_CREATE", message)

    def _may_read(self, channel: Channel) -> bool:
        return bool(self.world.permissions(self.world.bot.id, channel) & Permission.READ_MESSAGE_HISTORY)

    async def history(self, call: Call) -> Any:
        """The newest after or before a message, newest first; none without the permission. Nonces are not kept."""
        channel = self._channel(call)
        if not self._may_read(channel):
            return []
        after, before = int(call.query.get("after", 0)), int(call.query.get("before", 1 << 63))
        found = [
            one
            for one in self.world.messages.values()
            if one.channel is channel and not one.deleted and not one.ephemeral and after < one.id < before
        ]
        limit = int(call.query.get("limit", 50))
        found = found[:limit] if "after" in call.query else found[-limit:]
        return [{k: v for k, v in wire.message(self.world, one).items() if k != "nonce"} for one in reversed(found)]

    def _twin(self, channel: Channel, body: Json) -> Message | None:
        if not body.get("enforce_nonce") or body.get("nonce") is None:
            return None
        for one in self.world.messages.values():
            fresh = time.time() - one.sent_at < NONCE_SECONDS
            if fresh and one.channel is channel and one.nonce == str(body["nonce"]):
                return one
        return None

    def _message(self, call: Call, *needed: Permission) -> Message:
        channel = self._channel(call, *needed)
        message = self.world.messages.get(call.number("message"))
        if message is None or message.deleted or message.ephemeral or message.channel is not channel:
            raise errors.unknown_message()
        return message

    async def get(self, call: Call) -> Any:
        """One message."""
        return wire.message(self.world, self._message(call, Permission.READ_MESSAGE_HISTORY))

    async def edit(self, call: Call) -> Any:
        """Of the bot's own."""
        message = self._message(call)
        if message.author is not self.world.bot:
            raise errors.not_yours()
        if message.channel.archived:
            raise errors.thread_archived()
        posts.amend(self.world, message, call.body, call.uploads)
        return await self.tell("MESSAGE_UPDATE", message)

    async def delete(self, call: Call) -> Any:
        """The bot's own, or anybody's with Manage Messages."""
        message = self._message(call)
        if message.author is not self.world.bot:
            self._channel(call, Permission.MANAGE_MESSAGES)
        message.deleted = True
        await self.tell("MESSAGE_DELETE", message)

    async def tell(self, event: str, message: Message) -> Json:
        """Sends the gateway event, if the bot listens to such; returns the message's JSON."""
        found = wire.message(self.world, message)
        guild = message.channel.guild
        data = found | ({"guild_id": str(guild.id)} if guild else {})
        if not message.ephemeral:
            await self.gateway.dispatch(event, data, guild, intent=GUILD_MESSAGES if guild else DIRECT_MESSAGES)
        return found
