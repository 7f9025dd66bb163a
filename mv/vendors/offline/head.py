"""Heads of people, from the front, the side and the back. One unit is the head's height, its crown at zero, its chin at
one; from the side it looks to the right. `mood` is calm, glad, awed or asleep."""

from __future__ import annotations

import math

from mv.vendors.offline import hair
from mv.vendors.offline.colours import mix
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points, whole
from mv.vendors.offline.pen import INK, Pen, Point, ink_of

_PROFILE = (
    "-.02,0 .2,.04 .345,.18 .38,.36 .375,.46 .43,.57 .475,.64 .4,.685 .395,.735 .415,.775 .385,.825 .385,.9 .31,.99 "
    ".14,.965 -.02,.86 -.12,.76 -.3,.72 -.41,.5 -.39,.22 -.23,.04"
)
_SIDE_BEARD = ".4,.72 .3,.73 .18,.7 .04,.5 -.04,.74 .06,.98 .26,1.14 .4,1.05 .41,.86 .36,.82 .42,.77"
_MOUSTACHE = "0,.735 .13,.72 .2,.79 .1,.775 0,.765 -.1,.775 -.2,.79 -.13,.72"
_FRAME = "#3b3438"
_BLUSH = "#e2574c"


def head(pen: Pen, looks: Looks, view: str, mood: str = "calm") -> None:
    """Face or nape, hair in front, hat."""
    if view == "side":
        _side(pen, looks)
    elif view == "back":
        for way in (-1, 1):
            pen.oval((way * 0.41, 0.56), 0.07, 0.11, looks.skin, shade=0.02)
        hair.back(pen, looks)
    else:
        _front(pen, looks, mood)
    hair.braid(pen, looks, view)
    hair.hat(pen, looks, view)


def _front(pen: Pen, looks: Looks, mood: str) -> None:
    half, jaw = 0.4 + 0.015 * looks.face, 0.335 + 0.025 * looks.face
    for way in (-1, 1):
        pen.oval((way * (half + 0.005), 0.56), 0.075, 0.11, looks.skin, shade=0.02)
    pen.shape(whole("0,0 .27,.05 f,.34 f.98,.58 j,.81 .14,.985 0,1", {"f": half, "j": jaw}), looks.skin)
    if "beard" in looks.extras:
        outer = points("f.99,.56 f,.76 .28,1.04 .1,1.16 0,1.18", {"f": half})
        inner = points("-.3,.68 -.14,.74 0,.72 .14,.74 .3,.68")
        beard = [*outer, *((-x, y) for x, y in reversed(outer[:-1])), *inner]
        pen.shape(beard, looks.beard_colour or looks.hair, shade=0.06)
    _features(pen, looks, mood)
    hair.front(pen, looks)


def _features(pen: Pen, looks: Looks, mood: str) -> None:
    ink = ink_of(looks.skin)
    lift = 0.03 if mood == "awed" else 0.0
    for way in (-1, 1):
        pen.oval((way * 0.255, 0.685), 0.075, 0.045, mix(looks.skin, _BLUSH, 0.26), line=False)
        eye(pen, looks, (way * 0.175, 0.545), way, mood)
        brow = [(x, y - lift) for x, y in points(".085,.435 .18,.405 .27,.44", way=way)]
        pen.stroke(brow, _brow(looks), width=1.7)
    pen.stroke(points("0,.6 .032,.675 -.012,.69"), ink)
    _mouth(pen, mood, mix(ink, "#a33b3b", 0.35))
    if looks.extras & {"moustache", "beard"}:
        pen.shape(points(_MOUSTACHE), looks.beard_colour or looks.hair, shade=0.02)
    if looks.old:
        for way in (-1, 1):
            pen.stroke(points(".29,.59 .33,.61", way=way), ink, width=0.7)
            pen.stroke(points(".13,.72 .17,.79", way=way), ink, width=0.7)
    if "freckles" in looks.extras:
        for way in (-1, 1):
            for at in points(".2,.63 .26,.65 .31,.625 .23,.68 .05,.64", way=way):
                pen.oval(at, 0.011, 0.011, mix(looks.skin, "#8a4b2a", 0.55), line=False)
    eyewear(pen, looks)


def _brow(looks: Looks) -> str:
    return mix("#4a3b35" if looks.hair_style == "bald" else looks.hair, INK, 0.35)


def eye(pen: Pen, looks: Looks, at: Point, way: int, mood: str) -> None:
    """`way` is 1 for the one on the right of the picture."""
    x, y = at
    if mood in ("asleep", "glad"):
        bend = 0.035 if mood == "asleep" else -0.04
        pen.stroke([(x - 0.07, y), (x, y + bend), (x + 0.07, y)], INK, width=1.5)
        return
    tall = 0.075 if mood == "awed" else 0.06
    pen.oval(at, 0.078, tall, "#fbf8f2", line=False)
    pen.oval((x, y + 0.004), 0.045, 0.05, looks.eyes, line=False)
    pen.oval((x, y + 0.004), 0.022, 0.026, INK, line=False)
    pen.oval((x - 0.016, y - 0.018), 0.012, 0.012, "#ffffff", line=False)
    lid = [(x - 0.08, y - 0.012), (x - 0.02, y - tall - 0.004), (x + 0.05, y - tall + 0.008), (x + 0.085, y - 0.002)]
    pen.stroke(lid, INK, width=1.5)
    if looks.hips > 1:
        pen.stroke([(x + way * 0.075, y - 0.01), (x + way * 0.108, y - 0.032)], INK, width=1.3)


def _mouth(pen: Pen, mood: str, colour: str) -> None:
    if mood == "awed":
        pen.oval((0.0, 0.815), 0.05, 0.06, colour, line=False)
    elif mood == "glad":
        pen.shape(points("-.12,.785 0,.805 .12,.785 .06,.88 -.06,.88"), "#7d2f35", shade=0)
    else:
        pen.stroke(points("-.085,.797 0,.823 .09,.791"), colour, width=1.3)


def eyewear(pen: Pen, looks: Looks) -> None:
    """Glasses and the eye patch, from the front."""
    if looks.extras & {"glasses", "sunglasses"}:
        for way in (-1, 1):
            if "sunglasses" in looks.extras:
                pen.oval((way * 0.18, 0.55), 0.125, 0.1, "#2b2d38", line=True)
                pen.stroke([(way * 0.18 - 0.05, 0.52), (way * 0.18 + 0.01, 0.49)], "#8d93a8", width=1.2)
            else:
                _ring(pen, (way * 0.18, 0.55), 0.125, 0.11)
            pen.stroke(points(".305,.53 .41,.52", way=way), _FRAME, width=1.3)
        pen.stroke(points("-.06,.54 0,.525 .06,.54"), _FRAME, width=1.5)
    if "eyepatch" in looks.extras:
        pen.stroke(points("-.4,.36 .05,.5 .4,.58"), "#2b2730", width=1.4)
        pen.oval((0.175, 0.555), 0.105, 0.09, "#2b2730", line=True)


def _ring(pen: Pen, centre: Point, rx: float, ry: float) -> None:
    turns = [math.tau * at / 16 for at in range(17)]
    pen.stroke([(centre[0] + rx * math.cos(t), centre[1] + ry * math.sin(t)) for t in turns], _FRAME, width=1.5)


def _side(pen: Pen, looks: Looks) -> None:
    ink = ink_of(looks.skin)
    pen.shape(points(_PROFILE), looks.skin)
    pen.oval((0.2, 0.68), 0.07, 0.045, mix(looks.skin, _BLUSH, 0.26), line=False)
    pen.oval((0.27, 0.545), 0.042, 0.058, "#fbf8f2", line=False)
    pen.oval((0.285, 0.55), 0.027, 0.046, looks.eyes, line=False)
    pen.oval((0.29, 0.55), 0.014, 0.024, INK, line=False)
    pen.stroke(points(".205,.54 .26,.485 .315,.505"), INK, width=1.5)
    pen.stroke(points(".2,.435 .27,.405 .34,.43"), _brow(looks), width=1.7)
    pen.stroke(points(".395,.785 .34,.795 .285,.785"), mix(ink, "#a33b3b", 0.35), width=1.3)
    if "beard" in looks.extras:
        pen.shape(points(_SIDE_BEARD), looks.beard_colour or looks.hair, shade=0.05)
    hair.side(pen, looks)
    pen.oval((-0.06, 0.57), 0.07, 0.11, looks.skin, shade=0.02)
    pen.stroke(points("-.085,.53 -.05,.51 -.035,.57"), ink, width=0.9)
    if looks.extras & {"glasses", "sunglasses"}:
        pen.stroke(points("-.05,.5 .2,.525"), _FRAME, width=1.4)
        if "sunglasses" in looks.extras:
            pen.oval((0.3, 0.55), 0.085, 0.1, "#2b2d38", line=True)
        else:
            _ring(pen, (0.3, 0.55), 0.08, 0.1)
    if "eyepatch" in looks.extras:
        pen.stroke(points("-.4,.46 .1,.5 .36,.4"), "#2b2730", width=1.4)
