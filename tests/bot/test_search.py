"""/scenes search and /character search, as members use them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from simcord.results import InteractionResult

from tests.bot.world import World, labels, reply, said


async def a_list(world: World, idea: str, who: Any = None, **options: Any) -> None:
    values = {"idea": idea, "character": "Mara", "count": 1, **options}
    await (who or world.ann).slash(world.channel, "scenes create", **values)


async def look(world: World, query: str, who: Any = None, **options: Any) -> InteractionResult:
    result: InteractionResult = await (who or world.ann).slash(world.channel, "scenes search", query=query, **options)
    assert result.ephemeral
    return result


def refs(result: InteractionResult) -> list[str]:
    return re.findall(r"^\*\*([SC]\d+)\*\*", said(result), re.MULTILINE)


async def test_what_was_made_is_found_with_the_words_in_bold(world: World) -> None:
    await a_list(world, "Zwei Füchse tanzen im Großen Regen")
    await a_list(world, "An owl", character="a heron called Zebedee")
    found = await look(world, "fuchse GROSSEN")
    assert refs(found) == ["S1"]
    assert "**Füchse**" in said(found)
    assert "Looked for\nfuchse GROSSEN" in said(found)
    assert labels(found) == []
    assert "heron called **Zebedee**" in said(await look(world, "zebedee"))
    assert refs(await look(world, '"an owl"')) == ["S2"]
    assert refs(await look(world, "ann")) == ["S2", "S1"], "by the name of who made them"
    assert "member: **ann**" in said(await look(world, "ann"))
    assert refs(await look(world, f"<@{world.bob.id}>")) == []


async def test_pages_by_buttons_also_after_a_restart(world: World) -> None:
    for number in range(8):
        await a_list(world, f"Wombat {number}")
    first = await look(world, "wombat", since="7 days", member=world.ann)
    assert refs(first) == [f"S{n}" for n in range(8, 2, -1)]
    assert labels(first) == ["First", "More"]
    await world.restart()
    more = await world.ann.click(reply(first), label="More")
    assert refs(more) == ["S2", "S1"]
    assert labels(more) == ["First", "More"]
    assert "Looked for\nwombat" in said(more)
    assert "Since" in said(more)
    back = await world.ann.click(reply(more), label="First")
    assert refs(back) == refs(first)
    await a_list(world, "Wombat again")
    again = await world.ann.click(reply(back), label="More")
    assert refs(again) == ["S2", "S1"]
    for number in (1, 2):
        deleted = await world.ann.slash(world.channel, "scenes delete", ref=f"S{number}")
        await world.ann.click(reply(deleted), label=f"Delete S{number}")
    first = await look(world, "wombat")
    assert refs(first) == ["S9", *(f"S{n}" for n in range(8, 3, -1))]
    rest = await world.ann.click(reply(first), label="More")
    assert refs(rest) == ["S3"]


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("\u200fwombat \u200f-seven", (6, 1)),
        ("\u2068wom*\u2069", (6, 2)),
        ('\u200f"number wombat"', (0,)),
        ("wom\u00adbat\ufeff", (6, 2)),
    ],
)
async def test_marks_that_nobody_sees_change_no_sign_and_no_page(
    world: World, query: str, pages: tuple[int, ...]
) -> None:
    for number in ("one", "two", "three", "four", "five", "six", "seven", "eight"):
        await a_list(world, f"Wombat number {number}")
    found = await look(world, query)
    assert len(refs(found)) == pages[0]
    for count in pages[1:]:
        found = await world.ann.click(reply(found), label="More")
        assert len(refs(found)) == count


async def test_a_page_that_is_empty_meanwhile_is_no_error(world: World) -> None:
    for number in range(7):
        await a_list(world, f"Wombat {number}")
    first = await look(world, "wombat")
    deleted = await world.ann.slash(world.channel, "scenes delete", ref="S1")
    await world.ann.click(reply(deleted), label="Delete S1")
    more = await world.ann.click(reply(first), label="More")
    assert "That was all" in said(more)
    assert refs(await world.ann.click(reply(more), label="First")) == [f"S{n}" for n in range(7, 1, -1)]


async def test_a_beginning_is_tried_when_nothing_has_the_word(world: World) -> None:
    for number in range(7):
        await a_list(world, f"Wombats {number}")
    found = await look(world, "womb")
    assert len(refs(found)) == 6
    assert "words that begin with it" in said(found)
    assert "**Wombats**" in said(found)
    more = await world.ann.click(reply(found), label="More")
    assert refs(more) == ["S1"]
    assert refs(await look(world, '"womb"')) == []
    assert refs(await look(world, "wo")) == []
    assert len(refs(await look(world, "womb*"))) == 6


async def test_filters_and_their_refusals(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await a_list(world, "Wombat one", project="P1", flavor="cinematic")
    await a_list(world, "Wombat two", world.bob)
    await world.ann.slash(world.channel, "character create", description="a wombat in a hat", name="Wim")
    await a_list(world, "Wombat three", character="C1")
    for options, found in (
        ({"project": "spring"}, ["S1"]),
        ({"project": "P1"}, ["S1"]),
        ({"member": world.bob}, ["S2"]),
        ({"flavor": "CINEMATIC"}, ["S1"]),
        ({"has_picture": True}, ["S3"]),
        ({"has_picture": False}, ["S2", "S1"]),
        ({"since": "today"}, ["S3", "S2", "S1"]),
        ({"since": "2999-01-01"}, []),
        ({"engine": "gemini-2.5-pro"}, []),
        ({"engine": "offline-scenes"}, ["S3", "S2", "S1"]),
    ):
        assert refs(await look(world, "wombat", **options)) == found, options
    nothing = said(await look(world, "wombat", since="2999-01-01", engine="gemini-2.5-pro"))
    assert "Without it there may be more" in nothing
    assert "2999-01-01" in nothing
    assert "gemini-2.5-pro" in nothing
    for options, words in (
        ({"project": "Sprang"}, "Nearest: `Spring`"),
        ({"flavor": "cinema"}, "`cinematic`"),
        ({"engine": "gemini"}, "Nearest:"),
        ({"since": "soon"}, "Allowed: `2026-11-01`"),
    ):
        assert words in said(await look(world, "wombat", **options))


async def test_characters(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="a wombat, old", name="Wim")
    await world.bob.slash(world.channel, "character create", description="a fox", name="Wombat Joe", private=True)
    found = await world.ann.slash(world.channel, "character search", query="wombat", has_picture=True)
    assert refs(found) == ["C1"]
    assert "description: a **wombat**, old" in said(found)
    assert refs(await world.bob.slash(world.channel, "character search", query="wombat")) == ["C2", "C1"]
    assert refs(await world.bob.slash(world.channel, "character search", query="wombat", engine="imagen-4")) == []


async def test_private_ones_and_other_servers(world: World) -> None:
    await a_list(world, "A wombat of mine", private=True)
    await world.ann_elsewhere.slash(world.far, "scenes create", idea="Far wombat", character="y", count=1)
    assert refs(await look(world, "wombat")) == ["S1"]
    assert "🔒" in said(await look(world, "wombat"))
    for who in (world.bob, world.manager):
        result = await look(world, "wombat", who)
        assert refs(result) == []
        assert "mine" not in said(result)
    far = await world.stranger.slash(world.far, "scenes search", query="wombat")
    assert refs(far) == ["S1"]
    assert "Far" in said(far)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("🦊🦊", "nothing to look for in `🦊🦊`"),
        ("-night", "nothing to look for in `-night`"),
        ('"', "nothing to look for"),
        ("\u200b\u200b", "is empty"),
        ("AND OR NOT NEAR(a b) c:d* ^e", "Nothing here has all of that"),
        ("@everyone `x` **y**", "Nothing here has all of that"),
        ("'; DROP TABLE jobs --", "Nothing here has all of that"),
        ("x" * 1000, "Nothing here has all of that"),
        ("a b " * 250, "Nothing here has all of that"),
        (" ".join(f"w{n}" for n in range(200))[:1000], "first 32 words"),
    ],
)
async def test_bad_queries(world: World, query: str, words: str) -> None:
    await a_list(world, "Quokka", character="Quim")
    assert words in said(await look(world, query))
