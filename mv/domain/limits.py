"""Lengths and ranges of what a member may type; the commands declare the same numbers to Discord."""

from __future__ import annotations

import re
import unicodedata

from mv.errors import Empty, OutOfRange, TooLong

IDEA = 2000
DESCRIPTION = 2000
INSTRUCTIONS = 2000
CHARACTER = 1000
TRAITS = 1000
QUERY = 1000
STYLE = 200
"""Also video type and camera."""
NAME = 80
SCENES = (1, 24)
IMAGES = (1, 4)
SEED = (0, 2**31 - 1)
FILE = 1_000_000
"""Bytes of a file that is handed in."""
LINK = 3500
"""Characters of a link that a message surely holds, with what is said of it."""
PAGE = 10
"""Rows on a page of a list."""
VERSIONS = 6
"""Rows on a page of a history, which say more."""
FOUND = 6
"""Records on a page of a search, which says of each why it was found."""
CHOICES = 25
"""Autocomplete answers at most."""
_NEVER = "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
_HIDDEN = frozenset(("Z", "Cc", "Cf", "Cs"))
_NO_TEXT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NEVER}]")


def text(field: str, value: str, limit: int) -> str:
    """The text without surrounding white space and without NULs; it must say something and fit."""
    clean = value.replace("\0", "").strip()
    if not seen(clean):
        raise Empty(field=field)
    if len(clean) > limit:
        raise TooLong(field=field, limit=limit, length=len(clean))
    return clean


def optional_text(field: str, value: str | None, limit: int) -> str | None:
    """As `text`, but nothing (or only white space) is None."""
    if value is None or not seen(value):
        return None
    return text(field, value, limit)


def without_controls(value: str) -> str:
    """Without what is no text: controls but line breaks and tabs, lone surrogates, and what Unicode never assigns."""
    return _NO_TEXT.sub("", value)


def seen(value: str) -> bool:
    """Whether a reader would see anything of it: not only spaces, controls, and characters without a width. What this
    Python's Unicode does not know yet may be a letter."""
    return any(
        not _HIDDEN.intersection((unicodedata.category(char)[0], unicodedata.category(char)))
        for char in value
        if not _NO_TEXT.match(char)
    )


def number(field: str, value: int | None, bounds: tuple[int, int]) -> int | None:
    """The number, if it is within its bounds, both included."""
    if value is not None and not bounds[0] <= value <= bounds[1]:
        raise OutOfRange(field=field, low=bounds[0], high=bounds[1])
    return value
