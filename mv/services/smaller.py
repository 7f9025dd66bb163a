"""Pictures made small enough for the place they go to."""

from __future__ import annotations

from collections.abc import Sequence

from mv.errors import NoPicture
from mv.ports import Darkroom, Developed, PreviewSpec

PREVIEWS = ((768, 75), (512, 70), (384, 65), (256, 60), (128, 50))
"""Longest edge in pixels and quality, the best first."""
ORIGINALS = ((4096, 90), (3072, 88), (2048, 85), (1536, 80), (1024, 80), *PREVIEWS)


async def smaller(darkroom: Darkroom, data: bytes, room: int, steps: Sequence[tuple[int, int]]) -> Developed | None:
    """The first of these steps whose picture has at most `room` bytes; None if there is none, or `data` is no picture.
    A step costs what a preview does, off the event loop."""
    for longest_edge, quality in steps:
        try:
            made = await darkroom.develop(data, PreviewSpec(longest_edge=longest_edge, quality=quality))
        except NoPicture:
            return None
        if len(made.preview) <= room:
            return made
    return None
