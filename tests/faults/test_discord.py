"""Discord refuses, is busy, breaks or hangs while a result is delivered: it arrives once, by another way if need be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from mv.domain.jobs import Delivery
from tests.faults.stage import Stage, Told
from tests.standins.discord import Interaction, Member, Message, Permission, Record

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "/interactions/*/callback"
ORIGINAL = "/webhooks/*/messages/@original"
POST = "/channels/*/messages"
MESSAGE = "/channels/*/messages/*"
SCENES = {"scenes": 1, "spend": 8750}
PICTURE = {"images": 1, "spend": 40_000}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.ladder.TRIES", (0.05, 0.1, 0.2, 0.4, 0.8))
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 60.0)
    monkeypatch.setattr("bot.delivery.rungs.REQUEST_SECONDS", 0.6)


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is shown at once; without this, a message shows its result and nothing else."""
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.05)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _open_door(stage: Stage) -> AsyncIterator[None]:
    stage.discord.requests.clear()
    yield
    met = [fault for fault in stage.discord.door.faults.all if not fault.hits]
    assert not met, f"never met: {met}"


async def ask(stage: Stage, *, delay: float = 0.0, member: Member | None = None, **options: object) -> Interaction:
    """/scenes create, sent; the vendor takes `delay`."""
    stage.google.delay = delay
    options = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3, **options}
    return await stage.discord.slash("scenes create", options, member=member or stage.newcomer())


async def shown(stage: Stage, **options: object) -> tuple[Interaction, Message]:
    """A job that takes a while, and its progress."""
    asking = await ask(stage, **{"delay": 0.5, **options})  # type: ignore[arg-type]
    return asking, await asking.until(lambda message: "Cancel" in message.buttons)


def only_new_messages(stage: Stage) -> None:
    """The token is over, and the message that the acknowledgement made is gone."""
    stage.discord.fail("PATCH", ORIGINAL, 401, 50027)
    stage.discord.fail("PATCH", MESSAGE, 404, 10008)


def by_token(stage: Stage, asking: Interaction) -> list[Record]:
    return [one for one in stage.discord.requests if asking.token in one.path and one.method == "PATCH"]


def results(stage: Stage, told: Told) -> list[Message]:
    """Messages that show what the job made."""
    made = [one for one in stage.discord.messages if "Delete" in one.buttons]
    return [one for one in made if str(told.job.record_id) in str(one.components)]


def went(told: Told, way: Delivery) -> Told:
    assert told.job.delivered_by is way, told
    assert told.job.reply.token is None
    return told


# ── busy and broken ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_429_is_waited_out(stage: Stage) -> None:
    limited = stage.discord.fail("PATCH", ORIGINAL, 429, retry_after=0.5)
    asking = await ask(stage)
    went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)
    first, second = by_token(stage, asking)
    assert second.at - first.at >= 0.5
    assert limited.hits == 1


async def test_429_that_outlasts_the_token(stage: Stage) -> None:
    stage.discord.fail("PATCH", ORIGINAL, 429, retry_after=3600)
    asking = await ask(stage)
    told = went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)
    assert told.message is asking.message
    assert len(by_token(stage, asking)) == 1


async def test_global_429_on_a_new_message(stage: Stage) -> None:
    only_new_messages(stage)
    stage.discord.fail("POST", POST, 429, retry_after=0.4, everywhere=True)
    told = went(await stage.told(await ask(stage)), Delivery.CHANNEL).result(charged=SCENES)
    assert len(results(stage, told)) == 1
    went(await stage.told(await ask(stage)), Delivery.TOKEN)


async def test_a_burst_of_server_errors(stage: Stage) -> None:
    for status in (500, 502, 503, 504):
        stage.discord.fail("PATCH", ORIGINAL, status)
    asking = await ask(stage)
    went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)
    assert [one.status for one in by_token(stage, asking)] == [500, 502, 503, 504, 200]


@pytest.mark.usefixtures("progress")
async def test_server_errors_on_the_progress_do_not_hold_the_result_up(stage: Stage) -> None:
    stage.discord.fail("PATCH", ORIGINAL, 503)
    asking = await ask(stage, delay=0.3)
    told = went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)
    assert told.job.delivered_at is not None
    assert told.job.finished_at is not None
    assert (told.job.delivered_at - told.job.finished_at).total_seconds() < 0.9


# ── the acknowledgement ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (400, 40060)])
async def test_a_defer_that_is_refused(stage: Stage, status: int, code: int) -> None:
    stage.discord.fail("POST", CALLBACK, status, code)
    asking = await ask(stage)
    told = went(await stage.told(asking), Delivery.CHANNEL).result(charged=SCENES)
    assert told.message.content.splitlines()[0] == asking.user.mention
    assert told.message.pinged == {asking.user.id}


async def test_a_defer_whose_answer_is_lost(stage: Stage) -> None:
    stage.discord.fail("POST", CALLBACK, lose=True)
    went(await stage.told(await ask(stage)), Delivery.TOKEN).result(charged=SCENES)


async def test_a_defer_that_is_never_taken(stage: Stage) -> None:
    stage.discord.fail("POST", CALLBACK, drop=True)
    went(await stage.told(await ask(stage)), Delivery.CHANNEL).result(charged=SCENES)


async def test_a_defer_that_hangs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.doors.ACKNOWLEDGE_SECONDS", 0.3)
    stage.discord.fail("POST", CALLBACK, 404, 10062, delay=2.0)
    went(await stage.told(await ask(stage)), Delivery.CHANNEL).result(charged=SCENES)


async def test_the_same_interaction_twice(stage: Stage) -> None:
    """As after a resume: the gateway sends once more what it does not know to have arrived."""
    stage.google.delay = 0.3
    member = stage.newcomer()
    prepared = stage.discord.prepare("scenes create", {"idea": "rain", "character": "a fox", "count": 3}, member=member)
    asking = await stage.discord.send(prepared)
    await stage.discord.gateway.dispatch("INTERACTION_CREATE", prepared.payload, stage.discord.guild)
    told = went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)
    assert len(results(stage, told)) == 1
    assert asking.followups == []
    async with stage.app.tools.records.read() as tx:
        page = await tx.jobs.page(told.job.server_id, member_id=told.job.member_id, before=None, size=5)
    assert len(page.rows) == 1


# ── a dead token ─────────────────────────────────────────────────────────────────────────────────────────────────────

DEAD = [(401, 50027), (401, 0), (404, 10015), (404, 10008), (403, 50001)]


@pytest.mark.parametrize(("status", "code"), DEAD)
@pytest.mark.usefixtures("progress")
async def test_a_dead_token_is_asked_once(stage: Stage, status: int, code: int) -> None:
    stage.discord.fail("PATCH", ORIGINAL, status, code, times=None)
    asking = await ask(stage, delay=0.4)
    told = went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)
    assert told.message is asking.message
    assert len(results(stage, told)) == 1
    assert len(by_token(stage, asking)) == 1, "progress met it first"


async def test_a_token_that_is_dead_before_anything_was_shown(stage: Stage) -> None:
    """The message that the acknowledgement made is edited with the bot's own token, and no second one comes."""
    asking = await ask(stage, delay=0.2)
    await asking.acknowledged()
    asking.expire()
    told = went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)
    assert told.message is asking.message
    assert not told.message.thinking
    assert told.message.pinged == frozenset()
    assert [one.path for one in stage.discord.requests if one.method == "POST" and "/messages" in one.path] == []


@pytest.mark.usefixtures("progress")
async def test_a_token_that_dies_during_the_job(stage: Stage) -> None:
    """Its message is edited with the bot's own token instead, progress and result."""
    asking, message = await shown(stage)
    asking.expire()
    told = went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)
    assert told.message is message
    assert told.message.pinged == frozenset()


@pytest.mark.usefixtures("progress")
async def test_a_private_result_without_a_token(stage: Stage) -> None:
    asking, _ = await shown(stage, private=True)
    asking.expire()
    told = went(await stage.told(asking), Delivery.DIRECT).result(charged=SCENES)
    assert told.message.channel.recipient is asking.user
    assert [one for one in results(stage, told) if one.channel.recipient is None] == []


# ── channels and messages that are gone ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("status", "code"), [(403, 50001), (403, 50013), (404, 10003), (400, 50083)])
async def test_a_channel_that_takes_nothing(stage: Stage, status: int, code: int) -> None:
    stage.discord.fail("PATCH", ORIGINAL, 401, 50027)
    stage.discord.fail("PATCH", MESSAGE, status, code)
    stage.discord.fail("POST", f"/channels/{stage.discord.channel.id}/messages", status, code)
    asking = await ask(stage)
    told = went(await stage.told(asking), Delivery.DIRECT).result(charged=SCENES)
    assert told.message.channel.recipient is asking.user


@pytest.mark.usefixtures("progress")
async def test_a_message_that_was_deleted(stage: Stage) -> None:
    asking, message = await shown(stage)
    message.deleted = True
    told = went(await stage.told(asking), Delivery.CHANNEL).result(charged=SCENES)
    assert told.message is not message


@pytest.mark.usefixtures("progress")
async def test_an_archived_thread(stage: Stage) -> None:
    discord = stage.discord
    thread = discord.world.add_channel(discord.guild, "plans", thread_in=discord.channel)
    await discord.announce(discord.guild)
    stage.google.delay = 0.5
    options = {"idea": "rain", "character": "a fox", "count": 3}
    asking = await discord.slash("scenes create", options, member=stage.newcomer(), channel=thread)
    await asking.until(lambda message: "Cancel" in message.buttons)
    asking.expire()
    thread.archived = True
    told = went(await stage.told(asking), Delivery.DIRECT).result(charged=SCENES)
    codes = [one.code for one in discord.requests if one.path.startswith(f"/channels/{thread.id}/")]
    assert codes == [50083, 50083], "once by message id, once as a new message"
    assert told.message.channel.recipient is asking.user
    discord.requests.clear()


@pytest.mark.usefixtures("progress")
async def test_direct_messages_that_are_closed(stage: Stage) -> None:
    asking, _ = await shown(stage, private=True)
    asking.user.accepts_messages = False
    asking.expire()
    told = await stage.told(asking)
    assert (told.job.delivered_by, dict(told.net)) == (Delivery.NOWHERE, SCENES)
    member = stage.discord.guild.members[asking.user.id]
    again = await stage.discord.slash("scenes list", member=member)
    assert "S" in (await again.response()).text


# ── answers that are lost ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [{"lose": True}, {"drop": True}, {"delay": 1.0}])
async def test_an_edit_without_an_answer_is_made_again(stage: Stage, how: dict[str, bool]) -> None:
    stage.discord.fail("PATCH", ORIGINAL, **how)
    told = went(await stage.told(await ask(stage)), Delivery.TOKEN).result(charged=SCENES)
    assert len(results(stage, told)) == 1


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("how", [{"lose": True}, {"drop": True}, {"delay": 1.0}])
async def test_a_new_message_without_an_answer_is_there_once(
    stage: Stage, how: dict[str, bool], readable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found again where the bot may read; else Discord knows it by its nonce."""
    discord = stage.discord
    if readable:
        monkeypatch.setattr("tests.standins.discord.rest.NONCE_SECONDS", 0.0)
    else:
        discord.channel.deny(discord.guild.members[discord.world.bot.id], Permission.READ_MESSAGE_HISTORY)
    if readable and "delay" in how:  # looked for before it is there, and then only its nonce tells
        monkeypatch.setattr("bot.delivery.ladder.TRIES", (1.0, 1.0))
    only_new_messages(stage)
    discord.fail("POST", POST, **how)
    told = went(await stage.told(await ask(stage)), Delivery.CHANNEL).result(charged=SCENES)
    assert len(results(stage, told)) == 1
    discord.channel.overwrites.clear()


async def test_discord_hangs_for_good_on_one_way(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is given up and nothing charged twice: it goes out when Discord is back."""
    monkeypatch.setattr("bot.delivery.ladder.TRIES", (0.05,))
    hanging = stage.discord.fail("PATCH", ORIGINAL, 503, times=None, delay=5.0)
    asking = await ask(stage)
    await stage.until(lambda: "is not delivered yet" in stage.log.text, "given up for now")
    hanging.times = 0
    await stage.app.engine.tidy()
    went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)


async def test_the_bots_own_token_is_refused(stage: Stage) -> None:
    """A person must mend that: until then nothing is asked of Discord again, and nothing is lost."""
    dead = stage.discord.fail("PATCH", ORIGINAL, 401, 50027)
    refused = [stage.discord.fail(*which, 401, 0, times=None) for which in (("PATCH", MESSAGE), ("GET", "/users/@me"))]
    asking = await ask(stage)
    await stage.until(lambda: "is not delivered yet" in stage.log.text, "given up for now")
    await stage.app.engine.tidy()
    await stage.app.engine.tidy()
    assert stage.bot.courier.locked_out.is_set()
    assert [one.hits for one in (dead, *refused)] == [1, 1, 1]
    by_its_token = await ask(stage)
    went(await stage.told(by_its_token), Delivery.TOKEN).result(charged=SCENES)
    for one in refused:
        one.times = 0
    asking.expire()
    await stage.stop()
    await stage.start()
    went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_refusal_that_is_not_discords_own_passes(stage: Stage, status: int) -> None:
    """Something on the way refuses for a moment, without a code; the bot's token is good."""
    stage.discord.fail("PATCH", ORIGINAL, 401, 50027)
    passing = stage.discord.fail("PATCH", MESSAGE, status, 0, times=2)
    asking = await ask(stage)
    told = went(await stage.told(asking), Delivery.MESSAGE).result(charged=SCENES)
    assert told.message is asking.message
    assert passing.hits == 2
    assert not stage.bot.courier.locked_out.is_set()


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_moment_in_which_everything_is_refused(stage: Stage, status: int) -> None:
    """A private result too finds its way when that is over."""
    faults = [stage.discord.fail("PATCH", ORIGINAL, status, 0, times=None)]
    faults.append(stage.discord.fail("POST", "/users/@me/channels", status, 0, times=3))
    asking = await ask(stage, private=True)
    told = went(await stage.told(asking), Delivery.DIRECT).result(charged=SCENES)
    assert told.message.channel.recipient is asking.user
    assert [one.hits for one in faults] == [1, 3]


# ── reminders ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", [{"status": 500}, {"lose": True}, {"status": 429, "retry_after": 0.1}])
async def test_a_reminder_is_tried_once(stage: Stage, how: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage.bot.courier, "_remind_after", 0.01)
    failing = stage.discord.fail("POST", POST, times=None, **how)  # type: ignore[arg-type]
    asking = await ask(stage)
    went(await stage.told(asking), Delivery.TOKEN).result(charged=SCENES)
    await stage.until(lambda: "no reminder" in stage.log.text, "a reminder that failed")
    assert failing.hits == 1


async def test_a_reminder_where_the_bot_may_not_reply(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    discord = stage.discord
    monkeypatch.setattr(stage.bot.courier, "_remind_after", 0.01)
    discord.channel.deny(discord.guild.members[discord.world.bot.id], Permission.READ_MESSAGE_HISTORY)
    asking = await ask(stage)
    reminder = await discord.message_where(lambda one: "is ready" in one.text and asking.user.mention in one.text)
    assert reminder.pinged == {asking.user.id}
    await stage.told(asking)
    discord.channel.overwrites.clear()
    discord.requests.clear()
