"""/scenes: what members see of it, and its buttons."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest
from simcord.backend.errors import SetupError

from mv.domain.jobs import Delivery, JobState
from mv.domain.usage import AllowanceKind
from tests.bot.conftest import MakeWorld
from tests.bot.world import CONFIGS, World, files, labels, reply, said

IDEA = "A lighthouse keeper dances with the tide"
WHO = "Mara, 60, yellow raincoat"


async def create(world: World, **options: object) -> None:
    await world.ann.slash(world.channel, "scenes create", **{"idea": IDEA, "character": WHO, **options})


async def test_create_answers_with_the_list_its_files_and_buttons(world: World) -> None:
    result = await world.ann.slash(world.channel, "scenes create", idea=IDEA, character=WHO, count=3)
    assert (result.acknowledged, result.ephemeral) == (True, False)
    assert result.response is not None
    message = world.last
    assert message.id == result.response.id
    assert "S1 · version 1" in said(message)
    assert "Mara, 60, yellow raincoat" in said(message)
    assert "**3 scenes**" in said(message)
    assert files(message) == ["scenes.md", "scenes.json"]
    assert labels(message) == ["Revise", "Again", "Export", "Delete"]
    job = await world.job(1)
    assert (job.state, job.delivered_by, job.member_id) == (JobState.DONE, Delivery.TOKEN, world.ann.id)
    assert job.reply.token is None
    assert await world.net(1) == {"scenes": 1}


async def test_the_files_are_what_was_made(world: World) -> None:
    await create(world, count=2, style="neon noir")
    by_name = {attachment.filename: await attachment.read() for attachment in world.last.attachments}
    data = json.loads(by_name["scenes.json"])
    schema = json.loads((CONFIGS.parent / "mv" / "export" / "scenes.schema.json").read_text())
    jsonschema.validate(data, schema)
    assert (data["ref"], data["version"], len(data["scenes"])) == ("S1", 1, 2)
    assert data["request"]["style"] == "neon noir"
    assert "style" not in data["defaults_applied"]
    assert data["defaults_applied"]["flavor"] == "default"
    assert data["title"] in by_name["scenes.md"].decode()


async def test_the_count_left_out_is_the_flavors(world: World) -> None:
    await create(world)
    assert "**8 scenes**" in said(world.last)


async def test_pages_turn_for_everybody_and_keep_the_files(world: World) -> None:
    await create(world, count=24)
    left, _, first = said(world.last).partition("\n")
    assert left == "-# Left · 29 of 30 scene lists today"
    assert labels(world.last)[::2] == ["Previous", "Next", "Again", "Delete"]
    with pytest.raises(SetupError):
        await world.bob.click(world.last, label="Previous")
    await world.bob.click(world.last, label="Next")
    second = said(world.last)
    assert second != first
    assert "S1 · version 1" in second
    assert files(world.last) == ["scenes.md", "scenes.json"]
    await world.ann.click(world.last, label="Previous")
    assert said(world.last) == first


async def test_every_scene_is_on_some_page_and_only_one(world: World) -> None:
    await create(world, count=24)
    numbers: list[int] = []
    while True:
        numbers += [int(e.title.split(" · ")[0]) for e in world.last.embeds[1:] if e.title]
        try:
            await world.ann.click(world.last, label="Next")
        except SetupError:
            break
    assert numbers == list(range(1, 25))


async def test_again_makes_a_version_in_a_new_message_for_whoever_presses(world: World) -> None:
    await create(world, count=2)
    old = world.last
    await world.bob.click(old, label="Again")
    new = world.last
    assert new.id != old.id
    assert "S1 · version 2" in said(new)
    assert "S1 · version 1" in said(next(m for m in world.channel.history() if m.id == old.id))
    assert (await world.job(2)).member_id == world.bob.id
    assert await world.net(2) == {"scenes": 1}
    assert await world.used(world.bob.id, AllowanceKind.SCENES) == 1


async def test_show_shows_the_newest_or_the_version_asked_for(world: World) -> None:
    await create(world, count=2)
    await world.ann.click(world.last, label="Again")
    result = await world.bob.slash(world.channel, "scenes show", ref=" #s1 ")
    assert not result.ephemeral
    assert "S1 · version 2" in said(result)
    assert files(reply(result)) == ["scenes.md", "scenes.json"]
    assert labels(result) == ["Revise", "Again", "Export", "Delete"]
    assert "S1 · version 1" in said(await world.bob.slash(world.channel, "scenes show", ref="1", version=1))
    missing = await world.bob.slash(world.channel, "scenes show", ref="S1", version=3)
    assert missing.ephemeral
    assert "has no version" in said(missing)


async def test_list_is_for_the_asker_and_filters(world: World) -> None:
    assert "No scene lists here yet" in said(await world.bob.slash(world.channel, "scenes list"))
    await world.ann.slash(world.channel, "project create", name="Spring")
    await create(world, count=1, project="P1")
    await world.bob.slash(world.channel, "scenes create", idea="Another one", character=WHO, count=1)
    everything = await world.bob.slash(world.channel, "scenes list")
    assert everything.ephemeral
    assert [ref in said(everything) for ref in ("**S1**", "**S2**")] == [True, True]
    of_project = said(await world.bob.slash(world.channel, "scenes list", project="spring"))
    assert ("**S1**" in of_project, "**S2**" in of_project) == (True, False)
    of_bob = said(await world.ann.slash(world.channel, "scenes list", member=world.bob))
    assert ("**S1**" in of_bob, "**S2**" in of_bob) == (False, True)
    both = said(await world.ann.slash(world.channel, "scenes list", member=world.bob, project="P1"))
    assert "No scene lists here yet" in both


async def test_lists_turn_to_older_and_back_with_their_filter(world: World) -> None:
    for _ in range(12):
        await create(world, count=1)
    await world.bob.slash(world.channel, "scenes create", idea="Another one", character=WHO, count=1)
    result = await world.bob.slash(world.channel, "scenes list", member=world.ann)
    assert labels(result) == ["Newest", "Older"]
    assert ("**S12**" in said(result), "**S3**" in said(result), "**S2**" in said(result)) == (True, True, False)
    await world.bob.click(reply(result), label="Older")
    assert ("**S2**" in said(result), "**S3**" in said(result), "**S13**" in said(result)) == (True, False, False)
    with pytest.raises(SetupError):
        await world.bob.click(reply(result), label="Older")
    await world.bob.click(reply(result), label="Newest")
    assert "**S12**" in said(result)
    assert "**S13**" not in said(result)


async def test_delete_asks_and_keep_keeps(world: World) -> None:
    await create(world, count=1)
    result = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    assert result.ephemeral
    assert labels(result) == ["Delete S1", "Keep"]
    await world.ann.click(reply(result), label="Keep")
    assert "kept" in said(result)
    assert labels(result) == []
    assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


async def test_delete_deletes_and_says_so_in_the_message(world: World) -> None:
    await create(world, count=1)
    message = world.last
    question = await world.ann.click(message, label="Delete")
    assert question.ephemeral
    await world.ann.click(reply(question), label="Delete S1")
    assert "S1 is deleted" in said(question)
    assert "S1 is deleted" in said(world.last)
    assert (labels(world.last), files(world.last)) == (["Undo"], [])
    assert "There is no scene list `S1` here" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))
    assert "**S1**" not in said(await world.ann.slash(world.channel, "scenes list"))
    assert await world.net(1) == {"scenes": 1}


async def test_the_owner_and_managers_delete_and_nobody_else(world: World) -> None:
    await create(world, count=1)
    await create(world, count=1)
    for refused in (
        await world.bob.slash(world.channel, "scenes delete", ref="S1"),
        await world.bob.click(world.last, label="Delete"),
    ):
        assert refused.ephemeral
        assert f"<@{world.ann.id}>" in said(refused)
        assert labels(refused) == []
    allowed = await world.manager.slash(world.channel, "scenes delete", ref="S1")
    await world.manager.click(reply(allowed), label="Delete S1")
    assert "S1 is deleted" in said(allowed)


async def test_buttons_of_a_deleted_list_say_that_it_is_gone(world: World) -> None:
    await create(world, count=24)
    shown = (await world.bob.slash(world.channel, "scenes show", ref="S1")).response
    assert shown is not None
    question = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    await world.ann.click(reply(question), label="Delete S1")
    for label in ("Next", "Again", "Delete"):
        answer = await world.ann.click(shown, label=label)
        assert answer.ephemeral
        assert "There is no scene list" in said(answer)
    answer = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    assert "There is no scene list" in said(answer)


async def test_a_question_answered_twice_is_answered_twice(world: World) -> None:
    await create(world, count=1)
    one = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    two = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    await world.ann.click(reply(one), label="Delete S1")
    late = await world.ann.click(reply(two), label="Delete S1")
    assert "There is no scene list" in said(late)


async def test_a_saved_character_is_used_word_for_word_and_linked(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="an astronaut with a violin", name="Vera")
    await create(world, character="c1", count=1)
    assert "C1 Vera" in said(world.last)
    brief = (await world.job(2)).order["brief"]
    assert brief["character"] == "Vera: an astronaut with a violin"
    missing = await world.ann.slash(world.channel, "scenes create", idea=IDEA, character="C9")
    assert missing.ephemeral
    assert "There is no character `C9` here" in said(missing)


async def test_flavor_and_project_are_kept_with_the_list(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await create(world, count=1, flavor="Cinematic", project="SPRING")
    assert "P1 Spring" in said(world.last)
    assert "flavor cinematic" in said(world.last)


async def test_buttons_work_after_a_restart(make_world: MakeWorld) -> None:
    world = await make_world()
    await create(world, count=24)
    question = await world.ann.click(world.last, label="Delete")
    await world.restart()
    await world.ann.click(world.last, label="Next")
    assert "2 / " in "".join(labels(world.last))
    await world.ann.click(world.last, label="Again")
    assert "S1 · version 2" in said(world.last)
    await world.ann.click(reply(question), label="Delete S1")
    assert "S1 is deleted" in said(question)


async def test_a_flavor_that_left_the_configuration(make_world: MakeWorld, tmp_path: Path) -> None:
    """What was made with it goes on with the default, also what waited over the restart."""
    world = await make_world()
    await world.ann.slash(world.channel, "scenes create", idea=IDEA, character="Mara", count=1, flavor="cinematic")
    made = world.last
    await world.ann.slash(world.channel, "character create", description="a fox", flavor="cinematic")
    painted = world.last
    await world.restart(pause=3600)
    await world.begun(
        world.ann.slash(world.channel, "scenes create", idea=IDEA, character="Mara", count=1, flavor="cinematic")
    )
    world.configs = shutil.copytree(CONFIGS, tmp_path / "configs", ignore=shutil.ignore_patterns("cinematic"))
    await world.restart(kill=True, pause=0)
    assert "flavor cinematic is gone, the default took its place" in said(world.last)
    assert "flavor default" in said(world.last)
    for message, label, kind in ((made, "Again", "S1 · version 2"), (painted, "Again", "C1 · take 2")):
        await world.ann.click(message, label=label)
        assert kind in said(world.last)
    await world.ann.slash(world.channel, "scenes revise", ref="S1", instructions="calmer")
    assert "S1 · version 3" in said(world.last)
    assert "flavor default" in said(world.last)
