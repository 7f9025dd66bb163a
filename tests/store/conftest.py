from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mv.store.database import Database
from tests.store.things import opened


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database
