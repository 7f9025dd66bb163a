"""What vendors ask for, by models.yaml, read and reckoned without a line of the bot's: it shall not check itself."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml

MICRO = 1_000_000


class Prices:
    """Those that hold on one day. Each answer is an engine's name and micro-dollars."""

    def __init__(self, models: Path, day: date) -> None:
        self._engines: dict[str, dict[str, Any]] = yaml.safe_load(models.read_text("utf-8"))["engines"]
        self._day = day

    def picture(self, model: str) -> tuple[str, int]:
        """Of one, by the vendor's name of the model."""
        name = next(name for name, one in self._engines.items() if one["model"] == model)
        return name, int(Decimal(str(self._price(name)["picture"])) * MICRO)

    def text(self, version: str, tokens_in: int, tokens_out: int) -> tuple[str, int]:
        """Of one answer, by what it says of the model that gave it: `gemini-2.5-pro-001` is a gemini-2.5-pro."""
        fit = [name for name, one in self._engines.items() if one["makes"] == "scenes" and _is(version, one["model"])]
        name = max(fit, key=lambda one: len(self._engines[one]["model"]))
        price = self._price(name)
        return name, _tokens(tokens_in, price["input"]) + _tokens(tokens_out, price["output"])

    def _price(self, name: str) -> dict[str, Any]:
        engine = self._engines[name]
        later = engine.get("next_price")
        price: dict[str, Any] = later if later and later["since"] <= self._day else engine["price"]
        return price


def _is(version: str, model: str) -> bool:
    return version == model or version.startswith(f"{model}-0")


def _tokens(count: int, dollars_per_million: float) -> int:
    """A dollar for a million is a micro-dollar for one. Half a micro-dollar is rounded up."""
    return int((count * Decimal(str(dollars_per_million))).to_integral_value(ROUND_HALF_UP))
