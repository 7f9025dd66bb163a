"""The ladder: token, message, channel, direct message; and a restart on every rung."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mv.domain.jobs import Delivery, JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.sent import bodies
from tests.bot.test_usage import SetClock
from tests.bot.world import World, files, labels, reply, said
from tests.standins.gemini import GeminiStandIn, Reply
from tests.standins.replicate import ReplicateStandIn, Script

SCENES: dict[str, Any] = {"idea": "x", "character": "y", "count": 1}
ORIGINAL = "/webhooks/*/messages/@original"
MESSAGE = "/channels/*/messages/*"
DEAD = [(401, 50027), (404, 10015), (404, 10008), (404, 10062), (403, 50001)]


def only_new_messages(world: World, status: int = 401, code: int = 50027) -> None:
    """The token is over, and so is the message that the acknowledgement made."""
    world.env.inject_error("PATCH", ORIGINAL, status=status, code=code, times=None)
    world.env.inject_error("PATCH", MESSAGE, status=404, code=10008)


async def create(world: World, **options: Any) -> None:
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, **options})


def to_channel(world: World) -> list[Any]:
    return [
        r.json
        for r in world.env.http_requests
        if r.method == "POST" and r.path == f"/channels/{world.channel.id}/messages"
    ]


async def test_by_the_token_while_it_lives(world: World) -> None:
    await create(world)
    job = await world.job(1)
    assert (job.delivered_by, job.reply.token) == (Delivery.TOKEN, None)
    assert to_channel(world) == []


@pytest.mark.parametrize(("status", "code"), DEAD)
async def test_a_dead_token_leads_to_a_new_message_that_mentions_the_asker_alone(
    world: World, status: int, code: int
) -> None:
    only_new_messages(world, status, code)
    await create(world, idea="@everyone look, <@1> and @here")
    (body,) = to_channel(world)
    assert body["content"].startswith(f"<@{world.ann.id}>")
    allowed = body["allowed_mentions"]
    assert [str(user) for user in allowed["users"]] == [str(world.ann.id)]
    assert not allowed.get("parse")
    message = world.last
    assert [user.id for user in message.mentions] in ([world.ann.id], [])
    assert "S1 · version 1" in said(message)
    assert files(message) == ["scenes.md", "scenes.json"]
    assert (await world.job(1)).delivered_by is Delivery.CHANNEL
    assert len([r for r in world.env.http_requests if r.path.endswith("@original")]) == 1
    await world.ann.click(message, label="Again")
    assert "S1 · version 2" in said(world.last)


async def test_a_dead_token_leads_to_the_message_that_the_acknowledgement_made(world: World) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027, times=None)
    result = await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S1 · version 1" in said(reply(result))
    job = await world.job(1)
    assert (job.delivered_by, job.reply.message_id) == (Delivery.MESSAGE, reply(result).id)
    assert to_channel(world) == []


async def test_a_passing_fault_of_discord_is_borne(world: World) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=500, times=1)
    await create(world)
    assert (await world.job(1)).delivered_by is Delivery.TOKEN


async def test_a_channel_that_is_gone_leads_to_a_direct_message(world: World) -> None:
    only_new_messages(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=404, code=10003)
    await create(world)
    box = world.ann.user.dm_channel.last_message
    assert box is not None
    assert "S1 · version 1" in said(box)
    assert (await world.job(1)).delivered_by is Delivery.DIRECT


async def test_who_left_the_server_changes_nothing_of_it_by_old_buttons(world: World) -> None:
    only_new_messages(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=404, code=10003)
    await create(world)
    box = world.ann.user.dm_channel.last_message
    assert box is not None
    question = await world.ann.user.click(box, label="Delete")
    assert "Delete S1?" in said(question), "a member may, from wherever"
    world.server.remove_member(world.ann)
    assert "works in a server only" in said(await world.ann.user.click(reply(question), label="Delete S1"))
    assert "works in a server only" in said(await world.ann.user.click(box, label="Delete"))
    assert "S1 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="S1"))


async def test_nowhere_is_noted_and_the_record_is_kept(world: World) -> None:
    only_new_messages(world)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    await create(world)
    job = await world.job(1)
    assert (job.state, job.delivered_by, job.reply.token) == (JobState.DONE, Delivery.NOWHERE, None)
    assert await world.net(1) == {"scenes": 1}
    assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


async def test_a_private_result_never_goes_to_the_channel(world: World) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027)
    await create(world, private=True)
    assert to_channel(world) == []
    box = world.ann.user.dm_channel.last_message
    assert box is not None
    assert "only you see this" in said(box)
    assert (await world.job(1)).delivered_by is Delivery.DIRECT


async def test_a_private_failure_never_goes_to_the_channel(make_world: MakeWorld, google: GeminiStandIn) -> None:
    world = await make_world(google=google)
    google.script.append(Reply(block_reason="SAFETY", candidates=False))
    world.env.inject_error("PATCH", ORIGINAL, status=401, code=50027)
    await create(world, private=True)
    assert to_channel(world) == []
    box = world.ann.user.dm_channel.last_message
    assert box is not None
    assert labels(box) == ["Edit and retry"]
    shown = await world.ann.user.click(box, label="Edit and retry")
    again = await world.ann.user.submit_modal(shown, {"idea": "better", "character": "y"})
    assert again.ephemeral
    assert "S1 · version 1" in said(again)


async def test_a_message_that_discord_finds_malformed_becomes_an_incident(world: World) -> None:
    world.incidents_expected = True
    world.env.inject_error("PATCH", ORIGINAL, status=400, code=50035)
    await create(world)
    assert "Incident `" in said(world.last)
    assert "is done and on record, and counts as usual" in said(world.last)
    assert "given back" not in said(world.last)
    assert labels(world.last) == []
    assert await world.net(1) == {"scenes": 1}
    assert (await world.job(1)).state is JobState.DONE


# ── restarts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kill", [True, False])
async def test_a_job_that_was_running_goes_on_and_is_delivered_to_its_message(
    make_world: MakeWorld, kill: bool
) -> None:
    world = await make_world(pause=3600)
    begun = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    assert begun.acknowledged
    await world.restart(kill=kill, pause=0)
    job = await world.job(1)
    assert (job.state, job.delivered_by) == (JobState.DONE, Delivery.TOKEN)
    assert "S1 · version 1" in said(reply(begun))
    assert await world.net(1) == {"scenes": 1}


@pytest.mark.parametrize("kill", [True, False])
async def test_a_picture_that_was_being_painted_is_waited_for_and_not_paid_twice(
    make_world: MakeWorld, replicate: ReplicateStandIn, kill: bool
) -> None:
    replicate.script.append(Script(delay=1.5))
    world = await make_world(replicate=replicate)
    begun = await world.begun(world.ann.slash(world.channel, "character create", description="y"), 0.1)
    await ticket(world)
    await world.restart(kill=kill)
    assert "C1 · take 1" in said(reply(begun))
    assert replicate.stats()["creates"] == 1
    assert await world.net(1) == {"images": 1, "spend": 40_000}


async def ticket(world: World) -> None:
    """Waits until the vendor's id of the prediction is in the journal: a kill before leaves the job uncertain."""
    job = await world.job(1)
    async with asyncio.timeout(10):
        while True:
            async with world.app.tools.records.read() as tx:
                if any(step.name.startswith("create") and step.done_at for step in await tx.jobs.steps(job.id)):
                    return
            await asyncio.sleep(0.02)


async def test_jobs_that_waited_go_on_in_order(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    for number in range(6):
        await world.begun(world.ann.slash(world.channel, "scenes create", **{**SCENES, "idea": f"Idea {number}"}), 0.15)
    await world.restart(kill=True, pause=0)
    states = [(await world.job(number)).state for number in range(1, 7)]
    assert states == [JobState.DONE] * 6
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 6


async def test_a_result_that_was_not_delivered_goes_out_after_the_start_once(world: World) -> None:
    world.env.inject_error("PATCH", ORIGINAL, status=500, times=None)
    result = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.7)
    async with asyncio.timeout(10):
        while (await world.job(1)).state is not JobState.DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await world.job(1)).delivered_at is None
    world.env.backend.faults.clear()
    await world.restart(kill=True)
    assert "S1 · version 1" in said(reply(result))
    assert (await world.job(1)).delivered_by is Delivery.TOKEN
    before = len(bodies(world.env.http_requests))
    await world.restart()
    assert len(bodies(world.env.http_requests)) == before


async def test_a_result_after_the_tokens_life_goes_by_message_id(make_world: MakeWorld, monkeypatch: Any) -> None:
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.01)
    clock = SetClock(datetime.now(UTC))
    world = await make_world(pause=3600, clock=clock)
    begun = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.4)
    assert labels(reply(begun)) == ["Cancel"]
    assert (await world.job(1)).reply.message_id == reply(begun).id
    clock.time += timedelta(minutes=16)
    edits = len([r for r in world.env.http_requests if r.path.endswith("@original")])
    await world.restart(kill=True, pause=0)
    assert (await world.job(1)).delivered_by is Delivery.MESSAGE
    assert "S1 · version 1" in said(reply(begun))
    assert len([r for r in world.env.http_requests if r.path.endswith("@original")]) == edits


async def test_the_message_of_a_job_is_on_record_before_any_progress(make_world: MakeWorld) -> None:
    """So that a kill before the first edit leaves a way to it, also after the token's life."""
    clock = SetClock(datetime.now(UTC))
    world = await make_world(pause=3600, clock=clock)
    begun = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.2)
    assert (await world.job(1)).reply.message_id == reply(begun).id
    clock.time += timedelta(minutes=16)
    await world.restart(kill=True, pause=0)
    assert (await world.job(1)).delivered_by is Delivery.MESSAGE
    assert "S1 · version 1" in said(reply(begun))
    assert [body["content"] for body in to_channel(world)] == [f"<@{world.ann.id}> J1 is ready."]


async def test_an_expired_token_is_erased_at_the_start(make_world: MakeWorld) -> None:
    clock = SetClock(datetime.now(UTC))
    world = await make_world(pause=3600, clock=clock)
    await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    assert (await world.job(1)).reply.token is not None
    clock.time += timedelta(minutes=16)
    await world.restart(kill=True, goes_on=True)
    async with asyncio.timeout(10):
        while (await world.job(1)).reply.token is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert (await world.job(1)).delivered_at is None
