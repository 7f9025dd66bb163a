"""Cancel reaches whatever was ordered, also what the bot has no number of; and what cannot be known is said."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.acts import character, waiting
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import Stage, until
from tests.standins.discord import Interaction
from tests.standins.local import Fault
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE_COST = 40_000
UNANSWERED = Script(create=Fault(status=500, delay=3.0), accepted=True, delay=60.0)
"""Accepted, and painted for a minute; the answer to the order comes late and says nothing."""


async def pressed(stage: Stage, asking: Interaction) -> None:
    """Cancel, under its progress."""
    await stage.discord.click(await asking.until(waiting), "Cancel")


async def ended(stage: Stage, asking: Interaction, *words: str, cancels: int) -> None:
    told = await asking.until(lambda message: "Cancelled" in message.text)
    await stage.delivered()
    for one in words:
        assert one in told.text, told.text
    assert [row["state"] for row in stage.rows("SELECT state FROM jobs")] == ["cancelled"]
    await until(lambda: stage.replicate.counts["cancels"] == cancels, "what the vendor is told")
    assert stage.replicate.counts["creates"] == 1


async def test_an_order_that_is_under_way(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.replicate.script.append(UNANSWERED)
    await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "an order")
    await pressed(stage, asking)
    await ended(stage, asking, "Nothing was charged", cancels=1)
    assert stage.counted(1) == {}


@pytest.mark.parametrize("kill", [True, False])
async def test_an_order_that_is_under_way_when_the_process_ends(make_stage: MakeStage, kill: bool) -> None:
    """It is looked for by the next process, only to be cancelled."""
    stage = await make_stage()
    stage.replicate.script.append(Script(create=Fault(status=500, delay=12.0), accepted=True, delay=60.0))
    bot = await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "a prediction")
    await pressed(stage, asking)
    await until(lambda: stage.rows("SELECT name FROM steps WHERE name = 'cancel'"), "the wish on record")
    if kill:
        await bot.kill()
    else:
        assert await bot.stop() == 0
    await stage.start()
    await ended(stage, asking, "Nothing was charged", cancels=1)


async def test_an_order_that_is_being_looked_for(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.replicate.script.append(UNANSWERED)
    bot = await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "a prediction")
    await bot.kill()
    stage.replicate.listing = Fault(status=500, delay=0.5)
    await stage.start()
    await until(lambda: stage.replicate.counts["lists"], "a look")
    stage.replicate.listing = None
    await pressed(stage, asking)
    await ended(stage, asking, "Nothing was charged", cancels=1)


async def test_an_order_of_which_the_vendor_says_nothing(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.replicate.listing = Fault(status=403)
    stage.replicate.script.append(UNANSWERED)
    await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["accepted"], "an order")
    await pressed(stage, asking)
    await ended(stage, asking, "may have charged it", "allowance was given back", cancels=0)
    assert stage.counted(1) == {}


async def test_a_picture_that_is_painted_already_is_paid_for(make_stage: MakeStage) -> None:
    """Cancel comes while its file is fetched."""
    stage = await make_stage()
    stage.replicate.script.append(Script(files=(Fault(status=200, delay=30.0),)))
    await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["downloads"], "a download")
    await pressed(stage, asking)
    await ended(stage, asking, "The vendor charged $0.04", "allowance was given back", cancels=1)
    assert stage.counted(1) == {"spend": PICTURE_COST}


async def test_an_order_that_waits_to_be_made_again_is_given_up(make_stage: MakeStage) -> None:
    """The vendor was busy: nothing is there, and nothing is ordered any more."""
    stage = await make_stage()
    stage.replicate.script.append(
        Script(create=Fault(status=429, headers={"Retry-After": "3"}, json={"detail": "busy"}))
    )
    await stage.start()
    asking = await character(stage)
    await until(lambda: stage.replicate.counts["creates"], "an order")
    await asyncio.sleep(0.3)
    await pressed(stage, asking)
    await ended(stage, asking, "Nothing was charged", cancels=0)
    await asyncio.sleep(3.5)
    assert stage.replicate.counts["creates"] == 1
