"""A month's spending as a picture: a bar a day, a colour an engine. Imported only in the process that draws.

The colours are told apart with each of the three kinds of colour blindness (OKLab distances of 0.09 and more after
Machado's matrices, where Okabe and Ito's palette has 0.076), and stand out of the card, and of Discord's dark grounds,
by 3:1, of its white one by 2:1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from mv.domain.money import rounded
from mv.domain.spending import EngineSpend, MonthSpend, by_day, by_engine, peak, percent, running
from mv.store.chart_paper import DASHES, DIM, INK, RULE, WIDTH, Paper, at, points, written

COLOURS = ("#3b82f8", "#ed990e", "#6cc581", "#cf9ef4", "#e15210", "#9868ba", "#54886d")
"""The largest engine has the first."""
REST = "#9698a0"
OVER = "#ff8a7a"
"""Of what is above the budget."""

_MARGIN, _TITLE = 40, 34
_LEGEND, _ROW, _SWATCH = 876, 61, 20
_TOP, _FOOT = 128, 566
"""Of the days, and the top of the legend."""
_STRIP = (156, 240)
_BELOW = 306
"""The top of the days where the strip with the budget is above them."""
_HEADROOM = 42
"""For the amount above the highest bar."""
_BAR = 0.74
_LEAST = 4
"""Pixels of the lowest bar: a day that cost anything is seen."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the height of the days stands for."""

    highest: int
    step: float

    @property
    def ticks(self) -> tuple[float, ...]:
        return tuple(self.step * turn for turn in range(1, 9) if self.step * turn <= self.highest * 1.02)


@dataclass(frozen=True, slots=True)
class _Room:
    """From where to where the days are."""

    left: float
    right: float
    top: float

    def panel(self, paper: Paper, days: int, top: float, foot: float) -> Axes:
        axes = paper.panel(self.left, self.right, top, foot)
        axes.set_xlim(0.3, days + 0.7)
        return axes


def draw(month: MonthSpend) -> bytes:
    """A PNG of 1200x640, opaque. Texts may be anything."""
    paper, engines = Paper(), by_engine(month)
    highest = max(sum(max(0, each.days[day]) for each in engines) for day in range(month.days))
    scale = _Scale(highest, step_for(highest))
    widest = max((paper.width(tick(amount, scale.step)) for amount in scale.ticks), default=0.0)
    room = _Room(
        left=_MARGIN + max(60.0, widest + 14),
        right=_LEGEND - 46 if engines else WIDTH - _MARGIN,
        top=_TOP if month.budget is None else _BELOW,
    )
    _title(paper, month)
    if month.budget is not None:
        _strip(paper, room, month, month.budget)
    _days(paper, room, scale, month, engines)
    _legend(paper, month, engines)
    return paper.png()


def _title(paper: Paper, month: MonthSpend) -> None:
    rest = f" in {month.name} · {rounded(max(0, month.total))}"
    room = WIDTH - 2 * _MARGIN - paper.width(rest, _TITLE, "bold")
    whose = paper.fitted(written(month.title) or "Spend", room, _TITLE, "bold")
    paper.write(_MARGIN, 76, whose + rest, size=_TITLE, weight="bold")


def _days(paper: Paper, room: _Room, scale: _Scale, month: MonthSpend, engines: Sequence[EngineSpend]) -> None:
    axes = room.panel(paper, month.days, room.top, _FOOT)
    height = _FOOT - room.top
    ceiling = max(scale.highest, 1) * height / (height - _HEADROOM)
    axes.set_ylim(0, ceiling)
    if scale.highest:
        for amount in (0.0, *scale.ticks):
            _, y = at(axes, 1, amount)
            paper.rule(room.left, room.right, y, RULE, 1.5)
            paper.write(room.left - 14, y + 9, tick(amount, scale.step), DIM, align="right")
        _bars(axes, month, engines, ceiling * _LEAST / height)
        _summit(paper, room, axes, month)
    else:
        paper.write((room.left + room.right) / 2, (room.top + _FOOT) / 2 + 9, "Nothing was spent", DIM, align="center")
    paper.rule(room.left, room.right, _FOOT, DIM, 2)
    _calendar(paper, axes, month)


def _bars(axes: Axes, month: MonthSpend, engines: Sequence[EngineSpend], least: float) -> None:
    """All in one collection, which is drawn four times as fast as a bar by itself each."""
    shapes: list[tuple[tuple[float, float], ...]] = []
    colours: list[str] = []
    for day in range(month.days):
        parts: list[tuple[float, str]] = [
            (max(0, each.days[day]), colour_of(each, place)) for place, each in enumerate(engines)
        ]
        if 0 < sum(height for height, _ in parts) < least:
            parts = [(least, max(parts, key=lambda part: part[0])[1])]
        left, right, foot = day + 1 - _BAR / 2, day + 1 + _BAR / 2, 0.0
        for height, colour in parts:
            if height:
                shapes.append(((left, foot), (left, foot + height), (right, foot + height), (right, foot)))
                colours.append(colour)
                foot += height
    axes.add_collection(PolyCollection(shapes, facecolors=colours, linewidths=0, snap=True), autolim=False)


def _summit(paper: Paper, room: _Room, axes: Axes, month: MonthSpend) -> None:
    """What the day cost that cost most, above its bar."""
    number = peak(month)
    if number is None:
        return
    amount = by_day(month)[number - 1]
    x, y = at(axes, number, amount)
    half = paper.width(rounded(amount)) / 2
    paper.write(min(max(x, room.left + half), room.right - half), y - 12, rounded(amount), align="center")


def _calendar(paper: Paper, axes: Axes, month: MonthSpend) -> None:
    """The first day, every fifth, and today, which stands out."""
    today = month.days_so_far if month.today is not None else 0
    shown = {number for number in (1, *range(5, month.days + 1, 5)) if not today or abs(number - today) > 1}
    for number in shown | {today} - {0}:
        x, _ = at(axes, number, 0)
        if number == today:
            paper.write(x, _FOOT + 38, str(number), weight="bold", align="center")
        else:
            paper.write(x, _FOOT + 38, str(number), DIM, align="center")


def _strip(paper: Paper, room: _Room, month: MonthSpend, budget: int) -> None:
    """How the month comes up to its budget: a line below a dashed one, or through it."""
    top, foot = _STRIP
    sums = (0, *running(month))
    ends = [number + 0.5 for number in range(len(sums))]
    over = sums[-1] > budget
    colour = OVER if over else INK
    axes = room.panel(paper, month.days, top, foot)
    axes.set_ylim(0, max(budget, *sums, 1) * 1.05)
    axes.fill_between(ends, sums, color=colour, alpha=0.14, linewidth=0)
    axes.plot(ends, sums, color=colour, linewidth=points(3), clip_on=False)
    axes.plot(ends[-1:], sums[-1:], "o", color=colour, markersize=points(11), clip_on=False)
    axes.axhline(budget, color=INK, linewidth=points(2.5), dashes=DASHES)
    paper.rule(room.left, room.right, foot, RULE, 1.5)
    paper.rule(room.left, room.left + 44, _TOP + 8, INK, 2.5, dashed=True)
    used = f" · {percent(max(0, month.total), budget)} used" if budget > 0 else ""
    paper.write(room.left + 58, _TOP + 16, f"Budget {rounded(budget)}{used}", OVER if over else DIM)
    paper.write(room.left, _BELOW - 10, "Per day", DIM)


def _legend(paper: Paper, month: MonthSpend, engines: Sequence[EngineSpend]) -> None:
    left, total = _LEGEND + _SWATCH + 14, month.total
    for place, each in enumerate(engines):
        y = _TOP + place * _ROW
        paper.box(_LEGEND, y - 2, _SWATCH, colour_of(each, place))
        paper.write(left, y + 16, paper.fitted(_name(each, place), WIDTH - 36 - left))
        share = f" · {percent(each.spend, total)}" if len(engines) > 1 and 0 < each.spend <= total else ""
        paper.write(left, y + 43, f"{rounded(max(0, each.spend))}{share}", DIM, size=22)


def _name(each: EngineSpend, place: int) -> str:
    if each.is_rest:
        return f"{each.engines} other{'s' if each.engines > 1 else ''}"
    return written(each.engine) or f"engine {place + 1}"


def colour_of(each: EngineSpend, place: int) -> str:
    """Of the engine in that place."""
    return REST if each.is_rest else COLOURS[place]


def step_for(highest: float) -> float:
    """Between two lines of the scale: 1, 2 or 5 times a power of ten, so that there are two to five; a micro-dollar
    at least."""
    power = 10.0 ** floor(log10(max(highest, 1)))
    return max(1.0, next(power * by for by in (0.2, 0.5, 1.0, 2.0) if highest / (power * by) < 5.5))


def tick(amount: float, step: float) -> str:
    """`$0.50`, `$250`, `$1.5M`, with as many decimals as the step between two of them needs."""
    for unit, sign in ((10**12, "M"), (10**9, "k")):
        if step >= unit / 2 and amount:
            return f"${amount / unit:g}{sign}"
    dollars = step / 10**6
    places = 0 if dollars >= 1 or not amount else max(2, -floor(log10(dollars)))
    return f"${amount / 10**6:,.{places}f}"
