"""The stand-in as a test holds it: a server to point a bot at, and hands that do what members do."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.standins.discord import forms, wire
from tests.standins.discord.bell import Bell
from tests.standins.discord.commands import Commands
from tests.standins.discord.door import BASE, Door
from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.faults import Fault, Record
from tests.standins.discord.gateway import Gateway
from tests.standins.discord.hooks import Hooks
from tests.standins.discord.interactions import Interaction, Kind
from tests.standins.discord.rest import Rest
from tests.standins.discord.world import Channel, Guild, Json, Member, Message, Permission, User, World

Who = Member | User


class DiscordStandIn:
    """A Discord on 127.0.0.1 with two servers: `guild` (with `owner`, `manager`, `member`, `friend` and `channel`)
    and `other_guild`. Point a bot at `base_url`; the gateway's address comes from its /gateway/bot.

    Unless told otherwise, an act is `member`'s in `channel`. Acts return when the event is on the wire; await the
    Interaction's `acknowledged`, `response` or `until` for what the bot makes of it."""

    def __init__(
        self,
        port: int = 0,
        *,
        shards: int = 1,
        answer_seconds: float = 3.0,
        token_seconds: float = 900.0,
        heartbeat_seconds: float = 41.25,
        token: str | None = None,
        keep_files: bool = True,
    ) -> None:
        self.port = port
        self.token_seconds = token_seconds
        self.bell = Bell()
        self.world = World()
        self.world.keep_files = keep_files
        self.commands = Commands(self.world)
        self.gateway = Gateway(self.world, self.bell, heartbeat_seconds=heartbeat_seconds, shards=shards)
        self.rest = Rest(self.world, self.commands, self.gateway)
        self.hooks = Hooks(self.world, self.rest, answer_seconds)
        self.door = Door(self.bell)
        self.door.token = token
        self._runner: web.AppRunner | None = None
        self._people()

    def _people(self) -> None:
        self.guild = self.world.add_guild("Studio")
        self.owner = self.guild.members[self.guild.owner_id]
        self.manager = self.world.add_member(self.guild, "Max", Permission.MANAGE_GUILD)
        self.member = self.world.add_member(self.guild, "Ada")
        self.friend = self.world.add_member(self.guild, "Ben")
        self.channel = next(iter(self.guild.channels.values()))
        self.other_guild = self.world.add_guild("Other studio", owner="Oskar")
        self.world.add_member(self.other_guild, self.member.user)

    # ── the server ───────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def address(self) -> str:
        """Without the API's path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """For DISCORD_API_BASE_URL."""
        return self.address + BASE

    async def start(self) -> None:
        """Listens; with port 0 on any free one."""
        app = web.Application(client_max_size=256 * 1024 * 1024)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/attachments/{channel}/{attachment}/{name}", self._file)
        self.extend(app)
        app.add_routes(self.door.routes([*self.rest.routes(), *self.hooks.routes()]))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=1024)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        self.world.cdn = self.address
        self.gateway.url = f"ws://127.0.0.1:{self.port}/gateway"

    def extend(self, app: web.Application) -> None:
        """Further routes, for who needs them."""

    async def stop(self) -> None:
        """Cuts all lines."""
        await self.gateway.disconnect(resumable=False, down_seconds=60)
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> DiscordStandIn:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def _file(self, request: web.Request) -> web.Response:
        for message in self.world.messages.values():
            for one in message.attachments:
                if str(one.id) == request.match_info["attachment"]:
                    return web.Response(body=one.data, content_type=one.mime)
        return web.Response(status=404, text="This content is no longer available.")

    # ── what a test sees ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def requests(self) -> list[Record]:
        """Every REST request, oldest first."""
        return self.door.records

    @property
    def messages(self) -> list[Message]:
        """All that are not deleted, oldest first."""
        return [one for one in self.world.messages.values() if not one.deleted]

    async def ready(self, timeout_seconds: float = 20.0, *, beyond: int = 0) -> None:
        """Waits until a bot is connected with all its shards; `beyond` a count of `gateway.identifies`, for a bot
        that was started anew."""

        def connected() -> bool:
            return self.gateway.complete and self.gateway.identifies > beyond

        await self.bell.until(connected, timeout_seconds, lambda: f"a bot connected; it asked {self._asked()}")

    def _asked(self) -> list[str]:
        return [f"{one.method} {one.path} → {one.status}/{one.code}" for one in self.requests[-10:]]

    async def message_where(self, shown: Callable[[Message], bool], timeout_seconds: float = 10.0) -> Message:
        """Waits for a message anywhere: in a channel, or a direct one."""

        def ready() -> Message | None:
            return next((one for one in reversed(self.messages) if shown(one)), None)

        last = "; ".join(repr(one.text[:200]) for one in self.messages[-5:])
        return await self.bell.until(ready, timeout_seconds, lambda: f"such a message; the last are {last}")

    async def synced(self, path: str, timeout_seconds: float = 10.0) -> None:
        """Waits until a command is there."""
        await self.bell.until(
            lambda: self.commands.find(path, self.channel), timeout_seconds, lambda: f"/{path} in {self._offered()}"
        )

    def _offered(self) -> list[str]:
        return self.commands.paths()

    # ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────

    def fail(
        self,
        method: str,
        path_pattern: str,
        status: int | None = None,
        code: int = 0,
        times: int | None = 1,
        *,
        retry_after: float | None = None,
        delay: float = 0.0,
        lose: bool = False,
    ) -> Fault:
        """See Fault. The path is below the base: "/webhooks/*/messages/@original"."""
        return self.door.faults.add(
            Fault(
                method=method,
                pattern=path_pattern,
                status=status,
                code=code,
                times=times,
                retry_after=retry_after,
                delay=delay,
                lose=lose,
            )
        )

    async def disconnect(self, *, resumable: bool = True, polite: bool = False, down_seconds: float = 0.0) -> None:
        """See Gateway.disconnect."""
        await self.gateway.disconnect(resumable=resumable, polite=polite, down_seconds=down_seconds)

    async def announce(self, guild: Guild) -> None:
        """Tells the bot of a server's new or changed roles, channels and permissions."""
        await self.gateway.announce(guild)

    # ── what members do ──────────────────────────────────────────────────────────────────────────────────────────

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
        asked, data = self.prepare(path, options, member=member, channel=channel, forced=forced)
        return await self.send(asked, data)

    def prepare(
        self,
        path: str,
        options: Mapping[str, Any] | None = None,
        *,
        member: Who | None = None,
        channel: Channel | None = None,
        forced: bool = False,
    ) -> tuple[Interaction, Json]:
        """As `slash`, but not sent yet: `send` it when the time has come."""
        asked = self._ask(Kind.COMMAND, path, member, channel)
        filled = self.commands.fill(path, asked.channel, options or {}, focused=None, forced=forced)
        if not forced:
            self._may(path, asked)
        return asked, filled.data

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
        return await self.send(asked, filled.data)

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
        return await self.send(asked, forms.pressed(one, values))

    async def submit(self, modal: Interaction, values: Mapping[str, Any] | None = None) -> Interaction:
        """Sends the form that `modal` was answered by; `values` by label or custom id."""
        data = forms.filled(modal, values or {})
        who = modal.channel.guild.members[modal.user.id] if modal.channel.guild else modal.user
        asked = self._ask(Kind.SUBMIT, data["custom_id"], who, modal.channel)
        asked.source = modal.source
        return await self.send(asked, data)

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

    async def send(self, asked: Interaction, data: Json) -> Interaction:
        """Puts an interaction on the wire; from now on its three seconds run."""
        payload = self._payload(asked, data)
        self.hooks.add(asked)
        asked.sent_at = time.monotonic()
        asked.token_expires_at = asked.sent_at + self.token_seconds
        if not await self.gateway.dispatch("INTERACTION_CREATE", payload, asked.channel.guild):
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
