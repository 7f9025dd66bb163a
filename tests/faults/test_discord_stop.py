"""A process that is told to stop leaves in time with code 0, whatever hangs; what it began goes on after a start."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.acts import character, result, scenes, waiting
from tests.e2e.stage import ROOT, BotProcess, Stage, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN_TIME = 12.0
"""Ten seconds, and two for a busy machine."""
ORIGINAL = "/webhooks/*/messages/@original"
RESTARTS = "The bot restarts"
Make = Callable[..., Awaitable[Stage]]


@pytest_asyncio.fixture(loop_scope="module")
async def make(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        async def made(**options: Any) -> Stage:
            return await stack.enter_async_context(Stage(tmp_path_factory.mktemp("stage"), **options))

        yield made


async def started(stage: Stage) -> BotProcess:
    """A bot whose records are open, too."""
    bot = await stage.start()
    await bot.says("is ready")
    return bot


async def leaves(bot: BotProcess, *signals: signal.Signals) -> float:
    """Seconds until it is gone, with code 0."""
    began = time.monotonic()
    for number in signals[:-1]:
        bot._process.send_signal(number)
        await asyncio.sleep(0.3)
    assert await bot.stop(signals[-1] if signals else signal.SIGTERM, within=IN_TIME) == 0, bot.log[-3000:]
    return time.monotonic() - began


async def test_stops(make: Make) -> None:
    """All at once, for most take ten seconds."""
    await asyncio.gather(
        with_nothing_running(await make()),
        with_a_vendor_that_takes_a_minute(await make(delay=60.0)),
        with_a_discord_that_hangs(await make(delay=1.0)),
        with_a_gateway_that_hangs(await make()),
        with_a_locked_database(await make(delay=1.0)),
        when_told_twice(await make(delay=60.0)),
        when_the_token_is_taken_away(await make()),
        when_the_token_is_refused_to_a_result(await make(delay=0.5)),
    )


async def with_nothing_running(stage: Stage) -> None:
    bot = await started(stage)
    assert await leaves(bot) < 9


async def with_a_vendor_that_takes_a_minute(stage: Stage) -> None:
    """Every reply says so, and goes on to its result after the next start; nothing is charged twice."""
    bot = await started(stage)
    asked = await asyncio.gather(
        *(scenes(stage, f"Idea {n}", 2, member=stage.discord.friend) for n in range(5)),
        *(character(stage, f"Somebody {n}") for n in range(5)),
    )
    await asyncio.gather(*(one.until(waiting) for one in asked))
    assert await leaves(bot) < 10
    for one in asked:
        assert one.message is not None
        assert RESTARTS in one.message.text
    stage.google.delay = 0.2
    creates = stage.replicate.counts["creates"]
    for prediction in stage.replicate.predictions.values():
        prediction.delay = 0.0
    stage.replicate.delay = 0.2
    await stage.start()
    for one in asked:
        await result(one, 30)
    await stage.delivered()
    assert creates <= stage.replicate.counts["creates"] == 5
    assert stage.replicate.counts["cancels"] == 0
    sums = stage.rows("SELECT kind, SUM(amount) AS amount FROM ledger WHERE kind IN ('scenes', 'images') GROUP BY kind")
    assert {row["kind"]: row["amount"] for row in sums} == {"scenes": 5, "images": 5}


async def with_a_discord_that_hangs(stage: Stage) -> None:
    """A result that cannot be brought, progress that cannot be edited and a read that is not answered."""
    bot = await started(stage)
    asked = await asyncio.gather(*(scenes(stage, f"Idea {n}", 2) for n in range(3)))
    hanging = stage.discord.fail("*", "*", delay=60.0, times=None)
    await stage.discord.slash("jobs list")
    await until(lambda: hanging.hits >= 2, "requests that hang")
    assert await leaves(bot) < 11
    hanging.times = 0
    await stage.start()
    for one in asked:
        await result(one)
    await stage.delivered()


async def with_a_gateway_that_hangs(stage: Stage) -> None:
    """Its close is never answered."""
    bot = await started(stage)
    for session in stage.discord.gateway.live:
        assert session.line is not None
        session.line.socket._req.transport.pause_reading()  # type: ignore[union-attr]
    assert await leaves(bot) < 11


async def with_a_locked_database(stage: Stage) -> None:
    stage.troubles_expected = True  # it says that the end of a job could not be stored
    bot = await started(stage)
    asked = await scenes(stage, count=2)
    await until(lambda: stage.google.calls, "a call")
    with closing(sqlite3.connect(stage.data / "mv.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await asyncio.sleep(1.0)
        assert await leaves(bot) < 11
        other.execute("ROLLBACK")
    stage.google.delay = 0.0
    await stage.start()
    await result(asked)
    await stage.delivered()
    assert stage.counted(1)["scenes"] == 1


async def when_told_twice(stage: Stage) -> None:
    bot = await started(stage)
    await scenes(stage)
    await until(lambda: stage.google.calls, "a call")
    assert await leaves(bot, signal.SIGTERM, signal.SIGINT) < 2
    assert "told twice" in bot.log


async def when_the_token_is_taken_away(stage: Stage) -> None:
    """A person must fix that: code 2."""
    bot = await started(stage)
    await stage.discord.disconnect(code=4004)
    assert await asyncio.wait_for(bot._process.wait(), IN_TIME) == 2
    assert "refuses the token" in bot.log


async def when_the_token_is_refused_to_a_result(stage: Stage) -> None:
    """Whoever waited is told after the next start, with a token that is good."""
    bot = await started(stage)
    asked, other = await scenes(stage), await scenes(stage, member=stage.discord.friend)
    asked.expire()
    refusals = [stage.discord.fail("*", path, 401, times=None) for path in ("/channels/*/messages/*", "/users/@me")]
    assert await asyncio.wait_for(bot._process.wait(), IN_TIME) == 2
    assert "refuses the token" in bot.log
    for one in refusals:
        one.times = 0
    await stage.start()
    await asyncio.gather(result(asked), result(other))
    await stage.delivered()


STUCK = """
import asyncio, os, signal, time
from bot.stopping import Stop

async def main():
    stop = Stop(0.3)
    print("listening", flush=True)
    await stop.wait()
    time.sleep(60)

asyncio.run(main())
"""


async def test_a_loop_that_is_stuck() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STUCK, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), IN_TIME)
    assert process.returncode == 0
    assert b"could not stop in time" in said


async def test_a_new_message_that_was_posted_and_not_noted(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its nonce is forgotten by the time of the next start: it is found where it was posted, a direct one too."""
    monkeypatch.setattr("tests.standins.discord.rest.NONCE_SECONDS", 0.0)
    stage = await make(delay=0.4)
    bot = await started(stage)
    asked = await scenes(stage, count=2)
    private = await character(stage, "A tightrope walker", private=True, member=stage.discord.friend)
    assert asked.message is not None
    asked.message.deleted = True
    for one in (asked, private):
        one.expire()
    slow = stage.discord.fail("POST", "/channels/*/messages", lose=True, times=None)
    posted = [
        await stage.discord.message_where(lambda message: asked.user.mention in message.content),
        await stage.discord.message_where(lambda message: message.channel.recipient is private.user),
    ]
    await bot.kill()
    slow.times = 0
    await stage.start()
    await stage.delivered()
    made = {message.id for message in stage.discord.messages if "Delete" in message.buttons}
    assert made == {message.id for message in posted}
    rows = stage.rows("SELECT delivered_by, message_id FROM jobs ORDER BY number")
    assert [tuple(row) for row in rows] == [("channel", posted[0].id), ("direct", posted[1].id)]
