"""A vendor that keeps failing is left alone for a while, and one that takes only so much is given time: over real
sockets, as members meet it."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, cast

import pytest

from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.ports import VendorState
from mv.vendors.gate import VendorGate
from tests.faults.conftest import MakeStage
from tests.faults.stage import VENDORS_WORDS, Stage, Told
from tests.standins.discord import Interaction
from tests.standins.gemini import Reply, refusal
from tests.standins.local import Fault
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

AFTER, REST = 3, 60
LEFT_ALONE = {
    "limits.yaml": {
        "vendors": {"rest_after_failures": AFTER, "rest_seconds": REST, "longest_rest_seconds": 2 * REST},
        "concurrency": {"total": 2, "per_member": 2},
    },
    "default/scene_params.yaml": {"engines": ["gemini-2.5-pro"]},
}
"""With one engine, so that a job is one failure: none takes over."""
SCENES: dict[str, Any] = {"idea": "rain", "character": "Mara", "count": 3}
PICTURE: dict[str, Any] = {"description": "A retired astronaut", "fresh": True}
OUT = Reply(fault=refusal(503, "UNAVAILABLE", VENDORS_WORDS))
CHARGE, PICTURES_CHARGE = {"scenes": 1, "spend": 8750}, {"images": 1, "spend": 40_000}
DOWN, RESTING = "cannot be reached at the moment", "Google Gemini keeps failing and is left alone for a while"
WAS_RESTING = "Google Gemini kept failing and is left alone for a while; it was not asked"


async def ask(stage: Stage) -> Interaction:
    asked = await stage.discord.slash("scenes create", SCENES, member=stage.newcomer())
    return await asked.acknowledged()


async def picture(stage: Stage) -> Interaction:
    asked = await stage.discord.slash("character create", PICTURE, member=stage.newcomer())
    return await asked.acknowledged()


async def press(stage: Stage, asked: Interaction, label: str) -> Interaction:
    pressed = await stage.discord.click(
        await asked.response(), label, member=stage.discord.guild.members[asked.user.id]
    )
    return await pressed.acknowledged()


async def break_down(stage: Stage) -> list[Told]:
    """Gemini fails for as many jobs as it takes, one after the other."""
    stage.google.decide = lambda prompt: OUT
    told = [(await stage.scenes()).failure(DOWN) for _ in range(AFTER)]
    assert stage.google.calls == 3 * AFTER
    return told


async def listed(stage: Stage) -> str:
    """What /jobs list shows to somebody without jobs."""
    asked = await stage.discord.slash("jobs list", {}, member=stage.newcomer())
    await asked.acknowledged()
    return (await asked.response()).text


def gate(stage: Stage, vendor: Vendor = Vendor.GEMINI) -> VendorGate:
    return cast("VendorGate", stage.app.tools.gates[vendor])


def pass_time(stage: Stage, vendor: Vendor = Vendor.GEMINI) -> None:
    """The rest is over, without waiting for it."""
    assert gate(stage, vendor).state().resting_until is not None
    gate(stage, vendor)._monotonic = lambda: time.monotonic() + 3 * REST
    assert gate(stage, vendor).state().probing


def lines(stage: Stage) -> list[str]:
    """What the log says of the gate."""
    return [line for line in stage.log.lines if "mv.vendors.gate" in line]


async def test_new_jobs_are_refused_at_once_until_one_try_succeeds(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    failed = await break_down(stage)
    until = gate(stage).state().resting_until
    assert until is not None
    asked = await ask(stage)
    message = await asked.response()
    assert asked.ephemeral
    assert asked.acknowledged_after < 2
    assert RESTING in message.text
    shown = re.search(r"Try again <t:(\d+):R>", message.text)
    assert shown is not None
    assert abs(int(shown[1]) - until.timestamp()) < 2
    assert "Nothing was charged" in message.text
    async with stage.app.tools.records.read() as tx:
        assert not await tx.jobs.unfinished()
    assert RESTING in (await (await press(stage, failed[0].asked, "Retry")).response()).text
    (await stage.character()).result("take 1", charged=PICTURES_CHARGE)
    assert "Google Gemini kept failing and is left alone; it is asked again <t:" in await listed(stage)
    assert stage.google.calls == 3 * AFTER

    pass_time(stage)
    stage.google.decide = None
    (await stage.press(failed[0], "Retry")).result("version 1", charged=CHARGE)
    assert stage.google.calls == 3 * AFTER + 1
    assert gate(stage).state() == VendorState()
    assert "Gemini" not in await listed(stage)
    (await stage.scenes()).result("version 1", charged=CHARGE)
    said = lines(stage)
    assert len(said) == 2
    assert re.fullmatch(r"WARNING .*: gemini failed 3 times in a row, with .*; it is left alone for 60 s", said[0])
    assert re.fullmatch(r"INFO .*: gemini answers again, after \d[\d.]* s; it is asked as usual", said[1])


async def test_the_rest_ends_by_itself(make_stage: MakeStage) -> None:
    short = {**LEFT_ALONE, "limits.yaml": {"vendors": {"rest_after_failures": AFTER, "rest_seconds": 0.5}}}
    stage = await make_stage(changes=short)
    began = time.monotonic()
    await break_down(stage)
    await stage.until(lambda: gate(stage).state().probing, "the rest is over")
    assert time.monotonic() - began > 0.5
    stage.google.decide = None
    (await stage.scenes()).result("version 1", charged=CHARGE)


async def test_accepted_jobs_fail_at_once_when_the_vendor_starts_to_rest(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    stage.google.decide = lambda prompt: OUT
    told = [await stage.told(one) for one in [await ask(stage) for _ in range(8)]]
    resting = [one for one in told if WAS_RESTING in one.text]
    assert len(resting) >= 8 - AFTER - 1, "one more may have been on its way"
    for each in told:
        each.failure("Try again in a few minutes")
    assert [each.steps for each in resting] == [()] * len(resting)
    assert stage.google.calls <= 3 * (AFTER + 1)


async def test_one_try_after_the_rest_while_the_others_wait(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    await break_down(stage)
    pass_time(stage)
    stage.google.decide, stage.google.delay = None, 0.5
    asked = [await ask(stage) for _ in range(3)]
    await stage.until(lambda: stage.google.calls > 3 * AFTER, "the try")
    await asyncio.sleep(0.2)
    assert stage.google.calls == 3 * AFTER + 1
    for one in asked:
        (await stage.told(one)).result("version 1", charged=CHARGE)
    assert stage.google.calls == 3 * AFTER + 3


async def test_a_try_that_fails_makes_the_rest_longer(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    await break_down(stage)
    pass_time(stage)
    (await stage.scenes()).failure(DOWN)
    assert stage.google.calls == 3 * AFTER + 3
    until = gate(stage).state().resting_until
    assert until is not None
    assert REST < (until - stage.app.clock.now()).total_seconds() <= 2 * REST
    assert RESTING in (await (await ask(stage)).response()).text
    assert lines(stage)[-1].endswith("it is left alone for 120 s")


async def test_cancelling_the_try_lets_the_next_one_try(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    await break_down(stage)
    pass_time(stage)
    stage.google.decide, stage.google.delay = None, 30.0
    first = await ask(stage)
    await stage.until(lambda: stage.google.calls == 3 * AFTER + 1, "the try")
    second = await ask(stage)
    await second.until(lambda message: "finding out whether it works again" in message.text)
    stage.google.delay = 0.0
    await press(stage, first, "Cancel")
    assert (await stage.told(first)).job.state is JobState.CANCELLED
    (await stage.told(second)).result("version 1", charged=CHARGE)
    assert stage.google.calls >= 3 * AFTER + 2, "more where the try ran out of time meanwhile, and was made again"


async def test_what_was_ordered_before_the_rest_is_delivered(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=LEFT_ALONE)
    stage.replicate.script.append(Script(delay=1.5))
    early = await picture(stage)
    await stage.until(lambda: stage.replicate.counts["accepted"] == 1, "the order")
    stage.replicate.decide = lambda body: Script(create=Fault(status=500, json={"detail": VENDORS_WORDS}))
    for _ in range(AFTER):
        (await stage.character()).failure("is not known", state=JobState.UNCERTAIN)
    creates = stage.replicate.counts["creates"]
    assert "Replicate keeps failing" in (await (await picture(stage)).response()).text
    (await stage.told(early)).result("take 1", charged=PICTURES_CHARGE)
    assert "Replicate keeps failing" in (await (await picture(stage)).response()).text
    assert stage.replicate.counts["creates"] == creates
    pass_time(stage, Vendor.REPLICATE)
    stage.replicate.decide = None
    (await stage.character()).result("take 1", charged=PICTURES_CHARGE)


# ── rates ────────────────────────────────────────────────────────────────────────────────────────────────────────────

SPARED = {"limits.yaml": {"vendors": {"per_minute": {"replicate": 6, "gemini": 60}}}}
"""One picture at once, and then one every ten seconds; scenes: ten at once, and then nearly one a second."""


async def test_a_job_that_waits_for_its_turn_says_so_and_is_cancelled_at_no_cost(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=SPARED)
    (await stage.character()).result("take 1", charged=PICTURES_CHARGE)
    second = await picture(stage)
    await second.until(lambda message: "takes only so many requests a minute" in message.text)
    assert gate(stage, Vendor.REPLICATE).state().waiting == 1
    assert "Replicate is asked only as often as it allows: 1 request waiting" in await listed(stage)
    began = time.monotonic()
    await press(stage, second, "Cancel")
    told = await stage.told(second)
    assert time.monotonic() - began < 3, "its turn would have come in ten seconds"
    assert (told.job.state, told.net) == (JobState.CANCELLED, {})
    assert not [step for step in told.steps if step.name.startswith("create")], "nothing is noted before its turn"
    assert gate(stage, Vendor.REPLICATE).state().waiting == 0
    assert (stage.replicate.counts["creates"], stage.replicate.counts["cancels"]) == (1, 0)


async def test_a_burst_is_let_through_and_the_rest_spread(make_stage: MakeStage) -> None:
    stage = await make_stage(changes=SPARED)
    began = time.monotonic()
    asked = [await ask(stage) for _ in range(12)]
    for one in asked:
        (await stage.told(one)).result("version 1", charged=CHARGE)
    assert time.monotonic() - began > 2 * 60 / 51 - 0.1
    assert stage.google.calls == 12
