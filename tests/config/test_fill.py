"""Orders without gaps: what the member said stays, what they left out comes from the flavor and is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from mv.config import Config
from mv.domain.character import CharacterOrder
from mv.domain.limits import SEED
from mv.domain.scenes import SceneOrder
from mv.errors import Unknown
from tests.config.base import load


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load(tmp_path, **{"lofi/scene_params.yaml": "defaults:\n  count: 3\n  style: inked\n"})


def test_scenes_with_nothing_but_the_required(config: Config) -> None:
    brief, applied = config.fill_scenes(SceneOrder(idea="rain", character="C7"))
    assert applied == {
        "count": 8,
        "traits": "tall",
        "video_type": "narrative",
        "style": "plain",
        "camera": "still",
        "flavor": "default",
    }
    assert brief.model_dump(exclude={"idea", "character", "character_ref", "character_name"}) == applied
    assert (brief.idea, brief.character, brief.character_ref) == ("rain", "C7", None)


def test_scenes_with_everything(config: Config) -> None:
    order = SceneOrder(
        idea="rain", character="Mira", count=1, traits="x", video_type="y", style="z", camera="w", flavor="LOFI",
        project="P1", private=True,
    )  # fmt: skip
    brief, applied = config.fill_scenes(order)
    assert applied == {}
    assert (brief.count, brief.traits, brief.style, brief.flavor) == (1, "x", "z", "lofi")


def test_scenes_take_defaults_of_their_flavor(config: Config) -> None:
    brief, applied = config.fill_scenes(SceneOrder(idea="rain", character="Mira", flavor="lofi", camera="drone"))
    assert applied == {"count": 3, "traits": "tall", "video_type": "narrative", "style": "inked"}
    assert brief.camera == "drone"


def test_an_unknown_flavor_is_refused(config: Config) -> None:
    with pytest.raises(Unknown):
        config.fill_scenes(SceneOrder(idea="rain", character="Mira", flavor="noir"))
    with pytest.raises(Unknown):
        config.fill_character(CharacterOrder(description="Mira", flavor="noir"), seed=1)


def test_character_with_nothing_but_the_required(config: Config) -> None:
    brief, applied = config.fill_character(CharacterOrder(description="A diver, in a brass suit"), seed=41)
    assert applied == {"name": "A diver", "aspect_ratio": "16:9", "images": 2, "flavor": "default"}
    assert brief.seed == 41


def test_character_with_everything(config: Config) -> None:
    order = CharacterOrder(
        description="A diver", name="Bo", aspect_ratio="1:1", images=4, engine="painter", seed=0, flavor="default",
        fresh=True,
    )  # fmt: skip
    brief, applied = config.fill_character(order, seed=41)
    assert applied == {}
    assert (brief.name, brief.aspect_ratio, brief.images, brief.seed) == ("Bo", "1:1", 4, 0)


def test_takes_count_up_from_the_seed(config: Config) -> None:
    brief, _ = config.fill_character(CharacterOrder(description="A diver", seed=SEED[1] - 1), seed=0)
    flavor = config.flavor(None)
    prompts = [config.picture_prompt(brief, flavor, take) for take in (1, 2, 3)]
    assert [prompt.seed for prompt in prompts] == [SEED[1] - 1, SEED[1], 0]
    assert {prompt.images for prompt in prompts} == {1}
    assert config.picture_prompt(brief, flavor, 1, images=3).images == 3
    assert prompts[0].parameters == {"steps": 20, "nested": {"a": 1, "b": 2}}
    assert (prompts[0].timeout_seconds, prompts[0].aspect_ratio) == (300, "16:9")
