"""The same asked for again: from the library at no cost, made once while it is being made, and never across walls."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from simcord.results import InteractionResult

from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, eventually, labels, reply, said
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn, Script

Configs = Callable[[str, str, str], Path]
WHO = "A deep-sea diver in a brass suit"
FLUX: dict[str, Any] = {"description": WHO, "engine": "flux-1.1-pro"}
SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 1}


async def create(world: World, by: Any = None, where: Any = None, **options: Any) -> InteractionResult:
    result: InteractionResult = await (by or world.ann).slash(
        where or world.channel, "character create", **{**FLUX, **options}
    )
    return result


def paid(replicate: ReplicateStandIn) -> int:
    return len(replicate.predictions)


async def spent(world: World) -> int:
    return await world.used(world.ann.id, AllowanceKind.SPEND) + await world.used(world.bob.id, AllowanceKind.SPEND)


async def test_the_same_is_answered_from_the_library_at_no_cost(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    again = await create(world, world.bob, description="  a deep-sea DIVER in\na brass  suit ")
    assert not again.ephemeral
    assert "From the library" in said(again)
    assert "C1 · take 1" in said(again)
    assert "no cost" in said(again)
    assert "$" not in said(again)
    assert len(reply(again).attachments) == 1
    assert labels(again) == ["Fresh", "Vary", "Again", "Original", "Use in scenes", "Delete"]
    assert (paid(replicate), await spent(world)) == (1, 40_000)
    assert await world.used(world.bob.id, AllowanceKind.IMAGES) == 0


async def test_whatever_is_told_otherwise_is_made(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await world.manager.slash(world.channel, "project create", name="Tide")
    others: list[dict[str, Any]] = [
        {},
        {"description": f"{WHO}, old"},
        {"aspect_ratio": "1:1"},
        {"images": 2},
        {"engine": "flux-schnell"},
        {"seed": 5},
        {"seed": 6},
        {"name": "Otto"},
        {"project": "P1"},
        {"flavor": "cinematic"},
    ]
    for options in others:
        result = await create(world, **options)
        assert "From the library" not in said(world.last), options
        assert not result.ephemeral
    pictures = paid(replicate)
    for options in others:
        assert "From the library" in said(await create(world, **options)), options
    assert paid(replicate) == pictures


async def test_fresh_again_and_vary_ask_the_engine(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    await create(world, fresh=True)
    assert "C2 · take 1" in said(world.last)
    await world.ann.click(world.last, label="Again")
    await world.ann.slash(world.channel, "character vary", ref="C1")
    assert (paid(replicate), await spent(world)) == (4, 160_000)


async def test_fresh_below_an_answer_makes_a_new_character_for_whoever_asked(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world, name="Otto", seed=4)
    await create(world, world.bob, name="Otto", seed=4)
    answered = world.last
    refused = await world.ann.click(answered, label="Fresh")
    assert refused.ephemeral
    assert f"<@{world.bob.id}>" in said(refused)
    await world.restart()
    await world.bob.click(answered, label="Fresh")
    assert "C2 · take 1" in said(world.last)
    assert "Otto" in said(world.last)
    job = await world.job(2)
    assert (job.member_id, job.state, job.private) == (world.bob.id, JobState.DONE, False)
    assert paid(replicate) == 2


async def test_what_is_private_stays_with_whose_it_is(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world, private=True)
    await create(world, world.bob)
    assert "C2 · take 1" in said(world.last)
    mine = await create(world, private=True)
    assert mine.ephemeral
    assert "From the library" in said(mine)
    assert "C2" in said(mine)  # the newest that they may see
    assert paid(replicate) == 2


async def test_a_public_answer_never_shows_what_is_private(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world, private=True)
    await create(world)
    assert "From the library" not in said(world.last)
    assert "C2 · take 1" in said(world.last)


async def test_fresh_below_a_private_answer_is_private(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    answered = await create(world, private=True)
    await world.ann.click(reply(answered).message, label="Fresh")
    assert (await world.job(2)).private
    assert "C2" not in said(world.last)


async def test_another_server_gets_its_own(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    await create(world, world.ann_elsewhere, world.far)
    assert paid(replicate) == 2


async def test_what_is_deleted_or_lost_is_made_again(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    question = await world.ann.slash(world.channel, "character delete", ref="C1")
    await world.ann.click(reply(question).message, label="Delete C1")
    await create(world)
    assert paid(replicate) == 2
    for file in (world.folder / "media").rglob("*.preview.*"):
        file.unlink()
    await create(world)
    assert paid(replicate) == 3


async def test_pictures_that_are_missing_cannot_stand_for_all(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    replicate.script.extend([Script(), Script(status="failed", error="boom")])
    await create(world, images=2)
    await create(world, images=2)
    assert "From the library" not in said(world.last)
    assert paid(replicate) == 4


async def test_who_has_nothing_left_is_answered_all_the_same(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await world.manager.slash(world.channel, "quota set", kind="images", limit=1, period="day")
    await create(world)
    assert "From the library" in said(await create(world))
    assert "of 1 used" in said(await create(world, fresh=True))


async def test_the_same_at_the_same_time_is_made_once(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    replicate.delay = 0.4
    world = await make_world(replicate=replicate)
    await world.at_once([partial(create, world, who) for who in (world.ann, world.bob) for _ in range(5)])
    states = [(await world.job(number)).state for number in range(1, 11)]
    assert states == [JobState.DONE] * 10
    assert (paid(replicate), await spent(world)) == (1, 40_000)
    told = [said(message) for message in world.channel.history()]
    assert sum("From the library" in text for text in told) == 9
    assert sum("$0.04" in text for text in told) == 1
    assert [await world.net(number) for number in range(1, 11)].count({}) == 9
    shown = [said(await world.manager.slash(world.channel, "jobs show", ref=f"J{number}")) for number in range(1, 11)]
    assert sum("no cost" in text for text in shown) == 9
    assert (await world.app.auditor.check()).differences == []


async def test_what_is_private_waits_for_what_is_public_and_not_the_other_way_round(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    replicate.delay = 2.0
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await eventually(lambda: paid(replicate) == 1)
    await create(world, world.bob, private=True)
    assert paid(replicate) == 1
    await world.begun(create(world, description="old", private=True))
    await eventually(lambda: paid(replicate) == 2)
    await create(world, world.bob, description="old")
    assert paid(replicate) == 3
    assert [(await world.job(number)).state for number in range(1, 5)] == [JobState.DONE] * 4


async def test_whoever_waits_takes_over_from_one_that_fails_or_is_cancelled(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    replicate.delay = 5.0
    replicate.script.append(Script(status="failed", error="boom", delay=1.5))
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await world.begun(create(world, world.bob))
    await world.begun(create(world, world.manager))
    await eventually(lambda: paid(replicate) == 2)  # by one of the two that waited
    assert (await world.job(1)).state is JobState.FAILED
    await world.bob.slash(world.channel, "jobs cancel", ref="J2")
    await world.env.settle(timeout=30)
    states = [(await world.job(number)).state for number in (1, 2, 3)]
    assert states == [JobState.FAILED, JobState.CANCELLED, JobState.DONE]
    assert await world.net(3) == {"images": 1, "spend": 40_000}


async def test_a_kill_while_several_wait_for_one_pays_once(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    replicate.delay = 1.0
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await world.begun(create(world, world.bob))
    await eventually(lambda: paid(replicate) == 1)
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert [(await world.job(number)).state for number in (1, 2)] == [JobState.DONE] * 2
    assert (paid(replicate), await spent(world)) == (1, 40_000)


async def test_a_scene_list_is_made_anew_unless_the_configuration_says_otherwise(
    make_world: MakeWorld, google: GeminiStandIn, configs_with: Configs
) -> None:
    world = await make_world(google=google)
    for _ in range(2):
        await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S2 · version 1" in said(world.last)
    await world.restart(configs=configs_with("limits.yaml", "  scenes: false", "  scenes: true"))
    answered = await world.bob.slash(world.channel, "scenes create", **{**SCENES, "idea": "a lighthouse keeper DANCES"})
    assert "S2 · version 1" in said(answered)
    assert "From the library" in said(answered)
    assert "no cost" in said(answered)
    await world.bob.slash(world.channel, "scenes create", **{**SCENES, "count": 2})
    assert "S3 · version 1" in said(world.last)
    await world.at_once(
        [
            partial(who.slash, world.channel, "scenes create", **{**SCENES, "idea": "Salt"})
            for who in (world.ann, world.bob)
        ]
    )
    assert [await world.net(number) == {} for number in (4, 5)].count(True) == 1
    assert (await world.app.auditor.check()).differences == []


async def test_nothing_is_reused_where_the_configuration_says_so(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Configs
) -> None:
    configs = configs_with("limits.yaml", "  characters: true", "  characters: false")
    world = await make_world(replicate=replicate, configs=configs)
    await create(world)
    await create(world)
    assert paid(replicate) == 2


async def test_who_is_forgotten_leaves_no_key(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    question = await world.ann.slash(world.channel, "mydata forget")
    await world.ann.click(reply(question).message, label=labels(question)[0])
    await create(world, world.bob)
    assert paid(replicate) == 2


async def test_fresh_below_a_direct_message_stays_private(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    replicate.delay = 0.3
    world = await make_world(replicate=replicate)
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015, times=None)
    await world.at_once([partial(create, world, private=True)] * 2)
    world.env.backend.faults.clear()
    told = [message for message in world.ann.user.dm_channel.history() if "Fresh" in labels(message)]
    await world.ann.user.click(told[0], label="Fresh")
    job = await world.job(3)
    assert (job.state, job.private) == (JobState.DONE, True)
    assert paid(replicate) == 2


async def test_what_is_gone_before_the_others_look_is_made_once_more_by_one_of_them(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicate.delay = 2.0
    monkeypatch.setattr("mv.services.reuse.LOOK_SECONDS", 1.0)
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await world.begun(create(world, world.bob))
    await world.begun(create(world, world.manager))
    await eventually(lambda: "take 1" in said(world.channel.history()[0]))
    async with world.app.tools.records.write() as tx:
        await tx.characters.delete((await world.job(1)).id, world.app.clock.now())
    await world.env.settle(timeout=30)
    assert [(await world.job(number)).state for number in (1, 2, 3)] == [JobState.DONE] * 3
    assert paid(replicate) == 2


async def test_the_books_agree_after_somebody_is_forgotten(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world)
    question = await world.ann.slash(world.channel, "mydata forget")
    await world.ann.click(reply(question).message, label=labels(question)[0])
    assert (await world.app.auditor.check()).differences == []
