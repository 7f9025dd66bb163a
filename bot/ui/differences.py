"""Two texts in one line: what was taken away is struck through, what came is bold, what stayed is shortened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rapidfuzz.distance import Indel

from bot.ui import limits
from bot.ui.text import ELLIPSIS, EMPTY, line

ALIKE = 0.3
"""With less than this part of their words in common, two texts are shown one after the other."""
SPECK = 2
"""So few words that stayed between two changes are shown as part of the change: a hail of marks cannot be read."""
AROUND = 4
"""Words that are shown before and after a change."""
PIECE = 160
"""How much of one change is shown on each side, in UTF-16 units."""

Piece = tuple[list[str], list[str]]
"""Words before and after; the same ones where nothing changed."""


def difference(before: str, after: str, limit: int) -> str:
    """Within `limit` UTF-16 units, escaped."""
    old, new = before.split(), after.split()
    if old == new:
        return line(after, limit) or EMPTY
    pieces = list(_pieces(old, new))
    stayed = sum(len(gone) for gone, come in pieces if gone == come)
    if not stayed or stayed < ALIKE * max(len(old), len(new)):
        return f"{_struck(old)} → {line(after, PIECE) or EMPTY}"
    shown = [_shown(gone, come, number, len(pieces)) for number, (gone, come) in enumerate(pieces)]
    text = limits.joined(shown, limit - 2, " ")
    return text if text == " ".join(shown) else f"{text} {ELLIPSIS}"


def _pieces(old: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    """In turn what stayed and what changed; specks are joined to the changes around them."""
    gone: list[str] = []
    come: list[str] = []
    steps = list(Indel.opcodes(old, new))
    for number, step in enumerate(steps):
        before, after = list(old[step.src_start : step.src_end]), list(new[step.dest_start : step.dest_end])
        stays = step.tag == "equal" and (len(before) > SPECK or number in (0, len(steps) - 1))
        if not stays:
            gone += before
            come += after
            continue
        if gone or come:
            yield gone, come
            gone, come = [], []
        yield before, after
    if gone or come:
        yield gone, come


def _shown(gone: list[str], come: list[str], number: int, count: int) -> str:
    if gone != come:
        return " ".join(part for part in (_struck(gone) if gone else "", _bold(come) if come else "") if part)
    first, last = (0 if number == 0 else AROUND), (0 if number == count - 1 else AROUND)
    if len(gone) <= first + last + 1:
        return line(" ".join(gone), PIECE)
    around = (" ".join(gone[:first]), ELLIPSIS, " ".join(gone[-last:] if last else []))
    return line(" ".join(part for part in around if part), PIECE)


def _struck(words: Sequence[str]) -> str:
    text = line(" ".join(words), PIECE)
    return f"~~{text}~~" if text else EMPTY


def _bold(words: Sequence[str]) -> str:
    text = line(" ".join(words), PIECE)
    return f"**{text}**" if text else EMPTY
