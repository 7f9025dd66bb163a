"""The harness itself: its arithmetic, and one short run with the bare bot on both sides."""

from __future__ import annotations

from tests.bench import library, quota
from tests.bench.__main__ import measure
from tests.bench.side import BARE
from tests.bench.table import against, percentile


def test_percentiles_and_aims() -> None:
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], 0.5) == 3.0
    assert percentile([float(n) for n in range(100)], 0.95) == 95.0
    assert against("a", "x", 0.1, 0.21, 2).missed
    assert not against("a", "x", 0.1, 0.2, 2).missed
    assert against("a", "x", 0.1, 1.5, 20).line() == "| a | x | 100 ms | 1.50 s | 15.00 | ratio ≤ 20 | yes |"


async def test_a_small_library() -> None:
    rows = await library.large(quick=True, sizes=(20, 40))
    assert {row.key for row in rows} == {"l"}
    judged = {row.what.partition(",")[0] for row in rows if row.bound}
    assert {"search", "search: a rare word", "search: no match", "offer: a number"} <= judged
    assert all(row.ratio is not None and row.ratio > 0 for row in rows)


async def test_a_small_ledger() -> None:
    rows = await quota.checks(quick=True, sizes=(40, 400))
    assert [row.key for row in rows] == ["m", "m", "m"]
    assert all(row.ratio is not None and row.ratio > 0 for row in rows)


async def test_a_bot_against_itself() -> None:
    rows = [row async for found in measure("b", BARE, quick=True) for row in found]
    assert [row.key for row in rows] == ["b", "b"]
    assert all(row.ratio is not None and 0.2 < row.ratio < 5 for row in rows)
