"""Gemini answers, and not what was asked for: refused, cut off, empty, not JSON, too few, too many, absurd."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.stage import Stage, Told
from tests.faults.test_gemini_calls import COST
from tests.standins.gemini import Reply, refusal
from tests.standins.local import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

ONCE, TWICE = {"scenes": 1, "spend": COST}, {"scenes": 1, "spend": 2 * COST}


# ── refused ──────────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED = {
    "blocked prompt": (Reply(block_reason="SAFETY"), "its safety rules"),
    "blocked prompt, prohibited": (Reply(block_reason="PROHIBITED_CONTENT"), "its list of prohibited content"),
    "blocked prompt, blocklist": (Reply(block_reason="BLOCKLIST"), "its list of prohibited content"),
    "blocked prompt, no known reason": (Reply(block_reason="A_NEW_REASON"), "one of its rules"),
    "SAFETY": (Reply(finish_reason="SAFETY", text=""), "its safety rules"),
    "SAFETY after half of it": (Reply(finish_reason="SAFETY", cut=700), "its safety rules"),
    "RECITATION": (Reply(finish_reason="RECITATION", cut=700), "its rule against reciting existing works"),
    "PROHIBITED_CONTENT": (Reply(finish_reason="PROHIBITED_CONTENT", text=""), "its list of prohibited content"),
    "SPII": (Reply(finish_reason="SPII", text=""), "its rule on the likeness of real people"),
    "LANGUAGE": (Reply(finish_reason="LANGUAGE", text=""), "one of its rules"),
}


@pytest.mark.filterwarnings("ignore:.*is not a valid:UserWarning")
@pytest.mark.parametrize(("reply", "rule"), REFUSED.values(), ids=REFUSED)
async def test_refused_by_a_rule_counts_what_it_cost(stage: Stage, reply: Reply, rule: str) -> None:
    stage.google.decide = lambda prompt: reply
    told = await stage.scenes()
    told.failure("Google Gemini refused this", rule, cost=COST, buttons=["Edit and retry"])
    (step,) = told.steps
    assert step.cost == COST
    assert step.value["usage"] == {"prompt_tokens": 120, "output_tokens": 800, "thinking_tokens": 60}
    assert stage.google.calls == 1


async def test_a_refusal_that_cost_nothing_charges_nothing(stage: Stage) -> None:
    stage.google.decide = lambda prompt: Reply(block_reason="SAFETY", usage=None)
    (await stage.scenes()).failure("its safety rules", buttons=["Edit and retry"])


async def test_refused_when_asked_again_counts_both(stage: Stage) -> None:
    stage.google.script.extend([Reply(scenes=1), Reply(finish_reason="SAFETY", text="")])
    (await stage.scenes()).failure("its safety rules", cost=2 * COST, buttons=["Edit and retry"])


# ── of no use, also when asked again ─────────────────────────────────────────────────────────────────────────────────

CUT, UNREADABLE, EMPTY, FEW = "was cut off", "could not be read", "was empty", "too few scenes in the answer (0 of 3"
USELESS = {
    "MAX_TOKENS": (Reply(finish_reason="MAX_TOKENS", cut=300), CUT),
    "MAX_TOKENS before a word": (Reply(finish_reason="MAX_TOKENS", text=""), CUT),
    "empty candidates": (Reply(candidates=False), EMPTY),
    "empty text": (Reply(text=""), EMPTY),
    "blanks": (Reply(text=" \n\t "), EMPTY),
    "MALFORMED_RESPONSE": (Reply(finish_reason="MALFORMED_RESPONSE", text=""), EMPTY),
    "not JSON": (Reply(text="I would rather talk about the weather."), UNREADABLE),
    "a number": (Reply(text="42"), UNREADABLE),
    "10,000 deep": (Reply(text="[" * 10_000 + "]" * 10_000), UNREADABLE),
    "10,000 deep, objects": (Reply(text='{"a":' * 10_000 + "1" + "}" * 10_000), UNREADABLE),
    "10,000 deep, in a scene": (Reply(text='{"scenes":[' + '{"title":' * 10_000), UNREADABLE),
    "NUL characters": (Reply(text="\x00" * 1000), UNREADABLE),
    "JSON of another shape": (Reply(payload={"answer": {"list": [1, 2]}}), FEW),
    "scenes is no list": (Reply(payload={"title": "T", "scenes": "three"}), FEW),
    "scenes of wrong types": (Reply(payload={"scenes": [None, 1, "x", [], {"title": 1}]}), FEW),
    "scenes without a description": (Reply(change={"description": ""}), FEW),
    "scenes nobody would see": (Reply(change={"description": "\x00\x07\x1b"}), FEW),
    "zero": (Reply(scenes=0), FEW),
    "too few": (Reply(scenes=1), "too few scenes in the answer (2 of 3"),
    "a list of lists": (Reply(payload=[[[[]]]]), FEW),
    "5 MB of something else": (Reply(payload={"x": "y" * 5_000_000}), UNREADABLE),
}


@pytest.mark.parametrize(("reply", "words"), USELESS.values(), ids=USELESS)
async def test_of_no_use_twice(stage: Stage, reply: Reply, words: str) -> None:
    stage.google.decide = lambda prompt: reply
    told = await stage.scenes()
    told.failure(words, "also when asked again", cost=2 * COST)
    assert stage.google.calls == 2


@pytest.mark.parametrize("reply", [reply for reply, _ in USELESS.values()], ids=USELESS)
async def test_of_no_use_once_is_asked_again_without_it(stage: Stage, reply: Reply) -> None:
    stage.google.script.append(reply)
    told = await stage.scenes()
    told.result("**3 scenes**", "asked once more for what was missing", charged=TWICE)
    again = json.dumps(stage.google.requests[1]["contents"])
    assert len(again) < 20_000, "the broken answer was sent back"


# ── absurd, and used all the same ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Odd:
    """An answer, what the member reads of it, and never reads; `calls` is 2 if it is asked once more."""

    reply: Reply
    words: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    charged: Mapping[str, int] = field(default_factory=lambda: ONCE)

    @property
    def calls(self) -> int:
        return 2 if self.charged == TWICE else 1


def odd(change: Mapping[str, Any], *words: str, never: tuple[str, ...] = (), twice: bool = False) -> Odd:
    return Odd(reply=Reply(change=change), words=words, never=never, charged=TWICE if twice else ONCE)


LONG = "word " * 20_000
ODD = {
    "too many": Odd(reply=Reply(scenes=24), words=("**3 scenes**", "the first were kept")),
    "a thousand": Odd(reply=Reply(scenes=1000), words=("**3 scenes**", "the first were kept")),
    "duration of 1e9": odd({"duration_seconds": 1e9}, "8 s", "mended (duration)"),
    "duration of 1e308": odd({"duration_seconds": 1e308}, "8 s"),
    "duration below zero": odd({"duration_seconds": -5}, "2 s"),
    "duration of null": odd({"duration_seconds": None}, "mended (duration)"),
    "duration in words": odd({"duration_seconds": "a while"}, "mended (duration)"),
    "duration as NaN in words": odd({"duration_seconds": "NaN"}, "mended (duration)"),
    "duration as Infinity in words": odd({"duration_seconds": "Infinity"}, "8 s"),
    "duration of a thousand digits": odd({"duration_seconds": "9" * 1000}, "8 s"),
    "duration as a list": odd({"duration_seconds": [4]}, "mended (duration)"),
    "100,000 characters": odd({"description": LONG, "title": LONG, "mood": LONG}, "shortened"),
    "100,000 characters without a blank": odd({"description": "x" * 100_000, "action": "y" * 100_000}, "shortened"),
    "30,000 emoji": odd({"description": "👩‍🚀" * 10_000, "title": "🔥" * 20_000}, "shortened"),
    "control characters": odd({"title": "A\x00B\x1b[31mC\r\nD"}, never=("\x00", "\x1b", "\r")),
    "lone surrogates": odd({"title": "A\ud800B", "mood": "\udfff"}, "asked once more", twice=True),
    "bidi overrides": odd({"title": "safe \u202egnp.exe", "mood": "\u2067x"}, never=("\u202e", "\u2067")),
    "@everyone": odd({"title": "@everyone", "description": "@here <@&1> @everyone"}, never=("@everyone", "@here")),
    "mentions": odd({"description": "<@123456789012345678> <#1> <@&2>"}, never=("> <@", " <#1")),
    "masked links": odd({"description": "[free](https://evil.example/x)"}, never=(" [free]", "(https://")),
    "markdown": odd({"title": "# big **bold** ||spoiler|| `code`"}, never=(" **bold**", " ||sp")),
    "code fence that would not end": odd({"description": "``` ```` ~~~"}, never=("```",)),
    "unknown enum": odd({"shot_size": "a shot of my own"}, "asked once more", twice=True),
    "enum of another type": odd({"shot_size": {"size": 3}}, "asked once more", twice=True),
    "enum in other words": odd({"shot_size": "extreme close-up"}, "mended (shot size)"),
    "fields nobody asked for": odd({f"field{n}": "x" * 1000 for n in range(500)}),
    "lists for texts": odd({"mood": ["calm", "then not"], "action": ["a", 1, None, {}]}),
    "numbers for texts": odd({"title": 7, "location": 3.5, "cue": True}),
    "fenced and chatty": Odd(
        reply=Reply(text='Sure! Here it is:\n```json\n{"title": "T", "scenes": [{"title": "A", "description": "b", '
                         '"shot_size": "WS"}, {"title": "B", "description": "b", "shot_size": "WS"}, {"title": "C", '
                         '"description": "b", "shot_size": "WS"}]}\n```\nEnjoy!')),
    "duplicate keys": Odd(
        reply=Reply(text='{"title": "First", "title": "Second", "scenes": [], "scenes": ['
                    + ",".join(['{"title": "A", "title": "B", "description": "b", "shot_size": "WS"}'] * 3) + "]}"),
        words=("Second",)),
    "NaN": Odd(reply=Reply(text='{"title": "T", "scenes": [{"title": "A", "description": "b", "shot_size": "WS", '
                                '"duration_seconds": NaN}]}'), charged=TWICE),
    "a list in place of the object": Odd(
        reply=Reply(payload=[{"title": "A", "description": "b", "shot_size": "WS"}] * 3)),
    "palette of nonsense": Odd(reply=Reply(payload={
        "title": "T", "logline": ["x"], "palette": ["red", 7, None, "#zzzzzz", "#12", "url(x)"],
        "scenes": [{"title": "A", "description": "b", "shot_size": "WS"}] * 3})),
    "title of nothing": Odd(reply=Reply(payload={
        "title": "\u200b\u2060", "logline": "",
        "scenes": [{"title": "A", "description": "b", "shot_size": "WS"}] * 3})),
    "5 MB of JSON": Odd(reply=Reply(payload={
        "scenes": [{"title": "A", "description": "b" * 50_000, "shot_size": "WS"}] * 100}),
        words=("the first were kept", "shortened")),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD.values(), ids=ODD)
async def test_absurd_and_used_all_the_same(stage: Stage, case: Odd) -> None:
    stage.google.script.append(case.reply)
    told = await stage.scenes()
    told.result("**3 scenes**", *case.words, charged=case.charged)
    for word in case.never:
        assert word not in told.text, told.text
    assert stage.google.calls == case.calls
    _is_complete(told)


def _is_complete(told: Told) -> None:
    data = json.loads(told.message.file("scenes.json"))
    assert len(data["scenes"]) == 3
    for scene in data["scenes"]:
        assert 2 <= scene["duration_seconds"] <= 8
        assert len(scene["description"]) <= 2000
        assert not re.search(r"[\x00-\x08\x0b-\x1f]", json.dumps(scene, ensure_ascii=False))
    assert told.message.file("scenes.md")


# ── what was counted ─────────────────────────────────────────────────────────────────────────────────────────────────

COUNTED: dict[str, tuple[Any, dict[str, int]]] = {
    "nothing": (None, {"scenes": 1}),
    "zeros": ({"promptTokenCount": 0, "candidatesTokenCount": 0}, {"scenes": 1}),
    "less than nothing": ({"promptTokenCount": -120, "candidatesTokenCount": -800}, {"scenes": 1}),
    "more than can be": ({"promptTokenCount": 10**12, "candidatesTokenCount": 10**18}, {"scenes": 1}),
    "the total only": ({"totalTokenCount": 980}, {"scenes": 1}),
    "a part": ({"promptTokenCount": 120}, {"scenes": 1, "spend": 150}),
    "as words": ({"promptTokenCount": "120", "candidatesTokenCount": "800", "thoughtsTokenCount": "60"}, ONCE),
}


@pytest.mark.parametrize(("usage", "charged"), COUNTED.values(), ids=COUNTED)
async def test_usage_that_is_absurd_or_missing_makes_no_bill(
    stage: Stage, usage: Mapping[str, Any] | None, charged: Mapping[str, int]
) -> None:
    stage.google.script.append(Reply(usage=usage))
    told = await stage.scenes()
    told.result("version 1", charged=charged)
    if "spend" not in charged:
        assert "$0.00" not in told.text
        assert "unpriced" in told.text


async def test_a_fault_between_two_answers_charges_the_first(stage: Stage) -> None:
    stage.google.script.append(Reply(scenes=1))
    stage.google.script.extend(Reply(fault=refusal(503, "UNAVAILABLE", "")) for _ in range(9))
    (await stage.scenes()).failure("cannot be reached", cost=COST)


async def test_a_good_answer_at_the_third_call_is_charged_once(stage: Stage) -> None:
    stage.google.script.extend([Reply(fault=Fault(status=500, json={})), Reply(fault=Fault(status=503, json={}))])
    (await stage.scenes()).result(charged=ONCE)
    assert stage.google.calls == 3
