"""A contact sheet: small pictures in rows, each with two lines below it. Imported only in the thread that draws."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from math import ceil

from PIL import Image, ImageDraw, ImageFont

from mv.domain.spelling import drawable

EDGE = 240
"""Of a picture, in pixels, at most."""
COLUMNS = 6
_GAP = 20
_LINE = 20
_CELL = (EDGE + _GAP, EDGE + 2 * _LINE + _GAP)
_PAPER, _FRAME, _INK, _GREY = "#ffffff", "#d8d8dc", "#1c1c20", "#6a6a72"
_QUALITY = 82
_LETTERS = 60
"""More have no room in a line, however narrow they are."""

Cell = tuple[Image.Image | None, str, str]


def draw(cells: Sequence[Cell]) -> bytes:
    """JPEG. As wide as the cells need, six in a row at most."""
    columns = max(1, min(COLUMNS, len(cells)))
    size = (columns * _CELL[0] + _GAP, ceil(len(cells) / columns) * _CELL[1] + _GAP)
    sheet = Image.new("RGB", size, _PAPER)
    pen = ImageDraw.Draw(sheet)
    for place, (picture, title, text) in enumerate(cells):
        left, top = _GAP + place % columns * _CELL[0], _GAP + place // columns * _CELL[1]
        if picture is None:
            pen.rectangle((left, top, left + EDGE - 1, top + EDGE - 1), outline=_FRAME, width=2)
        else:
            sheet.paste(picture, (left + (EDGE - picture.width) // 2, top + EDGE - picture.height))
        _write(pen, (left, top + EDGE + 4), title, _INK)
        _write(pen, (left, top + EDGE + 4 + _LINE), text, _GREY)
    paper = io.BytesIO()
    sheet.save(paper, "JPEG", quality=_QUALITY)
    return paper.getvalue()


def _write(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, colour: str) -> None:
    font, shown = _font(), drawable(text[:_LETTERS])
    if font.getlength(shown) > EDGE:
        while shown and font.getlength(f"{shown}…") > EDGE:
            shown = shown[:-1]
        shown = f"{shown.rstrip()}…"
    pen.text(at, shown, fill=colour, font=font)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=15)
