"""A signal ends the process in good order; what was not finished goes on after the next start."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.e2e.acts import character, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Stage, until
from tests.standins.gemini import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_signals(make_stage: MakeStage) -> None:
    """All at once. What hangs while a process stops: tests/faults/test_discord_stop.py."""
    await asyncio.gather(
        sigint_lets_a_short_job_come_to_its_end(await make_stage(delay=1.0)),
        a_signal_while_it_starts(await make_stage()),
        a_picture_that_gemini_paints_is_not_waited_for(await make_stage()),
    )


async def sigint_lets_a_short_job_come_to_its_end(stage: Stage) -> None:
    bot = await stage.start()
    writing = await scenes(stage)
    await until(lambda: stage.google.calls, "a call")
    assert await bot.stop(signal.SIGINT, within=10) == 0
    await result(writing, 0.1)
    await stage.delivered()


async def a_signal_while_it_starts(stage: Stage) -> None:
    """Discord does not answer, so it hangs in its log-in."""
    slow = stage.discord.fail("GET", "/users/@me", delay=30.0)
    starting = asyncio.create_task(stage.start())
    await until(lambda: slow.hits, "a log-in")
    (bot,) = stage.bots
    assert await bot.stop(signal.SIGTERM, within=10) == 0
    with pytest.raises(AssertionError, match="the bot ended with 0"):
        await starting


async def a_picture_that_gemini_paints_is_not_waited_for(stage: Stage) -> None:
    """Nor is it asked for again unbidden: it cannot be looked up."""
    stage.google.script.append(Reply(delay=30.0))
    bot = await stage.start()
    painting = await character(stage, engine="gemini-nano-banana-2.1")
    await until(lambda: stage.google.calls, "a call")
    assert await bot.stop(signal.SIGTERM, within=10) == 0
    await stage.start()
    told = await painting.until(lambda message: "Retry" in message.buttons)
    assert "The answer of Google Gemini was lost" in told.text
    await stage.delivered()
    assert stage.google.calls == 1
