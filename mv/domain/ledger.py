"""The ledger: entries that are only ever added, whose sum is the truth about what was used and what it cost.

A job's reservation opens its account; at its end one correction for each engine and measure brings the sum to what was
really used. Nothing here is stored or rounded: all amounts are counts or micro-dollars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from mv.domain.engine import Price
from mv.domain.ids import MemberId, RecordId, ServerId

QUARTER = 900
"""Seconds. Every time zone's days begin at a full quarter of an hour, so that sums of quarters make days of each."""
DAY = 96
"""Quarters of a UTC day."""


class Measure(StrEnum):
    """What an entry counts. `scenes` are runs of the generator, `images` pictures delivered, both charged to the member
    as `spend` is, in micro-dollars. `lost` is money that a vendor took for what nobody could use: no member's, but
    it counts in budgets. Tokens are what priced and unpriced answers used, thinking with the output."""

    SCENES = "scenes"
    IMAGES = "images"
    SPEND = "spend"
    LOST = "lost"
    TOKENS_IN = "tokens_in"
    TOKENS_OUT = "tokens_out"


MONEY = frozenset((Measure.SPEND, Measure.LOST))


class Entry(StrEnum):
    """What an entry does; `settle` and `refund` correct the `reserve` of the same job and measure."""

    RESERVE = "reserve"
    SETTLE = "settle"
    REFUND = "refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One entry. `counted_at` places it in a period: that of the reservation, also for corrections, so that a refund
    after midnight does not swell the new day. `price` is the one it was reckoned by; None if it is not known."""

    job_id: RecordId
    server_id: ServerId
    member_id: MemberId
    project_id: RecordId | None
    kind: Measure
    entry: Entry
    amount: int
    engine: str
    counted_at: datetime
    at: datetime
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What one call to a vendor came to. `spend` is None if it is unpriced; `engine` is the one that answered."""

    engine: str
    price: Price | None
    spend: int | None
    lost: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def plain(self) -> dict[str, Any]:
        """For a journal."""
        return {
            "engine": self.engine,
            "price": None if self.price is None else self.price.plain(),
            "spend": self.spend,
            "lost": self.lost,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
        }

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Bill:
        """From a journal."""
        price = value["price"]
        return cls(**{**value, "price": None if price is None else Price.model_validate(price)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a job really used: counts of what was delivered, by the engine that made it, and the bills of its calls."""

    bills: Sequence[Bill] = ()
    engine: str | None = None
    price: Price | None = None
    counts: Mapping[Measure, int] | None = None

    @property
    def cost(self) -> int | None:
        """Micro-dollars that the member is charged; None if nothing is known to have been spent."""
        known = [bill.spend for bill in self.bills if bill.spend is not None]
        return sum(known) if known else None

    def amounts(self) -> dict[tuple[str, Measure], int]:
        """By engine and measure; none is zero."""
        sums: dict[tuple[str, Measure], int] = defaultdict(int)
        for bill in self.bills:
            sums[bill.engine, Measure.SPEND] += bill.spend or 0
            sums[bill.engine, Measure.LOST] += bill.lost
            sums[bill.engine, Measure.TOKENS_IN] += bill.tokens_in
            sums[bill.engine, Measure.TOKENS_OUT] += bill.tokens_out
        for measure, count in (self.counts or {}).items():
            sums[self.engine or "", measure] += count
        return {key: amount for key, amount in sums.items() if amount}

    def prices(self) -> dict[str, Price | None]:
        """Of each engine, the one that was reckoned by last; None if nothing of it could be reckoned."""
        counted = {self.engine: None if self.cost is None else self.price} if self.engine else {}
        unknown = dict.fromkeys((bill.engine for bill in self.bills), None)
        return counted | unknown | {bill.engine: bill.price for bill in self.bills if bill.spend is not None}


def corrections(lines: Sequence[LedgerLine], used: Used, now: datetime) -> list[LedgerLine]:
    """What brings a job's account to what was used. `lines` are its entries so far, at least one; an account that is
    right already needs none. What was reserved at a price and turns out to have none, or the other way round, is given
    back as it was reserved, and counted anew."""
    balance: dict[tuple[str, Measure, bool], int] = defaultdict(int)
    known: dict[tuple[str, Measure, bool], LedgerLine] = {}
    for line in lines:
        key = line.engine, line.kind, line.price is None
        balance[key] += line.amount
        known.setdefault(key, line)
    prices = used.prices()
    wanted = {(engine, kind, prices.get(engine) is None): sum_ for (engine, kind), sum_ in used.amounts().items()}
    made = []
    for key in sorted({*balance, *wanted}):
        amount = wanted.get(key, 0) - balance.get(key, 0)
        if not amount:
            continue
        engine, kind, _ = key
        like = known.get(key) or replace(lines[0], kind=kind, engine=engine)
        if key in wanted:
            made.append(replace(like, entry=Entry.SETTLE, amount=amount, at=now, price=prices.get(engine)))
        else:
            made.append(replace(like, entry=Entry.REFUND, amount=amount, at=now))
    return made


def balance_of(lines: Iterable[LedgerLine]) -> dict[tuple[str, Measure], int]:
    """The sums of entries by engine and measure; none is zero."""
    sums: dict[tuple[str, Measure], int] = defaultdict(int)
    for line in lines:
        sums[line.engine, line.kind] += line.amount
    return {key: amount for key, amount in sums.items() if amount}


def quarter(at: datetime) -> int:
    """The quarter of an hour that this moment is in, counted from 1970."""
    return int(at.timestamp()) // QUARTER


def spans(at: datetime) -> tuple[tuple[int, int], ...]:
    """What this moment is summed in: the length in quarters, and the first of them. That quarter, and that UTC day."""
    first = quarter(at)
    return (1, first), (DAY, first - first % DAY)
