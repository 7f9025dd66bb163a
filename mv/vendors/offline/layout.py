"""Where things stand on a model sheet, for wide, square and tall sheets; in final pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

AREA = 1024 * 1024
_LONGEST = 12.0
_WIDEST, _TALLEST = 3.0, 2.0
"""Sheets longer than this stay empty at their ends."""
_CHIPS = 5


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the sheet."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.y + self.h


@dataclass(frozen=True, slots=True)
class Plan:
    """`side` is the shorter side of what is designed: type and margins follow it."""

    side: float
    frame: Box
    stage: Box
    close: Box
    moods: Box
    chips: Box
    caption: float
    views: tuple[str, ...]


def sheet_size(aspect_ratio: str) -> tuple[int, int]:
    """About a megapixel of that shape, `W:H`. What is no ratio is square; nothing is longer than 12:1."""
    try:
        wide, high = (float(part) for part in aspect_ratio.split(":", 1))
        ratio = wide / high
    except (ValueError, ZeroDivisionError):
        ratio = 1.0
    if not math.isfinite(ratio) or ratio <= 0:
        ratio = 1.0
    ratio = min(max(ratio, 1 / _LONGEST), _LONGEST)
    return max(1, round(math.sqrt(AREA * ratio))), max(1, round(math.sqrt(AREA / ratio)))


def plan(size: tuple[int, int], header: float) -> Plan:
    """`header` is the height of name and caption in shares of the shorter side."""
    width, height = size
    used_w, used_h = min(width, height * _WIDEST), min(height, width * _TALLEST)
    side = min(used_w, used_h)
    margin = side * 0.05
    frame = Box((width - used_w) / 2 + margin, (height - used_h) / 2 + margin, used_w - 2 * margin, used_h - 2 * margin)
    ratio = used_w / used_h
    if ratio >= 1.2:
        return _wide(side, frame, side * header)
    return _square(side, frame, side * header) if ratio > 0.85 else _tall(side, frame, side * header, ratio)


def _wide(side: float, frame: Box, header: float) -> Plan:
    """Three views on the left; face, moods and colours on the right, beside the header."""
    stage = Box(frame.x, frame.y + header, frame.w * 0.62, frame.h - header)
    x = stage.right + side * 0.045
    top = frame.y + side * 0.075
    column = Box(x, top, frame.right - x, frame.bottom - top)
    close, moods, chips = _column(column, side * 0.03)
    return Plan(side, frame, stage, close, moods, chips, stage.w, ("front", "side", "back"))


def _square(side: float, frame: Box, header: float) -> Plan:
    """Two views on the left, a column on the right, both under the header."""
    stage = Box(frame.x, frame.y + header, frame.w * 0.58, frame.h - header)
    x = stage.right + side * 0.03
    column = Box(x, stage.y + side * 0.01, frame.right - x, stage.h - side * 0.01)
    close, moods, chips = _column(column, side * 0.032)
    return Plan(side, frame, stage, close, moods, chips, frame.w * 0.72, ("front", "side"))


def _column(column: Box, gap: float) -> tuple[Box, Box, Box]:
    """Chips and moods as high as their width wants, the face gets the rest, but is never wider than high."""
    mood_h = min(column.w / 3.3, column.h * 0.2)
    chip_h = min(column.w / _CHIPS * 1.25, column.h * 0.16)
    close_h = min(column.h - mood_h - chip_h - 2 * gap, column.w * 1.45)
    close = Box(column.x, column.y, column.w, close_h)
    moods = Box(column.x, close.bottom + gap, column.w, mood_h)
    return close, moods, Box(column.x, moods.bottom + gap, column.w, chip_h)


def _tall(side: float, frame: Box, header: float, ratio: float) -> Plan:
    """Views above; below them the face on the left, moods and colours on the right."""
    gap = side * 0.035
    left = frame.w * 0.45
    room = frame.w - left - side * 0.045
    mood_h, chip_h = room / 3.3, room / _CHIPS * 1.3
    low = max(mood_h + chip_h + gap * 1.4, left * 0.86)
    top = frame.bottom - low
    stage = Box(frame.x, frame.y + header, frame.w, top - gap * 1.4 - frame.y - header)
    x = frame.right - room
    spare = (low - mood_h - chip_h) / 3
    moods = Box(x, top + spare * 0.6, room, mood_h)
    chips = Box(x, moods.bottom + spare * 1.4, room, chip_h)
    views = ("front", "side", "back") if ratio > 0.6 else ("front", "side")
    return Plan(side, frame, stage, Box(frame.x, top, left, low), moods, chips, frame.w, views)
