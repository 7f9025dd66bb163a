"""Engines, prompts and caps that the tests here share."""

from __future__ import annotations

from typing import Any

from mv.config.model import Pictures
from mv.domain.engine import Engine, Makes, Vendor
from mv.domain.scenes import SceneBrief
from mv.ports import PicturePrompt, ScenePrompt

KEY = "AIza-key-that-nobody-may-read"
TOKEN = "r8_token_that_nobody_may_read"


def scenes_engine(**changes: Any) -> Engine:
    values: dict[str, Any] = {"name": "pro", "model": "gemini-2.5-pro", "label": "Pro", **changes}
    return Engine(vendor=Vendor.GEMINI, makes=Makes.SCENES, **values)


def pictures_engine(**changes: Any) -> Engine:
    values: dict[str, Any] = {"name": "imagen", "model": "google/imagen-4", "label": "Imagen", **changes}
    return Engine(vendor=Vendor.REPLICATE, makes=Makes.IMAGES, **values)


def banana_engine(**changes: Any) -> Engine:
    values: dict[str, Any] = {"name": "banana", "model": "gemini-nano-banana-2.1", "label": "Banana"}
    values |= {"aspect_ratios": ("3:4", "16:9"), "parameters": {"image_size": "1K"}, "max_references": 14, **changes}
    return Engine(vendor=Vendor.GEMINI, makes=Makes.IMAGES, **values)


def scene_prompt(**changes: Any) -> ScenePrompt:
    brief = SceneBrief(
        idea="rain",
        character="Mara",
        count=3,
        traits="",
        video_type="story",
        style="noir",
        camera="slow",
        flavor="default",
    )
    values: dict[str, Any] = {"system": "You plan videos.", "user": "Plan it.", "count": 3, "brief": brief, **changes}
    return ScenePrompt(**values)


def picture_prompt(**changes: Any) -> PicturePrompt:
    values: dict[str, Any] = {
        "text": "Mara, a singer",
        "name": "Mara",
        "description": "a singer",
        "aspect_ratio": "3:4",
        **changes,
    }
    return PicturePrompt(**values)


def pictures(**changes: Any) -> Pictures:
    values: dict[str, Any] = {
        "max_bytes": 2_000_000,
        "max_pixels": 20_000_000,
        "hosts": ("replicate.delivery", ".replicate.delivery"),
        **changes,
    }
    return Pictures(**values)
