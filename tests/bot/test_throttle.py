"""How much one member may do in a minute: what counts, whom it holds, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from simcord.results import InteractionResult

from mv.domain.usage import AllowanceKind
from mv.ports import Clock
from tests.bot.conftest import MakeWorld
from tests.bot.test_once import everything_twice, heard
from tests.bot.world import World, dm, labels, reply, said

START = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
SCENES: dict[str, Any] = {"idea": "A lighthouse", "character": "Mara", "count": 1}
MOST = 5


class SetClock(Clock):
    """A clock that tests move."""

    time = START

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def world(make_world: MakeWorld, configs_with: Callable[[str, str, str], Path], clock: SetClock) -> World:
    configs = configs_with("limits.yaml", "commands_per_minute: 300", f"commands_per_minute: {MOST}")
    return await make_world(clock=clock, configs=configs)


async def used_up(world: World, left: int = 0) -> None:
    """Ann does all she may in this minute but `left`, in both servers."""
    for number in range(MOST - left):
        who, where = ((world.ann, world.channel), (world.ann_elsewhere, world.far))[number % 2]
        assert not too_fast(await who.slash(where, "scenes list"))


def too_fast(result: InteractionResult) -> bool:
    """Whether it is refused for that; then only the asker is told, at once."""
    refused = "of one member are answered in a minute" in said(result)
    assert not refused or (result.ephemeral and not result.deferred and not result.followups)
    return refused


def until(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"


async def test_beyond_the_limit_the_time_left_is_told_and_nothing_is_charged(world: World, clock: SetClock) -> None:
    await used_up(world)
    clock.time += timedelta(seconds=20)
    refused = await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert too_fast(refused)
    assert f"{MOST} commands, buttons and forms" in said(refused)
    assert until(START + timedelta(seconds=61)) in said(refused)
    assert "Nothing was charged" in said(refused)
    assert "charged" not in said(await world.ann.slash(world.channel, "scenes list"))
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 0
    assert "No jobs yet" in said(await world.manager.slash(world.channel, "jobs list"))


async def test_it_holds_one_member_everywhere_and_no_other(world: World) -> None:
    await used_up(world)
    assert too_fast(await world.ann_elsewhere.slash(world.far, "scenes list"))
    assert too_fast(await dm(world.ann.user, "usage me"))
    assert not too_fast(await world.bob.slash(world.channel, "scenes list"))
    assert not too_fast(await world.stranger.slash(world.far, "scenes list"))


async def test_after_the_minute_it_goes_on(world: World, clock: SetClock) -> None:
    await used_up(world)
    clock.time = START + timedelta(seconds=60)
    assert too_fast(await world.ann.slash(world.channel, "scenes list")), "refused ones do not prolong it"
    clock.time = START + timedelta(seconds=61)
    await used_up(world)
    assert too_fast(await world.ann.slash(world.channel, "scenes list"))


async def test_a_clock_that_is_set_back_holds_nobody(world: World, clock: SetClock) -> None:
    await used_up(world)
    clock.time -= timedelta(hours=1)
    await used_up(world)
    assert too_fast(await world.ann.slash(world.channel, "scenes list"))


async def test_buttons_and_forms_count_and_are_refused(world: World, clock: SetClock) -> None:
    await world.bob.slash(world.channel, "character create", description="a fox")
    painted = world.last
    await used_up(world, left=2)
    form = await world.ann.click(painted, label="Use in scenes")
    assert not too_fast(await world.ann.submit_modal(form, {"idea": "x", "count": "99"}))
    assert too_fast(await world.ann.slash(world.channel, "scenes list"))
    pressed = await world.ann.click(painted, label="Again")
    assert too_fast(pressed)
    assert "Nothing was charged" in said(pressed)
    assert await world.used(world.ann.id, AllowanceKind.IMAGES) == 0
    clock.time += timedelta(seconds=61)
    await used_up(world, left=1)
    form = await world.ann.click(painted, label="Use in scenes")
    sent = await world.ann.submit_modal(form, {"idea": "kept words", "count": "1"})
    assert too_fast(sent)
    assert labels(reply(sent)) == ["Change it"], "what was typed is kept"
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 0
    clock.time += timedelta(seconds=61)
    again = await world.ann.click(reply(sent), label="Change it")
    await world.ann.submit_modal(again, {"idea": "kept words", "count": "1"})
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 1


async def test_a_form_that_is_too_old_counts_too(world: World) -> None:
    await world.bob.slash(world.channel, "character create", description="a fox")
    with heard(world) as payloads:
        form = await world.ann.click(world.last, label="Use in scenes")
        await world.ann.submit_modal(form, {"idea": "x", "count": "99"})
    (sent,) = [payload for payload in payloads if payload["type"] == 5]
    await used_up(world, left=3)
    backend: Any = world.env.backend
    unknown = {**sent, "id": str(int(sent["id"]) + 1), "data": {**sent["data"], "custom_id": "mv:form:of-old"}}
    backend.emit("INTERACTION_CREATE", unknown)
    await world.env.settle(timeout=10)
    assert too_fast(await world.ann.slash(world.channel, "scenes list"))


async def test_autocomplete_neither_counts_nor_is_refused(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    for _ in range(3 * MOST):
        assert await world.ann.autocomplete(world.channel, "scenes show", "ref", "")
    await used_up(world, left=1)
    assert too_fast(await world.ann.slash(world.channel, "scenes list"))
    assert await world.ann.autocomplete(world.channel, "scenes show", "ref", "")


async def test_what_comes_twice_counts_once(world: World) -> None:
    await world.bob.slash(world.channel, "character create", description="a fox")
    painted = world.last
    with everything_twice(world):
        await used_up(world, left=2)
        form = await world.ann.click(painted, label="Use in scenes")
        assert not too_fast(await world.ann.submit_modal(form, {"idea": "x", "count": "99"}))
        assert too_fast(await world.ann.slash(world.channel, "scenes list"))


async def test_many_at_once(world: World) -> None:
    await world.at_once([partial(world.ann.slash, world.channel, "scenes list")] * 3 * MOST)
    told = [
        message for message in world.channel.history(viewer=world.ann) if "are answered in a minute" in said(message)
    ]
    assert len(told) == 2 * MOST


async def test_whoever_is_quiet_for_a_minute_is_forgotten(world: World, clock: SetClock) -> None:
    await used_up(world)
    await world.bob.slash(world.channel, "scenes list")
    known = world.bot.throttle._members._cache
    assert set(known) == {world.ann.id, world.bob.id}
    clock.time += timedelta(seconds=61)
    await world.stranger.slash(world.far, "scenes list")
    assert set(known) == {world.stranger.id}
