"""Type on a sheet, in the one font that Pillow brings along; `drawable` says what it can show of a text."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont
from PIL.ImageDraw import ImageDraw


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, at `size` pixels."""
    return ImageFont.load_default(size=size)


def width(text: str, size: int, *, spacing: float = 0.0) -> float:
    """In pixels."""
    return font(size).getlength(text) + spacing * max(0, len(text) - 1)


def write(
    draw: ImageDraw, at: tuple[float, float], text: str, size: int, colour: str, *, bold: int = 0, spacing: float = 0.0
) -> None:
    """From the upper left. `bold` thickens by that many pixels, `spacing` widens between letters."""
    x, y = at
    for piece in text if spacing else [text]:
        draw.text((x, y), piece, fill=colour, font=font(size), stroke_width=bold, stroke_fill=colour)
        x += font(size).getlength(piece) + spacing


def fitted(text: str, size: int, smallest: int, room: float) -> tuple[str, int]:
    """As large as there is room for; cut between words if even the smallest is too wide."""
    while size > smallest and width(text, size) > room:
        size -= 2
    return cut(text, size, room), size


def cut(text: str, size: int, room: float) -> str:
    """With an ellipsis if it is wider than `room`."""
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text.rpartition(" ")[0] or text[:-1]
    return text.rstrip(" ,.;:-") + "…" if text else ""


def lines(text: str, size: int, room: float, most: int) -> list[str]:
    """Broken between words into at most that many lines, the last one cut."""
    found: list[str] = []
    line = ""
    words = text.split()
    for at, word in enumerate(words):
        longer = f"{line} {word}".strip()
        if width(longer, size) <= room or not line:
            line = longer
            continue
        if len(found) == most - 1:
            return [*found, cut(" ".join([line, *words[at:]]), size, room)]
        found.append(cut(line, size, room))
        line = word
    return [*found, cut(line, size, room)] if line else found
