"""Every way in which Replicate fails to answer. What matters most: `accepted` never counts twice for one request."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mv.errors import BadRequest, KeyRefused, ModelGone, MvError, NoCredit, NoPicture, Uncertain, VendorBusy, VendorDown
from mv.ports import Search, Ticket
from mv.vendors.replicate import ReplicatePainter
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script
from tests.vendors.conftest import Heard
from tests.vendors.samples import TOKEN, picture_prompt, pictures, pictures_engine

MODEL = "google/imagen-4"


def problem(status: int, detail: str = "", **headers: str) -> Fault:
    return Fault(status=status, json={"title": "Problem", "detail": detail, "status": status}, headers=headers)


REFUSED: list[tuple[str, Fault, MvError, int]] = [
    ("401", problem(401), KeyRefused(vendor="replicate", variable="REPLICATE_API_TOKEN"), 1),
    ("403 HTML", Fault(status=403, body="<html>"), KeyRefused(vendor="replicate", variable="REPLICATE_API_TOKEN"), 1),
    ("402", problem(402, "Insufficient credit"), NoCredit(vendor="replicate"), 1),
    ("404", problem(404), ModelGone(vendor="replicate", model=MODEL), 1),
    (
        "422",
        problem(422, "input: Additional property x is not allowed"),
        BadRequest(vendor="replicate", model=MODEL),
        1,
    ),
    (
        "422 version",
        problem(422, "The specified version does not exist (or perhaps you don't have permission to use it?)"),
        ModelGone(vendor="replicate", model=MODEL),
        1,
    ),
    ("400", problem(400), BadRequest(vendor="replicate", model=MODEL), 1),
    ("422 cut", Fault(status=422, drop="mid"), BadRequest(vendor="replicate", model=MODEL), 1),
    ("429", problem(429), VendorBusy(vendor="replicate"), 3),
    ("429 soon", problem(429, **{"Retry-After": "0.05"}), VendorBusy(vendor="replicate", retry_after=0.05), 3),
    ("429 late", problem(429, **{"Retry-After": "600"}), VendorBusy(vendor="replicate", retry_after=600.0), 1),
    ("redirect", Fault(status=307, headers={"Location": "/"}), VendorDown(vendor="replicate", reason="unreachable"), 1),
    ("521", Fault(status=521, body="<html>"), VendorDown(vendor="replicate", reason="unavailable"), 3),
]


@pytest.mark.parametrize(("fault", "error", "creates"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_creates_that_were_certainly_not_accepted(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, fault: Fault, error: MvError, creates: int
) -> None:
    server.script.extend([Script(create=fault)] * 5)
    with pytest.raises(MvError) as caught:
        await painter.start(pictures_engine(), picture_prompt(), heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    assert server.counts["creates"] == creates
    assert server.counts["lists"] == 0
    assert heard == ["vendor_busy", ""] * (creates - 1)


UNKNOWN: list[tuple[str, Fault]] = [
    ("500", problem(500)),
    ("502 HTML", Fault(status=502, body="<html>Bad Gateway</html>")),
    ("503", problem(503, **{"Retry-After": "1"})),
    ("504", problem(504)),
    ("dropped", Fault(drop="before")),
    ("mid-body", Fault(status=201, drop="mid")),
    ("201 HTML", Fault(status=201, body="<html>")),
    ("201 without id", Fault(status=201, json={"status": "starting"})),
    ("201 with a strange id", Fault(status=201, json={"id": "../../account"})),
    ("time-out", Fault(delay=0.8)),
]


@pytest.mark.parametrize("fault", [row[1] for row in UNKNOWN], ids=[row[0] for row in UNKNOWN])
@pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "not"])
async def test_creates_of_which_nobody_knows(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, fault: Fault, accepted: bool
) -> None:
    server.script.append(Script(create=fault, accepted=accepted))
    if accepted:
        ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
        assert ticket.id in server.predictions, "found without doubt, and taken over"
    else:
        with pytest.raises(Uncertain) as caught:
            await painter.start(pictures_engine(), picture_prompt(), heard)
        assert caught.value.vendor == "replicate"
    assert server.counts["creates"] == 1
    assert heard == ["vendor_unsure"]


async def test_a_429_is_waited_out(server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard) -> None:
    server.script.append(Script(create=problem(429, **{"Retry-After": "0.3"})))
    await painter.warm()
    began = time.monotonic()
    await painter.start(pictures_engine(), picture_prompt(), heard)
    assert time.monotonic() - began >= 0.3
    assert (server.counts["creates"], server.counts["accepted"]) == (2, 1)


async def test_a_connection_that_is_refused_is_tried_three_times(heard: Heard) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        painter = ReplicatePainter(TOKEN, base_url=address, pictures=pictures(), first_wait=0.01)
        with pytest.raises(VendorDown) as caught:
            await painter.start(pictures_engine(), picture_prompt(), heard)
    assert caught.value.reason == "unreachable"
    assert heard == ["vendor_busy", ""] * 2
    await painter.aclose()


# ── where there is doubt ─────────────────────────────────────────────────────────────────────────────────────────────

LOST = Script(create=Fault(drop="before"), accepted=True)


async def test_two_that_look_the_same_are_doubt(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    """Another process with the same token asked for the very same meanwhile."""
    other = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures())
    await other.start(pictures_engine(), picture_prompt(), heard)
    server.script.append(LOST)
    with pytest.raises(Uncertain):
        await painter.start(pictures_engine(), picture_prompt(), heard)
    await other.aclose()


async def test_one_that_was_given_out_already_is_not_taken_for_another(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    first = await painter.start(pictures_engine(), picture_prompt(), heard)
    server.script.append(LOST)
    second = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert second.id != first.id
    server.script.append(Script(create=Fault(drop="before")))
    with pytest.raises(Uncertain):
        await painter.start(pictures_engine(), picture_prompt(), heard)


async def test_equal_orders_that_are_lost_together_find_one_each(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.extend([LOST, LOST])
    await painter.warm()
    found = await asyncio.gather(*(painter.start(pictures_engine(), picture_prompt(), heard) for _ in range(2)))
    assert {one.id for one in found} == set(server.predictions)
    assert server.counts["creates"] == 2


async def test_an_equal_order_that_is_under_way_is_doubt(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    """Whose is the one that is listed? The other's answer comes later than is looked for."""
    server.script.extend([LOST, Script(create=Fault(status=500, delay=1.0))])
    await painter.warm()
    orders = [painter.start(pictures_engine(), picture_prompt(), heard) for _ in range(2)]
    first, _ = await asyncio.gather(*orders, return_exceptions=True)
    assert isinstance(first, Uncertain)


# ── after a kill ─────────────────────────────────────────────────────────────────────────────────────────────────────


def search(**known: Any) -> Search:
    return Search(**{"since": datetime.now(UTC) - timedelta(seconds=1), **known})


async def test_what_a_dead_process_ordered_is_found(server: ReplicateStandIn, heard: Heard) -> None:
    dead, painter = (ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures()) for _ in range(2))
    ticket = await dead.start(pictures_engine(), picture_prompt(), heard)
    await dead.start(pictures_engine(), picture_prompt(text="Ben"), heard)
    assert await painter.find(pictures_engine(), picture_prompt(), search()) == ticket
    assert await painter.find(pictures_engine(), picture_prompt(), search()) is None, "it was given out"
    assert server.counts["creates"] == 2
    for one in (dead, painter):
        await one.aclose()


async def test_what_others_have_is_left_to_them(server: ReplicateStandIn, painter: ReplicatePainter) -> None:
    dead = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures())
    theirs, lost, late = [await dead.start(pictures_engine(), picture_prompt(), Heard()) for _ in range(3)]
    known = search(taken=frozenset([theirs.id]))
    assert await painter.find(pictures_engine(), picture_prompt(), known) is None, "one more than orders"
    both = replace(known, alike=2)
    found = await asyncio.gather(*(painter.find(pictures_engine(), picture_prompt(), both) for _ in range(2)))
    assert {one.id for one in found if one is not None} == {lost.id, late.id}
    await dead.aclose()


async def test_the_list_is_looked_through_page_by_page(server: ReplicateStandIn, painter: ReplicatePainter) -> None:
    dead = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures())
    ticket = await dead.start(pictures_engine(), picture_prompt(), Heard())
    for number in range(230):
        await dead.start(pictures_engine(), picture_prompt(text=f"Other {number}"), Heard())
    assert await painter.find(pictures_engine(), picture_prompt(), search()) == ticket
    assert server.counts["lists"] == 3
    await dead.aclose()


async def test_a_page_elsewhere_never_gets_the_token(server: ReplicateStandIn, painter: ReplicatePainter) -> None:
    async with ReplicateStandIn() as elsewhere:
        body: dict[str, Any] = {"previous": None, "next": f"{elsewhere.url}/v1/predictions?cursor=0", "results": []}
        server.listing = Fault(status=200, json=body)
        assert await painter.find(pictures_engine(), picture_prompt(), search()) is None
        assert elsewhere.counts["lists"] == 0
        assert server.counts["lists"] > 1


async def test_other_inputs_models_and_times_are_others(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    old = await painter.start(pictures_engine(), picture_prompt(), heard)
    server.predictions[old.id].created_at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    other = ReplicatePainter(TOKEN, base_url=server.url, pictures=pictures(), look=(0.02,), first_wait=0.01)
    await painter.start(pictures_engine(), picture_prompt(text="Ben"), heard)
    await painter.start(pictures_engine(model="google/imagen-4-fast"), picture_prompt(), heard)
    server.script.append(Script(create=Fault(drop="before")))
    with pytest.raises(Uncertain):
        await other.start(pictures_engine(), picture_prompt(), heard)
    await other.aclose()


@pytest.mark.parametrize("listing", [problem(500), problem(401), Fault(drop="before"), Fault(status=200, json=[])])
async def test_a_list_that_cannot_be_had_is_doubt(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, listing: Fault
) -> None:
    server.listing = listing
    server.script.append(LOST)
    with pytest.raises(Uncertain):
        await painter.start(pictures_engine(), picture_prompt(), heard)
    assert server.counts["accepted"] == 1


# ── while waiting ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_troubles_while_waiting_are_sat_out(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    troubles = (
        problem(429, **{"Retry-After": "0.05"}),
        problem(500),
        problem(503),
        Fault(status=504, body="<html>"),
        Fault(drop="before"),
        Fault(status=200, drop="mid"),
        Fault(status=200, body="<html>"),
        Fault(status=200, json={"odd": 1}),
        Fault(delay=0.8),
    )
    server.script.append(Script(gets=troubles))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    painted = await painter.collect(pictures_engine(), ticket, 10, heard)
    assert len(painted.pictures) == 1
    assert heard == ["vendor_busy"], "said once"
    assert server.counts["creates"] == 1


async def test_an_hour_asked_for_while_waiting_does_not_outlive_the_time_limit(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(status="never", gets=(problem(429, **{"Retry-After": "3600"}),)))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    began = time.monotonic()
    with pytest.raises(VendorDown):
        await painter.collect(pictures_engine(), ticket, 0.3, heard)
    assert time.monotonic() - began < 10


async def test_one_404_may_be_a_prediction_that_is_not_listed_yet(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(gets=(problem(404),)))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    assert (await painter.collect(pictures_engine(), ticket, 5, heard)).pictures


async def test_a_key_that_was_revoked_meanwhile(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(gets=(problem(401),)))
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    with pytest.raises(KeyRefused):
        await painter.collect(pictures_engine(), ticket, 5, heard)


async def test_fields_of_unexpected_kinds_are_read_all_the_same(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    odd = {"id": "px", "status": "queued", "error": {"code": 1}, "logs": 5, "urls": [], "version": None, "output": 3}
    server.script.append(
        Script(gets=(Fault(status=200, json=odd), Fault(status=200, json={**odd, "status": "failed"})))
    )
    ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
    with pytest.raises(NoPicture) as caught:
        await painter.collect(pictures_engine(), ticket, 5, heard)
    assert caught.value.reason == "failed"


async def test_a_server_that_hangs_at_cancel_is_left_after_its_time(heard: Heard) -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    painter = ReplicatePainter(TOKEN, base_url=address, pictures=pictures(), answer_seconds=0.2)
    began = time.monotonic()
    await painter.cancel(pictures_engine(), Ticket(id="p1"))
    assert time.monotonic() - began < 10
    await painter.aclose()
    server.close()
