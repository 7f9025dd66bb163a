"""A scene as a form: four fields for its long texts, and one for all its short values, a line each."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from bot.ui.forms import Form, Target, opened
from mv.domain.scene_edits import as_shown
from mv.domain.scenes import Scene, SceneListView, ShotSize
from mv.errors import NotChosen

_DETAILS = {
    "location": "Location",
    "time_of_day": "Time of day",
    "shot_size": "Shot size",
    "camera_angle": "Camera angle",
    "camera_movement": "Camera movement",
    "lighting": "Lighting",
    "mood": "Mood",
    "transition": "Transition",
    "duration_seconds": "Seconds",
    "cue": "Cue",
}
_NAMES = {label.casefold(): name for name, label in _DETAILS.items()} | {name: name for name in _DETAILS}


def edit_form(view: SceneListView, number: int, scene: Scene) -> discord.ui.Modal:
    """For a scene that is there."""
    target = Target(record=view.record.id, version=view.version.number, scene=number)
    return opened(Form.EDIT_SCENE, target, _typed(scene), f"{view.record.ref} · scene {number}")


def insert_form(view: SceneListView, after: int, near: Scene) -> discord.ui.Modal:
    """For a scene behind number `after`; place and light are those of the one that is `near`, to begin with."""
    target = Target(record=view.record.id, version=view.version.number, scene=after)
    fresh = dict.fromkeys(("title", "description", "action", "negative_description", "camera_movement", "cue"), "")
    empty = near.model_copy(update={**fresh, "shot_size": ShotSize.MS})
    title = f"{view.record.ref} · a scene after scene {after}" if after else f"{view.record.ref} · a first scene"
    return opened(Form.INSERT_SCENE, target, _typed(empty), title)


def scene_typed(typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed, by field of a scene. Raises NotChosen for a line of details that names none."""
    found = {name: text for name, text in typed.items() if name != "details"}
    for line in typed.get("details", "").splitlines():
        label, colon, value = line.partition(":")
        name = _NAMES.get(" ".join(label.casefold().split()))
        if name is not None and colon:
            found[name] = value.strip()
        elif line.strip():
            raise NotChosen(field="details", given=line.strip(), allowed=tuple(f"{n}: …" for n in _DETAILS.values()))
    return found


def _typed(scene: Scene) -> dict[str, str]:
    values = scene.model_dump(mode="json")
    lines = (f"{label}: {_one_line(values[name])}" for name, label in _DETAILS.items())
    return {**{name: str(value) for name, value in values.items()}, "details": "\n".join(lines)}


def _one_line(value: object) -> str:
    return " ".join(as_shown(value).split())
