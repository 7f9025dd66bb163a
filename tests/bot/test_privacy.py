"""Who sees what: public, private, and other servers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.results import InteractionResult

from mv.domain.actor import Actor
from mv.domain.ids import ChannelId, MemberId, RecordId, ServerId
from mv.domain.jobs import Delivery
from mv.errors import NotAllowed, NotFound
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, reply, said

SECRET = "The mayor is a lizard"
SCENES: dict[str, Any] = {"idea": SECRET, "character": "a lizard of state", "count": 24}


async def private_list(world: World) -> InteractionResult:
    return await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)


async def private_character(world: World) -> InteractionResult:
    return await world.ann.slash(world.channel, "character create", description="a lizard of state", private=True)


async def test_a_private_result_is_seen_by_its_author_alone(world: World) -> None:
    for result in (await private_list(world), await private_character(world)):
        assert result.ephemeral
        assert result.response is not None
        assert result.response.ephemeral
        assert "only you see this" in said(result)
        assert world.channel.history(viewer=world.ann) != []
        assert world.channel.history(viewer=world.bob) == []
        assert world.channel.history(viewer=world.manager) == []
    assert (await world.job(1)).delivered_by is Delivery.TOKEN


async def test_its_buttons_answer_in_private(world: World) -> None:
    result = await private_list(world)
    await world.ann.click(reply(result), label="Next")
    assert "2 / " in "".join(labels(result))
    again = await world.ann.click(reply(result), label="Again")
    assert again.ephemeral
    assert "S1 · version 2" in said(again)
    made = await private_character(world)
    again = await world.ann.click(reply(made), label="Again")
    assert again.ephemeral
    shown = await world.ann.click(reply(made), label="Use in scenes")
    used = await world.ann.submit_modal(shown, {"idea": "x", "count": "1"})
    assert used.ephemeral
    assert "S2 · version 1" in said(used)
    assert (await world.ann.click(reply(made), label="Original")).ephemeral
    assert world.channel.history(viewer=world.bob) == []


async def test_shown_again_it_stays_private(world: World) -> None:
    await private_list(world)
    await private_character(world)
    for command, ref in (("scenes show", "S1"), ("character show", "C1")):
        result = await world.ann.slash(world.channel, command, ref=ref)
        assert result.ephemeral
        assert "only you see this" in said(result)


async def test_nobody_else_sees_finds_or_deletes_it(world: World) -> None:
    await private_list(world)
    await private_character(world)
    for who in (world.bob, world.manager):
        for command in ("scenes show", "scenes delete"):
            assert "There is no scene list `S1` here" in await refusal(who, world, command, ref="S1")
        for command in ("character show", "character delete", "character original"):
            assert "There is no character `C1` here" in await refusal(who, world, command, ref="C1")
        assert "There is no character" in await refusal(who, world, "scenes create", idea="x", character="C1")
        assert "No scene lists here" in said(await who.slash(world.channel, "scenes list", member=world.ann))
        assert "No characters here" in said(await who.slash(world.channel, "character list"))
    assert "**S1**" in said(await world.ann.slash(world.channel, "scenes list"))


async def refusal(who: MemberActor, world: World, command: str, **options: Any) -> str:
    where = world.channel if who.guild.id == world.server.id else world.far
    result = await who.slash(where, command, **options)
    assert result.ephemeral
    return said(result)


async def test_managers_see_a_private_jobs_number_and_cost_but_not_its_text(world: World) -> None:
    await private_list(world)
    for result in (
        await world.manager.slash(world.channel, "jobs list"),
        await world.manager.slash(world.channel, "jobs show", ref="J1"),
    ):
        text = said(result)
        assert "J1" in text
        assert f"<@{world.ann.id}>" in text
        assert "lizard" not in text
        assert "S1" not in text
    assert "made **S1**" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))


async def test_a_private_failure_is_private_too(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    begun = await world.begun(private_list(world))
    await world.manager.slash(world.channel, "jobs cancel", ref="J1")
    assert "cancelled" in said(begun)
    assert world.channel.history(viewer=world.bob) == []
    await world.restart(pause=0)
    retried = await world.ann.click(reply(begun), label="Retry")
    assert retried.ephemeral
    assert "S1" in said(retried)


async def test_a_private_list_of_a_public_character_stays_private(world: World) -> None:
    await world.bob.slash(world.channel, "character create", description="y", name="Vera")
    result = await world.ann.slash(world.channel, "scenes create", idea=SECRET, character="C1", count=1, private=True)
    assert result.ephemeral
    assert "C1 Vera" in said(result)
    assert "lizard" not in "".join(map(said, world.channel.history(viewer=world.bob)))


async def test_another_servers_refs_are_unknown_here(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1, project="P1")
    await world.ann.slash(world.channel, "character create", description="y", name="Vera")
    for who in (world.stranger, world.ann_elsewhere):
        for command, ref in (
            ("scenes show", "S1"),
            ("scenes delete", "S1"),
            ("character show", "C1"),
            ("character original", "C1"),
            ("jobs show", "J1"),
            ("jobs cancel", "J1"),
        ):
            text = await refusal(who, world, command, ref=ref)
            assert f"There is no {{'S': 'scene list', 'C': 'character', 'J': 'job'}}[{ref[0]}]" not in text
            assert f"`{ref}` here" in text
        text = await refusal(who, world, "scenes create", idea="x", character="y", project="P1")
        assert "There is no project `P1`" in text
        assert "Spring" not in text
        assert "No projects here" in said(await who.slash(world.far, "project list"))
        assert "No scene lists" in said(await who.slash(world.far, "scenes list"))
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="x", character="C1", count=1)
    assert "There is no character `C1`" in said(world.far.history(viewer=world.ann_elsewhere.user)[-1])


async def test_keys_of_another_server_or_member_open_nothing(world: World) -> None:
    """Buttons carry keys: whoever could press one that is not theirs learns nothing."""
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    await private_list(world)
    await world.ann.slash(world.channel, "character create", description="y")
    jobs = [await world.job(number) for number in (1, 2, 3)]
    keys = [RecordId(str(job.record_id)) for job in jobs]
    far = Actor(member_id=MemberId(1), server_id=ServerId(world.elsewhere.id), channel_id=ChannelId(1), is_manager=True)
    stranger = replace(far, server_id=None)
    manager = replace(far, server_id=ServerId(world.server.id))
    scenes, characters = world.app.scenes, world.app.characters
    for who, key in ((far, keys[0]), (far, keys[1]), (stranger, keys[0]), (stranger, keys[1]), (manager, keys[1])):
        for look in (scenes.view, scenes.deletable_by_id, scenes.delete):
            with pytest.raises(NotFound):
                await look(who, key)
        with pytest.raises(NotFound):
            await scenes.again(who, key, 1, jobs[0].reply)
    for who in (far, stranger):
        for show in (characters.view, characters.deletable_by_id, characters.delete):
            with pytest.raises(NotFound):
                await show(who, keys[2])
        with pytest.raises(NotFound):
            await characters.originals_by_id(who, keys[2], jobs[2].id)
        with pytest.raises((NotFound, NotAllowed)):
            await world.app.jobs.own(who, jobs[0].id)
        with pytest.raises((NotFound, NotAllowed)):
            await world.app.jobs.cancel_by_id(who, jobs[0].id)


async def test_numbers_count_from_one_in_every_server(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    await world.stranger.slash(world.far, "scenes create", idea="x", character="y", count=1)
    message = world.far.last_message
    assert message is not None
    assert "S1 · version 1" in said(message)


async def test_the_same_bytes_are_stored_for_each_server_apart(world: World) -> None:
    for who, where in ((world.ann, world.channel), (world.stranger, world.far)):
        await who.slash(where, "character create", description="y", seed=7)
    folders = {path.parent.name for path in world.folder.rglob("character_ref_*") if path.is_file()}
    assert folders == {str(world.server.id), str(world.elsewhere.id)}


async def test_what_only_the_asker_sees(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    before = len(world.channel.history(viewer=world.bob))
    for command in (
        "scenes list",
        "character list",
        "project list",
        "jobs list",
        "usage me",
        "help",
    ):
        assert (await world.ann.slash(world.channel, command)).ephemeral
    assert (await world.manager.slash(world.channel, "quota show")).ephemeral
    assert (await world.ann.slash(world.channel, "jobs show", ref="J1")).ephemeral
    assert len(world.channel.history(viewer=world.bob)) == before


async def test_manager_commands_are_hidden_and_refused_in_code(world: World) -> None:
    with pytest.raises(SetupError):
        await world.bob.slash(world.channel, "quota show")
    (quota,) = [c for c in await world.bot.tree.fetch_commands() if c.name == "quota"]
    world.server.set_command_permissions(quota, {world.bob: True})
    for command, options in (
        ("quota show", {}),
        ("quota set", {"kind": "scenes", "limit": 1000.0, "period": "day"}),
        ("quota clear", {}),
    ):
        result = await world.bob.slash(world.channel, command, **options)
        assert result.ephemeral
        assert "Only members with Manage Server may do this" in said(result)
    assert "Built in" in said(await world.manager.slash(world.channel, "quota show"))
    assert "1000" not in said(await world.manager.slash(world.channel, "quota show"))
