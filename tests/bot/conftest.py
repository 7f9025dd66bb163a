"""Worlds for one test each, on data folders of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices

from mv.settings import Settings
from tests.bot.world import World
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

MakeWorld = Callable[..., Awaitable[World]]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields.values():
        alias = field.validation_alias
        for name in alias.choices if isinstance(alias, AliasChoices) else [alias]:
            monkeypatch.delenv(str(name), raising=False)


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
