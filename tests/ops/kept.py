"""A data folder with something of everything in it, and what to compare it by."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from mv.domain.character import MediaFile
from mv.settings import Settings
from mv.store.database import Database
from tests.store.things import (
    SetClock,
    a_character,
    a_file,
    a_job,
    a_line,
    a_list,
    a_take,
    a_version,
    opened,
    plain,
    url_of,
)

TOKEN = "aW50ZXJhY3Rpb24-a-token-of-an-interaction-that-nobody-may-read"
ERASED = "aW50ZXJhY3Rpb24-another-one-that-was-erased-long-ago-0123456789"
JOBS, FILES = 40, 6
TABLES = (
    "alembic_version", "counters", "media", "characters", "takes", "scene_lists", "scene_versions", "scenes", "jobs",
    "steps", "ledger", "quotas",
)  # fmt: skip


def settings_of(folder: Path, **values: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **values)


def fill(folder: Path, title: str = "Salt and Light", media: Path | None = None) -> Settings:
    """Closed when this returns."""
    media = media or folder / "media"
    media.mkdir(parents=True, exist_ok=True)
    asyncio.run(_fill(folder, title, media))
    return settings_of(folder)


async def _fill(folder: Path, title: str, media: Path) -> None:
    async with opened(folder) as records:
        await _store(records, title, media)
    with plain(folder) as connection:
        connection.execute("UPDATE jobs SET reply_token = ?", (ERASED,))
        connection.execute("UPDATE jobs SET reply_token = ?", (TOKEN,))
        connection.execute("PRAGMA journal_mode = WAL")


async def _store(records: Database, title: str, media: Path) -> None:
    jobs, character = [a_job(n) for n in range(1, JOBS + 1)], a_character()
    files: list[MediaFile] = []
    for n in range(FILES):
        data = f"{title} picture {n} ".encode() * 999
        file = a_file(hashlib.sha256(data).hexdigest(), bytes=len(data), key=f"character_ref_{title[:4]}_{n}.png")
        (media / file.key).write_bytes(data)
        files.append(file)
    async with records.write() as tx:
        await tx.jobs.add_all(jobs)
        await tx.jobs.intend(jobs[0].id, "write", SetClock().now(), {"n": 1})
        await tx.usage.append([a_line(job.id, 1) for job in jobs])
        await tx.scenes.add(a_list(title=title), a_version(title=title))
        await tx.characters.add(character)
        for file in files:
            await tx.media.add(file)
        takes = [a_take(n // 2 + 1, jobs[0].id, files[n], files[n + 1]) for n in range(0, FILES, 2)]
        await tx.characters.add_takes(character.id, takes)


def state(folder: Path, *, tokens: bool = False) -> dict[str, Any]:
    """Every row (without tokens, unless asked for), read by a bot of its own, which checks all of it; and every file
    that a row names."""
    asyncio.run(_checked(folder))
    with plain(folder) as connection:
        connection.row_factory = sqlite3.Row
        rows = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in TABLES}
    if not tokens:
        for row in rows["jobs"]:
            del row["reply_token"]
    media = {row["key"]: (folder / "media" / row["key"]).read_bytes() for row in rows["media"]}
    return {**rows, "files": media}


async def _checked(folder: Path) -> None:
    database = Database(url_of(folder), clock=SetClock())
    await database.open()
    await database.check()
    await database.close()


@contextmanager
def as_another_process(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection that stays open, so that what it writes stays in the log."""
    with closing(sqlite3.connect(folder / "mv.sqlite3", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        yield connection


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened_archive:
        return {name: opened_archive.read(name) for name in opened_archive.namelist()}


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
