"""What libraries raise that nobody promised: money may hang on it, so doubt is called doubt."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from mv.errors import NoPicture, Uncertain, VendorDown
from mv.ports import Search, Ticket
from mv.vendors import gemini_errors, replicate_wire
from mv.vendors.replicate import ReplicatePainter
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script
from tests.vendors.conftest import Heard
from tests.vendors.samples import TOKEN, picture_prompt, pictures, pictures_engine

BROKEN_TLS = ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC]")


@pytest.mark.parametrize(
    "error", [BROKEN_TLS, OSError(5, "Input/output error"), RuntimeError("never seen"), BufferError()]
)
def test_an_order_that_broke_off_may_have_been_accepted(error: Exception) -> None:
    setback = replicate_wire.judge(error, "google/imagen-4", TOKEN, creating=True)
    assert setback is not None
    assert isinstance(setback.error, Uncertain)
    assert not setback.again


def test_what_costs_nothing_is_asked_again_or_is_a_bug() -> None:
    setback = replicate_wire.judge(BROKEN_TLS, "google/imagen-4", TOKEN, creating=False)
    assert setback is not None
    assert isinstance(setback.error, VendorDown)
    assert setback.again
    assert replicate_wire.judge(RuntimeError("a bug of ours"), "", TOKEN, creating=False) is None


def test_a_call_to_gemini_that_broke_off_may_have_been_paid_for() -> None:
    setback = gemini_errors.judge(BROKEN_TLS, "gemini-2.5-pro", TOKEN)
    assert setback is not None
    assert (setback.again, setback.maybe_paid) == (True, True)


async def test_a_download_that_broke_off_is_made_again(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow, broken = painter._downloads._follow, iter([BROKEN_TLS])

    async def once(url: str) -> bytes:
        for error in broken:
            raise error
        return await follow(url)

    monkeypatch.setattr(painter._downloads, "_follow", once)
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert (await painter.collect(pictures_engine(), ticket, 5, heard)).pictures


@pytest.mark.parametrize("status", [300, 304])
async def test_a_redirect_to_nowhere(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, status: int
) -> None:
    server.script.append(Script(files=(Fault(status=status),) * 5))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    with pytest.raises(NoPicture):
        await painter.collect(pictures_engine(), ticket, 5, heard)


# ── looking for what was lost ────────────────────────────────────────────────────────────────────────────────────────


async def test_a_vendor_that_cannot_be_asked_for_a_moment_is_asked_again(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More often than there are looks: the machine is up before its network, say."""
    dead = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures())
    ticket = await dead.start(pictures_engine(), picture_prompt(), heard)
    server.listing = Fault(status=503)
    asked = painter._api.newest

    async def better(after: str = "") -> object:
        if server.counts["lists"] >= 6:
            server.listing = None
        return await asked(after)

    monkeypatch.setattr(painter._api, "newest", better)
    since = Search(since=datetime.now(UTC) - timedelta(seconds=1))
    assert await painter.find(pictures_engine(), picture_prompt(), since) == ticket
    assert server.counts["lists"] >= 7
    await dead.aclose()


async def test_a_vendor_that_does_not_show_its_list_is_asked_once(
    server: ReplicateStandIn, painter: ReplicatePainter
) -> None:
    server.listing = Fault(status=403)
    assert await painter.find(pictures_engine(), picture_prompt(), Search(since=datetime.now(UTC))) is None
    assert server.counts["lists"] == 1


# ── what was made before it was cancelled ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("script", "made"),
    [
        (Script(status="never"), 0),
        (Script(), 1),
        (Script(output=["{base}/files/{id}/0.png"] * 4), 4),
        (Script(output=[]), 0),
        (Script(status="failed", error="no"), 0),
    ],
)
async def test_a_cancel_tells_what_was_made(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, script: Script, made: int
) -> None:
    server.script.append(script)
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert await painter.cancel(pictures_engine(), ticket) == made


async def test_a_cancel_of_what_nobody_knows(painter: ReplicatePainter) -> None:
    assert await painter.cancel(pictures_engine(), Ticket(id="p-unknown")) == 0
