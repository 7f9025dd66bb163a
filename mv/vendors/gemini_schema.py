"""What Gemini is asked to fill in.

Small and flat, for complex schemas are refused ("too many states"); strictness comes afterwards, in the domain. The
count is said in words: limits on an array's length make the schema complex.
"""

from __future__ import annotations

from typing import Any

from mv.domain.scenes import ShotSize

_FIELDS = {
    "title": "A few words.",
    "description": "What we see, concrete, present tense, ready for a video model.",
    "negative_description": "What must not appear.",
    "action": "What happens, in one sentence.",
    "location": "Where.",
    "time_of_day": "When.",
    "shot_size": "",
    "camera_angle": "For example eye level, low angle.",
    "camera_movement": "For example static, slow push in.",
    "lighting": "Source and quality of light.",
    "mood": "One or two words.",
    "transition": "Into the next scene: cut, dissolve, match cut.",
    "duration_seconds": "",
    "cue": "Part of the song or lyric it belongs to; empty if none.",
}


def _field(name: str, hint: str) -> dict[str, Any]:
    if name == "shot_size":
        return {"type": "string", "enum": [size.value for size in ShotSize]}
    if name == "duration_seconds":
        return {"type": "number"}
    return {"type": "string", "description": hint}


def schema(count: int, *, exact: bool = True) -> dict[str, Any]:
    """The JSON Schema of a list of `count` scenes; if that is not `exact`, the request may ask for other than that."""
    how_many = f"{'Exactly' if exact else 'All'} {count} scenes, in order."
    if not exact:
        how_many += " More or fewer only if the change asks for it."
    scene = {
        "type": "object",
        "properties": {name: _field(name, hint) for name, hint in _FIELDS.items()},
        "required": list(_FIELDS),
    }
    parts: dict[str, Any] = {
        "title": {"type": "string", "description": "Of the whole video."},
        "logline": {"type": "string", "description": "The video in one sentence."},
        "palette": {"type": "array", "items": {"type": "string"}, "description": "Up to 6 colours as #rrggbb."},
        "scenes": {"type": "array", "items": scene, "description": how_many},
    }
    return {"type": "object", "properties": parts, "required": list(parts)}
