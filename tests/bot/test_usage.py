"""Allowances as members meet them: /usage, /quota, and refusals when they are used up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from mv.domain.usage import AllowanceKind
from mv.ports import Clock
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, dm, reply, said

SCENES: dict[str, Any] = {"idea": "x", "character": "y", "count": 1}


class SetClock(Clock):
    """A clock that tests move."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time


async def quota(world: World, kind: str, limit: float, period: str = "day", **whose: object) -> str:
    return said(await world.manager.slash(world.channel, "quota set", kind=kind, limit=limit, period=period, **whose))


async def test_usage_counts_what_was_made(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, "count": 24})
    await world.ann.slash(world.channel, "character create", description="y", images=3)
    result = await world.ann.slash(world.channel, "usage me")
    assert result.ephemeral
    assert "**1** of 30 today" in said(result)
    assert "**3** of 60 today" in said(result)
    assert "**0** of 30" in said(await world.bob.slash(world.channel, "usage me"))
    assert "**0** of 30" in said(await world.ann_elsewhere.slash(world.far, "usage me"))


async def test_usage_in_a_direct_message_names_only_servers_where_one_used_it(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    mine = await dm(world.ann.user, "usage me")
    assert "Home" in said(mine)
    assert "**1** of 30 today" in said(mine)
    assert "Elsewhere" not in said(mine)
    assert "Home" not in said(await dm(world.stranger.user, "usage me"))
    assert "Elsewhere" not in said(await dm(world.bob.user, "usage me"))


async def test_fifty_at_once_and_exactly_the_limit_is_let_through(world: World) -> None:
    assert "10 a day" in await quota(world, "scenes", 10)
    before = len(world.env.backend.interactions)
    await world.at_once([partial(world.ann.slash, world.channel, "scenes create", **SCENES)] * 50)
    refused = [m for m in world.channel.history(viewer=world.ann) if "is not enough" in said(m)]
    made = [m for m in world.channel.history() if "version 1" in said(m)]
    assert len(world.env.backend.interactions) - before == 50
    assert (len(made), len(refused)) == (10, 40)
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 10
    numbers = sorted(int(re.findall(r"\bS(\d+) ·", said(m))[0]) for m in made)
    assert numbers == list(range(1, 11))
    assert [(await world.job(number)).member_id for number in (1, 10)] == [world.ann.id, world.ann.id]
    assert "10 of 10 used" in said(refused[0])


async def test_used_up_says_used_limit_reset_and_whom_to_ask(world: World) -> None:
    await quota(world, "images", 3, "month")
    await world.ann.slash(world.channel, "character create", description="y", images=2)
    refused = await world.ann.slash(world.channel, "character create", description="z", images=2)
    assert refused.ephemeral
    text = said(refused)
    assert "2 of 3 used this month" in text
    assert "2 more" in text
    assert re.search(r"<t:\d+:R>", text)
    assert "/quota set" in text
    assert "Nothing was charged" in text
    await world.ann.slash(world.channel, "character create", description="y", images=1)
    assert await world.used(world.ann.id, AllowanceKind.IMAGES) == 3
    again = await world.ann.click(world.last, label="Again")
    assert again.ephemeral
    assert "3 of 3 used" in said(again)
    assert len([r for r in said(await world.ann.slash(world.channel, "jobs list")).splitlines() if "**J" in r]) == 2


async def test_none_at_all(world: World) -> None:
    assert "none at all" in await quota(world, "scenes", 0)
    assert "0 of 0 used" in said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    assert "none allowed" in said(await world.ann.slash(world.channel, "usage me"))


async def test_ones_own_limit_before_roles_before_the_servers(world: World) -> None:
    few = world.server.create_role("Few")
    many = world.server.create_role("Many")
    carl = world.server.add_member(world.env.create_user("carl"), roles=[few, many])
    await quota(world, "scenes", 1)
    await quota(world, "scenes", 2, role=few)
    await quota(world, "scenes", 3, role=many)
    assert "**0** of 3 today" in said(await carl.slash(world.channel, "usage me"))
    assert "**0** of 1 today" in said(await world.ann.slash(world.channel, "usage me"))
    await quota(world, "scenes", 0, member=carl)
    assert "none allowed" in said(await carl.slash(world.channel, "usage me"))
    cleared = await world.manager.slash(world.channel, "quota clear", kind="scenes", member=carl)
    assert "1 limit removed" in said(cleared)
    assert "**0** of 3 today" in said(await carl.slash(world.channel, "usage me"))


async def test_quota_show_and_clear(world: World) -> None:
    await quota(world, "scenes", 5)
    await quota(world, "spend", 1.25, "month", member=world.ann)
    shown = await world.manager.slash(world.channel, "quota show")
    assert shown.ephemeral
    assert "Scene lists: 5 a day" in said(shown)
    assert f"<@{world.ann.id}> · Spending: $1.25 a month" in said(shown)
    only = said(await world.manager.slash(world.channel, "quota show", member=world.ann))
    assert ("$1.25" in only, "5 a day" in only) == (True, False)
    assert "1 limit removed" in said(await world.manager.slash(world.channel, "quota clear"))
    assert "Nothing to clear" in said(await world.manager.slash(world.channel, "quota clear"))
    for period in ("day", "month"):
        await world.manager.slash(world.channel, "quota set", kind="images", limit=7.0, period=period)
    cleared = await world.manager.slash(world.channel, "quota clear", period="month")
    assert "1 limit removed" in said(cleared)
    left = said(await world.manager.slash(world.channel, "quota show"))
    assert ("7 a day" in left, "7 a month" in left) == (True, False)
    assert "$1.25" in said(await world.manager.slash(world.channel, "quota show"))


async def test_a_limit_has_one_subject(world: World) -> None:
    role = world.server.create_role("Few")
    text = await quota(world, "scenes", 3, member=world.ann, role=role)
    assert "Allowed: `member`, `role`" in text


async def test_limits_of_roles_hold_in_direct_messages_too(world: World) -> None:
    few = world.server.create_role("Few")
    carl = world.server.add_member(world.env.create_user("carl"), roles=[few])
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=404, code=10015)
    world.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001)
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50001)
    await carl.slash(world.channel, "scenes create", **SCENES)
    message = carl.user.dm_channel.last_message
    assert message is not None
    await quota(world, "scenes", 1, role=few)
    assert "1 of 1 used" in said(await carl.user.click(message, label="Again"))
    await quota(world, "scenes", 2, role=few)
    assert "S1 · version 2" in said(await carl.user.click(message, label="Again"))
    world.server.remove_member(carl)
    assert "This works in a server only" in said(await carl.user.click(message, label="Again"))


async def test_limits_that_are_none_are_refused(world: World) -> None:
    for kind, limit in (("scenes", -1), ("images", 1e9), ("spend", -0.01), ("spend", 1e7), ("scenes", 1e15)):
        assert "The limit must be from 0 to" in await quota(world, kind, limit)
    assert "`whole numbers`" in await quota(world, "scenes", 1.5)
    assert "`dollars with up to 4 decimals`" in await quota(world, "spend", 0.00001)
    assert "No limits" in said(await world.manager.slash(world.channel, "quota show", member=world.ann))
    assert "$1.25 a day" in await quota(world, "spend", 1.25)
    assert "$0.0001 a day" in await quota(world, "spend", 0.0001)
    assert "$1000000.00 a month" in await quota(world, "spend", 1_000_000, "month")


async def test_a_manager_of_one_server_changes_nothing_in_another(world: World) -> None:
    await world.stranger.slash(world.far, "quota set", kind="scenes", limit=0.0, period="day")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "version 1" in said(world.last)
    assert "0 of 0 used" in said(await world.ann_elsewhere.slash(world.far, "scenes create", **SCENES))


async def test_a_new_day_starts_anew(make_world: MakeWorld) -> None:
    clock = SetClock(datetime(2026, 2, 28, 23, 59, 50, tzinfo=UTC))
    world = await make_world(clock=clock)
    await quota(world, "scenes", 1)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    refused = said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    assert f"<t:{int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())}:R>" in refused
    clock.time += timedelta(seconds=11)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S2 · version 1" in said(world.last)


async def test_a_job_refunded_after_midnight_does_not_swell_the_new_day(make_world: MakeWorld) -> None:
    clock = SetClock(datetime(2026, 2, 27, 23, 59, 50, tzinfo=UTC))
    world = await make_world(clock=clock, pause=3600)
    await quota(world, "scenes", 1)
    await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    clock.time += timedelta(hours=1)
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert "**0** of 1 today" in said(await world.ann.slash(world.channel, "usage me"))
    clock.time -= timedelta(hours=1)
    assert "**0** of 1 today" in said(await world.ann.slash(world.channel, "usage me"))


async def test_simultaneous_members_do_not_share_a_limit(world: World) -> None:
    await quota(world, "scenes", 1)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.bob.slash(world.channel, "scenes create", **SCENES)
    assert [await world.used(who.id, AllowanceKind.SCENES) for who in (world.ann, world.bob)] == [1, 1]
    assert reply(await world.bob.slash(world.channel, "scenes create", **SCENES)).ephemeral


async def test_a_result_says_what_is_left_by_the_limits_in_force(world: World) -> None:
    await quota(world, "spend", 2, "month")
    await world.ann.slash(world.channel, "character create", description="y", images=2)
    assert world.last.content == "-# Left · 58 of 60 pictures today · $2.00 of $2.00 this month"
    role = world.server.create_role("Crew")
    carl = world.server.add_member(world.env.create_user("carl"), roles=[role])
    await quota(world, "scenes", 3, "day", role=role)
    await carl.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    assert world.last.content == "-# Left · 2 of 3 scene lists today · $2.00 of $2.00 this month"
    await world.restart()
    await carl.click(world.last, label="Again")
    assert world.last.content.startswith("-# Left · 1 of 3 scene lists today")
