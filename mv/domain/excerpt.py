"""The part of a record that shows why it was found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mv.domain.folding import fold, origin
from mv.domain.search import Passage, Place, Query, Term

ROOM = 110
"""Characters of an excerpt."""
BEFORE = 30
"""Of these, so many before the first word that was found."""

Marks = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Part of a text; `marks` are where in it the words stand, from and to, in order and apart. `before` and `after`
    say whether the text goes on there."""

    place: Place
    text: str
    scene: int = 0
    marks: Marks = ()
    before: bool = False
    after: bool = False


def marks_in(text: str, query: Query) -> Marks:
    """Where in a text the words of a query stand."""
    folded = fold(text)
    found = sorted(match.span() for pattern in _patterns(query.terms) for match in pattern.finditer(folded))
    if not found:
        return ()
    came_from = origin(text)
    marks: list[tuple[int, int]] = []
    for start, end in ((came_from(a), _whole(text, came_from(b - 1) + 1)) for a, b in found):
        if marks and start <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return tuple(marks)


def excerpt(passages: Sequence[Passage], query: Query) -> Excerpt | None:
    """From the passage below the title that has the most words which the title has not; None if none has any."""
    patterns = _patterns(query.terms)
    in_title = [fold(each.text) for each in passages if each.place is Place.TITLE]
    missing = [p for p in patterns if not any(p.search(title) for title in in_title)] or patterns
    best, most = None, 0
    for each in passages:
        folded = fold(each.text)
        count = sum(pattern.search(folded) is not None for pattern in missing)
        if count > most and each.place is not Place.TITLE:
            best, most = each, count
    return None if best is None else _window(best, marks_in(best.text, query))


def _window(passage: Passage, marks: Marks) -> Excerpt:
    text = passage.text
    start = _word_start(text, max(0, marks[0][0] - BEFORE), marks[0][0])
    end = _word_end(text, start + ROOM, marks[0][1])
    return Excerpt(
        place=passage.place,
        scene=passage.scene,
        text=text[start:end],
        marks=tuple((a - start, min(b, end) - start) for a, b in marks if a < end),
        before=bool(text[:start].strip()),
        after=bool(text[end:].strip()),
    )


def _word_start(text: str, at: int, latest: int) -> int:
    """The first beginning of a word from there on, if one comes in time."""
    if at == 0:
        return 0
    space = re.compile(r"\s\S").search(text, at - 1, latest + 1)
    return _whole(text, at) if space is None else space.end() - 1


def _word_end(text: str, at: int, earliest: int) -> int:
    """The last end of a word up to there; not before `earliest`, unless that is too far."""
    if at >= len(text):
        return len(text)
    space = max(text.rfind(sign, earliest, at + 1) for sign in " \n")
    return _whole(text, at) if space < 0 else space


def _whole(text: str, end: int) -> int:
    """Not between a letter and its marks."""
    while end < len(text) and unicodedata.category(text[end]) in ("Mn", "Mc", "Me"):
        end += 1
    return end


def _patterns(terms: Sequence[Term]) -> list[re.Pattern[str]]:
    return [_pattern(term) for term in terms]


def _pattern(term: Term) -> re.Pattern[str]:
    side_by_side = " +".join(re.escape(word) for word in term.words)
    return re.compile(f"(?<![^ ]){side_by_side}{'[^ ]*' if term.prefix else '(?![^ ])'}")
