"""A scenes.json that somebody hands in: ours comes back the same, and nothing else comes in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.ui.error_words import words
from mv.domain import limits
from mv.domain.scene_check import LENGTHS, PALETTE, TEXT, TITLE
from mv.domain.scene_edits import written
from mv.domain.scene_file import SHOWN, read_scene_file
from mv.domain.scenes import Scene, SceneDraft, SceneListView, ShotSize, default_title
from mv.errors import BadFile, Empty, FileTooLarge, NotOurs
from mv.export.scenes import scenes_json, schema
from tests.ui.records import view

PLAIN = st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\n\t")
"""What a checked answer may hold."""
TYPED = st.characters(codec="utf-8", exclude_characters="\0")
"""What a member may have typed."""


def said(alphabet: st.SearchStrategy[str], most: int, least: int = 0) -> st.SearchStrategy[str]:
    found = st.text(alphabet, min_size=least, max_size=min(most, 40)) | st.text(alphabet, max_size=3).map(
        lambda text: ((text or "x") * most)[:most]
    )
    return found.filter(limits.seen) if least else found


scenes = st.fixed_dictionaries(
    {name: said(PLAIN, most, int(name in ("title", "description"))) for name, most in LENGTHS.items()}
    | {
        "shot_size": st.sampled_from(ShotSize),
        "duration_seconds": st.floats(0, 600, exclude_min=True) | st.integers(1, 600),
    }
).map(Scene.model_validate)
drafts = st.builds(
    SceneDraft,
    title=said(PLAIN, TITLE, 1),
    logline=said(PLAIN, TEXT),
    palette=st.lists(st.from_regex(r"\A#[0-9a-f]{6}\Z"), max_size=PALETTE, unique=True).map(tuple),
    scenes=st.lists(scenes, min_size=1, max_size=3).map(tuple) | scenes.map(lambda scene: (scene,) * limits.SCENES[1]),
)
requests = st.fixed_dictionaries(
    {"idea": said(TYPED, limits.IDEA, 1), "character": said(TYPED, limits.CHARACTER, 1), "private": st.booleans()},
    optional={
        "count": st.integers(*limits.SCENES),
        "traits": said(TYPED, limits.TRAITS),
        "style": said(TYPED, limits.STYLE),
        "project": said(TYPED, limits.NAME),
    },
)


def a_view(draft: SceneDraft, request: dict[str, Any]) -> SceneListView:
    plain = view()
    return replace(plain, version=replace(plain.version, draft=draft, request=request))


@given(drafts, requests)
@settings(max_examples=100, deadline=None)
def test_what_was_written_is_read(draft: SceneDraft, request: dict[str, Any]) -> None:
    data = scenes_json(a_view(draft, request))
    found = read_scene_file(data)
    assert found.draft == draft
    assert found.request == request
    assert scenes_json(a_view(found.draft, dict(found.request))) == data


@given(
    title=st.text(min_size=1, max_size=TITLE), description=st.text(min_size=1, max_size=TEXT), idea=st.text(max_size=90)
)
def test_what_somebody_typed_is_read(title: str, description: str, idea: str) -> None:
    try:
        scene = written({"title": title, "description": description, "shot_size": "CU", "duration_seconds": "4"})
        idea = limits.text("idea", idea, limits.IDEA)
    except Empty:
        return
    draft = SceneDraft(title=default_title(idea), logline="", palette=(), scenes=(scene,))
    assert read_scene_file(scenes_json(a_view(draft, {"idea": idea, "character": "Mara"}))).draft == draft


def content(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {**json.loads(scenes_json(view("A keeper", scenes=2))), **changes}
    return made


def data_of(what: Any) -> bytes:
    return json.dumps(what).encode()


def mistakes(data: bytes) -> list[tuple[str, str]]:
    with pytest.raises(BadFile) as caught:
        read_scene_file(data)
    error = caught.value
    assert words(error).what.count("\n- ") == min(error.count, SHOWN) + (error.count > SHOWN)
    return list(zip(error.places, error.wrongs, strict=True))


def change(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    made: Any = content()
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return dict(made)


SCENE_0 = ("scenes", 0)
WRONG: tuple[tuple[tuple[str | int, ...], Any, str, str], ...] = (
    (("title",), 5, "title", "text"),
    (("title",), " \n", "title", "empty"),
    (("title",), "x" * (TITLE + 1), "title", f"long:{TITLE}:{TITLE + 1}"),
    (("title",), "a\x00b", "title", "controls"),
    (("title",), "a\x07b", "title", "controls"),
    (("title",), "\ud800", "title", "controls"),
    (("logline",), None, "logline", "text"),
    (("ref",), "X1", "ref", "ref"),
    (("version",), True, "version", "whole:1:"),
    (("version",), 1.5, "version", "whole:1:"),
    (("cost",), -1, "cost", "whole:0:"),
    (("cost",), float("nan"), "cost", "whole:0:"),
    (("usage",), [], "usage", "object"),
    (("usage", "prompt_tokens"), "7", "usage, prompt_tokens", "whole:0:"),
    (("palette",), "#112233", "palette", "list"),
    (("palette",), ["#11223"], "palette", "colours"),
    (("palette",), ["#AABBCC"], "palette", "colours"),
    (("palette",), ["#112233"] * 2, "palette", "colours"),
    (("palette",), [f"#00000{n}" for n in range(7)], "palette", "count:0:6:7"),
    (("request",), "x", "request", "object"),
    (("request", "idea"), "", "request, idea", "empty"),
    (("request", "idea"), "x\0", "request, idea", "controls"),
    (("request", "count"), 25, "request, count", "whole:1:24"),
    (("request", "private"), 1, "request, private", "flag"),
    (("request", "evil"), 1, "request, evil", "unknown"),
    (("defaults_applied", "private"), True, "defaults_applied, private", "unknown"),
    (("defaults_applied", "style"), ["x"], "defaults_applied, style", "text"),
    (("scenes",), {}, "scenes", "list"),
    (("scenes",), [], "scenes", "count:1:24:0"),
    ((*SCENE_0,), 7, "scene 1", "object"),
    ((*SCENE_0, "number"), 2, "scene 1, number", "order:1"),
    ((*SCENE_0, "number"), True, "scene 1, number", "order:1"),
    ((*SCENE_0, "shot_size"), "wide", "scene 1, shot_size", "shot_size"),
    ((*SCENE_0, "shot_size"), ["CU"], "scene 1, shot_size", "shot_size"),
    ((*SCENE_0, "duration_seconds"), float("nan"), "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "duration_seconds"), float("inf"), "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "duration_seconds"), 0, "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "duration_seconds"), 10**400, "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "duration_seconds"), "4", "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "duration_seconds"), True, "scene 1, duration_seconds", "seconds:600"),
    ((*SCENE_0, "mood"), "x" * 301, "scene 1, mood", "long:300:301"),
    ((*SCENE_0, "description"), "", "scene 1, description", "empty"),
    ((*SCENE_0, "`@everyone`"), "", "scene 1, `@everyone`", "unknown"),
)


@pytest.mark.parametrize(
    ("path", "value", "place", "wrong"), WRONG, ids=[f"{w[2]} {w[3]} {n}" for n, w in enumerate(WRONG)]
)
def test_what_is_wrong_is_told_with_its_place(path: tuple[str | int, ...], value: Any, place: str, wrong: str) -> None:
    assert mistakes(data_of(change(path, value))) == [(place, wrong)]


def test_the_good_one_is_good() -> None:
    read_scene_file(data_of(content()))
    read_scene_file(b"\xef\xbb\xbf" + data_of(content(cost=None, model_version="")))


@pytest.mark.parametrize("key", [*schema()["required"], *schema()["$defs"]["scene"]["required"]])
def test_nothing_may_be_missing(key: str) -> None:
    made = content()
    (made if key in made else made["scenes"][1]).pop(key)
    if key in ("schema_version", "scenes"):
        with pytest.raises(NotOurs, match="another_kind"):
            read_scene_file(data_of(made))
        return
    assert mistakes(data_of(made))[0][1] == "missing"


def test_twenty_five_scenes_and_a_thousand_mistakes() -> None:
    many = content()["scenes"][:1] * 25
    for number, each in enumerate(many, start=1):
        many[number - 1] = {**each, "number": number}
    assert mistakes(data_of(content(scenes=many))) == [("scenes", "count:1:24:25")]
    assert len(mistakes(data_of(content(scenes=[{}] * 24)))) == SHOWN


def test_a_key_that_stands_twice() -> None:
    text = data_of(content()).decode()
    assert mistakes(text.replace('"logline":', '"title": "Another", "logline":', 1).encode()) == [("title", "twice")]
    assert mistakes(text.replace('"mood":', '"cue": "x", "mood":', 1).encode()) == [("scene 1, cue", "twice")]


Make = Callable[[], bytes]
NOT_OURS: dict[str, tuple[Make, str]] = {
    "nothing": (lambda: b"", "empty"),
    "nothing to see": (lambda: b" \n\t", "empty"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(50), "archive"),
    "UTF-16": (lambda: data_of(content()).decode().encode("utf-16"), "not_utf8"),
    "Latin-1": (lambda: '{"title": "é"}'.encode("latin-1"), "not_utf8"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(50), "not_utf8"),
    "half of it": (lambda: data_of(content())[:-20], "not_json"),
    "two of it": (lambda: data_of(content()) * 2, "not_json"),
    "a list": (lambda: data_of([content()]), "another_kind"),
    "null": (lambda: b"null", "another_kind"),
    "something else": (lambda: b'{"a": 1}', "another_kind"),
    "no version": (lambda: data_of(content(schema_version=True)), "another_kind"),
    "an older one": (lambda: data_of(content(schema_version=0)), "another_kind"),
    "text as version": (lambda: data_of(content(schema_version="1")), "another_kind"),
    "a newer one": (lambda: data_of(content(schema_version=2)), "newer"),
    "deep": (lambda: b'{"a":' * 2_000, "too_deep"),
    "deeper": (lambda: b'{"a":' * 150_000, "too_much"),
    "brackets": (lambda: b"[" * 900_000, "too_much"),
    "lists": (lambda: b"[" + b"[]," * 300_000 + b"1]", "too_much"),
    "numbers": (lambda: b"[" + b"1," * 400_000 + b"1]", "too_much"),
    "keys": (lambda: b"{" + b'"k":1,' * 150_000 + b'"k":1}', "too_much"),
    "a string without an end": (lambda: b'"' + b'\\"' * 400_000, "not_json"),
    "a long string": (lambda: b'"' + b"[{,:" * 200_000 + b'"', "another_kind"),
    "digits": (lambda: b'{"a": ' + b"9" * 10_000 + b"}", "not_json"),
}


@pytest.mark.parametrize("name", NOT_OURS)
def test_what_is_not_ours_is_refused(name: str) -> None:
    make, why = NOT_OURS[name]
    data = make()
    start = time.perf_counter()
    with pytest.raises(NotOurs) as caught:
        read_scene_file(data)
    assert time.perf_counter() - start < 0.5, "nobody waits for it"
    assert caught.value.why == why
    assert words(caught.value).what


def test_json_that_breaks_off_says_where() -> None:
    with pytest.raises(NotOurs) as caught:
        read_scene_file(b'{\n"a": 1,\n"b" 2}')
    assert caught.value.line == 3
    assert "line 3" in words(caught.value).what


def test_ten_megabytes_are_not_looked_at() -> None:
    with pytest.raises(FileTooLarge) as caught:
        read_scene_file(b" " * 10_000_000)
    assert words(caught.value).what == "This file is too large: 10.0 MB, where 1.0 MB are the most."


def test_every_field_at_its_limit_fits() -> None:
    """Of the widest letters, which JSON does not escape."""
    scene = Scene.model_validate(
        {name: "👩" * most for name, most in LENGTHS.items()} | {"shot_size": "INSERT", "duration_seconds": 600}
    )
    draft = SceneDraft(
        title="👩" * TITLE, logline="👩" * TEXT, palette=tuple(f"#00000{n}" for n in range(6)), scenes=(scene,) * 24
    )
    request = {"idea": "👩" * limits.IDEA, "character": "👩" * limits.CHARACTER, "traits": "👩" * limits.TRAITS}
    data = scenes_json(a_view(draft, request | dict.fromkeys(("video_type", "style", "camera"), "👩" * limits.STYLE)))
    assert len(data) <= limits.FILE
    assert read_scene_file(data).draft == draft


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
PATHS = st.sampled_from(
    [(key,) for key in content() if key != "schema_version"]
    + [("request", key) for key in ("idea", "count", "style", "other")]
    + [("usage", "prompt_tokens"), ("defaults_applied", "flavor")]
    + [("scenes", 1, key) for key in ("number", *Scene.model_fields, "other")]
)


@given(st.lists(st.tuples(PATHS, ANYTHING), min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_what_is_taken_keeps_the_schema(edits: list[tuple[tuple[str | int, ...], Any]]) -> None:
    made: Any = content()
    for path, value in edits:
        inner = made
        for step in path[:-1]:
            if not isinstance(inner, dict | list) or (isinstance(inner, list) and len(inner) < 2):
                break
            inner = inner.get(step) if isinstance(inner, dict) else inner[int(step)]
        if isinstance(inner, dict):
            inner[path[-1]] = value
    data = data_of(made)
    try:
        read_scene_file(data)
    except (BadFile, NotOurs):
        return
    assert list(Draft202012Validator(schema()).iter_errors(json.loads(data))) == []


@given(st.binary(max_size=200) | ANYTHING.map(data_of))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_is_refused_as_such(data: bytes) -> None:
    with pytest.raises((BadFile, NotOurs)):
        read_scene_file(data)
