"""The values that go into templates: of real briefs, and the samples that templates are tried with at the start."""

from __future__ import annotations

import json
from typing import Any

from mv.config.model import Flavor, SceneParams
from mv.config.templates import (
    MEMBER_TEXTS,
    MORE_VARIABLES,
    PICTURE_VARIABLES,
    REVISE_SCENE_VARIABLES,
    REVISE_VARIABLES,
    SCENE_VARIABLES,
    VARY_VARIABLES,
    check,
    fence_for,
    render,
)
from mv.domain.character import CharacterBrief
from mv.domain.scenes import Scene, SceneBrief, SceneDraft, ShotSize

_SCENE = Scene(
    **dict.fromkeys(set(Scene.model_fields) - {"shot_size", "duration_seconds"}, "First light"),
    shot_size=ShotSize.WS,
    duration_seconds=4.0,
)
_DRAFT = SceneDraft(title="The piano", logline="A diver looks for a piano.", scenes=(_SCENE, _SCENE))
"""A sample."""


def scene_texts(brief: SceneBrief, flavor: Flavor) -> tuple[str, str]:
    """`system` and `user` for the whole list."""
    values = _scene_values(brief, flavor.scene_params)
    return _system_and(flavor.scene_prompts.user, values, flavor)


def more_texts(
    brief: SceneBrief,
    flavor: Flavor,
    have: tuple[str, ...],
    missing: int,
    current: SceneDraft | None,
    instructions: str,
) -> tuple[str, str]:
    """`system` and `user` for the scenes that are missing, of a list that is new or a revision of the current one."""
    more: dict[str, Any] = {"current": "", "instructions": ""}
    if current is not None:
        more = {**_revise_values(current, instructions)}
    values = _scene_values(brief, flavor.scene_params, (*have, *more.values()))
    more |= {"have": have, "missing": missing}
    return _system_and(flavor.scene_prompts.more, {**values, **more}, flavor)


def revise_texts(brief: SceneBrief, flavor: Flavor, draft: SceneDraft, instructions: str) -> tuple[str, str]:
    """`system` and `user` for another version of the whole list."""
    more = _revise_values(draft, instructions)
    values = _scene_values(brief, flavor.scene_params, tuple(more.values()))
    return _system_and(flavor.scene_prompts.revise, {**values, **more, "count": len(draft.scenes)}, flavor)


def revise_scene_texts(
    brief: SceneBrief, flavor: Flavor, draft: SceneDraft, instructions: str, number: int
) -> tuple[str, str]:
    """`system` and `user` for another version of one scene, between its neighbours."""
    more = _revise_scene_values(draft, instructions, number)
    values = _scene_values(brief, flavor.scene_params, tuple(more.values()))
    return _system_and(flavor.scene_prompts.revise_scene, {**values, **more, "number": number}, flavor)


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


def _revise_values(draft: SceneDraft, instructions: str) -> dict[str, str]:
    numbered = [{"number": n, **scene.model_dump(mode="json")} for n, scene in enumerate(draft.scenes, start=1)]
    current = {**draft.model_dump(mode="json", exclude={"scenes"}), "scenes": numbered}
    return {"current": _json(current), "instructions": instructions}


def _revise_scene_values(draft: SceneDraft, instructions: str, number: int) -> dict[str, str]:
    """Of the list itself only what holds for all scenes and their titles: the others stay as they are."""
    titles = {str(n): scene.title for n, scene in enumerate(draft.scenes, start=1)}
    current = {**draft.model_dump(mode="json", exclude={"scenes"}), "titles": titles}
    around = {"before": number - 1, "scene": number, "after": number + 1}
    texts = {
        name: _json(draft.scenes[n - 1].model_dump(mode="json")) if 1 <= n <= len(draft.scenes) else ""
        for name, n in around.items()
    }
    return {"current": _json(current), "instructions": instructions, **texts}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


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
    changed = "Make it rain"
    if key == "more":
        return {
            **values,
            "have": ("First light", "The crossing"),
            "missing": 2,
            **_revise_values(_DRAFT, changed),
        }, MORE_VARIABLES
    if key == "revise":
        return {**values, **_revise_values(_DRAFT, changed)}, REVISE_VARIABLES
    if key == "revise_scene":
        return {**values, **_revise_scene_values(_DRAFT, changed, 1), "number": 1}, REVISE_SCENE_VARIABLES
    return values, SCENE_VARIABLES


def _number(seconds: float) -> int | float:
    """2 rather than 2.0, for a prompt reads like a text."""
    return int(seconds) if seconds == int(seconds) else seconds
