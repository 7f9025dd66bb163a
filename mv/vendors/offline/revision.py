"""Revises a scene list without a model: what was asked for stands first in every description, and the camera and light
are other ones, so that a draft shows where a real engine would change something."""

from __future__ import annotations

from typing import Any

from mv.config.model import Vocabulary
from mv.domain.scenes import Scene, SceneDraft
from mv.ports import ScenePrompt
from mv.vendors.offline.scenes import LONGEST_DESCRIPTION, compose
from mv.vendors.offline.words import first_sentence, sentence, shorten, squeeze

REDONE = ("camera_angle", "camera_movement", "lighting")


def revise(prompt: ScenePrompt, draft: SceneDraft, vocabulary: Vocabulary) -> dict[str, Any]:
    """The draft, or one scene of it, as a vendor would answer it."""
    fresh = compose(prompt.brief, vocabulary, count=len(draft.scenes), attempt=prompt.attempt)
    asked = sentence(shorten(first_sentence(squeeze(prompt.instructions)), 200))
    scenes = [_redone(old, new, asked) for old, new in zip(draft.scenes, fresh["scenes"], strict=True)]
    chosen = scenes if prompt.scene is None else [scenes[prompt.scene - 1]]
    return {**draft.model_dump(mode="json", exclude={"scenes"}), "scenes": chosen}


def _redone(old: Scene, new: dict[str, Any], asked: str) -> dict[str, Any]:
    description = shorten(f"{asked} {old.description}", LONGEST_DESCRIPTION)
    return {**old.model_dump(mode="json"), "description": description, **{name: new[name] for name in REDONE}}
