"""The worst that members can type and vendors can answer: nothing breaks, nobody is pinged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.acts import asked, character, result, scenes
from tests.e2e.stage import Stage
from tests.standins.gemini import Reply

pytestmark = pytest.mark.asyncio(loop_scope="module")

PIECES = {
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🧑🏿‍🚀",
    "right to left": "\u202eمرحبا שלום\u202c\u2067",
    "zero width": "a\u200b\u200d\ufeff\u2060\u034f",
    "pings": "@everyone @here <@&{role}> <@{friend}> <#{channel}> ",
    "markdown": "```py\n**_~~||`[x](https://example.org)# > - \n",
    "mentions of commands": "</scenes create:1> <t:0:R> <:x:1> <id:customize> ",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "templates": "{{ 7*7 }}{% raw %}{# x #}{0}%s${x}\\u0000",
    "SQL and paths": "'; DROP TABLE jobs; -- ../../etc/passwd\r\n\t",
}


@pytest_asyncio.fixture(autouse=True, scope="module", loop_scope="module")
async def _bot(stage: Stage) -> AsyncIterator[None]:
    bot = await stage.start(MV_DEBUG_MODE="1")
    yield
    assert await bot.stop() == 0


def filled(stage: Stage, piece: str, length: int) -> str:
    discord = stage.discord
    piece = piece.replace("{friend}", str(discord.friend.id)).replace("{role}", str(discord.manager.role_ids[0]))
    piece = piece.replace("{channel}", str(discord.channel.id))
    text = (piece * (length // len(piece) + 1))[:length]
    assert len(text) == length
    return text


@pytest.mark.parametrize("kind", PIECES)
async def test_the_longest_text_of_every_kind(stage: Stage, kind: str) -> None:
    worst = filled(stage, PIECES[kind], 2000)
    stage.google.decide = lambda prompt: Reply(
        change=dict.fromkeys(("title", "description", "action", "location", "mood", "negative_description"), worst)
    )
    listed, painted = await asyncio.gather(
        scenes(stage, worst, 3, character=worst[:1000], traits=worst[:1000], style=worst[:200], camera=worst[:200]),
        character(stage, worst, name=worst[:80]),
    )
    made, pictures = await result(listed), await result(painted)
    assert len(json.loads(made.file("scenes.json"))["scenes"]) == 3
    assert pictures.attachments[0].mime == "image/webp"
    assert all(message.pinged == frozenset() for message in stage.discord.messages)
    shown = await (await stage.discord.slash("scenes show", {"ref": "1"})).response()
    assert shown.embeds
    for command in ("scenes list", "character list", "jobs list"):
        assert (await asked(stage, command)).text
    typed = await stage.discord.autocomplete("scenes create", "character", worst[:100])
    assert (await typed.acknowledged()).choices is not None


async def test_nothing_but_what_cannot_be_seen(stage: Stage) -> None:
    asking = await scenes(stage, "\u200b \u2060", 1, character=" \u200b")
    assert await asking.response()
    unseen = await scenes(stage, "   ", 1)
    assert "is empty" in (await unseen.response()).text
    assert unseen.ephemeral


async def test_refs_that_are_none(stage: Stage) -> None:
    for ref in ("S999999999999999999999", "C1; DROP TABLE", "#", "-1", "½", "x" * 400, "@everyone"):
        answer = await asked(stage, "scenes show", {"ref": ref})
        assert "Incident" not in answer.text
        assert answer.text
