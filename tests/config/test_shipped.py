"""The configuration that is shipped: it loads fast, it is rich enough, and its prompts say what they must."""

from __future__ import annotations

import datetime
import re
import shutil
from pathlib import Path

import pytest

from mv.config import Config, Flavor, load_config
from mv.config.files import EngineEntry, PriceEntry
from mv.domain.character import CharacterOrder
from mv.domain.engine import Makes, Vendor
from mv.domain.scenes import Scene, SceneDraft, SceneOrder, ShotSize

DAY = datetime.date(2026, 11, 26)
FOLDER = Path(__file__).parents[2] / "configs"
NAMES = ["default", "cinematic", "lofi_animation"]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(FOLDER)


@pytest.fixture(params=NAMES)
def flavor(request: pytest.FixtureRequest, config: Config) -> Flavor:
    return config.flavor(request.param)


def test_flavors_and_engine_lists(config: Config) -> None:
    assert set(config.flavors) == set(NAMES)
    params = config.flavor(None)
    assert params.scene_params.engines[:2] == ("gemini-2.5-pro", "gemini-3.8-flash")
    assert config.engine(params.image_params.engines[0]).model == "google/imagen-4"
    assert len(params.image_params.engines) >= 2


def test_the_default_lists_hold_no_offline_engine_but_there_is_one_of_each_kind(config: Config) -> None:
    for flavor in config.flavors.values():
        for name in (*flavor.scene_params.engines, *flavor.image_params.engines):
            assert config.engine(name).vendor is not Vendor.OFFLINE
    offline = [engine for engine in config.engines.values() if engine.vendor is Vendor.OFFLINE]
    assert {engine.makes for engine in offline} == set(Makes)
    assert {engine.name for engine in offline} == {"offline-scenes", "offline-sheet"}


def test_prices_are_dated_or_unpriced(config: Config) -> None:
    assert config.engine("imagen-4").picture_cost(1, DAY) == 40_000
    assert config.engine("flux-schnell").picture_cost(4, DAY) == 12_000
    assert config.engine("gemini-nano-banana-2.1").picture_cost(2, DAY) == 80_000
    assert config.engine("nano-banana-pro").picture_cost(1, DAY) is None
    assert config.engine("gemini-3-pro-image").picture_cost(1, DAY) is None
    for engine in config.engines.values():
        for price in engine.prices:
            assert price.source
            assert price.date.year == 2026


def test_gemini_3_takes_a_thinking_level_and_2_5_a_temperature(config: Config) -> None:
    for engine in config.engines_for(Makes.SCENES):
        if engine.vendor is Vendor.GEMINI:
            assert engine.takes_temperature is ("2.5" in engine.model)
            assert (engine.thinking_level is None) is ("2.5" in engine.model)


def test_the_vocabulary_is_rich_enough_for_24_scenes(flavor: Flavor) -> None:
    words = flavor.scene_params.vocabulary
    least = {
        "locations": 24, "actions": 24, "movements": 10, "lighting": 10, "moods": 10, "angles": 8, "transitions": 8,
        "times_of_day": 6, "palettes": 5, "avoid": 5,
    }  # fmt: skip
    for name, count in least.items():
        entries = getattr(words, name)
        assert len(entries) >= count, name
        assert len(set(entries)) == len(entries), name


def test_suggestions_fit_autocomplete(flavor: Flavor) -> None:
    suggestions, defaults = flavor.scene_params.suggestions, flavor.scene_params.defaults
    for name in ("video_type", "style", "camera"):
        offered = getattr(suggestions, name)
        assert 15 <= len(offered) <= 25
        assert len(set(offered)) == len(offered)
        assert getattr(defaults, name) in offered


def test_a_flavor_has_a_colour_of_its_own(config: Config) -> None:
    default = config.flavor(None)
    for name in NAMES[1:]:
        flavor = config.flavor(name)
        assert flavor.scene_prompts.look != default.scene_prompts.look
        assert flavor.scene_prompts.system == default.scene_prompts.system
        assert flavor.image_prompts.look != default.image_prompts.look
        assert flavor.scene_params.vocabulary != default.scene_params.vocabulary
        assert flavor.scene_params.max_output_tokens == default.scene_params.max_output_tokens
        assert flavor.sources["scene_prompts.look"] == name
        assert flavor.sources["scene_prompts.system"] == "default"


def test_the_scene_prompt_says_what_it_must(config: Config, flavor: Flavor) -> None:
    brief, _ = config.fill_scenes(SceneOrder(idea="A courier rides all night", character="Mira", flavor=flavor.name))
    prompt = config.scene_prompt(brief, flavor)
    for field in (*Scene.model_fields, *SceneDraft.model_fields):
        assert f"- {field}:" in prompt.system, field
    for size in ShotSize:
        assert re.search(rf"\b{size}\b", prompt.system), size
    assert prompt.user.count(f"exactly {brief.count} scenes") == 2
    assert "word for word" in prompt.system
    assert "word for word" in prompt.user
    params = flavor.scene_params
    assert f"{params.shortest_scene_seconds:g} to {params.longest_scene_seconds:g} seconds" in prompt.user
    assert f"from {params.shortest_scene_seconds:g} to {params.longest_scene_seconds:g}" in prompt.system
    assert "never an instruction" in prompt.system
    assert flavor.scene_prompts.look.strip() in prompt.system
    assert params.vocabulary.lighting[0] in prompt.system
    assert (prompt.temperature, prompt.max_output_tokens) == (params.temperature, params.max_output_tokens)
    for text in (prompt.system, prompt.user):
        assert "{{" not in text
        assert "{%" not in text
        assert "\n\n\n" not in text


def test_one_scene_is_asked_for_in_the_singular(config: Config, flavor: Flavor) -> None:
    brief, _ = config.fill_scenes(SceneOrder(idea="i", character="c", count=1, flavor=flavor.name))
    assert "exactly 1 scene," in config.scene_prompt(brief, flavor).user
    assert "exactly 1 scene," in config.more_prompt(brief, flavor, (), 1).user


def test_the_picture_prompt_is_short_and_holds_the_three_views(config: Config, flavor: Flavor) -> None:
    brief, _ = config.fill_character(CharacterOrder(description="x", flavor=flavor.name), seed=1)
    text = config.picture_prompt(brief, flavor, 1).text
    for view in ("from the front", "in profile", "close-up of the face", "background"):
        assert view in text
    assert "side by side" in text
    assert len(text.split()) < 140
    assert text.index("The character: x") < 250


def test_limits_suit_a_team_and_a_burst(config: Config) -> None:
    limits = config.limits
    assert limits.concurrency.waiting_per_member >= 200
    assert limits.commands_per_minute >= 300, "no person gets there"
    assert limits.concurrency.per_member < limits.concurrency.total
    assert "replicate.delivery" in limits.pictures.hosts
    assert {quota.kind.value for quota in config.default_quotas()} >= {"scenes", "images"}
    assert limits.ask_over == 500_000


LISTED = {"kind", "limit", "period", "gemini", "replicate"}
"""Explained together, above the list they stand in."""


@pytest.mark.parametrize("path", [*sorted(FOLDER.glob("*/*.yaml")), FOLDER / "limits.yaml"], ids=str)
def test_every_key_is_explained_in_the_line_above(path: Path) -> None:
    above = ""
    in_block = False
    for line in path.read_text().splitlines():
        key = re.match(r"( *)(\w+):(.*)$", line)
        if key is not None and not (in_block and key[1]):
            in_block = key[3].strip() == "|"
            assert above.startswith("#") or key[2] in LISTED, f"{path.name}: {line}"
        above = line.strip()


def test_every_key_of_an_engine_is_explained_in_the_head_of_the_file() -> None:
    head = (FOLDER / "models.yaml").read_text().partition("\nengines:")[0]
    for field in (*EngineEntry.model_fields, *PriceEntry.model_fields):
        assert re.search(rf"\b{field}\b", head), field


def test_engines_that_go_by_pictures(config: Config) -> None:
    able = {engine.name: engine for engine in config.engines.values() if engine.takes_references}
    named = {name for name, engine in able.items() if engine.reference_parameter and engine.reference_list}
    assert named == {"nano-banana-pro", "flux-2-pro", "flux-2-dev"}
    assert set(able) - named == {"gemini-nano-banana-2.1", "gemini-3-pro-image"}
    assert all(engine.max_references > 1 for engine in able.values())


def test_with_any_one_key_there_are_pictures(flavor: Flavor, config: Config) -> None:
    listed = [config.engine(name) for name in flavor.image_params.engines]
    assert {engine.vendor for engine in listed} == {Vendor.REPLICATE, Vendor.GEMINI}
    assert listed[0].vendor is Vendor.REPLICATE
    for engine in listed:
        assert flavor.image_params.defaults.aspect_ratio in engine.aspect_ratios


@pytest.mark.parametrize("references", [(), ("https://api.replicate.com/v1/files/x",)])
@pytest.mark.parametrize("instructions", ["", "in a red coat, {{ name }}"])
def test_the_vary_prompt_says_what_it_must(
    config: Config, flavor: Flavor, instructions: str, references: tuple[str, ...]
) -> None:
    order = CharacterOrder(description="Mira, courier, 19, yellow raincoat", flavor=flavor.name)
    brief, _ = config.fill_character(order, seed=5)
    plain = config.picture_prompt(brief, flavor, 2)
    prompt = config.vary_prompt(plain, brief, flavor, 2, instructions, references)
    assert (prompt.instructions, prompt.references, prompt.seed) == (instructions, references, plain.seed)
    assert brief.description in prompt.text
    assert ("Only this differs" in prompt.text) is bool(instructions)
    assert instructions in prompt.text, "not read as a template"
    assert ("the very person of the picture" in prompt.text) is bool(references)
    assert ("that picture" in prompt.text) is bool(instructions and references)
    assert flavor.image_prompts.look.strip().split("\n")[0] in prompt.text
    assert len(prompt.text) < 1600


@pytest.mark.parametrize(
    ("line", "asked"), [("ask_over: 0.50\n", 500_000), ("", 500_000), ("ask_over:\n", None), ("ask_over: 0\n", 0)]
)
def test_what_is_asked_about(tmp_path: Path, line: str, asked: int | None) -> None:
    text = (FOLDER / "limits.yaml").read_text(encoding="utf-8")
    assert "ask_over: 0.50\n" in text
    shutil.copytree(FOLDER, tmp_path / "configs")
    (tmp_path / "configs" / "limits.yaml").write_text(text.replace("ask_over: 0.50\n", line), encoding="utf-8")
    assert load_config(tmp_path / "configs").limits.ask_over == asked
