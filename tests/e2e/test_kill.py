"""kill -9 at any moment: after the next start everything is delivered, once, and nothing is paid for twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.e2e.acts import character, finished, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import CHARGED, Stage, until
from tests.standins.discord import Interaction, Message
from tests.standins.gemini import Reply
from tests.standins.local import Fault
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE_COST = 40_000
"""Micro-dollars, by configs/models.yaml."""
ROUNDS = 4
SPREAD_SECONDS = 1.2
"""From the last acknowledgement to the kill: the stand-ins take half a second, so all phases are met."""


async def test_jobs_under_way_at_a_kill_are_finished_by_the_next_process(make_stage: MakeStage) -> None:
    stage = await make_stage(delay=1.0)
    bot = await stage.start()
    writing, painting = await asyncio.gather(scenes(stage), character(stage, images=2))
    await until(lambda: stage.replicate.counts["accepted"] == 2, "two predictions")
    await asyncio.sleep(0.3)
    await bot.kill()
    await stage.start()
    for asking in (writing, painting):
        made = await result(asking)
        assert made is asking.message
        assert results(stage, made) == 1
    assert len(stage.discord.messages) == 2
    assert stage.replicate.counts["creates"] == 2
    await stage.delivered()
    assert settled(stage) == {"scenes": 1, "images": 2, "spend": 2 * PICTURE_COST + cost_of_scenes(stage)}
    assert [row["delivered_by"] for row in stage.rows("SELECT delivered_by FROM jobs")] == ["token"] * 2


async def test_kills_at_random_moments(make_stage: MakeStage) -> None:
    dice = random.Random(20261122)
    stage = await make_stage(delay=0.5)
    askings: list[Interaction] = []
    bot = await stage.start()
    for number in range(ROUNDS):
        askings += await asyncio.gather(
            scenes(stage, f"Idea {number}", 3),
            character(stage, f"Somebody {number}", 2),
            scenes(stage, f"Other idea {number}", 2, member=stage.discord.friend),
            character(stage, f"Somebody else {number}", 1, member=stage.discord.manager),
        )
        await asyncio.sleep(dice.uniform(0, SPREAD_SECONDS))
        await bot.kill()
        bot = await stage.start()
        await asyncio.gather(*(asking.until(ended) for asking in askings))
    shown = [await asking.until(ended) for asking in askings]
    assert len({message.id for message in stage.discord.messages}) == len(askings), "one message a job"
    await stage.delivered()

    uncertain = [message for message in shown if not finished(message)]
    assert all("whether it was accepted is not known" in message.text for message in uncertain)
    assert not any("Scene list" in message.text for message in uncertain), "scenes are asked for again"
    states = Counter(row["state"] for row in stage.rows("SELECT state FROM jobs"))
    assert states == {"done": len(askings) - len(uncertain), **({"uncertain": len(uncertain)} if uncertain else {})}
    assert len(stage.rows("SELECT id FROM scene_lists")) == 2 * ROUNDS
    made = stage.rows("SELECT COUNT(*) AS takes FROM takes GROUP BY job_id")
    assert len(made) == 2 * ROUNDS - len(uncertain)
    for number in range(ROUNDS):
        asked = {"scenes": 2, "images": 3}
        for description, images in ((f"Somebody {number}", 2), (f"Somebody else {number}", 1)):
            assert created(stage, description) <= images, "a picture was paid for twice"
            asked["images"] -= images
    assert settled(stage)["scenes"] == 2 * ROUNDS
    assert settled(stage)["images"] == sum(row["takes"] for row in made)
    assert await bot.stop() == 0


async def test_a_prediction_whose_number_was_lost_in_a_kill_is_found_at_the_vendor(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.replicate.script.append(Script(create=Fault(status=500, delay=9.0), accepted=True))
    bot = await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "a prediction")
    await bot.kill()
    await stage.start()
    assert finished(await result(asking))
    await stage.delivered()
    assert stage.replicate.counts["creates"] == 1
    assert stage.counted(1) == {"images": 1, "spend": PICTURE_COST}


async def test_what_the_vendor_cannot_say_after_a_kill_is_never_paid_twice(make_stage: MakeStage) -> None:
    """Only the member decides whether it is asked for again."""
    stage = await make_stage()
    stage.replicate.script.append(Script(create=Fault(status=500, delay=9.0), accepted=True))
    bot = await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "a prediction")
    await bot.kill()
    stage.replicate.listing = Fault(status=403)
    await stage.start()
    told = await asking.until(lambda message: "Retry" in message.buttons)
    assert "whether it was accepted is not known" in told.text
    await stage.delivered()
    assert stage.replicate.counts["creates"] == 1
    assert stage.counted(1) == {}
    stage.replicate.listing = None
    assert finished(await result(await stage.discord.click(told, "Retry")))
    assert stage.replicate.counts["creates"] == 2


async def test_a_picture_that_gemini_painted_at_a_kill_is_paid_again_only_by_retry(make_stage: MakeStage) -> None:
    """Its answer is all there is of it, and nobody can ask for it once more."""
    stage = await make_stage()
    stage.google.script.append(Reply(delay=9.0))
    bot = await stage.start()
    asking = await character(stage, engine="gemini-nano-banana-2.1")
    await until(lambda: stage.google.calls, "a call")
    await bot.kill()
    await stage.start()
    told = await asking.until(lambda message: "Retry" in message.buttons)
    assert "The answer of Google Gemini was lost; whether it was accepted is not known" in told.text
    await stage.delivered()
    assert stage.google.calls == 1
    assert stage.counted(1) == {}
    assert finished(await result(await stage.discord.click(told, "Retry")))
    assert stage.google.calls == 2
    await stage.delivered()
    assert stage.counted(2) == {"images": 1, "spend": PICTURE_COST}


async def test_a_token_that_ended_while_no_process_ran(make_stage: MakeStage) -> None:
    """The promised message is known since the acknowledgement, and shows the result; no second one comes."""
    stage = await make_stage(delay=0.6)
    bot = await stage.start()
    askings = await asyncio.gather(character(stage, "A tightrope walker"), scenes(stage))
    await until(lambda: stage.replicate.counts["accepted"], "a prediction")
    await bot.kill()
    for asking in askings:
        asking.expire()
    await stage.start()
    await stage.delivered()
    assert {row["delivered_by"] for row in stage.rows("SELECT delivered_by FROM jobs")} == {"message"}
    assert all(asking.message is not None and finished(asking.message) for asking in askings)
    assert len(stage.discord.messages) == len(askings)


async def test_a_result_that_was_edited_in_but_not_noted_is_not_posted_again(make_stage: MakeStage) -> None:
    stage = await make_stage(delay=0.6)
    bot = await stage.start()
    asking = await character(stage, "A tightrope walker")
    asking.expire()
    slow = stage.discord.fail("PATCH", "/channels/*/messages/*", lose=True, times=None)
    shown = await asking.until(finished)
    await bot.kill()
    slow.times = 0
    await stage.start()
    await stage.delivered()
    assert stage.discord.messages == [shown]


async def test_a_result_that_was_sent_but_not_noted_is_not_posted_again(make_stage: MakeStage) -> None:
    """The token is over and the message deleted, so it goes out as a new one; the kill comes while Discord answers."""
    stage = await make_stage(delay=0.6)
    bot = await stage.start()
    asking = await character(stage, "A tightrope walker")
    asking.expire()
    assert asking.message is not None
    asking.message.deleted = True
    slow = stage.discord.fail("POST", "/channels/*/messages", lose=True, times=None)
    posted = await stage.discord.message_where(lambda message: asking.user.mention in message.content)
    await bot.kill()
    slow.times = 0
    await stage.start()
    await stage.delivered()
    assert [message for message in stage.discord.messages if finished(message)] == [posted]
    assert posted.pinged == {asking.user.id}


def ended(message: Message) -> bool:
    return finished(message) or "Retry" in message.buttons


def results(stage: Stage, message: Message) -> int:
    """How often the message was given a result, with its files."""
    edits = [one for one in stage.discord.requests if one.method == "PATCH" and one.status == 200 and one.files]
    token = next(one.token for one in stage.discord.hooks.interactions.values() if one.message is message)
    return len([one for one in edits if token in one.path])


def created(stage: Stage, description: str) -> int:
    """Predictions with exactly this description in their prompt."""
    return sum(f"{description}\n" in f"{made.input['prompt']}\n" for made in stage.replicate.predictions.values())


def settled(stage: Stage) -> dict[str, int]:
    """What members are charged in all; tokens are not among it."""
    sums = stage.rows(f"SELECT kind, SUM(amount) AS amount FROM ledger WHERE kind IN {CHARGED} GROUP BY kind")
    return {row["kind"]: row["amount"] for row in sums}


def cost_of_scenes(stage: Stage) -> int:
    return int(stage.rows("SELECT SUM(cost) AS cost FROM jobs WHERE kind = 'scenes'")[0]["cost"])
