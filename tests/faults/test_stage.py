"""The stage itself: a good day, and that its checks can fail."""

from __future__ import annotations

import logging

import pytest

from tests.faults.stage import GEMINI_KEY, VENDORS_WORDS, Stage
from tests.standins.gemini import Reply
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_good_day(stage: Stage) -> None:
    scenes = await stage.scenes()
    scenes.result("version 1", charged={"scenes": 1, "spend": 8750})
    pictures = await stage.character(images=2)
    pictures.result("take 1", "take 2", charged={"images": 2, "spend": 80_000})
    again = await stage.press(scenes, "Again")
    again.result("version 2", charged={"scenes": 1, "spend": 8750})


async def test_a_wrong_charge_and_wrong_words_are_seen(stage: Stage) -> None:
    told = await stage.scenes()
    with pytest.raises(AssertionError):
        told.result(charged={"scenes": 1})
    with pytest.raises(AssertionError):
        told.result("never said", charged={"scenes": 1, "spend": 8750})
    with pytest.raises(AssertionError):
        told.failure()
    stage.replicate.script.append(Script(status="failed", error="boom"))
    failed = await stage.character()
    with pytest.raises(AssertionError):
        failed.result(charged={})
    failed.failure("failed while it was painting")


@pytest.mark.parametrize("line", [GEMINI_KEY, "an error"])
async def test_what_is_logged_is_looked_at(stage: Stage, line: str) -> None:
    logging.getLogger("mv").error(line)
    with pytest.raises(AssertionError):
        stage.check()
    stage.log.lines.clear()


async def test_what_a_vendor_says_is_looked_for(stage: Stage) -> None:
    stage.google.decide = lambda prompt: Reply(payload={"title": VENDORS_WORDS, "scenes": []})
    told = await stage.scenes()
    assert VENDORS_WORDS not in told.text
