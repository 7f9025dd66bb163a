"""Real records on a data folder of their own, a clock that is set, and the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mv.config import Config, load_config
from mv.ports import Clock
from mv.services.admission import Desk
from mv.store.database import Database

CONFIGS = Path(__file__).parents[2] / "configs"


class SetClock(Clock):
    """A clock that tests move."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 15, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def config() -> Config:
    return load_config(CONFIGS)


@pytest.fixture
async def records(tmp_path: Path, clock: SetClock) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'mv.sqlite3'}", clock=clock)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def desk(records: Database, clock: SetClock, config: Config) -> Desk:
    return Desk(records, clock, config)
