"""Discord has a bad day: late, busy, broken, gone. What was promised arrives, by another way if need be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts import character, finished, result, scenes
from tests.e2e.stage import Stage, until
from tests.standins.discord import Interaction, Permission
from tests.standins.discord.faults import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "/interactions/*/callback"
EDIT = "/webhooks/*/messages/@original"


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def _bot(stage: Stage) -> AsyncIterator[None]:
    bot = await stage.start()
    yield
    assert await bot.stop() == 0


@pytest.fixture(autouse=True)
def _quick(stage: Stage) -> None:
    stage.google.delay = stage.replicate.delay = 0.1


async def unanswered(stage: Stage, path: str = "scenes create", **options: object) -> Interaction:
    """A command whose acknowledgement Discord will not take."""
    options = {"idea": "rain", "character": "a fox", "count": 2, **options} if "scenes" in path else options
    return await stage.discord.slash(path, options, member=stage.discord.friend)


async def test_an_acknowledgement_that_came_too_late(stage: Stage) -> None:
    discord = stage.discord
    late = discord.fail("POST", CALLBACK, 404, 10062)
    asking = await unanswered(stage)
    posted = await discord.message_where(lambda message: finished(message) and asking.user.mention in message.content)
    assert late.hits == 1
    assert asking.message is None
    assert posted.channel is discord.channel
    assert posted.pinged == {asking.user.id}
    assert "scenes.json" in [file.name for file in posted.attachments]
    assert (await (await discord.click(posted, "Again", member=discord.friend)).acknowledged()).callback


async def test_a_private_result_takes_no_way_through_the_channel(stage: Stage) -> None:
    discord = stage.discord
    discord.fail("POST", CALLBACK, 404, 10062, times=2)
    asking = await unanswered(stage, "character create", description="A spy", private=True)
    posted = await discord.message_where(lambda message: message.channel.recipient is asking.user and finished(message))
    assert posted.pinged == frozenset()
    assert not [one for one in discord.messages if "A spy" in one.text and one.channel.recipient is None]
    closed = discord.friend.user
    closed.accepts_messages = False
    await unanswered(stage, "character create", description="Another spy", private=True)
    nowhere = "SELECT id FROM jobs WHERE delivered_by = 'nowhere' AND state = 'done'"
    await until(lambda: len(stage.rows(nowhere)) == 1, "a job that is delivered nowhere")
    closed.accepts_messages = True


async def test_a_burst_of_server_errors(stage: Stage) -> None:
    discord = stage.discord
    discord.fail("POST", CALLBACK, 503)
    asking = await scenes(stage, count=2)
    assert asking.acknowledged_after < 3
    burst = [discord.fail("PATCH", EDIT, status) for status in (502, 500)]
    await result(asking, 30)
    assert [fault.hits for fault in burst] == [1, 1]


async def test_rate_limits_are_honoured(stage: Stage) -> None:
    discord = stage.discord
    limited = discord.fail("PATCH", EDIT, 429, retry_after=0.8)
    asking = await character(stage)
    await result(asking)
    edits = [one for one in discord.requests if one.method == "PATCH" and asking.token in one.path]
    assert limited.hits == 1
    assert [one.status for one in edits] == [429, 200]
    assert edits[1].at - edits[0].at >= 0.8


async def test_a_token_that_is_over_before_the_result(stage: Stage) -> None:
    """The message it was promised to is edited with the bot's own token."""
    discord = stage.discord
    stage.google.delay = 1.5
    asking = await scenes(stage, count=2)
    progress = await asking.until(lambda message: "Cancel" in message.buttons)
    asking.expire()
    made = await asking.until(finished)
    assert made is progress
    edit = next(one for one in reversed(discord.requests) if one.method == "PATCH" and one.status == 200)
    assert edit.path == f"/channels/{discord.channel.id}/messages/{made.id}"


async def test_a_message_that_was_deleted_meanwhile(stage: Stage) -> None:
    discord = stage.discord
    stage.google.delay = 1.5
    asking = await scenes(stage, count=2)
    progress = await asking.until(lambda message: "Cancel" in message.buttons)
    progress.deleted = True
    posted = await discord.message_where(
        lambda message: (
            finished(message) and message.content.startswith(asking.user.mention) and message.id > progress.id
        )
    )
    assert posted.channel is discord.channel


async def test_a_channel_where_the_bot_may_not_post_any_more(stage: Stage) -> None:
    discord = stage.discord
    bot = discord.guild.members[discord.world.bot.id]
    channel = discord.world.add_channel(discord.guild, "closing")
    await discord.announce(discord.guild)
    options = {"idea": "rain", "character": "a fox", "count": 2}
    stage.google.delay = 1.0
    asking = await (await discord.slash("scenes create", options, channel=channel)).acknowledged()
    asking.expire()
    channel.deny(bot, Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL)
    posted = await discord.message_where(lambda message: message.channel.recipient is asking.user and finished(message))
    assert "scenes.json" in [file.name for file in posted.attachments]
    calls = stage.google.calls
    refused = await discord.slash("scenes create", options, channel=channel)
    said = await refused.response()
    assert "may not post here" in said.text
    assert refused.ephemeral
    assert stage.google.calls == calls


async def test_many_members_at_once_are_all_acknowledged_in_time(stage: Stage) -> None:
    discord = stage.discord
    crowd = [discord.world.add_member(discord.guild, f"m{number}") for number in range(30)]
    askings = await asyncio.gather(*(scenes(stage, f"Idea {n}", 1, member=who) for n, who in enumerate(crowd)))
    assert max(asking.acknowledged_after for asking in askings) < 3
    await asyncio.gather(*(result(asking) for asking in askings))
    await stage.delivered()


async def test_faults_were_met(stage: Stage) -> None:
    """Every fault above was really met: a pattern that fits nothing would prove nothing."""
    faults: list[Fault] = stage.discord.door.faults.all
    await until(lambda: all(fault.hits for fault in faults), "all faults met", 1)
