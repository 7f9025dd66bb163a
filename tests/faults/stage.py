"""The real bot in this process, and the Discord, the Gemini and the Replicate it meets: each on a real socket.

A test says how a vendor behaves, lets a member ask, and looks at what the member was told, what it cost and what was
logged. One bot serves all tests of a file; every ask comes from a member who is new, so that ledgers stay apart.

    stage.google.decide = lambda prompt: Reply(finish_reason="SAFETY")
    told = await stage.scenes()
    told.failure("safety rules", buttons=["Edit and retry"])
    told.result("version 1", charged={"scenes": 1, "spend": 8750})    # if it went well

After every test the fixture looks at the rest (`Stage.check`): no job open, no ERROR, traceback or secret in the log,
no message that Discord found malformed, nobody pinged, and nothing of a vendor's own words shown.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import discord
import yaml
from discord.gateway import DiscordWebSocket
from pydantic import SecretStr

from bot.client import MvBot
from mv.app import App, build
from mv.domain.ids import MemberId, ServerId
from mv.domain.jobs import Job
from mv.domain.usage import AllowanceKind
from mv.settings import Settings
from tests.adapters import Pace, adapters
from tests.faults.told import GIVEN_BACK, VENDORS_WORDS, Told
from tests.standins.discord import DiscordStandIn, Interaction, Member
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

__all__ = [
    "DISCORD_TOKEN",
    "GEMINI_KEY",
    "GIVEN_BACK",
    "REPLICATE_TOKEN",
    "SECRETS",
    "VENDORS_WORDS",
    "Lines",
    "Stage",
    "Told",
]

CONFIGS = Path(__file__).parents[2] / "configs"
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.a-token-that-nobody-may-read-0123456789"
GEMINI_KEY = "AIzaSyD-a-key-that-nobody-may-read-0123"
REPLICATE_TOKEN = "r8_a_token_that_nobody_may_read_456789"
SECRETS = (DISCORD_TOKEN, GEMINI_KEY, REPLICATE_TOKEN)

MALFORMED = (400, 413)
GLOBAL: dict[str, Any] = {
    "limits.yaml": {
        "vendors": {"rest_after_failures": 1000, "per_minute": {"gemini": 100_000, "replicate": 100_000}},
    },
    "default/scene_params.yaml": {"timeout_seconds": 1.0},
    "default/image_params.yaml": {
        "timeout_seconds": 3.0,
        "engines": ["imagen-4", "nano-banana-pro", "flux-2-pro", "flux-1.1-pro"],
    },
}
"""What the tests' configuration says otherwise than configs/: shorter waits, no vendor is left alone or spared,
and none steps in for another. Keys are merged, level by level."""


class Lines(logging.Handler):
    """Every line that the process logged, as the bot's formatter gets it: secrets are not blotted out here, for they
    must not come that far."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("aiohttp."):  # the stand-ins' own
            self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


class Stage:
    """`async with`. `changes` is merged over the YAML of configs/, by file: `{"limits.yaml": {"pictures": {…}}}`."""

    def __init__(
        self, folder: Path, *, changes: Mapping[str, Any] | None = None, pace: Pace | None = None, **settings: Any
    ) -> None:
        self.folder, self.data = folder, folder / "data"
        self.discord = DiscordStandIn(token=DISCORD_TOKEN)
        self.google = GeminiStandIn()
        self.replicate = ReplicateStandIn(edge=64)
        self.pace = pace or Pace()
        self.log = Lines()
        self.troubles_expected = False
        """Whether the log may hold errors and tracebacks."""
        self._settings = settings
        self._changes = changes or {}
        self._before: tuple[Any, Any] = (discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)
        self._members = 0

    @property
    def app(self) -> App:
        return self.bot.app

    async def __aenter__(self) -> Self:
        for server in (self.discord, self.google, self.replicate):
            await server.__aenter__()
        self.configs = _configs(self.folder / "configs", self._changes)
        logging.getLogger().addHandler(self.log)
        self._level, logging.getLogger().level = logging.getLogger().level, logging.INFO
        discord.http.Route.BASE = self.discord.base_url
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()
        for server in (self.discord, self.google, self.replicate):
            await server.__aexit__(*error)
        discord.http.Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = self._before
        logging.getLogger().removeHandler(self.log)
        logging.getLogger().setLevel(self._level)
        if error[0] is None:
            self.check()
            self._check_files()

    # ── the bot ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """A bot on the data folder, connected and with its commands known to Discord."""
        before = self.discord.gateway.identifies
        self.bot = MvBot(build(self.settings(), vendors=partial(adapters, pace=self.pace)), warm=False)
        self._running = asyncio.create_task(self.bot.start(DISCORD_TOKEN), name="bot")
        ready = asyncio.create_task(self.discord.ready(20, beyond=before))
        await asyncio.wait({ready, self._running}, return_when=asyncio.FIRST_COMPLETED)
        if self._running.done():
            ready.cancel()
            self._running.result()
        await ready
        await self.discord.synced("scenes create")

    async def stop(self) -> None:
        """As for a SIGTERM."""
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running
        await self.bot.close()

    def settings(self) -> Settings:
        """Nothing is taken from the environment."""
        values: dict[str, Any] = {name: field.default for name, field in Settings.model_fields.items()}
        values |= {
            "discord_token": SecretStr(DISCORD_TOKEN),
            "gemini_api_key": SecretStr(GEMINI_KEY),
            "replicate_api_token": SecretStr(REPLICATE_TOKEN),
            "discord_api_base_url": self.discord.base_url,
            "gemini_base_url": self.google.url,
            "replicate_base_url": self.replicate.url,
            "data_dir": self.data,
            "config_dir": self.configs,
        }
        return Settings(_env_file=None, **{**values, **self._settings})

    # ── what members do ──────────────────────────────────────────────────────────────────────────────────────────────

    def newcomer(self) -> Member:
        """A member who has not asked for anything yet."""
        self._members += 1
        return self.discord.world.add_member(self.discord.guild, f"member{self._members}")

    async def scenes(self, *, within: float = 20.0, member: Member | None = None, **options: Any) -> Told:
        """/scenes create, to its end."""
        options = {"idea": "A lighthouse keeper dances", "character": "Mara, yellow raincoat", "count": 3, **options}
        return await self.ask("scenes create", options, member=member, within=within)

    async def character(self, *, within: float = 20.0, member: Member | None = None, **options: Any) -> Told:
        """/character create, to its end; the engine is asked also for what was made before."""
        options = {"description": "A retired astronaut", "images": 1, "fresh": True, **options}
        return await self.ask("character create", options, member=member, within=within)

    async def ask(
        self, path: str, options: Mapping[str, Any], *, member: Member | None = None, within: float = 20.0
    ) -> Told:
        """A command that starts a job, to the job's end."""
        who = member or self.newcomer()
        asked = await self.discord.slash(path, options, member=who)
        await asked.acknowledged()
        return await self.told(asked, within)

    async def press(self, told: Told, label: str, *, within: float = 20.0) -> Told:
        """A button of what was told that starts another job, pressed by who asked."""
        who = self.discord.guild.members[told.asked.user.id]
        pressed = await self.discord.click(told.message, label, member=who)
        await pressed.acknowledged()
        return await self.told(pressed, within)

    async def told(self, asked: Interaction, within: float = 20.0) -> Told:
        """Waits until the newest job of whoever asked is delivered; the message is the one where it went."""
        job = await self._delivered(MemberId(asked.user.id), within)
        message = self.discord.world.messages.get(job.reply.message_id or 0) or await asked.response(within)
        async with self.app.tools.records.read() as tx:
            lines, steps = await tx.usage.lines(job.id), await tx.jobs.steps(job.id)
        sums: dict[str, int] = {}
        for line in lines:
            sums[line.kind.value] = sums.get(line.kind.value, 0) + line.amount
        net = {kind.value: amount for kind in AllowanceKind if (amount := sums.get(kind.value, 0))}
        return Told(asked=asked, message=message, job=job, net=net, steps=steps)

    async def _delivered(self, member: MemberId, within: float) -> Job:
        server = ServerId(self.discord.guild.id)
        ends = time.monotonic() + within
        while True:
            async with self.app.tools.records.read() as tx:
                page = await tx.jobs.page(server, member_id=member, before=None, size=1)
            if page.rows and page.rows[0].delivered_at is not None:
                return page.rows[0]
            assert time.monotonic() < ends, f"not ended within {within} s: {page.rows}\n{self.log.text[-3000:]}"
            await asyncio.sleep(0.01)

    async def until(self, true: Callable[[], Any], what: str, within: float = 10.0) -> None:
        """Looks every few milliseconds. Raises AssertionError with `what` when the time is up."""
        ends = time.monotonic() + within
        while not true():
            assert time.monotonic() < ends, f"not within {within} s: {what}"
            await asyncio.sleep(0.01)

    # ── between tests, and at the end ────────────────────────────────────────────────────────────────────────────────

    def fresh(self) -> None:
        """Forgets how vendors were to behave, what they were asked and what was logged."""
        self.log.lines.clear()
        self.troubles_expected = False
        self.discord.door.faults.all.clear()
        self.google.script.clear()
        self.google.decide = None
        self.google.delay = self.replicate.delay = 0.0
        self.google.calls = 0
        self.google.requests.clear()
        self.replicate.script.clear()
        self.replicate.decide = None
        self.replicate.listing = None
        self.replicate.counts.clear()

    async def settled(self) -> None:
        """No job is open, and every one is delivered."""
        async with self.app.tools.records.read() as tx:
            open_jobs, waiting = await tx.jobs.unfinished(), await tx.jobs.undelivered()
        assert not open_jobs, open_jobs
        assert not waiting, waiting

    def check(self) -> None:
        """What must be true whatever happened."""
        for line in self.log.lines:
            assert not [one for one in (*SECRETS, *self.discord.hooks.by_token) if one in line], line[:300]
            if not self.troubles_expected:
                assert "Traceback" not in line, line[-3000:]
                assert not line.startswith(("ERROR", "CRITICAL")), line[:3000]
        for message in self.discord.world.messages.values():
            assert VENDORS_WORDS not in message.text, message.text
            for who in message.pinged:
                assert message.content.startswith(f"<@{who}>"), f"{who} was pinged: {message.text[:300]}"
        wrong = [one for one in self.discord.requests if one.status in MALFORMED and not one.demanded]
        malformed = [one for one in wrong if one.code != 40060]
        assert not malformed, [(one.method, one.path, one.code, str(one.body)[:500]) for one in malformed]

    def _check_files(self) -> None:
        for file in self.data.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert not [secret for secret in SECRETS if secret.encode() in data], f"a secret in {file}"


def _configs(folder: Path, changes: Mapping[str, Any]) -> Path:
    """A copy of configs/ with these changes."""
    shutil.copytree(CONFIGS, folder)
    for name, wanted in _merged(GLOBAL, changes).items():
        file = folder / name
        file.write_text(yaml.safe_dump(_merged(yaml.safe_load(file.read_text("utf-8")), wanted)), encoding="utf-8")
    return folder


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = _merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both
