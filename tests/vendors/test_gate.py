"""The circuit breaker before a vendor: what counts, when it rests and for how long, and what is let through."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from mv.domain.engine import Vendor
from mv.errors import (
    BadAnswer,
    BadRequest,
    Blocked,
    KeyRefused,
    ModelGone,
    MvError,
    NoCredit,
    NoPicture,
    StorageFull,
    Uncertain,
    VendorBusy,
    VendorDown,
)
from mv.ports import Search, Ticket
from mv.vendors.gate import VendorGate
from mv.vendors.gated import GatedPainter, GatedWriter, gated_painters, gated_writers
from tests.vendors.conftest import Heard
from tests.vendors.gates import Counting, Hands, Vendors, gate
from tests.vendors.samples import picture_prompt, pictures_engine, scene_prompt, scenes_engine

DOWN = VendorDown(vendor="gemini", reason="timeout")
TICKET = Ticket(id="t")
ALIVE: list[MvError] = [
    Blocked(vendor="x"),
    BadAnswer(vendor="x"),
    BadRequest(vendor="x"),
    KeyRefused(vendor="x", variable="X"),
    NoCredit(vendor="x"),
    ModelGone(vendor="x"),
    NoPicture(vendor="x"),
]
NOTHING: list[BaseException] = [
    VendorBusy(vendor="x"),
    StorageFull(),
    RuntimeError("a bug"),
    asyncio.CancelledError(),
]


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def meter() -> Counting:
    return Counting()


@pytest.fixture
def vendors() -> Vendors:
    return Vendors()


@pytest.fixture
def before(hands: Hands, meter: Counting) -> VendorGate:
    return gate(hands, meter)


@pytest.fixture
def writer(vendors: Vendors, before: VendorGate) -> GatedWriter:
    return GatedWriter(vendors, before)


async def write(writer: GatedWriter) -> BaseException | None:
    try:
        await writer.write(scenes_engine(), scene_prompt(), Heard())
    except BaseException as error:
        return error
    return None


async def write_many(writer: GatedWriter, times: int) -> list[BaseException | None]:
    return [await write(writer) for _ in range(times)]


def rests(error: BaseException | None) -> bool:
    return isinstance(error, VendorDown) and (error.vendor, error.reason) == ("gemini", "resting")


@pytest.mark.parametrize("error", [DOWN, VendorDown(vendor="gemini"), Uncertain(vendor="gemini")], ids=str)
async def test_it_rests_after_failures_in_a_row_without_asking(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands, error: MvError
) -> None:
    vendors.outcome = error
    assert await write_many(writer, 2) == [error, error]
    assert (before.state().failures, before.state().resting_until) == (2, None)
    assert await write(writer) is error
    assert before.state().resting_until == hands.now() + timedelta(seconds=20)
    assert not before.state().probing
    vendors.outcome = None
    assert all(rests(answer) for answer in await write_many(writer, 5))
    with pytest.raises(VendorDown) as told:
        await before.turn(Heard())
    assert rests(told.value)
    assert vendors.calls["write"] == 3


@pytest.mark.parametrize("sign", [None, *ALIVE], ids=str)
async def test_any_answer_breaks_the_row(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, sign: MvError | None
) -> None:
    vendors.script = [DOWN, DOWN, sign, DOWN, DOWN]
    assert not any(map(rests, await write_many(writer, 5)))
    assert before.state().failures == 2
    assert before.state().resting_until is None


@pytest.mark.parametrize("sign", NOTHING, ids=str)
async def test_what_says_nothing_neither_counts_nor_breaks_the_row(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, sign: BaseException
) -> None:
    vendors.script = [sign, DOWN, sign, DOWN, sign, sign, sign]
    assert await write_many(writer, 7) == [sign, DOWN, sign, DOWN, sign, sign, sign]
    assert before.state().failures == 2
    vendors.outcome = DOWN
    await write(writer)
    assert before.state().resting_until is not None


async def test_one_try_after_the_rest_and_all_is_well(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mv.vendors.gate")
    vendors.outcome = DOWN
    await write_many(writer, 3)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", f"gemini failed 3 times in a row, with {DOWN}; it is left alone for 20 s")
    ]
    hands.moves(19.9)
    assert rests(await write(writer))
    hands.moves(0.2)
    assert (before.state().resting_until, before.state().probing) == (None, True)
    vendors.outcome = None
    assert await write(writer) is None
    assert before.state().failures == 0
    assert not before.state().probing
    assert [(r.levelname, r.getMessage()) for r in caplog.records[1:]] == [
        ("INFO", "gemini answers again, after 20.1 s; it is asked as usual")
    ]
    vendors.outcome = DOWN
    assert not any(map(rests, await write_many(writer, 3)))


async def test_each_failed_try_doubles_the_rest_up_to_the_longest(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands, caplog: pytest.LogCaptureFixture
) -> None:
    vendors.outcome = DOWN
    await write_many(writer, 3)
    for seconds in (40, 70, 70):
        hands.moves(70)
        assert await write(writer) is DOWN
        assert rests(await write(writer))
        until = before.state().resting_until
        assert until is not None
        assert round((until - hands.now()).total_seconds()) == seconds
    assert caplog.messages[-1] == f"gemini failed once more, with {DOWN}; it is left alone for 70 s"
    assert vendors.calls["write"] == 6
    hands.moves(70)
    vendors.outcome = Blocked(vendor="gemini")
    await write(writer)
    vendors.outcome = DOWN
    await write_many(writer, 3)
    until = before.state().resting_until
    assert until is not None
    assert round((until - hands.now()).total_seconds()) == 20


async def test_a_busy_vendor_is_tried_again_by_the_next(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    vendors.outcome = DOWN
    await write_many(writer, 3)
    hands.moves(20)
    vendors.outcome = VendorBusy(vendor="gemini")
    await write_many(writer, 2)
    assert vendors.calls["write"] == 5
    assert before.state().probing


@pytest.mark.parametrize("jump", [-86_400, 86_400])
async def test_the_clock_on_the_wall_neither_shortens_nor_lengthens_a_rest(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands, jump: float
) -> None:
    vendors.outcome = DOWN
    await write_many(writer, 3)
    hands.jumps(jump)
    assert before.state().resting_until == hands.now() + timedelta(seconds=20)
    assert rests(await write(writer))
    hands.moves(20)
    vendors.outcome = None
    assert await write(writer) is None


async def test_a_late_answer_from_before_the_rest_changes_nothing(
    writer: GatedWriter, vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    vendors.held = asyncio.Event()
    vendors.script = [DOWN, DOWN, DOWN, None, DOWN]
    going = [asyncio.create_task(write(writer)) for _ in range(5)]
    await asyncio.sleep(0)
    vendors.held.set()
    await asyncio.gather(*going)
    assert before.state().resting_until == hands.now() + timedelta(seconds=20)
    assert before.state().failures == 3


# ── painters ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def start(painter: GatedPainter) -> BaseException | None:
    try:
        await painter.start(pictures_engine(), picture_prompt(), Heard())
    except MvError as error:
        return error
    return None


async def collect(painter: GatedPainter) -> BaseException | None:
    try:
        await painter.collect(pictures_engine(), TICKET, 5, Heard())
    except MvError as error:
        return error
    return None


@pytest.fixture
def painter(vendors: Vendors, before: VendorGate) -> GatedPainter:
    return GatedPainter(vendors, before)


async def test_what_was_ordered_is_fetched_found_and_cancelled_also_while_the_vendor_rests(
    painter: GatedPainter, vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    vendors.outcome = DOWN
    for _ in range(3):
        await start(painter)
    vendors.outcome = None
    assert rests(await start(painter))
    assert (await painter.collect(pictures_engine(), TICKET, 5, Heard())).pictures == (b"t",)
    found = await painter.find(pictures_engine(), picture_prompt(), Search(since=hands.now()))
    assert found == Ticket(id="found")
    await painter.cancel(pictures_engine(), TICKET)
    assert before.state().resting_until is not None, "only an order shows whether orders are taken"
    assert vendors.calls == {"start": 3, "collect": 1, "find": 1, "cancel": 1}


async def test_while_a_probe_is_due_fetching_neither_is_it_nor_waits_for_it(
    painter: GatedPainter, vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    vendors.outcome = DOWN
    for _ in range(3):
        await start(painter)
    hands.moves(20)
    for outcome in (None, DOWN):
        vendors.outcome = outcome
        assert await collect(painter) is outcome
        assert before.state().probing
    vendors.outcome, vendors.held = None, asyncio.Event()
    probing = asyncio.create_task(start(painter))
    await asyncio.sleep(0)
    fetching = asyncio.create_task(collect(painter))
    await asyncio.sleep(0)
    assert vendors.inside == 2
    vendors.held.set()
    assert list(await asyncio.gather(probing, fetching)) == [None, None]
    assert not before.state().probing


async def test_orders_that_are_taken_do_not_hide_that_nothing_comes_of_them(
    painter: GatedPainter, vendors: Vendors, before: VendorGate
) -> None:
    vendors.script = [None, DOWN] * 3
    for _ in range(3):
        assert await start(painter) is None
        assert await collect(painter) is DOWN
    assert before.state().resting_until is not None


async def test_answered_polls_do_not_hide_that_no_order_is_taken(
    painter: GatedPainter, vendors: Vendors, before: VendorGate
) -> None:
    vendors.script = [Uncertain(vendor="replicate"), None] * 3
    for _ in range(3):
        await start(painter)
        await collect(painter)
    assert before.state().resting_until is not None


# ── metering, and the rest of the ports ──────────────────────────────────────────────────────────────────────────────


async def test_calls_are_counted_by_outcome_and_timed(
    writer: GatedWriter, painter: GatedPainter, vendors: Vendors, meter: Counting, hands: Hands
) -> None:
    vendors.script = [None, Blocked(vendor="gemini"), RuntimeError("a bug"), asyncio.CancelledError(), DOWN, DOWN, DOWN]
    await write_many(writer, 7)
    assert rests(await write(writer))
    await collect(painter)
    await painter.cancel(pictures_engine(), TICKET)
    await painter.find(pictures_engine(), picture_prompt(), Search(since=hands.now()))
    assert meter.counted == {
        ("vendor_calls", "gemini", "ok"): 2,
        ("vendor_calls", "gemini", "Blocked"): 1,
        ("vendor_calls", "gemini", "RuntimeError"): 1,
        ("vendor_calls", "gemini", "VendorDown"): 3,
        ("vendor_rests", "gemini"): 1,
    }
    assert meter.timed == [("gemini", 0.0)] * 7
    hands.moves(20)
    vendors.outcome = DOWN
    await write(writer)
    assert meter.counted["vendor_rests", "gemini"] == 2


async def test_the_time_a_call_took(writer: GatedWriter, vendors: Vendors, meter: Counting, hands: Hands) -> None:
    vendors.held = asyncio.Event()
    writing = asyncio.create_task(write(writer))
    await asyncio.sleep(0)
    hands.moves(12.5)
    vendors.held.set()
    await writing
    assert meter.timed == [("gemini", 12.5)]


async def test_warming_and_closing_reach_the_adapter(
    writer: GatedWriter, painter: GatedPainter, vendors: Vendors
) -> None:
    for one in (writer, painter):
        await one.warm()
        await one.aclose()
    assert vendors.calls == {"warm": 2, "aclose": 2}


def test_nothing_stands_before_who_has_no_gate(vendors: Vendors, before: VendorGate) -> None:
    gates = {Vendor.GEMINI: before}
    both = {Vendor.GEMINI: vendors, Vendor.OFFLINE: vendors}
    for made in (gated_writers(both, gates), gated_painters(both, gates)):
        assert made[Vendor.OFFLINE] is vendors
        assert made[Vendor.GEMINI] is not vendors
