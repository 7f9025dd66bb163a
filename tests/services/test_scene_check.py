"""Whatever comes back from a generator."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mv.domain.scene_check import PALETTE, PHRASE, TEXT, TITLE, Checked, check
from mv.domain.scenes import Scene, ShotSize

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
FIELDS = tuple(Scene.model_fields)
SCENE = st.dictionaries(st.sampled_from(FIELDS), ANYTHING) | st.fixed_dictionaries(
    dict.fromkeys(FIELDS, st.text() | st.integers() | st.floats() | st.sampled_from(["wide shot", "CU (tight)", "4 s"]))
)
LIST = st.fixed_dictionaries(
    {
        "title": ANYTHING,
        "logline": ANYTHING,
        "palette": ANYTHING | st.lists(st.text()),
        "scenes": st.lists(SCENE | ANYTHING),
    }
)
GOOD: dict[str, Any] = dict.fromkeys(FIELDS, "x") | {"shot_size": "WS", "duration_seconds": 4}


def sane(result: Checked, count: int, shortest: float, longest: float) -> None:
    draft = result.draft(count, "Title")
    assert 0 <= len(draft.scenes) <= count
    assert draft.title
    assert len(draft.title) <= TITLE
    assert len(draft.palette) <= PALETTE
    assert all(len(colour) == 7 and int(colour[1:], 16) >= 0 for colour in draft.palette)
    for scene in draft.scenes:
        assert scene.title
        assert scene.description
        assert isinstance(scene.shot_size, ShotSize)
        assert shortest <= scene.duration_seconds <= longest
        for name in FIELDS:
            value = getattr(scene, name)
            if isinstance(value, str):
                assert len(value) <= (
                    TITLE if name == "title" else TEXT if "description" in name or name == "action" else PHRASE
                )
                assert "\x00" not in value
                value.encode()
    json.dumps(draft.model_dump(mode="json"), allow_nan=False)


@settings(max_examples=150, deadline=None)
@given(
    payload=ANYTHING | LIST,
    count=st.integers(1, 24),
    lenient=st.booleans(),
    bounds=st.tuples(st.integers(1, 4), st.integers(4, 60)),
)
def test_any_json_at_all(payload: object, count: int, lenient: bool, bounds: tuple[int, int]) -> None:
    shortest, longest = map(float, bounds)
    result = check(payload, count=count, shortest=shortest, longest=longest, lenient=lenient)
    assert result.usable() + result.missing(count) == max(count, result.usable())
    sane(result, count, shortest, longest)


@settings(max_examples=60, deadline=None)
@given(first=LIST, second=LIST | ANYTHING, count=st.integers(1, 24))
def test_a_second_answer_fills_the_gaps_of_the_first(first: object, second: object, count: int) -> None:
    result = check(first, count=count, shortest=2, longest=8)
    before, missing = result.usable(), result.missing(count)
    more = check(second, count=max(1, missing), shortest=2, longest=8, lenient=True)
    fresh = more.usable()
    result.fill(more)
    assert result.usable() == before + fresh
    sane(result, count, 2, 8)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("ws", ShotSize.WS),
        ("Wide Shot", ShotSize.WS),
        ("extreme close-up", ShotSize.ECU),
        ("Extreme Wide Shot (EWS)", ShotSize.EWS),
        ("Medium Close-Up shot", ShotSize.MCU),
        ("FULL BODY", ShotSize.FS),
        ("establishing", ShotSize.EWS),
        ("INSERT", ShotSize.INSERT),
        ("Mid-shot", ShotSize.MS),
    ],
)
def test_synonyms_of_shot_sizes(given: str, wanted: ShotSize) -> None:
    result = check({"scenes": [{**GOOD, "shot_size": given}]}, count=1, shortest=2, longest=8)
    assert result.scenes[0] is not None
    assert result.scenes[0].shot_size is wanted


@pytest.mark.parametrize("given", ["", "a shot of my own", None, 3, ["WS"], "wide close"])
def test_unknown_shot_sizes_are_asked_for_again_and_then_guessed(given: object) -> None:
    payload = {"scenes": [{**GOOD, "shot_size": given}]}
    assert check(payload, count=1, shortest=2, longest=8).missing(1) == 1
    lenient = check(payload, count=1, shortest=2, longest=8, lenient=True)
    assert lenient.scenes[0] is not None
    assert lenient.scenes[0].shot_size is ShotSize.MS
    assert lenient.notes == ["guessed:shot_size"]


@pytest.mark.parametrize(
    ("given", "wanted", "note"),
    [
        (4, 4.0, None),
        ("4.5 s", 4.5, None),
        ("4 seconds", 4.0, None),
        (900, 8.0, "clamped:duration_seconds"),
        (-1, 2.0, "clamped:duration_seconds"),
        (1e999, 8.0, "clamped:duration_seconds"),
        (None, 4.0, "mended:duration_seconds"),
        ("soon", 4.0, "mended:duration_seconds"),
        (float("nan"), 4.0, "mended:duration_seconds"),
        (True, 4.0, "mended:duration_seconds"),
    ],
)
def test_durations(given: object, wanted: float, note: str | None) -> None:
    result = check([{**GOOD, "duration_seconds": given}], count=1, shortest=2, longest=8)
    assert result.scenes[0] is not None
    assert (result.scenes[0].duration_seconds, result.notes) == (wanted, [note] if note else [])


def test_palettes() -> None:
    colours = ["#ABC", "ff0000", "#ff0000", "red", 3, None, "#12345", "#1234567", "#1", "#000000", "#111111", "#222222"]
    result = check({"palette": [*colours, "#333333", "#444444"], "scenes": []}, count=1, shortest=2, longest=8)
    assert result.palette == ("#aabbcc", "#ff0000", "#000000", "#111111", "#222222", "#333333")


def test_texts_are_cleaned_and_cut_at_a_word() -> None:
    scene = {**GOOD, "title": " a\u0000b\ud800 \n", "mood": "word " * 100, "cue": ["verse", 2, {"x": 1}]}
    result = check([scene], count=1, shortest=2, longest=8)
    assert result.scenes[0] is not None
    assert result.scenes[0].title == "ab"
    assert result.scenes[0].mood.endswith("word…")
    assert result.scenes[0].cue == "verse, 2"
    assert result.notes == ["shortened"]
