"""The picture of a month's spending: what is on it, and that no text and no amount spoils it."""

from __future__ import annotations

import logging
import warnings
from itertools import combinations

import pytest
from PIL import Image

from mv.domain.spending import by_engine
from mv.store.chart_paper import CARD, DIM, INK, Paper, written
from mv.store.spend_chart import COLOURS, OVER, REST, draw, step_for, tick
from tests.charts.months import HOSTILE, MONTHS, many, month, spend
from tests.darkroom.pictures import opened

Colour = tuple[int, int, int]


def rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colours(picture: Image.Image) -> dict[Colour, int]:
    return {colour: count for count, colour in picture.convert("RGB").getcolors(1 << 20)}  # type: ignore[misc, union-attr]


def light(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in rgb(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", MONTHS)
def test_every_month_is_drawn_quietly(
    name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    draw(month())  # the list of fonts may be made now
    capfd.readouterr()
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        data = draw(MONTHS[name])
    picture = opened(data)
    assert (picture.format, picture.size) == ("PNG", (1200, 640))
    assert len(data) < 200_000
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255), "opaque"
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


@pytest.mark.parametrize("name", MONTHS)
def test_nothing_runs_over_the_edge(name: str) -> None:
    picture = opened(draw(MONTHS[name])).convert("RGB")
    for box in ((3, 3, 1197, 40), (3, 3, 36, 637), (1170, 3, 1197, 637), (3, 616, 1197, 637)):
        assert set(colours(picture.crop(box))) == {rgb(CARD)}, box


@pytest.mark.parametrize("engines", [1, 2, 7, 8, 15])
def test_every_engine_has_its_colour(engines: int) -> None:
    found = colours(opened(draw(month(*many(engines)))))
    expected = [*COLOURS[: min(engines, 7)], *([REST] if engines > 7 else [])]
    for colour in expected:
        assert found.get(rgb(colour), 0) > 700, colour
    for colour in {*COLOURS, REST} - set(expected):
        assert rgb(colour) not in found


def test_the_higher_bar_costs_more() -> None:
    picture = opened(draw(month(spend(1, "a", 2_000_000), spend(30, "a", 1_000_000)))).convert("RGB")
    heights = [sum(picture.getpixel((x, y)) == rgb(COLOURS[0]) for y in range(640)) for x in range(100, 840)]
    left, right = max(heights[:300]), max(heights[400:])
    assert left == pytest.approx(2 * right, abs=2)


def test_a_day_that_cost_next_to_nothing_is_seen() -> None:
    picture = opened(draw(month(spend(1, "a", 1), spend(30, "b", 10**12)))).convert("RGB")
    assert colours(picture.crop((90, 500, 200, 580))).get(rgb(COLOURS[1]), 0) > 20


def test_over_the_budget_is_another_colour() -> None:
    assert rgb(OVER) in colours(opened(draw(MONTHS["over"])))
    assert rgb(OVER) not in colours(opened(draw(MONTHS["empty with a budget"])))


def test_a_budget_adds_a_line() -> None:
    rows = many(2)
    assert draw(month(*rows)) != draw(month(*rows, budget=10**9))


def test_today_stands_out() -> None:
    assert draw(month(*many(1))) != draw(month(*many(1), today=30))


# ── legible ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_text_stands_out_of_the_card() -> None:
    for colour in (INK, DIM, OVER):
        assert contrast(colour, CARD) >= 4.5


@pytest.mark.parametrize("colour", [*COLOURS, REST])
def test_colours_stand_out_of_every_ground(colour: str) -> None:
    for ground in (CARD, "#313338", "#1a1a1e"):
        assert contrast(colour, ground) >= 3
    assert contrast(colour, "#ffffff") >= 2


MACHADO = {
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


@pytest.mark.parametrize("eyes", MACHADO)
def test_colours_are_told_apart_by_all_eyes(eyes: str) -> None:
    seen = [_oklab(_through(MACHADO[eyes], colour)) for colour in (*COLOURS, REST)]
    nearest = min(sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5 for one, two in combinations(seen, 2))
    assert nearest >= 0.08


def _through(eyes: tuple[tuple[float, ...], ...], colour: str) -> list[float]:
    parts = [part / 255 for part in rgb(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in eyes]


def _oklab(linear: list[float]) -> list[float]:
    red, green, blue = linear
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return [
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    ]


# ── texts and numbers ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("$a_b^c$", "$a_b^c$"),
        ("Движок", "Движок"),
        ("a\nb\u202e\ud800\0", "a b"),
        ("灯台守の機械", ""),
        ("灯 tower one", "tower one"),
        ("e\u0301\u0338", "é"),
        ("", ""),
    ],
)
def test_what_the_font_has_is_drawn(text: str, drawn: str) -> None:
    assert written(text) == drawn


@pytest.mark.parametrize("text", [*HOSTILE, "flux-1.1-pro-ultra-by-black-forest-labs"])
@pytest.mark.parametrize("room", [5, 100, 250])
def test_fitted_texts_fit(text: str, room: int) -> None:
    paper, shown = Paper(), written(text)
    fitted = paper.fitted(shown, room)
    assert paper.width(fitted) <= max(room, paper.width("…"))
    assert fitted == shown or "…" in fitted


def test_of_a_long_name_both_ends_are_kept() -> None:
    fitted = Paper().fitted("black-forest-labs-flux-1.1-pro-ultra", 250)
    assert fitted.startswith("black-")
    assert fitted.endswith("ultra")


@pytest.mark.parametrize("exponent", range(18))
@pytest.mark.parametrize("digit", [1, 1.9, 2, 4.9, 5, 9.99])
def test_two_to_five_lines_whatever_the_amount(exponent: int, digit: float) -> None:
    highest = int(digit * 10**exponent)
    step = step_for(highest)
    assert step >= 1
    assert 1 <= int(highest / step) <= 5
    ticks = [tick(step * turn, step) for turn in range(1, int(highest / step) + 1)]
    assert len(set(ticks)) == len(ticks)
    assert all(len(text) <= 9 for text in ticks)


@pytest.mark.parametrize(
    ("amount", "step", "text"),
    [
        (0, 500_000, "$0"),
        (500_000, 500_000, "$0.50"),
        (4_000_000, 2_000_000, "$4"),
        (20, 20, "$0.00002"),
        (1, 1, "$0.000001"),
        (2_000_000_000, 500_000_000, "$2k"),
        (250_000_000_000, 50_000_000_000, "$250k"),
        (1_500_000_000_000, 500_000_000_000, "$1.5M"),
    ],
)
def test_ticks(amount: float, step: float, text: str) -> None:
    assert tick(amount, step) == text


def test_the_legend_is_in_the_order_of_the_bars() -> None:
    chart = month(*many(3))
    assert [each.engine for each in by_engine(chart)] == ["engine-00", "engine-01", "engine-02"]
