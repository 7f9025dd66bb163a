"""Delete, and Undo: by whoever may, for a day, however often, after a restart."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from mv.domain.actor import Actor
from mv.domain.ids import ChannelId, Kind, MemberId, Ref, ServerId, new_id
from mv.domain.jobs import JobState
from mv.domain.scenes import SceneList
from mv.errors import Final
from mv.ports import Seen
from tests.bot.conftest import MakeWorld
from tests.bot.test_once import SCENES, create
from tests.bot.world import World, labels, reply, said
from tests.store.things import SetClock

DAY = timedelta(days=1)
NASTY = "**@everyone** <@1> `x`"


async def deleted(world: World, message: object, ref: str, *, by: object = None) -> object:
    """The answer, which offers Undo."""
    who = by or world.ann
    question = await who.click(message, label="Delete")  # type: ignore[attr-defined]
    return await who.click(reply(question), label=f"Delete {ref}")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("command", "options", "ref"),
    [("scenes", SCENES, "S1"), ("character", {"description": NASTY, "name": NASTY}, "C1")],
)
async def test_undo_brings_it_back_and_says_how_to_see_it(
    world: World, command: str, options: dict[str, object], ref: str
) -> None:
    await world.ann.slash(world.channel, f"{command} create", **options)
    message = world.last
    answer = await deleted(world, message, ref)
    assert labels(world.last) == ["Undo"]
    assert f"{ref} is deleted" in said(world.last)
    assert f"{ref} is deleted" in said(answer)  # type: ignore[arg-type]
    assert "There is no" in said(await world.ann.slash(world.channel, f"{command} show", ref=ref))
    assert ref not in said(await world.ann.slash(world.channel, f"{command} list"))
    await world.ann.click(reply(answer), label="Undo")  # type: ignore[arg-type]
    assert f"{ref} is back" in said(world.last), "the message whose Delete was pressed says so too"
    assert f"`/{command} show ref:{ref}` shows it" in said(world.last)
    assert labels(world.last) == []
    shown = await world.bob.slash(world.channel, f"{command} show", ref=ref)
    assert "Delete" in labels(shown)


async def test_undo_after_the_command_and_after_a_restart(world: World) -> None:
    await create(world)
    asked = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    answer = await world.ann.click(reply(asked), label="Delete S1")
    await world.restart()
    await world.ann.click(reply(answer), label="Undo")
    assert "S1 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="S1"))


async def test_undo_on_the_message_itself_by_those_who_may(world: World) -> None:
    message = await create(world)
    await deleted(world, message, "S1")
    refused = await world.bob.click(world.last, label="Undo")
    assert refused.ephemeral
    assert "You may not take back the deletion of S1" in said(refused)
    assert f"<@{world.ann.id}> and managers of this server may" in said(refused)
    world.server.remove_member(world.ann)
    await world.manager.click(world.last, label="Undo")
    assert "S1 is back" in said(world.last)
    assert "S1 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="S1"))


async def test_undo_pressed_twice_and_by_two_at_once(world: World) -> None:
    message = await create(world)
    answer = await deleted(world, message, "S1")
    shown = world.last
    await world.at_once(
        [
            partial(world.ann.click, reply(answer), label="Undo"),  # type: ignore[arg-type]
            partial(world.manager.click, shown, label="Undo"),
        ]
    )
    assert "S1 is back" in said(world.last)
    assert "S1 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="S1"))


async def test_an_undo_that_was_pressed_already_changes_nothing_any_more(world: World) -> None:
    await create(world)
    asked = [await world.ann.slash(world.channel, "scenes delete", ref="S1") for _ in range(2)]
    first = await world.ann.click(reply(asked[0]), label="Delete S1")
    assert "There is no scene list here any more" in said(await world.ann.click(reply(asked[1]), label="Delete S1"))
    pressed = await world.ann.click(reply(first), label="Undo")
    assert not pressed.followups
    assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


async def test_undo_is_too_late_after_a_day_whether_it_is_gone_or_not(make_world: MakeWorld) -> None:
    clock = SetClock()
    world = await make_world(clock=clock)
    message = await create(world)
    await deleted(world, message, "S1")
    until = int((clock.time + DAY).timestamp())
    assert f"<t:{until}:f>" in said(world.last)
    clock.time += DAY
    for _ in range(2):
        late = await world.ann.click(world.last, label="Undo")
        assert late.ephemeral
        assert "It is too late: this scene list is deleted for good" in said(late)
        await world.app.cleaner.clean()
    assert "S1 is deleted" in said(world.last)


async def test_a_server_may_undo_for_longer(make_world: MakeWorld) -> None:
    clock = SetClock()
    world = await make_world(clock=clock)
    message = await create(world)
    await world.manager.slash(world.channel, "settings set", keep_deleted_days=3)
    await deleted(world, message, "S1")
    clock.time += 2 * DAY
    await world.app.cleaner.clean()
    await world.ann.click(world.last, label="Undo")
    assert "S1 is back" in said(world.last)


async def test_what_is_not_theirs_to_see_and_what_never_was_are_told_the_same(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    record = await the_list(world)
    asked = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    answer = await world.ann.click(reply(asked), label="Delete S1")
    stranger = actor(world.stranger.id, ServerId(world.elsewhere.id), manager=True)
    for who in (
        actor(world.manager.id, record.server_id, manager=True),
        actor(world.bob.id, record.server_id),
        stranger,
    ):
        for key in (record.id, new_id()):
            with pytest.raises(Final) as told:
                await world.app.scenes.undelete(who, key)
            assert told.value.facts() == {"kind": "scene list"}
    await world.ann.click(reply(answer), label="Undo")
    assert "S1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


async def test_a_version_that_was_under_way_ends_refunded_and_undo_brings_the_list_back(make_world: MakeWorld) -> None:
    world = await make_world()
    message = await create(world)
    record = await the_list(world)
    await world.restart(pause=1.0)
    await world.begun(world.ann.click(message, label="Again"), 0.1)
    ann = actor(world.ann.id, record.server_id)
    await world.app.scenes.delete(ann, record.id)
    await world.env.settle(timeout=10)
    job = await world.job(2)
    assert (job.state, job.error) == (JobState.FAILED, "NotFound")
    assert await world.net(2) == {}
    await world.app.scenes.undelete(ann, record.id)
    await world.restart(pause=0.0)
    back = await world.bob.slash(world.channel, "scenes show", ref="S1")
    assert "S1 · version 1" in said(back)
    await world.ann.click(reply(back), label="Again")
    assert "S1 · version 2" in said(world.last)


async def the_list(world: World) -> SceneList:
    async with world.app.tools.records.read() as tx:
        seen = Seen(server_id=ServerId(world.server.id), member_id=MemberId(world.ann.id))
        found = await tx.scenes.find(seen, Ref(Kind.SCENE_LIST, 1))
    assert found is not None
    return found


def actor(member: int, server: ServerId, *, manager: bool = False) -> Actor:
    return Actor(member_id=MemberId(member), server_id=server, channel_id=ChannelId(1), is_manager=manager)


async def test_a_list_whose_character_is_gone_for_good_before_it_is_made(make_world: MakeWorld) -> None:
    clock = SetClock()
    world = await make_world(clock=clock)
    await world.ann.slash(world.channel, "character create", description="a fox in a mustard coat", name="Fox")
    painted = world.last
    await world.restart(pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", idea="x", character="C1", count=1))
    question = await world.begun(world.ann.click(painted, label="Delete"))
    await world.begun(world.ann.click(reply(question), label="Delete C1"))
    clock.time += 2 * DAY
    await world.app.cleaner.clean()
    await world.restart(kill=True, pause=0)
    shown = said(await world.ann.slash(world.channel, "scenes show", ref="S1"))
    assert "S1 · version 1" in shown
    assert "a fox in a mustard coat" in shown
    assert "C1" not in shown
