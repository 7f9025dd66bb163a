"""Faults of Gemini's, as members meet them: the words, what is charged, and the state of the job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mv.domain.jobs import JobState
from mv.domain.ledger import Entry
from tests.bot.conftest import MakeWorld
from tests.bot.world import KEY, World, labels, reply, said
from tests.standins.gemini import BAD_KEY, GeminiStandIn, Reply, quota, refusal, retry_info
from tests.standins.local import Fault

SCENES: dict[str, Any] = {"idea": "A wolf in the subway", "character": "y", "count": 3}
VENDORS_WORDS = "xyzzy-vendor-text"


@pytest.fixture
async def world(make_world: MakeWorld, google: GeminiStandIn) -> World:
    return await make_world(google=google)


def said_by(google: GeminiStandIn, *replies: Reply) -> None:
    google.script.extend(replies)


def error(code: int, status: str = "INTERNAL", **options: Any) -> Reply:
    return Reply(fault=refusal(code, status, VENDORS_WORDS, **options))


async def failed(world: World, *words: str, cost: int | None = None) -> None:
    """The message says this, and that nothing was charged to the member; the job failed and what was reserved is
    given back, but for money that the vendor took."""
    text = said(world.last)
    for word in words:
        assert word in text
    assert VENDORS_WORDS not in text
    assert "your allowance was given back" in text
    job = await world.job(1)
    assert job.state is JobState.FAILED
    assert job.delivered_at is not None
    assert (job.cost or None) == cost
    assert await world.net(1) == ({"spend": cost} if cost else {})


async def test_what_really_answered_and_what_it_cost_is_shown(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(model_version="gemini-3.8-flash-002"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "gemini-3.8-flash-002" in said(world.last)
    cost = (120 * 750_000 + 860 * 3_750_000) // 1_000_000  # of the model that answered, not of the one that was asked
    assert await world.net(1) == {"scenes": 1, "spend": cost}
    assert await world.books(1) == {"scenes": 1, "spend": cost, "tokens_in": 120, "tokens_out": 860}
    job = await world.job(1)
    async with world.app.tools.records.read() as tx:
        lines = await tx.usage.lines(job.id)
    assert {line.engine for line in lines if line.amount > 0 and line.entry is Entry.SETTLE} == {"gemini-3.8-flash"}
    assert all(line.price is not None and line.price.date for line in lines)
    assert f"${cost / 1e6:.4f}".rstrip("0") in said(world.last)
    (file,) = [a for a in world.last.attachments if a.filename == "scenes.json"]
    data = json.loads(await file.read())
    assert data["usage"] == {"prompt_tokens": 120, "output_tokens": 800, "thinking_tokens": 60}
    assert data["cost"] == cost


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(block_reason="SAFETY", candidates=False), "safety rules"),
        (Reply(block_reason="PROHIBITED_CONTENT", candidates=False), "prohibited content"),
        (Reply(finish_reason="SAFETY", text=""), "safety rules"),
        (Reply(finish_reason="RECITATION", text=""), "reciting existing works"),
        (Reply(finish_reason="SPII", text=""), "likeness of real people"),
        (Reply(finish_reason="LANGUAGE", text=""), "one of its rules"),
    ],
)
async def test_refused_by_a_rule(world: World, google: GeminiStandIn, answer: Reply, words: str) -> None:
    said_by(google, answer)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, "Google Gemini refused this", words, cost=COST)
    assert labels(world.last) == ["Edit and retry"]
    assert google.calls == 1


async def test_edit_and_retry_opens_the_form_with_the_text_in_it(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(block_reason="SAFETY", candidates=False))
    await world.ann.slash(world.channel, "scenes create", **SCENES, style="noir")
    message = world.last
    refused = await world.bob.click(message, label="Edit and retry")
    assert refused.ephemeral
    shown = await world.ann.click(message, label="Edit and retry")
    assert shown.modal is not None
    fields = [row["component"] for row in shown.modal["components"]]
    assert {field["custom_id"]: field["value"] for field in fields} == {"idea": SCENES["idea"], "character": "y"}
    await world.ann.submit_modal(shown, {"idea": "A wolf in the park", "character": "z"})
    assert "S1 · version 1" in said(world.last)
    order = (await world.job(2)).order["request"]
    assert (order["idea"], order["character"], order["style"], order["count"]) == ("A wolf in the park", "z", "noir", 3)


async def test_edit_and_retry_means_the_same_project_whatever_it_is_called_now(
    world: World, google: GeminiStandIn
) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    said_by(google, Reply(block_reason="SAFETY", candidates=False))
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="spring")
    message = world.last
    await world.ann.slash(world.channel, "project rename", ref="P1", name="Autumn")
    await world.ann.slash(world.channel, "project create", name="Spring")
    shown = await world.ann.click(message, label="Edit and retry")
    await world.ann.submit_modal(shown, {"idea": "A wolf in the park", "character": "z"})
    assert "P1 Autumn" in said(world.last)


async def test_edit_and_retry_works_after_a_restart(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(block_reason="SAFETY", candidates=False))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.restart()
    shown = await world.ann.click(world.last, label="Edit and retry")
    await world.restart()
    await world.ann.submit_modal(shown, {"idea": "A wolf in the park", "character": "z"})
    assert "S1 · version 1" in said(world.last)


@pytest.mark.parametrize(
    ("fault", "words", "label"),
    [
        (BAD_KEY, "refused the key", "Retry"),
        (refusal(403, "PERMISSION_DENIED", VENDORS_WORDS), "refused the key", "Retry"),
        (refusal(400, "INVALID_ARGUMENT", VENDORS_WORDS), "refused the request as malformed", "Retry"),
        (refusal(429, "RESOURCE_EXHAUSTED", "limit: 0", quota("PerDay", "0")), "no credit or quota left", "Retry"),
    ],
)
async def test_what_waiting_does_not_mend(
    world: World, google: GeminiStandIn, fault: Fault, words: str, label: str, caplog: pytest.LogCaptureFixture
) -> None:
    said_by(google, Reply(fault=fault))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, words, "administrator")
    assert google.calls == 1
    assert labels(world.last) == [label]
    assert KEY not in caplog.text
    assert ("GEMINI_API_KEY" in caplog.text) == ("key" in words)


@pytest.mark.parametrize(
    ("answer", "words", "engines"),
    [
        (error(429, "RESOURCE_EXHAUSTED"), "Google Gemini is busy and stayed so", 1),
        (Reply(fault=refusal(429, "RESOURCE_EXHAUSTED", "slow", retry_info("0.02s"))), "is busy and stayed so", 1),
        (error(503, "UNAVAILABLE"), "cannot be reached at the moment", 3),
        (error(500), "cannot be reached at the moment", 3),
    ],
)
async def test_busy_or_down_for_good(
    world: World, google: GeminiStandIn, answer: Reply, words: str, engines: int
) -> None:
    google.decide = lambda prompt: answer
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, words, "Try again")
    assert google.calls == 3 * engines
    google.decide = None
    await world.ann.click(world.last, label="Retry")
    assert "S1 · version 1" in said(world.last)


async def test_busy_or_down_for_a_moment_is_not_noticed(world: World, google: GeminiStandIn) -> None:
    said_by(google, error(429, "RESOURCE_EXHAUSTED"), error(503, "UNAVAILABLE"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S1 · version 1" in said(world.last)
    assert google.calls == 3


async def test_a_line_that_breaks(world: World, google: GeminiStandIn) -> None:
    google.decide = lambda prompt: Reply(fault=Fault(drop="mid"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, "cannot be reached at the moment")


async def test_a_model_that_is_gone_makes_room_for_the_next_and_says_so(world: World, google: GeminiStandIn) -> None:
    said_by(google, error(404, "NOT_FOUND"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert [request["_model"] for request in google.requests] == ["gemini-2.5-pro", "gemini-3.8-flash"]
    assert "gemini-2.5-pro" in said(world.last)
    assert "is gone at its vendor, the next took over" in said(world.last)
    assert (await world.net(1))["scenes"] == 1


async def test_all_models_gone(world: World, google: GeminiStandIn) -> None:
    google.decide = lambda prompt: error(404, "NOT_FOUND")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, "no longer knows the model", "models.yaml")


COST = (120 * 1_250_000 + 860 * 10_000_000) // 1_000_000


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(text="I'd rather talk about the weather"), "could not be read"),
        (Reply(text="", finish_reason="STOP"), "was empty"),
        (Reply(finish_reason="MAX_TOKENS", cut=200), "was cut off"),
        (Reply(scenes=1), "too few scenes"),
        (Reply(payload={"scenes": [{"title": 1}, None, "x"]}), "too few scenes"),
        (Reply(payload=[[[[]]]]), "too few scenes"),
    ],
)
async def test_no_use_twice(world: World, google: GeminiStandIn, answer: Reply, words: str) -> None:
    google.decide = lambda prompt: answer
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, "count": 9})
    await failed(world, words, "also when asked again", "The vendor charged", cost=2 * COST)
    assert google.calls == 2


@pytest.mark.parametrize(
    "answer",
    [
        Reply(text="not json at all"),
        Reply(scenes=2),
        Reply(finish_reason="MAX_TOKENS", cut=700),
        Reply(change={"shot_size": "a shot of my own"}),
    ],
)
async def test_asked_once_more_for_what_is_missing_without_the_broken_answer(
    world: World, google: GeminiStandIn, answer: Reply
) -> None:
    said_by(google, answer)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S1 · version 1" in said(world.last)
    assert "**3 scenes**" in said(world.last)
    assert "asked once more for what was missing" in said(world.last)
    assert google.calls == 2
    second = json.dumps(google.requests[1]["contents"])
    for broken in ("not json at all", "a shot of my own", "a figure crosses the frame"):
        assert broken not in second
    assert await world.net(1) == {"scenes": 1, "spend": 2 * COST}


async def test_too_many_scenes_are_cut_and_noted(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(scenes=9))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "**3 scenes**" in said(world.last)
    assert "the first were kept" in said(world.last)
    assert google.calls == 1


async def test_values_out_of_range_and_synonyms_are_mended_and_noted(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(change={"shot_size": "Wide Shot", "duration_seconds": 900, "cue": "@everyone\n# big"}))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "some values were mended (duration, shot size)" in said(world.last).lower()
    assert "8 s" in said(world.last)
    assert google.calls == 1


async def test_a_failure_in_the_second_answer_charges_what_the_first_cost(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(scenes=1), error(400))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await failed(world, "refused the request as malformed", "The vendor charged", cost=COST)


async def test_a_private_failure_offers_its_form_in_private(world: World, google: GeminiStandIn) -> None:
    said_by(google, Reply(block_reason="SAFETY", candidates=False))
    result = await world.ann.slash(world.channel, "scenes create", **SCENES, private=True)
    assert result.ephemeral
    shown = await world.ann.click(reply(result), label="Edit and retry")
    again = await world.ann.submit_modal(shown, {"idea": "A wolf in the park", "character": "z"})
    assert again.ephemeral
    assert "S1 · version 1" in said(again)
    assert world.channel.history(viewer=world.bob) == []
