"""Replicate refuses, is busy, is slow, or is not there: what the member reads, what is charged, what was ordered."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from mv.domain.jobs import JobState
from tests.faults.conftest import MakeStage
from tests.faults.stage import REPLICATE_TOKEN, VENDORS_WORDS, Stage
from tests.standins.local import Fault, wire
from tests.standins.replicate import ReplicateStandIn, Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

PICTURE = 40_000
"""Micro-dollars of one by imagen-4, the first engine of the default flavor."""

ONE = {"images": 1, "spend": PICTURE}
DOWN, LATE, BUSY = "cannot be reached at the moment", "did not answer in time", "is busy and stayed so"
NO_CREDIT, BAD_REQUEST, KEY = "no credit or quota left", "refused the request as malformed", "refused the key"
UNKNOWN = "whether it was accepted is not known"
HTML = f"<html><body>{VENDORS_WORDS}</body></html>"


def refused(status: int, detail: str = VENDORS_WORDS, **options: Any) -> Fault:
    return Fault(status=status, json={"title": VENDORS_WORDS, "detail": detail, "status": status}, **options)


def always(stage: Stage, script: Script) -> None:
    stage.replicate.decide = lambda values: script


# ── on create: nothing was ordered ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault that stays; the words; how often a picture is asked for before the member is told."""

    fault: Fault
    words: tuple[str, ...]
    creates: int


def case(fault: Fault, words: str | tuple[str, ...], creates: int = 1) -> Case:
    return Case(fault=fault, words=(words,) if isinstance(words, str) else words, creates=creates)


REFUSED = {
    "400": case(refused(400), BAD_REQUEST),
    "401": case(refused(401), KEY),
    "402 no credit": case(refused(402), NO_CREDIT),
    "403": case(refused(403), KEY),
    "404 every model gone": case(refused(404), ("no longer knows the model", "models.yaml"), 2),
    "410 every model gone": case(refused(410), "no longer knows the model", 2),
    "413": case(refused(413), BAD_REQUEST),
    "422 bad input": case(refused(422), (BAD_REQUEST, "models.yaml")),
    "422 version gone": case(refused(422, "The specified version does not exist"), "no longer knows the model", 2),
    "429 without Retry-After": case(refused(429), (BUSY, "in a few minutes"), 3),
    "429 with Retry-After": case(refused(429, headers={"Retry-After": "0.01"}), BUSY, 3),
    "429 with nonsense": case(refused(429, headers={"Retry-After": "soon"}), BUSY, 3),
    "429 as HTML": case(Fault(status=429, body=HTML), BUSY, 3),
    "402 without a body": case(Fault(raw=wire(b"", status="402 Pay")), NO_CREDIT),
    "521": case(refused(521), DOWN, 6),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
async def test_refused_on_create(stage: Stage, case: Case) -> None:
    always(stage, Script(create=case.fault))
    (await stage.character()).failure(*case.words)
    assert stage.replicate.stats()["creates"] == case.creates
    assert stage.replicate.stats()["accepted"] == 0


async def test_429_on_create_passes(stage: Stage) -> None:
    stage.replicate.script.extend([Script(create=refused(429)), Script(create=refused(429))])
    (await stage.character()).result("take 1", charged=ONE)
    assert stage.replicate.stats()["accepted"] == 1


async def test_429_for_an_hour_is_told_at_once(make_stage: MakeStage) -> None:
    stage = await make_stage()
    always(stage, Script(create=refused(429, headers={"Retry-After": "3600"})))
    (await stage.character()).failure(BUSY, "about 60 min")
    assert stage.replicate.stats()["creates"] == 1
    await stage.settled()


async def test_404_with_a_next_model(stage: Stage) -> None:
    stage.replicate.script.append(Script(create=refused(404)))
    told = await stage.character()
    told.result("is gone at its vendor, the next took over", "black-forest-labs/flux-1.1-pro", charged=ONE)
    assert "The engine imagen-4 is gone" in told.text


async def test_connection_refused(make_stage: MakeStage) -> None:
    stage = await make_stage(replicate_base_url="http://127.0.0.1:1")
    (await stage.character()).failure(DOWN)
    await stage.settled()


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(stage: Stage) -> None:
    async with ReplicateStandIn() as elsewhere:
        there = f"http://localhost:{elsewhere.port}/v1/models/google/imagen-4/predictions"
        for status in (301, 302, 307, 308):
            always(stage, Script(create=Fault(status=status, body=HTML, headers={"Location": there})))
            (await stage.character()).failure(DOWN)
        assert elsewhere.stats()["creates"] == 0


async def test_a_key_that_an_error_quotes_reaches_no_log(stage: Stage) -> None:
    for status in (400, 401, 402, 422, 429):
        always(stage, Script(create=refused(status, f"the token {REPLICATE_TOKEN} is not welcome")))
        told = await stage.character()
        assert REPLICATE_TOKEN not in told.text + str(told.job.error_facts)


async def test_without_a_key_nothing_is_asked(make_stage: MakeStage) -> None:
    stage = await make_stage(replicate_api_token=None)
    asked = await stage.discord.slash("character create", {"description": "x"})
    answer = await asked.response()
    assert "is not set up" in answer.text
    assert asked.ephemeral
    assert stage.replicate.stats()["creates"] == 0
    assert "REPLICATE_API_TOKEN" in stage.log.text


# ── on create: it may have been ordered ──────────────────────────────────────────────────────────────────────────────

LOST = {
    "500": refused(500),
    "502 as HTML": Fault(status=502, body=HTML),
    "503": refused(503),
    "504": refused(504),
    "time-out": Fault(delay=2.0, json={}),
    "dropped before the answer": Fault(drop="before"),
    "dropped mid-body": Fault(status=201, drop="mid"),
    "a byte a second": Fault(raw=wire(b'{"id": "something-or-other"}', status="201 Created"), drip=0.1),
    "headers and no body": Fault(raw=wire(b"", status="201 Created", content_length="500"), hang=True),
    "201 with HTML": Fault(status=201, body=HTML),
    "201 with nothing": Fault(raw=wire(b"", status="201 Created")),
    "201 without an id": Fault(status=201, json={"status": "starting"}),
    "201 with an id that is a path": Fault(status=201, json={"id": "../../account", "status": "starting"}),
    "201 with a list": Fault(status=201, json=[1, 2]),
    "201 10,000 deep": Fault(raw=wire(b"[" * 10_000, status="201 Created")),
    "Content-Length too long": Fault(raw=wire(b'{"id": "abc"}', status="201 Created", content_length="999")),
    "not HTTP": Fault(raw=b"220 smtp.example.org ESMTP\r\n"),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_ordered_without_an_answer_is_found_and_not_ordered_twice(stage: Stage, fault: Fault) -> None:
    stage.replicate.script.append(Script(create=fault, accepted=True))
    told = await stage.character(description=f"An astronaut who lost {id(fault)}")
    told.result("take 1", charged=ONE)
    assert stage.replicate.stats()["creates"] == 1
    assert stage.replicate.stats()["accepted"] == 1


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_not_known_to_be_ordered_is_uncertain_and_not_ordered_again(stage: Stage, fault: Fault) -> None:
    stage.replicate.script.append(Script(create=fault, accepted=False))
    told = await stage.character(description=f"An astronaut who never was {id(fault)}")
    told.failure(UNKNOWN, "may have charged", "unless you press Retry", state=JobState.UNCERTAIN)
    assert stage.replicate.stats()["creates"] == 1
    again = await stage.press(told, "Retry")
    again.result("take 1", charged=ONE)
    assert stage.replicate.stats()["accepted"] == 1


async def test_two_that_are_alike_find_one_each(stage: Stage) -> None:
    stage.replicate.script.extend([Script(create=refused(500, delay=0.3), accepted=True)] * 2)
    told = await asyncio.gather(*(stage.character(description="Two who are alike") for _ in range(2)))
    for one in told:
        one.result("take 1", charged=ONE)
    assert stage.replicate.stats()["creates"] == 2
    tickets = [step.value["ticket"] for one in told for step in one.steps if "ticket" in step.value]
    assert sorted(tickets) == sorted(stage.replicate.predictions)[-2:]


async def test_two_that_are_alike_of_which_one_was_ordered_do_not_share_it(stage: Stage) -> None:
    scripts = [Script(create=refused(500, delay=0.3), accepted=accepted) for accepted in (True, False)]
    stage.replicate.script.extend(scripts)
    told = await asyncio.gather(*(stage.character(description="Two of which one was ordered") for _ in range(2)))
    found, lost = sorted(told, key=lambda one: one.job.state is not JobState.DONE)
    found.result("take 1", charged=ONE)
    lost.failure(UNKNOWN, state=JobState.UNCERTAIN)
    assert stage.replicate.stats()["creates"] == 2


async def test_a_vendor_that_cannot_be_looked_at_leaves_it_uncertain(stage: Stage) -> None:
    stage.replicate.script.append(Script(create=refused(500), accepted=True))
    stage.replicate.listing = refused(500)
    told = await stage.character(description="One who cannot be looked for")
    told.failure(UNKNOWN, state=JobState.UNCERTAIN)


# ── on get ───────────────────────────────────────────────────────────────────────────────────────────────────────────

POLLS: Mapping[str, tuple[Fault, ...]] = {
    "429": (refused(429, headers={"Retry-After": "0.01"}),),
    "500 and 503": (refused(500), refused(503)),
    "a burst of 502": (Fault(status=502, body=HTML),) * 6,
    "time-out": (Fault(delay=1.0, json={}),),
    "dropped": (Fault(drop="before"), Fault(status=200, drop="mid")),
    "a byte a second": (Fault(raw=wire(b'{"id": "something"}'), drip=0.1),),
    "headers and no body": (Fault(raw=wire(b"", content_length="500"), hang=True),),
    "200 with HTML": (Fault(status=200, body=HTML),),
    "200 with nothing": (Fault(raw=wire(b"")),),
    "a list": (Fault(status=200, json=[1]),),
    "another's status": (Fault(status=200, json={"id": "x", "status": "dreaming"}),) * 3,
    "404 once": (refused(404),),
}


@pytest.mark.parametrize("gets", POLLS.values(), ids=POLLS)
async def test_trouble_on_get_passes(stage: Stage, gets: tuple[Fault, ...]) -> None:
    stage.replicate.script.append(Script(gets=gets))
    (await stage.character()).result("take 1", charged=ONE)
    assert stage.replicate.stats()["creates"] == 1


async def test_a_gzip_bomb_on_get_is_not_unpacked(make_stage: MakeStage) -> None:
    stage = await make_stage(changes={"limits.yaml": {"pictures": {"max_bytes": 100_000}}})
    ended = json.dumps({"id": "x", "status": "succeeded", "output": None}).encode()
    bomb = wire(gzip.compress(ended + b" " * 5_000_000), content_encoding="gzip")
    always(stage, Script(gets=(Fault(raw=bomb),)))
    (await stage.character()).result("take 1", charged=ONE)  # had it been read, it were a refusal
    assert stage.replicate.stats()["gets"] == 2
    await stage.settled()


async def test_in_debug_mode_no_secret_is_logged_either(make_stage: MakeStage) -> None:
    stage = await make_stage(debug=True)
    for script in (
        Script(create=refused(422, f"the token {REPLICATE_TOKEN}")),
        Script(create=refused(500, REPLICATE_TOKEN), accepted=False),
        Script(status="failed", error=REPLICATE_TOKEN),
        Script(gets=(refused(401, REPLICATE_TOKEN),) * 3),
        Script(files=(Fault(status=500, body=REPLICATE_TOKEN),) * 9),
    ):
        stage.replicate.script.append(script)
        told = await stage.character(description=f"An astronaut {id(script)}")
        assert f"An astronaut {id(script)}" in stage.log.text
        assert REPLICATE_TOKEN not in told.text + str(told.job.error_facts)
    await stage.settled()


GONE_ON_GET = {
    "401": (refused(401), KEY),
    "402": (refused(402), NO_CREDIT),
    "404 deleted": (refused(404), "the link to the picture had expired"),
    "410": (refused(410), "the link to the picture had expired"),
}


@pytest.mark.parametrize(("fault", "words"), GONE_ON_GET.values(), ids=GONE_ON_GET)
async def test_trouble_on_get_that_does_not_pass(stage: Stage, fault: Fault, words: str) -> None:
    always(stage, Script(gets=(fault,) * 5))
    (await stage.character()).failure(words)
    assert stage.replicate.stats()["creates"] == 1


ENDLESS = {
    "never ends": Script(status="never"),
    "a status unknown to everybody": Script(status="dreaming"),
    "never answers": Script(status="never", gets=(Fault(delay=30.0, json={}),) * 100),
    "500 for ever": Script(status="never", gets=(refused(500),) * 10_000),
}


async def test_a_prediction_that_never_ends_is_cancelled_at_the_vendor_and_told(stage: Stage) -> None:
    async def one(script: Script) -> None:
        told = await stage.character(description=f"An astronaut who waits {id(script)}")
        told.failure(LATE)

    scripts = {f"{id(script)}": script for script in ENDLESS.values()}
    stage.replicate.decide = lambda values: next(s for mark, s in scripts.items() if mark in values["prompt"])
    await asyncio.gather(*(one(script) for script in ENDLESS.values()))
    assert stage.replicate.stats()["creates"] == len(ENDLESS)
    cancelled = [counts["cancels"] for counts in stage.replicate.by_marker.values() if counts["cancels"]]
    assert cancelled == [1] * len(ENDLESS)


async def test_a_prediction_that_is_done_when_it_is_given_up_is_delivered(stage: Stage) -> None:
    """Nobody could ask for it in time; it was painted all the same, and is paid for."""
    always(stage, Script(gets=(refused(500),) * 10_000))
    told = await stage.character()
    told.result("take 1", charged=ONE)
    assert stage.replicate.stats()["creates"] == 1
