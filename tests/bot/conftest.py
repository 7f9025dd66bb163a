"""Worlds for one test each, on data folders of their own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices

from mv.app import App, SystemClock
from mv.config import load_config
from mv.settings import Settings
from mv.store.database import Database
from tests.bot.world import CONFIGS, World
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        for name in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            monkeypatch.delenv(str(name), raising=False)


@pytest.fixture(autouse=True)
def _no_warming(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are loaded at their first use: a simulated environment would wait for the warming in every test."""

    async def cold(app: App) -> None:
        return

    monkeypatch.setattr("bot.client.WARM_AFTER_SECONDS", 0)
    monkeypatch.setattr(App, "warm", cold)


read_once = cache(load_config)
"""The same folder is read once for all tests: that is a third of what opening a world takes."""


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mv.app.load_config", read_once)


@pytest.fixture(scope="session")
def new_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records without a row, to be copied: another third."""
    file = tmp_path_factory.mktemp("records") / "mv.sqlite3"

    async def prepare() -> None:
        database = Database(f"sqlite+aiosqlite:///{file}", clock=SystemClock())
        await database.open()
        await database.close()

    asyncio.run(prepare())
    return file


@pytest.fixture
async def make_world(tmp_path: Path, new_records: Path) -> AsyncIterator[MakeWorld]:
    """Opens one world; the arguments are World's."""
    made: list[World] = []
    (tmp_path / "data").mkdir()
    shutil.copy(new_records, tmp_path / "data")

    async def make(**options: Any) -> World:
        world = World(tmp_path / "data", **options)
        made.append(world)
        await world.open()
        return world

    yield make
    for world in made:
        await world.close()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world()


@pytest.fixture
async def google() -> AsyncIterator[GeminiStandIn]:
    async with GeminiStandIn() as server:
        yield server


@pytest.fixture
async def replicate() -> AsyncIterator[ReplicateStandIn]:
    async with ReplicateStandIn(edge=64) as server:
        yield server


@pytest.fixture
def configs_with(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A copy of configs/ with one text of one file replaced."""

    def copy(file: str, old: str, new: str) -> Path:
        folder = tmp_path / "configs"
        if not folder.exists():
            shutil.copytree(CONFIGS, folder)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return copy
