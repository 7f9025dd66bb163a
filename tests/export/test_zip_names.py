"""Names of files in ZIPs, on every system."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mv.export.zips import LONGEST, Names, safe_name
from tests.ui.records import texts


@pytest.mark.parametrize(
    ("stem", "tail", "name"),
    [
        ("S12 Salt and Light", " (v3).json", "S12 Salt and Light (v3).json"),
        ("S1 灯台の夢 🗼 Ärger", " (v1).md", "S1 灯台の夢 🗼 Ärger (v1).md"),
        ("C7 ../../etc/passwd", "", "C7 .. .. etc passwd"),
        ('C7 a<b>c:d"e/f\\g|h?i*j', "", "C7 a b c d e f g h i j"),
        ("C7 Mr. X...", "", "C7 Mr. X"),
        ("...hidden", "", "hidden"),
        ("con", "", "_con"),
        ("LPT1.txt", "", "_LPT1.txt"),
        ("nul", ".json", "_nul.json"),
        ("\u202etxt.exe\u200b", "", "txt.exe"),
        ("a\x00b\x1fc\nd", "", "a b c d"),
        ("\ud800x", "", "x"),
        ("", " (v1).csv", "(v1).csv"),
        ("", "", "_"),
    ],
)
def test_names(stem: str, tail: str, name: str) -> None:
    assert safe_name(stem, tail) == name


@given(texts | st.text(max_size=200), st.sampled_from(("", ".json", " (v1000).json")))
@settings(max_examples=200, deadline=None)
def test_any_text_makes_a_name(text: str, tail: str) -> None:
    name = safe_name(text, tail)
    assert 1 <= len(name) <= LONGEST
    assert len(name.encode()) <= 255
    assert name.endswith(tail.strip())
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]|^[ .]|[ .]$', name)
    assert name not in (".", "..")
    assert not [char for char in name if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not re.fullmatch(r"(con|prn|aux|nul|(com|lpt)\d)(\..*)?", name, re.IGNORECASE)
    assert safe_name(name) in (name, name.lstrip("."))


def test_each_file_has_a_name_of_its_own() -> None:
    names = Names()
    asked = [("a", "x", ".txt"), ("a", "X", ".TXT"), ("a", "x", ".txt"), ("", "x", ".txt"), ("", "Manifest", ".json")]
    assert [names.of(*each) for each in asked] == [
        "a/x.txt", "a/X (2).TXT", "a/x (3).txt", "x.txt", "Manifest (2).json"
    ]  # fmt: skip
    long = [names.of("a", "x" * 300, " (v1).json") for _ in range(3)]
    assert len(set(long)) == 3
    assert {len(name) for name in long} == {len("a/") + LONGEST}
    assert long[2].endswith("x (3) (v1).json")
