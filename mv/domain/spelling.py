"""What the one font that Pillow brings along can show. It covers plain Latin: accents are taken off, Cyrillic and Greek
are spelled in Latin letters, and what is left over is left out, so that no empty boxes are ever drawn."""

from __future__ import annotations

import re
import unicodedata

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
