"""The start is stopped: a person must mend it (exit code 2)."""

from __future__ import annotations

from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class StartError(MvError):
    """The bot cannot start; exit code 2."""


@dataclass(eq=False)
class ConfigMistake(StartError):
    """A mistake in a file of configs/, or in the environment (then `line` is 0)."""

    file: str
    line: int
    key: str
    expected: str


@dataclass(eq=False)
class DataFolderInUse(StartError):
    """Another process runs on the same data folder."""

    path: str


@dataclass(eq=False)
class DataFolderUnusable(StartError):
    """The data folder cannot be made or written."""

    path: str
    reason: str


@dataclass(eq=False)
class SchemaTooNew(StartError):
    """The database was written by a newer bot: `found` is its revision, `known` the newest known here."""

    found: str
    known: str


@dataclass(eq=False)
class NotDiscord(StartError):
    """What answers at this address does not speak as Discord does."""

    address: str


@dataclass(eq=False)
class PortTaken(StartError):
    """What is served to whoever runs the bot cannot be served there."""

    host: str
    port: int
    reason: str


@dataclass(eq=False)
class BackupImpossible(StartError):
    """Nothing was written. `why`: exists, no_folder, no_database, not_sqlite."""

    path: str
    why: str


@dataclass(eq=False)
class RecordsNotReady(StartError):
    """Records that are only to be read are not there, or are of an older version. `why`: missing, older."""

    path: str
    why: str


@dataclass(eq=False)
class ArchiveUnusable(StartError):
    """Nothing was restored. `why`: missing, not_ours, newer, damaged; `part` is what is damaged."""

    path: str
    why: str
    part: str = ""
