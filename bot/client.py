"""The Bot: one connection to Discord, with its cogs, its courier, and commands that are synced when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.ext import commands, tasks
from discord.gateway import DiscordWebSocket

from bot import doors
from bot.arrivals import Heard, Throttle
from bot.cogs.character import CharacterCog
from bot.cogs.help import HelpCog
from bot.cogs.jobs import JobsCog
from bot.cogs.mydata import MyDataCog
from bot.cogs.project import ProjectCog
from bot.cogs.scenes import ScenesCog
from bot.cogs.servers import ServersCog
from bot.cogs.settings import SettingsCog
from bot.cogs.usage import QuotaCog, UsageCog
from bot.delivery import DiscordCourier, Notices, tracing
from bot.errors import answer
from bot.ui.forms import Form
from mv import __version__
from mv.app import App
from mv.domain.ids import ServerId
from mv.errors import MvError, NotDiscord

log = logging.getLogger(__name__)

COGS = (ScenesCog, CharacterCog, ProjectCog, JobsCog, UsageCog, QuotaCog, SettingsCog, ServersCog, MyDataCog, HelpCog)
LOOKS_A_DAY = 144
"""How often `_daily` comes round: every ten minutes."""
WARM_AFTER_SECONDS = 2.0
"""When the vendors' clients are loaded: they are slow to import, and members' first commands come first."""
DRAIN_SECONDS = 5.0
"""What running jobs have to come to their end when the process stops."""
OPENING_SECONDS = 1.0
ANSWERING_SECONDS = 0.8
PARTING_SECONDS = 1.0
ASKED = ("CommandTree-invoker", "discord-ui-dynamic-item", "discord-ui-view", "discord.py: on_interaction")
"""How discord.py names the tasks that answer members."""
SYNCED = "commands.sha256"
"""In the data folder: which commands Discord was last told."""


class MvTree(app_commands.CommandTree[commands.Bot]):
    """The commands, with the one error path."""

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        """What comes a second time, or too fast, goes no further."""
        return await doors.admitted(interaction)

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        """Tells whoever asked."""
        await answer(interaction, error)


class MvBot(commands.AutoShardedBot):
    """Sharded, because such a client asks `/gateway/bot` where to connect; one shard until there are 2,500 servers."""

    def __init__(self, app: App, *, warm: bool = True) -> None:
        """`warm` loads the vendors' clients ahead of their first use."""
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here, so nothing is missing
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            tree_cls=MvTree,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            http_trace=tracing(),
        )
        self.stopping = False
        """Whether nothing new is taken in any more."""
        self.app = app
        self._warms = warm
        limits = app.config.limits
        self.heard = Heard()
        self.throttle = Throttle(app.clock, limits.commands_per_minute)
        self.courier = DiscordCourier(
            self,
            app.jobs,
            app.engine,
            app.clock,
            app.tools.meter,
            every_seconds=limits.progress_every_seconds,
            remind_after=limits.notify_after_seconds,
        )
        app.engine.attach(self.courier)
        self.notices = Notices(self, app.watch)
        app.watch.call(lambda: self._start(self._tell()))
        self._forms: dict[Form, doors.Sent] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._opened: asyncio.Task[None] | None = None
        self._met = False
        """Whether Discord has answered all that is asked before anything of ours runs."""
        self._synced = False
        self._announced = False

    def open_early(self) -> asyncio.Task[None]:
        """Opens the records beside the connection to Discord; commands that come sooner wait for them. Whoever calls
        it sees to it that the bot is closed if they cannot be opened."""
        self._opened = asyncio.create_task(self.app.open(), name="open")
        return self._opened

    async def login(self, token: str) -> None:
        """Raises NotDiscord if an answer is none of Discord's."""
        try:
            await super().login(token)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if self._met:
                raise
            raise NotDiscord(address=discord.http.Route.BASE) from error

    async def setup_hook(self) -> None:
        """Everything is in its place before Discord sends the first command; the records may still be opening."""
        if self.app.settings.discord_api_base_url:
            # discord.py asks /gateway/bot at its start only, and goes to a constant address after a lost session
            _, gateway, _ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
        self._met = True
        if self._opened is None:
            await self.open_early()
        if self.stopping:  # told so while it logged in, or the records could not be opened
            return
        for kind in COGS:
            cog = kind(self.app, self.courier)
            await self.add_cog(cog)
            if hasattr(cog, "presses"):
                self.add_dynamic_items(*cog.presses())
            if hasattr(cog, "sent_forms"):
                self._forms.update(cog.sent_forms())
        self._start(self._sync())
        self._start(self._resume())
        if self._warms:
            self._start(self._warm())
        self._tidy.start()
        self._daily.start()

    async def on_ready(self) -> None:
        """Discord sends READY anew after a lost session, each time with all servers, also those that are unavailable at
        the moment. That the bot is ready is said once."""
        if self._opened is None:
            return
        self._start(self.app.servers.are([ServerId(guild.id) for guild in self.guilds]))
        if self._announced:
            return
        self._announced = True
        await asyncio.wait({self._opened})
        if not self._opened.cancelled() and self._opened.exception() is None:
            ready = [vendor.value for vendor, door in self.app.tools.doors.items() if door.variable and door.ready]
            vendors = ", ".join(ready) or "none: no vendor has a key"
            ours = (__version__, self.user, len(self.guilds), vendors)
            log.info("mv-bot %s is ready: connected as %s, in %s servers; vendors set up: %s", *ours)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Forms are answered here, by their custom_id: discord.py drops those it does not remember."""
        if interaction.type is discord.InteractionType.modal_submit:
            await doors.form_sent(interaction, self._forms)

    async def close(self) -> None:
        """Takes nothing new in, gives running jobs a moment, closes vendors and records, and then the connection to
        Discord, for results need it to the last. What is not finished goes on after the next start."""
        self.stopping = True
        self._tidy.cancel()
        self._daily.cancel()
        for task in self._background:
            task.cancel()
        if self._opened is not None and not self._opened.done():
            self._opened.cancel()
            await asyncio.wait({self._opened}, timeout=OPENING_SECONDS)
        await asyncio.gather(self.app.engine.drain(DRAIN_SECONDS), self._answers())
        await self._answers()
        try:
            await self.app.close(0)
        except Exception:  # the way out goes on: records are whole at any moment
            log.exception("not everything could be closed")
        try:
            async with asyncio.timeout(PARTING_SECONDS):
                await super().close()
        except TimeoutError:
            log.warning("Discord did not close its lines in time")

    async def _answers(self) -> None:
        """What members asked a moment ago is answered first: it needs the records."""
        asked = {task for task in asyncio.all_tasks() if task.get_name().startswith(ASKED)}
        if asked:
            await asyncio.wait(asked, timeout=ANSWERING_SECONDS)

    @tasks.loop(minutes=1)
    async def _tidy(self) -> None:
        if self._tidy.current_loop:  # the first is what resuming does
            try:
                await self.app.engine.tidy()
                await self.app.mydata.tidy()
                await self.notices.tell()
            except MvError as error:
                log.warning("the records could not be tidied: %s; again in a minute", error.code)
            except Exception:  # the loop would end for good
                log.exception("the records could not be tidied; again in a minute")
            if not self._synced:
                await self._sync()

    @tasks.loop(minutes=10)
    async def _daily(self) -> None:
        """The clean-up, ten minutes after the start and then once a day."""
        if self._daily.current_loop % LOOKS_A_DAY == 1:
            try:
                if self.is_ready():
                    await self.app.servers.are([ServerId(guild.id) for guild in self.guilds])
                await self.app.cleaner.daily()
                await self.app.auditor.daily()
            except MvError as error:
                log.warning("the clean-up broke off: %s; again tomorrow", error.code)
            except Exception:  # the loop would end for good
                log.exception("the clean-up broke off; again tomorrow")

    async def _resume(self) -> None:
        assert self._opened is not None  # noqa: S101  # by setup_hook
        await asyncio.wait({self._opened})
        if not self._opened.cancelled() and self._opened.exception() is None:
            await self.app.engine.resume()
            await self.app.mydata.tidy()

    async def _tell(self) -> None:
        """What cannot be told now is, in a minute."""
        try:
            await self.notices.tell()
        except MvError as error:
            log.warning("managers are not told of budgets: %s; again in a minute", error.code)

    async def _warm(self) -> None:
        await asyncio.sleep(WARM_AFTER_SECONDS)
        await self.app.warm()

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a task failed: %s", task.get_name(), exc_info=task.exception())

    async def _sync(self) -> None:
        """Tells Discord the commands, if they are not those it was told last: it allows 200 new ones a day."""
        try:
            await self._sync_changed()
            self._synced = True
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("commands could not be synced: %s %s", type(error).__name__, getattr(error, "status", ""))

    async def _sync_changed(self) -> None:
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, discord.http.Route.BASE, payload], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        noted = self.app.settings.data_dir / SYNCED
        names = {command["name"] for command in payload}
        if _read(noted) == digest and {command.name for command in await self.tree.fetch_commands()} == names:
            log.info("commands are as Discord knows them")
            return
        await self.tree.sync()
        try:
            noted.write_text(digest, encoding="utf-8")
        except OSError as error:
            log.warning("that commands are synced could not be noted: %s", error.strerror)
        log.info("%s commands were synced", len(payload))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
