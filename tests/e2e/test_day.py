"""An ordinary day of a team: everything is made, paged, shown, asked for again and deleted."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts import asked, character, finished, result, scenes, waiting
from tests.e2e.stage import Stage, until
from tests.standins.discord import Interaction, Message
from tests.standins.gemini import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG = "A slow crane shot over wet slate roofs while the harbour lamps go out one after the other. " * 9


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def _bot(stage: Stage) -> AsyncIterator[None]:
    stage.google.decide = lambda prompt: Reply(change={"description": LONG})
    bot = await stage.start()
    yield
    assert await bot.stop() == 0


@pytest.fixture(autouse=True)
def _quick(stage: Stage) -> None:
    stage.google.delay = stage.replicate.delay = 0.0


def titles(message: Message) -> list[str]:
    """Of the scenes on this page."""
    return [embed["title"] for embed in message.embeds if re.match(r"\d+ · ", embed.get("title", ""))]


def ref(message: Message) -> str:
    """The record's number."""
    return str(message.embeds[0]["author"]["name"].split(" · ")[0])


def disabled(message: Message, which: str) -> bool:
    return bool(next(one for one in message.controls if one.get("label") == which).get("disabled"))


async def press(stage: Stage, message: Message, which: str) -> Interaction:
    return await (await stage.discord.click(message, which)).acknowledged()


async def test_a_scene_list_is_made_paged_and_shown(stage: Stage) -> None:
    asking = await scenes(stage)
    assert asking.acknowledged_after < 3
    made = await result(asking)
    assert not made.ephemeral
    written = json.loads(made.file("scenes.json"))
    assert [scene["number"] for scene in written["scenes"]] == list(range(1, 9))
    assert (written["ref"], written["model_version"]) == (ref(made), "gemini-2.5-pro-001")
    assert "Scene 8" in made.file("scenes.md").decode()

    pages = [titles(made)]
    while not disabled(made, "Next"):
        turned = await press(stage, made, "Next")
        assert turned.message is made
        pages.append(titles(made))
    assert len(pages) > 1
    assert [title for page in pages for title in page] == [f"{n} · Scene {n}" for n in range(1, 9)]
    await press(stage, made, "Previous")
    assert titles(made) == pages[-2]
    assert [file.name for file in made.attachments] == ["scenes.md", "scenes.json"]

    shown = await (await stage.discord.slash("scenes show", {"ref": ref(made).lower()})).response()
    assert not shown.ephemeral
    assert titles(shown) == pages[0]
    listed = await asked(stage, "scenes list")
    assert ref(made) in listed.text


async def test_again_makes_a_version_in_a_new_message(stage: Stage) -> None:
    first = await result(await scenes(stage, count=2))
    second = await result(await press(stage, first, "Again"))
    assert second is not first
    assert second.embeds[0]["author"]["name"] == f"{ref(first)} · version 2"
    assert first.embeds[0]["author"]["name"] == f"{ref(first)} · version 1"
    old = await (await stage.discord.slash("scenes show", {"ref": ref(first), "version": 1})).response()
    assert old.embeds[0]["author"]["name"] == f"{ref(first)} · version 1"


async def test_only_its_owner_and_managers_delete_a_scene_list(stage: Stage) -> None:
    made = await result(await scenes(stage, count=2))
    refused = await stage.discord.click(made, "Delete", member=stage.discord.friend)
    assert "may not" in (await refused.response()).text
    assert refused.ephemeral
    question = await (await press(stage, made, "Delete")).response()
    assert question.ephemeral
    number = ref(made)
    await (await press(stage, question, f"Delete {number}")).response()
    assert f"{number} is deleted" in question.text
    await stage.discord.bell.until(lambda: f"{number} is deleted" in made.text, 5, lambda: made.text)
    assert (made.buttons, made.attachments) == (["Undo"], [])
    gone = await asked(stage, "scenes show", {"ref": number})
    assert "There is no" in gone.text


async def test_a_character_with_pictures_and_its_originals(stage: Stage) -> None:
    made = await result(await character(stage, images=2, name="Ada", aspect_ratio="16:9"))
    assert not made.ephemeral
    assert len(made.embeds) == 2
    assert [file.mime for file in made.attachments] == ["image/webp"] * 2
    assert all(file.description and "Ada" in file.description for file in made.attachments)
    assert len({embed["image"]["url"] for embed in made.embeds}) == 2
    made_there = list(stage.replicate.predictions.values())[-2:]

    pressed = await press(stage, made, "Original")
    originals = await pressed.response()
    assert pressed.ephemeral
    assert [re.fullmatch(r"character_ref_\d{8}_\d{6}_\w+\.png", f.name) is None for f in originals.attachments] == [
        False,
        False,
    ]
    sent = {bytes(one.bytes(0, stage.replicate.edge)) for one in made_there}
    assert {file.data for file in originals.attachments} == sent
    one = await asked(stage, "character original", {"ref": ref(made), "take": 2})
    assert [file.data for file in one.attachments] == [originals.attachments[1].data]

    again = await result(await press(stage, made, "Again"))
    assert [embed["author"]["name"] for embed in again.embeds] == [f"{ref(made)} · take {n}" for n in (3, 4)]
    shown = await (await stage.discord.slash("character show", {"ref": ref(made)})).response()
    assert shown.embeds[0]["title"] == "Ada"
    question = await (await press(stage, made, "Delete")).response()
    await (await press(stage, question, f"Delete {ref(made)}")).response()
    assert "There is no" in (await asked(stage, "character show", {"ref": ref(made)})).text


async def test_scenes_with_a_saved_character(stage: Stage) -> None:
    made = await result(await character(stage, "Bo, a tall fox in a mustard coat"))
    form = await press(stage, made, "Use in scenes")
    listed = await result(await stage.discord.submit(form, {"idea": "She lets a kite go", "count": "2"}))
    assert ref(made) in listed.text
    prompt = next(reversed(stage.google.by_marker))
    assert "Bo, a tall fox in a mustard coat" in prompt
    typed = await stage.discord.autocomplete("scenes create", "character", "bo")
    await typed.acknowledged()
    assert [choice["value"] for choice in typed.choices] == [ref(made)]


async def test_private_results_are_for_the_asker_alone(stage: Stage) -> None:
    one, two = await asyncio.gather(scenes(stage, count=2, private=True), character(stage, private=True))
    for asking in (one, two):
        made = await result(asking)
        assert asking.ephemeral
        assert made.ephemeral
    made = await result(one)
    hidden = await asked(stage, "scenes show", {"ref": ref(made)}, member=stage.discord.manager)
    assert "There is no" in hidden.text
    again = await press(stage, made, "Again")
    assert (await result(again)).ephemeral


async def test_progress_and_cancel(stage: Stage) -> None:
    stage.google.delay = stage.replicate.delay = 30.0
    before = stage.replicate.counts["accepted"], stage.replicate.counts["cancels"]
    writing, painting = await asyncio.gather(scenes(stage), character(stage, "A sleepwalker"))
    both = [await one.until(waiting) for one in (writing, painting)]
    assert "Writing the scenes" in both[0].text
    assert "Painting" in both[1].text
    stranger = await stage.discord.click(both[0], "Cancel", member=stage.discord.friend)
    assert "may not" in (await stranger.response()).text
    await until(lambda: stage.replicate.counts["accepted"] > before[0], "a prediction")
    for message in both:
        said = await (await press(stage, message, "Cancel")).response()
        assert "is cancelled" in said.text
    assert stage.replicate.counts["cancels"] == before[1] + 1
    assert list(stage.replicate.predictions.values())[-1].canceled
    for one in (writing, painting):
        ended = await one.until(lambda message: "Retry" in message.buttons)
        assert "was cancelled" in ended.text
        assert not finished(ended)
        number = int(re.search(r"J(\d+)", ended.text)[1])  # type: ignore[index]
        assert stage.counted(number) == {}
    stage.google.delay = 0.0
    assert finished(await result(await press(stage, await writing.response(), "Retry")))


async def test_a_quota_binds_the_others_too(stage: Stage) -> None:
    discord = stage.discord
    quota = {"kind": "scenes", "limit": 1.0, "period": "day", "member": discord.friend}
    await asked(stage, "quota set", quota, member=discord.manager)
    await result(await scenes(stage, count=1, member=discord.friend))
    refused = await scenes(stage, count=1, member=discord.friend)
    assert refused.ephemeral
    assert "allowance" in (await refused.response()).text
    mine = await asked(stage, "usage me", member=discord.friend)
    assert "1" in mine.text


async def test_every_list_and_the_help_answer_the_asker_alone(stage: Stage) -> None:
    for command in ("project list", "character list", "scenes list", "jobs list", "usage me", "help"):
        assert (await asked(stage, command)).text
    made = await (await stage.discord.slash("project create", {"name": "Spring"})).response()
    assert "P1" in made.text
    listed = await result(await scenes(stage, count=1, project="P1"))
    assert "Spring" in listed.text
    job = await asked(stage, "jobs show", {"ref": "J1"})
    assert "J1" in job.text
