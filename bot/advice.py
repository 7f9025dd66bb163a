"""What a person at the command line reads when something has to be mended: what, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mv import errors as e

REASONS_AGAINST_A_BACKUP = {
    "exists": "{} exists already. Choose another name, or add --force to replace it.",
    "no_folder": "There is no folder {}. Create it, or choose another place.",
    "no_database": "There is nothing to back up: no records in {}. Set MV_DATA_DIR to the bot's data folder.",
    "not_sqlite": "The records are not in a file ({}). Use the database server's own tools, such as pg_dump.",
}
REASONS_AGAINST_AN_ARCHIVE = {
    "missing": "There is no file {}.",
    "not_ours": "{} is no backup of mv-bot.",
    "newer": "{} was made by a newer mv-bot. Update this one.",
    "damaged": "{} is damaged{}. Nothing was changed; use another backup.",
}


def _mistake(error: e.ConfigMistake) -> str:
    place = f"{error.file}, line {error.line}" if error.line else error.file
    return f"{place}: {error.key}\n  expected: {error.expected}"


def _archive(error: e.ArchiveUnusable) -> str:
    part = f" (in {error.part!r})" if error.part else ""
    return REASONS_AGAINST_AN_ARCHIVE[error.why].format(error.path, part)


ADVICE: dict[type[e.MvError], Callable[[Any], str]] = {
    e.ConfigMistake: _mistake,
    e.DataFolderInUse: lambda x: (
        f"Another mv-bot runs on the data folder {x.path}. Stop it, or set MV_DATA_DIR to another folder."
    ),
    e.DataFolderUnusable: lambda x: f"{x.path} cannot be used: {x.reason}. Mend it, or set MV_DATA_DIR.",
    e.StorageDamaged: lambda x: (
        f"The database {x.path} is damaged. Put a backup in its place (`python -m bot restore FILE`), or move it away"
        " to begin anew."
    ),
    e.SchemaTooNew: lambda _: "The database was written by a newer mv-bot. Update this one, or restore a backup.",
    e.StorageLocked: lambda _: "The database is held by another program. Close it and start again.",
    e.StorageReadOnly: lambda _: (
        "The database may not be written. Mend the permissions of the data folder, or mount it writable."
    ),
    e.StorageFull: lambda _: "The disk is full. Make room and start again; nothing half-written was left.",
    e.StorageError: lambda _: "The records or files cannot be read or written. Look at the data folder's permissions.",
    e.NotDiscord: lambda x: f"What answers at {x.address} is not Discord. Mend DISCORD_API_BASE_URL, or remove it.",
    e.PortTaken: lambda x: (
        f"Port {x.port} cannot be opened for metrics and health ({x.reason}). Set MV_METRICS_PORT to another."
    ),
    e.RecordsNotReady: lambda x: (
        f"There are no records in {x.path}. Set MV_DATA_DIR to the bot's data folder."
        if x.why == "missing"
        else "The database is of an older mv-bot. Start this one once: that brings it up to date."
    ),
    e.BackupImpossible: lambda x: REASONS_AGAINST_A_BACKUP[x.why].format(x.path),
    e.ArchiveUnusable: _archive,
}


def advice(error: e.MvError) -> str:
    """For standard error. One without words of its own is named by its code."""
    for kind in type(error).__mro__:
        if kind in ADVICE:
            return ADVICE[kind](error)
    return f"mv-bot cannot go on: {error.code}."
