"""This machine: records and files that cannot be read or written, charts that cannot be drawn."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class StorageError(MvError):
    """Records or files could not be read or written."""


@dataclass(eq=False)
class StorageFull(StorageError):
    """The disk is full."""


@dataclass(eq=False)
class StorageReadOnly(StorageError):
    """The disk, the folder or a file may not be written."""


@dataclass(eq=False)
class StorageLocked(StorageError):
    """Another process holds the database."""


@dataclass(eq=False)
class StorageDamaged(StorageError):
    """The database is not a database, or fails its check."""

    path: str = ""


@dataclass(eq=False)
class NoChart(MvError):
    """A chart could not be drawn; what it would have shown is well."""


@dataclass(eq=False)
class Conflict(StorageError):
    """What was to be stored once is there already, or what it belongs to is not: nothing was stored."""


def storage_error(number: int | None) -> StorageError:
    """What the system means by the number of an error about files."""
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageFull()
    return StorageReadOnly() if number in (errno.EROFS, errno.EACCES, errno.EPERM) else StorageError()
