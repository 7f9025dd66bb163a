"""`python -m bot cleanup [--dry-run]`: what it says."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from mv.app import SystemClock, cleaner_of
from mv.config import load_config
from mv.domain.retention import CleanUp, Tally
from mv.errors import DataFolderInUse, RecordsNotReady
from mv.services.preferences import Preferences
from mv.settings import Settings
from mv.store.database import Database, file_of
from mv.store.lock import FolderLock
from mv.store.media import ObjectMedia

NEEDS_A_PERSON = 2
NAMED = 20
"""How many files are named."""


def tidy_up(settings: Settings, *, dry: bool) -> int:
    """The daily pass, now; `dry` only looks, also while the bot runs. Raises MvError."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if dry:
            return _told(asyncio.run(_clean(settings, dry=True)))
        with FolderLock(settings.data_dir, file_of(settings.database)):
            return _told(asyncio.run(_clean(settings, dry=False)))
    except DataFolderInUse as error:
        print(
            f"The bot runs on the data folder {error.path}, and cleans up by itself once a day. Stop it to do so now,"
            " or look what would go with --dry-run.",
            file=sys.stderr,
        )
        return NEEDS_A_PERSON
    except KeyboardInterrupt:
        print("Interrupted. What is gone is gone whole; the next time does the rest.", file=sys.stderr, flush=True)
        os._exit(NEEDS_A_PERSON)


async def _clean(settings: Settings, *, dry: bool) -> CleanUp:
    clock, config = SystemClock(), load_config(settings.config_dir)
    database, path = Database(settings.database, clock=clock), file_of(settings.database)
    if path is not None and not path.exists():
        raise RecordsNotReady(path=str(path), why="missing")
    try:
        await (database.look() if dry else database.open())
        media = ObjectMedia.at(settings.media_url, settings.data_dir)
        preferences = Preferences(database, config.limits)
        return await cleaner_of(settings, database, media, preferences, clock, config).clean(dry=dry)
    finally:
        await database.close()


def _told(report: CleanUp) -> int:
    """Prints it."""
    goes = "would go" if report.dry else "removed"
    nothing = True
    for server, tally in report.touched():
        nothing = False
        left = ", which the bot has left" if tally.left else ""
        print(f"Server {server}{left}: {tally.words() or 'its settings and books'} {goes}")
    named = (("Files that no record names", report.orphans), ("Left by interrupted runs", report.scraps))
    for what, tally in named:
        if tally:
            nothing = False
            print(f"{what}: {_files(tally)} {goes}")
    if nothing:
        print("There is nothing to clean up.")
    if report.held:
        print(
            f"Files that no record names: {_files(report.held)} stay, for a database that a restore put aside may name"
            " them. Delete the folders before-restore-… to let them go."
        )
    if report.older:
        print(
            f"Files that no record names: {_files(report.older)} stay, for they are older than these records: another"
            " database may name them. If there is none, delete them by hand."
        )
    for server in report.failed:
        print(f"Server {server} was left alone: what is on record of it is damaged.", file=sys.stderr)
    if report.missing:
        print(f"Warning: {len(report.missing):,} files are named by records, but missing:", file=sys.stderr)
        for key in report.missing[:NAMED]:
            print(f"  {key}", file=sys.stderr)
        if len(report.missing) > NAMED:
            print(f"  and {len(report.missing) - NAMED:,} more", file=sys.stderr)
    return NEEDS_A_PERSON if report.failed else 0


def _files(tally: Tally) -> str:
    return f"{tally.files:,} files of {tally.bytes:,} bytes"
