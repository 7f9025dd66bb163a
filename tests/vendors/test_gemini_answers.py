"""Answers that came but are not what was asked for: blocked, cut off, wrapped, empty, not JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv.vendors.gemini import GeminiWriter
from mv.vendors.gemini_answer import decode
from tests.standins.gemini import GeminiStandIn, Reply
from tests.vendors.conftest import Heard
from tests.vendors.samples import scene_prompt, scenes_engine

LIST = {
    "title": "T",
    "logline": "L {",
    "palette": ["#000000"],
    "scenes": [{"title": f"S{n}", "mood": "a}b"} for n in range(4)],
}


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("SAFETY", "safety"),
        ("RECITATION", "recitation"),
        ("PROHIBITED_CONTENT", "prohibited"),
        ("BLOCKLIST", "prohibited"),
        ("SPII", "likeness"),
        ("IMAGE_SAFETY", "safety"),
        ("LANGUAGE", "other"),
    ],
)
async def test_finish_reasons_that_are_refusals(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, reason: str, rule: str
) -> None:
    for text in ("", '{"title": "half'):
        google.script.append(Reply(finish_reason=reason, text=text))
        answer = await writer.write(scenes_engine(), scene_prompt(), heard)
        assert (answer.rule, answer.payload) == (rule, None)
        assert answer.usage.thinking_tokens == 60
    assert google.calls == 2


@pytest.mark.parametrize(
    ("reason", "rule"),
    [("SAFETY", "safety"), ("PROHIBITED_CONTENT", "prohibited"), ("OTHER", "other"), ("A_NEW_REASON", "other")],
)
async def test_blocked_prompts(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, reason: str, rule: str
) -> None:
    google.script.append(Reply(block_reason=reason))
    assert (await writer.write(scenes_engine(), scene_prompt(), heard)).rule == rule


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(candidates=False), "empty"),
        (Reply(text=""), "empty"),
        (Reply(text=" \n "), "empty"),
        (Reply(text="", finish_reason="MALFORMED_RESPONSE"), "empty"),
        (Reply(text="", finish_reason="OTHER"), "empty"),
        (Reply(text="", finish_reason="MAX_TOKENS"), "cut_off"),
        (Reply(text="I would rather not."), "not_json"),
        (Reply(text="42"), "not_json"),
        (Reply(text='"words"'), "not_json"),
    ],
)
async def test_nothing_that_can_be_used(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, reply: Reply, problem: str
) -> None:
    google.script.append(reply)
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (answer.payload, answer.problem) == (None, problem)
    assert answer.usage.prompt_tokens == 120, "it is paid for all the same"


async def test_cut_off_keeps_the_scenes_that_were_finished(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    google.script.append(Reply(finish_reason="MAX_TOKENS", scenes=4, cut=1300))
    answer = await writer.write(scenes_engine(), scene_prompt(count=4), heard)
    assert answer.problem == "cut_off"
    assert isinstance(answer.payload, dict)
    titles = [scene["title"] for scene in answer.payload["scenes"]]
    assert titles == ["Scene 1", "Scene 2"]
    assert all(scene["cue"] for scene in answer.payload["scenes"])


async def test_json_of_another_shape_is_passed_on(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    google.script.append(Reply(payload=[{"anything": 1}]))
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (answer.payload, answer.problem) == ([{"anything": 1}], None)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "```json\n{}\n```",
        "```\n{}\n```\nThere you go!",
        "Here is your list:\n{}\nEnjoy {{it}}.",
        "Here you go:\n```json\n{}",
    ],
)
def test_words_around_the_json_are_no_problem(text: str) -> None:
    assert decode(text.format(json.dumps(LIST))) == (LIST, None)


def test_a_finished_last_scene_is_kept() -> None:
    text = json.dumps(LIST)
    assert decode(text[:-1]) == (LIST, "cut_off")
    assert decode(text[:-2]) == (LIST, "cut_off")
    found, problem = decode(text[:-3])
    assert (found, problem) == ({**LIST, "scenes": LIST["scenes"][:3]}, "cut_off")


def test_numbers_that_are_none_are_not_json() -> None:
    assert decode('{"scenes": [{"duration_seconds": NaN}]}')[1] == "not_json"


@given(st.integers(min_value=0, max_value=len(json.dumps(LIST))))
def test_wherever_it_stops_only_whole_scenes_are_kept(end: int) -> None:
    found, problem = decode(json.dumps(LIST)[:end])
    assert problem in {None, "cut_off", "not_json"}
    if isinstance(found, dict):
        scenes: list[Any] = found.get("scenes", [])
        assert scenes == LIST["scenes"][: len(scenes)]


@given(st.text(alphabet='{}[]",:` \n\\ab1', max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    found, problem = decode(text)
    assert found is not None or problem == "not_json"
