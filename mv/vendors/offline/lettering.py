"""Type on a sheet, in the one font that Pillow brings along. It covers plain Latin: accents are taken off, Cyrillic and
Greek are spelled in Latin letters, and what is left over is left out, so that no empty boxes are ever drawn."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from PIL import ImageFont
from PIL.ImageDraw import ImageDraw

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        re.findall(r"\S+", "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya i yi ye g"),
        strict=True,
    )
)
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        re.findall(r"\S+", "a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
        strict=True,
    )
)
_LATIN = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ŋ": "ng"}
_MARKS = {"–": "-", "—": "-", "‐": "-", "−": "-", "„": "“", "«": "“", "»": "”", "·": "-", "•": "-", "\u00a0": " "}
_SPELLED: dict[str, str] = {**_CYRILLIC, **_GREEK, **_LATIN, **_MARKS}
_DRAWN = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("‘’“”…")


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, at `size` pixels."""
    return ImageFont.load_default(size=size)


def drawable(text: str) -> str:
    """As much of a text as the font can show; empty if that would leave less than half of its letters."""
    letters = sum(c.isalnum() for c in text)
    spelled = "".join(map(_spell, text))
    kept = " ".join("".join(c for c in spelled if c in _DRAWN).split()).strip(" -,.;:")
    return kept if any(c.isalnum() for c in kept) and sum(c.isalnum() for c in kept) * 2 >= letters else ""


def _spell(letter: str) -> str:
    if letter in _DRAWN:
        return letter
    low = letter.lower()
    spelled: str = _SPELLED.get(low, "").replace("_", "")
    if not spelled and low not in _SPELLED:
        spelled = "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
        bare = "".join(_SPELLED.get(c.lower(), c) for c in spelled)
        spelled = bare if bare != letter else ""
    return spelled.capitalize() if letter != low and spelled.islower() else spelled


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
