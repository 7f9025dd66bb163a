"""scenes.json against its schema, and scenes.md as a Markdown reader understands it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from mv.config.model import SceneDefaults
from mv.domain.scenes import Scene, SceneListView, SceneOrder, SceneVersion, TokenUsage
from mv.export.scenes import scenes_json, scenes_markdown, schema
from tests.ui.records import texts, view

KEYS = [
    "schema_version", "ref", "version", "title", "logline", "palette", "request", "defaults_applied", "flavor",
    "engine", "model_version", "usage", "cost", "scenes",
]  # fmt: skip


def problems(data: bytes) -> list[str]:
    return [error.message for error in Draft202012Validator(schema()).iter_errors(json.loads(data))]


def changed(what: SceneListView, **changes: object) -> SceneListView:
    return replace(what, version=replace(what.version, **changes))  # type: ignore[arg-type]


def test_the_schema_is_a_schema_and_strict() -> None:
    Draft202012Validator.check_schema(schema())
    assert list(schema()["properties"]) == KEYS == schema()["required"]
    assert schema()["additionalProperties"] is False


def test_the_schema_knows_every_field() -> None:
    scene = schema()["$defs"]["scene"]
    assert set(scene["properties"]) == {"number", *Scene.model_fields}
    assert set(schema()["properties"]["request"]["properties"]) == set(SceneOrder.model_fields)
    filled = set(schema()["properties"]["defaults_applied"]["properties"])
    assert filled == {*SceneDefaults.model_fields, "flavor", "project"}
    assert set(schema()["properties"]["usage"]["properties"]) == set(TokenUsage.model_fields)


def test_the_file_says_what_the_record_says() -> None:
    what = view("A keeper", scenes=3)
    data = scenes_json(what)
    content = json.loads(data)
    assert problems(data) == []
    assert list(content) == KEYS
    assert (content["schema_version"], content["ref"], content["version"]) == (1, "S12", 1)
    assert content["usage"] == {"prompt_tokens": 900, "output_tokens": 4000, "thinking_tokens": 100}
    assert content["cost"] == 61234
    assert [scene["number"] for scene in content["scenes"]] == [1, 2, 3]
    assert content["scenes"][0]["shot_size"] == "MCU"
    assert b'\n  "ref": "S12"' in data


def test_an_unpriced_list_has_no_cost() -> None:
    data = scenes_json(changed(view(), cost=None))
    assert json.loads(data)["cost"] is None
    assert problems(data) == []


@pytest.mark.parametrize("key", KEYS)
def test_the_schema_misses_nothing(key: str) -> None:
    content = json.loads(scenes_json(view()))
    del content[key]
    assert problems(json.dumps(content).encode())


def test_the_schema_takes_nothing_else() -> None:
    content = json.loads(scenes_json(view()))
    content["scenes"][0]["camera"] = "35 mm"
    content["cost"] = 0.5
    content["scenes"][1]["shot_size"] = "wide"
    assert len(problems(json.dumps(content).encode())) == 3


@given(texts)
@settings(max_examples=40, deadline=None)
def test_any_text_makes_a_file(text: str) -> None:
    named = f"A{text}"
    data = scenes_json(view(named, scenes=2))
    assert problems(data) == []
    assert json.loads(data)["title"] == named.encode(errors="replace").decode()


@given(texts)
@settings(max_examples=40, deadline=None)
def test_no_text_breaks_out_of_its_place(text: str) -> None:
    """The tokens of a document with hostile text are those of one with harmless text, but for paragraphs and breaks."""
    assert structure(view(f"A{text}A", scenes=2)) == structure(view("Harmless", scenes=2))


def structure(what: SceneListView) -> list[str]:
    tokens = MarkdownIt("commonmark", {"html": True}).enable("strikethrough").parse(scenes_markdown(what).decode())
    flat = [token for outer in tokens for token in (outer, *(outer.children or ()))]
    silent = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "hardbreak", "text_special"}
    return [token.type for token in flat if token.type not in silent]


def test_the_document_reads_well() -> None:
    text = scenes_markdown(view("A keeper", scenes=2)).decode()
    assert text.startswith("# A keeper\n\n*A keeper*\n\n- **S12**, version 1, 2026-11-22 20:14 UTC\n")
    assert "## 2. A keeper" in text
    assert "- **Time:** 0:04 to 0:09 (4.5 s)" in text
    assert "- **Style:** A keeper (default)" in text


def test_lines_of_a_description_stay_lines() -> None:
    text = scenes_markdown(view("one\ntwo\n\n\nthree", scenes=1)).decode()
    assert "one  \ntwo\n\nthree" in text
    assert "# one two three\n" in text


def test_marks_that_turn_the_direction_are_gone() -> None:
    assert "\u202e" not in scenes_markdown(view("evil\u202egpj.exe", scenes=1)).decode()


def test_everything_of_a_version_is_used() -> None:
    """A new field of a version must be thought of here."""
    assert set(SceneVersion.__dataclass_fields__) == {
        "number", "author_id", "created_at", "job_id", "draft", "brief", "request", "defaults_applied", "engine",
        "model_version", "usage", "cost", "notes", "change", "based_on", "scene", "instruction", "words_by",
    }  # fmt: skip
