"""The line to the gateway breaks in every way: what was asked is answered once, results go on, and it comes back.

A session that is over, and a gateway that is down for a while: tests/e2e/test_gateway.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.client import MvBot
from mv.app import build
from mv.domain.jobs import Delivery
from tests.faults.stage import DISCORD_TOKEN, Stage, Told

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCENES = {"scenes": 1, "spend": 8750}
OPTIONS = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
RECONNECTS = "Attempting a reconnect"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py waits up to some seconds before it comes back; here it comes at once."""
    monkeypatch.setattr("discord.backoff.ExponentialBackoff.delay", lambda self: 0.05)


async def running(stage: Stage, delay: float = 0.5) -> Any:
    stage.google.delay = delay
    asking = await stage.discord.slash("scenes create", OPTIONS, member=stage.newcomer())
    return await asking.acknowledged()


async def healthy(stage: Stage) -> None:
    """It hears what is asked, and its log holds nothing but discord.py's own word about the line."""
    asked = await stage.discord.slash("help", member=stage.newcomer())
    assert "/scenes" in (await asked.response(20)).text
    stage.log.lines[:] = [line for line in stage.log.lines if RECONNECTS not in line]


def delivered(told: Told) -> None:
    told.result(charged=SCENES)
    assert told.job.delivered_by is Delivery.TOKEN


@pytest.mark.parametrize("how", [{"code": 4000}, {"code": 1001}, {"code": None}, {"code": 4009}, {"polite": True}])
async def test_a_line_that_is_cut_and_resumed(stage: Stage, how: dict[str, Any]) -> None:
    """4009 ends the session in Discord's mind; 1001 and a cable that is pulled (1006) do not."""
    resumes, identifies = stage.discord.gateway.resumes, stage.discord.gateway.identifies
    asking = await running(stage)
    await stage.discord.disconnect(**how)
    delivered(await stage.told(asking))
    gateway = stage.discord.gateway
    await stage.until(lambda: gateway.resumes + gateway.identifies > resumes + identifies, "the line is back", 20)
    await healthy(stage)


async def test_what_was_asked_while_the_line_was_down_is_answered_once(stage: Stage) -> None:
    await stage.discord.disconnect()
    asking = await stage.discord.slash("scenes create", OPTIONS, member=stage.newcomer())
    delivered(await stage.told(asking))
    assert asking.acknowledged_after < 3
    await healthy(stage)


async def test_what_a_resume_brings_again_is_done_once(stage: Stage) -> None:
    """An asked command, a pressed button and a read: each arrives twice."""
    gateway = stage.discord.gateway
    first = await stage.scenes()
    member = stage.discord.guild.members[first.asked.user.id]
    asking = await stage.discord.slash("scenes create", OPTIONS, member=member)
    pressed = await stage.discord.click(first.message, "Again", member=member)
    read = await stage.discord.slash("help", member=member)
    for one in (asking, pressed, read):
        await one.acknowledged()
    resumes, gateway.replays = gateway.resumes, 3
    await stage.discord.disconnect()
    await stage.until(lambda: gateway.resumes > resumes, "a resume", 20)
    gateway.replays = 0
    made = [await one.until(lambda message: "Delete" in message.buttons) for one in (asking, pressed)]
    await healthy(stage)
    await stage.until(lambda: not stage.bot.courier.busy, "all is delivered")
    async with stage.app.tools.records.read() as tx:
        page = await tx.jobs.page(first.job.server_id, member_id=first.job.member_id, before=None, size=9)
    assert len(page.rows) == 3
    assert len({message.id for message in made}) == 2
    assert [one.followups for one in (asking, pressed, read)] == [[], [], []]


async def test_ready_twice(stage: Stage) -> None:
    asking = await running(stage)
    await stage.discord.gateway.greet_again()
    delivered(await stage.told(asking))
    await healthy(stage)
    assert stage.discord.commands.syncs == 1
    again = await stage.scenes()
    delivered(again)
    assert len([one for one in stage.discord.messages if str(again.job.record_id) in str(one.components)]) == 1


async def test_heartbeats_that_nobody_answers(stage: Stage) -> None:
    """discord.py gives such a line up after a minute; here after a second."""
    gateway, state = stage.discord.gateway, stage.bot._connection
    before, state.heartbeat_timeout = state.heartbeat_timeout, 0.6
    gateway.heartbeat_seconds = 0.2
    await stage.discord.disconnect()
    await stage.until(lambda: gateway.complete, "the line is back", 20)
    resumes, gateway.acknowledging = gateway.resumes + gateway.identifies, False
    await stage.until(lambda: gateway.resumes + gateway.identifies > resumes, "the silent line is given up", 20)
    gateway.acknowledging = True
    state.heartbeat_timeout, gateway.heartbeat_seconds = before, 41.25
    await stage.discord.disconnect()
    await asyncio.sleep(0.1)
    await healthy(stage)
    stage.log.lines[:] = [line for line in stage.log.lines if "heartbeat" not in line.lower()]
    delivered(await stage.scenes())


async def test_a_login_that_ends_when_the_bot_is_leaving_already_starts_nothing(stage: Stage) -> None:
    """As when the records cannot be opened while Discord is slow."""
    await stage.stop()
    leaving = MvBot(build(stage.settings()), warm=False)
    leaving.stopping = True
    requests = len(stage.discord.requests)
    await leaving.login(DISCORD_TOKEN)
    await asyncio.sleep(0.2)
    asked = {one.path for one in stage.discord.requests[requests:]}
    await leaving.close()
    await stage.start()
    assert asked <= {"/users/@me", "/oauth2/applications/@me", "/gateway/bot"}
