"""Gemini refuses, is busy, is slow, or is not there: what the member reads, what is charged, how often it was asked."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.faults.conftest import MakeStage
from tests.faults.stage import GEMINI_KEY, VENDORS_WORDS, Stage
from tests.standins.gemini import BAD_KEY, USAGE, GeminiStandIn, Reply, quota, refusal, retry_info
from tests.standins.local import Fault, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

COST = (120 * 1_250_000 + 860 * 10_000_000) // 1_000_000
"""Micro-dollars of one answer by gemini-2.5-pro."""

DOWN, LATE, BUSY = "cannot be reached at the moment", "did not answer in time", "is busy and stayed so"
NO_QUOTA, BAD_REQUEST, KEY = "no credit or quota left", "refused the request as malformed", "refused the key"


def error(code: int, status: str = "INTERNAL", message: str = VENDORS_WORDS, *details: Any, **options: Any) -> Fault:
    return refusal(code, status, message, *details, **options)


def envelope(text: str) -> bytes:
    """A whole answer as Google sends it."""
    candidate = {"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": text}]}}
    return json.dumps({"candidates": [candidate], "usageMetadata": USAGE, "modelVersion": "m"}).encode()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault that stays; the words; how often Gemini is asked before the member is told."""

    fault: Fault
    words: tuple[str, ...]
    calls: int


def case(fault: Fault, words: str | tuple[str, ...], calls: int) -> Case:
    return Case(fault=fault, words=(words,) if isinstance(words, str) else words, calls=calls)


HTML = "<html><body>xyzzy-vendor-text</body></html>"
GOOD = envelope("{}")
BOMB = gzip.compress(GOOD + b" " * 64_000_000, 1)
"""Some 300 kB that unpack to 64 MB, and would be an answer."""

STAYING = {
    "400": case(error(400, "INVALID_ARGUMENT"), BAD_REQUEST, 1),
    "400 for the key": case(BAD_KEY, KEY, 1),
    "401": case(error(401, "UNAUTHENTICATED"), KEY, 1),
    "402": case(error(402, "FAILED_PRECONDITION"), NO_QUOTA, 1),
    "403": case(error(403, "PERMISSION_DENIED"), KEY, 1),
    "404 every model gone": case(error(404, "NOT_FOUND"), ("no longer knows the model", "models.yaml"), 3),
    "408": case(error(408), LATE, 2),
    "413": case(error(413), BAD_REQUEST, 1),
    "429 without RetryInfo": case(error(429, "RESOURCE_EXHAUSTED"), (BUSY, "in a few minutes"), 3),
    "429 with RetryInfo": case(error(429, "RESOURCE_EXHAUSTED", "", retry_info("0.02s")), BUSY, 3),
    "429 with Retry-After": case(error(429, headers={"Retry-After": "0"}), BUSY, 3),
    "429 with nonsense": case(error(429, "", "", retry_info("soon"), headers={"Retry-After": "inf"}), BUSY, 3),
    "429 for the day": case(
        error(429, "", VENDORS_WORDS, quota("RequestsPerDay", "50")), (BUSY, "Try again in about"), 1
    ),
    "429 limit: 0": case(error(429, "RESOURCE_EXHAUSTED", "quota exceeded, limit: 0"), NO_QUOTA, 1),
    "429 as HTML": case(Fault(status=429, body=HTML), BUSY, 3),
    "500": case(error(500), DOWN, 9),
    "502 as HTML": case(Fault(status=502, body=HTML), DOWN, 9),
    "503": case(error(503, "UNAVAILABLE"), DOWN, 9),
    "504": case(error(504, "DEADLINE_EXCEEDED"), LATE, 2),
    "error of another shape": case(Fault(status=500, json=[1, {"error": None}]), DOWN, 9),
    "error without a body": case(Fault(raw=wire(b"", status="500 Oh")), DOWN, 9),
    "time-out": case(Fault(delay=3.0, json={}), LATE, 2),
    "dropped before the answer": case(Fault(drop="before"), DOWN, 2),
    "dropped mid-body": case(Fault(status=200, drop="mid"), DOWN, 2),
    "a byte a second": case(Fault(raw=wire(GOOD), drip=0.1), LATE, 2),
    "headers and no body": case(Fault(raw=wire(b"", content_length="500"), hang=True), LATE, 2),
    "200 with HTML": case(Fault(status=200, body=HTML), DOWN, 2),
    "200 with nothing": case(Fault(raw=wire(b"")), DOWN, 2),
    "204": case(Fault(raw=wire(b"", status="204 No Content")), DOWN, 9),
    "not HTTP": case(Fault(raw=b"220 smtp.example.org ESMTP\r\n"), DOWN, 2),
    "Content-Length too long": case(Fault(raw=wire(GOOD, content_length="9999")), DOWN, 2),
    "Content-Length too short": case(Fault(raw=wire(GOOD, content_length="20")), DOWN, 2),
    "Content-Length no number": case(Fault(raw=wire(GOOD, content_length="many")), DOWN, 2),
    "not gzip though it says so": case(Fault(raw=wire(GOOD, content_encoding="gzip")), DOWN, 2),
    "gzip bomb": case(Fault(raw=wire(BOMB, content_encoding="gzip")), DOWN, 2),
    "envelope 10,000 deep": case(Fault(raw=wire(b"[" * 10_000 + b"]" * 10_000)), DOWN, 2),
    "envelope is a list": case(Fault(raw=wire(b"[[], 1]")), DOWN, 2),
    "envelope with wrong types": case(Fault(raw=wire(b'{"candidates": "none", "usageMetadata": 7}')), "was empty", 2),
    "UTF-16": case(Fault(raw=wire("{}".encode("utf-16"))), DOWN, 2),
}


@pytest.mark.parametrize("case", STAYING.values(), ids=STAYING)
async def test_it_stays_so(stage: Stage, case: Case) -> None:
    stage.google.decide = lambda prompt: Reply(fault=case.fault)
    told = await stage.scenes()
    told.failure(*case.words)
    assert stage.google.calls == case.calls


PASSING = {
    name: STAYING[name].fault for name in ("429 with RetryInfo", "500", "503", "dropped mid-body", "200 with HTML")
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
async def test_it_passes_and_the_member_notices_nothing(stage: Stage, fault: Fault) -> None:
    stage.google.script.append(Reply(fault=fault))
    told = await stage.scenes()
    told.result("version 1", charged={"scenes": 1, "spend": COST})
    assert stage.google.calls == 2


async def test_404_with_a_next_model(stage: Stage) -> None:
    stage.google.script.append(Reply(fault=error(404, "NOT_FOUND")))
    told = await stage.scenes()
    cost = (120 * 750_000 + 860 * 3_750_000) // 1_000_000
    told.result("is gone at its vendor, the next took over", charged={"scenes": 1, "spend": cost})
    assert [one["_model"] for one in stage.google.requests] == ["gemini-2.5-pro", "gemini-3.8-flash"]


async def test_a_second_model_refuses_after_the_first_is_gone(stage: Stage) -> None:
    stage.google.script.extend([Reply(fault=error(404)), Reply(fault=error(429, "", "limit: 0"))])
    (await stage.scenes()).failure(NO_QUOTA)
    assert stage.google.calls == 2


@pytest.mark.parametrize("where", ["RetryInfo", "Retry-After"])
async def test_429_for_an_hour_is_told_at_once(make_stage: MakeStage, where: str) -> None:
    stage = await make_stage()
    stage.google.decide = lambda prompt: Reply(
        fault=error(429, "", "", retry_info("3600s"))
        if where == "RetryInfo"
        else error(429, headers={"Retry-After": "3600"})
    )
    (await stage.scenes()).failure(BUSY, "about 60 min")
    assert stage.google.calls == 1
    await stage.settled()


async def test_connection_refused(make_stage: MakeStage) -> None:
    stage = await make_stage(gemini_base_url="http://127.0.0.1:1")
    (await stage.scenes()).failure(DOWN)
    await stage.settled()


async def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(stage: Stage) -> None:
    async with GeminiStandIn() as elsewhere:
        there = f"http://localhost:{elsewhere.port}/v1/models/gemini-2.5-pro:generateContent"
        for status in (301, 302, 307, 308):
            stage.google.decide = lambda prompt, status=status: Reply(
                fault=Fault(status=status, body=HTML, headers={"Location": there})
            )
            (await stage.scenes()).failure(DOWN)
        assert elsewhere.calls == 0


async def test_a_key_that_an_error_quotes_reaches_no_log(stage: Stage) -> None:
    for code in (400, 403, 404, 429, 500):
        stage.google.decide = lambda prompt, code=code: Reply(
            fault=error(code, "X", f"the key {GEMINI_KEY} is not welcome")
        )
        told = await stage.scenes()
        assert GEMINI_KEY not in told.text
        assert GEMINI_KEY not in str(told.job.error_facts)


async def test_in_debug_mode_no_secret_is_logged_either(make_stage: MakeStage) -> None:
    stage = await make_stage(debug=True)
    for code in (400, 403, 429, 500):
        stage.google.decide = lambda prompt, code=code: Reply(fault=error(code, GEMINI_KEY, f"the key {GEMINI_KEY}"))
        told = await stage.scenes(idea=f"A lighthouse {code}")
        assert f"A lighthouse {code}" in stage.log.text
        assert GEMINI_KEY not in told.text + str(told.job.error_facts)
    await stage.settled()


async def test_retry_after_it_came_back(stage: Stage) -> None:
    stage.google.decide = lambda prompt: Reply(fault=error(503))
    told = await stage.scenes()
    told.failure(DOWN)
    stage.google.decide = None
    (await stage.press(told, "Retry")).result("version 1", charged={"scenes": 1, "spend": COST})


async def test_without_a_key_nothing_is_asked(make_stage: MakeStage) -> None:
    stage = await make_stage(gemini_api_key=None)
    asked = await stage.discord.slash("scenes create", {"idea": "x", "character": "y"})
    answer = await asked.response()
    assert "is not set up" in answer.text
    assert asked.ephemeral
    assert stage.google.calls == 0
    assert "GEMINI_API_KEY" in stage.log.text
