"""Reads the picture out of what Gemini answered: blocks and finish reasons first, as `gemini_answer` does for scenes.

It comes as base64 within the JSON, and is taken straight from the body: no other copy of that text is made or kept.
"""

from __future__ import annotations

from binascii import Error, a2b_base64
from collections.abc import Mapping
from typing import Any

from mv.errors import Blocked, NoPicture
from mv.ports import Painted
from mv.vendors.gemini_answer import Answer
from mv.vendors.gemini_errors import VENDOR

_STEP = 1 << 18
"""Characters that are decoded at a time, a multiple of four: others on the loop get their turn in between."""


def read(body: str, model: str, max_bytes: int) -> Painted:
    """The picture. Raises Blocked, NoPicture (empty, also where words came in its place; broken, too_large), and
    ValueError for a body that is no JSON object. For a thread."""
    answer = Answer.of(body, model)
    if answer.rule:
        raise Blocked(vendor=VENDOR, rule=answer.rule)
    found = [data for part in answer.parts if (data := _data(part))]
    if not found:
        raise NoPicture(vendor=VENDOR, reason="empty")
    return Painted(pictures=(_decoded(found[-1], max_bytes),), model_version=answer.version)


def _data(part: Mapping[str, Any]) -> str:
    """The base64 of a part that is a picture. Of several the last counts: what comes before it are drafts."""
    held = part.get("inlineData")
    if not isinstance(held, Mapping) or not str(held.get("mimeType", "")).startswith("image/"):
        return ""
    data = held.get("data")
    return data if isinstance(data, str) else ""


def _decoded(text: str, max_bytes: int) -> bytes:
    if len(text) > max_bytes * 4 // 3 + 4:
        raise NoPicture(vendor=VENDOR, reason="too_large")
    try:
        pieces = [a2b_base64(text[at : at + _STEP], strict_mode=True) for at in range(0, len(text), _STEP)]
    except (Error, ValueError) as error:
        raise NoPicture(vendor=VENDOR, reason="broken") from error
    picture = b"".join(pieces)
    if len(picture) > max_bytes:
        raise NoPicture(vendor=VENDOR, reason="too_large")
    return picture
