"""/project, /jobs and /help."""

from __future__ import annotations

import re

import pytest
from simcord.backend.errors import SetupError

from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, dm, labels, reply, said


async def test_help_is_for_the_asker_and_names_only_what_there_is(world: World) -> None:
    result = await world.ann.slash(world.channel, "help")
    assert result.ephemeral
    assert result.response is not None
    synced = {f"/{' '.join(path)}" for path in _paths(world)}
    for example in re.findall(r"^(/\w+ \w+)", said(result), re.MULTILINE):
        assert example in synced


def _paths(world: World) -> list[tuple[str, ...]]:
    return [tuple(name.split()) for name in world.manager.available_commands(world.channel)]


async def test_help_names_every_command(world: World) -> None:
    text = said(await world.ann.slash(world.channel, "help"))
    for group, *rest in _paths(world):
        line = next(line for line in text.splitlines() if line.startswith(f"`/{group}`")) if rest else "help"
        assert not rest or rest[0] in line


async def test_help_works_in_a_direct_message(world: World) -> None:
    assert "/scenes create" in said(await dm(world.ann.user, "help"))


async def test_a_project_is_made_in_public_and_listed_in_private(world: World) -> None:
    made = await world.ann.slash(world.channel, "project create", name="  Spring  ")
    assert not made.ephemeral
    assert "P1 · Spring" in said(made)
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1, project="Spring")
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1, project="P1", private=True)
    listed = await world.bob.slash(world.channel, "project list")
    assert listed.ephemeral
    assert "**P1** · Spring" in said(listed)
    assert "1 scene list ·" in said(listed)
    assert "2 scene lists ·" in said(await world.ann.slash(world.channel, "project list"))


async def test_a_project_name_is_taken_in_any_case_but_not_in_another_server(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Straße")
    taken = await world.bob.slash(world.channel, "project create", name="STRASSE")
    assert taken.ephemeral
    assert "P1" in said(taken)
    assert "P1" in said(await world.stranger.slash(world.far, "project create", name="Straße"))
    assert "P2" in said(await world.bob.slash(world.channel, "project create", name="Other"))


async def test_project_lists_turn(world: World) -> None:
    for number in range(11):
        await world.ann.slash(world.channel, "project create", name=f"Project {number}")
    result = await world.bob.slash(world.channel, "project list")
    await world.bob.click(reply(result), label="Older")
    assert "**P1**" in said(result)
    await world.bob.click(reply(result), label="Newest")
    assert "**P11**" in said(result)


async def test_jobs_list_shows_ones_own_and_managers_all(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    await world.bob.slash(world.channel, "character create", description="y")
    own = await world.ann.slash(world.channel, "jobs list")
    assert own.ephemeral
    assert ("**J1**" in said(own), "**J2**" in said(own)) == (True, False)
    everybody = said(await world.manager.slash(world.channel, "jobs list"))
    assert ("**J1**" in everybody, "**J2**" in everybody) == (True, True)
    mine = said(await world.manager.slash(world.channel, "jobs list", mine=True))
    assert "No jobs yet" in mine


async def test_jobs_list_turns(world: World) -> None:
    for _ in range(11):
        await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    for who in (world.ann, world.manager):
        result = await who.slash(world.channel, "jobs list")
        await who.click(reply(result), label="Older")
        assert "**J1**" in said(result)
        await who.click(reply(result), label="Newest")
        assert "**J11**" in said(result)


async def test_jobs_show_says_what_became_of_it(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    result = await world.ann.slash(world.channel, "jobs show", ref="j1")
    assert result.ephemeral
    assert "made **S1**, version 1" in said(result)
    assert labels(result) == []
    assert "made **S1**" in said(await world.manager.slash(world.channel, "jobs show", ref="1"))
    hidden = await world.bob.slash(world.channel, "jobs show", ref="J1")
    assert "There is no job `J1` here" in said(hidden)


async def test_jobs_cancel_stops_ones_own_and_gives_back(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", idea="x", character="y"))
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 1
    assert "There is no job" in said(await world.begun(world.bob.slash(world.channel, "jobs cancel", ref="J1")))
    assert (await world.job(1)).state is JobState.RUNNING
    result = await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert result.ephemeral
    assert "J1 is cancelled" in said(result)
    assert (await world.job(1)).state is JobState.CANCELLED
    assert await world.net(1) == {}
    assert f"It was cancelled by <@{world.ann.id}>" in said(world.last)
    late = await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert "J1 was cancelled already" in said(late)


async def test_a_manager_cancels_anybodys_job(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "character create", description="y"))
    result = await world.manager.slash(world.channel, "jobs cancel", ref="J1")
    assert "J1 is cancelled" in said(result)
    assert f"<@{world.manager.id}>" in said(world.last)


async def test_a_finished_job_is_not_cancelled(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    assert "J1 is done already" in said(await world.ann.slash(world.channel, "jobs cancel", ref="J1"))
    assert await world.net(1) == {"scenes": 1}


async def test_a_cancelled_job_can_be_retried_by_its_owner_only(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1))
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert labels(world.last) == ["Retry"]
    refused = await world.bob.click(world.last, label="Retry")
    assert refused.ephemeral
    assert "You may not retry J1" in said(refused)
    assert f"<@{world.ann.id}>" in said(refused)
    await world.restart(pause=0)
    await world.ann.click(world.last, label="Retry")
    assert "S1 · version 1" in said(world.last)
    assert await world.net(2) == {"scenes": 1}


async def test_jobs_show_of_a_running_job_can_be_cancelled_from_there(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", idea="secret idea", character="y", private=True))
    for who in (world.manager, world.ann):
        result = await world.begun(who.slash(world.channel, "jobs show", ref="J1"))
        assert labels(result) == ["Cancel"]
        assert ("secret idea" in said(result)) == (who is world.ann)
    with pytest.raises(SetupError):
        await world.bob.click(reply(result), label="Cancel")
    answer = await world.ann.click(reply(result), label="Cancel")
    assert "J1 is cancelled" in said(answer)
