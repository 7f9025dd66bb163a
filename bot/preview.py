"""`python -m bot preview`: the real bot on a simulated Discord, in the browser. No account, no key, no server.

Offline engines stand in for the vendors that have no key; with a key the real vendor is asked. Records live in a folder
that goes when the preview ends: the simulated server is new each time.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import discord

from bot import logs
from bot.client import MvBot
from bot.ui.help import welcome_message
from bot.ui.sending import sending
from mv.app import build
from mv.settings import Settings

if TYPE_CHECKING:
    import simcord

log = logging.getLogger(__name__)

SETTLE_SECONDS = 0.4
"""How long a member's action waits for the bot; a job that takes longer goes on and shows itself by refreshes."""
REFRESH_SECONDS = 1.0
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
    logging.getLogger().setLevel(logging.INFO if settings.debug else logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="mv-bot-preview-") as folder:
        app = build(
            settings.model_copy(update={"data_dir": Path(folder), "database_url": None, "media_url": None}),
            stand_in=True,
            pause_seconds=PAUSE_SECONDS,
        )
        bot = MvBot(app)
        async with simcord.run(bot, shard_count=1, settle_timeout=SETTLE_SECONDS, check_errors=False) as env:
            await _show(env, bot, port)
    return 0


async def _show(env: simcord.Env, bot: MvBot, port: int | None) -> None:
    guild = env.create_guild("Music video team")
    channel = guild.create_text_channel("storyboard")
    managers = guild.create_role("Producers", permissions=discord.Permissions(manage_guild=True))
    robin = guild.add_member(env.create_user("robin", global_name="Robin"), roles=[managers])
    kim = guild.add_member(env.create_user("kim", global_name="Kim"))
    await bot.get_partial_messageable(channel.id).send(**sending(welcome_message()))
    await env.settle()
    async with env.preview(channel, viewers=[robin, kim], layout="channel", port=port) as preview:
        print(f"\nmv-bot preview: open this address in a browser\n\n    {preview.url}\n\nCtrl+C ends it.", flush=True)
        await _refresh_until_stopped(preview, bot)


async def _refresh_until_stopped(preview: simcord.Preview, bot: MvBot) -> None:
    """Shows what happens in the background: refreshes while a job is shown, and once after."""
    from simcord import SetupError

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    stale = False
    while not stopped.is_set():
        busy = bot.courier.busy
        if busy or stale:
            try:
                await preview.refresh()
                stale = busy
            except SetupError:  # a member's action is under way, and publishes by itself
                pass
            except TimeoutError:  # the bot waits for a real vendor, longer than a refresh waits: show what there is
                preview._publish_message_pages(reason="refresh")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), REFRESH_SECONDS)
