"""Stages: one for all tests of a file, with a bot on it, and empty ones for a test of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.stage import Stage

MakeStage = Callable[..., Awaitable[Stage]]


@pytest_asyncio.fixture(loop_scope="module")
async def make_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeStage]:
    """The arguments are Stage's."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> Stage:
            return await stack.enter_async_context(Stage(tmp_path_factory.mktemp("stage"), **options))

        yield make


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """With a bot that all tests of the file use."""
    async with Stage(tmp_path_factory.mktemp("stage")) as made:
        yield made
