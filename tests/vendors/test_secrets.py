"""Keys never show: not in an exception, not in its chain, not in a log, whatever the vendor echoes."""

from __future__ import annotations

import asyncio
import logging
import traceback

import pytest

from mv.errors import MvError
from mv.ports import Ticket
from mv.vendors.gemini import GeminiWriter
from mv.vendors.replicate import ReplicatePainter
from tests.standins.gemini import GeminiStandIn, Reply, refusal
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, TOKEN, picture_prompt, pictures, pictures_engine, scene_prompt, scenes_engine


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def shown(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """All that a person or a log may see of it."""
    chain = "".join(traceback.format_exception(error))
    records = "".join(f"{one.getMessage()} {one.args} {one.exc_text}" for one in caplog.records)
    return f"{error} {error!r} {error.args} {chain} {records}"


GEMINI = [
    refusal(400, "INVALID_ARGUMENT", f"API key expired: {KEY}"),
    refusal(400, "INVALID_ARGUMENT", f"Unknown name {KEY}"),
    refusal(401, f"KEY {KEY}", "no"),
    refusal(403, "PERMISSION_DENIED", KEY),
    refusal(404, "NOT_FOUND", KEY),
    refusal(429, "RESOURCE_EXHAUSTED", KEY),
    refusal(503, "UNAVAILABLE", KEY),
    Fault(status=502, body=f"<html>{KEY}</html>"),
    Fault(status=200, body=f"<html>{KEY}</html>"),
    Fault(status=200, json=[KEY]),
    Fault(drop="before"),
]


@pytest.mark.parametrize("fault", GEMINI)
async def test_geminis(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    google.script.extend([Reply(fault=fault)] * 3)
    with pytest.raises(MvError) as caught:
        await writer.write(scenes_engine(), scene_prompt(), heard)
    assert google.requests[-1]["_headers"]["x-goog-api-key"] == KEY, "it was there to be echoed"
    assert KEY not in shown(caught.value, caplog)
    assert KEY not in repr(writer)
    assert scene_prompt().user not in shown(caught.value, caplog)


REPLICATE = [
    Fault(status=400, json={"detail": f"Bearer {TOKEN}"}),
    Fault(status=401, json={"detail": f"The token {TOKEN} is wrong"}),
    Fault(status=402, json={"detail": TOKEN}),
    Fault(status=422, json={"detail": f"input {TOKEN} is odd"}),
    Fault(status=429, json={"title": TOKEN}),
    Fault(status=500, body=TOKEN),
    Fault(status=201, body=TOKEN),
    Fault(status=201, json={"id": f"/{TOKEN}"}),
    Fault(drop="before"),
]


@pytest.mark.parametrize("fault", REPLICATE)
async def test_replicates(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    server.script.extend([Script(create=fault)] * 3)
    with pytest.raises(MvError) as caught:
        await painter.start(pictures_engine(), picture_prompt(), heard)
    assert TOKEN not in shown(caught.value, caplog)
    assert TOKEN not in repr(painter)


async def test_neither_while_waiting_failing_and_cancelling(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    server.script.append(Script(status="failed", error=f"bad token {TOKEN}", gets=(Fault(status=500, body=TOKEN),)))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    with pytest.raises(MvError) as caught:
        await painter.collect(pictures_engine(), ticket, 5, heard)
    await painter.cancel(pictures_engine(), Ticket(id="unknown"))
    assert TOKEN not in shown(caught.value, caplog)
    assert "bad token ***" in caplog.text, "the reason itself is logged"


async def test_signed_addresses_are_not_logged(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    signed = "{base}/files/{id}/0.png?signature=sesame"
    server.script.append(Script(output=signed, files=(Fault(status=503), Fault(drop="before"), Fault(status=404))))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert (await painter.collect(pictures_engine(), ticket, 5, heard)).pictures
    assert "sesame" not in caplog.text


async def test_a_key_that_breaks_the_header_is_not_quoted_back(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    broken = f"{TOKEN}\r\nX-Injected: 1"
    for call in (
        GeminiWriter(broken, base_url="http://127.0.0.1:9", api_version=None).write(
            scenes_engine(), scene_prompt(), heard
        ),
        ReplicatePainter(broken, base_url="http://127.0.0.1:9", pictures=pictures()).start(
            pictures_engine(), picture_prompt(), heard
        ),
    ):
        with pytest.raises(MvError) as caught:
            await asyncio.ensure_future(call)
        assert TOKEN not in shown(caught.value, caplog)
