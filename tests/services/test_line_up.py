"""Which engines are asked, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from mv.config import Config
from mv.domain.engine import Makes, Vendor
from mv.errors import NotSetUp, Unknown
from mv.ports import VendorDoor
from mv.services.tools import Tools

ALL = {Vendor.GEMINI: True, Vendor.REPLICATE: True, Vendor.OFFLINE: True}
NONE = {Vendor.GEMINI: False, Vendor.REPLICATE: False, Vendor.OFFLINE: True}


def tools(config: Config, ready: dict[Vendor, bool], *, stand_in: bool = False) -> Tools:
    unused: Any = None
    doors = {vendor: VendorDoor(ready=door, variable=f"{vendor}_KEY") for vendor, door in ready.items()}
    return Tools(
        records=unused, clock=unused, config=config, jobs=unused, media=unused, darkroom=unused, writers={},
        painters={}, doors=doors, stand_in=stand_in,
    )  # fmt: skip


def names(engines: Any) -> list[str]:
    return [engine.name for engine in engines]


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
    assert names(lined) == ["offline-scenes", "gemini-2.5-pro"]
    lined = tools(config, ALL).line_up(Makes.SCENES, ("gemini-2.5-pro", "offline-scenes"), None)
    assert names(lined) == ["gemini-2.5-pro"]
    assert names(tools(config, NONE).line_up(Makes.IMAGES, ("imagen-4",), "offline-sheet")) == ["offline-sheet"]


def test_vendors_without_a_key_are_passed_over(config: Config) -> None:
    ready = {**ALL, Vendor.REPLICATE: False}
    lined = tools(config, ready).line_up(Makes.SCENES, ("imagen-4", "gemini-2.5-pro"), None)
    assert names(lined) == ["gemini-2.5-pro"]


@pytest.mark.parametrize("chosen", ["nope", "gemini-2.5-pro", ""])
def test_what_makes_no_pictures_is_unknown(config: Config, chosen: str) -> None:
    with pytest.raises(Unknown) as refused:
        tools(config, ALL).line_up(Makes.IMAGES, ("imagen-4",), chosen)
    assert refused.value.kind == "engine"
    assert refused.value.nearest
