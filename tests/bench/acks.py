"""(a) and (f): how long a command waits for its acknowledgement, and a picture for being shown."""

from __future__ import annotations

import asyncio

from tests.bench.load import CHARACTER, SCENES, Outcome, send
from tests.bench.side import Side
from tests.bench.table import Row, against, middle, percentile, seconds

SHOWN_SECONDS = 0.65


async def _rounds(sides: tuple[Side, Side], count: int, command: str, many: int, pace: float | None) -> _Found:
    """Baseline, ours, baseline, ours … after one round each that only warms up."""
    found: _Found = ([], [])
    for number in range(count + 1):
        for side, outcomes in zip(sides, found, strict=True):
            outcome = await send(side, [command] * many, per_second=pace)
            if number:
                outcomes.append(outcome)
            await asyncio.sleep(0.3)
    return found


_Found = tuple[list[Outcome], list[Outcome]]


def _share(outcomes: list[Outcome], share: float) -> float:
    return middle([percentile(one.acknowledged, share) for one in outcomes])


async def burst(sides: tuple[Side, Side], *, quick: bool) -> list[Row]:
    """(a) 200 commands at once."""
    many, rounds = (50, 2) if quick else (200, 7)
    bare, ours = await _rounds(sides, rounds, SCENES, many, None)
    what = f"/scenes create until acknowledged, {many} at once"
    return [
        against("a", f"{what}, p50", _share(bare, 0.5), _share(ours, 0.5), 2),
        against("a", f"{what}, p95", _share(bare, 0.95), _share(ours, 0.95), 3),
    ]


async def pictures(sides: tuple[Side, Side], *, quick: bool) -> list[Row]:
    """(f) 40 picture jobs at 10 a second, 0.5 s at the vendor."""
    many, rounds = (10, 1) if quick else (40, 5)
    bare, ours = await _rounds(sides, rounds, CHARACTER, many, 10)
    what = f"/character create, {many} at 10 a second"
    rows = [against("f", f"{what}, until acknowledged, p95", _share(bare, 0.95), _share(ours, 0.95), 2)]
    if sides[1].delivers:
        shown = middle([percentile(one.delivered, 0.5) for one in ours])
        rows.append(_shown(f"{what}, until the picture is shown, p50", shown))
    return rows


def _shown(what: str, shown: float) -> Row:
    aim = f"≤ {seconds(SHOWN_SECONDS)}"
    return Row(
        key="f",
        what=what,
        baseline="500 ms at the vendor",
        ours=seconds(shown),
        ratio=shown / 0.5,
        aim=aim,
        judged=shown,
        bound=SHOWN_SECONDS,
    )
