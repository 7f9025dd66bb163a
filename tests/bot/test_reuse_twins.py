"""The same asked for again: made once also after a kill, when another stood in, and while nobody can be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from simcord.results import InteractionResult

from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.vendors.gate import VendorGate
from mv.vendors.gate_breaker import Sign
from tests.bot.conftest import MakeWorld
from tests.bot.test_gemini import error
from tests.bot.test_reuse import WHO, create, paid, spent
from tests.bot.test_standing_in import DOWN
from tests.bot.world import World, eventually, said
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

Configs = Callable[[str, str, str], Path]


async def plain(world: World, **options: Any) -> InteractionResult:
    """By whichever engine comes first."""
    result: InteractionResult = await world.ann.slash(
        world.channel, "character create", **{"description": WHO, **options}
    )
    return result


def rest(world: World) -> None:
    gate = world.app.tools.gates[Vendor.REPLICATE]
    assert isinstance(gate, VendorGate)
    for _ in range(5):
        gate._breaker.note("start", Sign.FAILING, gate._monotonic())


async def test_what_was_begun_goes_on_before_others_ask_for_it(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Configs
) -> None:
    replicate.delay = 3.0
    world = await make_world(replicate=replicate, configs=configs_with("limits.yaml", "per_member: 4", "per_member: 1"))
    await world.begun(create(world, description="takes the place"))
    await world.begun(create(world, description="older, but costs more", images=2))
    await world.begun(create(world))
    await eventually(lambda: paid(replicate) == 2)  # the first, and the cheap one
    await world.begun(create(world, world.bob))
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert [(await world.job(number)).state for number in (1, 2, 3, 4)] == [JobState.DONE] * 4
    assert paid(replicate) == 4
    assert await world.net(4) == {}


async def test_who_waits_goes_on_when_what_was_begun_is_cancelled(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    replicate.delay = 3.0
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await world.begun(create(world, world.bob))
    await eventually(lambda: paid(replicate) == 1)
    async with world.app.tools.records.write() as tx:  # noted, and then the process was killed
        await tx.jobs.intend((await world.job(1)).id, "cancel", world.app.clock.now(), {"by": world.ann.id})
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert [(await world.job(number)).state for number in (1, 2)] == [JobState.CANCELLED, JobState.DONE]
    assert paid(replicate) == 2


async def test_what_another_engine_made_answers_the_same_request(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    world = await make_world(google=google, replicate=replicate)
    replicate.script.append(DOWN)
    await plain(world)
    assert "the next took over" in said(world.last)
    await plain(world)
    await plain(world, description=f"  {WHO.upper()} ")
    assert replicate.counts["creates"] == 2
    async with world.app.tools.records.read() as tx:
        assert len(await tx.jobs.unfinished()) == 0
    await plain(world, engine="imagen-4")  # and no other
    assert replicate.counts["creates"] == 3
    await plain(world, engine="flux-1.1-pro")  # which was not meant before
    assert replicate.counts["creates"] == 4


async def test_what_was_chosen_by_name_does_not_answer_who_chose_nothing(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    world = await make_world(google=google, replicate=replicate)
    await plain(world, engine="flux-1.1-pro")
    await plain(world)
    assert "From the library" not in said(world.last)
    assert paid(replicate) == 2
    await plain(world, engine="imagen-4")  # the first, which nobody had to name
    assert paid(replicate) == 2


async def test_the_library_answers_while_the_vendor_rests_or_has_no_key(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    world = await make_world(google=google, replicate=replicate)
    await plain(world)
    rest(world)
    await plain(world)
    await plain(world, engine="imagen-4")
    assert (paid(replicate), await spent(world)) == (1, 40_000)
    await plain(world, description="a fox")
    assert "gemini-nano-banana-2.1" in said(world.last)
    await world.restart()  # and the vendor is asked again
    await plain(world, description="a fox")
    assert paid(replicate) == 1
    await world.restart(google=None, replicate=None, stand_in=False)
    answered = await world.bob.slash(world.channel, "character create", description=WHO)
    assert "From the library" in said(answered)
    refused = await world.bob.slash(world.channel, "character create", description="a heron")
    assert "Replicate is not set up" in said(refused)


async def test_who_waits_for_a_chosen_engine_is_not_given_what_stood_in_for_it(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    replicate.script.append(replace(DOWN, delay=1.5))
    replicate.delay = 1.0
    world = await make_world(google=google, replicate=replicate)
    await world.begun(plain(world))
    await eventually(lambda: paid(replicate) == 1)
    await world.bob.slash(world.channel, "character create", description=WHO, engine="imagen-4")
    await world.env.settle(timeout=30)
    made_by = [prediction.model for prediction in replicate.predictions.values()]
    assert made_by == ["google/imagen-4", "black-forest-labs/flux-1.1-pro", "google/imagen-4"]
    assert [(await world.job(number)).state for number in (1, 2)] == [JobState.DONE] * 2
    assert await world.net(2) == {"images": 1, "spend": 40_000}


async def test_lost_pictures_are_made_once_by_all_who_ask(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    replicate.delay = 0.4
    world = await make_world(replicate=replicate)
    await create(world)
    for file in (world.folder / "media").rglob("*.preview.*"):
        file.unlink()
    await world.at_once([partial(create, world, who) for who in (world.ann, world.bob, world.manager)])
    assert [(await world.job(number)).state for number in (2, 3, 4)] == [JobState.DONE] * 3
    assert paid(replicate) == 2


async def test_a_list_that_another_model_wrote_answers_the_same_request(
    make_world: MakeWorld, google: GeminiStandIn, configs_with: Configs
) -> None:
    world = await make_world(google=google, configs=configs_with("limits.yaml", "  scenes: false", "  scenes: true"))
    google.script.append(error(404, "NOT_FOUND"))
    options: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 1}
    await world.ann.slash(world.channel, "scenes create", **options)
    assert "S1 · version 1" in said(world.last)
    calls = len(google.requests)
    answered = await world.bob.slash(world.channel, "scenes create", **options)
    assert "From the library" in said(answered)
    assert len(google.requests) == calls
