"""Two texts in one line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.differences import difference
from bot.ui.text import units

LONG = "Mara walks the pier at low tide, past the boats that nobody mended, to the lamp her brother lit"


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("low angle", "from behind", "~~low angle~~ → from behind"),
        ("", "from behind", "– → from behind"),
        ("hushed", "", "~~hushed~~ → –"),
        ("She sings", "She sings", "She sings"),
        ("She sings low", "She sings loud", "She sings ~~low~~ **loud**"),
        ("She sings low", "At dawn she sings low", "~~She~~ **At dawn she** sings low"),
        (LONG, f"{LONG} once", "… lamp her brother lit **once**"),
        (LONG, LONG.replace("mended", "sold"), "… the boats that nobody ~~mended,~~ **sold,** to the lamp her …"),
        ("a *b* c d e", "a *c* c d e", r"a ~~\*b\*~~ **\*c\*** c d e"),
    ],
)
def test_what_is_shown(before: str, after: str, shown: str) -> None:
    assert difference(before, after, 600) == shown


def test_few_words_that_stayed_between_changes_do_not_break_them_up() -> None:
    shown = difference("one two three four five six seven", "one two three vier five sechs seven eight nine", 600)
    assert shown.count("~~") == 2


WORDS = st.lists(st.sampled_from(["rain", "sea", "she", "lamp", "*", "@everyone", "ä", "海"]), max_size=40)


@given(before=WORDS, after=WORDS)
def test_what_was_taken_away_and_what_came_add_up(before: list[str], after: list[str]) -> None:
    shown = difference(" ".join(before), " ".join(after), 10_000)
    if "…" in shown or "→" in shown:
        return
    plain = re.sub(r"\*\*(.*?)\*\*", r"\1", re.sub(r"~~.*?~~", "", shown).replace(r"\*", "+"))
    assert plain.replace("@\u200b", "@").replace("–", "").split() == [word.replace("*", "+") for word in after]


@given(before=st.text(max_size=400), after=st.text(max_size=400), limit=st.integers(340, 600))
def test_it_keeps_within_its_limit(before: str, after: str, limit: int) -> None:
    assert units(difference(before, after, limit)) <= limit
