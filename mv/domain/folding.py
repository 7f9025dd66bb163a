"""The form in which texts are searched: words between spaces, without case and accents, in any script."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

_VOICING = "\u3099\u309a"
"""What makes か a が: no accent to its readers, so it is a word of its own, behind the letter."""
_UNSEEN = re.compile(  # joins or varies letters, and is not typed by who looks for them
    "[\u0640\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_NOTHING = "\u115f\u1160\u200b"
"""Letters without a shape, and the space without a width: they part words."""
_APART = re.compile(  # scripts that put no spaces between words; Hangul does
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u30ff"
    "\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff"
    "\U00016fe0-\U00018d0f\U0001aff0-\U0001b2ff\U00020000-\U0003fffd]"
)
_PLAIN = {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"}
"""Letters with a stroke, which Unicode does not take apart."""


class _Folds(dict[int, str]):
    """What each character becomes, remembered for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = "".join(map(_fold_letter, _letters(chr(code))))
        return folded


def _letters(char: str) -> str:
    apart = unicodedata.normalize("NFKD", char)
    return unicodedata.normalize("NFKD", apart.casefold())


def _fold_letter(char: str) -> str:
    category = unicodedata.category(char)
    if char in _VOICING:
        return f" {char} "
    if char in _NOTHING:
        return " "
    if unicodedata.combining(char) or category in ("Me", "Cf") or _UNSEEN.match(char):
        return ""
    if category[0] not in "LNM":
        return " "
    return f" {char} " if _APART.match(char) else _PLAIN.get(char, char)


_FOLDS = _Folds()


def fold(text: str) -> str:
    """Its words as they are compared, with one space or more between them. A script without spaces has a word for each
    sign, so that a run of signs is found as a phrase."""
    return text.translate(_FOLDS)


def words(text: str) -> tuple[str, ...]:
    """The words of a text, as they are compared."""
    return tuple(fold(text).split())


def apart(word: str) -> bool:
    """Whether it is a sign of a script without spaces."""
    return word in _VOICING or (len(word) == 1 and _APART.match(word) is not None)


def origin(text: str) -> Callable[[int], int]:
    """Tells for a place in `fold(text)` the place in `text` of the character it came of."""
    if text.isascii() and "\0" not in text:
        return lambda place: place
    ends = list(accumulate(len(_FOLDS[ord(char)]) for char in text))
    return lambda place: bisect_right(ends, place)
