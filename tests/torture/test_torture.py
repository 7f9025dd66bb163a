"""The short form of `make torture`, and that its kill points are still in the product."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture import people
from tests.torture.__main__ import QUICK, report, torture
from tests.torture.points import arm

SEED = 20261123
FEW = (8, 3)
"""Jobs and kills."""


def test_points_are_there() -> None:
    arm(None, 1)


@pytest.mark.timeout(240)
async def test_kills(tmp_path: Path) -> None:
    found, killed = await torture(tmp_path, SEED, *QUICK)
    assert not found.broken, report(found, killed)
    assert found.figures["accepted"] >= QUICK[0]
    assert sum(killed.values()) == QUICK[1]


@pytest.mark.timeout(240)
async def test_kills_while_gemini_paints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "ENGINES", ("gemini-nano-banana-2.1",))
    found, killed = await torture(tmp_path, SEED, *FEW)
    assert not found.broken, report(found, killed)
    assert found.figures["pictures of Gemini's"]
