"""An engine that is down or gone: the next that costs no more takes over, says so, and nothing is paid twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.vendors.gate import VendorGate
from mv.vendors.gate_breaker import Sign
from tests.bot.conftest import MakeWorld
from tests.bot.test_gemini import error
from tests.bot.world import World, eventually, labels, said
from tests.standins.gemini import GeminiStandIn, Reply
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

Configs = Callable[[str, str, str], Path]
SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 1}
DOWN = Script(status="failed", error="Service is temporarily unavailable. Please try again later. (E004)")
GONE = Script(create=Fault(status=404, json={"detail": "gone"}))


@pytest.fixture
async def world(make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn) -> World:
    return await make_world(google=google, replicate=replicate)


async def create(world: World, **options: Any) -> None:
    await world.ann.slash(world.channel, "character create", **{"description": "a diver", **options})


async def balanced(world: World) -> None:
    assert (await world.app.auditor.check()).differences == []


async def test_pictures_of_an_engine_that_is_down(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(DOWN)
    await create(world)
    text = said(world.last)
    assert "The engine imagen-4 does not work at the moment, the next took over" in text
    assert "flux-1.1-pro" in text
    assert (replicate.counts["accepted"], (await world.job(1)).cost) == (2, 40_000)
    assert await world.net(1) == {"images": 1, "spend": 40_000}
    shown = said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    assert "flux-1.1-pro" in shown
    assert "imagen-4" not in shown
    await balanced(world)


async def test_only_another_vendor_helps_where_one_cannot_be_reached(
    make_world: MakeWorld, google: GeminiStandIn
) -> None:
    nobody = ReplicateStandIn(edge=64)
    async with nobody:
        pass
    world = await make_world(google=google, replicate=nobody)
    await create(world)
    assert "The engine imagen-4 does not work at the moment, the next took over" in said(world.last)
    assert "gemini-nano-banana-2.1" in said(world.last)
    assert await world.net(1) == {"images": 1, "spend": 40_000}


async def test_who_rests_is_passed_over_at_once_and_said_so(world: World, replicate: ReplicateStandIn) -> None:
    gate = world.app.tools.gates[Vendor.REPLICATE]
    assert isinstance(gate, VendorGate)
    for _ in range(5):
        gate._breaker.note("start", Sign.FAILING, gate._monotonic())
    await create(world)
    assert "The engine imagen-4 does not work at the moment, the next took over" in said(world.last)
    assert (await world.job(1)).engine == "gemini-nano-banana-2.1"
    assert replicate.counts["creates"] == 0


async def test_what_may_be_paid_is_never_asked_elsewhere(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(Script(create=Fault(drop="before"), accepted=False))
    await create(world)
    assert (await world.job(1)).state is JobState.UNCERTAIN
    assert replicate.counts["creates"] == 1


async def test_an_engine_that_was_chosen_is_not_replaced(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(DOWN)
    await create(world, engine="imagen-4")
    assert (await world.job(1)).state is JobState.FAILED
    assert labels(world.last) == ["Retry"]
    assert await world.net(1) == {}


async def test_one_refusal_among_several_pictures_is_told(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([DOWN, Script(status="failed", error="NSFW content detected")])
    await create(world, images=2)
    assert replicate.counts["accepted"] == 2
    assert (await world.job(1)).state is JobState.FAILED


async def test_some_pictures_are_kept_and_the_rest_not_asked_elsewhere(
    world: World, replicate: ReplicateStandIn
) -> None:
    replicate.script.extend([Script(), DOWN])
    await create(world, images=2)
    assert "1 of 2 pictures came" in said(world.last)
    assert replicate.counts["accepted"] == 2
    assert await world.net(1) == {"images": 1, "spend": 40_000}


async def test_a_kill_while_the_next_is_at_work_does_not_go_back(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([DOWN, Script(delay=1.5)])
    await world.begun(world.ann.slash(world.channel, "character create", description="a diver"))
    await eventually(lambda: replicate.counts["accepted"] == 2)
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert replicate.counts["accepted"] == 2
    assert "The engine imagen-4 does not work at the moment" in said(world.last)
    assert await world.net(1) == {"images": 1, "spend": 40_000}
    await balanced(world)


async def test_a_dearer_one_stays_out(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Configs
) -> None:
    cheap = configs_with("default/image_params.yaml", "  - imagen-4\n", "  - flux-schnell\n  - imagen-4\n")
    world = await make_world(replicate=replicate, configs=cheap)
    replicate.script.append(DOWN)
    await create(world)
    assert (await world.job(1)).state is JobState.FAILED
    assert replicate.counts["creates"] == 1


async def test_for_an_unpriced_first_one_the_dearest_is_reserved(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Configs
) -> None:
    unpriced = configs_with("default/image_params.yaml", "  - imagen-4\n", "  - imagen-4-fast\n  - imagen-4\n")
    world = await make_world(replicate=replicate, configs=unpriced)
    await world.manager.slash(world.channel, "quota set", kind="spend", limit=0.07, period="day")
    replicate.script.append(GONE)
    await create(world)
    assert await world.net(1) == {"images": 1, "spend": 40_000}
    refused = await world.ann.slash(world.channel, "character create", description="another")
    assert "Your allowance of spend is not enough: $0.04 of $0.07 used this day" in said(refused)
    await balanced(world)


async def test_scenes_of_a_model_that_is_overloaded(world: World, google: GeminiStandIn) -> None:
    def of_pro(prompt: str) -> Reply:
        return error(503, "UNAVAILABLE") if google.requests[-1]["_model"] == "gemini-2.5-pro" else Reply()

    google.decide = of_pro
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "The engine gemini-2.5-pro does not work at the moment, the next took over" in said(world.last)
    assert [request["_model"] for request in google.requests].count("gemini-2.5-pro") == 3
    assert google.requests[-1]["_model"] == "gemini-3.8-flash"
    assert (await world.net(1))["scenes"] == 1
    await balanced(world)


async def test_scenes_that_come_too_late_are_not_asked_elsewhere(world: World, google: GeminiStandIn) -> None:
    google.decide = lambda prompt: error(504, "DEADLINE_EXCEEDED")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert (await world.job(1)).state is JobState.FAILED
    assert {request["_model"] for request in google.requests} == {"gemini-2.5-pro"}


@pytest.mark.parametrize("kill", [False, True])
async def test_pictures_that_are_paid_and_cannot_be_fetched_are_not_asked_elsewhere(
    world: World, replicate: ReplicateStandIn, kill: bool
) -> None:
    replicate.script.append(Script(files=(Fault(status=503),) * 9, delay=0.6 if kill else 0.0))
    await world.begun(world.ann.slash(world.channel, "character create", description="a diver"))
    if kill:
        await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert (await world.job(1)).state is JobState.FAILED
    assert replicate.counts["accepted"] == 1
    assert await world.books(1) == {"lost": 40_000}
    await balanced(world)


async def test_an_answer_that_may_be_charged_is_not_asked_for_elsewhere(world: World, google: GeminiStandIn) -> None:
    google.decide = lambda prompt: Reply(fault=Fault(drop="before"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert (await world.job(1)).state is JobState.FAILED
    assert [request["_model"] for request in google.requests] == ["gemini-2.5-pro"] * 2


async def test_a_kill_after_another_wrote_the_rest_asks_nobody_again(world: World, google: GeminiStandIn) -> None:
    google.script.extend([Reply(scenes=1), *[error(503, "UNAVAILABLE")] * 3, Reply(delay=1.5)])
    await world.begun(world.ann.slash(world.channel, "scenes create", **{**SCENES, "count": 3}))
    await eventually(lambda: google.calls == 5)
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert (await world.job(1)).state is JobState.DONE
    models = [request["_model"] for request in google.requests]
    assert models == ["gemini-2.5-pro"] * 4 + ["gemini-3.8-flash"] * 2, "the rest is asked for again once"
    await balanced(world)
