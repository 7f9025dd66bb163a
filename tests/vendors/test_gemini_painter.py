"""Pictures by Gemini: what is asked, what an answer means, and that nothing is asked twice that may be paid for."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from mv.errors import (
    BadRequest,
    Blocked,
    KeyRefused,
    ModelGone,
    MvError,
    NoCredit,
    NoPicture,
    Uncertain,
    VendorBusy,
    VendorDown,
)
from mv.ports import Lent, Search, Ticket
from mv.vendors import gemini_errors
from mv.vendors.gemini_painter import GeminiPainter
from tests.standins.gemini import BAD_KEY, GeminiStandIn, Reply, quota, refusal, retry_info
from tests.standins.local import Fault, wire
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, banana_engine, picture_prompt, pictures
from tests.vendors.test_secrets import shown

MODEL = "gemini-nano-banana-2.1"
PICTURE = Lent(name="character_ref_20261122_201500_9f2c1a07.png", mime="image/png", data=b"\x89PNG" + bytes(300_000))
EXHAUSTED = "RESOURCE_EXHAUSTED"


@pytest.fixture
async def painter(google: GeminiStandIn) -> AsyncIterator[GeminiPainter]:
    made = GeminiPainter(
        KEY, base_url=google.url, api_version=None, pictures=pictures(), upload_seconds=2.0, first_wait=0.01
    )
    yield made
    await made.aclose()


# ── what is asked, and what comes ────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_comes_with_the_model_that_made_it(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    data = b"\x89PNG" + bytes(range(256)) * 2000
    google.script.append(Reply(data=data, model_version="gemini-nano-banana-2.1-0930"))
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    painted = await painter.collect(banana_engine(), ticket, 5, heard)
    assert (painted.pictures, painted.model_version) == ((data,), "gemini-nano-banana-2.1-0930")
    assert await painter.collect(banana_engine(), ticket, 5, heard) == painted, "it may be asked for again"
    assert google.calls == 1
    assert heard == []


async def test_the_request_says_what_was_meant(google: GeminiStandIn, painter: GeminiPainter, heard: Heard) -> None:
    prompt = picture_prompt(seed=7, parameters={"output_format": "png"}, timeout_seconds=90.0)
    await painter.start(banana_engine(), prompt, heard)
    sent = google.requests[-1]
    assert sent["contents"] == [{"role": "user", "parts": [{"text": "Mara, a singer"}]}]
    image = {"aspectRatio": "3:4", "imageSize": "1K"}
    assert sent["generationConfig"] == {"responseModalities": ["IMAGE"], "imageConfig": image}
    assert (sent["_model"], sent["_version"], sent["_headers"]["x-server-timeout"]) == (MODEL, "v1", "90")
    await painter.start(banana_engine(), picture_prompt(parameters={"image_size": "2K"}), heard)
    assert google.requests[-1]["generationConfig"]["imageConfig"]["imageSize"] == "2K"
    bare = banana_engine(aspect_ratios=(), parameters={}, takes_seed=True, thinking_level="high")
    await painter.start(bare, prompt, heard)
    options = google.requests[-1]["generationConfig"]
    assert (options["imageConfig"], options["seed"]) == ({}, 7)
    assert list(options["thinkingConfig"].values()) == ["HIGH"]


async def test_of_several_pictures_the_last_counts(google: GeminiStandIn, painter: GeminiPainter, heard: Heard) -> None:
    google.script.append(Reply(data=b"the picture", drafts=2))
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    assert (await painter.collect(banana_engine(), ticket, 5, heard)).pictures == (b"the picture",)


async def test_many_at_once_each_get_their_own(google: GeminiStandIn, painter: GeminiPainter, heard: Heard) -> None:
    async def one(number: int) -> bytes:
        ticket = await painter.start(banana_engine(), picture_prompt(text=str(number)), heard)
        return (await painter.collect(banana_engine(), ticket, 5, heard)).pictures[0]

    google.delay = 0.5
    await painter.warm()
    began = time.monotonic()
    assert len(set(await asyncio.gather(*map(one, range(20))))) == 20
    assert time.monotonic() - began < 5


async def test_a_picture_of_twenty_megabytes(google: GeminiStandIn, heard: Heard) -> None:
    large = pictures(max_bytes=30_000_000)
    painter = GeminiPainter(KEY, base_url=google.url, api_version=None, pictures=large)
    google.script.append(Reply(data=bytes(20_000_000)))
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    assert len((await painter.collect(banana_engine(), ticket, 5, heard)).pictures[0]) == 20_000_000
    await painter.aclose()


# ── pictures to go by ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_picture_is_handed_over_and_named_in_the_order(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    address = await painter.lend(banana_engine(), PICTURE, heard)
    ((uri, upload),) = google.files.items()
    assert address == f"image/png {uri}"
    assert (upload.name, upload.mime, upload.data) == (PICTURE.name, PICTURE.mime, PICTURE.data)
    assert google.upload_keys == [KEY, None], "the bytes go without the key"
    await painter.start(banana_engine(max_references=2), picture_prompt(references=(address,) * 3), heard)
    named, text = {"fileData": {"file_uri": uri, "mime_type": "image/png"}}, {"text": "Mara, a singer"}
    assert google.requests[-1]["contents"][0]["parts"] == [named, named, text]
    assert heard == []


async def test_a_large_picture_goes_in_pieces(google: GeminiStandIn, painter: GeminiPainter, heard: Heard) -> None:
    large = Lent(name="x.png", mime="image/png", data=bytes(range(256)) * 80_000)
    await painter.lend(banana_engine(), large, heard)
    assert [upload.data for upload in google.files.values()] == [large.data]
    assert len(google.upload_keys) == 4


UPLOADS: list[tuple[str, Fault, MvError]] = [
    ("400", refusal(400, "INVALID_ARGUMENT", "no"), BadRequest(vendor="gemini", model=MODEL)),
    ("404", refusal(404, "NOT_FOUND", "no"), BadRequest(vendor="gemini", model=MODEL)),
    ("403", refusal(403, "PERMISSION_DENIED", "no"), KeyRefused(vendor="gemini", variable="GEMINI_API_KEY")),
    ("429", refusal(429, EXHAUSTED, "slow"), VendorBusy(vendor="gemini")),
    ("500", refusal(500, "INTERNAL", "oops"), VendorDown(vendor="gemini")),
    ("502 HTML", Fault(status=502, body="<html>"), VendorDown(vendor="gemini")),
    ("200 HTML", Fault(status=200, body="<html>"), VendorDown(vendor="gemini")),
    ("dropped", Fault(drop="before"), VendorDown(vendor="gemini")),
]


@pytest.mark.parametrize("first", [True, False], ids=["begin", "bytes"])
@pytest.mark.parametrize(("fault", "error"), [row[1:] for row in UPLOADS], ids=[row[0] for row in UPLOADS])
async def test_an_upload_that_fails_is_made_again_where_that_helps(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, fault: Fault, error: MvError, first: bool
) -> None:
    """It costs nothing, and the SDK's own repetitions, seconds long, are not met."""
    fine = Fault(
        status=200,
        json={},
        headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-URL": f"{google.url}/upload/v1/files?upload_id=1"},
    )
    await painter.warm()
    began = time.monotonic()
    google.uploading.extend([fault] * 3 if first else [fine, fault] * 3)
    with pytest.raises(MvError) as caught:
        await painter.lend(banana_engine(), PICTURE, heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    tries = 3 if isinstance(error, VendorBusy | VendorDown) else 1
    assert google.uploads == tries
    assert heard == ["vendor_busy", ""] * (tries - 1)
    google.uploading.clear()
    assert await painter.lend(banana_engine(), PICTURE, heard)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("uri", ["https://evil.example/v1/files/f1", "file:///etc/passwd", "http://[", "", None, 7])
async def test_an_address_of_another_host_is_not_passed_on(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, uri: object
) -> None:
    begun = {"X-Goog-Upload-Status": "active", "X-Goog-Upload-URL": "https://evil.example/upload/v1/files?upload_id=1"}
    ended = {"X-Goog-Upload-Status": "final"}
    answers = [Fault(status=200, json={}, headers=begun), Fault(status=200, json={"file": {"uri": uri}}, headers=ended)]
    google.uploading.extend(answers * 3)
    with pytest.raises(VendorDown):
        await painter.lend(banana_engine(), PICTURE, heard)
    assert len(google.upload_keys) >= 2, "and the bytes went to no other host either"


async def test_an_upload_that_hangs_is_given_up(google: GeminiStandIn, heard: Heard) -> None:
    painter = GeminiPainter(
        KEY, base_url=google.url, api_version=None, pictures=pictures(), upload_seconds=0.2, first_wait=0.01
    )
    google.uploading.extend([Fault(delay=20)] * 3)
    await painter.warm()
    began = time.monotonic()
    with pytest.raises(VendorDown) as caught:
        await painter.lend(banana_engine(), PICTURE, heard)
    assert caught.value.reason == "timeout"
    assert time.monotonic() - began < 4
    await painter.aclose()


async def test_an_engine_that_goes_by_none_is_lent_none(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    with pytest.raises(BadRequest):
        await painter.lend(banana_engine(max_references=0), PICTURE, heard)
    assert google.uploads == 0


async def test_a_picture_that_the_vendor_has_deleted(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    address = await painter.lend(banana_engine(), PICTURE, heard)
    google.files.clear()
    with pytest.raises(NoPicture) as caught:
        await painter.start(banana_engine(), picture_prompt(references=(address,)), heard)
    assert caught.value.reason == "expired"


# ── answers without a picture ────────────────────────────────────────────────────────────────────────────────────────

NO_PICTURE: list[tuple[Reply, MvError]] = [
    (Reply(block_reason="SAFETY"), Blocked(vendor="gemini", rule="safety")),
    (Reply(block_reason="IMAGE_SAFETY"), Blocked(vendor="gemini", rule="safety")),
    (Reply(block_reason="PROHIBITED_CONTENT"), Blocked(vendor="gemini", rule="prohibited")),
    (Reply(block_reason="BLOCKLIST"), Blocked(vendor="gemini", rule="prohibited")),
    (Reply(block_reason="OTHER"), Blocked(vendor="gemini", rule="other")),
    (Reply(block_reason="A_NEW_ONE"), Blocked(vendor="gemini", rule="other")),
    (Reply(finish_reason="SAFETY", text=""), Blocked(vendor="gemini", rule="safety")),
    (Reply(finish_reason="IMAGE_SAFETY", text=""), Blocked(vendor="gemini", rule="safety")),
    (Reply(finish_reason="PROHIBITED_CONTENT", text=""), Blocked(vendor="gemini", rule="prohibited")),
    (Reply(finish_reason="IMAGE_PROHIBITED_CONTENT", text=""), Blocked(vendor="gemini", rule="prohibited")),
    (Reply(finish_reason="RECITATION", text=""), Blocked(vendor="gemini", rule="recitation")),
    (Reply(finish_reason="IMAGE_RECITATION", text=""), Blocked(vendor="gemini", rule="recitation")),
    (Reply(finish_reason="SPII", text=""), Blocked(vendor="gemini", rule="likeness")),
    (Reply(finish_reason="IMAGE_OTHER", text="I would rather not."), Blocked(vendor="gemini", rule="other")),
    (Reply(finish_reason="NO_IMAGE", text="I would rather not."), NoPicture(vendor="gemini", reason="empty")),
    (Reply(finish_reason="OTHER", text=""), NoPicture(vendor="gemini", reason="empty")),
    (Reply(finish_reason="MAX_TOKENS", text=""), NoPicture(vendor="gemini", reason="empty")),
    (Reply(text="I would rather not."), NoPicture(vendor="gemini", reason="empty")),
    (Reply(candidates=False), NoPicture(vendor="gemini", reason="empty")),
    (Reply(data=b""), NoPicture(vendor="gemini", reason="empty")),
]


@pytest.mark.parametrize(("reply", "error"), NO_PICTURE, ids=range(len(NO_PICTURE)))
async def test_what_came_in_place_of_a_picture(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, reply: Reply, error: MvError
) -> None:
    google.script.append(reply)
    with pytest.raises(type(error)) as caught:
        await painter.start(banana_engine(), picture_prompt(), heard)
    assert caught.value.facts() == error.facts()
    assert google.calls == 1
    assert heard == []


SPOILED: list[tuple[Reply, str]] = [
    (Reply(base64="this is no base64"), "broken"),
    (Reply(base64="AAAA" * 70_000 + "A"), "broken"),
    (Reply(base64="ÄÖÜ="), "broken"),
    (Reply(data=bytes(2_000_001)), "too_large"),
    (Reply(data=bytes(5_000_000)), "too_large"),
    (Reply(fault=Fault(raw=wire(bytes(9_000_000)))), "too_large"),  # and is not read to its end
]


@pytest.mark.parametrize(("reply", "reason"), SPOILED, ids=range(len(SPOILED)))
async def test_a_picture_that_is_of_no_use_was_made_all_the_same(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, reply: Reply, reason: str
) -> None:
    google.script.append(reply)
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    for _ in range(2):
        with pytest.raises(NoPicture) as caught:
            await painter.collect(banana_engine(), ticket, 5, heard)
        assert (caught.value.reason, caught.value.made) == (reason, 1)
    assert await painter.cancel(banana_engine(), ticket) == 1
    assert google.calls == 1
    assert heard == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"candidates": 5},
        {"candidates": [{"content": {"parts": [7, {"inlineData": 7}, {"inlineData": {"data": "AAAA"}}]}}]},
        {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}]}}]},
        {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": [1]}}]}}]},
    ],
)
async def test_answers_of_an_odd_shape_hold_no_picture(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, answer: object
) -> None:
    google.script.append(Reply(fault=Fault(status=200, json=answer)))
    with pytest.raises(NoPicture) as caught:
        await painter.start(banana_engine(), picture_prompt(), heard)
    assert caught.value.reason == "empty"


# ── calls that fail ──────────────────────────────────────────────────────────────────────────────────────────────────

LOST = Uncertain(vendor="gemini")
DOWN = VendorDown(vendor="gemini", reason="unavailable")
CALLS: list[tuple[str, Fault, MvError, int]] = [
    ("400", refusal(400, "INVALID_ARGUMENT", "Unknown name"), BadRequest(vendor="gemini", model=MODEL), 1),
    ("400 key", BAD_KEY, KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    ("403", refusal(403, "PERMISSION_DENIED", "no"), KeyRefused(vendor="gemini", variable="GEMINI_API_KEY"), 1),
    (
        "404",
        refusal(404, "NOT_FOUND", f"models/{MODEL} is not found for API version v1"),
        ModelGone(vendor="gemini", model=MODEL),
        1,
    ),
    ("404 HTML", Fault(status=404, body="<html>"), ModelGone(vendor="gemini", model=MODEL), 1),
    ("402", refusal(402, "FAILED_PRECONDITION", "no credit"), NoCredit(vendor="gemini"), 1),
    ("429 limit 0", refusal(429, EXHAUSTED, "Quota exceeded, limit: 0", quota("x", "0")), NoCredit(vendor="gemini"), 1),
    ("429", refusal(429, EXHAUSTED, "slow down"), VendorBusy(vendor="gemini"), 3),
    ("429 HTML", Fault(status=429, body="<html>"), VendorBusy(vendor="gemini"), 3),
    (
        "429 an hour",
        refusal(429, EXHAUSTED, "slow down", headers={"Retry-After": "3600"}),
        VendorBusy(vendor="gemini", retry_after=3600.0),
        1,
    ),
    ("500", refusal(500, "INTERNAL", "oops"), DOWN, 3),
    ("503", refusal(503, "UNAVAILABLE", "overloaded"), DOWN, 3),
    ("redirect", Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), DOWN, 3),
    ("503 of a proxy", Fault(status=503, body="<html>"), LOST, 1),
    ("502 of a proxy", Fault(status=502, body="<html>"), LOST, 1),
    ("500 of a proxy", Fault(status=500, json={"error": "x"}), LOST, 1),
    ("504", refusal(504, "DEADLINE_EXCEEDED", "late"), LOST, 1),
    ("408", Fault(status=408, body=""), LOST, 1),
    ("204", Fault(status=204, body=""), LOST, 1),
    ("200 HTML", Fault(status=200, body="<html>"), LOST, 1),
    ("200 other JSON", Fault(status=200, json=[1]), LOST, 1),
    ("200 nothing", Fault(status=200, body=""), LOST, 1),
    ("mid-body", Fault(status=200, drop="mid"), LOST, 1),
    ("dropped", Fault(drop="before"), LOST, 1),
]


@pytest.mark.parametrize(("fault", "error", "calls"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
async def test_only_what_was_certainly_not_accepted_is_asked_again(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, fault: Fault, error: MvError, calls: int
) -> None:
    google.script.extend([Reply(fault=fault)] * 5)
    with pytest.raises(MvError) as caught:
        await painter.start(banana_engine(), picture_prompt(), heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    assert google.calls == calls
    assert heard == ["vendor_busy", ""] * (calls - 1)


@pytest.mark.parametrize(
    "fault",
    [
        refusal(429, EXHAUSTED, "slow down", retry_info("0.3s")),
        refusal(429, EXHAUSTED, "slow down", headers={"Retry-After": "0.3"}),
        refusal(503, "UNAVAILABLE", "overloaded", headers={"Retry-After": "0.3"}),
    ],
)
async def test_it_waits_as_long_as_it_was_told_and_goes_on(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, fault: Fault
) -> None:
    await painter.warm()
    google.script.append(Reply(fault=fault))
    began = time.monotonic()
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    assert time.monotonic() - began >= 0.3
    assert (await painter.collect(banana_engine(), ticket, 5, heard)).pictures
    assert heard == ["vendor_busy", ""]


async def test_a_time_out_is_uncertain_and_not_asked_again(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    google.delay = 5
    await painter.warm()
    began = time.monotonic()
    with pytest.raises(Uncertain):
        await painter.start(banana_engine(), picture_prompt(timeout_seconds=0.3), heard)
    assert google.calls == 1
    assert time.monotonic() - began < 4


async def test_a_refused_connection_is_tried_three_times(heard: Heard) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        painter = GeminiPainter(KEY, base_url=address, api_version=None, pictures=pictures(), first_wait=0.01)
        with pytest.raises(VendorDown) as caught:
            await painter.start(banana_engine(), picture_prompt(), heard)
    assert caught.value.reason == "unreachable"
    assert heard == ["vendor_busy", ""] * 2
    await painter.aclose()


def test_what_nobody_foresaw_is_uncertain_unless_it_is_our_own() -> None:
    for error in (RuntimeError("never seen"), BufferError(), OSError(5, "Input/output error")):
        setback = gemini_errors.judge_order(error, MODEL, KEY)
        assert setback is not None
        assert isinstance(setback.error, Uncertain)
        assert not setback.again
    assert gemini_errors.judge_order(NoPicture(vendor="gemini", reason="empty"), MODEL, KEY) is None
    assert gemini_errors.judge_upload(RuntimeError("a bug of ours"), MODEL, KEY) is None


# ── tickets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_another_process_ordered_is_lost_and_cannot_be_looked_up(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    before = GeminiPainter(KEY, base_url=google.url, api_version=None, pictures=pictures())
    ticket = await before.start(banana_engine(), picture_prompt(), heard)
    await before.aclose()
    with pytest.raises(Uncertain) as caught:
        await painter.collect(banana_engine(), Ticket(id=ticket.id, data=ticket.data), 5, heard)
    assert (caught.value.vendor, caught.value.made) == ("gemini", 1)
    assert await painter.find(banana_engine(), picture_prompt(), Search(since=datetime.now(UTC))) is None
    assert await painter.cancel(banana_engine(), ticket) == 1, "it was made, and is paid for"
    assert google.calls == 1


async def test_a_cancel_tells_what_was_made_and_lets_go_of_it(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard
) -> None:
    ticket = await painter.start(banana_engine(), picture_prompt(), heard)
    assert await painter.cancel(banana_engine(), ticket) == 1
    with pytest.raises(Uncertain):
        await painter.collect(banana_engine(), ticket, 5, heard)


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────

ECHOES = [
    refusal(400, "INVALID_ARGUMENT", f"Unknown name {KEY}"),
    refusal(401, f"KEY {KEY}", "no"),
    refusal(404, "NOT_FOUND", KEY),
    refusal(429, EXHAUSTED, KEY),
    Fault(status=502, body=f"<html>{KEY}</html>"),
    Fault(status=200, body=f"<html>{KEY}</html>"),
    Fault(status=200, json={"candidates": [{"finishReason": KEY}]}),
    Fault(drop="before"),
]


@pytest.mark.parametrize("fault", ECHOES, ids=range(len(ECHOES)))
async def test_no_key_and_no_prompt_in_errors_and_logs(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    google.script.extend([Reply(fault=fault)] * 3)
    with pytest.raises(MvError) as caught:
        await painter.start(banana_engine(), picture_prompt(), heard)
    google.uploading.extend([fault] * 3)
    with pytest.raises(MvError) as lent:
        await painter.lend(banana_engine(), PICTURE, heard)
    for error in (caught.value, lent.value):
        assert KEY not in shown(error, caplog)
        assert picture_prompt().text not in shown(error, caplog)
    assert KEY not in repr(painter)


async def test_no_picture_and_no_address_in_logs(
    google: GeminiStandIn, painter: GeminiPainter, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    data = bytes(range(256)) * 100
    google.script.extend([Reply(data=data), Reply(base64=f"{base64.b64encode(data).decode()}?")])
    address = await painter.lend(banana_engine(), PICTURE, heard)
    ticket = await painter.start(banana_engine(), picture_prompt(references=(address,)), heard)
    with pytest.raises(NoPicture) as caught:
        await painter.collect(banana_engine(), await painter.start(banana_engine(), picture_prompt(), heard), 5, heard)
    seen = shown(caught.value, caplog)
    assert base64.b64encode(data).decode()[:40] not in seen
    assert "upload_id" not in seen
    assert json.dumps(dict(ticket.data)) == '{"pictures": 1}'


async def test_a_key_that_breaks_the_header_is_not_sent(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    painter = GeminiPainter(f"{KEY}\r\nX: 1", base_url="http://127.0.0.1:9", api_version=None, pictures=pictures())
    for call in (
        painter.start(banana_engine(), picture_prompt(), heard),
        painter.lend(banana_engine(), PICTURE, heard),
    ):
        with pytest.raises(KeyRefused) as caught:
            await call
        assert KEY not in shown(caught.value, caplog)
