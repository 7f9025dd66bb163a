"""A small Discord with the real bot in it: two servers, a manager, two members and a stranger.

Whatever a test does, `close` looks at everything the bot sent and logged: nobody was pinged but the one who asked, no
message breaks a limit of Discord's, no traceback and no incident showed.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import discord
from pydantic import SecretStr
from simcord.builders import UserHandle
from simcord.env import Env
from simcord.results import InteractionResult, ResponseMessage

from bot.client import MvBot
from mv.app import App, build
from mv.domain.budget import Account
from mv.domain.ids import Kind, MemberId, Ref, ServerId
from mv.domain.jobs import Job
from mv.domain.usage import AllowanceKind
from mv.errors import Incident, MvError
from mv.ports import Clock
from mv.settings import Settings
from tests.adapters import Pace, adapters
from tests.bot.sent import faults
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

CONFIGS = Path(__file__).parents[2] / "configs"
KEY = "AIzaSyD-a-key-that-nobody-may-read-0123"
TOKEN = "r8_a_token_that_nobody_may_read_456789"
PATIENCE = 30.0
"""How many seconds the bot has to come to rest, on a machine that may be busy."""
MANAGER = discord.Permissions(manage_guild=True)


class Errors(logging.Handler):
    """What was logged at ERROR or above."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("aiohttp.server"):  # the stand-ins' own
            self.lines.append(record.getMessage())


class QuickEnv(Env):
    """Looks every 2 ms, not every 50, whether the bot has nothing left to do."""

    goes_on = False
    """Whether a bot that starts has work that does not end: nobody waits for that."""

    async def _settle_internal(self, *, idle: float = 0.002, **options: Any) -> None:
        if not self.goes_on:
            if options.get("timeout"):
                options["timeout"] = max(PATIENCE, options["timeout"])
            ends = time.monotonic() + (options.get("timeout") or self.settle_timeout)
            while True:
                try:
                    await super()._settle_internal(idle=idle, **options)
                    return
                except TimeoutError:  # it may be that of a wait before this one, which still ran out
                    if time.monotonic() >= ends:
                        raise
        with contextlib.suppress(TimeoutError):
            await super()._settle_internal(idle=idle, **{**options, "timeout": 0.5})


class World:
    """`open` before use, `close` after. `pause` is how many seconds every offline job takes."""

    def __init__(
        self,
        folder: Path,
        *,
        google: GeminiStandIn | None = None,
        replicate: ReplicateStandIn | None = None,
        stand_in: bool = True,
        pause: float = 0.0,
        clock: Clock | None = None,
        configs: Path = CONFIGS,
        **settings: Any,
    ) -> None:
        self.folder, self.google, self.replicate = folder, google, replicate
        self.stand_in, self.pause, self.clock, self.configs, self.settings = stand_in, pause, clock, configs, settings
        self.incidents_expected = False
        self.errors = Errors()
        self.bot = self._bot()
        self.env = QuickEnv(self.bot, shard_count=1, check_errors=False, settle_timeout=PATIENCE)

    @property
    def app(self) -> App:
        return self.bot.app

    async def open(self) -> None:
        logging.getLogger().addHandler(self.errors)
        await self.env.start()
        self._context = contextvars.copy_context()
        """In which SimCord's Discord is reached; what ends a fixture runs in another."""
        self.server = self.env.create_guild("Home")
        self.channel = self.server.create_text_channel("general")
        managers = self.server.create_role("Managers", permissions=MANAGER)
        self.manager = self.server.add_member(self.env.create_user("manager"), roles=[managers])
        self.ann = self.server.add_member(self.env.create_user("ann"))
        self.bob = self.server.add_member(self.env.create_user("bob"))
        self.elsewhere = self.env.create_guild("Elsewhere")
        self.far = self.elsewhere.create_text_channel("far")
        far_managers = self.elsewhere.create_role("Managers", permissions=MANAGER)
        self.stranger = self.elsewhere.add_member(self.env.create_user("stranger"), roles=[far_managers])
        self.ann_elsewhere = self.elsewhere.add_member(self.ann.user)

    async def close(self) -> None:
        await asyncio.create_task(self._stop(), context=self._context)
        await self.env.shutdown()
        logging.getLogger().removeHandler(self.errors)
        assert faults(self.env.http_requests) == []
        if not self.incidents_expected:
            assert self.errors.lines == []
            assert [error for error in map(_cause, self.env.errors) if not _foreseen(error)] == []

    async def _stop(self) -> None:
        await self.app.engine.drain(0)
        await self.bot.close()

    async def restart(self, *, kill: bool = False, goes_on: bool = False, **changes: Any) -> None:
        """Another process on the same data folder. `kill` leaves what runs where it is, which `goes_on` if it does not
        end in the new process either; `changes` as for World."""
        old = self.bot
        if kill:
            await self._cut_off()
            old.app._lock.release()
        else:
            await old.app.engine.drain(0)
            await old.close()
        for name, value in changes.items():
            setattr(self, name, value)
        self.bot = self._bot()
        self.env.goes_on = goes_on
        await self.env.restart_bot(self.bot)
        self.env.goes_on = False
        await old.app._database.close()

    async def _cut_off(self) -> None:
        """Nothing of the bot goes on, as after kill -9."""
        tasks = [task for task in self.env._work.tasks if not task.done()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _bot(self) -> MvBot:
        values: dict[str, Any] = {"data_dir": self.folder, "config_dir": self.configs, **self.settings}
        if self.google is not None:
            values |= {"gemini_api_key": SecretStr(KEY), "gemini_base_url": self.google.url}
        if self.replicate is not None:
            values |= {"replicate_api_token": SecretStr(TOKEN), "replicate_base_url": self.replicate.url}
        settings = Settings(_env_file=None, **values)
        quick = partial(adapters, pace=Pace(answer_seconds=1.0, pause=self.pause))
        return MvBot(build(settings, stand_in=self.stand_in, clock=self.clock, vendors=quick))

    # ── what the records say ─────────────────────────────────────────────────────────────────────────────────────────

    async def job(self, number: int, server: ServerId | None = None) -> Job:
        async with self.app.tools.records.read() as tx:
            found = await tx.jobs.find(server or ServerId(self.server.id), Ref(Kind.JOB, number))
        assert found is not None
        return found

    async def net(self, number: int) -> dict[str, int]:
        """What its member is charged for a job in all, by kind; what adds up to nothing is left out."""
        charged = {kind.value for kind in AllowanceKind}
        return {kind: amount for kind, amount in (await self.books(number)).items() if kind in charged}

    async def books(self, number: int) -> dict[str, int]:
        """All that the ledger has of a job, by measure."""
        job = await self.job(number)
        sums: dict[str, int] = {}
        async with self.app.tools.records.read() as tx:
            for line in await tx.usage.lines(job.id):
                sums[line.kind.value] = sums.get(line.kind.value, 0) + line.amount
        return {kind: amount for kind, amount in sums.items() if amount}

    async def used(self, member_id: int, kind: AllowanceKind) -> int:
        now = self.app.clock.now()
        account = Account.of_member(ServerId(self.server.id), MemberId(member_id))
        async with self.app.tools.records.read() as tx:
            sums = await tx.usage.sums([account], now.replace(hour=0, minute=0, second=0, microsecond=0))
        return sums.get((account, kind), 0)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def begun(self, act: Awaitable[InteractionResult], seconds: float = 0.3) -> InteractionResult:
        """Does something that leaves a job running: once it is acknowledged nobody waits longer than `seconds`, or as
        many times that as the machine has more work than it can do."""
        busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        patience, self.env.settle_timeout = self.env.settle_timeout, seconds * busy
        try:
            return await act
        except TimeoutError:
            newest = max(self.env.backend.interactions.values(), key=lambda record: record.id)
            async with asyncio.timeout(10):
                while not newest.responded:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            return InteractionResult(self.env, newest)
        finally:
            self.env.settle_timeout = patience

    async def at_once(self, acts: Sequence[Callable[[], Awaitable[object]]]) -> None:
        """All of them have happened before the bot hears of the first."""
        backend: Any = self.env.backend
        emit, held = backend.emit, []

        def hold(event: str, payload: Any) -> None:
            held.append(payload) if event == "INTERACTION_CREATE" else emit(event, payload)

        backend.emit = hold
        try:
            for act in acts:
                await act()
        finally:
            backend.emit = emit
        for payload in held:
            emit("INTERACTION_CREATE", payload)
        await self.env.settle(timeout=30)

    # ── room ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def uploads_up_to(self, limit: int) -> None:
        """What Discord says from now on that a file may have, in bytes."""
        backend: Any = self.env.backend
        emit = backend.emit

        def with_limit(event: str, payload: Any) -> None:
            emit(event, {**payload, "attachment_size_limit": limit} if event == "INTERACTION_CREATE" else payload)

        backend.emit = with_limit

    # ── what was said ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def last(self) -> discord.Message:
        """The newest public message of the channel."""
        return [message for message in self.channel.history() if not message.flags.ephemeral][-1]

    def posts(self, method: str, path: str) -> list[Any]:
        """Bodies of requests by method and end of the path."""
        return [r.json for r in self.env.http_requests if r.method == method and r.path.endswith(path)]


async def eventually(true: Callable[[], Any]) -> None:
    """Looks every few milliseconds, for 10 s."""
    ends = time.monotonic() + 10
    while not true():
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)


def reply(result: InteractionResult) -> ResponseMessage:
    """The newest answer to an interaction."""
    if result.followups:
        return result.followups[-1]
    assert result.response is not None
    return result.response


def said(message: discord.Message | ResponseMessage | InteractionResult) -> str:
    """All that can be read of a message but its buttons."""
    if isinstance(message, InteractionResult):
        message = reply(message)
    parts: list[str | None] = [message.content]
    for embed in message.embeds:
        parts += [embed.author.name, embed.title, embed.description]
        parts += [part for field in embed.fields for part in (field.name, field.value)]
        parts.append(embed.footer.text)
    return "\n".join(part for part in parts if part)


def labels(message: discord.Message | ResponseMessage | InteractionResult) -> list[str]:
    """Its buttons, from the first."""
    if isinstance(message, InteractionResult):
        message = reply(message)
    if isinstance(message, ResponseMessage):
        message = message.message
    rows = cast("list[discord.ActionRow]", message.components)
    return [button.label or "" for row in rows for button in row.children if isinstance(button, discord.Button)]


def files(message: discord.Message | ResponseMessage) -> list[str]:
    return [attachment.filename for attachment in message.attachments]


def _cause(error: BaseException) -> BaseException:
    return error.__cause__ if isinstance(error, discord.app_commands.CommandInvokeError) and error.__cause__ else error


def _foreseen(error: BaseException) -> bool:
    return isinstance(error, MvError) and not isinstance(error, Incident)


async def dm(user: UserHandle, name: str, **options: Any) -> InteractionResult:
    result: InteractionResult = await user.slash(name, **options)
    return result
