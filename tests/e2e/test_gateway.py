"""Lost lines, new sessions, and commands that Discord is told once."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.acts import asked, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Stage, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_lines_come_back_and_commands_are_told_once(make_stage: MakeStage) -> None:
    """Two bots at once, for a new session takes discord.py some seconds."""
    await asyncio.gather(_sessions_end(await make_stage()), _gateway_goes_down(await make_stage()))


async def _sessions_end(stage: Stage) -> None:
    discord = stage.discord
    bot = await stage.start()
    await discord.disconnect(resumable=True)
    missed = await discord.slash("help")
    assert "/scenes" in (await missed.response()).text
    await discord.disconnect(resumable=True, polite=True)
    await until(lambda: discord.gateway.resumes == 2, "a second resume")
    await discord.disconnect(resumable=False)
    await discord.ready(30, beyond=1)
    assert "/scenes" in (await asked(stage, "help")).text
    assert (discord.commands.syncs, discord.gateway.identifies) == (1, 2)
    assert await bot.stop() == 0


async def _gateway_goes_down(stage: Stage) -> None:
    """While a job runs and ends: its result needs no gateway."""
    discord = stage.discord
    bot = await stage.start()
    stage.google.delay = 1.0
    running = await scenes(stage)
    await discord.disconnect(resumable=True, down_seconds=2.0)
    await result(running)
    assert not discord.gateway.complete
    await discord.ready(30)
    assert "/scenes" in (await asked(stage, "help")).text
    assert discord.commands.syncs == 1
    assert await bot.stop() == 0
    assert "WARNING discord.shard: Attempting a reconnect" in bot.log


async def test_commands_are_told_again_only_when_discord_has_forgotten_them(make_stage: MakeStage) -> None:
    stage = await make_stage()
    commands = stage.discord.commands
    await (await stage.start()).stop()
    bot = await stage.start()
    await bot.says("commands are as Discord knows them")
    assert commands.syncs == 1
    assert await bot.stop() == 0
    commands.put(None, [])
    bot = await stage.start()
    await bot.says("commands were synced")
    assert commands.syncs == 3  # of which the second was this test's own
    assert "scenes create" in commands.paths()
    assert await bot.stop() == 0
