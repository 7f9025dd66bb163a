"""What charts are drawn on: a card measured in pixels, and the one font on it. Imported only in the process that draws.

Discord shows 550 of the 1200 pixels in width: what can be read there is 22 pixels high here. The card brings its own
ground, so that a member's theme does not matter.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_left
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.transforms import IdentityTransform

from mv.domain.spelling import drawable

WIDTH, HEIGHT = 1200, 640
CARD, EDGE, RULE, INK, DIM = "#202227", "#3a3d45", "#363941", "#f2f3f5", "#b5b9c2"
TEXT = 24
FONT = "DejaVu Sans"
"""matplotlib brings it along."""
Weight = Literal["normal", "bold"]
Align = Literal["left", "center", "right"]


class Paper:
    """Places are pixels from the left upper corner. Nothing in a text is taken for a formula."""

    def __init__(self) -> None:
        matplotlib.rcParams.update({"font.family": [FONT], "text.parse_math": False})
        self._figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=CARD)
        self._canvas = FigureCanvasAgg(self._figure)
        self._add(Rectangle((1, 1), WIDTH - 2, HEIGHT - 2, fill=False, edgecolor=EDGE, linewidth=points(2)))

    def box(self, x: float, y: float, edge: float, colour: str) -> None:
        """A square, from its left upper corner."""
        self._add(Rectangle((x, HEIGHT - y - edge), edge, edge, facecolor=colour, linewidth=0))

    def rule(self, left: float, right: float, y: float, colour: str, width: float, *, dashed: bool = False) -> None:
        """A level line, below whatever else is there."""
        y = HEIGHT - y
        line = Line2D((left, right), (y, y), color=colour, linewidth=points(width), zorder=-1)
        if dashed:
            line.set_dashes(DASHES)
        self._add(line)

    def write(
        self,
        x: float,
        y: float,
        text: str,
        colour: str = INK,
        *,
        size: int = TEXT,
        weight: Weight = "normal",
        align: Align = "left",
    ) -> None:
        """One line whose letters stand on y."""
        self._figure.text(
            x / WIDTH,
            1 - y / HEIGHT,
            text,
            color=colour,
            fontsize=points(size),
            fontweight=weight,
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
        )

    def width(self, text: str, size: int = TEXT, weight: Weight = "normal") -> float:
        """Of a text, in pixels."""
        font = FontProperties(family=FONT, weight=weight, size=points(size))
        pen = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        return float(pen.get_text_width_height_descent(text, font, ismath=False)[0])

    def fitted(self, text: str, room: float, size: int = TEXT, weight: Weight = "normal") -> str:
        """Without its middle, if it is too wide: names of engines differ at their ends."""

        def without(count: int) -> str:
            head, tail = (len(text) - count + 1) // 2, (len(text) - count) // 2
            return f"{text[:head].rstrip()}…{text[len(text) - tail :].lstrip()}" if count else text

        counts = range(len(text))
        fits = bisect_left(counts, True, key=lambda count: self.width(without(count), size, weight) <= room)
        return without(fits) if fits < len(text) else "…"

    def panel(self, left: float, right: float, top: float, foot: float) -> Axes:
        """Room for bars or a line; without a frame, and nothing written in it."""
        place = (left / WIDTH, 1 - foot / HEIGHT, (right - left) / WIDTH, (foot - top) / HEIGHT)
        axes = self._figure.add_axes(place, facecolor="none")
        axes.set_axis_off()
        return axes

    def png(self) -> bytes:
        """The picture."""
        file = io.BytesIO()
        self._figure.savefig(file, format="png", dpi=100, metadata={"Software": None})
        return file.getvalue()

    def _add(self, shape: Rectangle | Line2D) -> None:
        shape.set_transform(IdentityTransform())
        self._figure.add_artist(shape)


DASHES = (4, 3)


def points(pixels: float) -> float:
    """What matplotlib measures in."""
    return pixels * 0.72


def at(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a value of the panel is on the paper."""
    across, up = axes.transData.transform((x, y))
    return float(across), HEIGHT - float(up)


def written(text: str) -> str:
    """As much of a text as the font has, on one line; what it lacks is spelled in Latin letters, or left out."""
    kept = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFC", text) if c.isspace() or _seen(c))
    kept = " ".join(kept.split())
    font = get_font(findfont(FontProperties(family=FONT)))
    return kept if all(font.get_char_index(ord(c)) for c in kept) else drawable(kept)


def _seen(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CM"
