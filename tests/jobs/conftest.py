"""The engines that are put through the contract, and records for them.

To put another engine through it, add a function that makes one to `ENGINES`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mv.config.model import Concurrency
from mv.jobs.engine import LocalEngine
from mv.ports import Clock, JobEngine, Records
from mv.store.database import Database
from tests.jobs.fakes import MakeEngine, Now, World


def local(records: Records, clock: Clock, limits: Concurrency) -> JobEngine:
    return LocalEngine(records, clock, limits, pauses=(0.01, 0.02), patience=0.4, grace=1.0)


ENGINES = {"local": local}


@pytest.fixture(params=ENGINES)
def make(request: pytest.FixtureRequest) -> MakeEngine:
    return ENGINES[request.param]


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'mv.sqlite3'}", clock=Now())
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def world(records: Records, make: MakeEngine) -> AsyncIterator[World]:
    world = World(records, Now(), make)
    yield world
    for crew in world.crews:
        crew.postman.letters.set()
        await crew.engine.drain(0)
