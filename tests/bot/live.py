"""The real bot on a Discord of real sockets, in real time: for what cannot be shown where everything is waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest
from discord.gateway import DiscordWebSocket
from pydantic import SecretStr

from bot.client import MvBot
from mv.app import build
from mv.domain.ids import Kind, Ref, ServerId
from mv.domain.jobs import Job
from mv.settings import Settings
from tests.bot.world import CONFIGS
from tests.standins.discord import DiscordStandIn, Message, Record

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.a-token-that-nobody-may-read-0123456789"


class Live:
    """`pause` is how many seconds every offline job takes. `async with`, or `open` and `close`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, pause: float = 0.0, **settings: Any) -> None:
        self.discord = DiscordStandIn(**settings)
        self._folder, self._patch, self._pause = folder, monkeypatch, pause
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Live:
        await self.discord.start()
        self._patch.setattr(discord.http.Route, "BASE", self.discord.base_url)
        self._patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        values: dict[str, Any] = {"data_dir": self._folder, "config_dir": CONFIGS, "discord_token": SecretStr(TOKEN)}
        settings = Settings(_env_file=None, discord_api_base_url=self.discord.base_url, **values)
        self.bot = MvBot(build(settings, stand_in=True, pause_seconds=self._pause))
        self._running = asyncio.create_task(self.bot.start(TOKEN))
        await self.discord.ready()
        await self.discord.synced("scenes create")
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.bot.app.engine.drain(0)
        await self.bot.close()
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=5)
        await self.discord.stop()

    async def job(self, number: int) -> Job:
        server = ServerId(self.discord.guild.id)
        async with self.bot.app.tools.records.read() as tx:
            found = await tx.jobs.find(server, Ref(Kind.JOB, number))
        assert found is not None
        return found

    async def delivered(self, number: int, seconds: float = 10.0) -> Job:
        """The job, once the record says where its result went."""
        async with asyncio.timeout(seconds):
            while (job := await self.job(number)).delivered_at is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return job

    def edits(self) -> list[Record]:
        """Edits of first replies, oldest first."""
        return [r for r in self.discord.requests if r.method == "PATCH" and r.path.endswith("/messages/@original")]


def made(message: Message) -> bool:
    """Whether a message shows a scene list."""
    return "version 1" in message.text
