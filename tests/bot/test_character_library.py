"""Characters as they are kept: main takes, names, histories, stars, and the scene lists made with one."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from simcord.results import InteractionResult

from tests.bot.conftest import MakeWorld
from tests.bot.test_vary import create, kept, vary, without_take
from tests.bot.world import World, files, labels, reply, said

SCENES: dict[str, Any] = {"idea": "She plays for the moon", "character": "C1", "count": 1}


async def ask(world: World, command: str, **options: Any) -> InteractionResult:
    return await world.bob.slash(world.channel, command, **options)


# ── shown ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_main_take_is_shown_first_then_the_newest(world: World) -> None:
    await create(world, images=3)
    await vary(world, instructions="in a red coat")
    assert takes_in(await ask(world, "character show", ref="C1")) == [4, 5, 6]
    chosen = await ask(world, "character main", ref="c1", take=2)
    assert chosen.ephemeral
    assert "Take 2 stands for C1" in said(chosen)
    shown = await ask(world, "character show", ref="C1")
    assert not shown.ephemeral
    assert takes_in(shown) == [2, 4, 5, 6]
    assert "C1 · take 2 · main" in said(shown)
    assert said(shown).count("· main") == 1
    assert len(files(reply(shown))) == 4
    originals = await world.ann.click(reply(shown), label="Original")
    assert re.findall(r"take (\d)", said(originals)) == ["2", "4", "5", "6"]
    shown_modal = await world.ann.click(reply(shown), label="Vary")
    assert "takes 2, 4, 5, 6" in str(shown_modal.modal)
    await world.ann.click(reply(shown), label="Again")
    assert "> in a red coat" in said(world.last)
    await ask(world, "character main", ref="C1", take=6)
    assert takes_in(await ask(world, "character show", ref="C1")) == [6, 7, 8, 9]


def takes_in(result: InteractionResult) -> list[int]:
    return [int(number) for number in re.findall(r"^C1 · take (\d+)", said(result), re.MULTILINE)]


async def test_four_takes_and_a_main_one_are_shown_as_four(world: World) -> None:
    await create(world, images=4)
    await vary(world, instructions="x")
    await ask(world, "character main", ref="C1", take=1)
    assert takes_in(await ask(world, "character show", ref="C1")) == [1, 5, 6, 7]


async def test_one_take_alone(world: World) -> None:
    await create(world, images=3)
    shown = await ask(world, "character show", ref="C1", take=2)
    assert takes_in(shown) == [2]
    originals = await world.ann.click(reply(shown), label="Original")
    assert re.findall(r"take (\d)", said(originals)) == ["2"]
    assert "This message shows take 2." in str((await world.ann.click(reply(shown), label="Vary")).modal)
    for wrong in (4, 10**6, 2**31):
        refused = await ask(world, "character show", ref="C1", take=wrong)
        assert refused.ephemeral
        assert f"C1 has no take {wrong}" in said(refused)


async def test_a_main_take_that_is_gone_is_none(world: World) -> None:
    await create(world, images=2)
    await ask(world, "character main", ref="C1", take=1)
    await without_take(world, (await kept(world))[0].id, 1)
    shown = await ask(world, "character show", ref="C1")
    assert takes_in(shown) == [2]
    assert "main" not in said(shown).split("\n")[0]
    refused = await ask(world, "character main", ref="C1", take=1)
    assert "C1 has no take 1" in said(refused)
    assert "**Take 2**" in said(await ask(world, "character history", ref="C1"))


async def test_a_character_without_a_take_is_shown_and_varied(world: World) -> None:
    await create(world)
    await without_take(world, (await kept(world))[0].id, 1)
    shown = await ask(world, "character show", ref="C1")
    assert "There is no picture of it" in said(shown)
    assert labels(shown) == ["Vary", "Again", "Use in scenes", "Delete"]
    assert "There is no take of it" in said(await ask(world, "character history", ref="C1"))
    form = await world.bob.click(reply(shown), label="Vary")
    await world.bob.submit_modal(form, {"instructions": "older"})
    assert "C1 · take 2" in said(world.last)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_name_is_everywhere_but_in_what_was_made_before(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await create(world, name="Vera")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    before = await world.app.scenes.show(await who(world), "S1")
    renamed = await ask(world, "character rename", ref="C1", name="  Straße \0 ")
    assert renamed.ephemeral
    assert "C1 is called Straße" in said(renamed)
    assert f"C1 of server {world.server.id} is renamed, by member {world.bob.id}" in caplog.text
    assert "Straße" in said(await ask(world, "character show", ref="C1"))
    assert "**C1** · Straße" in said(await ask(world, "character list"))
    offered = await world.bob.autocomplete(world.channel, "character show", "ref", "STRASSE")
    assert [choice["name"] for choice in offered] == ["C1 · Straße"]
    assert await world.bob.autocomplete(world.channel, "character show", "ref", "vera") == []
    after = await world.app.scenes.show(await who(world), "S1")
    assert after.version == before.version
    assert "Vera: an astronaut" in after.version.brief.character
    assert "C1 Straße" in said(await ask(world, "scenes show", ref="S1"))
    await vary(world)
    assert "Straße" in said(world.last)


async def who(world: World) -> Any:
    from tests.bot.test_vary import actor

    return actor(world)


@pytest.mark.parametrize(
    "name", ["**x** @everyone", "\u202egpj", "# x", "x" * 80, "half \ud800", "[a](https://evil.example)", "`"]
)
async def test_names_of_any_kind(world: World, name: str) -> None:
    """What the bot sends is looked at when the world closes."""
    await create(world)
    for command, options in (
        ("character rename", {"name": name}),
        ("character show", {}),
        ("character history", {}),
        ("character main", {"take": 1}),
        ("character star", {}),
        ("character star", {}),
    ):
        assert "does not work" not in said(await ask(world, command, ref="C1", **options))


async def test_a_name_that_says_nothing_is_refused(world: World) -> None:
    await create(world, name="Vera")
    for name in (" ", "\u200b", "\0"):
        assert "The name is empty" in said(await ask(world, "character rename", ref="C1", name=name))
    assert (await kept(world))[0].name == "Vera"


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_history_says_who_made_what_and_how(world: World) -> None:
    await create(world, images=2, seed=7)
    await vary(world, instructions="in a *red* coat")
    await ask(world, "character main", ref="C1", take=3)
    shown = await world.manager.slash(world.channel, "character history", ref="C1")
    assert shown.ephemeral
    newest, oldest = re.findall(r"^(\*\*Take.*)\n-# (.*)$", said(shown), re.MULTILINE)
    assert newest[0].startswith(f"**Takes 3, 4** · 3 is main · <@{world.bob.id}> · <t:")
    assert r"in a \*red\* coat" in newest[1]
    assert oldest[0].startswith(f"**Takes 1, 2** · <@{world.ann.id}> · <t:")
    assert oldest[1] == "offline-sheet · seeds 7, 8 · no cost"
    assert labels(shown) == []


async def test_a_long_history_has_pages(make_world: MakeWorld) -> None:
    world = await make_world()
    await create(world)
    for number in range(8):
        await vary(world, instructions=f"wish {number}")
    shown = await ask(world, "character history", ref="C1")
    assert re.findall(r"\*\*Take (\d)\*\*", said(shown)) == ["9", "8", "7", "6", "5", "4", "3"]
    assert labels(shown) == ["Newest", "Older"]
    await world.restart()
    await world.bob.click(reply(shown), label="Older")
    assert re.findall(r"\*\*Take (\d)\*\*", said(shown)) == ["2", "1"]
    await world.bob.click(reply(shown), label="Newest")
    assert "**Take 9**" in said(shown)
    question = await world.ann.slash(world.channel, "character delete", ref="C1")
    await world.ann.click(reply(question), label="Delete C1")
    assert "There is no character `C1` here" in said(await world.bob.click(reply(shown), label="Older"))


# ── rights ───────────────────────────────────────────────────────────────────────────────────────────────────────────

COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("character main", {"take": 1}),
    ("character rename", {"name": "x"}),
    ("character history", {}),
    ("character star", {}),
    ("character show", {"take": 1}),
]


@pytest.mark.parametrize(("command", "options"), COMMANDS)
async def test_what_is_private_or_elsewhere_does_not_exist(world: World, command: str, options: dict[str, Any]) -> None:
    await create(world, private=True)
    for one in (world.bob, world.manager):
        assert "There is no character `C1` here" in said(await one.slash(world.channel, command, ref="C1", **options))
    for one in (world.stranger, world.ann_elsewhere):
        assert "There is no character `C1` here" in said(await one.slash(world.far, command, ref="C1", **options))
    record, _ = await kept(world)
    assert (record.main_take, record.starred_at) == (None, None)
    mine = await world.ann.slash(world.channel, command, ref="C1", **options)
    assert mine.ephemeral
    assert "does not work" not in said(mine)


# ── stars ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_star_is_given_shown_and_taken_away(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await create(world, name="Vera")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    for kind, ref in (("character", "C1"), ("scenes", "S1")):
        assert "★" not in said(await ask(world, f"{kind} list"))
        for _ in range(2):
            told = await ask(world, f"{kind} star", ref=ref)
            assert told.ephemeral
            assert f"★ {ref} is starred" in said(told), "a second one changes nothing"
            assert "Clean-up leaves it alone" in said(told)
            assert "★" in said(await ask(world, f"{kind} show", ref=ref))
        assert "★" in said(await ask(world, f"{kind} list"))
        refused = await ask(world, f"{kind} star", ref=ref, remove=True)
        assert "may not take the star from" in said(refused), "not somebody else's"
        assert "★" in said(await ask(world, f"{kind} show", ref=ref))
        for one in (world.ann, world.manager):
            told = await one.slash(world.channel, f"{kind} star", ref=ref, remove=True)
            assert "has no star any more" in said(told)
            assert "★" not in said(await ask(world, f"{kind} show", ref=ref))
            await ask(world, f"{kind} star", ref=ref)
        assert f"{ref} of server {world.server.id} is starred, by member {world.bob.id}" in caplog.text
    assert "There is no scene list `S2` here" in said(await ask(world, "scenes star", ref="S2"))
    assert "There is no scene list `S1` here" in said(await world.stranger.slash(world.far, "scenes star", ref="S1"))


# ── scene lists made with one ────────────────────────────────────────────────────────────────────────────────────────


async def test_the_newest_lists_are_named_and_nobodys_private_ones(world: World) -> None:
    await create(world, name="Vera")
    assert "Scene lists" not in said(await ask(world, "character show", ref="C1"))
    for number in range(6):
        await world.ann.slash(world.channel, "scenes create", **{**SCENES, "private": number == 5})
    await world.bob.slash(world.channel, "scenes create", **SCENES, private=True)
    await world.bob.slash(world.channel, "scenes create", **{**SCENES, "character": "somebody else"})
    for one in (world.ann, world.bob, world.manager):
        shown = await one.slash(world.channel, "character show", ref="C1")
        (line,) = [line for line in said(shown).split("\n") if line.startswith("**Scene lists**")]
        assert re.findall(r"S\d+", line) == ["S5", "S4", "S3", "S2", "S1"]
    question = await world.ann.slash(world.channel, "scenes delete", ref="S4")
    await world.ann.click(reply(question), label="Delete S4")
    assert "S4" not in said(await ask(world, "character show", ref="C1"))


async def test_of_a_private_character_its_author_sees_private_lists(world: World) -> None:
    await create(world, private=True)
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    shown = await world.ann.slash(world.channel, "character show", ref="C1")
    assert shown.ephemeral
    assert "**Scene lists** · S1 " in said(shown)


async def test_a_list_shows_its_character_until_that_is_deleted(world: World) -> None:
    await create(world, name="Vera")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    shown = await ask(world, "scenes show", ref="S1")
    assert "**Character** · C1 Vera" in said(shown)
    assert "**Character:** C1 Vera" in await markdown(shown)
    await ask(world, "character rename", ref="C1", name="Nadja")
    question = await world.ann.slash(world.channel, "character delete", ref="C1")
    await world.ann.click(reply(question), label="Delete C1")
    shown = await ask(world, "scenes show", ref="S1")
    assert "**Character** · an astronaut with a violin" in said(shown)
    text = await markdown(shown)
    assert "**Character:** an astronaut with a violin" in text
    for each in (said(shown), text.split("## Asked for")[0]):
        assert "Nadja" not in each
        assert "C1" not in each


async def test_a_private_characters_name_does_not_show_in_a_public_list(world: World) -> None:
    await create(world, name="Vera", private=True)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    shown = await ask(world, "scenes show", ref="S1")
    assert "**Character** · an astronaut with a violin" in said(shown)
    for each in (said(shown), (await markdown(shown)).split("## Asked for")[0]):
        assert "Vera" not in each
        assert "C1" not in each
    await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    shown = await world.ann.slash(world.channel, "scenes show", ref="S2")
    assert "**Character** · C1 Vera" in said(shown)


async def markdown(shown: InteractionResult) -> str:
    (file,) = [file for file in reply(shown).attachments if file.filename == "scenes.md"]
    return (await file.read()).decode()
