"""kill -9 between any two steps of the clean-up: nothing dangles, and the next pass ends where this one would have."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mv.domain.settings import Option
from tests.cleanup.house import DAY, House, opened_house
from tests.cleanup.test_servers import TABLES, furnish, leave
from tests.cleanup.victim import watched
from tests.store.things import OTHER_SERVER, SERVER

HOURS = 31 * 24
ROOT = Path(__file__).parents[2]


async def furnished(folder: Path) -> None:
    async with opened_house(folder) as house:
        for server in (SERVER, OTHER_SERVER):
            await furnish(house, server)
        for _ in range(2):
            await house.delete(await house.a_character(2))
        await house.delete(await house.a_list(10, scenes=24))
        await house.a_character(4)
        await house.set(Option.KEEP_TAKES, 1)
        await house.set(Option.KEEP_JOBS, 1)
        await leave(house, OTHER_SERVER)


def state(house: House) -> dict[str, Any]:
    return {
        **{table: sorted(house.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES},
        "files": house.files(),
    }


async def killed(folder: Path, step: int, when: str) -> bool:
    """False if the pass came to its end before that step."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.cleanup.victim", str(folder), str(HOURS), str(step), when, cwd=ROOT
    )
    return await process.wait() == -signal.SIGKILL


@pytest.fixture
async def before(tmp_path: Path) -> Path:
    folder = tmp_path / "before"
    folder.mkdir()
    await furnished(folder)
    return folder


async def cleaned(folder: Path) -> dict[str, Any]:
    """A pass by a process that lives, after which every file has its row and every row its file."""
    async with opened_house(folder) as house:
        await house.records.check()
        house.after(HOURS / 24 * DAY)
        report = await house.clean()
        assert report.missing == []
        assert house.files() == house.keys()
        assert list((await house.clean()).touched()) == [], "what is said of a server that was left is said once"
        return state(house)


async def steps_of(folder: Path) -> list[str]:
    """What a pass does, from the first."""
    taken: list[str] = []

    @asynccontextmanager
    async def step(name: str) -> AsyncIterator[None]:
        taken.append(name)
        yield

    async with opened_house(folder) as house:
        house.after(HOURS / 24 * DAY)
        watched(house, step)
        await house.cleaner.clean()
    return taken


async def test_a_kill_at_any_step(before: Path, tmp_path: Path) -> None:
    taken = await steps_of(shutil.copytree(before, tmp_path / "counted"))
    wanted = await cleaned(shutil.copytree(before, tmp_path / "whole"))
    assert len(taken) > 30
    for number in (1, 3, 6, 9, 14, 20, len(taken)):
        folder = shutil.copytree(before, tmp_path / f"killed-{number}")
        assert await killed(folder, number, "after" if number % 2 else "before")
        assert await cleaned(folder) == wanted, number
        shutil.rmtree(folder)


async def test_a_kill_between_rows_and_files_leaves_files_that_are_swept(before: Path, tmp_path: Path) -> None:
    first = (await steps_of(shutil.copytree(before, tmp_path / "counted"))).index("delete") + 1
    assert await killed(before, first + 1, "before")
    async with opened_house(before) as house:
        orphans = set(house.files()) - set(house.keys())
        assert set(house.keys()) <= set(house.files()), "never a row without its file"
        assert len(orphans) > 1, "all but the one that was deleted already"
        house.after(HOURS / 24 * DAY)
        assert (await house.clean()).orphans.files == len(orphans)
        assert house.files() == house.keys()
