"""Records and files as months of work leave them, a clock that is set, and the clean-up over them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mv.config import load_config
from mv.config.model import Retention
from mv.domain.character import Character, MediaFile, Take, file_name
from mv.domain.ids import Kind, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import Delivery, Job, JobKind, JobState
from mv.domain.retention import CleanUp
from mv.domain.scenes import SceneList
from mv.domain.settings import WHOLE_SERVER, Option, Setting
from mv.services.cleanup import Cleaner
from mv.services.cleanup_tools import Keeping
from mv.services.preferences import Preferences
from mv.store.database import Database
from mv.store.media import ObjectMedia
from mv.store.scraps import FolderScraps
from tests.store.things import (
    ANA,
    NOON,
    SERVER,
    SetClock,
    a_character,
    a_file,
    a_job,
    a_line,
    a_list,
    a_take,
    a_version,
    plain,
    url_of,
)

DAY = timedelta(days=1)
CONFIGS = Path(__file__).parents[2] / "configs"
LONG_AGO = ServerId(99)
"""Where the first thing was made that the records know of, nine days ago."""


class House:
    """Everything is of SERVER, where nothing else is said. Files are two hours old."""

    def __init__(self, folder: Path, retention: Retention) -> None:
        limits = load_config(CONFIGS).limits.model_copy(update={"retention": retention})
        self.folder, self.clock = folder, SetClock()
        self.records = Database(url_of(folder), clock=self.clock)
        self.media = ObjectMedia.at(None, folder)
        self.preferences = Preferences(self.records, limits)
        self.keeping = Keeping(
            records=self.records, media=self.media, clock=self.clock, retention=retention, preferences=self.preferences
        )
        self.cleaner = Cleaner(self.keeping, FolderScraps.of(folder, None, None))
        self._numbers = 0

    def after(self, time: timedelta) -> None:
        self.clock.time = NOON + time

    async def set(self, option: Option, days: int, server: ServerId = SERVER) -> None:
        async with self.records.write() as tx:
            await tx.settings.put(
                Setting(
                    server_id=server, channel_id=WHOLE_SERVER, option=option, value=days, set_by=ANA, set_at=NOON
                )
            )  # fmt: skip
        self.preferences.forget(server)

    async def _number(self, server: ServerId, kind: Kind) -> int:
        async with self.records.write() as tx:
            return (await tx.next_numbers({(server, kind): 1}))[server, kind]

    # ── things ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def a_list(
        self, versions: int = 1, *, scenes: int = 3, server: ServerId = SERVER, **changes: Any
    ) -> SceneList:
        record = a_list(await self._number(server, Kind.SCENE_LIST), server_id=server, **changes)
        async with self.records.write() as tx:
            await tx.scenes.add(record, a_version(1, scenes=scenes))
            for number in range(2, versions + 1):
                await tx.scenes.add_version(record.id, a_version(number, scenes=scenes))
        return record

    async def a_character(
        self, takes: int = 0, *, server: ServerId = SERVER, same_as: str | None = None, **changes: Any
    ) -> Character:
        """With takes a day apart, the first at NOON; their bytes are those of the character `same_as`, if named."""
        record = a_character(await self._number(server, Kind.CHARACTER), server_id=server, **changes)
        for number in range(1, takes + 1):
            await self.a_take(record, number, same_as or record.id)
        return record

    async def a_take(self, record: Character, number: int, of: str) -> Take:
        job = new_id()
        original, preview = [await self.a_file(f"{of} {number} {side}", record.server_id) for side in ("full", "small")]
        take = replace(a_take(number, job, original, preview), created_at=NOON + (number - 1) * DAY)
        async with self.records.write() as tx:
            if await tx.characters.get(record.id, deleted=True) is None:
                await tx.characters.add(record)
            original, preview = await tx.media.add(original), await tx.media.add(preview)
            await tx.characters.add_takes(record.id, [replace(take, original=original, preview=preview)])
        return take

    async def a_file(self, text: str, server: ServerId = SERVER) -> MediaFile:
        """In the store; a row it gets from who uses it. The same text is stored once."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        async with self.records.read() as tx:
            known = await tx.media.by_hash(server, digest)
        if known is not None:
            return known
        key = f"{server}/{file_name(NOON, 'png')}"
        await self.media.put(key, text.encode(), "image/png")
        self.aged(key)
        return a_file(digest, server_id=server, key=key, bytes=len(text.encode()))

    def aged(self, key: str, hours: float = 2.0) -> None:
        then = (self.clock.now() - timedelta(hours=hours)).timestamp()
        os.utime(self.folder / "media" / key, (then, then))

    async def a_job(
        self, *, server: ServerId = SERVER, done: bool = True, delivered: bool = True, **changes: Any
    ) -> Job:
        """With three steps; ended and delivered at NOON."""
        number = await self._number(server, Kind.JOB)
        job = a_job(number, server_id=server, ref=Ref(Kind.JOB, number), **changes)
        async with self.records.write() as tx:
            await tx.jobs.add_all([job])
            await tx.jobs.start(job.id, NOON)
            for name in ("create:x:1", "collect:x:1", "post:token"):
                await tx.jobs.intend(job.id, name, NOON, {})
            if done:
                await tx.jobs.finish(job.id, JobState.DONE, NOON)
            if done and delivered:
                await tx.jobs.set_delivered(job.id, Delivery.TOKEN, NOON, None)
        return job

    async def a_running_painter(self, server: ServerId = SERVER) -> Job:
        return await self.a_job(server=server, done=False, kind=JobKind.CHARACTER)

    async def end(self, job: Job) -> None:
        async with self.records.write() as tx:
            await tx.jobs.finish(job.id, JobState.FAILED, NOON)

    async def delete(self, record: SceneList | Character, at: datetime = NOON) -> None:
        async with self.records.write() as tx:
            rows: Any = tx.scenes if isinstance(record, SceneList) else tx.characters
            assert await rows.delete(record.id, at)

    # ── what is there ────────────────────────────────────────────────────────────────────────────────────────────────

    def count(self, table: str) -> int:
        with plain(self.folder) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with plain(self.folder) as connection:
            return connection.execute(statement).fetchall()

    def files(self) -> list[str]:
        media = self.folder / "media"
        return sorted(path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file())

    def keys(self) -> list[str]:
        return sorted(row[0] for row in self.rows("SELECT key FROM media"))

    async def takes(self, record_id: RecordId) -> list[int]:
        async with self.records.read() as tx:
            return [take.number for take in await tx.characters.takes(record_id)]

    async def clean(self, *, dry: bool = False) -> CleanUp:
        """The pass, after which nothing dangles."""
        report = await self.cleaner.clean(dry=dry)
        await self.records.check()
        return report


@asynccontextmanager
async def opened_house(folder: Path, **retention: Any) -> AsyncIterator[House]:
    house = House(folder, Retention(**retention))
    await house.records.open()
    async with house.records.write() as tx:
        if await tx.cleaning.begun() is None:
            await tx.usage.append([a_line(new_id(), 1, server_id=LONG_AGO, counted_at=NOON - 9 * DAY)])
    try:
        yield house
    finally:
        await house.records.close()
