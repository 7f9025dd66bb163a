"""Worlds for one test each, on data folders of their own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices

from mv.app import App
from mv.settings import Settings
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


@pytest.fixture
async def make_world(tmp_path: Path) -> AsyncIterator[MakeWorld]:
    """Opens one world; the arguments are World's."""
    made: list[World] = []

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
