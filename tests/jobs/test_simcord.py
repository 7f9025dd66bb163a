"""The local engine in a simulated Discord: its work is awaited to its end, long waits are recognised, nothing idles."""

from __future__ import annotations

import asyncio

import discord
import simcord
from discord.ext import commands

from mv.domain.ids import MemberId
from mv.domain.jobs import Job, JobState
from mv.ports import Run
from tests.jobs.fakes import Crew, World


class Bot(commands.Bot):
    """Releases what it is told to, when somebody says go."""

    def __init__(self, world: World, crew: Crew) -> None:
        intents = discord.Intents.default()
        intents.message_content = True
        super().__init__("!", intents=intents)
        self.world = world
        self.crew = crew
        self.next: list[Job] = []

    async def setup_hook(self) -> None:
        await self.crew.engine.resume()

    async def on_message(self, message: discord.Message) -> None:
        if message.content == "go":
            await self.world.released(self.crew, *self.next)
        elif message.content == "stop":
            await self.crew.engine.cancel(self.next[0].id, MemberId(1))


async def test_a_members_act_ends_when_its_jobs_are_delivered(world: World) -> None:
    left_behind = world.job("quick")
    await world.store(left_behind)
    bot = Bot(world, world.crew(total=2))
    bot.next = [world.job(act, seconds=0.05) for act in ("quick", "busy", "bug", "steps", "quick")]
    bot.crew.studio.open(5)
    async with simcord.run(bot, settle_timeout=10) as env:
        assert bot.crew.postman.numbers == [1], "the start ended when it had caught up"
        channel = env.create_guild().create_text_channel("general")
        ann = env.guild.add_member(env.create_user("ann"))
        await ann.send(channel, "go")
        assert sorted(bot.crew.postman.numbers) == [1, 2, 3, 4, 5, 6]


async def test_a_job_that_sleeps_long_lets_the_world_go_on(world: World) -> None:
    bot = Bot(world, world.crew())

    async def sleeps(run: Run) -> None:
        await asyncio.sleep(60)
        await bot.crew.studio.finish(run)

    bot.crew.studio.quick = sleeps  # type: ignore[method-assign]
    bot.next = [world.job("quick")]
    async with simcord.run(bot, settle_timeout=1) as env:
        channel = env.create_guild().create_text_channel("general")
        ann = env.guild.add_member(env.create_user("ann"))
        await ann.send(channel, "go")
        assert bot.crew.studio.started == [1]
        await ann.send(channel, "stop")
        assert await world.state(bot.next[0]) is JobState.CANCELLED
        assert bot.crew.postman.numbers == [1]
