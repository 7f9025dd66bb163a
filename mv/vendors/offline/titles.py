"""Titles of scenes: each used once, by the part of the song and what the picture shows."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

from mv.domain.scenes import ShotSize
from mv.vendors.offline.board import Deck, Shot
from mv.vendors.offline.idea import Motif
from mv.vendors.offline.words import shorten, tidy, title_case, without_article

LONGEST = 100

_FORMS = {
    "intro": (
        "Before {the}", "First Sight of {the}", "Somewhere near {the}", "Enter {who}", "The Quiet before {the}",
        "A Rumour of {the}", "{where}, Waiting", "One Note, Then {the}",
    ),
    "verse": (
        "Toward {the}", "{who} and {the}", "Closer to {the}", "Traces of {the}", "The Long Way to {the}",
        "One Step from {the}", "Following {the}", "{where}", "Listening for {the}", "Small Signs of {the}",
        "Half of {the}", "{who}, Unseen", "Around {the}", "A Place for {the}", "Carrying {the}",
    ),
    "chorus": (
        "Into {the}", "All of {the}", "{the}, Full Volume", "Inside {the}", "Nothing but {the}",
        "Face to Face with {the}", "{who} against {the}", "Louder than {the}", "{the} Everywhere", "For {the}",
    ),
    "bridge": (
        "Without {the}", "A Breath between", "The Other Side of {the}", "Remembering {the}", "{the}, Held Still",
        "{who}, Alone", "Under {the}",
    ),
    "outro": (
        "After {the}", "What Is Left of {the}", "The Last of {the}", "Goodbye to {the}", "Only {who}",
        "Where {the} Ended", "{where}, Once More",
    ),
    "detail": ("A Piece of {the}", "{the}, up Close", "Detail of {the}", "The Smallest Part of {the}"),
}  # fmt: skip

_NOT_OF_PEOPLE = re.compile(
    r"(Into|Inside|Under|Half|A Piece|Detail|The Smallest|All of|Nothing but|Around|Carrying|A Place) "
)


class Titles:
    """Hands out titles that nobody has yet, compared without regard to case."""

    def __init__(self, motifs: Sequence[Motif], who: str, taken: Iterable[str], dice: random.Random) -> None:
        self._decks = {kind: Deck(forms, dice) for kind, forms in _FORMS.items()}
        self._motifs = motifs
        self._who = who
        self._taken = {title.casefold().strip() for title in taken}

    def next(self, shot: Shot, turn: int) -> str:
        """After every form and motif was used, titles are numbered as sequels are."""
        kind = "detail" if shot.size is ShotSize.INSERT else shot.part.kind
        deck = self._decks[kind]
        for number in range(1, 1000):
            for attempt in range(len(_FORMS[kind]) * len(self._motifs)):
                form = deck.draw()
                motif = self._motifs[(turn + attempt) % len(self._motifs)]
                if motif.person and _NOT_OF_PEOPLE.match(form) and attempt < len(_FORMS[kind]):
                    continue
                title = self._fill(form, motif, shot) + (f" {_roman(number)}" if number > 1 else "")
                if title.casefold() not in self._taken:
                    self._taken.add(title.casefold())
                    return title
        raise AssertionError("a thousand sequels")

    def _fill(self, form: str, motif: Motif, shot: Shot) -> str:
        the = motif.bare if motif.text.startswith("“") else motif.text
        where = without_article(shot.location.split(",", 1)[0])
        if len(where) > 40:
            where = the
        title = form.format(the=shorten(the, 40), who=self._who, where=where)
        return shorten(title_case(tidy(title)), LONGEST - 8)


def _roman(number: int) -> str:
    digits = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, sign in digits:
        while number >= value:
            text, number = text + sign, number - value
    return text
