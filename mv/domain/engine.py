"""Engines: a vendor and a model that does the work, with what it takes and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as calendar_date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mv.domain.money import token_cost
from mv.domain.scenes import TokenUsage


class Vendor(StrEnum):
    """Who is asked."""

    GEMINI = "gemini"
    REPLICATE = "replicate"
    OFFLINE = "offline"


class Makes(StrEnum):
    """What an engine makes."""

    SCENES = "scenes"
    IMAGES = "images"


class Price(BaseModel):
    """A price in micro-dollars: per million tokens (in, out) or per picture; with the day it was seen, its source, and
    the day it holds from, if it did not always."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_micro: int | None = None
    output_micro: int | None = None
    picture_micro: int | None = None
    date: calendar_date
    source: str = ""
    since: calendar_date | None = None

    def plain(self) -> dict[str, Any]:
        """Amounts and day, as they are kept with what was reckoned by it."""
        return self.model_dump(mode="json", exclude_none=True, exclude={"source", "since"})


USUAL = TokenUsage(prompt_tokens=1_500, output_tokens=3_600, thinking_tokens=4_000)
"""What a list of eight scenes takes, roughly."""


class Engine(BaseModel):
    """An entry of models.yaml; `name` is its key there and what people choose."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    vendor: Vendor
    model: str
    makes: Makes
    label: str
    prices: tuple[Price, ...] = ()
    """In the order of the days they hold from; none: unpriced."""
    aspect_ratios: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Sent with every request as they are (for Replicate: the prediction's input)."""
    takes_seed: bool = False
    count_parameter: str | None = None
    """The input that asks for several pictures in one prediction; without it every take is its own prediction."""
    reference_parameter: str | None = None
    """The input that takes pictures to go by, where the vendor has inputs with names."""
    reference_list: bool = False
    """Whether that input is a list, also of one."""
    max_references: int = 0
    """How many pictures it goes by at most; 0 works from the text alone."""
    thinking_level: str | None = None
    """For Gemini 3 models, which take it instead of a temperature."""
    takes_temperature: bool = False

    @property
    def takes_references(self) -> bool:
        """Whether it goes by pictures that are lent to its vendor."""
        return self.max_references > 0

    def price(self, day: calendar_date) -> Price | None:
        """The one that holds on that day; None if it is not known. This machine's own work costs nothing."""
        if self.vendor is Vendor.OFFLINE:
            return Price(input_micro=0, output_micro=0, picture_micro=0, date=day)
        holding = [price for price in self.prices if price.since is None or price.since <= day]
        return holding[-1] if holding else None

    def scene_cost(self, usage: TokenUsage, day: calendar_date) -> int | None:
        """What an answer cost in micro-dollars; thinking is billed as output; None if unpriced, or if the vendor did
        not say what was used: no answer costs nothing."""
        price = self.price(day)
        if price is None or price.input_micro is None or price.output_micro is None:
            return None
        if usage == TokenUsage() and self.vendor is not Vendor.OFFLINE:
            return None
        out = usage.output_tokens + usage.thinking_tokens
        return token_cost(usage.prompt_tokens, price.input_micro) + token_cost(out, price.output_micro)

    def costs_no_more(self, other: Engine, day: calendar_date) -> bool:
        """Whether it may stand in for the other: by what a usual job costs. One without a known price may only for one
        without."""
        ours, theirs = self._usual_cost(day), other._usual_cost(day)
        return theirs is None or (ours is not None and ours <= theirs)

    def _usual_cost(self, day: calendar_date) -> int | None:
        return self.picture_cost(1, day) if self.makes is Makes.IMAGES else self.scene_cost(USUAL, day)

    def picture_cost(self, pictures: int, day: calendar_date) -> int | None:
        """What pictures cost in micro-dollars; None if unpriced."""
        price = self.price(day)
        return None if price is None or price.picture_micro is None else pictures * price.picture_micro
