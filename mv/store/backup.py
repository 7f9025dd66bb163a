"""All that a bot keeps, in one file, taken while it runs; and put back.

A backup is one moment of the database, then the media that this moment names. What is put back are media first, which
no database in use names otherwise, then the database in one step: a kill leaves the old state or the new one. Media of
the old state stay, so that it can be put back in its turn.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mv.errors import (
    ArchiveUnusable,
    BackupImpossible,
    DataFolderUnusable,
    SchemaTooNew,
    StorageDamaged,
    StorageFull,
    storage_error,
)
from mv.ports import Clock
from mv.settings import Settings
from mv.store import sqlite_files
from mv.store.archive import DATABASE, MEDIA, ArchiveReader, ArchiveWriter, Manifest
from mv.store.database import file_of
from mv.store.lock import FolderLock
from mv.store.media import ObjectMedia
from mv.store.migrations import REVISIONS

RESTORING = "restore.part"
"""In the database's folder, while an archive is unpacked; left behind by a kill, and removed by the next restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an archive holds. `missing` media were nowhere; `differing` ones are not what the records say, and are in
    it as they are."""

    made_at: str
    records: Mapping[str, int]
    files: int
    bytes: int
    seconds: float
    missing: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """`kept` is the folder with the database as it was before, or empty, if `had` is False: while it is there, no media
    of before are cleaned up. None if there was neither a database nor any media."""

    held: Held
    database: Path
    kept: Path | None
    had: bool


def back_up(settings: Settings, file: Path, clock: Clock, *, force: bool = False) -> Held:
    """Also while the bot runs, which goes on meanwhile. Blocks; not within a running event loop.

    `file` appears when it is complete and was read again, or not at all; `force` lets it take the place of another.
    Raises BackupImpossible, StorageError, StartError.
    """
    began = time.monotonic()
    database = _database_of(settings)
    part, copy = file.with_name(f"{file.name}.part"), file.with_name(f"{file.name}.part.sqlite3")
    with _folder(file.parent):
        _refuse(database, file, force)
        try:
            sqlite_files.snapshot(database, copy)
            manifest, missing, differing = _write(settings, part, copy, clock.now())
            records = sqlite_files.holdings(copy)
            sqlite_files.erase(copy)
            _check(part, copy)
            size = part.stat().st_size
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
            sqlite_files.erase(copy)
    return Held(
        made_at=manifest.made_at,
        records=records,
        files=len(manifest.members) - 1,
        bytes=size,
        seconds=time.monotonic() - began,
        missing=missing,
        differing=differing,
    )


def restore(settings: Settings, file: Path, clock: Clock) -> Restored:
    """Takes the data folder, so the bot must not run. Blocks; not within a running event loop.

    The whole archive is read before anything is changed. Raises ArchiveUnusable, SchemaTooNew, BackupImpossible,
    DataFolderInUse, StorageError.
    """
    began = time.monotonic()
    database = _database_of(settings)
    with ArchiveReader(file) as archive, FolderLock(settings.data_dir, database), _folder(database.parent):
        database.parent.mkdir(parents=True, exist_ok=True)
        unpacked = database.parent / RESTORING
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir(mode=0o700)
        try:
            new = unpacked / DATABASE
            _unpack_database(archive, file, new)
            archive.check()
            kept = _free(database.parent / f"before-restore-{clock.now():%Y%m%d_%H%M%S}")
            lone = not database.exists() and _any_media(settings)
            if lone:
                kept.mkdir(mode=0o700)
            _put_media(settings, archive, new)
            records = sqlite_files.holdings(new)
            had = sqlite_files.take_place(new, database, kept)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    held = Held(
        made_at=archive.manifest.made_at,
        records=records,
        files=len(archive.manifest.members) - 1,
        bytes=sum(member.bytes for member in archive.manifest.members.values()),
        seconds=time.monotonic() - began,
        missing=archive.manifest.missing,
    )
    return Restored(held=held, database=database, kept=kept if had or lone else None, had=had)


def _database_of(settings: Settings) -> Path:
    """Raises BackupImpossible if the records are not in a file, ConfigMistake for an address that is none."""
    path = file_of(settings.database)
    if path is None:
        raise BackupImpossible(path="MV_DATABASE_URL", why="not_sqlite")
    return path


def _refuse(database: Path, file: Path, force: bool) -> None:
    """Before anything is written."""
    if not database.exists() or not database.stat().st_size:
        raise BackupImpossible(path=str(database), why="no_database")
    if not file.parent.is_dir():
        raise BackupImpossible(path=str(file.parent.absolute()), why="no_folder")
    if file.is_dir() or (file.exists() and not force):
        raise BackupImpossible(path=str(file), why="exists")


@contextmanager
def _folder(path: Path) -> Iterator[None]:
    """What the system says of files becomes StorageFull, DataFolderUnusable."""
    try:
        yield
    except OSError as error:
        meaning = storage_error(error.errno)
        if isinstance(meaning, StorageFull):
            raise meaning from error
        where = error.filename if isinstance(error.filename, str) else str(path.absolute())
        raise DataFolderUnusable(path=where, reason=error.strerror or "unknown") from error


def _write(
    settings: Settings, part: Path, copy: Path, now: datetime
) -> tuple[Manifest, tuple[str, ...], tuple[str, ...]]:
    missing, differing = [], []
    media = ObjectMedia.at(settings.media_url, settings.data_dir)
    schema = _revision(copy)
    with ArchiveWriter(part) as archive, asyncio.Runner() as runner:
        archive.add_file(DATABASE, copy)
        for file in sqlite_files.stored_files(copy):
            try:
                data = runner.run(media.get(file.key))
            except KeyError:
                missing.append(file.key)
                continue
            if hashlib.sha256(data).hexdigest() != file.sha256:
                differing.append(file.key)
            archive.add(MEDIA + file.key, data)
        stated = Manifest(made_at=f"{now:%Y-%m-%dT%H:%M:%SZ}", schema=schema, members={}, missing=tuple(missing))
        manifest = archive.finish(stated)
    return manifest, tuple(missing), tuple(differing)


def _check(part: Path, copy: Path) -> None:
    with ArchiveReader(part) as archive:
        archive.check()
        _unpack_database(archive, part, copy)


def _unpack_database(archive: ArchiveReader, file: Path, target: Path) -> None:
    """Looked through. Raises ArchiveUnusable, SchemaTooNew."""
    with target.open("wb") as opened:
        target.chmod(0o600)
        archive.copy(DATABASE, opened)
    try:
        _revision(target)
    except StorageDamaged:
        raise ArchiveUnusable(path=str(file), why="damaged", part=DATABASE) from None


def _revision(copy: Path) -> str:
    """Looks through all of it. Raises StorageDamaged, SchemaTooNew."""
    found = sqlite_files.revision(copy)
    if found not in REVISIONS:
        raise SchemaTooNew(found=found, known=REVISIONS[-1])
    return found


def _any_media(settings: Settings) -> bool:
    media = ObjectMedia.at(settings.media_url, settings.data_dir)
    with asyncio.Runner() as runner:
        return bool(runner.run(media.folders()))


def _put_media(settings: Settings, archive: ArchiveReader, database: Path) -> None:
    media = ObjectMedia.at(settings.media_url, settings.data_dir)
    with asyncio.Runner() as runner:
        for file in sqlite_files.stored_files(database):
            if (name := MEDIA + file.key) in archive.manifest.members:
                data = io.BytesIO()
                archive.copy(name, data)
                runner.run(media.put(file.key, data.getvalue(), file.mime))


def _free(folder: Path) -> Path:
    """A name that nothing has yet."""
    number = 1
    free = folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free
