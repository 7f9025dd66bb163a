"""Projects: what is in one, other names, closed to new records and opened again."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from simcord.results import InteractionResult

from mv.domain.actor import Actor
from mv.domain.ids import ChannelId, MemberId, ServerId
from mv.errors import NotFound
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, reply, said
from tests.ui.rules import active

SCENES: dict[str, Any] = {"idea": "x", "character": "y", "count": 1}
NASTY = ("**@everyone** <@1> [x](https://evil.example)", "`" * 80, "שלום \u202e\u0000", "\ud800\udfff 1. # >", "/" * 80)


async def create(world: World, name: str = "Spring") -> InteractionResult:
    return await world.ann.slash(world.channel, "project create", name=name)


async def test_show_counts_what_the_asker_may_see(world: World) -> None:
    await create(world)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1", private=True)
    await world.bob.slash(world.channel, "character create", description="z", name="Vera", project="spring")
    await world.manager.slash(
        world.channel, "character create", description="z", name="Lou", project="P1", private=True
    )
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    for who, lists, figures, refs in (
        (world.ann, "2 scene lists", "1 character", ["C1", "S2", "S1"]),
        (world.bob, "1 scene list", "1 character", ["C1", "S1"]),
        (world.manager, "1 scene list", "2 characters", ["C2", "C1", "S1"]),
    ):
        shown = await who.slash(world.channel, "project show", ref="P1")
        assert shown.ephemeral
        text = said(shown)
        assert f"{lists} · {figures}\n" in text
        assert re.findall(r"\*\*([SC]\d)\*\*", text) == refs
        assert f"by <@{world.ann.id}>" in text
        assert (f"<@{world.manager.id}>" in text) is (who is world.manager)
        assert labels(shown) == ["Scene lists", "Characters"]


async def test_an_empty_one_has_nothing_to_press(world: World) -> None:
    await create(world, "Ä very empty one")
    shown = await world.bob.slash(world.channel, "project show", ref="ä VERY empty ONE")
    assert "0 scene lists · 0 characters" in said(shown)
    assert "$0.00 at known prices" in said(shown)
    assert "unpriced" not in said(shown)
    assert labels(shown) == []


async def test_a_run_without_a_price_is_not_a_free_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await create(world)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    assert "unpriced" not in said(await world.ann.slash(world.channel, "project show", ref="P1"))
    monkeypatch.setattr("mv.domain.engine.Engine.scene_cost", lambda engine, usage, day: None)
    for _ in range(2):
        await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    assert "$0.00 at known prices · 2 runs unpriced" in said(
        await world.ann.slash(world.channel, "project show", ref="P1")
    )
    monkeypatch.setattr("mv.domain.engine.Engine.scene_cost", lambda engine, usage, day: 450_000)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "$0.45 at known prices · 2 runs unpriced" in said(
        await world.bob.slash(world.channel, "project show", ref="P1")
    )


async def test_its_buttons_open_the_lists_also_after_a_restart(world: World) -> None:
    await create(world)
    for _ in range(11):
        await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.ann.slash(world.channel, "character create", description="z", name="Vera", project="P1")
    shown = await world.bob.slash(world.channel, "project show", ref="P1")
    await world.restart()
    lists = await world.bob.click(reply(shown), label="Scene lists")
    assert lists.ephemeral
    assert ("**S11**" in said(lists), "**S12**" in said(lists), "**S1**" in said(lists)) == (True, False, False)
    await world.bob.click(reply(lists), label="Older")
    assert "**S1**" in said(lists)
    figures = await world.bob.click(reply(shown), label="Characters")
    assert "Vera" in said(figures)
    assert "In it" in said(shown)


async def test_rename_is_for_its_owner_and_managers(world: World) -> None:
    await create(world)
    refused = await world.bob.slash(world.channel, "project rename", ref="P1", name="Mine")
    assert f"You may not rename P1.\n\n<@{world.ann.id}> and managers of this server may." in said(refused)
    renamed = await world.ann.slash(world.channel, "project rename", ref="P1", name="Summer")
    assert renamed.ephemeral
    assert "P1 is now Summer" in said(renamed)
    assert "It was **Spring**" in said(renamed)
    await world.manager.slash(world.channel, "project rename", ref="summer", name="SUMMER")
    assert "P1 · SUMMER" in said(await world.ann.slash(world.channel, "project show", ref="P1")).replace("\n", " · ")
    await create(world, "Spring")
    taken = said(await world.ann.slash(world.channel, "project rename", ref="P2", name="ｓummer"))
    assert "There is a project of that name already: P1" in taken
    assert "The name is empty" in said(await world.ann.slash(world.channel, "project rename", ref="P2", name="\u200b"))


async def test_an_archived_one_takes_nothing_new_and_stays_findable(world: World) -> None:
    await create(world)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    made = world.last
    assert "You may not archive P1" in said(await world.bob.slash(world.channel, "project archive", ref="P1"))
    archived = await world.ann.slash(world.channel, "project archive", ref="P1")
    assert archived.ephemeral
    assert "reopen:True" in said(archived)
    for given in ("P1", "spring"):
        for command, what in (("scenes create", SCENES), ("character create", {"description": "y"})):
            refused = said(await world.bob.slash(world.channel, command, **what, project=given))
            assert "P1 is archived: nothing new goes into it" in refused
            assert "Nothing was charged" in refused
    assert await world.bob.autocomplete(world.channel, "scenes create", "project", "") == []
    (offered,) = await world.bob.autocomplete(world.channel, "scenes list", "project", "spr")
    assert offered["name"] == "P1 · Spring · archived"
    for command in ("scenes list", "jobs list"):
        assert "1**" in said(await world.ann.slash(world.channel, command, project="spring"))
    assert "P1 · archived" in said(await world.bob.slash(world.channel, "project show", ref="Spring"))
    assert "Archived" in said(await world.bob.slash(world.channel, "project show", ref="P1"))
    again = await world.bob.click(made, label="Again")
    assert "version 2" in said(again)


async def test_archived_twice_and_opened_again(world: World) -> None:
    await create(world)
    assert "P1 is open already" in said(await world.ann.slash(world.channel, "project archive", ref="P1", reopen=True))
    await world.ann.slash(world.channel, "project archive", ref="P1")
    twice = said(await world.manager.slash(world.channel, "project archive", ref="P1"))
    assert "P1 is archived already" in twice
    assert "`/project archive ref:P1 reopen:True`" in twice
    await create(world, "SPRING")
    taken = said(await world.ann.slash(world.channel, "project archive", ref="P1", reopen=True))
    assert "P1 cannot be opened again: P2 has its name by now" in taken
    await world.ann.slash(world.channel, "project rename", ref="P1", name="Old spring")
    opened = said(await world.ann.slash(world.channel, "project archive", ref="P1", reopen=True))
    assert "P1 is open again" in opened
    await world.bob.slash(world.channel, "scenes create", **SCENES, project="Old spring")
    assert "P1 Old spring" in said(world.last)


async def test_two_at_once_archive_it_once(world: World) -> None:
    await create(world)
    ann, manager = (
        Actor(
            member_id=MemberId(who.id),
            server_id=ServerId(world.server.id),
            channel_id=ChannelId(1),
            is_manager=who is world.manager,
        )
        for who in (world.ann, world.manager)
    )
    archive = world.app.projects.archive
    results = await asyncio.gather(archive(ann, "P1"), archive(manager, "Spring"), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Already", "Project"]


async def test_a_failed_request_is_not_repeated_into_an_archived_one(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await create(world)
    begun = [
        await world.begun(world.ann.slash(world.channel, command, **what, project="P1"))
        for command, what in (("scenes create", SCENES), ("character create", {"description": "y"}))
    ]
    for ref in ("J1", "J2"):
        await world.begun(world.ann.slash(world.channel, "jobs cancel", ref=ref))
    await world.ann.slash(world.channel, "project archive", ref="P1")
    await world.restart(pause=0)
    for result in begun:
        assert "P1 is archived" in said(await world.ann.click(reply(result), label="Retry"))
    await world.ann.slash(world.channel, "project archive", ref="P1", reopen=True)
    assert "S1" in said(await world.ann.click(reply(begun[0]), label="Retry"))


async def test_the_list_marks_and_filters_archived_ones(world: World) -> None:
    for number in range(1, 13):
        await create(world, f"Film {number}")
    await world.ann.slash(world.channel, "project archive", ref="P12")
    every = await world.bob.slash(world.channel, "project list")
    assert "Film 12 · archived" in said(every)
    assert "Film 11 · archived" not in said(every)
    only = said(await world.bob.slash(world.channel, "project list", archived=True))
    assert re.findall(r"\*\*P(\d+)\*\*", only) == ["12"]
    open_ = await world.bob.slash(world.channel, "project list", archived=False)
    assert re.findall(r"\*\*P(\d+)\*\*", said(open_)) == [str(n) for n in range(11, 1, -1)]
    await world.bob.click(reply(open_), label="Older")
    assert re.findall(r"\*\*P(\d+)\*\*", said(open_)) == ["1"]


async def test_jobs_of_one_project(world: World) -> None:
    await create(world)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.bob.slash(world.channel, "scenes create", **SCENES, project="P1")
    of = {"project": "P1"}
    assert re.findall(r"\*\*J(\d)\*\*", said(await world.ann.slash(world.channel, "jobs list", **of))) == ["1"]
    assert re.findall(r"\*\*J(\d)\*\*", said(await world.manager.slash(world.channel, "jobs list", **of))) == ["3", "1"]
    assert re.findall(r"\*\*J(\d)\*\*", said(await world.bob.slash(world.channel, "jobs list"))) == ["3"]
    assert "There is no project `P7`" in said(await world.ann.slash(world.channel, "jobs list", project="P7"))


async def test_another_servers_project_is_unknown(world: World) -> None:
    await create(world)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    shown = await world.ann.slash(world.channel, "project show", ref="P1")
    for command, more in (("show", {}), ("rename", {"name": "Mine"}), ("archive", {}), ("archive", {"reopen": True})):
        for given in ("P1", "Spring"):
            result = await world.stranger.slash(world.far, f"project {command}", ref=given, **more)
            assert f"There is no project `{given}`" in said(result)
    assert "There is no project" in said(await world.stranger.slash(world.far, "jobs list", project="P1"))
    assert await world.stranger.autocomplete(world.far, "project show", "ref", "") == []
    assert "Spring" in said(shown)
    home, far = (
        Actor(member_id=MemberId(world.stranger.id), server_id=ServerId(server.id), channel_id=ChannelId(1))
        for server in (world.server, world.elsewhere)
    )
    projects = world.app.projects
    found = await projects.find(home, "P1")
    assert found is not None
    assert (await projects.own(home, found.id)).name == "Spring"
    with pytest.raises(NotFound):
        await projects.own(far, found.id)


@pytest.mark.parametrize("name", NASTY)
async def test_names_break_nothing(world: World, name: str) -> None:
    await create(world, name)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    answers = [
        await world.ann.slash(world.channel, "project show", ref="P1"),
        await world.ann.slash(world.channel, "project rename", ref="P1", name=name[::-1]),
        await world.ann.slash(world.channel, "project archive", ref="P1"),
        await world.ann.slash(world.channel, "project list"),
        await world.ann.slash(world.channel, "project show", ref=name),
    ]
    for result in answers:
        quoted = re.sub("`[^`]*`", "", said(result))
        assert not {"masked link", "everyone", "address"}.intersection(active(quoted))
