"""The values that go into templates: of real briefs, and the samples that templates are tried with at the start."""

from __future__ import annotations

from typing import Any

from mv.config.model import Flavor, SceneParams
from mv.config.templates import (
    MEMBER_TEXTS,
    MORE_VARIABLES,
    PICTURE_VARIABLES,
    SCENE_VARIABLES,
    VARY_VARIABLES,
    check,
    fence_for,
    render,
)
from mv.domain.character import CharacterBrief
from mv.domain.scenes import SceneBrief


def scene_texts(brief: SceneBrief, flavor: Flavor) -> tuple[str, str]:
    """`system` and `user` for the whole list."""
    values = _scene_values(brief, flavor.scene_params)
    return _system_and(flavor.scene_prompts.user, values, flavor)


def more_texts(brief: SceneBrief, flavor: Flavor, have: tuple[str, ...], missing: int) -> tuple[str, str]:
    """`system` and `user` for the scenes that are missing."""
    values = _scene_values(brief, flavor.scene_params, have)
    return _system_and(flavor.scene_prompts.more, {**values, "have": have, "missing": missing}, flavor)


def picture_text(brief: CharacterBrief, flavor: Flavor, take: int) -> str:
    """The text for a painter."""
    values = _picture_values(brief, take)
    look = render(flavor.image_prompts.look, values)
    return render(flavor.image_prompts.picture, {**values, "look": look})


def vary_text(brief: CharacterBrief, flavor: Flavor, take: int, instructions: str, *, reference: bool) -> str:
    """The text for a painter who knows the character, by a picture that goes along or by the description."""
    values = _picture_values(brief, take)
    look = render(flavor.image_prompts.look, values)
    more = {"look": look, "instructions": instructions, "reference": reference}
    return render(flavor.image_prompts.vary, {**values, **more})


def check_template(part: str, key: str, flavor: Flavor) -> None:
    """Tries one template of a flavor on samples. Raises TemplateMistake."""
    prompts = getattr(flavor, part)
    values, known = _sample(part, key, flavor)
    if key != "look":
        values, known = {**values, "look": render(prompts.look, values)}, known | {"look"}
    check(getattr(prompts, key), known, values)


def _system_and(template: str, values: dict[str, Any], flavor: Flavor) -> tuple[str, str]:
    prompts = flavor.scene_prompts
    values = {**values, "look": render(prompts.look, values)}
    return render(prompts.system, values), render(template, values)


def _scene_values(brief: SceneBrief, params: SceneParams, have: tuple[str, ...] = ()) -> dict[str, Any]:
    values = brief.model_dump(exclude={"character_ref", "character_name"})
    return {
        **values,
        "shortest": _number(params.shortest_scene_seconds),
        "longest": _number(params.longest_scene_seconds),
        "vocabulary": dict(params.vocabulary),
        "fence": fence_for([*(values[name] for name in MEMBER_TEXTS), *have]),
    }


def _picture_values(brief: CharacterBrief, take: int) -> dict[str, Any]:
    return {**brief.model_dump(exclude={"seed"}), "take": take}


def _sample(part: str, key: str, flavor: Flavor) -> tuple[dict[str, Any], frozenset[str]]:
    described = "A diver in a brass suit"
    if part == "image_prompts":
        defaults = flavor.image_params.defaults.model_dump()
        character = CharacterBrief(description=described, name="Diver", seed=1, flavor=flavor.name, **defaults)
        values = _picture_values(character, 1)
        if key != "vary":
            return values, PICTURE_VARIABLES
        return {**values, "instructions": "A red scarf", "reference": True}, VARY_VARIABLES
    defaults = flavor.scene_params.defaults.model_dump()
    brief = SceneBrief(idea="A diver looks for a piano", character=described, flavor=flavor.name, **defaults)
    values = _scene_values(brief, flavor.scene_params)
    if key != "more":
        return values, SCENE_VARIABLES
    return {**values, "have": ("First light", "The crossing"), "missing": 2}, MORE_VARIABLES


def _number(seconds: float) -> int | float:
    """2 rather than 2.0, for a prompt reads like a text."""
    return int(seconds) if seconds == int(seconds) else seconds
