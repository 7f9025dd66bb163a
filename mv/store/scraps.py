"""What interrupted backups, restores, uploads and exports left in the data folder, and that it is removed."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mv.errors import StorageError
from mv.ports import Scrap, Scraps

log = logging.getLogger(__name__)

RESTORE = "restore.part"
"""A folder beside the database, while a backup is brought back."""
NAMES = ("*.part", "*.part.sqlite3", "*.part.sqlite3-*", "*.part.sqlite3.raw", "*.part.sqlite3.raw-*")
"""In the data folder. A database elsewhere may lie beside what is none of ours: there only RESTORE is looked for."""
UPLOADS = "character_ref_*#[0-9]*"
"""In a local folder with media: how obstore names a file until it is whole."""
PUT_ASIDE = "before-restore-*"


class FolderScraps(Scraps):
    """Of these folders; whoever asks holds them, or only looks."""

    def __init__(self, data_folder: Path, beside: Path | None, media: Path | None) -> None:
        self._data = data_folder.absolute()
        self._beside = beside.absolute() if beside is not None else self._data
        self._media = media

    @classmethod
    def of(cls, data_folder: Path, database: Path | None, media_url: str | None) -> FolderScraps:
        """As `ObjectMedia.at` understands the address; `database` is its file, if it has one."""
        parts = urlsplit(media_url or "")
        media = Path(unquote(parts.path)) if parts.scheme == "file" and not parts.netloc else None
        return cls(
            data_folder,
            database.parent if database is not None else None,
            data_folder / "media" if media_url is None else media,
        )

    async def found(self, before: datetime) -> tuple[Scrap, ...]:
        """Those not touched since then. Raises StorageError."""
        return await asyncio.to_thread(self._found, before)

    async def remove(self, scrap: Scrap) -> None:
        """No error if it is gone. Raises StorageError."""
        await asyncio.to_thread(_remove, Path(scrap.path))

    async def put_aside(self) -> bool:
        """Whether there is a database that a restore put aside. Raises StorageError."""
        return await asyncio.to_thread(self._put_aside)

    def _put_aside(self) -> bool:
        folders = (self._data, self._beside)
        return any(True for folder in folders if folder.is_dir() for _ in folder.glob(PUT_ASIDE))

    def _found(self, before: datetime) -> tuple[Scrap, ...]:
        try:
            return tuple(scrap for path in self._named() if (scrap := _scrap(path, before)) is not None)
        except OSError as error:
            raise StorageError from error

    def _named(self) -> Iterator[Path]:
        for name in NAMES:
            yield from sorted(self._data.glob(name))
        if self._beside != self._data:
            yield from self._beside.glob(RESTORE)
        if self._media is not None and self._media.is_dir():
            yield from sorted(path for path in self._media.rglob(UPLOADS) if path.is_file())


def empty(scratch: Path) -> None:
    """Makes the folder, or removes all in it; whoever asks holds the data folder. What cannot be removed stays, and is
    logged: a start does not fail for it."""
    try:
        scratch.mkdir(0o700, exist_ok=True)
        scratch.chmod(0o700)
        left = list(scratch.iterdir())
    except OSError as error:
        log.warning("%s cannot be used: %s", scratch, error.strerror)
        return
    for path in left:
        try:
            _remove(path)
        except StorageError as error:
            log.warning("%s is left behind: %s", path, error.__cause__)


def _scrap(path: Path, before: datetime) -> Scrap | None:
    """None if it is younger, or gone by now."""
    try:
        inside = [path, *path.rglob("*")] if path.is_dir() else [path]
        told = [each.lstat() for each in inside]
    except FileNotFoundError:
        return None
    if max(one.st_mtime for one in told) > before.astimezone(UTC).timestamp():
        return None
    return Scrap(str(path), sum(one.st_size for each, one in zip(inside, told, strict=True) if not each.is_dir()))


def _remove(path: Path) -> None:
    try:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError from error
