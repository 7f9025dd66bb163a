"""Takes that go by the picture of another: what is handed to the vendor, once, and what becomes of faults and kills."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mv.domain.jobs import JobState
from mv.errors import Stopped
from mv.services.character_run import CharacterRunner
from mv.services.intake import kept as file_of
from mv.services.trace import Trace
from tests.bot.conftest import MakeWorld
from tests.bot.test_vary import create, kept, vary
from tests.bot.world import World, labels, said
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

BY_PICTURE = "nano-banana-pro"


@pytest.fixture
async def world(make_world: MakeWorld, replicate: ReplicateStandIn) -> World:
    return await make_world(replicate=replicate)


def inputs(replicate: ReplicateStandIn) -> list[dict[str, Any]]:
    return [dict(one.input) for one in replicate.predictions.values()]


async def test_the_untouched_file_goes_along(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, engine=BY_PICTURE, images=2)
    await vary(world, instructions="in a red coat", take=1)
    _, takes = await kept(world)
    ((address, upload),) = replicate.uploads.items()
    assert upload.data == await file_of(world.app.tools.media, takes[0].original)
    assert (upload.name, upload.mime) == (takes[0].original.key.split("/")[1], takes[0].original.mime)
    first, *_, third, fourth = inputs(replicate)
    assert "image_input" not in first
    assert third["image_input"] == fourth["image_input"] == [address]
    assert "It is the very person of the picture" in third["prompt"]
    assert (
        "Only this differs from that picture and the description, all else stays the same: in a red coat"
        in (third["prompt"])
    )
    assert [take.from_take for take in takes] == [None, None, 1, 1]
    assert "**Goes by** · take 1" in said(world.last)
    assert said(world.last).count("Goes by") == 1
    assert "**Note**" not in said(world.last)
    assert replicate.counts["uploads"] == 1
    assert replicate.stats()["tokens_leaked"] == 0


async def test_without_instructions_the_picture_alone_is_gone_by(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, engine=BY_PICTURE)
    await vary(world)
    assert "Only this differs" not in inputs(replicate)[1]["prompt"]
    assert len(inputs(replicate)[1]["image_input"]) == 1
    assert "as Again makes them" not in said(world.last)


async def test_the_main_take_is_gone_by_else_the_newest(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, engine="flux-2-pro", images=3)
    await vary(world, instructions="red")
    await world.bob.slash(world.channel, "character main", ref="C1", take=2)
    await vary(world, instructions="red")
    await vary(world, instructions="red", take=1)
    _, takes = await kept(world)
    assert [take.from_take for take in takes[3::3]] == [3, 2, 1]
    assert all(len(one["input_images"]) == 1 and "seed" in one for one in inputs(replicate)[3:])
    sent = [upload.data for upload in replicate.uploads.values()]
    assert sent == [await file_of(world.app.tools.media, takes[n].original) for n in (2, 1, 0)]


async def test_again_goes_by_the_same_picture(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, engine=BY_PICTURE)
    plain = world.last
    await vary(world, take=1)
    await world.ann.click(world.last, label="Again")
    assert "**Goes by** · take 1" in said(world.last)
    await world.ann.click(plain, label="Again")
    assert "Goes by" not in said(world.last)
    assert ["image_input" in one for one in inputs(replicate)] == [False, True, True, False]
    assert len({upload.data for upload in replicate.uploads.values()}) == 1


async def test_an_engine_that_takes_none_works_from_the_text_and_says_so(
    world: World, replicate: ReplicateStandIn
) -> None:
    await create(world)
    await vary(world, instructions="red", take=1)
    text = said(world.last)
    assert "Imagen-4 works from the description and the instructions alone, so no picture went along" in text
    assert "Nano-banana-pro, further down the list, would go by the picture of a take" in text
    await vary(world, instructions="red")
    assert "further down" not in said(world.last)
    await vary(world, take=1)
    assert "as Again makes them" in said(world.last)
    assert replicate.counts["uploads"] == 0
    assert {take.from_take for take in (await kept(world))[1]} == {None}
    assert "Only this differs from the description, all else stays the same: red" in inputs(replicate)[1]["prompt"]
    assert inputs(replicate)[3]["prompt"] == inputs(replicate)[0]["prompt"]


async def test_the_engine_that_takes_over_gets_the_picture(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Callable[[str, str, str], Path]
) -> None:
    unpriced = configs_with("default/image_params.yaml", "  - imagen-4\n", "  - imagen-4-fast\n")
    world = await make_world(replicate=replicate, configs=unpriced)
    await create(world)
    replicate.script.append(Script(create=Fault(status=404, json={"detail": "gone"})))
    await vary(world, instructions="red", take=1)
    assert "the engine imagen-4-fast is gone" in said(world.last).lower()
    assert "**Goes by** · take 1" in said(world.last)
    assert "further down" not in said(world.last)
    assert inputs(replicate)[1]["image_input"] == list(replicate.uploads)


async def test_a_list_is_sent_only_where_one_is_taken(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs_with: Callable[[str, str, str], Path]
) -> None:
    old = "    reference_parameter: image_input\n    reference_list: true\n    max_references: 14\n"
    world = await make_world(
        replicate=replicate, configs=configs_with("models.yaml", old, "    reference_parameter: image\n")
    )
    await create(world, engine=BY_PICTURE)
    await vary(world, instructions="red")
    assert inputs(replicate)[1]["image"] == next(iter(replicate.uploads))


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────────────────────────

PASSING = [Fault(status=429, headers={"Retry-After": "0"}), Fault(status=500), Fault(status=502), Fault(drop="before")]


@pytest.mark.parametrize("fault", PASSING, ids=["429", "500", "502", "cut"])
async def test_an_upload_is_tried_again(world: World, replicate: ReplicateStandIn, fault: Fault) -> None:
    await create(world, engine=BY_PICTURE)
    replicate.uploading.append(fault)
    await vary(world, instructions="red")
    assert "C1 · take 2" in said(world.last)
    assert replicate.counts["uploads"] == 2
    assert replicate.stats()["accepted"] == 2


LASTING: list[tuple[Fault, str]] = [
    (Fault(status=500), "Replicate cannot be reached at the moment"),
    (Fault(status=429), "Replicate is busy and stayed so"),
    (Fault(status=401), "Replicate refused the key"),
    (Fault(status=402), "has no credit"),
    (Fault(status=404), "refused the request as malformed"),
    (Fault(status=413), "refused the request as malformed"),
    (Fault(status=201, body="<html>"), "Replicate cannot be reached at the moment"),
    (Fault(status=201, json=[]), "Replicate cannot be reached at the moment"),
    (Fault(status=201, json={"id": "f1", "urls": None}), "Replicate cannot be reached at the moment"),
    (Fault(status=201, json={"id": "f1", "urls": {"get": 7}}), "Replicate cannot be reached at the moment"),
]


@pytest.mark.parametrize(("fault", "words"), LASTING, ids=range(len(LASTING)))
async def test_an_upload_that_does_not_succeed_costs_nothing(
    world: World, replicate: ReplicateStandIn, fault: Fault, words: str
) -> None:
    await create(world, engine=BY_PICTURE)
    replicate.uploading.extend([fault] * 3)
    await vary(world, instructions="red")
    assert words in said(world.last)
    assert "Nothing was charged; your allowance was given back" in said(world.last)
    assert await world.net(2) == {}
    assert replicate.stats()["creates"] == 1
    assert (await kept(world))[0].takes == 1
    replicate.uploading.clear()
    await world.bob.click(world.last, label="Retry")
    assert "C1 · take 2" in said(world.last)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/v1/files/f1", "http://api.replicate.com/v1/files/f1", "//x", "http://[", "x" * 5000, ""],
)
async def test_an_address_of_another_host_is_not_passed_on(
    world: World, replicate: ReplicateStandIn, address: str
) -> None:
    await create(world, engine=BY_PICTURE)
    replicate.uploading.append(Fault(status=201, json={"id": "f1", "urls": {"get": address}}))
    await vary(world, instructions="red")
    assert "Replicate cannot be reached at the moment" in said(world.last)
    assert replicate.stats()["creates"] == 1


async def test_a_file_that_is_gone_is_told_and_nothing_is_ordered(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, engine=BY_PICTURE)
    _, (take,) = await kept(world)
    await world.app.tools.media.delete(take.original.key)
    await vary(world, instructions="red")
    assert "There is no file `take 1` here" in said(world.last)
    assert labels(world.last) == ["Retry"]
    assert replicate.stats()["creates"] == 1
    assert await world.net(2) == {}


# ── kills ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_kill_while_it_is_uploaded(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await create(world, engine=BY_PICTURE)
    replicate.uploading.append(Fault(delay=30.0))
    await world.begun(vary(world, instructions="red"))
    await until(lambda: replicate.counts["uploads"] == 1)
    await world.restart(kill=True)
    await over(world)
    assert "**Goes by** · take 1" in said(world.last)
    assert (replicate.counts["uploads"], replicate.stats()["accepted"]) == (2, 2)


async def test_a_kill_after_the_order_neither_uploads_nor_pays_again(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world, engine=BY_PICTURE)
    replicate.script.append(Script(delay=1.5))
    await world.begun(vary(world, instructions="red"))
    await until(lambda: replicate.stats()["accepted"] == 2)
    await world.restart(kill=True)
    await over(world)
    assert "**Goes by** · take 1" in said(world.last)
    assert (replicate.counts["uploads"], replicate.stats()["accepted"]) == (1, 2)


async def test_an_order_whose_answer_a_kill_lost_is_found_by_its_picture(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world, engine=BY_PICTURE)
    replicate.script.append(Script(create=Fault(delay=30.0), accepted=True))
    await world.begun(vary(world, instructions="red"))
    await until(lambda: replicate.stats()["accepted"] == 2)
    await world.restart(kill=True)
    await over(world)
    assert (await world.job(2)).state is JobState.DONE
    assert "**Goes by** · take 1" in said(world.last)
    assert (replicate.counts["uploads"], replicate.stats()["creates"]) == (1, 2)
    assert await world.net(2) == {"images": 1}


async def test_a_lost_order_is_cancelled_at_the_vendor_by_its_picture(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    await create(world, engine=BY_PICTURE)
    replicate.script.append(Script(create=Fault(delay=30.0), accepted=True, status="never"))
    await world.begun(vary(world, instructions="red"))
    await until(lambda: replicate.stats()["accepted"] == 2)
    await world._cut_off()
    tools = world.app.tools
    another_process = CharacterRunner(tools, Trace(on=False, config=tools.config))
    await another_process.close(await world.job(2), Stopped(by_id=world.bob.id))
    assert [one.canceled for one in replicate.predictions.values()] == [False, True]


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not there():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def over(world: World, number: int = 2) -> None:
    """The job has ended and was delivered."""
    async with asyncio.timeout(30):
        while (await world.job(number)).delivered_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
