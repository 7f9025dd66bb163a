"""Faults of Replicate's, as members meet them."""

from __future__ import annotations

from typing import Any

import pytest

from mv.domain.jobs import JobState
from tests.bot.conftest import MakeWorld
from tests.bot.world import TOKEN, World, eventually, files, labels, reply, said
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

WHO: dict[str, Any] = {"description": "an astronaut with a violin"}
VENDORS_WORDS = "xyzzy-vendor-text"
PICTURE = 40_000


def refused(status: int, **options: Any) -> Fault:
    return Fault(status=status, json={"title": VENDORS_WORDS, "detail": VENDORS_WORDS}, **options)


@pytest.fixture
async def world(make_world: MakeWorld, replicate: ReplicateStandIn) -> World:
    return await make_world(replicate=replicate)


async def create(world: World, **options: Any) -> None:
    await world.ann.slash(world.channel, "character create", **{**WHO, **options})


async def failed(world: World, *words: str, state: JobState = JobState.FAILED) -> None:
    text = said(world.last)
    for word in words:
        assert word in text
    assert VENDORS_WORDS not in text
    assert "your allowance was given back" in text
    assert (await world.job(1)).state is state
    assert await world.net(1) == {}
    assert "No characters here yet" in said(await world.ann.slash(world.channel, "character list"))


async def test_a_picture_and_its_cost(world: World, replicate: ReplicateStandIn) -> None:
    await create(world, images=2)
    assert len(files(world.last)) == 2
    assert "$0.04" in said(world.last)
    assert await world.net(1) == {"images": 2, "spend": 2 * PICTURE}
    assert (await world.job(1)).cost == 2 * PICTURE
    assert replicate.stats()["tokens_leaked"] == 0


async def test_an_engine_without_a_price_is_unpriced_and_not_free(world: World) -> None:
    await create(world, engine="imagen-4-fast")
    assert "unpriced" in said(world.last)
    assert await world.net(1) == {"images": 1}


async def test_a_limit_of_money_is_kept(world: World, replicate: ReplicateStandIn) -> None:
    await world.manager.slash(world.channel, "quota set", kind="spend", limit=0.1, period="month")
    await create(world, images=2)
    refused = await world.ann.slash(world.channel, "character create", **WHO)
    assert refused.ephemeral
    assert "$0.08 of $0.10 used this month" in said(refused)
    assert "$0.04 more" in said(refused)
    assert replicate.stats()["creates"] == 2
    assert "**$0.08** of $0.10" in said(await world.ann.slash(world.channel, "usage me"))
    await world.manager.slash(world.channel, "quota set", kind="spend", limit=0.0012, period="month")
    refused = await world.bob.slash(world.channel, "character create", **WHO)
    assert "$0.00 of $0.0012 used" in said(refused)


@pytest.mark.parametrize("output", ["list", "string", "data"])
async def test_every_shape_of_output(world: World, replicate: ReplicateStandIn, output: str) -> None:
    replicate.script.append(Script(output=output))
    await create(world)
    assert len(files(world.last)) == 1


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(status="failed", error=f"NSFW content detected {VENDORS_WORDS}"), "safety rules"),
        (Script(status="failed", error="likeness of a public figure"), "likeness of real people"),
        (Script(output=[]), "safety rules"),
        (Script(output=None), "safety rules"),
    ],
)
async def test_refused_by_a_rule(world: World, replicate: ReplicateStandIn, script: Script, words: str) -> None:
    replicate.script.append(script)
    await create(world, name="Vera", aspect_ratio="1:1")
    await failed(world, "Replicate refused this", words)
    assert labels(world.last) == ["Edit and retry"]
    shown = await world.ann.click(world.last, label="Edit and retry")
    assert shown.modal is not None
    assert shown.modal["components"][0]["component"]["value"] == WHO["description"]
    await world.ann.submit_modal(shown, {"description": "an astronaut with a cello"})
    assert "Vera" in said(world.last)
    request = (await world.job(2)).order["request"]
    assert (request["description"], request["aspect_ratio"]) == ("an astronaut with a cello", "1:1")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(create=refused(401)), "refused the key"),
        (Script(create=refused(402)), "no credit"),
        (Script(create=refused(422)), "refused the request as malformed"),
        (Script(status="failed", error=VENDORS_WORDS), "failed while it was painting"),
        (Script(status="canceled"), "failed while it was painting"),
        (Script(status="aborted"), "failed while it was painting"),
        (Script(file="html"), "not a picture"),
        (Script(file="truncated"), "was broken"),
        (Script(file="empty"), "no picture came"),
        (Script(file="declared"), "larger than this bot takes in"),
        (Script(file="bomb"), "larger than this bot takes in"),
        (Script(output=["https://example.org/x.png"]), "not trusted"),
        (Script(output=["file:///etc/passwd"]), "not"),
        (Script(output={"a": 1}), "not a picture"),
        (Script(files=(Fault(status=404),) * 4), "had expired"),
    ],
    ids=str,
)
async def test_no_picture_and_nothing_charged(
    world: World, replicate: ReplicateStandIn, script: Script, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    replicate.script.append(script)
    await create(world)
    await failed(world, words)
    assert labels(world.last) == ["Retry"]
    assert TOKEN not in caplog.text
    await world.ann.click(world.last, label="Retry")
    assert "C1 · take 1" in said(world.last)


async def test_busy_for_a_moment_is_not_noticed_and_paid_once(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([Script(create=refused(429)), Script(gets=(refused(503), refused(500)))])
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert replicate.stats()["accepted"] == 1


async def test_a_broken_picture_is_fetched_again(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(Script(files=(Fault(body="half a pic", content_type="image/png", status=200),)))
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert replicate.stats()["accepted"] == 1


async def test_accepted_without_an_answer_is_taken_over_and_not_paid_twice(
    world: World, replicate: ReplicateStandIn
) -> None:
    replicate.script.append(Script(create=Fault(drop="before"), accepted=True))
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert replicate.stats()["accepted"] == 1


async def test_whether_it_was_accepted_is_not_known(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(Script(create=Fault(drop="before"), accepted=False))
    await create(world)
    await failed(world, "is not known", "may have charged", state=JobState.UNCERTAIN)
    assert replicate.stats()["creates"] == 1
    await world.ann.click(world.last, label="Retry")
    assert "C1 · take 1" in said(world.last)


async def test_a_model_that_is_gone_makes_room_for_the_next(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(Script(create=refused(404)))
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert "The engine imagen-4 is gone at its vendor, the next took over" in said(world.last)
    assert "flux-1.1-pro" in said(world.last)


async def test_some_of_several_pictures_failed(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([Script(), Script(status="failed", error=VENDORS_WORDS), Script(file="html")])
    await create(world, images=3)
    assert len(files(world.last)) == 1
    assert "1 of 3 pictures came" in said(world.last)
    assert VENDORS_WORDS not in said(world.last)
    assert labels(world.last) == ["Retry", "Vary", "Again", "Original", "Use in scenes", "Delete"]
    assert await world.net(1) == {"images": 1, "spend": PICTURE}
    assert (await world.job(1)).state is JobState.DONE
    assert "1 of 3 pictures came" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    await world.ann.click(world.last, label="Retry")
    assert len(files(world.last)) == 2
    assert "C1 · take 2" in said(world.last)
    assert "C1 · take 3" in said(world.last)
    assert await world.net(2) == {"images": 2, "spend": 2 * PICTURE}


async def test_the_worst_of_several_failures_is_told(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.extend([Script(file="html"), Script(output=[])])
    await create(world, images=2)
    await failed(world, "safety rules")
    assert labels(world.last) == ["Edit and retry"]


async def test_cancel_is_told_to_the_vendor(world: World, replicate: ReplicateStandIn) -> None:
    replicate.script.append(Script(status="never"))
    begun = await world.begun(world.ann.slash(world.channel, "character create", **WHO), 0.5)
    await eventually(lambda: replicate.counts["accepted"])
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert "It was cancelled by" in said(reply(begun))
    assert replicate.stats()["cancels"] == 1
    assert (await world.job(1)).state is JobState.CANCELLED
    assert await world.net(1) == {}


async def test_pictures_over_the_upload_limit_go_without_their_files(world: World) -> None:
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=413, code=40005)
    await create(world)
    assert "C1 · take 1" in said(world.last)
    assert files(world.last) == []
    assert "too large for this server" in said(world.last)
    assert "Original" in labels(world.last)
