"""`python -m bot doctor`: what is set up, what is not, and what to do. Never a secret."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mv.app import SystemClock, doors
from mv.config import load_config
from mv.errors import ConfigMistake, DataFolderInUse, DataFolderUnusable, MvError
from mv.settings import Settings
from mv.store.database import Database
from mv.store.lock import FolderLock


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. Only `wrong` ones count towards the exit code; a missing key is a choice."""

    sign: str
    what: str
    to_do: str = ""

    @property
    def wrong(self) -> bool:
        """Whether somebody should fix it."""
        return self.sign == "✗"


def _well(what: str) -> Finding:
    return Finding("✓", what)


def _note(what: str, to_do: str) -> Finding:
    return Finding("–", what, to_do)


def _wrong(what: str, to_do: str) -> Finding:
    return Finding("✗", what, to_do)


async def examine(settings: Settings) -> int:
    """Prints what it finds; 0 well, 1 something to fix."""
    findings: list[Finding] = []
    checks: tuple[Callable[[Settings], Awaitable[list[Finding]]], ...] = (
        _configuration,
        _keys,
        _folder,
        _database,
        _metrics,
        _discord,
    )
    for check in checks:
        findings += await check(settings)
    for finding in findings:
        print(f"{finding.sign} {finding.what}")
        if finding.to_do:
            print(f"    {finding.to_do}")
    wrong = sum(finding.wrong for finding in findings)
    print(f"\n{f'{wrong} to fix.' if wrong else _verdict(settings)}")
    return 1 if wrong else 0


def _verdict(settings: Settings) -> str:
    able = [door.ready for door in doors(settings).values() if door.variable]
    if all(able):
        return "All is well."
    if any(able):
        return "All is well with what is set up."
    return "Nothing is broken, but no vendor has a key: the bot starts, and can make neither scenes nor pictures."


async def _configuration(settings: Settings) -> list[Finding]:
    try:
        config = load_config(settings.config_dir)
    except ConfigMistake as mistake:
        where = f"{mistake.file}, line {mistake.line}" if mistake.line else mistake.file
        return [_wrong(f"configuration: {where}: {mistake.key}", f"expected: {mistake.expected}")]
    return [_well(f"configuration: {len(config.flavors)} flavors, {len(config.engines)} engines")]


async def _keys(settings: Settings) -> list[Finding]:
    findings = []
    for vendor, door in doors(settings).items():
        if door.variable:
            missing = _note(f"{vendor.value}: no key; its engines are off", f"Set {door.variable} to switch them on.")
            findings.append(_well(f"{vendor.value}: a key is set") if door.ready else missing)
    return findings


async def _folder(settings: Settings) -> list[Finding]:
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return [_wrong(f"data folder {folder}: {error.strerror}", "Create it, or set MV_DATA_DIR to another.")]
    if not os.access(folder, os.W_OK | os.X_OK):
        return [_wrong(f"data folder {folder} cannot be written", "Grant this user write access, or set MV_DATA_DIR.")]
    return [_well(f"data folder {folder} can be written")]


async def _database(settings: Settings) -> list[Finding]:
    lock = FolderLock(settings.data_dir)
    try:
        lock.acquire()
    except DataFolderUnusable:
        return []  # said already
    except DataFolderInUse:
        return [_note("database: in use", "The bot is running; stop it for a full check.")]
    database = Database(settings.database, clock=SystemClock())
    try:
        await database.open()
        await database.check()
    except MvError as error:
        return [
            _wrong(
                f"database: {error.code}",
                "Restore a backup (`python -m bot restore FILE`), or move the file away to begin anew.",
            )
        ]
    finally:
        await database.close()
        lock.release()
    return [_well("database: sound, and of this version")]


async def _metrics(settings: Settings) -> list[Finding]:
    port = settings.metrics_port
    if port is None:
        return []
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, settings.metrics_host, port)
    except OSError as error:
        if _in_use(settings):
            return [_note(f"metrics: port {port} is in use", "By the bot that is running, most likely.")]
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address"
        return [_wrong(f"metrics: port {port} cannot be opened: {reason}", "Set MV_METRICS_PORT to a free one.")]
    server.close()
    await server.wait_closed()
    return [_well(f"metrics: port {port} is free")]


def _in_use(settings: Settings) -> bool:
    try:
        with FolderLock(settings.data_dir):
            return False
    except DataFolderInUse:
        return True
    except DataFolderUnusable:
        return False


async def _discord(settings: Settings) -> list[Finding]:
    if settings.discord_token is None:
        return [_wrong("DISCORD_TOKEN is missing", "See the README; or try `make preview`, which needs none.")]
    import discord

    from bot.actor import INVITED

    if settings.discord_api_base_url:
        discord.http.Route.BASE = settings.discord_api_base_url.rstrip("/")
    client = discord.Client(intents=discord.Intents.none())
    try:
        await client.login(settings.discord_token.get_secret_value())
        permissions = discord.Permissions(**dict.fromkeys(INVITED, True))
        scopes = ("bot", "applications.commands")
        invite = discord.utils.oauth_url(client.application_id or 0, permissions=permissions, scopes=scopes)
        return [_well(f"Discord knows the bot as {client.user}"), _note("invite link", invite)]
    except discord.LoginFailure:
        return [_wrong("Discord refuses the token", "Make a new one in the developer portal and set DISCORD_TOKEN.")]
    except (discord.HTTPException, OSError, KeyError, TypeError, ValueError) as error:
        return [_wrong(f"Discord cannot be reached ({type(error).__name__})", "Check the network of this machine.")]
    finally:
        await client.close()
