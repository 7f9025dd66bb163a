"""Flavors override only the keys they name, and every value knows where it came from."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from mv.config import load_config
from mv.domain.engine import Makes
from mv.domain.scenes import TokenUsage
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.errors import Unknown
from tests.config.base import LIMITS, MODELS, load, write

DAY = datetime.date(2026, 11, 26)


def test_a_flavor_overrides_only_what_it_names(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        **{
            "lofi/scene_params.yaml": "defaults:\n  count: 3\nvocabulary:\n  moods: [x, y, z, w]\n",
            "lofi/image_params.yaml": "parameters:\n  nested:\n    b: 5\n  more: true\n",
        },
    )
    default, lofi = config.flavor(None), config.flavor("lofi")
    assert lofi.scene_params.defaults.count == 3
    assert lofi.scene_params.defaults.style == default.scene_params.defaults.style
    assert lofi.scene_params.vocabulary.moods == ("x", "y", "z", "w")
    assert lofi.scene_params.vocabulary.angles == default.scene_params.vocabulary.angles
    assert lofi.image_params.parameters == {"steps": 20, "nested": {"a": 1, "b": 5}, "more": True}
    assert default.image_params.parameters == {"steps": 20, "nested": {"a": 1, "b": 2}}
    assert lofi.scene_prompts == default.scene_prompts


def test_nothing_in_a_flavor_takes_an_optional_value_away(tmp_path: Path) -> None:
    config = load(tmp_path, **{"lofi/scene_params.yaml": "temperature:\n"})
    assert config.flavor(None).scene_params.temperature == 1.0
    assert config.flavor("lofi").scene_params.temperature is None


def test_every_value_has_its_source(tmp_path: Path) -> None:
    config = load(tmp_path, **{"lofi/scene_params.yaml": "defaults:\n  count: 3\nengines: [offline-scenes]\n"})
    read = config.values_read(config.flavor("lofi"))
    assert read["scene_params.defaults.count"] == (3, "lofi")
    assert read["scene_params.engines"] == (("offline-scenes",), "lofi")
    assert read["scene_params.defaults.style"] == ("plain", "default")
    assert read["image_params.parameters.nested.b"] == (2, "default")
    assert read["image_prompts.picture"] == ("A sheet of {{ description }}\n", "default")
    assert "scene_params.vocabulary.moods" in read
    assert {key.split("_")[0] for key in config.values_read(config.flavor("lofi"), Makes.SCENES)} == {"scene"}
    assert {key.split("_")[0] for key in config.values_read(config.flavor("lofi"), Makes.IMAGES)} == {"image"}


def test_a_parameter_with_a_dot_in_its_name_is_read_too(tmp_path: Path) -> None:
    config = load(tmp_path, **{"lofi/image_params.yaml": "parameters:\n  a.b: 1\n"})
    assert config.values_read(config.flavor("lofi"))["image_params.parameters.a.b"] == (1, "lofi")


def test_a_flavor_may_name_the_offline_engine(tmp_path: Path) -> None:
    config = load(tmp_path, **{"draft/scene_params.yaml": "engines: [offline-scenes]\n"})
    assert config.flavor("draft").scene_params.engines == ("offline-scenes",)


def test_names_are_found_in_any_case_and_else_the_nearest_are_told(tmp_path: Path) -> None:
    config = load(tmp_path, **{"lofi_animation/scene_params.yaml": "temperature: 1.5\n"})
    assert config.flavor(" LoFi_Animation ").label == "Lofi animation"
    assert config.flavor(None) is config.flavor("DEFAULT")
    assert config.engine("Writer").name == "writer"
    with pytest.raises(Unknown) as caught:
        config.flavor("lofi")
    assert (caught.value.kind, caught.value.given) == ("flavor", "lofi")
    assert caught.value.nearest[0] == "lofi_animation"
    with pytest.raises(Unknown) as caught:
        config.engine("paintr")
    assert (caught.value.kind, caught.value.nearest[0]) == ("engine", "painter")


def test_engines_and_their_prices(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert [engine.name for engine in config.engines_for(Makes.SCENES)] == ["writer", "offline-scenes"]
    assert [engine.name for engine in config.engines_for(Makes.IMAGES)] == ["painter"]
    price = config.engine("writer").price(DAY)
    assert price is not None
    assert (price.input_micro, price.output_micro) == (1_250_000, 10_000_000)
    assert (price.date, price.source) == (datetime.date(2026, 10, 7), "a page")
    assert config.engine("painter").picture_cost(4, DAY) == 12_000
    assert config.engine("painter").parameters == {"guidance": 3.5}
    assert config.engine("offline-scenes").scene_cost(TokenUsage(prompt_tokens=1), DAY) == 0


@pytest.mark.parametrize(
    ("written", "micro"),
    [
        ("0", 0),
        ("5", 5_000_000),
        ("0.0001", 100),
        ("12.3456", 12_345_600),
        ("999999.9999", 999_999_999_900),
        ("0.07", 70_000),
    ],
)
def test_spend_is_written_in_dollars_and_held_in_micro_dollars(tmp_path: Path, written: str, micro: int) -> None:
    config = load(tmp_path, **{"limits.yaml": LIMITS.replace("12.3456", written)})
    assert config.default_quotas() == (
        Quota(kind=AllowanceKind.SCENES, limit=20, period=Period.DAY),
        Quota(kind=AllowanceKind.SPEND, limit=micro, period=Period.MONTH),
    )
    assert {quota.whose for quota in config.default_quotas()} == {"config"}


def test_files_are_read_at_the_start_only(tmp_path: Path) -> None:
    config = load(tmp_path)
    write(
        tmp_path,
        **{"default/scene_prompts.yaml": "system: gone\nuser: gone\nmore: gone\nrevise: gone\nrevise_scene: gone\n"},
    )
    assert "You write scenes." in config.flavor(None).scene_prompts.system
    assert load_config(tmp_path).flavor(None).scene_prompts.system == "gone"


def test_limits(tmp_path: Path) -> None:
    limits = load(tmp_path).limits
    assert (limits.concurrency.total, limits.concurrency.per_vendor) == (8, {"gemini": 4})
    assert limits.pictures.hosts == ("replicate.delivery", ".replicate.delivery")
    assert (limits.notify_after_seconds, limits.progress_every_seconds) == (60, 2.0)


def test_how_much_a_member_may_do_in_a_minute_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path).limits.commands_per_minute == 300
    limits = load(tmp_path, **{"limits.yaml": LIMITS + "commands_per_minute: 40\n"}).limits
    assert limits.commands_per_minute == 40


def test_how_vendors_are_asked_may_be_left_out(tmp_path: Path) -> None:
    vendors = load(tmp_path).limits.vendors
    assert (vendors.per_minute, vendors.rest_after_failures) == ({}, 5)
    assert (vendors.rest_seconds, vendors.longest_rest_seconds) == (20.0, 300.0)
    section = "vendors:\n  per_minute:\n    gemini: 10\n  rest_seconds: 0.5\n"
    vendors = load(tmp_path, **{"limits.yaml": LIMITS + section}).limits.vendors
    assert (vendors.per_minute, vendors.rest_after_failures) == ({"gemini": 10}, 5)
    assert (vendors.rest_seconds, vendors.longest_rest_seconds) == (0.5, 300.0)


def test_text_that_looks_like_something_else_stays_text(tmp_path: Path) -> None:
    text = "suggestions:\n  style: [no, on, 16:9, 2026-10-07, 0x10, 010]\n"
    config = load(tmp_path, **{"lofi/scene_params.yaml": text})
    assert config.flavor("lofi").scene_params.suggestions.style == ("no", "on", "16:9", "2026-10-07", "0x10", "010")


@pytest.mark.parametrize("model", ["owner/name", "owner/name:v1", "0123456789abcdef" * 4])
def test_models_of_replicate_may_have_a_version(tmp_path: Path, model: str) -> None:
    config = load(tmp_path, **{"models.yaml": MODELS.replace("owner/name", model)})
    assert config.engine("painter").model == model
