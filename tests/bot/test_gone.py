"""Delete, Cancel and pages: by two members, once more, and on what is gone."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.live import Live, made
from tests.bot.test_once import SCENES, create, jobs
from tests.bot.world import World, labels, reply, said


async def test_delete_by_two_members(world: World) -> None:
    message = await create(world)
    questions = [await who.click(message, label="Delete") for who in (world.ann, world.manager)]
    pressed = zip((world.ann, world.manager), questions, strict=True)
    await world.at_once([partial(who.click, reply(question), label="Delete S1") for who, question in pressed])
    answers = [
        said(m) for m in (*world.channel.history(viewer=world.ann), *world.channel.history(viewer=world.manager))
    ]
    assert len([text for text in answers if "There is no scene list here any more" in text]) == 1
    assert "S1 is deleted" in said(world.last)


async def test_the_older_message_of_a_deleted_character_says_that_it_is_gone(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="y")
    older = world.last
    await world.ann.click(older, label="Again")
    question = await world.ann.click(world.last, label="Delete")
    await world.ann.click(reply(question), label="Delete C1")
    assert "Delete" in labels(older)
    for label in ("Vary", "Again", "Original", "Use in scenes", "Delete"):
        for who in (world.ann, world.bob):
            answer = await who.click(older, label=label)
            assert answer.ephemeral
            assert "There is no character here any more" in said(answer)
    assert await jobs(world) == 2


async def test_cancel_once_more(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "character create", description="y", images=2))
    assert await world.used(world.ann.id, AllowanceKind.IMAGES) == 2
    assert "J1 is cancelled" in said(await world.ann.slash(world.channel, "jobs cancel", ref="J1"))
    late = await world.manager.slash(world.channel, "jobs cancel", ref="J1")
    assert "Too late: J1 was cancelled already" in said(late)
    assert await world.net(1) == {}
    assert f"It was cancelled by <@{world.ann.id}>" in said(world.last)


async def test_cancel_by_two_members_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Live(tmp_path / "data", monkeypatch, pause=30) as world:
        asked = await world.discord.slash("character create", {"description": "a fox", "images": 2})
        shown = await asked.until(lambda message: message.buttons == ["Cancel"])
        pressed = [
            await world.discord.click(shown, "Cancel", member=who)
            for who in (world.discord.member, world.discord.manager)
        ]
        for one in pressed:
            text = (await one.response()).text
            assert one.acknowledged_after < 1
            assert "J1 is cancelled" in text or "J1 was cancelled already" in text
        stopped = await asked.until(lambda message: "It was cancelled by" in message.text)
        named = [who for who in (world.discord.member, world.discord.manager) if f"<@{who.id}>" in stopped.text]
        assert len(named) == 1, "whoever came first"
        assert (await world.delivered(1)).state is JobState.CANCELLED


async def test_cancel_while_the_result_is_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Live(tmp_path / "data", monkeypatch, pause=1.0) as world:
        asked = await world.discord.slash("scenes create", SCENES)
        shown = await asked.until(lambda message: message.buttons == ["Cancel"])
        slow = world.discord.fail("PATCH", "/webhooks/*/messages/@original", delay=1.5)
        async with asyncio.timeout(5):
            while not (await world.job(1)).state.final:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        pressed = await world.discord.click(shown, "Cancel")
        assert "Too late: J1 is done already" in (await pressed.response()).text
        assert not made(shown)
        await asked.until(made)
        assert slow.hits == 1
        assert (await world.delivered(1)).state is JobState.DONE


async def test_cancel_while_it_waits_in_the_queue(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    for _ in range(5):
        await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.05)
    answer = await world.begun(world.ann.slash(world.channel, "jobs cancel", ref="J5"))
    assert "J5 is cancelled" in said(answer)
    assert await world.net(5) == {}
    job = await world.job(5)
    assert (job.state, job.started_at) == (JobState.CANCELLED, None)


async def test_pages_of_a_project_that_was_archived(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.at_once([partial(world.ann.slash, world.channel, "scenes create", **SCENES, project="P1")] * 11)
    listed = await world.bob.slash(world.channel, "scenes list", project="P1")
    assert labels(listed) == ["Newest", "Older"]
    newest = world.last
    with closing(sqlite3.connect(world.folder / "mv.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE projects SET archived_at = created_at")
    await world.bob.click(reply(listed), label="Older")
    assert "**S1**" in said(reply(listed))
    await world.bob.click(newest, label="Again")
    assert "version 2" in said(world.last)
