"""models.yaml and limits.yaml as people write them: money in US dollars. What the rest of the program sees has
micro-dollars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date as calendar_date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from mv.config.mistakes import checked, mistake
from mv.config.model import AllowanceLimit, Budgets, LimitKeys, Limits, Strict
from mv.config.yamlfile import Document, KeyPath
from mv.domain.engine import Engine, Makes, Price, Vendor
from mv.domain.money import micro
from mv.domain.usage import AllowanceKind, Period
from mv.errors import ConfigMistake

DOLLARS = "US dollars from 0 to 10000, with up to 6 decimals"
# A decimal of at most 15 digits survives the trip through a double, so no digit that was written is lost.
Dollars = Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=6, description=DOLLARS)]
Budget = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000, decimal_places=4, description="US dollars from 0 to 1000000, with up to 4 decimals"),
]
EngineName = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$", description="made of a-z, 0-9, dots, dashes and _, up to 60 characters"
    ),
]
Ratio = Annotated[str, Field(pattern=r"^\d{1,2}:\d{1,2}$", description="a width and a height such as 16:9 (in quotes)")]

_REPLICATE_MODEL = re.compile(r"[\w.-]+/[\w.-]+(:[\w.-]+)?|[0-9a-f]{40,64}")

MAKERS: Mapping[Vendor, frozenset[Makes]] = {
    Vendor.GEMINI: frozenset(Makes),
    Vendor.REPLICATE: frozenset({Makes.IMAGES}),
    Vendor.OFFLINE: frozenset(Makes),
}
"""What each vendor can be asked for."""

GEMINI_SIZE = "image_size"
"""The one parameter that Gemini's engines for images take, beside the aspect ratio."""


class PriceEntry(Strict):
    """Per million tokens (input, output) or per picture; a price without its day and source is not one."""

    since: calendar_date | None = Field(None, description="the day from which it holds, such as 2027-01-01")
    input: Dollars | None = None
    output: Dollars | None = None
    picture: Dollars | None = None
    date: calendar_date = Field(description="the day the price was seen, such as 2026-10-07")
    source: str = Field(min_length=1, max_length=300)

    def price(self) -> Price:
        """In micro-dollars."""
        amounts = {"input_micro": self.input, "output_micro": self.output, "picture_micro": self.picture}
        held = {key: None if amount is None else int(micro(amount)) for key, amount in amounts.items()}
        return Price(**held, date=self.date, source=self.source, since=self.since)


class EngineEntry(Strict):
    """An engine under its name."""

    label: str = Field(min_length=1, max_length=80)
    vendor: Vendor
    model: str = Field(min_length=1, max_length=200)
    makes: Makes
    price: PriceEntry | None = None
    next_price: PriceEntry | None = None
    aspect_ratios: tuple[Ratio, ...] = ()
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    takes_seed: bool = False
    count_parameter: str | None = Field(None, min_length=1, max_length=60)
    reference_parameter: str | None = Field(None, min_length=1, max_length=60)
    reference_list: bool = False
    max_references: int | None = Field(None, ge=1, le=100)
    thinking_level: Literal["minimal", "low", "medium", "high"] | None = None
    takes_temperature: bool = False


class ModelsFile(Strict):
    """models.yaml."""

    engines: Mapping[EngineName, EngineEntry] = Field(min_length=1)


class AllowanceEntry(Strict):
    """A limit that binds every member where no manager set one."""

    kind: AllowanceKind
    limit: Decimal = Field(
        ge=0, le=1_000_000, decimal_places=4, description="a number from 0 to 1000000; for spend with up to 4 decimals"
    )
    period: Period

    def allowance(self) -> AllowanceLimit:
        """With spend in micro-dollars."""
        amount = micro(self.limit) if self.kind is AllowanceKind.SPEND else int(self.limit)
        return AllowanceLimit(kind=self.kind, limit=amount, period=self.period)


class BudgetsEntry(Strict):
    """US dollars a month."""

    server: Budget | None = None
    bot: Budget | None = None

    def budgets(self) -> Budgets:
        """In micro-dollars."""
        return Budgets(**{name: None if amount is None else int(micro(amount)) for name, amount in self})


class LimitsFile(LimitKeys):
    """limits.yaml."""

    allowances: tuple[AllowanceEntry, ...]
    budgets: BudgetsEntry = Field(default_factory=BudgetsEntry)
    ask_over: Dollars | None = Decimal("0.5")


def engines_of(document: Document) -> dict[str, Engine]:
    """models.yaml → engines by name, in the file's order. Raises ConfigMistake."""
    entries = checked(ModelsFile, document).engines
    return {name: _engine(document, name, entry) for name, entry in entries.items()}


def limits_of(document: Document) -> Limits:
    """limits.yaml. Raises ConfigMistake."""
    file = checked(LimitsFile, document)
    seen: set[tuple[AllowanceKind, Period]] = set()
    for index, entry in enumerate(file.allowances):
        path = ("allowances", index)
        if entry.kind is not AllowanceKind.SPEND and entry.limit != int(entry.limit):
            raise mistake(document, (*path, "limit"), "a whole number; only spend has decimals")
        if (entry.kind, entry.period) in seen:
            raise mistake(document, path, f"one limit for {entry.kind.value} a {entry.period.value}, not two")
        seen.add((entry.kind, entry.period))
    _check_vendors(document, file)
    allowances = tuple(entry.allowance() for entry in file.allowances)
    ask_over = None if file.ask_over is None else int(micro(file.ask_over))
    return Limits(**{**dict(file), "allowances": allowances, "budgets": file.budgets.budgets(), "ask_over": ask_over})


def _check_vendors(document: Document, file: LimitsFile) -> None:
    named = (
        (("concurrency", "per_vendor"), file.concurrency.per_vendor),
        (("vendors", "per_minute"), file.vendors.per_minute),
    )
    for path, vendors in named:
        for vendor in vendors:
            if vendor not in list(Vendor):
                raise mistake(document, (*path, vendor), "one of " + ", ".join(Vendor))
    shortest = file.vendors.rest_seconds
    if file.vendors.longest_rest_seconds < shortest:
        raise mistake(document, ("vendors", "longest_rest_seconds"), f"at least rest_seconds, which is {shortest:g}")


def _engine(document: Document, name: str, entry: EngineEntry) -> Engine:
    wrong = _wrong(document, name, entry)
    if wrong is not None:
        raise wrong
    values = dict(entry)
    values["max_references"] = entry.max_references or int(entry.reference_parameter is not None)
    stated = (values.pop("price"), values.pop("next_price"))
    return Engine(name=name, prices=tuple(price.price() for price in stated if price is not None), **values)


def _wrong(document: Document, name: str, entry: EngineEntry) -> ConfigMistake | None:
    path = ("engines", name)
    if entry.makes not in MAKERS[entry.vendor]:
        expected = " or ".join(sorted(MAKERS[entry.vendor])) + f", which is what {entry.vendor.value} can be asked for"
        return mistake(document, (*path, "makes"), expected)
    if entry.vendor is Vendor.REPLICATE and not _REPLICATE_MODEL.fullmatch(entry.model):
        expected = "an owner and a name such as google/imagen-4, with :version or not, or a version's hash"
        return mistake(document, (*path, "model"), expected)
    wrong = _wrong_reference(entry) or _wrong_for_gemini(entry)
    if wrong is not None:
        return mistake(document, (*path, *wrong[0]), wrong[1])
    for key in ("price", "next_price"):
        unpriced = _wrong_price(entry, key)
        if unpriced is not None:
            return mistake(document, (*path, key, unpriced[0]), unpriced[1])
    return None


def _wrong_price(entry: EngineEntry, key: str) -> tuple[str, str] | None:
    """The key below it that is wrong, and what was expected."""
    price: PriceEntry | None = getattr(entry, key)
    if price is None:
        return None
    needed = ("input", "output") if entry.makes is Makes.SCENES else ("picture",)
    for part in needed:
        if getattr(price, part) is None:
            return part, f"this key, which is missing: {DOLLARS}"
    for part in ("input", "output", "picture"):
        if part not in needed and getattr(price, part) is not None:
            return part, f"nothing: {entry.makes.value} are paid by {needed[0]}"
    if (price.since is None) is (key == "next_price"):
        return "since", "the day from which it holds" if key == "next_price" else "nothing: it holds until next_price"
    return None


def _wrong_reference(entry: EngineEntry) -> tuple[KeyPath, str] | None:
    """The key that is wrong, and what was expected."""
    if entry.reference_parameter is not None:
        if entry.vendor is not Vendor.REPLICATE:
            return ("reference_parameter",), "nothing: only inputs of replicate have names; see max_references"
        if not entry.reference_list and (entry.max_references or 1) > 1:
            return ("max_references",), "1, for only a list holds more: see reference_list"
        return None
    if entry.reference_list:
        return ("reference_list",), "nothing without reference_parameter"
    if entry.max_references is None or _paints_by_gemini(entry):
        return None
    if entry.vendor is Vendor.REPLICATE:
        return ("max_references",), "nothing without reference_parameter"
    return ("max_references",), f"nothing: for {entry.makes.value} {entry.vendor.value} is sent no pictures"


def _wrong_for_gemini(entry: EngineEntry) -> tuple[KeyPath, str] | None:
    """As `_wrong_reference`: what engines for images take elsewhere, and Gemini's do not."""
    if not _paints_by_gemini(entry):
        return None
    if entry.count_parameter is not None:
        return ("count_parameter",), "nothing: gemini makes one picture a call"
    for key, value in entry.parameters.items():
        if key != GEMINI_SIZE:
            return ("parameters", key), f"nothing: of parameters gemini takes {GEMINI_SIZE} alone"
        if not isinstance(value, str):
            return ("parameters", key), "text such as 1K (512 in quotes)"
    return None


def _paints_by_gemini(entry: EngineEntry) -> bool:
    return entry.vendor is Vendor.GEMINI and entry.makes is Makes.IMAGES
