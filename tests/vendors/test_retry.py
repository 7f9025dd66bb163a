"""Asking again within reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mv.errors import VendorBusy, VendorDown
from mv.vendors.retry import Patience, Setback, clean, insist, seconds_of, usable
from tests.vendors.conftest import Heard

SECRET = "the-key"


class Failing:
    """Fails as told, then answers with the number of calls."""

    def __init__(self, *setbacks: Setback) -> None:
        self.setbacks = list(setbacks)
        self.calls = 0

    async def __call__(self, left: float) -> int:
        assert left > 0
        self.calls += 1
        if self.setbacks:
            raise self.setbacks.pop(0)
        return self.calls


def busy(after: float | None = None, *, again: bool = True, maybe_paid: bool = False) -> Setback:
    return Setback(VendorBusy(vendor="x"), "note", again=again, after=after, maybe_paid=maybe_paid)


@pytest.mark.parametrize(
    ("setbacks", "said"),
    [
        ([], []),
        ([busy(), busy()], ["vendor_busy", "", "vendor_busy", ""]),
        ([busy(maybe_paid=True)], ["vendor_unsure", ""]),
        ([busy(), busy(maybe_paid=True)], ["vendor_busy", "", "vendor_unsure", ""]),
        ([busy(maybe_paid=True), busy()], ["vendor_unsure", "", "vendor_unsure", ""]),
    ],
)
async def test_it_goes_on(heard: Heard, setbacks: list[Setback], said: list[str]) -> None:
    """What was maybe paid once stays so."""
    patience = Patience(seconds=5, first_wait=0.001)
    assert await insist(Failing(*setbacks), patience, heard, SECRET, "x") == len(setbacks) + 1
    assert heard == said


@pytest.mark.parametrize(
    ("setbacks", "calls"),
    [
        ([busy(again=False)], 1),
        ([busy(), busy(), busy(), busy()], 3),
        ([busy(maybe_paid=True), busy(maybe_paid=True)], 2),
        ([busy(after=61)], 1),
        ([busy(after=4)], 1),
    ],
)
async def test_it_gives_up(heard: Heard, setbacks: list[Setback], calls: int) -> None:
    call = Failing(*setbacks)
    with pytest.raises(VendorBusy):
        await insist(call, Patience(seconds=3, first_wait=0.001), heard, SECRET, "x")
    assert call.calls == calls


async def test_the_cause_is_kept_unless_it_tells_the_secret(heard: Heard) -> None:
    for text, kept in (("refused", True), (f"refused {SECRET}", False)):

        async def call(left: float, text: str = text) -> None:
            try:
                raise OSError(text)
            except OSError as error:
                raise Setback(VendorDown(vendor="x"), "note") from error

        with pytest.raises(VendorDown) as caught:
            await insist(call, Patience(seconds=5), heard, SECRET, "x")
        assert isinstance(caught.value.__cause__, OSError) is kept
        assert caught.value.__suppress_context__


def test_waits_double() -> None:
    patience = Patience(seconds=60)
    assert 0.75 <= patience.pause(busy(), 1) <= 1.25
    assert 3 <= patience.pause(busy(), 3) <= 5
    assert patience.pause(busy(after=9), 1) == 9


def test_retry_after() -> None:
    assert seconds_of("7") == 7
    assert seconds_of(" 0.5 ") == 0.5
    assert seconds_of("-3") == 0
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < (seconds_of(later) or 0) <= 30
    for nonsense in (None, "", "soon", "nan", "inf", "1e999"):
        assert seconds_of(nonsense) is None


def test_texts_and_keys() -> None:
    assert clean(f"a\n{SECRET}\x00\u202e b" + "c" * 999, SECRET, 12) == "a *** bccccc"
    assert usable("AIza-123_x")
    for bad in ("", "a b", "a\nb", "\xe4", "a\x00"):
        assert not usable(bad)
