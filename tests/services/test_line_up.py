"""Which engines are asked, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from mv.config import Config
from mv.domain.engine import Makes, Vendor
from mv.errors import NotSetUp, Unknown, VendorResting
from mv.ports import Clock, Gate, Report, VendorDoor, VendorState
from mv.services.tools import LineUp, Tools

ALL = {Vendor.GEMINI: True, Vendor.REPLICATE: True, Vendor.OFFLINE: True}
NONE = {Vendor.GEMINI: False, Vendor.REPLICATE: False, Vendor.OFFLINE: True}


class Stands(Gate):
    """In one state."""

    def __init__(self, **state: Any) -> None:
        self._state = VendorState(**state)

    def state(self) -> VendorState:
        return self._state

    async def turn(self, report: Report) -> None:
        raise NotImplementedError


def tools(
    config: Config, ready: dict[Vendor, bool], *, stand_in: bool = False, gates: Mapping[Vendor, Gate] | None = None
) -> Tools:
    unused: Any = None
    doors = {vendor: VendorDoor(ready=door, variable=f"{vendor}_KEY") for vendor, door in ready.items()}
    return Tools(
        records=unused, clock=Midday(), config=config, jobs=unused, media=unused, darkroom=unused, charts=unused,
        preferences=unused, scratch=unused,
        writers={}, painters={}, doors=doors, gates=gates or {}, stand_in=stand_in,
    )  # fmt: skip


class Midday(Clock):
    def now(self) -> datetime:
        return datetime(2026, 11, 22, 12, tzinfo=UTC)


def names(lined: LineUp) -> list[str]:
    return list(lined.names)


def test_the_flavors_in_their_order(config: Config) -> None:
    listed = ("imagen-4", "flux-1.1-pro")
    assert names(tools(config, ALL).line_up(Makes.IMAGES, listed, None)) == list(listed)


def test_the_one_that_was_chosen_alone_and_in_any_case(config: Config) -> None:
    assert names(tools(config, ALL).line_up(Makes.IMAGES, ("imagen-4",), " FLUX-1.1-Pro ")) == ["flux-1.1-pro"]


@pytest.mark.parametrize("stand_in", [True, False])
def test_a_chosen_engine_without_a_key_is_never_replaced(config: Config, stand_in: bool) -> None:
    with pytest.raises(NotSetUp) as refused:
        tools(config, NONE, stand_in=stand_in).line_up(Makes.IMAGES, ("imagen-4",), "flux-1.1-pro")
    assert (refused.value.vendor, refused.value.variable) == ("replicate", "replicate_KEY")


def test_without_a_key_offline_steps_in_only_in_the_preview(config: Config) -> None:
    with pytest.raises(NotSetUp):
        tools(config, NONE).line_up(Makes.SCENES, ("gemini-2.5-pro", "offline-scenes"), None)
    stood_in = tools(config, NONE, stand_in=True).line_up(Makes.SCENES, ("gemini-2.5-pro",), None)
    assert names(stood_in) == ["offline-scenes"]


def test_offline_runs_where_it_is_named_first_and_is_never_a_fall_back(config: Config) -> None:
    lined = tools(config, ALL).line_up(Makes.SCENES, ("offline-scenes", "gemini-2.5-pro"), None)
    assert names(lined) == ["offline-scenes"]
    lined = tools(config, ALL).line_up(Makes.SCENES, ("gemini-2.5-pro", "offline-scenes"), None)
    assert names(lined) == ["gemini-2.5-pro"]
    assert names(tools(config, NONE).line_up(Makes.IMAGES, ("imagen-4",), "offline-sheet")) == ["offline-sheet"]


def test_vendors_without_a_key_are_passed_over(config: Config) -> None:
    ready = {**ALL, Vendor.REPLICATE: False}
    lined = tools(config, ready).line_up(Makes.SCENES, ("imagen-4", "gemini-2.5-pro"), None)
    assert names(lined) == ["gemini-2.5-pro"]


def test_pictures_come_from_whichever_vendor_has_a_key(config: Config) -> None:
    shipped = config.flavor(None).image_params.engines
    of_gemini = ["gemini-nano-banana-2.1"]
    for stand_in in (False, True):
        with_gemini = tools(config, {**NONE, Vendor.GEMINI: True}, stand_in=stand_in)
        assert names(with_gemini.line_up(Makes.IMAGES, shipped, None)) == of_gemini
    of_replicate = ["imagen-4", "flux-1.1-pro"]
    assert names(tools(config, {**NONE, Vendor.REPLICATE: True}).line_up(Makes.IMAGES, shipped, None)) == of_replicate
    assert names(tools(config, ALL).line_up(Makes.IMAGES, shipped, None)) == [*of_replicate, *of_gemini]
    at_rest = tools(config, ALL, gates={Vendor.REPLICATE: RESTS})
    assert names(at_rest.line_up(Makes.IMAGES, shipped, None)) == of_gemini
    assert at_rest.line_up(Makes.IMAGES, shipped, None).notes == ("engine_down:imagen-4",)
    with pytest.raises(NotSetUp) as refused:
        tools(config, NONE).line_up(Makes.IMAGES, shipped, None)
    assert refused.value.vendor == "replicate"


@pytest.mark.parametrize("chosen", ["nope", "gemini-2.5-pro", ""])
def test_what_makes_no_pictures_is_unknown(config: Config, chosen: str) -> None:
    with pytest.raises(Unknown) as refused:
        tools(config, ALL).line_up(Makes.IMAGES, ("imagen-4",), chosen)
    assert refused.value.kind == "engine"
    assert refused.value.nearest


# ── vendors that are left alone ──────────────────────────────────────────────────────────────────────────────────────

SOON = datetime(2026, 5, 15, 12, 0, 20, 300_000, tzinfo=UTC)
RESTS = Stands(failures=5, resting_until=SOON)
LONGER = Stands(failures=5, resting_until=datetime(2026, 5, 15, 13, tzinfo=UTC))


@pytest.mark.parametrize("stand_in", [True, False])
@pytest.mark.parametrize("chosen", [None, "flux-1.1-pro"])
def test_a_vendor_that_rests_is_refused_with_its_end(config: Config, stand_in: bool, chosen: str | None) -> None:
    at_rest = tools(config, ALL, stand_in=stand_in, gates={Vendor.REPLICATE: RESTS, Vendor.GEMINI: Stands()})
    with pytest.raises(VendorResting) as refused:
        at_rest.line_up(Makes.IMAGES, ("imagen-4", "flux-1.1-pro"), chosen)
    assert (refused.value.vendor, refused.value.until) == ("replicate", int(SOON.timestamp()) + 1)
    assert names(at_rest.line_up(Makes.SCENES, ("gemini-2.5-pro",), None)) == ["gemini-2.5-pro"]


def test_another_vendor_of_the_list_steps_in(config: Config) -> None:
    listed = ("offline-sheet", "imagen-4", "flux-1.1-pro")
    at_rest = tools(config, ALL, gates={Vendor.REPLICATE: RESTS})
    assert names(at_rest.line_up(Makes.IMAGES, listed, None)) == ["offline-sheet"]
    mixed = ("imagen-4", "gemini-nano-banana-2.1", "flux-1.1-pro")
    assert names(at_rest.line_up(Makes.IMAGES, mixed, None)) == ["gemini-nano-banana-2.1"]


def test_what_costs_more_or_nobody_knows_what_stands_in_for_nothing_priced(config: Config) -> None:
    listed = ("flux-dev", "imagen-4", "flux-2-pro", "flux-schnell", "gemini-nano-banana-2.1")
    assert names(tools(config, ALL).line_up(Makes.IMAGES, listed, None)) == ["flux-dev", "flux-schnell"]
    unpriced = ("flux-2-pro", "imagen-4", "nano-banana-pro", "flux-schnell")
    assert names(tools(config, ALL).line_up(Makes.IMAGES, unpriced, None)) == list(unpriced)
    scenes = ("gemini-3.8-flash", "gemini-2.5-pro", "gemini-3.5-flash-lite")
    lined = tools(config, ALL).line_up(Makes.SCENES, scenes, None)
    assert names(lined) == ["gemini-3.8-flash", "gemini-3.5-flash-lite"]


def test_what_would_cost_more_is_not_asked_for_one_that_rests_either(config: Config) -> None:
    at_rest = tools(config, ALL, gates={Vendor.REPLICATE: RESTS})
    with pytest.raises(VendorResting):
        at_rest.line_up(Makes.IMAGES, ("flux-dev", "gemini-nano-banana-2.1"), None)


def test_offline_does_not_step_in_for_a_vendor_that_rests(config: Config) -> None:
    with pytest.raises(VendorResting):
        tools(config, ALL, gates={Vendor.REPLICATE: RESTS}).line_up(Makes.IMAGES, ("imagen-4", "offline-sheet"), None)


def test_the_one_that_is_back_first_is_told(config: Config) -> None:
    for gates in ({Vendor.GEMINI: RESTS, Vendor.REPLICATE: LONGER}, {Vendor.GEMINI: LONGER, Vendor.REPLICATE: RESTS}):
        with pytest.raises(VendorResting) as refused:
            tools(config, ALL, gates=gates).line_up(Makes.IMAGES, ("imagen-4", "gemini-nano-banana-2.1"), None)
        assert refused.value.until == int(SOON.timestamp()) + 1


@pytest.mark.parametrize("state", [{"probing": True, "failures": 5}, {"failures": 4}, {"waiting": 9}], ids=str)
def test_a_vendor_on_trial_or_in_demand_is_asked(config: Config, state: dict[str, Any]) -> None:
    at_work = tools(config, ALL, gates={Vendor.REPLICATE: Stands(**state)})
    assert names(at_work.line_up(Makes.IMAGES, ("imagen-4",), None)) == ["imagen-4"]


def test_a_missing_key_comes_before_a_rest(config: Config) -> None:
    ready = {**ALL, Vendor.REPLICATE: False}
    with pytest.raises(NotSetUp):
        tools(config, ready, gates={Vendor.REPLICATE: RESTS}).line_up(Makes.IMAGES, ("imagen-4",), None)
