"""The websocket gateway: HELLO, IDENTIFY, READY, GUILD_CREATE, heartbeats, RESUME, with zlib-stream if asked for."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import time
import zlib
from collections import deque
from typing import Any

from aiohttp import WSMsgType, web

from tests.standins.discord import wire
from tests.standins.discord.bell import Bell
from tests.standins.discord.world import Guild, Json, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 8, 9, 10, 11
GUILD_MEMBERS_INTENT = 1 << 1


class Line:
    """One websocket, compressed or not."""

    def __init__(self, socket: web.WebSocketResponse, compress: bool) -> None:
        self.socket = socket
        self._zlib = zlib.compressobj() if compress else None

    async def send(self, payload: Json) -> None:
        """Sends one frame; a line that is gone swallows it, as the network does."""
        data = json.dumps(payload, separators=(",", ":")).encode()
        try:
            if self._zlib is None:
                await self.socket.send_str(data.decode())
            else:
                await self.socket.send_bytes(self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH))
        except (ConnectionError, RuntimeError):
            return

    async def cut(self) -> None:
        """Ends the line as a pulled cable does."""
        transport = self.socket._req.transport if self.socket._req is not None else None
        if transport is not None:
            transport.abort()


class Session:
    """What survives a lost line: the sequence, and the last events, to be replayed."""

    def __init__(self, shard: int, shards: int, intents: int) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.shards = shards
        self.intents = intents
        self.line: Line | None = None
        self.sent: deque[Json] = deque(maxlen=2000)
        self._sequence = itertools.count(1)

    async def dispatch(self, event: str, data: Json) -> None:
        """Sends an event, or keeps it until the client resumes."""
        payload: Json = {"op": DISPATCH, "t": event, "s": next(self._sequence), "d": data}
        self.sent.append(payload)
        if self.line is not None:
            await self.line.send(payload)


class Gateway:
    """All sessions of the one bot. Set `acknowledging` to False for a gateway that no longer answers heartbeats."""

    def __init__(self, world: World, bell: Bell, *, heartbeat_seconds: float = 41.25, shards: int = 1) -> None:
        self.world = world
        self.bell = bell
        self.heartbeat_seconds = heartbeat_seconds
        self.shards = shards
        self.url = ""
        self.acknowledging = True
        self.replays = 0
        """How many events that were received already a RESUME brings once more."""
        self.identifies = 0
        self.resumes = 0
        self.heartbeats = 0
        self._down_until = 0.0
        self._sessions: dict[str, Session] = {}

    @property
    def live(self) -> list[Session]:
        """Sessions with a line."""
        return [one for one in self._sessions.values() if one.line is not None]

    @property
    def complete(self) -> bool:
        """Whether every shard of a bot has a line."""
        live = self.live
        return bool(live) and {one.shard for one in live} >= set(range(live[-1].shards))

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One client, until its line ends."""
        if time.monotonic() < self._down_until:
            return web.Response(status=503, text="gateway is down")
        compress = request.query.get("compress")
        if compress not in (None, "zlib-stream"):
            return web.Response(status=400, text=f"this gateway does not know compress={compress}")
        socket = web.WebSocketResponse(max_msg_size=0, compress=False, timeout=0.5)
        await socket.prepare(request)
        line = Line(socket, compress == "zlib-stream")
        await line.send({"op": HELLO, "d": {"heartbeat_interval": int(self.heartbeat_seconds * 1000)}})
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._received(line, json.loads(frame.data))
        finally:
            for session in self.live:
                if session.line is line:
                    session.line = None
            self.bell.ring()
        return socket

    async def _received(self, line: Line, payload: Json) -> None:
        data: Any
        op, data = payload["op"], payload.get("d") or {}
        if op == HEARTBEAT:
            self.heartbeats += 1
            if self.acknowledging:
                await line.send({"op": ACK})
        elif op == IDENTIFY:
            await self._identify(line, data)
        elif op == RESUME:
            await self._resume(line, data)
        elif op == MEMBERS:
            await self._members(line, data)

    async def _identify(self, line: Line, data: Json) -> None:
        shard, shards = data.get("shard") or (0, 1)
        if not data.get("token"):
            await line.socket.close(code=4004, message=b"Authentication failed.")
            return
        for stale in [one for one in self._sessions.values() if one.shard == shard and one.line is None]:
            del self._sessions[stale.id]
        session = Session(shard, shards, data["intents"])
        session.line = line
        self._sessions[session.id] = session
        guilds = self._guilds(session)
        ready: Json = {"v": 10, "user": wire.user(self.world.bot), "session_id": session.id, "private_channels": []}
        ready |= {"guilds": [{"id": str(one.id), "unavailable": True} for one in guilds], "shard": [shard, shards]}
        ready |= {"resume_gateway_url": self.url, "application": {"id": str(self.world.bot.id), "flags": 0}}
        await session.dispatch("READY", ready)
        for guild in guilds:
            await session.dispatch("GUILD_CREATE", self._guild(session, guild))
        self.identifies += 1
        self.bell.ring()

    async def _resume(self, line: Line, data: Json) -> None:
        session = self._sessions.get(data["session_id"])
        if session is None:
            await line.send({"op": INVALID, "d": False})
            return
        missed = [one for one in session.sent if one["s"] > data["seq"] - self.replays]
        session.line = line
        for payload in missed:
            await line.send(payload)
        await session.dispatch("RESUMED", {})
        self.resumes += 1
        self.bell.ring()

    async def _members(self, line: Line, data: Json) -> None:
        session = next(one for one in self.live if one.line is line)
        guild = self.world.guilds[int(data["guild_id"])]
        wanted = set(map(int, data.get("user_ids") or guild.members))
        found = [wire.member(one) for one in guild.members.values() if one.id in wanted]
        chunk: Json = {"guild_id": str(guild.id), "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        await session.dispatch("GUILD_MEMBERS_CHUNK", chunk | {"nonce": data.get("nonce")})

    def _guilds(self, session: Session) -> list[Guild]:
        return [one for one in self.world.guilds.values() if (one.id >> 22) % session.shards == session.shard]

    def _guild(self, session: Session, guild: Guild) -> Json:
        everyone = session.intents & GUILD_MEMBERS_INTENT
        return wire.guild_create(guild, [one for one in guild.members.values() if everyone or one.user.bot])

    async def announce(self, guild: Guild) -> None:
        """Tells the bot of a new server, or of what has changed in one it knows."""
        for session in self._sessions.values():
            if guild in self._guilds(session):
                await session.dispatch("GUILD_CREATE", self._guild(session, guild))

    async def dispatch(self, event: str, data: Json, guild: Guild | None, *, intent: int = 0) -> bool:
        """To the session of the server's shard (direct messages: shard 0), if it wants such events. A session
        without a line keeps it for RESUME. Returns whether there was a session."""
        for session in [*self.live, *self._sessions.values()]:
            if ((guild.id >> 22) if guild else 0) % session.shards == session.shard:
                if not intent or session.intents & intent:
                    await session.dispatch(event, data)
                return True
        return False

    async def disconnect(
        self, *, resumable: bool = True, polite: bool = False, down_seconds: float = 0.0, code: int | None = 4000
    ) -> None:
        """Cuts every line. Not `resumable`: RESUME is answered with INVALID SESSION. `polite`: by the RECONNECT code.
        `down_seconds`: new lines are refused that long. `code` None cuts without a word."""
        self._down_until = time.monotonic() + down_seconds
        lines = [one.line for one in self.live if one.line is not None]
        for session in self.live:
            session.line = None
        if not resumable:
            self._sessions.clear()
        for line in lines:
            if polite:
                await line.send({"op": RECONNECT, "d": None})
            elif code is None:
                await line.cut()
            else:
                await line.socket.close(code=code, message=b"cut")
        await asyncio.sleep(0)

    async def greet_again(self) -> None:
        """READY, and the servers, a second time in the same session."""
        for session in self.live:
            for payload in [one for one in session.sent if one["t"] in ("READY", "GUILD_CREATE")]:
                await session.dispatch(payload["t"], payload["d"])
