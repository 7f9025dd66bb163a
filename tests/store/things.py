"""Records to store, complete and unlike each other, so that a column that is mixed up or lost shows."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mv.domain.character import Character, MediaFile, Take
from mv.domain.ids import ChannelId, Kind, MemberId, MessageId, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import Job, JobKind, JobState, ReplyTo
from mv.domain.ledger import Entry, LedgerLine, Measure
from mv.domain.project import Project
from mv.domain.scenes import Scene, SceneBrief, SceneDraft, SceneList, SceneVersion, ShotSize, TokenUsage
from mv.ports import Clock, Seen
from mv.settings import Settings
from mv.store.database import Database

SERVER, OTHER_SERVER = ServerId(1_101_222_333_444_555_666), ServerId(1_101_222_333_444_555_667)
ANA, BO = MemberId(9_007_199_254_740_993), MemberId(9_007_199_254_740_995)
NOON = datetime(2026, 11, 22, 12, 0, 0, 123_456, tzinfo=UTC)
SEEN = Seen(server_id=SERVER, member_id=ANA)
SEEN_BY_BO = Seen(server_id=SERVER, member_id=BO)


class SetClock(Clock):
    def __init__(self, now: datetime = NOON) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


def url_of(folder: Path) -> str:
    return Settings(data_dir=folder, database_url=None, _env_file=None).database


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database]:
    database = Database(url_of(folder), clock=SetClock())
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def a_job(number: int = 1, **changes: Any) -> Job:
    job = Job(
        id=new_id(),
        server_id=SERVER,
        ref=Ref(Kind.JOB, number),
        kind=JobKind.SCENES,
        state=JobState.QUEUED,
        member_id=ANA,
        private=False,
        order={"idea": "a lighthouse — 灯台 🗼", "count": 8, "nested": {"a": [1, None, 2.5]}},
        engine="gemini-2.5-pro",
        vendor="gemini",
        reply=ReplyTo(
            channel_id=ChannelId(7_000_000_000_000_000_001),
            application_id=7_000_000_000_000_000_002,
            token="a-token",
            token_expires_at=NOON + timedelta(minutes=15),
            private=True,
            message_id=MessageId(7_000_000_000_000_000_003),
            upload_limit=52_428_800,
        ),
        created_at=NOON,
        priority=3,
    )
    return replace(job, **changes)


def a_scene(number: int = 1, **changes: Any) -> Scene:
    words = {name: f"{name} {number}" for name in Scene.model_fields if name not in ("shot_size", "duration_seconds")}
    return Scene.model_validate({**words, "shot_size": ShotSize.MCU, "duration_seconds": 4.25, **changes})


def a_version(number: int = 1, *, title: str = "Salt and Light", scenes: int = 3, **changes: Any) -> SceneVersion:
    version = SceneVersion(
        number=number,
        author_id=BO,
        created_at=NOON + timedelta(minutes=number),
        job_id=new_id(),
        draft=SceneDraft(
            title=title,
            logline="A keeper waits.",
            palette=("#102030", "#a0b0c0"),
            scenes=tuple(a_scene(n) for n in range(1, scenes + 1)),
        ),
        brief=SceneBrief(
            idea="a lighthouse",
            character="Mara",
            character_ref="C7",
            count=scenes,
            traits="calm",
            video_type="narrative",
            style="film",
            camera="slow",
            flavor="default",
        ),
        request={"idea": "a lighthouse", "count": scenes},
        defaults_applied={"traits": "calm"},
        engine="gemini-2.5-pro",
        model_version="gemini-2.5-pro-002",
        usage=TokenUsage(prompt_tokens=11, output_tokens=22, thinking_tokens=33),
        cost=12_345,
        notes=("clamped:duration_seconds",),
    )
    return replace(version, **changes)


def a_list(number: int = 1, **changes: Any) -> SceneList:
    record = SceneList(
        id=new_id(),
        server_id=SERVER,
        ref=Ref(Kind.SCENE_LIST, number),
        owner_id=ANA,
        private=False,
        title="Salt and Light",
        created_at=NOON,
        versions=1,
    )
    return replace(record, **changes)


def a_character(number: int = 1, **changes: Any) -> Character:
    record = Character(
        id=new_id(),
        server_id=SERVER,
        ref=Ref(Kind.CHARACTER, number),
        owner_id=ANA,
        private=False,
        name="Mara",
        description="the keeper, forty, oilskin",
        flavor="cinematic",
        request={"description": "the keeper", "seed": 5},
        defaults_applied={"aspect_ratio": "3:4"},
        created_at=NOON,
        takes=0,
    )
    return replace(record, **changes)


def a_file(sha256: str, **changes: Any) -> MediaFile:
    record_id = new_id()
    file = MediaFile(
        id=record_id,
        server_id=SERVER,
        key=f"character_ref_{record_id}.png",
        sha256=sha256.ljust(64, "0"),
        mime="image/png",
        width=768,
        height=1024,
        bytes=3_000_000_000,
    )
    return replace(file, **changes)


def a_take(number: int, job_id: RecordId, original: MediaFile, preview: MediaFile) -> Take:
    return Take(
        id=new_id(),
        number=number,
        job_id=job_id,
        original=original,
        preview=preview,
        engine="imagen-4",
        model_version="google/imagen-4:abc",
        seed=2**31 - number,
        aspect_ratio="3:4",
        cost=40_000,
        created_at=NOON + timedelta(seconds=number),
    )


def a_project(number: int = 1, name: str = "Tides", **changes: Any) -> Project:
    project = Project(
        id=new_id(), server_id=SERVER, ref=Ref(Kind.PROJECT, number), name=name, owner_id=ANA, created_at=NOON
    )
    return replace(project, **changes)


def a_line(job_id: RecordId, amount: int, **changes: Any) -> LedgerLine:
    line = LedgerLine(
        job_id=job_id,
        server_id=SERVER,
        member_id=ANA,
        project_id=None,
        kind=Measure.SCENES,
        entry=Entry.RESERVE,
        amount=amount,
        engine="gemini-2.5-pro",
        counted_at=NOON,
        at=NOON,
    )
    return replace(line, **changes)


async def open_and_close(folder: Path) -> None:
    async with opened(folder):
        pass


@contextmanager
def plain(folder: Path) -> Iterator[sqlite3.Connection]:
    """The same file, by somebody else."""
    with closing(sqlite3.connect(folder / "mv.sqlite3", isolation_level=None)) as connection:
        yield connection


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())
