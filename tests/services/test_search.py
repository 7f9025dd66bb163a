"""Queries, days and excerpts: what is read from what was typed."""

from __future__ import annotations

import itertools
import unicodedata
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv.domain.excerpt import excerpt, marks_in
from mv.domain.folding import fold, origin, words
from mv.domain.search import (
    MOST_WORDS,
    Passage,
    Place,
    Query,
    Term,
    first_day,
    parse_query,
    parse_typed,
    readable,
    widened,
)
from mv.errors import NotChosen


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Café NOIR", "cafe noir"),
        ("Straße STRASSE", "strasse strasse"),
        ("İstanbul ISPARTA ılık", "istanbul isparta ilik"),
        ("Ærø Łódź Đà", "aero lodz da"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ёлка й", "елка и"),
        ("灯台の光", "灯 台 の 光"),
        ("が ｶﾞ か\u3099", "か \u3099 カ \u3099 か \u3099"),
        ("مَنَارَة مـنار", "منارة منار"),
        ("מָרָה", "מרה"),
        ("1️⃣ ❤️ 👩‍🚀 S1²", "1 s12"),
        ("don't slow-motion 3.5", "don t slow motion 3 5"),
        ("co\u00adop a\u200bb \ud83c \0", "coop a b"),
        ("\ue000public", "public"),
    ],
)
def test_folding(text: str, found: str) -> None:
    assert " ".join(words(text)) == found
    assert words(unicodedata.normalize("NFD", text)) == words(unicodedata.normalize("NFC", text))


@given(st.text(max_size=80))
def test_what_is_folded_stays_so_and_knows_where_it_came_from(text: str) -> None:
    folded = fold(text)
    assert words(folded) == words(text)
    assert all(unicodedata.category(char)[0] in "LNM" or char == " " for char in folded)
    places = [origin(text)(place) for place in range(len(folded))]
    assert places == sorted(places)
    assert all(folded[n] in fold(text[place]) for n, place in enumerate(places))


@given(st.text(max_size=300))
def test_any_query_is_read(text: str) -> None:
    query = parse_query(text)
    terms = (*query.terms, *query.without)
    assert sum(len(term.words) for term in terms) <= MOST_WORDS
    assert all(term.words and all(word.isprintable() and " " not in word for word in term.words) for term in terms)
    wider = widened(text)
    assert wider is None or parse_query(wider).terms[-1].prefix
    assert len(parse_typed(text, 8)) <= 8
    assert readable(readable(text)) == readable(text)
    assert words(readable(text)) == words(text)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("salt and salt", Query(terms=(Term(("salt",)), Term(("and",))))),
        ('"salt and" light', Query(terms=(Term(("salt", "and")), Term(("light",))))),
        ("neo* ne* ** a*", Query(terms=(Term(("neo",), prefix=True), Term(("ne",)), Term(("a",))))),
        ("-night -“deep sea” fox", Query(terms=(Term(("fox",)),), without=(Term(("night",)), Term(("deep", "sea"))))),
        ("a - b -- c", Query(terms=(Term(("a",)), Term(("b",)), Term(("c",))))),
        ("<@12> x <@!34> <@12>", Query(terms=(Term(("x",)),), members=(12, 34))),  # type: ignore[arg-type]
        ("@ann", Query(terms=(Term(("ann",)),))),
        ("fox,storm(rain)", Query(terms=(Term(("fox",)), Term(("storm",)), Term(("rain",))))),
        ("灯台*", Query(terms=(Term(("灯", "台")),))),
        ("🦊", Query()),
    ],
)
def test_query_language(text: str, query: Query) -> None:
    assert parse_query(text) == query
    assert query.empty == (not query.terms and not query.members)


def test_what_is_too_much_is_cut_and_said() -> None:
    query = parse_query(" ".join(f"w{n}" for n in range(40)))
    assert (len(query.terms), query.cut) == (MOST_WORDS, True)
    query = parse_query("灯" * 1000)
    assert ([len(term.words) for term in query.terms], query.cut) == ([MOST_WORDS], True)
    assert not parse_query(" ".join(["same"] * 200)).cut


@pytest.mark.parametrize(
    ("text", "wider"),
    [("neo", "neo*"), ("fox neo ", "fox neo*"), ("ne", None), ('"neo"', None), ("neo*", None), ("fox -neo", None),
     ("灯台", None), ("<@12>", None), ("등대", "등대*"), ("", None)],
)  # fmt: skip
def test_widening(text: str, wider: str | None) -> None:
    assert widened(text) == wider


TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-01", date(2026, 11, 1)),
        ("today", TODAY),
        (" Yesterday ", date(2026, 11, 21)),
        ("7d", date(2026, 11, 15)),
        ("7 days ago", date(2026, 11, 15)),
        ("1 day", date(2026, 11, 21)),
        ("2  weeks", date(2026, 11, 8)),
        ("0d", TODAY),
    ],
)
def test_days(text: str, day: date) -> None:
    assert first_day(text, TODAY) == datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "9999 weeks ago!", "-3d", "7 months", "1.11.2026", "9" * 99, "\0"]
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(NotChosen) as caught:
        first_day(text, TODAY)
    assert "7 days" in caught.value.allowed


def test_the_earliest_day_is_no_error() -> None:
    assert first_day("0001-01-01", TODAY).year == 1
    assert first_day("9999w", TODAY).year > 1800
    with pytest.raises(NotChosen):
        first_day("9999 weeks", date(10, 1, 1))


def test_the_passage_with_most_of_what_the_title_lacks_is_shown() -> None:
    passages = [
        Passage(place=Place.TITLE, text="The keeper"),
        Passage(place=Place.IDEA, text="A keeper waits"),
        Passage(place=Place.SCENE, scene=1, text="A lamp"),
        Passage(place=Place.SCENE, scene=2, text="The keeper lights a lamp in the fog"),
    ]
    found = excerpt(passages, parse_query("keeper lamp fog"))
    assert found is not None
    assert (found.place, found.scene) == (Place.SCENE, 2)
    assert [found.text[a:b] for a, b in found.marks] == ["keeper", "lamp", "fog"]
    assert excerpt(passages, parse_query("whale")) is None
    only = excerpt(passages, parse_query("keeper"))
    assert only is not None
    assert only.place is Place.IDEA


@given(st.text(max_size=400), st.text("ab ", min_size=1, max_size=5), st.text(max_size=400))
def test_an_excerpt_is_part_of_its_text_and_holds_what_it_marks(before: str, word: str, after: str) -> None:
    text, query = f"{before} {word} {after}", parse_query(word)
    marks = marks_in(text, query)
    assert all(0 <= a < b <= len(text) for a, b in marks)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(marks))
    found = excerpt([Passage(place=Place.IDEA, text=text)], query)
    if query.empty:
        assert found is None
        return
    assert found is not None
    assert found.text in text
    assert found.marks
    assert all(0 <= a < b <= len(found.text) for a, b in found.marks)
    assert len(found.text) < 200
