"""Untouched files: what is sent, what is a link, and that the message holds them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.ui.frame import Sheet
from bot.ui.limits import across
from bot.ui.originals import MORE, originals_message
from mv.domain.character import Link, Original
from mv.domain.limits import LINK
from tests.ui.records import NOW, take
from tests.ui.rules import breaches, payload

SERVER = 10_000_000
LARGE = 14_200_000


def original(number: int, *, size: int = 0, link: int = 0, smaller: str | None = None, true: int = LARGE) -> Original:
    """`size` bytes of data, and a link of `link` characters."""
    one = take(number)
    one = replace(one, original=replace(one.original, bytes=true, width=4096, height=4096))
    at = f"https://s3.eu-central-1.amazonaws.com/b/1/{number:02d}.png?X-Amz-Signature="
    address = Link(address=at.ljust(link, "f"), until=NOW) if link else None
    return Original(take=one, data=b"\0" * size, link=address, smaller=smaller)


async def message(*originals: Original) -> Sheet:
    sheet = originals_message(originals, SERVER)
    assert breaches(payload(sheet)) == []
    return sheet


def texts(sheet: Sheet) -> str:
    return "\n".join([sheet.content, *(str(embed.description) for embed in sheet.embeds)])


async def test_a_link_is_whole_and_says_how_long_and_how_much() -> None:
    one = original(2, link=520)
    sheet = await message(one)
    assert one.link is not None
    assert f"[Take 2 · 14.2 MB](<{one.link.address}>)" in sheet.content
    assert "take 2 · 4096 × 4096 · 14.2 MB: too large for this server (10 MB)" in sheet.content
    moment = int(NOW.timestamp())
    assert f"until <t:{moment}:t> (<t:{moment}:R>)" in sheet.content
    assert "Whoever has a link" in sheet.content
    assert (sheet.files, sheet.embeds, sheet.rows) == ((), (), ())


async def test_without_links_it_is_as_it_was() -> None:
    sheet = await message(original(1, size=50, true=50), original(2, size=60, smaller="webp"))
    assert "link" not in texts(sheet)
    assert "the largest copy that fits" in sheet.content
    assert [file.name.rpartition("_")[2] for file in sheet.files] == ["9f2c1a01.png", "9f2c1a02.smaller.webp"]


async def test_files_and_links_together() -> None:
    sheet = await message(original(1, size=50, true=50), original(2, link=500), original(3, size=50, true=50))
    assert len(sheet.files) == 2
    assert re.findall(r"take (\d)", texts(sheet)) == ["1", "2", "3"]


@pytest.mark.parametrize(("many", "length"), [(1, LINK), (4, 1600), (10, 520)])
async def test_one_message_holds_so_many_links(many: int, length: int) -> None:
    """Four, as many as a job makes, also where they carry a session's token."""
    found = [original(number, link=length) for number in range(1, many + 1)]
    said = texts(await message(*found))
    assert re.findall(r"<(https[^>]+)>\)", said) == [one.link.address for one in found if one.link]
    assert MORE not in said


@pytest.mark.parametrize("length", [520, 1600, LINK])
async def test_links_that_do_not_fit_are_asked_for_alone_and_never_cut(length: int) -> None:
    found = [original(number, link=length) for number in range(1, 41)]
    said = texts(await message(*found))
    shown = re.findall(r"\(<(https[^>]+)>\)", said)
    assert shown == [one.link.address for one in found if one.link][: len(shown)]
    assert said.count("https") == len(shown) > 0
    assert MORE in said


async def test_many_lines_without_links() -> None:
    sheet = await message(*(original(number, size=60, smaller="webp") for number in range(1, 41)))
    assert len(re.findall(r"take \d+ ·", texts(sheet))) == 40
    assert len(sheet.files) == 10


def test_rows_are_spread_whole_and_in_order() -> None:
    assert across(["a", "b"]) == (["a\nb", "", ""], 0)
    rows = ["x" * 2000, "y" * 4096, "z" * 1904]
    assert across(rows) == (rows, 0)
    assert across([*rows, "."]) == (rows, 1)
    assert across(["x" * 4097, "y"]) == (["", "", ""], 2)


def test_an_address_is_in_no_line_that_shows_the_value() -> None:
    assert "https" not in repr(original(1, link=520))
