"""What members look for: a query read from what they typed, and how far back it reaches.

No sign of theirs is ever syntax of a database's: a query consists of folded words, which are letters and digits only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from mv.domain.folding import apart, words
from mv.domain.ids import MemberId, RecordId
from mv.errors import NotChosen

MOST_WORDS = 32
"""Of one query; more make no answer better, and each costs time."""
PREFIX_LETTERS = 3
"""What is shorter begins too many words."""

_UNREADABLE = ("Cc", "Cn", "Co", "Cs")
_BLANK = "\u115f\u1160\u200b\u2800\u3164\uffa0"
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"'))
_MENTION = re.compile(r"<@!?(\d{1,20})>")
_CHUNK = re.compile(r'(-?)"([^"]*)"(\*?)|([^\s,;:()|]+)')
_AGO = re.compile(r"(\d{1,4})\s*(d|days?|w|weeks?)")
_ALLOWED = ("2026-11-01", "today", "yesterday", "7 days", "7d", "2 weeks")


class Place(StrEnum):
    """Where a text of a record stands."""

    TITLE = "title"
    """Of a character the name."""
    IDEA = "idea"
    LOGLINE = "logline"
    CHARACTER = "character"
    DESCRIPTION = "description"
    SCENE = "scene"
    MEMBER = "member"

    @property
    def tier(self) -> int:
        """How much a word there says of the record: 1 its title, 2 what it is about, 3 the rest."""
        return {Place.TITLE: 1, Place.SCENE: 3, Place.MEMBER: 3}.get(self, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text of a record; `scene` is the scene's number, where it is one's."""

    place: Place
    text: str
    scene: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """Folded words that stand side by side; with `prefix` the last may go on."""

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """All of `terms`, none of `without`, of one of `members` if there are any. `cut`: there was more than is looked
    for."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    members: tuple[MemberId, ...] = ()
    cut: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.terms and not self.members


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is let through, where something is named."""

    project_id: RecordId | None = None
    member_id: MemberId | None = None
    engine: str | None = None
    flavor: str | None = None
    since: datetime | None = None
    has_picture: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A search as a member typed it; None is what they left out. `member` is of whom."""

    query: str
    project: str | None = None
    member: MemberId | None = None
    engine: str | None = None
    flavor: str | None = None
    since: str | None = None
    has_picture: bool | None = None

    @property
    def filtered(self) -> bool:
        """Whether anything but the query narrows it."""
        return replace(self, query="") != Sought(query="")


def parse_query(text: str) -> Query:
    """Reads words, "phrases", prefix*, -without and mentions; whatever else is typed parts words."""
    members = tuple(dict.fromkeys(MemberId(int(digits)) for digits in _MENTION.findall(text)))
    wanted: dict[Term, None] = {}
    unwanted: dict[Term, None] = {}
    left = MOST_WORDS
    for minus, phrase, star, bare in _CHUNK.findall(_MENTION.sub(" ", text).translate(_QUOTES)):
        found = words(phrase or bare)
        term = Term(found[:left], _goes_on(found[:left], star or bare[-1:]))
        chosen = unwanted if minus or (bare[:1] == "-" and bare[1:2].isalnum()) else wanted
        if term.words and term not in chosen:
            chosen[term] = None
            left -= len(term.words)
        if len(found) > len(term.words):
            return Query(terms=tuple(wanted), without=tuple(unwanted), members=members, cut=True)
    return Query(terms=tuple(wanted), without=tuple(unwanted), members=members)


def readable(text: str) -> str:
    """A query without what nobody sees: marks of direction and joiners are left out, as in the words that are looked
    through, so that a sign before or behind a word is where it seems to be. What parts words is a space."""
    shown = (char for char in text if char in _BLANK or unicodedata.category(char) != "Cf")
    return "".join(" " if char in _BLANK or unicodedata.category(char) in _UNREADABLE else char for char in shown)


def parse_typed(text: str, most: int) -> tuple[Term, ...]:
    """What stands in a title that is being typed: each of the first words may go on."""
    found = (words(chunk) for chunk in text.split()[:most])
    return tuple(dict.fromkeys(Term(each[:most], prefix=not apart(each[-1])) for each in found if each))


def widened(text: str) -> str | None:
    """The same query with its last word as a prefix; None where that means the same, or the last is in quotes."""
    wider = f"{text.rstrip()}*"
    same = parse_query(wider).terms == parse_query(text).terms
    return None if same or text.translate(_QUOTES).rstrip().endswith('"') else wider


def _goes_on(found: tuple[str, ...], star: str) -> bool:
    return star == "*" and bool(found) and len(found[-1]) >= PREFIX_LETTERS and not apart(found[-1])


def first_day(text: str, today: date) -> datetime:
    """The beginning, in UTC, of the day that `2026-11-01`, `today`, `yesterday`, `7 days` or `2 weeks` names. Raises
    NotChosen."""
    said = " ".join(text.split()).casefold().removesuffix(" ago")
    try:
        day = today - timedelta(days=_days(said)) if _days(said) >= 0 else date.fromisoformat(said)
    except (ValueError, OverflowError):
        raise NotChosen(field="since", given=text, allowed=_ALLOWED) from None
    return datetime.combine(day, time(), UTC)


def _days(said: str) -> int:
    """How many days ago; -1 for what is no such thing."""
    if said in ("today", "yesterday"):
        return int(said == "yesterday")
    found = _AGO.fullmatch(said)
    return -1 if found is None else int(found[1]) * (7 if found[2].startswith("w") else 1)
