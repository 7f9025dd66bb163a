"""`audit` as a person runs it, beside the running bot and after it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.acts import character, result, scenes
from tests.e2e.conftest import MakeStage

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_books_are_checked_beside_the_running_bot(make_stage: MakeStage) -> None:
    stage = await make_stage()
    missing = await stage.run("audit")
    assert missing.code == 2
    assert "There are no records" in missing.err
    bot = await stage.start()
    await result(await character(stage, images=2))
    await result(await scenes(stage))
    await stage.delivered()
    agree = await stage.run("audit")
    assert agree.code == 0, agree
    assert agree.out.startswith("The books agree: 2 jobs, and ")
    await bot.stop()
    with closing(sqlite3.connect(stage.data / "mv.sqlite3")) as records:
        records.execute("UPDATE jobs SET cost = cost + 1 WHERE kind = 'character'")
        records.commit()
    differ = await stage.run("audit")
    assert differ.code == 1, differ
    assert "micro-dollars charged: 80,000 in the ledger, 80,001 elsewhere" in differ.out
    assert "The books differ" in differ.out
