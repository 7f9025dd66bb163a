"""Stages: one for all tests of a file, and others for a test of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.faults.stage import Stage

MakeStage = Callable[..., Awaitable[Stage]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with Stage(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def stage(shared_stage: Stage) -> AsyncIterator[Stage]:
    """The file's, with well-behaved vendors; looked at after the test."""
    shared_stage.fresh()
    yield shared_stage
    await shared_stage.settled()
    shared_stage.check()


@pytest_asyncio.fixture(loop_scope="module")
async def make_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeStage]:
    """One of the test's own; the arguments are Stage's."""
    async with AsyncExitStack() as stack:

        async def make(**options: Any) -> Stage:
            return await stack.enter_async_context(Stage(tmp_path_factory.mktemp("stage"), **options))

        yield make
