"""One press, one effect, and everybody gets their turn: on the running process."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts import asked, character, finished, result, scenes, waiting
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import ROOT, Stage, until
from tests.standins.discord import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def _bot(stage: Stage) -> AsyncIterator[None]:
    bot = await stage.start()
    yield
    assert await bot.stop() == 0


def jobs(stage: Stage) -> int:
    return len(stage.rows("SELECT id FROM jobs"))


async def cancelled(stage: Stage) -> Message:
    """A message with Retry under it."""
    stage.google.delay = 30.0
    asking = await scenes(stage, count=2)
    await stage.discord.click(await asking.until(waiting), "Cancel")
    stage.google.delay = 0.3
    return await asking.until(lambda message: "Retry" in message.buttons)


async def test_retry_is_pressed_twice_and_by_another_at_the_same_moment(stage: Stage) -> None:
    discord = stage.discord
    message = await cancelled(stage)
    before, calls = jobs(stage), stage.google.calls
    who = (discord.member, discord.friend, discord.member, discord.member)
    pressed = await asyncio.gather(*(discord.click(message, "Retry", member=one) for one in who))
    answers = [(await one.response()).text for one in pressed]
    number = stage.rows("SELECT MAX(number) AS last FROM jobs")[0]["last"]
    twice = f"That was asked for already: J{number}, by {discord.member.user.mention}"
    assert ("may not retry" in answers[1], [twice in text for text in answers].count(True)) == (True, 2)
    (begun,) = [one for one, text in zip(pressed, answers, strict=True) if twice not in text and one is not pressed[1]]
    await result(begun)
    assert (jobs(stage), stage.google.calls) == (before + 1, calls + 1)
    assert stage.counted(number) == {"scenes": 1, **{k: v for k, v in stage.counted(number).items() if k == "spend"}}
    late = await (await discord.click(message, "Retry")).response()
    assert twice in late.text


async def test_again_by_two_members_at_the_same_moment(stage: Stage) -> None:
    discord = stage.discord
    stage.google.delay = 0.3
    made = await result(await scenes(stage, count=2))
    before = jobs(stage)
    pressed = await asyncio.gather(*(discord.click(made, "Again", member=m) for m in (discord.member, discord.friend)))
    answers = [(await one.response()).text for one in pressed]
    assert ["asked for already" in text for text in answers].count(True) == 1
    begun = pressed[0] if "asked for already" in answers[1] else pressed[1]
    assert finished(await result(begun))
    assert jobs(stage) == before + 1


async def test_a_command_that_comes_again_after_a_resume(stage: Stage) -> None:
    discord = stage.discord
    stage.google.delay = 0.3
    before, resumes = jobs(stage), discord.gateway.resumes
    options = {"idea": "rain", "character": "a fox", "count": 2}
    prepared = discord.prepare("scenes create", options)
    asking = await (await discord.send(prepared)).acknowledged()
    await discord.disconnect(resumable=True)
    await discord.gateway.dispatch("INTERACTION_CREATE", prepared.payload, discord.guild)
    await until(lambda: discord.gateway.resumes > resumes, "a resume")
    await discord.gateway.dispatch("INTERACTION_CREATE", prepared.payload, discord.guild)
    await result(asking)
    await until(lambda: stage.bots[-1].log.count("came twice") == 2, "both repetitions in the log")
    assert jobs(stage) == before + 1
    assert asking.followups == []


async def test_fifty_jobs_of_one_member_hold_up_nobody(make_stage: MakeStage) -> None:
    """At most 4 run: another member's, a dearer one, starts as soon as the first of these ends."""
    stage = await make_stage()
    configs = stage.folder / "configs"
    shutil.copytree(ROOT / "configs", configs)
    limits = configs / "limits.yaml"
    text = limits.read_text(encoding="utf-8").replace("  total: 16\n", "  total: 4\n")
    assert "total: 4\n" in text
    limits.write_text(text.replace("limit: 30\n", "limit: 100\n"), encoding="utf-8")
    bot = await stage.start(MV_CONFIG_DIR=str(configs))
    assert "No jobs" in (await asked(stage, "jobs list")).text
    stage.google.delay = 5.0
    many = await asyncio.gather(*(scenes(stage, f"Idea {number}", 1) for number in range(50)))
    other = await character(stage, images=4, member=stage.discord.friend)
    assert len(stage.rows("SELECT id FROM jobs WHERE finished_at IS NOT NULL")) == 0
    listed = await asked(stage, "jobs list", member=stage.discord.friend)
    assert "in the queue, place 1" in listed.text
    assert finished(await result(other))
    (started,) = stage.rows("SELECT started_at FROM jobs WHERE kind = 'character'")
    sooner = stage.rows("SELECT id FROM jobs WHERE started_at < ?", started["started_at"])
    assert len(sooner) == 4
    assert "about" in (await asked(stage, "jobs list")).text
    stage.google.delay = 0.0
    await asyncio.gather(*(result(one, 30) for one in many))
    assert await bot.stop() == 0
