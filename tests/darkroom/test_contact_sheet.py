"""Contact sheets, from pictures of all kinds and from what is none."""

from __future__ import annotations

import pytest
from PIL import ImageStat

from mv.ports import ContactCell
from mv.store.contact_sheet import COLUMNS, EDGE
from mv.store.darkroom import PillowDarkroom
from tests.darkroom.pictures import gradient, opened, png, saved


@pytest.fixture(scope="module")
def darkroom() -> PillowDarkroom:
    return PillowDarkroom(max_pixels=4_000_000)


def cell(picture: bytes | None, text: str = "Mara") -> ContactCell:
    return ContactCell(picture=picture, title="C7 · take 1", text=text)


async def test_a_grid_as_wide_as_it_must_be(darkroom: PillowDarkroom) -> None:
    picture = saved(gradient(300, 200), "WEBP")
    sizes = [opened(await darkroom.contact_sheet([cell(picture)] * count)).size for count in (1, 5, 6, 7, 48)]
    assert sizes[0][0] < sizes[1][0] < sizes[2][0] == sizes[3][0] == sizes[4][0]
    assert sizes[0][1] == sizes[2][1] < sizes[3][1] < sizes[4][1]
    assert sizes[4][0] <= COLUMNS * (EDGE + 30)


async def test_the_pictures_are_on_it(darkroom: PillowDarkroom) -> None:
    sheet = opened(await darkroom.contact_sheet([cell(saved(gradient(300, 300).convert("RGBA"), "PNG"))]))
    assert sheet.format == "JPEG"
    inside = sheet.crop((20, 20, 20 + EDGE, 20 + EDGE))
    assert ImageStat.Stat(inside).stddev[0] > 30
    assert ImageStat.Stat(sheet.crop((20, 20 + EDGE, 20 + EDGE, 20 + EDGE + 40))).extrema[0][0] < 100, "and words"


@pytest.mark.parametrize(
    "data",
    [None, b"", b"nothing", saved(gradient(), "PNG")[:200], png(60_000, 60_000)],
    ids=["gone", "empty", "none", "half", "bomb"],
)
async def test_what_is_no_picture_is_an_empty_frame(darkroom: PillowDarkroom, data: bytes | None) -> None:
    good = saved(gradient(), "JPEG")
    sheet = opened(await darkroom.contact_sheet([cell(data), cell(good)]))
    assert ImageStat.Stat(sheet.crop((30, 30, EDGE, EDGE))).mean == [255.0] * 3


@pytest.mark.parametrize("text", ["", "灯台", "\u202e\x00\ud800", "x" * 5000, "W" * 60, "Ärger in Москва"])
async def test_any_text_stays_below_its_picture(darkroom: PillowDarkroom, text: str) -> None:
    alone = opened(await darkroom.contact_sheet([cell(None, text), cell(None, "")]))
    assert ImageStat.Stat(alone.crop((20 + EDGE + 2, 20 + EDGE + 24, 20 + EDGE + 18, alone.height))).extrema[0][0] > 230
