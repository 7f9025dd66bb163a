"""Every way in which Gemini fails to answer, and how often it is asked again."""

from __future__ import annotations

import asyncio
import socket
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mv.errors import BadRequest, KeyRefused, ModelGone, NoCredit, VendorBusy, VendorDown, VendorError
from mv.vendors.gemini import GeminiWriter
from tests.standins.gemini import BAD_KEY, GeminiStandIn, Reply, quota, refusal, retry_info
from tests.standins.local import Fault
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, scene_prompt, scenes_engine

MODEL = "gemini-2.5-pro"
HTML = Fault(status=502, body="<html>Bad Gateway</html>")
EXHAUSTED = "RESOURCE_EXHAUSTED"

FINAL: list[tuple[str, Fault, VendorError, int]] = [
    ("400", refusal(400, "INVALID_ARGUMENT", "Unknown name"), BadRequest(vendor="gemini", model=MODEL), 1),
    ("400 key", BAD_KEY, KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    ("401", refusal(401, "UNAUTHENTICATED", "no"), KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    ("403", refusal(403, "PERMISSION_DENIED", "no"), KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    ("403 HTML", Fault(status=403, body="<html>"), KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    ("404", refusal(404, "NOT_FOUND", "models/x is not found"), ModelGone(vendor="gemini", model=MODEL), 1),
    (
        "400 gone",
        refusal(400, "FAILED_PRECONDITION", "This model models/gemini-2.5-pro is no longer available"),
        ModelGone(vendor="gemini", model=MODEL),
        1,
    ),
    ("402", refusal(402, "FAILED_PRECONDITION", "no credit"), NoCredit(vendor="gemini"), 1),
    ("429 limit 0", refusal(429, EXHAUSTED, "Quota exceeded for x, limit: 0, model: y"), NoCredit(vendor="gemini"), 1),
    ("429 quota 0", refusal(429, EXHAUSTED, "Quota", quota("PerMinute", "0")), NoCredit(vendor="gemini"), 1),
    ("429", refusal(429, EXHAUSTED, "slow down, limit: 05"), VendorBusy(vendor="gemini"), 3),
    (
        "429 RetryInfo",
        refusal(429, EXHAUSTED, "slow down", retry_info("0.05s")),
        VendorBusy(vendor="gemini", retry_after=0.05),
        3,
    ),
    (
        "429 an hour",
        refusal(429, EXHAUSTED, "slow down", retry_info("3600s")),
        VendorBusy(vendor="gemini", retry_after=3600.0),
        1,
    ),
    (
        "429 an hour, by header",
        refusal(429, EXHAUSTED, "slow down", headers={"Retry-After": "3600"}),
        VendorBusy(vendor="gemini", retry_after=3600.0),
        1,
    ),
    ("500", refusal(500, "INTERNAL", "oops"), VendorDown(vendor="gemini", reason="unavailable"), 3),
    ("503", refusal(503, "UNAVAILABLE", "overloaded"), VendorDown(vendor="gemini", reason="unavailable"), 3),
    ("504", refusal(504, "DEADLINE_EXCEEDED", "late"), VendorDown(vendor="gemini", reason="timeout"), 2),
    ("502 HTML", HTML, VendorDown(vendor="gemini", reason="unavailable"), 3),
    ("500 JSON list", Fault(status=500, json=["x", 1]), VendorDown(vendor="gemini", reason="unavailable"), 3),
    ("500 odd error", Fault(status=500, json={"error": "x"}), VendorDown(vendor="gemini", reason="unavailable"), 3),
    ("redirect", Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), VendorDown(vendor="gemini"), 3),
    ("200 HTML", Fault(status=200, body="<html>"), VendorDown(vendor="gemini", reason="lost"), 2),
    ("200 other JSON", Fault(status=200, json=[1]), VendorDown(vendor="gemini", reason="lost"), 2),
    ("200 nothing", Fault(status=200, body=""), VendorDown(vendor="gemini", reason="lost"), 2),
    ("mid-body", Fault(status=200, drop="mid"), VendorDown(vendor="gemini", reason="lost"), 2),
    ("dropped", Fault(drop="before"), VendorDown(vendor="gemini", reason="lost"), 2),
]


@pytest.mark.parametrize(("fault", "error", "calls"), [row[1:] for row in FINAL], ids=[row[0] for row in FINAL])
async def test_faults(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, fault: Fault, error: VendorError, calls: int
) -> None:
    google.script.extend([Reply(fault=fault)] * 5)
    with pytest.raises(VendorError) as caught:
        await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    assert google.calls == calls
    assert heard == ["vendor_unsure" if calls == 2 else "vendor_busy", ""] * (calls - 1), "asked twice if maybe paid"


@pytest.mark.parametrize(
    "fault",
    [
        refusal(429, EXHAUSTED, "slow down", retry_info("0.3s")),
        refusal(429, EXHAUSTED, "slow down", headers={"Retry-After": "0.3"}),
        refusal(503, "UNAVAILABLE", "overloaded", headers={"Retry-After": "0.3"}),
    ],
)
async def test_it_waits_as_long_as_it_was_told_and_goes_on(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, fault: Fault
) -> None:
    await writer.warm()
    google.script.append(Reply(fault=fault))
    began = time.monotonic()
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert time.monotonic() - began >= 0.3
    assert answer.problem is None
    assert heard == ["vendor_busy", ""]


async def test_a_quota_for_the_day_is_full_again_after_midnight(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    fault = refusal(429, EXHAUSTED, "Quota, limit: 50", quota("RequestsPerDayPerProject", "50"), retry_info("9s"))
    google.script.append(Reply(fault=fault))
    with pytest.raises(VendorBusy) as caught:
        await writer.write(scenes_engine(), scene_prompt(), heard)
    assert caught.value.retry_after is not None
    again = datetime.now(ZoneInfo("America/Los_Angeles")) + timedelta(seconds=caught.value.retry_after + 5)
    assert (again.hour, again.minute) == (0, 0)
    assert google.calls == 1


@pytest.mark.parametrize("body", ["{}", '{"candidates": {"content": 5}}', '{"candidates": [], "usageMetadata": [1]}'])
async def test_an_empty_answer_is_an_empty_answer(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, body: str
) -> None:
    google.script.append(Reply(fault=Fault(status=200, body=body, content_type="application/json")))
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (answer.problem, answer.model_version) == ("empty", MODEL)


async def test_text_that_the_sdk_chokes_on_is_an_answer_that_was_paid_for(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    google.script.append(Reply(text="[" * 100_000))
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (answer.problem, answer.usage.output_tokens) == ("not_json", 800)
    assert google.calls == 1


async def test_a_time_out_is_asked_again_once(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    google.delay = 5
    await writer.warm()
    began = time.monotonic()
    with pytest.raises(VendorDown) as caught:
        await writer.write(scenes_engine(), scene_prompt(timeout_seconds=0.3), heard)
    assert caught.value.reason == "timeout"
    assert google.calls == 2
    assert time.monotonic() - began < 4


async def test_everything_together_stays_within_its_time(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    google.script.extend([Reply(fault=refusal(429, EXHAUSTED, "slow down", retry_info("20s")))] * 5)
    await writer.warm()
    began = time.monotonic()
    with pytest.raises(VendorBusy):
        await writer.write(scenes_engine(), scene_prompt(timeout_seconds=0.5), heard)
    assert time.monotonic() - began < 15


async def test_a_connection_that_is_refused_is_tried_three_times(heard: Heard) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        writer = GeminiWriter(
            KEY, base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", api_version=None, first_wait=0.01
        )
        with pytest.raises(VendorDown) as caught:
            await writer.write(scenes_engine(), scene_prompt(), heard)
    assert caught.value.reason == "unreachable"
    assert heard == ["vendor_busy", ""] * 2
    await writer.aclose()


async def test_an_address_that_is_none_is_not_tried_again(heard: Heard) -> None:
    writer = GeminiWriter(KEY, base_url="nonsense://", api_version=None, first_wait=0.01)
    with pytest.raises(VendorDown):
        await writer.write(scenes_engine(), scene_prompt(), heard)
    await writer.aclose()


async def test_a_slow_drip_does_not_outlive_its_time(heard: Heard) -> None:
    """Bytes that trickle keep every read alive; the whole is bounded all the same."""

    async def drip(reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        to.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                to.write(b" ")
                await to.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            to.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    writer = GeminiWriter(KEY, base_url=f"http://127.0.0.1:{port}", api_version=None, first_wait=0.01)
    await writer.warm()
    began = time.monotonic()
    with pytest.raises(VendorDown) as caught:
        await writer.write(scenes_engine(), scene_prompt(timeout_seconds=0.3), heard)
    assert caught.value.reason == "timeout"
    assert time.monotonic() - began < 10
    await writer.aclose()
    server.close()
