"""Draws smooth shapes with one weight of line and a soft shade on the side away from the light, which comes from the
upper left. Everything is drawn at twice its size and made smaller at the end, which smooths the edges."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from mv.vendors.offline.colours import mix

Point = tuple[float, float]

OVERSIZE = 2
INK = "#211f2b"
_STEPS = 7


def curve(points: Sequence[Point], *, closed: bool = True, steps: int = _STEPS) -> list[Point]:
    """A Catmull-Rom curve through all points."""
    count = len(points)
    if count < 3:
        return list(points)
    found: list[Point] = []
    for at in range(count if closed else count - 1):
        if closed:
            a, b, c, d = (points[(at + n) % count] for n in (-1, 0, 1, 2))
        else:
            a, b, c, d = (points[min(max(at + n, 0), count - 1)] for n in (-1, 0, 1, 2))
        found.extend(_between(a, b, c, d, step / steps) for step in range(steps))
    return found if closed else [*found, points[-1]]


def _between(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    squared, cubed = t * t, t * t * t
    x, y = (
        0.5 * (2 * b[n] + (c[n] - a[n]) * t + (2 * a[n] - 5 * b[n] + 4 * c[n] - d[n]) * squared
               + (3 * b[n] - a[n] - 3 * c[n] + d[n]) * cubed)
        for n in (0, 1)
    )  # fmt: skip
    return x, y


def mirrored(points: Sequence[Point]) -> list[Point]:
    """A right side made whole: its points, then their mirror images upwards. A point on the axis is kept once."""
    return [*points, *((-x, y) for x, y in reversed(points) if abs(x) > 1e-6)]


class Pen:
    """Draws on `canvas` in units of its own: `at` is where their zero lies in pixels, `unit` how many pixels one is."""

    def __init__(self, canvas: Image.Image, at: Point, unit: float, line: float) -> None:
        self.canvas = canvas
        self.at, self.unit, self.line = at, unit, line
        self._draw = ImageDraw.Draw(canvas)

    def place(self, point: Point) -> Point:
        """In pixels."""
        return self.at[0] + point[0] * self.unit, self.at[1] + point[1] * self.unit

    def shape(
        self, points: Sequence[Point], fill: str, *, shade: float = 0.09, smooth: bool = True, line: bool = True
    ) -> None:
        """A closed shape. `shade` is how wide its shadow is, in units; 0 is none."""
        outline = [self.place(p) for p in (curve(points) if smooth else points)]
        self._draw.polygon(outline, fill=fill)
        if shade:
            self._shade(outline, fill, shade * self.unit)
        if line:
            self._outline([*outline, outline[0], outline[1]], ink_of(fill))

    def oval(self, centre: Point, rx: float, ry: float, fill: str, *, shade: float = 0.0, line: bool = True) -> None:
        """An ellipse; without shade and line it is a single call."""
        if shade or line:
            turns = [math.tau * n / 24 for n in range(24)]
            ring = [(centre[0] + rx * math.cos(t), centre[1] + ry * math.sin(t)) for t in turns]
            self.shape(ring, fill, shade=shade, line=line)
            return
        x, y = self.place(centre)
        self._draw.ellipse((x - rx * self.unit, y - ry * self.unit, x + rx * self.unit, y + ry * self.unit), fill=fill)

    def limb(self, path: Sequence[Point], widths: Sequence[float], fill: str, *, shade: float = 0.07) -> None:
        """A rounded, tapering tube along a path; `widths` are its half widths at the path's points."""
        left: list[Point] = []
        right: list[Point] = []
        for at, ((x, y), half) in enumerate(zip(path, widths, strict=True)):
            before, after = path[max(0, at - 1)], path[min(len(path) - 1, at + 1)]
            dx, dy = after[0] - before[0], after[1] - before[1]
            length = math.hypot(dx, dy) or 1.0
            left.append((x - dy / length * half, y + dx / length * half))
            right.append((x + dy / length * half, y - dx / length * half))
        self.shape([*left, *reversed(right)], fill, shade=shade)

    def stroke(self, points: Sequence[Point], colour: str = INK, *, width: float = 1.0) -> None:
        """An open line; `width` in weights of the one line."""
        path = [self.place(p) for p in curve(points, closed=False)]
        self._outline(path, colour, width)
        radius = self.line * width / 2
        for x, y in (path[0], path[-1]):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def ring(self, outer: Sequence[Point], inner: Sequence[Point], fill: str) -> None:
        """A shape with a hole."""
        rim = [self.place(p) for p in curve(outer)]
        hole = [self.place(p) for p in curve(inner)]
        left, top, wide, high = self._box(rim, 2)
        mask = Image.new("L", (wide, high))
        pencil = ImageDraw.Draw(mask)
        pencil.polygon([(x - left, y - top) for x, y in rim], fill=255)
        pencil.polygon([(x - left, y - top) for x, y in hole], fill=0)
        self.canvas.paste(fill, (left, top), mask)
        for edge in (rim, hole):
            self._outline([*edge, edge[0], edge[1]], ink_of(fill))

    def glass(self, centre: Point, radius: float, colour: str) -> None:
        """A bubble that one sees through, on a collar."""
        ring = curve(
            [
                (centre[0] + radius * math.cos(t), centre[1] + radius * math.sin(t))
                for t in (math.tau * n / 16 for n in range(16))
            ]
        )
        path = [self.place(p) for p in ring]
        left, top, wide, high = self._box(path, 2)
        mask = Image.new("L", (wide, high))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in path], fill=46)
        self.canvas.paste("#cfe6f2", (left, top), mask)
        self._outline([*path, path[0], path[1]], ink_of(colour), 1.6)
        self.stroke(
            [
                (centre[0] - radius * 0.7, centre[1] - radius * 0.3),
                (centre[0] - radius * 0.45, centre[1] - radius * 0.62),
            ],
            "#ffffff",
            width=2.4,
        )

    def _outline(self, path: Sequence[Point], colour: str, width: float = 1.0) -> None:
        weight = max(1, round(self.line * width))
        self._draw.line(list(path), fill=colour, width=weight, joint="curve" if weight > 5 else None)

    def _shade(self, outline: Sequence[Point], fill: str, wide: float) -> None:
        """What of the shape lies not in the shape moved towards the light."""
        left, top, across, down = self._box(outline, math.ceil(wide) + 1)
        mask = Image.new("L", (across, down))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in outline], fill=255)
        lit = ImageChops.offset(mask, -round(wide), -round(wide * 0.45))
        self.canvas.paste(shadow_of(fill), (left, top), ImageChops.subtract(mask, lit))

    @staticmethod
    def _box(path: Sequence[Point], margin: int) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels."""
        left, top = math.floor(min(x for x, _ in path)) - margin, math.floor(min(y for _, y in path)) - margin
        right, bottom = math.ceil(max(x for x, _ in path)) + margin, math.ceil(max(y for _, y in path)) + margin
        return left, top, right - left, bottom - top


def ink_of(fill: str) -> str:
    """The line around a colour: dark, with a breath of it."""
    return mix(INK, fill, 0.16)


def shadow_of(fill: str) -> str:
    """The colour away from the light: darker and cooler."""
    return mix(fill, "#2b2650", 0.24)
