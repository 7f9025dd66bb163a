"""Progress never delays a result, never outlives it, and says what is to come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
import pytest_asyncio

from mv.domain.ids import ServerId
from mv.domain.jobs import Delivery, JobState
from tests.faults.conftest import MakeStage
from tests.faults.stage import Stage
from tests.standins.discord import Interaction, Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINAL = "/webhooks/*/messages/@original"
SCENES = {"scenes": 1, "spend": 8750}
EVERY = 0.4
PATIENT = {"default/scene_params.yaml": {"timeout_seconds": 60.0}}
RESTARTS = "The bot restarts"


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def _often(stage: Stage) -> AsyncIterator[None]:
    stage.bot.courier._board._every = EVERY
    stage.discord.requests.clear()
    yield


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.05)
    monkeypatch.setattr("bot.delivery.courier.LOOKS_AGAIN_AFTER", (0.5, 0.7, 1.5))


async def ask(stage: Stage, delay: float, **options: object) -> Interaction:
    stage.google.delay = delay
    options = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3, **options}
    return await stage.discord.slash("scenes create", options, member=stage.newcomer())


def waiting(message: Message) -> bool:
    return "Cancel" in message.buttons


def made(message: Message) -> bool:
    return "Delete" in message.buttons


async def test_progress_that_hangs_does_not_hold_the_result_up_nor_replace_it(stage: Stage) -> None:
    """The edit of progress lands a second after the result; the result is put back."""
    await stage.scenes()  # the vendor's client is loaded
    stage.discord.fail("PATCH", ORIGINAL, delay=1.3)
    asking = await ask(stage, 0.3)
    told = (await stage.told(asking)).result(charged=SCENES)
    assert told.job.finished_at is not None
    assert told.job.delivered_at is not None
    assert told.job.delivered_at - told.job.finished_at < timedelta(seconds=1)
    await asking.until(waiting)
    await asking.until(made)
    assert "scenes.json" in [file.name for file in told.message.attachments]
    await asyncio.sleep(EVERY * 2)
    assert made(told.message)


async def test_a_public_job_that_outlasts_its_token_is_followed_by_its_message(stage: Stage) -> None:
    stage.replicate.delay = 1.5
    options = {"description": "A retired astronaut", "images": 1}
    asking = await stage.discord.slash("character create", options, member=stage.newcomer())
    shown = await asking.until(waiting)
    asking.expire()
    told = (await stage.told(asking)).result(charged={"images": 1, "spend": 40_000})
    assert told.job.delivered_by is Delivery.MESSAGE
    assert told.message is shown
    edits = [one for one in stage.discord.requests if one.method == "PATCH" and asking.token in one.path]
    by_id = [one for one in stage.discord.requests if one.method == "PATCH" and one.path.endswith(f"/{shown.id}")]
    assert [one.status for one in edits] in ([200], [200, 401])
    times = [one.at for one in (*edits, *by_id)][:-1]
    assert all(later - sooner >= EVERY * 0.95 for sooner, later in pairwise(sorted(times)))


async def test_a_private_job_that_may_outlast_its_token_says_where_it_will_come(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = await ask(stage, 0.4, private=True)
    plain = await asking.until(waiting)
    assert "direct message" not in plain.text
    await stage.told(asking)
    monkeypatch.setattr("bot.actor.TOKEN_LIFE", timedelta(seconds=100))
    asking = await ask(stage, 0.4, private=True)
    await asking.until(lambda message: waiting(message) and "it comes as a direct message" in message.text)
    (await stage.told(asking)).result(charged=SCENES)


async def test_a_restart_is_told_and_the_job_goes_on(make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One job is shown, one waits in the queue, one was asked for a moment ago and not shown yet."""
    monkeypatch.setattr("bot.client.DRAIN_SECONDS", 0.5)
    stage = await make_stage(changes={**PATIENT, "limits.yaml": {"concurrency": {"per_member": 1}}})
    stage.bot.courier._board._every = EVERY
    stage.google.delay = 30.0
    member = stage.newcomer()
    options = {"idea": "rain", "character": "a fox", "count": 3}
    first = await stage.discord.slash("scenes create", options, member=member)
    second = await stage.discord.slash("scenes create", options, member=member)
    await first.until(waiting)
    await second.until(waiting)
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 20.0)
    third = await stage.discord.slash("scenes create", options, member=member)
    await third.acknowledged()
    await stage.until(lambda: len(stage.bot.courier._board) == 3, "all three followed")
    await stage.stop()
    for asking in (first, second, third):
        assert asking.message is not None
        assert RESTARTS in asking.message.text
        assert asking.message.buttons == ["Cancel"]
    for asking in (first, second, third):
        edits = [one.at for one in stage.discord.requests if one.method == "PATCH" and asking.token in one.path]
        assert all(later - sooner >= EVERY * 0.95 for sooner, later in pairwise(edits))
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.05)
    stage.google.delay = 0.5
    await stage.start()
    await first.until(lambda message: waiting(message) and RESTARTS not in message.text)
    for asking in (first, second, third):
        await asking.until(made)
    await stage.until(lambda: not stage.bot.courier.busy, "all delivered")
    async with stage.app.tools.records.read() as tx:
        page = await tx.jobs.page(ServerId(stage.discord.guild.id), member_id=None, before=None, size=9)
    assert [job.state for job in page.rows] == [JobState.DONE] * 3


async def test_a_result_within_the_grace_replaces_the_farewell(
    make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await make_stage(changes=PATIENT)
    stage.bot.courier._board._every = EVERY
    asking = await ask(stage, 1.5)
    shown = await asking.until(waiting)
    stopping = asyncio.create_task(stage.stop())
    await asking.until(lambda message: RESTARTS in message.text)
    await stopping
    assert made(shown)
    await stage.start()


async def test_older_progress_does_not_outlive_a_result_at_a_stop(make_stage: MakeStage) -> None:
    """The farewell waits for an edit that hangs; the result comes first, and nothing is edited after it."""
    stage = await make_stage(changes=PATIENT)
    stage.bot.courier._board._every = 5.0
    await stage.scenes()  # the vendor's client is loaded
    stage.discord.fail("PATCH", ORIGINAL, delay=1.5)
    asking = await ask(stage, 0.9)
    await stage.until(lambda: stage.discord.door.faults.all[-1].hits, "progress that hangs")
    stopping = asyncio.create_task(stage.stop())
    shown = await asking.until(made)
    await stopping
    assert [task.get_name() for task in asyncio.all_tasks() if task.get_name().endswith("progress")] == []
    assert made(shown)
    await stage.start()


async def test_nothing_new_while_it_stops(stage: Stage) -> None:
    """Reads go on."""
    told = await stage.scenes()
    stage.bot.stopping = True
    member = stage.discord.guild.members[told.asked.user.id]
    for asking in (await ask(stage, 0.0), await stage.discord.click(told.message, "Again", member=member)):
        refused = await asking.response()
        assert "about to restart" in refused.text
        assert "Nothing was charged" in refused.text
        assert refused.ephemeral
    listed = await stage.discord.slash("jobs list", member=member)
    assert str(told.job.ref) in (await listed.response()).text
    typed = await stage.discord.autocomplete("scenes show", "ref", "", member=member)
    assert (await typed.acknowledged()).choices
    stage.bot.stopping = False
