"""The short form of `make torture`, and that its kill points are still in the product."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.__main__ import QUICK, report, torture
from tests.torture.points import arm

SEED = 20261123


def test_points_are_there() -> None:
    arm(None, 1)


@pytest.mark.timeout(240)
async def test_kills(tmp_path: Path) -> None:
    found, killed = await torture(tmp_path, SEED, *QUICK)
    assert not found.broken, report(found, killed)
    assert found.figures["accepted"] >= QUICK[0]
    assert sum(killed.values()) == QUICK[1]
