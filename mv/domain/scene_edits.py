"""Scene lists changed by hand: pure, each change a whole new draft, whose other scenes are word for word the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mv.domain import limits
from mv.domain.scene_check import LENGTHS, REQUIRED, shot_size
from mv.domain.scenes import Scene, SceneDraft, ShotSize
from mv.errors import LastScene, ListFull, NotChosen, OutOfRange

LONGEST_SECONDS = 600.0
"""Of a scene that somebody writes by hand."""


def scene_of(draft: SceneDraft, number: int) -> Scene:
    """By its number, from 1. Raises OutOfRange."""
    if not 1 <= number <= len(draft.scenes):
        raise OutOfRange(field="scene", low=1, high=len(draft.scenes))
    return draft.scenes[number - 1]


def with_scene(draft: SceneDraft, number: int, scene: Scene) -> SceneDraft:
    """Another scene in the place of this one. Raises OutOfRange."""
    scene_of(draft, number)
    return _with(draft, (*draft.scenes[: number - 1], scene, *draft.scenes[number:]))


def inserted(draft: SceneDraft, after: int, scene: Scene) -> SceneDraft:
    """One scene more, behind number `after`; 0 is in front of all. Raises OutOfRange, ListFull."""
    if not 0 <= after <= len(draft.scenes):
        raise OutOfRange(field="after", low=0, high=len(draft.scenes))
    if len(draft.scenes) >= limits.SCENES[1]:
        raise ListFull(limit=limits.SCENES[1])
    return _with(draft, (*draft.scenes[:after], scene, *draft.scenes[after:]))


def moved(draft: SceneDraft, number: int, to: int) -> SceneDraft:
    """That scene at place `to`. Raises OutOfRange."""
    scene = scene_of(draft, number)
    if not 1 <= to <= len(draft.scenes):
        raise OutOfRange(field="to", low=1, high=len(draft.scenes))
    rest = [*draft.scenes[: number - 1], *draft.scenes[number:]]
    rest.insert(to - 1, scene)
    return _with(draft, tuple(rest))


def removed(draft: SceneDraft, number: int) -> SceneDraft:
    """Without that scene. Raises OutOfRange, LastScene."""
    scene_of(draft, number)
    if len(draft.scenes) == 1:
        raise LastScene()
    return _with(draft, (*draft.scenes[: number - 1], *draft.scenes[number:]))


def _with(draft: SceneDraft, scenes: tuple[Scene, ...]) -> SceneDraft:
    return draft.model_copy(update={"scenes": scenes})


def written(typed: Mapping[str, str]) -> Scene:
    """A scene as somebody typed it, by field; what is not named is empty. Raises Empty, TooLong, NotChosen,
    OutOfRange."""
    texts: dict[str, Any] = {}
    for name, most in LENGTHS.items():
        given = limits.without_controls(typed.get(name, ""))
        texts[name] = limits.text(name, given, most) if name in REQUIRED else limits.optional_text(name, given, most)
    return Scene(
        **{name: text or "" for name, text in texts.items()},
        shot_size=_size(typed.get("shot_size", "")),
        duration_seconds=_seconds(typed.get("duration_seconds", "")),
    )


def rewritten(scene: Scene, typed: Mapping[str, str]) -> Scene:
    """A scene as it came back from a form that showed it: what was left as it was shown is what it was. Raises as
    `written`."""
    values = scene.model_dump(mode="json")
    left = [name for name, text in typed.items() if name in values and _plain(text) == _plain(as_shown(values[name]))]
    filled = {"shot_size": ShotSize.MS.value, "duration_seconds": "1"}
    changed = written({**typed, **{name: filled.get(name, "…") for name in left}})
    return changed.model_copy(update={name: getattr(scene, name) for name in left})


def as_shown(value: object) -> str:
    """A value of a scene in a form."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _size(typed: str) -> ShotSize:
    size = shot_size(typed)
    if size is None:
        raise NotChosen(field="shot_size", given=typed.strip(), allowed=tuple(ShotSize))
    return size


def _seconds(typed: str) -> float:
    """Seconds as people type them: `4`, `4.5 s`, `4,5`."""
    said = typed.strip().casefold().removesuffix("seconds").removesuffix("s").strip().replace(",", ".")
    try:
        seconds = round(float(said), 1)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= LONGEST_SECONDS:  # also what is no number
        allowed = (f"a number of seconds from 0.1 to {LONGEST_SECONDS:g}",)
        raise NotChosen(field="duration_seconds", given=typed.strip(), allowed=allowed)
    return seconds
