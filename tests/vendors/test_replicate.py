"""What Replicate is asked, and what comes of a prediction that ended, whichever way."""

from __future__ import annotations

import asyncio
import io
import time
from typing import Any

import pytest
from PIL import Image

from mv.errors import BadRequest, Blocked, KeyRefused, MvError, NoPicture, VendorBusy, VendorDown
from mv.ports import Ticket
from mv.vendors.replicate import ReplicatePainter
from tests.standins.replicate import ReplicateStandIn, Script
from tests.vendors.conftest import Heard
from tests.vendors.samples import TOKEN, picture_prompt, pictures, pictures_engine


def picture(data: bytes) -> Image.Image:
    opened = Image.open(io.BytesIO(data))
    opened.load()
    return opened


async def paint(painter: ReplicatePainter, heard: Heard, seconds: float = 5.0, **engine: Any) -> tuple[bytes, ...]:
    ticket = await painter.start(pictures_engine(**engine), picture_prompt(), heard)
    return (await painter.collect(pictures_engine(**engine), ticket, seconds, heard)).pictures


async def test_a_picture_is_made_and_fetched(server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard) -> None:
    server.delay = 0.1
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert ticket == Ticket(id=next(iter(server.predictions)))
    painted = await painter.collect(pictures_engine(), ticket, 5, heard)
    assert picture(painted.pictures[0]).size == (256, 256)
    assert painted.model_version == "google/imagen-4"
    assert server.counts["creates"] == server.counts["accepted"] == server.counts["downloads"] == 1
    assert server.counts["tokens_leaked"] == 0
    assert heard == []


async def test_the_input_is_the_engines_the_flavors_and_the_requests(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    engine = pictures_engine(
        model="some/model:abc123",
        aspect_ratios=("1:1", "3:4"),
        parameters={"output_format": "jpg", "quality": 90, "prompt": "never"},
        takes_seed=True,
        count_parameter="num_outputs",
    )
    prompt = picture_prompt(images=3, seed=7, parameters={"quality": 80})
    ticket = await painter.start(engine, prompt, heard)
    made = server.predictions[ticket.id]
    assert made.input == {
        "output_format": "jpg",
        "quality": 80,
        "prompt": "Mara, a singer",
        "aspect_ratio": "3:4",
        "seed": 7,
        "num_outputs": 3,
    }
    assert made.version == "abc123"
    painted = await painter.collect(engine, ticket, 5, heard)
    assert [picture(one).format for one in painted.pictures] == ["JPEG"] * 3
    assert len(set(painted.pictures)) == 3
    assert painted.model_version == "someone/something:abc123"


async def test_what_an_engine_does_not_take_is_not_sent(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    ticket = await painter.start(pictures_engine(), picture_prompt(seed=7, images=3), heard)
    assert server.predictions[ticket.id].input == {"prompt": "Mara, a singer"}


async def test_a_version_alone_is_a_model_too(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    assert len(await paint(painter, heard, model="a1" * 32)) == 1
    assert next(iter(server.predictions.values())).version == "a1" * 32


@pytest.mark.parametrize("model", ["imagen-4", "a/b/c", "../x", "a/b?c", ""])
async def test_a_model_that_is_no_name_is_a_bad_request(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, model: str
) -> None:
    with pytest.raises(BadRequest):
        await painter.start(pictures_engine(model=model), picture_prompt(), heard)
    assert server.counts["creates"] == 0


@pytest.mark.parametrize(("output", "count"), [("string", 1), ("data", 1), ("list", 1)])
async def test_outputs_of_every_kind(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, output: str, count: int
) -> None:
    server.script.append(Script(output=output))
    got = await paint(painter, heard)
    assert len(got) == count
    assert picture(got[0]).size == (256, 256)


OUTCOMES: list[tuple[str, Script, MvError]] = [
    ("null", Script(output=None), Blocked(vendor="replicate", rule="safety")),
    ("empty list", Script(output=[]), Blocked(vendor="replicate", rule="safety")),
    ("list of nulls", Script(output=[None, ""]), Blocked(vendor="replicate", rule="safety")),
    ("words", Script(output="I would rather not"), NoPicture(vendor="replicate", reason="not_a_picture")),
    ("an object", Script(output={"url": 1}), NoPicture(vendor="replicate", reason="not_a_picture")),
    ("a number", Script(output=[7]), NoPicture(vendor="replicate", reason="not_a_picture")),
    ("canceled", Script(status="canceled"), NoPicture(vendor="replicate", reason="failed")),
    ("aborted", Script(status="aborted"), NoPicture(vendor="replicate", reason="failed")),
    ("failed, no reason", Script(status="failed"), NoPicture(vendor="replicate", reason="failed")),
    ("a bug", Script(status="failed", error="CUDA out of memory"), NoPicture(vendor="replicate", reason="failed")),
]
FAILURES = [
    ("NSFW content detected in all outputs", Blocked(vendor="replicate", rule="safety")),
    ("The input or output was flagged as sensitive. (E005)", Blocked(vendor="replicate", rule="safety")),
    ("Violates our content policy", Blocked(vendor="replicate", rule="safety")),
    ("May show the likeness of a public figure", Blocked(vendor="replicate", rule="likeness")),
    ("Possible copyright issue", Blocked(vendor="replicate", rule="recitation")),
    ("Prohibited use", Blocked(vendor="replicate", rule="prohibited")),
    ("Service is unavailable due to high demand (E003)", VendorDown(vendor="replicate", reason="unavailable")),
    ("Prediction interrupted; please retry (code: PA)", VendorDown(vendor="replicate", reason="unavailable")),
    ("Upstream timed out", VendorDown(vendor="replicate", reason="timeout")),
    ("429 RESOURCE_EXHAUSTED", VendorBusy(vendor="replicate")),
    ("memory access violation in model.safetensors", NoPicture(vendor="replicate", reason="failed")),
]
OUTCOMES += [(text, Script(status="failed", error=text), error) for text, error in FAILURES]


@pytest.mark.parametrize(("script", "error"), [row[1:] for row in OUTCOMES], ids=[row[0] for row in OUTCOMES])
async def test_endings(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, script: Script, error: MvError
) -> None:
    server.script.append(script)
    with pytest.raises(MvError) as caught:
        await paint(painter, heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    assert server.counts["accepted"] == 1


async def test_a_prediction_that_never_ends_is_cancelled_there(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(status="never"))
    with pytest.raises(VendorDown) as caught:
        await paint(painter, heard, seconds=0.3)
    assert caught.value.reason == "timeout"
    assert server.counts["cancels"] == 1
    assert next(iter(server.predictions.values())).canceled


async def test_a_ticket_whose_hour_is_over(server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard) -> None:
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    server.forget(ticket.id)
    with pytest.raises(NoPicture) as caught:
        await painter.collect(pictures_engine(), ticket, 5, heard)
    assert caught.value.reason == "expired"


async def test_collecting_twice_and_by_another_process(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    first = await painter.collect(pictures_engine(), ticket, 5, heard)
    other = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures())
    assert await other.collect(pictures_engine(), ticket, 5, heard) == first
    assert server.counts["accepted"] == 1
    await other.aclose()


async def test_cancelling_stops_the_wait_and_the_prediction(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(status="never"))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    task = asyncio.ensure_future(painter.collect(pictures_engine(), ticket, 60, heard))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 10
    await painter.cancel(pictures_engine(), ticket)
    assert server.predictions[ticket.id].canceled


async def test_cancelling_never_raises(server: ReplicateStandIn, painter: ReplicatePainter) -> None:
    await painter.cancel(pictures_engine(), Ticket(id="unknown"))
    lost = ReplicatePainter(TOKEN, base_url="http://127.0.0.1:9", pictures=pictures())
    await lost.cancel(pictures_engine(), Ticket(id="unknown"))
    await lost.aclose()
    keyless = ReplicatePainter("", base_url=server.url, pictures=pictures())
    await keyless.cancel(pictures_engine(), Ticket(id="unknown"))


async def test_a_token_that_no_header_can_hold_is_refused_before_anything_is_sent(
    server: ReplicateStandIn, heard: Heard
) -> None:
    for token in ("", "two words", "line\nbreak", "schlüssel"):
        with pytest.raises(KeyRefused) as caught:
            await ReplicatePainter(token, base_url=server.url, pictures=pictures()).start(
                pictures_engine(), picture_prompt(), heard
            )
        assert caught.value.variable == "REPLICATE_API_TOKEN"
    assert server.counts["creates"] == 0


async def test_nothing_leaks_in_from_the_environment(
    server: ReplicateStandIn, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "wrong-token")
    monkeypatch.setenv("REPLICATE_BASE_URL", "http://127.0.0.1:9")
    painter = ReplicatePainter(f"{TOKEN}\n", base_url=server.url, pictures=pictures())
    assert await painter.start(pictures_engine(), picture_prompt(), heard)
    await painter.aclose()
