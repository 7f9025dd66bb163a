"""Outlines as short texts: `"s.7,S-.05 w1.1,W"` is a point at 0.7 of the shoulder's half width, a little above the
shoulders' height, then one at 1.1 of the waist's, at its height. Letters are a body's landmarks; a number without a
letter is what it says, in heads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mv.vendors.offline.pen import Point, mirrored

_NUMBER = re.compile(r"(-?)([A-Za-z]?)(\d*\.?\d*)([+-]\d*\.?\d+)?")

Place = tuple[float, str, float]
"""Factor, landmark, offset."""


def points(text: str, marks: Mapping[str, float] | None = None, *, way: int = 1) -> list[Point]:
    """`way` is 1 for the right of the picture and -1 for the left."""
    known = marks or {}
    return [(way * _value(x, known), _value(y, known)) for x, y in _parsed(text)]


def whole(text: str, marks: Mapping[str, float] | None = None) -> list[Point]:
    """A right side, made whole by its mirror image."""
    return mirrored(points(text, marks))


def _value(place: Place, marks: Mapping[str, float]) -> float:
    factor, mark, offset = place
    return factor * (marks[mark] if mark else 1.0) + offset


@cache
def _parsed(text: str) -> tuple[tuple[Place, Place], ...]:
    pairs = (pair.split(",") for pair in text.split())
    return tuple((_place(x), _place(y)) for x, y in pairs)


def _place(text: str) -> Place:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, mark, factor, offset = found.groups()
    return float(factor or 1) * (-1 if sign else 1), mark, float(offset or 0)
