"""Files too large for the place they go to: smaller pictures, then none, and always the way to the original."""

from __future__ import annotations

import pytest

from mv.domain.jobs import Delivery
from tests.faults.stage import Stage, Told
from tests.standins.discord import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINAL = "/webhooks/*/messages/@original"
SCENES = {"scenes": 1, "spend": 8750}
EDGE = 900
"""Pictures of 900x506 noise: a preview of 100 kB, an original of 1 MB."""


@pytest.fixture(autouse=True)
def _large(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.replicate.edge = EDGE
    monkeypatch.setattr("bot.delivery.board.FIRST_PROGRESS_SECONDS", 60.0)


def sizes(message: Message) -> list[int]:
    return [file.size for file in message.attachments]


def limit(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """The upload limit of every server, as Discord says it and keeps it."""
    monkeypatch.setattr("tests.standins.discord.world.Guild.upload_limit", property(lambda guild: room))


async def test_a_preview_over_the_servers_limit_comes_smaller(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (await stage.character(images=2)).result(charged={"images": 2, "spend": 80_000})
    room = sum(sizes(whole.message)) // 2
    limit(monkeypatch, room)
    told = (await stage.character(images=2)).result(charged={"images": 2, "spend": 80_000})
    assert len(sizes(told.message)) == 2
    assert sum(sizes(told.message)) <= room
    made = told.text
    assert "Made smaller to fit in here: `/character original ref:C" in made


async def test_discord_takes_less_than_it_said(stage: Stage) -> None:
    """413 although it fits: half of it, then nothing but words."""
    whole = sizes((await stage.character()).message)
    stage.discord.fail("PATCH", ORIGINAL, 413, 40005)
    half = (await stage.character()).result(charged={"images": 1, "spend": 40_000})
    assert len(sizes(half.message)) == 1
    assert sum(sizes(half.message)) <= sum(whole) // 2 + 100
    stage.discord.fail("PATCH", ORIGINAL, 413, 40005, times=2)
    none = (await stage.character()).result(charged={"images": 1, "spend": 40_000})
    assert sizes(none.message) == []
    assert "Left out, for it is too large for this server: `character_ref_" in none.text
    assert "`/character original ref:C" in none.text
    assert none.job.delivered_by is Delivery.TOKEN


async def test_text_files_that_are_too_large(stage: Stage) -> None:
    stage.discord.fail("PATCH", ORIGINAL, 413, 40005)
    told = (await stage.scenes()).result("version 1", charged=SCENES)
    assert len(sizes(told.message)) == 1
    assert "Left out, for it is too large for this server: `scenes." in told.text


async def test_too_large_even_without_files(stage: Stage) -> None:
    """The way is given up for the next, and nothing is sent for ever."""
    fault = stage.discord.fail("PATCH", ORIGINAL, 413, 40005, times=None)
    told = (await stage.scenes()).result("version 1", charged=SCENES)
    assert told.job.delivered_by is Delivery.MESSAGE
    assert fault.hits == 3


async def test_the_original_over_the_limit(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await stage.character()
    size = await _size(stage, told)
    limit(monkeypatch, size // 2)
    member = stage.discord.guild.members[told.asked.user.id]
    for asking in (
        await stage.discord.slash("character original", {"ref": _ref(told.text)}, member=member),
        await stage.discord.click(told.message, "Original", member=member),
    ):
        answer = await asking.response()
        assert 0 < sum(sizes(answer)) <= size // 2
        assert "the largest copy that fits" in answer.text
        assert ".smaller.webp" in answer.attachments[0].name


def _ref(text: str) -> str:
    return next(word for word in text.split() if word.startswith("C") and word[1:].isdigit())


async def _size(stage: Stage, told: Told) -> int:
    """Bytes of the original."""
    assert told.job.record_id is not None
    async with stage.app.tools.records.read() as tx:
        (take,) = await tx.characters.takes(told.job.record_id)
    return take.original.bytes
