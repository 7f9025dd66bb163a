"""The command line: run, preview, doctor, backup, restore, cleanup, audit.

Exit codes: 0 stopped by a signal or done; 1 a bug; 2 a person must fix it. `doctor`: 0 well, 1 something to fix;
`audit`: 0 the books agree, 1 they differ.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.stopping import leave_at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.health import Health
    from mv.settings import Settings

NEEDS_A_PERSON = 2
TOKEN_NOT_TAKEN = 4004
"""The gateway's code for a token that is not valid (any more)."""
TOKEN_REFUSED = "Discord refuses the token in DISCORD_TOKEN. Make a new one in the developer portal."  # noqa: S105


def main(arguments: list[str] | None = None) -> int:
    """What the process ends with."""
    asked = _parser().parse_args(arguments)
    if asked.word in (None, "run"):
        gc.disable()  # until `_serve`: what is imported stays; searching it for garbage takes a seventh of the start
        leave_at_once()
    from mv.errors import MvError
    from mv.settings import read_settings

    try:
        settings = read_settings()
        if asked.word == "doctor":
            from bot.doctor import examine

            return asyncio.run(examine(settings))
        if asked.word == "preview":
            from bot.preview import serve

            return asyncio.run(serve(settings, port=asked.port))
        if asked.word == "backup":
            from bot.backups import make

            return make(settings, asked.file, force=asked.force)
        if asked.word == "restore":
            from bot.backups import put_back

            return put_back(settings, asked.file)
        if asked.word == "cleanup":
            from bot.cleanups import tidy_up

            return tidy_up(settings, dry=asked.dry_run)
        if asked.word == "audit":
            from bot.audits import look_through

            return look_through(settings)
        return _run(settings)
    except MvError as error:
        from bot.advice import advice

        print(advice(error), file=sys.stderr)
        return NEEDS_A_PERSON
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="mv-bot plans music videos inside Discord.")
    words = parser.add_subparsers(dest="word", metavar="word")
    words.add_parser("run", help="the bot, on Discord (the default)")
    preview = words.add_parser("preview", help="the bot on a simulated Discord, in the browser; no account, no key")
    preview.add_argument("--port", type=int, default=None, help="the port on this machine; any free one if left out")
    words.add_parser("doctor", help="what is set up and what is not, and what to do")
    backup = words.add_parser("backup", help="all records and media in one file; also while the bot runs")
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file, a ZIP; complete or not there")
    backup.add_argument("--force", action="store_true", help="replace FILE if it exists")
    restore = words.add_parser("restore", help="puts a backup in place; the database that is there is kept")
    restore.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    cleanup = words.add_parser("cleanup", help="removes what is not kept any longer, as the bot does once a day")
    cleanup.add_argument("--dry-run", action="store_true", help="only says what would go; also while the bot runs")
    words.add_parser("audit", help="checks the ledger against jobs and sums; also while the bot runs")
    return parser


def _run(settings: Settings) -> int:
    if settings.discord_token is None:
        print(
            "DISCORD_TOKEN is missing. Create an application and its bot in Discord's developer portal (the README says"
            "\nhow) and put the token into the environment or into .env.\n\n"
            "To try the bot without an account, a key or a server:  make preview",
            file=sys.stderr,
        )
        return NEEDS_A_PERSON
    with asyncio.Runner(loop_factory=_quick_loop()) as runner:
        code = runner.run(_serve(settings, settings.discord_token.get_secret_value()))
    leave_at_once()
    return code


def _quick_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, under which commands are acknowledged a fifth sooner; asyncio's own where there is none (Windows)."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _health(settings: Settings) -> Health | None:
    """Metrics and /health, if they are asked for; what serves them is imported only then."""
    if settings.metrics_port is None:
        return None
    from bot.health import Health

    return Health(settings)


async def _serve(settings: Settings, token: str) -> int:
    import aiohttp
    import discord

    from bot import logs
    from bot.client import MvBot
    from bot.stopping import Stop
    from mv.app import build

    logs.set_up(settings)
    if settings.discord_api_base_url:
        discord.http.Route.BASE = settings.discord_api_base_url.rstrip("/")
    stop = Stop()
    health = _health(settings)
    bot = MvBot(build(settings, meter=health.meter if health else None))
    if health is not None:
        await health.open(bot)
    opening, working = bot.open_early(), asyncio.create_task(bot.start(token), name="bot")
    asked = asyncio.create_task(stop.wait(), name="stop")
    refused = asyncio.create_task(bot.courier.locked_out.wait(), name="locked out")
    try:
        await asyncio.wait({opening, working, asked}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done() and not opening.cancelled():  # it is when the bot has closed by itself
            opening.result()
        gc.freeze()  # all that was imported: to search it once would stop the loop for a tenth of a second
        gc.enable()
        await asyncio.wait({working, asked, refused}, return_when=asyncio.FIRST_COMPLETED)
        if refused.done():
            return _told(TOKEN_REFUSED)
        if not stop.asked:
            working.result()
    except discord.LoginFailure:
        return _told(TOKEN_REFUSED)
    except discord.ConnectionClosed as error:
        if error.code != TOKEN_NOT_TAKEN:
            raise
        return _told(TOKEN_REFUSED)
    except (aiohttp.ClientError, discord.HTTPException, discord.GatewayNotFound, OSError) as error:
        where = discord.http.Route.BASE
        return _told(f"Discord cannot be reached at {where} ({type(error).__name__}). Check the network.")
    finally:
        asked.cancel()
        refused.cancel()
        working.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is told already, or of no use
        await bot.close()
        working.cancel()
        await asyncio.wait({working}, timeout=1)
        if health is not None:
            await health.close()
    return 0


def _told(what: str) -> int:
    print(what, file=sys.stderr)
    return NEEDS_A_PERSON


def _last_words() -> None:
    """Python would end with 120 if the last lines of the log found no room."""
    try:
        sys.stderr.flush()
    except OSError:
        sys.stderr = None


if __name__ == "__main__":
    code = main()
    _last_words()
    sys.exit(code)
