"""What takes time: progress, slow checks, answers that come too late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mv.domain.jobs import Delivery, JobState
from mv.ports import Transaction
from mv.store.database import Database
from tests.bot.live import Live, made

SCENES: dict[str, Any] = {"idea": "rain @everyone", "character": "a fox", "count": 2}
MakeLive = Callable[..., Live]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeLive:
    def make(**options: Any) -> Live:
        return Live(tmp_path / "data", monkeypatch, **options)

    return make


async def test_progress_shows_number_phase_and_cancel_and_then_the_result(live: MakeLive) -> None:
    async with live(pause=2.4) as world:
        asked = await world.discord.slash("scenes create", SCENES)
        assert (await asked.acknowledged()).acknowledged_after < 1
        shown = await asked.until(lambda message: "Writing the scenes" in message.text)
        assert "J1" in shown.text
        assert shown.buttons == ["Cancel"]
        await asked.until(made)
        edits = world.edits()
        moments = [edit.at for edit in edits]
        assert 2 <= len(edits) <= 3
        assert all(later - sooner >= 1.9 for sooner, later in pairwise(moments[:-1]))
        await asyncio.sleep(2.1)
        assert len(world.edits()) == len(edits)
        assert made(shown)
        assert (await world.delivered(1)).reply.message_id == shown.id


async def test_a_job_that_is_quick_shows_its_result_and_nothing_else(live: MakeLive) -> None:
    async with live() as world:
        asked = await world.discord.slash("scenes create", SCENES)
        await asked.until(made)
        assert len(world.edits()) == 1


async def test_a_queue_shows_places(live: MakeLive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.05)
    async with live(pause=30) as world:
        asked = [await world.discord.slash("scenes create", SCENES) for _ in range(6)]
        await asked[4].until(lambda message: "Next in the queue" in message.text)
        await asked[5].until(lambda message: "In the queue, place 2" in message.text)
        waiting = asked[4].message
        assert waiting is not None
        assert waiting.buttons == ["Cancel"]
        stranger = await world.discord.click(waiting, "Cancel", member=world.discord.friend)
        refused = await stranger.response()
        assert refused.ephemeral
        assert "You may not cancel J5" in refused.text
        pressed = await world.discord.click(waiting, "Cancel")
        assert "J5 is cancelled" in (await pressed.response()).text
        stopped = await asked[4].until(lambda message: "cancelled" in message.text)
        assert stopped.buttons == ["Retry"]
        await asked[5].until(lambda message: "Next in the queue" in message.text)
        assert (await world.job(5)).state is JobState.CANCELLED


async def test_cancel_by_a_manager_stops_a_running_job(live: MakeLive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 0.05)
    async with live(pause=30) as world:
        asked = await world.discord.slash("character create", {"description": "a fox", "images": 2})
        shown = await asked.until(lambda message: message.buttons == ["Cancel"])
        assert "0 of 2" in shown.text
        await world.discord.click(shown, "Cancel", member=world.discord.manager)
        stopped = await asked.until(lambda message: "cancelled" in message.text)
        assert f"<@{world.discord.manager.id}>" in stopped.text
        assert "allowance was given back" in stopped.text


async def test_an_acknowledgement_that_came_too_late_still_brings_the_result(live: MakeLive) -> None:
    async with live() as world:
        world.discord.fail("POST", "/interactions/*/callback", 404, 10062)
        asked = await world.discord.slash("scenes create", SCENES)
        message = await world.discord.message_where(made)
        assert asked.acknowledged_at is None
        assert message.channel is world.discord.channel
        assert message.text.startswith(f"<@{world.discord.member.id}>")
        assert (await world.delivered(1)).delivered_by is Delivery.CHANNEL


async def test_a_private_result_that_came_too_late_goes_to_its_author(live: MakeLive) -> None:
    async with live() as world:
        world.discord.fail("POST", "/interactions/*/callback", 404, 10062)
        await world.discord.slash("scenes create", {**SCENES, "private": True})
        message = await world.discord.message_where(made)
        assert message.channel is world.discord.world.direct(world.discord.member.user)
        assert (await world.delivered(1)).delivered_by is Delivery.DIRECT


T = TypeVar("T")
Work = Callable[[Transaction], Coroutine[Any, Any, T]]


class SlowDatabase(Database):
    """Takes longer to begin to write than a command may wait for it."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        await asyncio.sleep(0.3)
        async with super().write() as tx:
            yield tx

    async def transact(self, work: Work[T], *, lasting: bool = True) -> T:
        await asyncio.sleep(0.3)
        return await super().transact(work, lasting=lasting)


@pytest.fixture
def slow(live: MakeLive, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setattr("mv.store.database.Database", SlowDatabase)
    monkeypatch.setattr("bot.doors.CHECKS_SECONDS", 0.1)
    return live()


async def test_slow_checks_are_acknowledged_before_they_end(slow: Live) -> None:
    async with slow as world:
        asked = await world.discord.slash("scenes create", SCENES)
        assert (await asked.acknowledged()).acknowledged_after < 0.3
        await asked.until(made)


async def test_a_refusal_after_the_acknowledgement_leaves_nothing_public(slow: Live) -> None:
    async with slow as world:
        none = {"kind": "scenes", "limit": 0, "period": "day"}
        await (await world.discord.slash("quota set", none, member=world.discord.manager)).response()
        asked = await world.discord.slash("scenes create", SCENES)
        refused = await asked.followup()
        assert "0 of 0 used" in refused.text
        assert refused.ephemeral
        assert asked.message is not None
        assert asked.message.deleted


async def test_a_refusal_is_told_although_its_placeholder_cannot_be_removed(slow: Live) -> None:
    async with slow as world:
        none = {"kind": "scenes", "limit": 0, "period": "day"}
        await (await world.discord.slash("quota set", none, member=world.discord.manager)).response()
        world.discord.fail("DELETE", "/webhooks/*/messages/@original", 404, 10008)
        await world.discord.slash("scenes create", SCENES)
        await world.discord.message_where(lambda message: "0 of 0 used" in message.text)


async def test_a_long_job_ends_with_one_reply_that_mentions_the_asker(
    live: MakeLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live(pause=1.1) as world:
        monkeypatch.setattr(world.bot.courier, "_remind_after", 1)
        asked = await world.discord.slash("scenes create", SCENES)
        result = await asked.until(made)
        reminder = await world.discord.message_where(lambda message: "is ready" in message.text)
        assert reminder.text.startswith(f"<@{world.discord.member.id}>")
        assert reminder.channel is result.channel
        assert "version 1" not in reminder.text
        private = await world.discord.slash("scenes create", {**SCENES, "private": True})
        note = await private.followup(lambda message: "is ready" in message.text)
        assert note.ephemeral


async def test_two_presses_at_once_are_two_answers(live: MakeLive) -> None:
    async with live() as world:
        asked = await world.discord.slash("scenes create", SCENES)
        message = await asked.until(made)
        one = await world.discord.click(message, "Delete")
        two = await world.discord.click(message, "Delete")
        questions = [await one.response(), await two.response()]
        answers = [await world.discord.click(question, "Delete S1") for question in questions]
        texts = sorted([(await answers[0].response()).text, (await answers[1].response()).text])
        assert "S1 is deleted" in texts[0]
        assert any("There is no scene list" in text or "S1 is deleted" in text for text in texts[1:])
