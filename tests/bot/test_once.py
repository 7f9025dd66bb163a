"""One press, one effect: interactions that come twice, buttons pressed twice, by two members, and long after."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from typing import Any

import discord
import pytest
from simcord.results import InteractionResult

from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, reply, said
from tests.standins.replicate import ReplicateStandIn, Script

SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 1}


async def create(world: World, **options: Any) -> discord.Message:
    await world.ann.slash(world.channel, "scenes create", **SCENES, **options)
    return world.last


@contextmanager
def heard(world: World) -> Any:
    """Every interaction of the block, as the gateway sent it."""
    backend: Any = world.env.backend
    emit, payloads = backend.emit, []

    def hear(event: str, payload: Any) -> None:
        if event == "INTERACTION_CREATE":
            payloads.append(payload)
        emit(event, payload)

    backend.emit = hear
    try:
        yield payloads
    finally:
        backend.emit = emit


async def jobs(world: World) -> int:
    async with world.app.tools.records.read() as tx:
        page = await tx.jobs.page((await world.job(1)).server_id, member_id=None, before=None, size=1)
    return page.rows[0].ref.number


async def sent_twice(world: World, act: Callable[[], Any]) -> InteractionResult:
    """The act; what the gateway said of it is then said twice more, at once and again when all is over."""
    backend: Any = world.env.backend
    with heard(world) as payloads:
        result: InteractionResult = await act()
    for times in (2, 1):
        for payload in payloads * times:
            backend.emit("INTERACTION_CREATE", payload)
        await world.env.settle(timeout=10)
    return result


@contextmanager
def everything_twice(world: World) -> Any:
    """The gateway says every interaction twice in a row."""
    backend: Any = world.env.backend
    emit = backend.emit

    def twice(event: str, payload: Any) -> None:
        emit(event, payload)
        if event == "INTERACTION_CREATE":
            emit(event, payload)

    backend.emit = twice
    try:
        yield
    finally:
        backend.emit = emit


# ── the same interaction ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_the_gateway_says_twice_makes_one_job(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = len(world.channel.history())
    with everything_twice(world):
        await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "came twice" in caplog.text
    assert await jobs(world) == 1
    assert len(world.channel.history()) == before + 1
    assert "S1 · version 1" in said(world.last)
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 1
    await sent_twice(world, partial(world.ann.slash, world.channel, "character create", description="y"))
    assert await jobs(world) == 2
    assert await world.used(world.ann.id, AllowanceKind.IMAGES) == 1


async def test_after_a_restart_it_is_known_still(make_world: MakeWorld) -> None:
    world = await make_world()
    with heard(world) as payloads:
        message = await create(world)
    await world.restart()
    backend: Any = world.env.backend
    backend.emit("INTERACTION_CREATE", payloads[0])
    await world.env.settle(timeout=10)
    assert await jobs(world) == 1
    assert world.last.id == message.id
    assert "S1 · version 1" in said(world.last)


async def test_buttons_and_forms_that_come_twice(world: World) -> None:
    message = await create(world)
    await sent_twice(world, partial(world.bob.click, message, label="Again"))
    assert await jobs(world) == 2
    await world.ann.slash(world.channel, "character create", description="a fox")
    shown = await world.ann.click(world.last, label="Use in scenes")
    await sent_twice(world, partial(world.ann.submit_modal, shown, {"idea": "x", "count": "1"}))
    assert await jobs(world) == 4
    assert "S2 · version 1" in said(world.last)


async def test_a_scene_is_moved_removed_and_restored_once(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, "count": 3})
    before = titles(world)
    assert len(before) == 3
    await sent_twice(world, partial(world.ann.slash, world.channel, "scenes move", ref="S1", scene=1, to=2))
    assert titles(world) == [before[1], before[0], *before[2:]]
    await sent_twice(world, partial(world.ann.slash, world.channel, "scenes remove", ref="S1", scene=1))
    assert titles(world) == [before[0], *before[2:]]
    await sent_twice(world, partial(world.ann.slash, world.channel, "scenes restore", ref="S1", version=1))
    assert "S1 · version 4" in said(world.last)
    await sent_twice(world, partial(world.ann.slash, world.channel, "scenes star", ref="S1"))
    shown = await world.ann.slash(world.channel, "scenes show", ref="S1")
    assert "★" in said(reply(shown))


def titles(world: World) -> list[str]:
    """Of the scenes in the newest message."""
    return re.findall(r"^\*{0,2}\d+ · (.+?)\*{0,2}$", said(world.last), re.MULTILINE)


async def test_a_refusal_that_comes_twice_is_told_once(world: World) -> None:
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=0.0, period="day")
    with everything_twice(world):
        refused = await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "is not enough" in said(refused)
    assert refused.followups == []


# ── Retry ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def cancelled(make_world: MakeWorld) -> tuple[World, discord.Message]:
    """A world where J1 was cancelled; from now on jobs are quick."""
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    message = world.last
    assert labels(message) == ["Retry"]
    await world.restart(pause=0)
    return world, message


async def test_retry_is_pressed_twice(make_world: MakeWorld) -> None:
    world, message = await cancelled(make_world)
    await world.at_once([partial(world.ann.click, message, label="Retry")] * 3)
    assert await jobs(world) == 2
    assert await world.net(2) == {"scenes": 1}
    told = [m for m in world.channel.history(viewer=world.ann) if "asked for already" in said(m)]
    assert len(told) == 2
    assert f"J2, by <@{world.ann.id}>" in said(told[0])
    await world.restart()
    late = await world.ann.click(message, label="Retry")
    assert late.ephemeral
    assert "asked for already: J2" in said(late)
    assert await jobs(world) == 2


async def test_a_retry_that_came_to_nothing_has_a_retry_of_its_own(make_world: MakeWorld) -> None:
    world, first = await cancelled(make_world)
    await world.restart(pause=3600)
    await world.begun(world.ann.click(first, label="Retry"))
    await world.manager.slash(world.channel, "jobs cancel", ref="J2")
    second = world.last
    assert labels(second) == ["Retry"]
    await world.restart(pause=0)
    assert "asked for already: J2" in said(await world.ann.click(first, label="Retry"))
    await world.ann.click(second, label="Retry")
    assert "S1 · version 1" in said(world.last)
    assert await jobs(world) == 3


async def test_a_retry_that_was_refused_may_be_pressed_again(make_world: MakeWorld) -> None:
    world, message = await cancelled(make_world)
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=0.0, period="day", member=world.ann)
    for _ in range(2):
        assert "is not enough" in said(await world.ann.click(message, label="Retry"))
    assert await jobs(world) == 1
    await world.manager.slash(world.channel, "quota clear", member=world.ann)
    await world.ann.click(message, label="Retry")
    assert "S1 · version 1" in said(world.last)


async def test_missing_pictures_are_asked_for_once(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    replicate.script.extend([Script(), Script(status="failed")])
    await world.ann.slash(world.channel, "character create", description="y", images=2)
    message = world.last
    assert "Retry" in labels(message)
    await world.at_once([partial(world.ann.click, message, label="Retry")] * 2)
    assert await jobs(world) == 2
    assert await world.used(world.ann.id, AllowanceKind.IMAGES) == 2
    assert "asked for already: J2" in said(await world.ann.click(message, label="Retry"))


async def test_nothing_is_paid_for_a_record_that_was_deleted(make_world: MakeWorld) -> None:
    """Retry under an Again whose list is gone."""
    world = await make_world()
    listed = await create(world)
    await world.restart(pause=3600)
    await world.begun(world.ann.click(listed, label="Again"))
    await world.ann.slash(world.channel, "jobs cancel", ref="J2")
    stopped = world.last
    await world.restart(pause=0)
    question = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    await world.ann.click(reply(question), label="Delete S1")
    answer = await world.ann.click(stopped, label="Retry")
    assert answer.ephemeral
    assert "There is no scene list here any more" in said(answer)
    assert await jobs(world) == 2


# ── Again ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["scenes create", "character create"])
async def test_again_by_two_members_at_once_makes_one_job(make_world: MakeWorld, command: str) -> None:
    world = await make_world(pause=0.3)
    options = SCENES if command == "scenes create" else {"description": "y"}
    await world.ann.slash(world.channel, command, **options)
    message = world.last
    await world.at_once([partial(who.click, message, label="Again") for who in (world.bob, world.ann)])
    assert await jobs(world) == 2
    seen = [(who, m) for who in (world.ann, world.bob) for m in world.channel.history(viewer=who)]
    ((late, told),) = [(who, m) for who, m in seen if "asked for already" in said(m)]
    first = world.bob if late is world.ann else world.ann
    assert f"J2, by <@{first.id}>" in said(told)
    await world.ann.click(message, label="Again")
    assert await jobs(world) == 3, "free again, once it has ended"


async def test_again_while_one_is_at_work_also_after_a_restart(make_world: MakeWorld) -> None:
    world = await make_world()
    one = await create(world)
    await world.ann.click(one, label="Again")
    two = world.last
    await world.restart(pause=3600)
    await world.begun(world.bob.click(one, label="Again"))
    assert "asked for already: J3" in said(await world.begun(world.ann.click(one, label="Again")))
    await world.restart(kill=True, goes_on=True)
    assert "asked for already: J3" in said(await world.begun(world.ann.click(one, label="Again")))
    assert not (await world.begun(world.ann.click(two, label="Again"))).ephemeral, "another version is another matter"
    assert await jobs(world) == 4
    await world.begun(world.manager.slash(world.channel, "jobs cancel", ref="J3"))
    assert not (await world.begun(world.ann.click(one, label="Again"))).ephemeral
    assert await jobs(world) == 5


async def test_a_list_that_is_deleted_while_a_version_of_it_is_made(make_world: MakeWorld) -> None:
    world = await make_world()
    message = await create(world)
    await world.restart(pause=3600)
    await world.begun(world.bob.click(message, label="Again"))
    question = await world.begun(world.ann.slash(world.channel, "scenes delete", ref="S1"))
    await world.begun(world.ann.click(reply(question), label="Delete S1"))
    await world.restart(kill=True, pause=0)
    await world.env.settle(timeout=20)
    assert (await world.job(2)).state is JobState.FAILED
    assert "There is no scene list" in said(world.last)
    assert await world.net(2) == {}
