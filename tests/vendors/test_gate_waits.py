"""Waiting before a vendor: for one's turn, for what a busy vendor asked for, for the outcome of another's probe."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest

from mv.domain.engine import Vendor
from mv.errors import VendorBusy, VendorDown
from mv.vendors.gate import VendorGate, limiter
from mv.vendors.gated import GatedWriter
from tests.vendors.conftest import Heard
from tests.vendors.gates import Counting, Hands, Vendors, gate
from tests.vendors.samples import scene_prompt, scenes_engine

DOWN = VendorDown(vendor="gemini")


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def vendors() -> Vendors:
    return Vendors()


@pytest.fixture
def before(hands: Hands) -> VendorGate:
    return gate(hands, Counting())


async def write(vendors: Vendors, before: VendorGate, heard: Heard | None = None) -> str:
    """As a runner does: its turn first, then the call."""
    said = heard if heard is not None else Heard()
    try:
        await before.turn(said)
        await GatedWriter(vendors, before).write(scenes_engine(), scene_prompt(), said)
    except VendorDown as error:
        return error.reason
    except VendorBusy:
        return "busy"
    return "ok"


async def go(work: Coroutine[Any, Any, str], times: int = 8) -> asyncio.Task[str]:
    """Begun, and as far as it comes by itself."""
    task = asyncio.create_task(work)
    for _ in range(times):
        await asyncio.sleep(0)
    return task


async def fail(vendors: Vendors, before: VendorGate, hands: Hands) -> None:
    """It rests, and the rest is over; the next calls are held."""
    vendors.outcome = DOWN
    for _ in range(3):
        await write(vendors, before)
    hands.moves(20)
    vendors.calls.clear()
    vendors.most = 0
    vendors.held, vendors.outcome = asyncio.Event(), None


# ── the probe ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", [None, DOWN, VendorBusy(vendor="gemini")], ids=str)
async def test_one_call_is_the_probe_and_the_others_wait_for_its_outcome(
    vendors: Vendors, before: VendorGate, hands: Hands, outcome: Exception | None
) -> None:
    await fail(vendors, before, hands)
    heard = [Heard() for _ in range(6)]
    going = [await go(write(vendors, before, one)) for one in heard]
    assert vendors.calls["write"] == 1
    assert before.state().probing
    assert heard == [[], *[["vendor_probe"]] * 5]
    assert vendors.held is not None
    vendors.outcome = outcome
    vendors.held.set()
    said = await asyncio.gather(*going)
    if outcome is None:
        assert said == ["ok"] * 6
        assert before.state().failures == 0
        assert all(one[-1] == "" for one in heard[1:]), "the note is taken back"
    elif outcome is DOWN:
        assert said == ["unavailable", *["resting"] * 5]
        assert vendors.calls["write"] == 1
    else:
        assert said == ["busy"] * 6
        assert vendors.most == 1, "each in its turn was the probe"


async def test_who_had_its_turn_before_the_probe_began_waits_as_well(
    vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    await fail(vendors, before, hands)
    for _ in range(3):
        await before.turn(Heard())
    writer = GatedWriter(vendors, before)
    going = [asyncio.create_task(writer.write(scenes_engine(), scene_prompt(), Heard())) for _ in range(3)]
    await asyncio.sleep(0.01)
    assert vendors.calls["write"] == 1
    assert vendors.held is not None
    vendors.held.set()
    await asyncio.gather(*going)
    assert vendors.calls["write"] == 3


async def test_a_cancelled_probe_makes_room_for_the_next(vendors: Vendors, before: VendorGate, hands: Hands) -> None:
    await fail(vendors, before, hands)
    going = [await go(write(vendors, before)) for _ in range(4)]
    for gone in (1, 2):
        going.pop(0).cancel()
        await asyncio.sleep(0.01)
        assert vendors.calls["write"] == 1 + gone
        assert vendors.inside == 1
    assert before.state().probing
    assert vendors.held is not None
    vendors.held.set()
    assert await asyncio.gather(*going) == ["ok"] * 2
    assert not before.state().probing


async def test_a_cancelled_waiter_harms_nobody(vendors: Vendors, before: VendorGate, hands: Hands) -> None:
    await fail(vendors, before, hands)
    going = [await go(write(vendors, before)) for _ in range(4)]
    for waiter in going[1:3]:
        waiter.cancel()
    began = time.monotonic()
    await asyncio.wait(going[1:3])
    assert time.monotonic() - began < 10
    assert vendors.held is not None
    vendors.held.set()
    assert list(await asyncio.gather(going[0], going[3])) == ["ok", "ok"]
    assert vendors.calls["write"] == 2


async def test_nobody_waits_for_ever(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), patience=0.05)
    await fail(vendors, before, hands)
    probe = await go(write(vendors, before))
    asyncio.get_running_loop().call_later(0.1, hands.moves, 1)
    async with asyncio.timeout(5):
        assert await write(vendors, before) == "resting"
    assert vendors.calls["write"] == 1
    assert vendors.held is not None
    vendors.held.set()
    assert await probe == "ok"


async def test_the_vendor_fails_while_others_wait_for_their_turn(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), per_minute={"gemini": 600})  # 100 at once, then about 8 a second
    for _ in range(100):
        await before.turn(Heard())
    heard = Heard()
    waiting = asyncio.create_task(before.turn(heard))
    await asyncio.sleep(0)
    assert heard == ["vendor_rate"]
    vendors.outcome = DOWN
    writer = GatedWriter(vendors, before)
    for _ in range(3):
        with pytest.raises(VendorDown):
            await writer.write(scenes_engine(), scene_prompt(), Heard())
    with pytest.raises(VendorDown) as told:
        await waiting
    assert told.value.reason == "resting"


# ── the rate ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("per_minute", [1, 2, 5, 7, 10, 60, 600])
def test_never_more_than_so_many_in_any_minute_and_hardly_fewer(per_minute: int) -> None:
    made = limiter(per_minute)
    assert made is not None
    a_second = made.max_rate / made.time_period
    in_a_minute = made.max_rate + a_second * 60 - 1  # the first and the last of a minute's drops are never both in it
    assert in_a_minute <= per_minute + 1e-9
    assert a_second * 60 >= per_minute * 5 / 6
    assert made.max_rate == max(1, per_minute // 6)


def test_without_a_rate_there_is_no_limiter() -> None:
    assert limiter(None) is None


async def test_calls_keep_to_the_rate_in_the_order_in_which_they_came(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), per_minute={"gemini": 600, "replicate": 1})
    a_second = 501 / 60
    heard = [Heard() for _ in range(106)]
    began = time.monotonic()
    order: list[int] = []

    async def one(number: int) -> None:
        assert await write(vendors, before, heard[number]) == "ok"
        order.append(number)

    going = [asyncio.create_task(one(number)) for number in range(106)]
    await asyncio.sleep(0.05)
    assert 100 <= len(order) <= 101
    assert before.state().waiting == 106 - len(order)
    await asyncio.gather(*going)
    took = time.monotonic() - began
    assert 6 / a_second - 0.05 < took < 5
    assert order == list(range(106))
    assert heard[0] == []
    assert heard[105] == ["vendor_rate", ""]
    assert before.state().waiting == 0


async def test_a_cancelled_turn_ends_at_once_and_costs_the_others_nothing(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), per_minute={"gemini": 600})
    for _ in range(100):
        await before.turn(Heard())
    going = [await go(write(vendors, before)) for _ in range(20)]
    began = time.monotonic()
    for task in going[:19]:
        task.cancel()
    await asyncio.wait(going[:19])
    assert time.monotonic() - began < 10
    assert all(task.cancelled() for task in going[:19])
    assert before.state().waiting == 1
    async with asyncio.timeout(1.5):  # 20 of them would take 2.4 s
        assert await going[19] == "ok"
    assert vendors.calls["write"] == 1


async def test_another_vendors_rate_is_its_own(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), Vendor.GEMINI, per_minute={"replicate": 1})
    for _ in range(50):
        assert await write(vendors, before) == "ok"


# ── what a busy vendor asks for ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_busy_vendor_is_given_the_time_it_asked_for(vendors: Vendors, hands: Hands) -> None:
    before = gate(hands, Counting(), monotonic=time.monotonic)
    vendors.script = [VendorBusy(vendor="gemini", retry_after=0.3), VendorBusy(vendor="gemini", retry_after=0.1)]
    began = time.monotonic()
    assert await write(vendors, before) == "busy"
    heard = Heard()
    waiting = await go(write(vendors, before, heard))
    assert (heard, before.state().waiting) == (["vendor_busy"], 1)
    assert await waiting == "busy"
    assert heard == ["vendor_busy", ""]
    assert time.monotonic() - began >= 0.3
    assert await write(vendors, before) == "ok"
    assert time.monotonic() - began >= 0.4


async def test_a_cancelled_wait_for_a_busy_vendor_ends_at_once(
    vendors: Vendors, before: VendorGate, hands: Hands
) -> None:
    vendors.script = [VendorBusy(vendor="gemini", retry_after=60)]
    assert await write(vendors, before) == "busy"
    waiting = await go(write(vendors, before))
    assert before.state().waiting == 1
    waiting.cancel()
    await asyncio.wait({waiting})
    assert before.state().waiting == 0
    hands.moves(60)
    async with asyncio.timeout(5):
        assert await write(vendors, before) == "ok"


@pytest.mark.parametrize("after", [None, 0, 61, 86_400])
async def test_no_vendor_is_waited_for_that_asks_for_more_than_a_minute_or_for_nothing(
    vendors: Vendors, before: VendorGate, after: float | None
) -> None:
    vendors.script = [VendorBusy(vendor="gemini", retry_after=after)]
    assert await write(vendors, before) == "busy"
    async with asyncio.timeout(5):
        assert await write(vendors, before) == "ok"
