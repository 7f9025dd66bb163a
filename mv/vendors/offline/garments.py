"""What makes a trunk a coat, a suit or a hoodie, from the front and the back; drawn over the trunk's plain shape."""

from __future__ import annotations

from collections.abc import Callable

from mv.vendors.offline.build import Marks, sleeve_colour
from mv.vendors.offline.colours import shade
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points, whole
from mv.vendors.offline.pen import Pen, ink_of

Garment = Callable[[Pen, Looks, Marks, bool], None]
"""The last argument is whether the back is seen."""


def dress_up(pen: Pen, looks: Looks, marks: Marks, *, back: bool) -> None:
    """The garment, then what is worn over it."""
    _GARMENTS[looks.top](pen, looks, marks, back)


def skirt(pen: Pen, looks: Looks, marks: Marks) -> None:
    """From the waist to L, with folds."""
    colour = looks.top_colour if looks.top == "dress" else looks.bottom_colour
    flare = 1.55 if looks.top == "dress" and looks.face > 0 else 1.42
    edge = {**marks, "f": marks["h"] * flare}
    outline = "w,W-.04 h1.12,H f,L-.06 f.62,L+.05 f.2,L -f.2,L+.05 -f.62,L -f,L-.06 -h1.12,H -w,W-.04"
    pen.shape(points(outline, edge), colour, shade=0.12)
    for x in (-0.45, 0.05, 0.5):
        fold = [(marks["h"] * x, marks["H"] + 0.1), (edge["f"] * x * 1.05, marks["L"] - 0.12)]
        pen.stroke(fold, ink_of(colour), width=0.7)


def _coat(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    """Down to the knees; in front open, or closed with buttons for a raincoat."""
    colour, ink = looks.top_colour, ink_of(looks.top_colour)
    right = ".13,S-.16 s.7,S-.05 s+.03,S+.14 s.96,S+.45 w1.16,W h1.24,H+.05 h1.42,L"
    if back or looks.top == "raincoat":
        pen.shape(whole(f"0,S-.14 {right} 0,L+.06", marks), colour, shade=0.12)
    if back:
        pen.stroke(points("0,W+.1 0,L+.03", marks), ink)
        pen.stroke(points("-w1.1,W 0,W+.05 w1.1,W", marks), ink)
        return
    if looks.top == "raincoat":
        pen.stroke(points("0,S 0,L+.04", marks), ink)
        pen.shape(whole("0,S-.04 .16,S-.2 .36,S-.02 .3,S+.14 0,S+.02", marks), shade(colour, 1.14), shade=0.04)
        for at in range(4):
            y = marks["S"] + 0.3 + at * (marks["L"] - marks["S"] - 0.6) / 3.2
            pen.oval((0.08, y), 0.034, 0.034, shade(colour, 0.55), line=False)
    else:
        for way in (-1, 1):
            pen.shape(points(f"{right} .2,L+.05 .17,W .06,S+.36", marks, way=way), colour, shade=0.09)
            lapel = points(".13,S-.17 .34,S-.04 .36,S+.2 .07,S+.5", marks, way=way)
            pen.shape(lapel, shade(colour, 1.16), shade=0.04, smooth=False)
    for way in (-1, 1):
        pen.stroke(points("h.55,H h,H-.05", marks, way=way), ink, width=1.3)


def _jacket(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour, ink = looks.top_colour, ink_of(looks.top_colour)
    right = ".12,S-.15 s.7,S-.04 s+.02,S+.13 w1.12,W h1.12,E"
    if back:
        pen.shape(whole(f"0,S-.12 {right} 0,E+.03", marks), colour)
        pen.stroke(points("-s.8,S+.28 0,S+.33 s.8,S+.28", marks), ink)
    else:
        for way in (-1, 1):
            pen.shape(points(f"{right} .09,E+.02 .08,W .13,S+.2", marks, way=way), colour, shade=0.07)
            pen.shape(points(".1,S-.19 .29,S-.06 .24,S+.14 .12,S+.1", marks, way=way), shade(colour, 1.2), shade=0.03)
            pen.stroke(points(".26,W+.02 w.92,W-.06", marks, way=way), ink, width=1.3)
    _band(pen, marks, shade(colour, 0.8))


def _band(pen: Pen, marks: Marks, colour: str) -> None:
    """Knitted, around the hem."""
    outline = "-h1.1,E-.1 0,E-.06 h1.1,E-.1 h1.08,E+.03 0,E+.07 -h1.08,E+.03"
    pen.shape(points(outline, marks), colour, shade=0.05)


def _suit(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour = looks.top_colour
    right = ".15,S-.13 s.72,S-.05 s+.03,S+.1 s.9,S+.45 w1.06,W h1.16,E"
    if back:
        pen.shape(whole(f"0,S-.12 {right} 0,E+.03", marks), colour, shade=0.1)
        pen.stroke(points("0,H 0,E+.02", marks), ink_of(colour))
        return
    if "tie" in looks.extras or looks.face > -0.4:
        tie = points("-.06,S-.02 .06,S-.02 .09,W-.18 0,W-.06 -.09,W-.18", marks)
        pen.shape(tie, looks.accent, shade=0.03, smooth=False)
    for way in (-1, 1):
        pen.shape(points(f"{right} .1,E+.05 0,W+.05 .17,S+.1", marks, way=way), colour, shade=0.08)
        lapel = points(".15,S-.14 .38,S+.06 .3,S+.24 .02,W", marks, way=way)
        pen.shape(lapel, shade(colour, 1.22), shade=0.03, smooth=False)
    for y in (0.06, 0.24):
        pen.oval((0.04, marks["W"] + y), 0.03, 0.03, shade(colour, 0.5), line=False)


def _hoodie(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour = looks.top_colour
    if back:
        pen.shape(whole("0,S-.2 .36,S-.16 .4,S+.12 0,S+.46", marks), shade(colour, 0.86))
    else:
        pen.shape(whole("0,S+.04 .2,S-.22 .4,S-.1 .34,S+.1 0,S+.24", marks), shade(colour, 0.86), shade=0.04)
        for way in (-1, 1):
            pen.stroke(points(".12,S+.16 .13,S+.44", marks, way=way), looks.accent, width=1.7)
        pen.shape(whole(".2,W+.02 .34,E-.12 0,E-.12", marks), shade(colour, 0.92), shade=0.04, smooth=False)
    _band(pen, marks, shade(colour, 0.82))


def _sweater(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour, top = looks.top_colour, marks["S"]
    if "stripes" in looks.extras or looks.face > 0.45:
        for at in range(3):
            y = top + 0.34 + at * 0.24
            share = min(1.0, (y - top - 0.2) / max(0.2, marks["W"] - top))
            wide = marks["s"] * 0.88 + (marks["w"] * 1.04 - marks["s"] * 0.88) * share
            outline = "-x,y 0,y+.04 x,y x,y+.1 0,y+.14 -x,y+.1"
            pen.shape(points(outline, {"x": wide, "y": y}), looks.accent, shade=0.05, smooth=False, line=False)
    pen.shape(whole("0,S-.16 .19,S-.2 .23,S-.02 0,S+.07", marks), shade(colour, 1.18), shade=0.04)
    _band(pen, marks, shade(colour, 0.84))


def _shirt(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour, ink = looks.top_colour, ink_of(looks.top_colour)
    if back:
        pen.stroke(points("-s.8,S+.2 0,S+.24 s.8,S+.2", marks), ink)
        return
    pen.stroke(points("0,S+.05 0,E", marks), ink)
    for at in range(4):
        y = marks["S"] + 0.28 + at * (marks["E"] - marks["S"] - 0.4) / 3
        pen.oval((0.05, y), 0.022, 0.022, ink, line=False)
    pocket = points(".16,S+.38 .4,S+.36 .4,S+.6 .17,S+.62", marks)
    pen.shape(pocket, colour, shade=0.02, smooth=False)
    for way in (-1, 1):
        collar = points("0,S+.02 .15,S-.18 .3,S-.02 .15,S+.2", marks, way=way)
        pen.shape(collar, shade(colour, 1.22), shade=0.03, smooth=False)


def _overalls(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour = looks.top_colour
    for way in (-1, 1):
        pen.limb(points("s.55,S-.06 .26,S+.5", marks, way=way), [0.07, 0.07], colour, shade=0.02)
    bib = "-.3,S+.42 .3,S+.42 .33,W-.06 w1.1,W+.02 h1.08,H h1.06,C -h1.06,C -h1.08,H -w1.1,W+.02 -.33,W-.06"
    pen.shape(points(bib, marks), colour, smooth=False)
    if not back:
        pocket = points("-.17,S+.56 .17,S+.56 .16,S+.82 -.16,S+.82", marks)
        pen.shape(pocket, shade(colour, 1.15), shade=0.03, smooth=False)
        for way in (-1, 1):
            pen.oval((way * 0.25, marks["S"] + 0.48), 0.04, 0.04, "#e0b23f", line=True)


def _jumpsuit(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    colour = looks.top_colour
    pen.shape(points("-w1.08,W 0,W+.04 w1.08,W w1.1,W+.12 0,W+.16 -w1.1,W+.12", marks), shade(colour, 0.72), shade=0.04)
    pen.shape(whole("0,S-.18 .2,S-.2 .24,S-.02 0,S+.04", marks), shade(colour, 0.8), shade=0.04)
    if back:
        return
    pen.stroke(points("0,S+.04 0,W", marks), ink_of(colour), width=1.3)
    patch = points("-.42,S+.3 -.16,S+.3 -.16,S+.46 -.42,S+.46", marks)
    pen.shape(patch, looks.accent, shade=0.02, smooth=False)


def _dress(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    if not back:
        pen.shape(whole("0,S+.2 .16,S-.02 .17,S-.16 0,S-.16", marks), looks.skin, shade=0)
    skirt(pen, looks, marks)
    belt = "-w1.07,W-.07 0,W-.03 w1.07,W-.07 w1.08,W+.06 0,W+.1 -w1.08,W+.06"
    pen.shape(points(belt, marks), looks.accent, shade=0.05)


def _tee(pen: Pen, looks: Looks, marks: Marks, back: bool) -> None:
    if looks.top == "tee" and not back and looks.face > -0.2 and "sash" not in looks.extras:
        pen.oval((0.0, marks["S"] + 0.55), 0.17, 0.17, looks.accent, line=False)
    neckline = points("-.2,S-.06 0,S+.06 .2,S-.06", marks)
    pen.stroke(neckline, ink_of(sleeve_colour(looks)), width=1.3)


def cloak(pen: Pen, looks: Looks, marks: Marks, view: str) -> None:
    """Hanging from the shoulders: behind the body from the front, over all of it from the back."""
    colour = looks.top_colour
    if view == "side":
        outline = ".12,S-.16 -.24,S+.1 -.46,W -.75,A-.3 -.2,A-.22 .02,W"
        pen.shape(points(outline, marks), colour, shade=0.1)
        return
    pen.shape(whole("0,S-.14 s.8,S s+.2,W s+.42,A-.3 s.5+.2,A-.2 0,A-.3", marks), colour, shade=0.14)
    if view == "back":
        for x in (-0.4, 0.0, 0.4):
            pen.stroke([(x * 0.7, marks["S"] + 0.5), (x * 1.3, marks["A"] - 0.35)], ink_of(colour), width=0.8)


def clasp(pen: Pen, looks: Looks, marks: Marks) -> None:
    """A cloak's collar, from the front."""
    pen.shape(whole("0,1.02 .3,1.04 s+.06,S+.12 .34,S+.24 0,S+.34", marks), looks.top_colour)
    pen.oval((0.0, marks["S"] + 0.14), 0.07, 0.07, looks.accent, shade=0.03)


_GARMENTS: dict[str, Garment] = {
    "coat": _coat,
    "raincoat": _coat,
    "jacket": _jacket,
    "suit": _suit,
    "hoodie": _hoodie,
    "sweater": _sweater,
    "shirt": _shirt,
    "overalls": _overalls,
    "jumpsuit": _jumpsuit,
    "dress": _dress,
    "tee": _tee,
    "cloak": _tee,
}
