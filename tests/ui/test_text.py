"""Text from members and vendors stays inside its frame."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import regex  # type: ignore[import-untyped]  # comes with simcord[preview]
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.text import ELLIPSIS, bare, cut, line, plain, units
from tests.ui import rules
from tests.ui.records import PIECES, texts

Door = Callable[[str, int], str]
DOORS = (plain, line, bare)
printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200)
words = st.lists(printable, min_size=1, max_size=12).map(" ".join)
visible = st.lists(
    st.sampled_from([piece for piece in PIECES if piece.isprintable() or "\u200d" in piece] + list("abc `*")),
    max_size=40,
).map("".join)


@given(texts, st.integers(8, 400), st.sampled_from(DOORS))
def test_it_never_grows_over_its_limit(text: str, limit: int, door: Door) -> None:
    assert rules.units(door(text, limit)) <= limit


@given(texts, st.integers(8, 400), st.sampled_from(DOORS))
def test_nothing_unseen_or_overriding_stays(text: str, limit: int, door: Door) -> None:
    drawn = door(text, limit).replace("@\u200b", "@")
    if drawn.startswith("\u2068"):
        assert drawn.endswith("\u2069")
        drawn = drawn[1:-1]
    assert not rules.UNSEEN.search(drawn)


@given(texts, st.integers(8, 400), st.sampled_from((plain, line)))
def test_no_markdown_of_theirs_is_alive(text: str, limit: int, door: Door) -> None:
    assert rules.active(door(text, limit)) == []


@given(texts, st.integers(8, 400))
def test_a_line_is_one_line(text: str, limit: int) -> None:
    assert "\n" not in line(text, limit) + bare(text, limit)


@given(words)
def test_what_was_typed_is_what_is_read(text: str) -> None:
    assert rules.shown(plain(text, 9000)).replace("\u200b", "") == text
    assert rules.shown(line(text, 9000)).replace("\u200b", "") == text
    assert bare(text, 9000) == text


@given(visible, st.integers(8, 60), st.sampled_from((plain, line)))
def test_a_cut_spares_what_is_seen_as_one_character(text: str, limit: int, door: Door) -> None:
    whole, short = (_read(door(text, size)) for size in (100_000, limit))
    if short == whole:
        return
    assert short.endswith(ELLIPSIS)
    seen, kept = regex.findall(r"\X", whole), short.removesuffix(ELLIPSIS)
    starts = {"".join(seen[:count]).rstrip(" \n\u200c\u200d\u200f") for count in range(len(seen) + 1)}
    assert kept in starts


def _read(drawn: str) -> str:
    return rules.shown(drawn).strip("\u2068\u2069").replace("\u200b", "")


@pytest.mark.parametrize(
    ("text", "limit", "drawn"),
    [
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 15, "👨‍👩‍👧‍👦…"),
        ("🇩🇪🇫🇷🇮🇹", 10, "🇩🇪🇫🇷…"),
        ("ae\u0301e\u0301", 4, "ae\u0301…"),
        ("क्षक्ष", 5, "क्ष…"),
        ("a****", 6, r"a\*\*…"),
        ("한국어" * 3, 4, "한국어…"),
    ],
)
def test_cuts(text: str, limit: int, drawn: str) -> None:
    assert plain(text, limit) == drawn


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u2066b\u2067c", "abc"),
        ("a\u200b\u200b\u200bb", "ab"),
        ("1. one\n2. two", "1\\. one\n2\\. two"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("\u3164 \u2800", ""),
        ("\u200d\u200d\u200d", ""),
        ("Z" + "\u0300" * 90, "Z" + "\u0300" * 5),
        ("see https://a.example/b_c", r"see https\://a.example/b\_c"),
        ("at 10:20 sharp", "at 10:20 sharp"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("hid\U000e0041\U000e0042den", "hidden"),
        ("❤️ 👩‍🚀", "❤️ 👩‍🚀"),
    ],
)
def test_paragraphs(text: str, drawn: str) -> None:
    assert plain(text, 300) == drawn


def test_right_to_left_text_stays_and_is_isolated() -> None:
    assert plain("שלום עולם", 50) == "שלום עולם"
    assert line("שלום עולם", 50) == "\u2068שלום עולם\u2069"
    assert rules.units(line("שלום" * 50, 50)) <= 50


def test_footers_and_labels_show_no_backslashes() -> None:
    assert bare("a_b *c* <3", 50) == "a_b *c* <3"


@given(texts)
def test_our_own_text_is_cut_alike(text: str) -> None:
    clean = plain(text, 3000)
    assert rules.active(cut(clean, 20)) == []
    assert units(cut(clean, 20)) <= 20


@pytest.mark.parametrize("piece", PIECES)
def test_a_hundred_thousand_of_anything_take_no_time(piece: str) -> None:
    start = time.perf_counter()
    for door in DOORS:
        assert rules.units(door(piece * (100_000 // len(piece)), 1000)) <= 1000
    assert time.perf_counter() - start < 30
