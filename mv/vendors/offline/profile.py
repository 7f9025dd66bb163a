"""Bodies from the side, looking to the right: the far leg first, then the near one, the trunk, and the near arm."""

from __future__ import annotations

from mv.vendors.offline.build import (
    LONG_COATS,
    Marks,
    bare_arms,
    bare_legs,
    booted,
    leg_colour,
    sleeve_colour,
)
from mv.vendors.offline.colours import mix, shade
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points
from mv.vendors.offline.pen import Pen

_FAR = "#2b2650"


def body(pen: Pen, looks: Looks, marks: Marks) -> None:
    """Without the head."""
    neck = "-.22,.72 .12,.8 .12,S+.05 -.2,S+.05"
    pen.shape(points(neck, marks), mix(looks.skin, _FAR, 0.1), shade=0)
    _leg(pen, looks, marks, swing=0.12, far=True)
    _leg(pen, looks, marks, swing=-0.06, far=False)
    if looks.bottom == "shorts":
        pen.shape(points("d,W+.06 d1.04,H d1.02,K-.2 -d1.06,K-.2 -d1.14,H -d.96,W+.06", marks), looks.bottom_colour)
    if looks.bottom == "skirt":
        _skirt(pen, marks, looks.bottom_colour)
    _trunk(pen, looks, marks)
    _arm(pen, looks, marks)
    if "scarf" in looks.extras:
        scarf = "-.22,S-.26 .18,S-.2 .26,S+.02 0,S+.12 -.28,S+.04"
        pen.shape(points(scarf, marks), looks.accent, shade=0.05)
    if "backpack" in looks.extras:
        pack = "-d.8,S+.06 -d-.36,S+.2 -d-.38,H-.1 -d.8,H-.06"
        pen.shape(points(pack, marks), looks.accent, shade=0.07)


def _leg(pen: Pen, looks: Looks, marks: Marks, *, swing: float, far: bool) -> None:
    slim = 0.82 if bare_legs(looks) or looks.bottom == "tights" else 1.0
    own = {**marks, "x": swing, "k": 0.2 * slim * min(1.25, looks.width), "e": 0.145 * slim}
    own["p"], own["q"] = swing * 0.6 + own["k"], swing + own["e"]
    own["r"], own["t"] = swing * 0.6 - own["k"] * 1.1, swing - own["e"] * 1.1
    colour, shoe = (mix(c, _FAR, 0.22) if far else c for c in (leg_colour(looks), looks.shoes_colour))
    outline = "d.86,H-.06 d.98,H+.06 d.9,C+.1 p,K q,A t,A r,K -d.98,C+.08 -d1.08,H+.06 -d.94,H-.06"
    pen.shape(points(outline, own), colour, shade=0.06)
    if booted(looks):
        pen.shape(points("x-.2,B x+.2,B x+.18,A+.02 x-.18,A+.02", own), shoe, shade=0.05)
        pen.shape(points("x-.21,B-.03 x+.21,B-.03 x+.21,B+.08 x-.21,B+.08", own), shade(shoe, 1.25), shade=0)
    sole = "x-.17,A-.02 x+.13,A-.02 x+.26,F-.12 x+.42,F-.07 x+.4,F x+.1,F+.005 x-.17,F x-.2,F-.08"
    pen.shape(points(sole, own), shoe, shade=0.04)


def _skirt(pen: Pen, marks: Marks, colour: str) -> None:
    outline = "d.9,W d1.3,H d1.8,L d.9,L+.05 0,L+.02 -d.9,L+.05 -d1.8,L -d1.4,H -d.9,W"
    pen.shape(points(outline, marks), colour, shade=0.1)


def _trunk(pen: Pen, looks: Looks, marks: Marks) -> None:
    top, colour = looks.top, sleeve_colour(looks)
    own = {
        **marks,
        "b": marks["d"] * (1.22 if looks.width > 1.2 else 0.96),
        "c": marks["d"] * (1.12 if looks.hips > 1 else 1.02),
    }
    back = "-d.86,W -d1.06,S+.34 -d.8,S -.12,S-.14"
    outline = f".02,S-.14 d.7,S+.06 c,S+.38 b,W d1.04,E 0,E+.02 -d1.13,E {back}"
    if top == "dress":
        outline = f".02,S-.14 d.7,S+.06 c,S+.38 b,W 0,W+.06 {back}"
    elif top in LONG_COATS:
        outline = (
            ".06,S-.18 d.8,S+.06 c1.02,S+.4 b1.06,W d1.3,H d1.62,L 0,L+.06 -d1.72,L -d1.36,H -d.96,W -d1.16,S+.34 "
            "-d.86,S-.02 -.16,S-.18"
        )
    pen.shape(points(outline, own), colour, shade=0.1)
    if top == "dress":
        _skirt(pen, marks, colour)
        belt = points("-d.94,W-.06 b,W-.06 b,W+.07 -d.98,W+.07", own)
        pen.shape(belt, looks.accent, shade=0.04, smooth=False)
    _details(pen, looks, own)


def _details(pen: Pen, looks: Looks, marks: Marks) -> None:
    top, colour = looks.top, looks.top_colour
    if top == "overalls":
        bib = "d.5,S+.42 c.98,S+.42 b1.06,W d1.08,C -d1.14,C -d,W 0,W-.04"
        pen.shape(points(bib, marks), colour, smooth=False, shade=0.06)
    if top in ("hoodie", "sweater", "jacket"):
        band = points("-d1.17,E-.1 d1.06,E-.1 d1.04,E+.03 -d1.15,E+.03", marks)
        pen.shape(band, shade(colour, 0.82), shade=0.04, smooth=False)
    if top == "hoodie":
        hood = ".02,S-.22 -.3,S-.2 -d1.5,S+.1 -d1.1,S+.4 -.1,S+.1"
        pen.shape(points(hood, marks), shade(colour, 0.86), shade=0.05)
    if top in ("coat", "raincoat", "suit", "shirt", "jacket"):
        collar = "-.2,S-.2 .16,S-.14 d.72,S+.16 .06,S+.06 -.22,S-.02"
        pen.shape(points(collar, marks), shade(colour, 1.16), shade=0.03)
    if "sash" in looks.extras:
        sash = points("-d.5,S d.1,S-.04 b,H-.2 b.9,H", marks)
        pen.shape(sash, looks.accent, shade=0.04, smooth=False)
    if "belt" in looks.extras:
        belt = points("-d.98,W+.08 b1.04,W+.08 b1.05,W+.19 -d1.02,W+.19", marks)
        pen.shape(belt, "#4a342a", shade=0.03, smooth=False)


def _arm(pen: Pen, looks: Looks, marks: Marks) -> None:
    wide = marks["a"]
    pen.oval((0.09, marks["C"] + 0.07), 0.105, 0.148, looks.skin, shade=0.03)
    path = points("-.05,S+.16 -.1,W .06,C-.06", marks)
    if bare_arms(looks):
        pen.limb(path, [wide * 0.9, wide * 0.85, wide * 0.62], looks.skin)
        pen.limb(
            points("-.04,S+.06 -.06,S+.26 -.08,S+.52", marks),
            [wide * 0.95, wide * 1.2, wide * 1.15],
            sleeve_colour(looks),
        )
        return
    pen.limb(path, [wide, wide * 0.88, wide * 0.8], sleeve_colour(looks))
    if looks.top in ("hoodie", "sweater", "jacket"):
        x, y, half = path[2][0], path[2][1], wide * 0.84
        edge = [(x - half, y - 0.06), (x + half, y - 0.06), (x + half * 0.95, y + 0.05), (x - half * 0.95, y + 0.05)]
        pen.shape(edge, shade(sleeve_colour(looks), 0.82), shade=0.03, smooth=False)
