"""The stand-in's server: what a test starts, waits for, looks at and breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from aiohttp import web

from tests.standins.discord.bell import Bell
from tests.standins.discord.commands import Commands
from tests.standins.discord.door import BASE, Door
from tests.standins.discord.faults import Fault, Record
from tests.standins.discord.gateway import Gateway
from tests.standins.discord.hooks import Hooks
from tests.standins.discord.rest import Rest
from tests.standins.discord.world import Guild, Message, Permission, World


class Server:
    """REST, gateway and files on one port of 127.0.0.1, and the people in its two servers."""

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

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    async def _file(self, request: web.Request) -> web.Response:
        sent = [one for message in self.messages for one in message.attachments]
        for one in [*self.world.given.values(), *sent]:
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
        drop: bool = False,
        everywhere: bool = False,
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
                drop=drop,
                everywhere=everywhere,
            )
        )

    async def disconnect(
        self, *, resumable: bool = True, polite: bool = False, down_seconds: float = 0.0, code: int | None = 4000
    ) -> None:
        """See Gateway.disconnect."""
        await self.gateway.disconnect(resumable=resumable, polite=polite, down_seconds=down_seconds, code=code)

    async def announce(self, guild: Guild) -> None:
        """Tells the bot of a server's new or changed roles, channels and permissions."""
        await self.gateway.announce(guild)
