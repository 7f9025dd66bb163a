"""Predictions end, and not as was hoped for: failed, refused, empty, of another shape, or some of several. What the
member reads, and what is charged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.faults.stage import VENDORS_WORDS, Stage
from tests.faults.test_replicate_calls import BUSY, DOWN, LATE, ONE, PICTURE, always, refused
from tests.faults.test_replicate_files import NOT, TRUNCATED
from tests.standins.local import Fault
from tests.standins.pictures import picture
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAINTING = "the engine failed while it was painting"
SAFETY = ("Replicate refused this", "its safety rules")
EDIT = ("Edit and retry",)


# ── how a prediction ends ────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = {
    "failed with NSFW": (Script(status="failed", error=f"NSFW content detected {VENDORS_WORDS}"), "its safety rules"),
    "failed with E005": (Script(status="failed", error="flagged as sensitive (E005)"), "its safety rules"),
    "failed for a likeness": (Script(status="failed", error="a public figure"), "the likeness of real people"),
    "failed for copyright": (Script(status="failed", error="copyright"), "reciting existing works"),
    "success with null": (Script(output=None), "its safety rules"),
    "success with an empty list": (Script(output=[]), "its safety rules"),
    "success with an empty string": (Script(output=""), "its safety rules"),
    "success with a list of null": (Script(output=[None, ""]), "its safety rules"),
}


@pytest.mark.parametrize(("script", "rule"), REFUSED.values(), ids=REFUSED)
async def test_refused_by_a_rule(stage: Stage, script: Script, rule: str) -> None:
    always(stage, script)
    told = await stage.character()
    told.failure("Replicate refused this", rule, buttons=EDIT)
    assert stage.replicate.stats()["accepted"] == 1


ENDED: Mapping[str, tuple[Script, str]] = {
    "failed without NSFW": (Script(status="failed", error=VENDORS_WORDS), PAINTING),
    "failed without a word": (Script(status="failed", error=None), PAINTING),
    "failed, overloaded": (Script(status="failed", error="the model is overloaded"), DOWN),
    "failed, rate limit": (Script(status="failed", error="rate limit of our provider"), BUSY),
    "failed, time-out": (Script(status="failed", error="prediction timed out"), LATE),
    "canceled": (Script(status="canceled"), PAINTING),
    "aborted": (Script(status="aborted"), PAINTING),
    "success with an object": (Script(output={"image": "{base}/files/{id}/0.png"}), NOT),
    "success with a list of lists": (Script(output=[["{base}/files/{id}/0.png"]]), NOT),
    "success with a number": (Script(output=42), NOT),
    "success with true": (Script(output=True), NOT),
    "success with words": (Script(output="here is your picture"), NOT),
}


@pytest.mark.parametrize(("script", "words"), ENDED.values(), ids=ENDED)
async def test_ended_without_a_picture(stage: Stage, script: Script, words: str) -> None:
    always(stage, script)
    (await stage.character()).failure(words)
    assert stage.replicate.stats()["accepted"] == (2 if words == DOWN else 1)  # by the next engine


SHAPES = {
    "string": Script(output="string"),
    "list of one": Script(output="list"),
    "list of 4": Script(output=[f"{{base}}/files/{{id}}/{n}.png" for n in range(4)]),
    "data URI": Script(output="data"),
    "list with null": Script(output=[None, "{base}/files/{id}/0.png"]),
}


@pytest.mark.parametrize("script", SHAPES.values(), ids=SHAPES)
async def test_every_shape_of_output_is_one_picture_and_one_charge(stage: Stage, script: Script) -> None:
    always(stage, script)
    told = await stage.character()
    told.result("take 1", charged=ONE)
    assert len(told.message.attachments) == 1
    assert "take 2" not in told.text


# ── several pictures ─────────────────────────────────────────────────────────────────────────────────────────────────

FAILING = {
    "failed": Script(status="failed", error=VENDORS_WORDS),
    "refused": Script(status="failed", error="NSFW"),
    "not accepted": Script(create=refused(422)),
    "uncertain": Script(create=refused(500), accepted=False),
    "HTML": Script(file="html"),
    "expired": Script(files=(Fault(status=404, json={}),) * 20),
    "foreign": Script(output=["https://example.org/x.png"]),
}


@pytest.mark.parametrize("failed", [1, 3])
@pytest.mark.parametrize("script", FAILING.values(), ids=FAILING)
async def test_some_of_four_fail(stage: Stage, script: Script, failed: int) -> None:
    stage.replicate.script.extend([script] * failed + [Script()] * (4 - failed))
    told = await stage.character(images=4)
    came = 4 - failed
    told.result(f"{came} of 4 pictures came", charged={"images": came, "spend": came * PICTURE})
    assert len(told.message.attachments) == came
    assert told.message.buttons[0] == "Retry"
    again = await stage.press(told, "Retry")
    again.result(f"take {came + 1}", charged={"images": failed, "spend": failed * PICTURE})
    assert len(again.message.attachments) == failed


async def test_all_of_four_fail_and_the_refusal_is_told(stage: Stage) -> None:
    stage.replicate.script.extend([FAILING["failed"], FAILING["HTML"], FAILING["refused"], FAILING["expired"]])
    (await stage.character(images=4)).failure(*SAFETY, buttons=EDIT)


AT_ONCE = {
    "HTML": Script(file="html", only=(1,)),
    "truncated": Script(data=TRUNCATED, only=(3,)),
    "bomb": Script(file="bomb", only=(0,)),
    "empty": Script(file="empty", only=(2,)),
    "foreign": Script(output=[*(f"{{base}}/files/{{id}}/{n}.png" for n in range(3)), "https://example.org/x.png"]),
    "one less": Script(output=[f"{{base}}/files/{{id}}/{n}.png" for n in range(3)]),
}


@pytest.mark.parametrize("script", AT_ONCE.values(), ids=AT_ONCE)
async def test_one_of_four_that_were_ordered_together_fails(stage: Stage, script: Script) -> None:
    always(stage, script)
    told = await stage.character(images=4, engine="flux-schnell")
    told.result("3 of 4 pictures came", charged={"images": 3, "spend": 3 * 3000})
    assert len(told.message.attachments) == 3
    assert stage.replicate.stats()["accepted"] == 1


async def test_more_than_was_ordered_is_not_charged(stage: Stage) -> None:
    always(stage, Script(output=[f"{{base}}/files/{{id}}/{n}.png" for n in range(9)]))
    told = await stage.character(images=2, engine="flux-schnell")
    told.result("take 2", charged={"images": 2, "spend": 2 * 3000})


async def test_those_that_failed_are_made_again_and_no_others(stage: Stage) -> None:
    """Each picture has a seed of its own: what Retry makes are the pictures that are missing."""
    failing = {100, 102}
    asked: list[int] = []

    def decide(values: Mapping[str, Any]) -> Script:
        asked.append(values["seed"])
        return Script(status="failed", error=VENDORS_WORDS) if values["seed"] in failing else Script()

    stage.replicate.decide = decide
    told = await stage.character(images=4, engine="flux-1.1-pro", seed=100)
    told.result("2 of 4 pictures came", charged={"images": 2, "spend": 2 * PICTURE})
    failing.remove(100)
    again = await stage.press(told, "Retry")
    again.result("1 of 2 pictures came", charged=ONE)
    failing.clear()
    (await stage.press(again, "Retry")).result("take 4", charged=ONE)
    assert [sorted(asked[:4]), sorted(asked[4:6]), asked[6:]] == [[100, 101, 102, 103], [100, 102], [102]]


async def test_pictures_of_the_same_bytes_are_stored_once(stage: Stage) -> None:
    """Also when they come at once, before either has a row."""
    data = picture("the same for all", "1:1", "png", 64)
    stage.replicate.decide = lambda values: Script(data=data)
    before = stored(stage)
    (await stage.character(images=4)).result("take 4", charged={"images": 4, "spend": 4 * PICTURE})
    assert len(stored(stage) - before) == 2, "one original, one preview"


def stored(stage: Stage) -> set[Path]:
    return {file for file in (stage.data / "media").rglob("*") if file.is_file()}
