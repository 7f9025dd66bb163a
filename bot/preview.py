"""`python -m bot preview`: the real bot on a simulated Discord, in the browser. No account, no key, no server.

Offline engines stand in for the vendors that have no key; with a key the real vendor is asked. Records live in a folder
that goes when the preview ends: the simulated server is new each time.

The simulation has a clock of its own, which goes on when the bot has nothing left to do but wait. So vendors are waited
for where it does not look (`_Outside`), and the page is drawn anew when the bot has said something.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import signal
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import discord

from bot import logs
from bot.client import MvBot
from bot.ui.help import welcome_message
from bot.ui.sending import sending
from mv.app import App, build
from mv.domain.engine import Engine, Vendor
from mv.domain.spending import MonthSpend
from mv.ports import (
    Charts,
    Lent,
    Painted,
    Painter,
    PicturePrompt,
    Report,
    SceneAnswer,
    ScenePrompt,
    SceneWriter,
    Ticket,
)
from mv.settings import Settings

if TYPE_CHECKING:
    import simcord

T = TypeVar("T")

SETTLE_SECONDS = 0.6
"""How long a member's action waits for the bot; a job that takes longer goes on and shows itself."""
START_SECONDS = 30.0
"""As long may the start take, and the end."""
LOOK_SECONDS = 0.5
"""Between looks at whether the bot has said something; the page asks as often."""
HEAL_LOOKS = 6
"""After so many looks at a job without news the simulation is settled: on a busy machine its clock may have stopped."""
PAUSE_SECONDS = 2.5
"""What an offline engine takes, so that progress can be watched."""


async def serve(settings: Settings, *, port: int | None = None) -> int:
    """Until a signal comes. Returns the exit code."""
    try:
        import simcord
    except ImportError:
        print("The preview needs the development packages: make preview installs them.", file=sys.stderr)
        return 2
    logs.set_up(settings)
    level = logging.INFO if settings.debug else logging.WARNING
    for name in ("", "discord"):
        logging.getLogger(name).setLevel(level)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="mv-bot-preview-") as folder:
        own = {"data_dir": Path(folder), "database_url": None, "media_url": None}
        app = build(settings.model_copy(update=own), stand_in=True, pause_seconds=PAUSE_SECONDS)
        bot = MvBot(app, warm=False)
        env = simcord.Env(bot, shard_count=1, settle_timeout=START_SECONDS, check_errors=False)
        _keep_time(env)
        _let_out(app, env)
        await env.start()
        try:
            return await _show(env, bot, port, stopped)
        finally:
            env.settle_timeout = START_SECONDS
            await app.engine.drain(0)
            await bot.close()
            await env.shutdown()


async def _show(env: simcord.Env, bot: MvBot, port: int | None, stopped: asyncio.Event) -> int:
    from simcord import SetupError

    if bot.user is not None:
        await bot.user.edit(username="mv-bot")
    guild = env.create_guild("Music video team")
    channel = guild.create_text_channel("storyboard")
    managers = guild.create_role("Producers", permissions=discord.Permissions(manage_guild=True))
    robin = guild.add_member(env.create_user("robin", global_name="Robin"), roles=[managers])
    kim = guild.add_member(env.create_user("kim", global_name="Kim"))
    await bot.get_partial_messageable(channel.id).send(**sending(welcome_message()))
    await env.settle()
    env.settle_timeout = SETTLE_SECONDS
    try:
        async with env.preview(channel, viewers=[robin, kim], layout="channel", port=port) as preview:
            address = f"\nmv-bot preview: open this address in a browser\n\n    {preview.url}\n\nCtrl+C ends it."
            print(address, flush=True)
            await _draw_until(stopped, env, preview, bot)
    except SetupError as error:
        print(f"The preview cannot be served: {error}. Choose another port: --port 0 takes any.", file=sys.stderr)
        return 2
    return 0


async def _draw_until(stopped: asyncio.Event, env: simcord.Env, preview: simcord.Preview, bot: MvBot) -> None:
    """Draws the page anew when the bot has said something by itself, or when a member's action took too long. Never
    without need: a page that was drawn refuses clicks until the browser has it."""
    drawn, quiet = _said(env), 0
    while not stopped.is_set():
        _keep_time(env)
        said = _said(env)
        due = said != drawn or any(page.status == "stale" for page in preview._pages.values())
        quiet = 0 if due else quiet + 1
        with suppress(*_passing()):
            if due:
                await preview.refresh()
                drawn = said
            elif bot.courier.busy and quiet % HEAL_LOOKS == 0:
                await env.settle()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), LOOK_SECONDS)


def _keep_time(env: simcord.Env) -> None:
    """So that what was made just now is not shown as of the future; the simulation may be ahead, never behind."""
    behind = (datetime.now(UTC) - env.now()).total_seconds()
    if behind > 0:
        env.backend.advance_clock(behind)


def _said(env: simcord.Env) -> int:
    """How often the bot has said something that was no answer to a member's action: that draws the page by itself."""
    return sum(not request.path.endswith("/callback") for request in env.http_requests)


def _passing() -> tuple[type[Exception], ...]:
    """A member's action is under way, or the machine is slow: the next look comes soon."""
    from simcord import SetupError

    return SetupError, TimeoutError


def _let_out(app: App, env: simcord.Env) -> None:
    """The work of vendors, and of the process that draws charts, does not belong to the simulation."""
    outside = _Outside(env)
    writers = cast("dict[Vendor, SceneWriter]", app.tools.writers)
    painters = cast("dict[Vendor, Painter]", app.tools.painters)
    writers.update({vendor: _WriterOutside(writer, outside) for vendor, writer in writers.items()})
    painters.update({vendor: _PainterOutside(painter, outside) for vendor, painter in painters.items()})
    object.__setattr__(app.tools, "charts", _ChartsOutside(app.tools.charts, outside))  # frozen for everybody else


class _Outside:
    """Does work in real time, on real sockets, while the simulation knows that it is waited for."""

    def __init__(self, env: simcord.Env) -> None:
        self._env = env

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Its result; a cancellation reaches it."""
        task = contextvars.Context().run(asyncio.get_running_loop().create_task, work)
        result: T = await self._env.external_wait(task, reason="work outside")
        return result


class _WriterOutside(SceneWriter):
    def __init__(self, inner: SceneWriter, outside: _Outside) -> None:
        self._inner, self._outside = inner, outside

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        return await self._outside.do(self._inner.write(engine, prompt, report))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _PainterOutside(Painter):
    def __init__(self, inner: Painter, outside: _Outside) -> None:
        self._inner, self._outside = inner, outside

    async def lend(self, engine: Engine, picture: Lent, report: Report) -> str:
        return await self._outside.do(self._inner.lend(engine, picture, report))

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        return await self._outside.do(self._inner.start(engine, prompt, report))

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        return await self._outside.do(self._inner.collect(engine, ticket, timeout_seconds, report))

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        return await self._outside.do(self._inner.cancel(engine, ticket))

    async def aclose(self) -> None:
        await self._inner.aclose()


class _ChartsOutside(Charts):
    def __init__(self, inner: Charts, outside: _Outside) -> None:
        self._inner, self._outside = inner, outside

    async def spend(self, month: MonthSpend) -> bytes:
        return await self._outside.do(self._inner.spend(month))

    async def aclose(self) -> None:
        await self._inner.aclose()
