"""Hair and hats, from the front, the side and the back; in the head's units, its crown at zero and its chin at one."""

from __future__ import annotations

import math

from mv.vendors.offline.colours import mix, shade
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points, whole
from mv.vendors.offline.pen import Pen, Point, ink_of

_CAP = "-.425,.5 -.472,.24 -.4,.04 -.23,-.085 0,-.125 .23,-.085 .4,.04 .472,.24 .425,.5"
_FRINGES = {
    "side": "-.4,.46 -.33,.36 -.16,.2 .06,.17 .26,.25 .37,.4",
    "middle": "-.385,.44 -.3,.29 -.12,.17 0,.1 .12,.17 .3,.29 .385,.44",
    "straight": "-.38,.42 -.32,.37 -.14,.365 .14,.365 .32,.37 .38,.42",
    "swept": "-.39,.4 -.31,.22 -.2,.2 .02,.31 .28,.36 .385,.45",
}
_CURLS = "-.42,.45 -.34,.28 -.22,.28 -.08,.21 .06,.25 .2,.21 .33,.33 .42,.39"
_SPIKES = "-.33,.36 -.2,.26 -.09,.37 .03,.27 .15,.38 .24,.3 .37,.36 .43,.5"
_BACK = "0,-.125 .23,-.085 .4,.04 .47,.26 .45,.56 .36,.82 .18,.95 0,.96"
_SIDE = (
    ".36,.23 .27,.02 .04,-.115 -.25,-.06 -.46,.2 -.475,.5 -.36,.76 "
    "-.2,.74 -.15,.55 -.12,.42 0,.4 .05,.52 .09,.38 .22,.3"
)
_SIDE_SPIKES = (
    ".36,.25 .5,0 .26,.02 .22,-.24 0,-.08 -.16,-.26 -.28,-.02 -.54,-.06 -.46,.2 "
    "-.62,.36 -.45,.5 -.36,.76 -.2,.7 -.12,.42 .03,.4 .08,.5 .1,.36 .24,.3"
)
_BACK_SPIKES = (
    ".44,.5 .6,.2 .44,.12 .44,-.18 .2,-.06 .06,-.3 -.12,-.08 -.36,-.24 -.4,.06 "
    "-.6,.12 -.48,.34 -.52,.6 -.3,.66 -.16,.98 0,.84 .2,.98 .3,.7"
)
_CRESTS = {
    "front": "-.1,.18 -.14,-.12 -.05,-.36 0,-.42 .05,-.36 .14,-.12 .1,.18",
    "side": ".28,.1 .26,-.2 0,-.38 -.32,-.28 -.56,.1 -.48,.5 -.38,.3 -.15,.06",
    "back": "-.1,.8 -.14,0 -.05,-.36 0,-.42 .05,-.36 .14,0 .1,.8",
}
_FALLING = {
    "long": ("0,-.1 .36,-.04 .52,.32 .57,.9 .55,1.55 .36,1.76 0,1.68",
             "-.1,-.06 -.42,.06 -.56,.45 -.6,1 -.57,1.62 -.3,1.78 -.06,1.45 0,.9 0,.4"),
    "bob": ("0,-.1 .38,-.03 .53,.32 .56,.8 .45,1.02 .2,.98 0,.98",
            "-.1,-.06 -.42,.06 -.54,.45 -.53,.9 -.3,1.02 -.02,.94 .02,.5"),
    "ponytail": ("0,.1 .17,.25 .2,.8 .08,1.4 0,1.5", "-.36,.16 -.62,.2 -.72,.6 -.62,1.15 -.52,1.3 -.5,.8 -.46,.42"),
}  # fmt: skip
_TIED = ("bun", "ponytail", "braid", "pigtails")
_TIGHT = 0.945


def behind(pen: Pen, looks: Looks, view: str) -> None:
    """What falls behind head and shoulders."""
    style, colour, side = looks.hair_style, looks.hair, view == "side"
    if looks.hat == "hood":
        return
    if style in _FALLING and (style != "ponytail" or view != "front"):
        front, profile = _FALLING[style]
        pen.shape(points(profile) if side else whole(front), colour)
    elif style in ("curly", "afro"):
        grown, y = (0.74, 0.3) if style == "afro" else (0.6, 0.38)
        pen.shape(_cloud((-0.12 if side else 0.0, y), grown), colour, shade=0.12)
    elif style == "pigtails" and not side:
        for way in (-1, 1):
            pen.shape(points(".38,.5 .62,.5 .72,.95 .6,1.4 .52,.98", way=way), colour)
    elif style == "bun":
        pen.oval((-0.3, -0.1) if side else (0.0, -0.22), 0.22, 0.2, colour, shade=0.07)


def _cloud(centre: Point, radius: float) -> list[Point]:
    """A round outline with bumps: curls."""
    turns = ((math.tau * at / 22, radius * (1.0 if at % 2 == 0 else 0.9)) for at in range(22))
    return [(centre[0] + far * math.cos(turn), centre[1] + far * math.sin(turn)) for turn, far in turns]


def shaven(looks: Looks) -> str:
    """The colour of a scalp with little or no hair."""
    if looks.hair_style == "bald":
        return looks.skin
    return mix(
        looks.skin, looks.hair if looks.hair_style == "buzz" else "#3a3033", 0.7 if looks.hair_style == "buzz" else 0.3
    )


def front(pen: Pen, looks: Looks) -> None:
    """Over the forehead."""
    style = looks.hair_style
    if style == "bald":
        return
    if style in ("buzz", "mohawk"):
        cap = [(x * _TIGHT, y * 0.95 + 0.012) for x, y in points(_CAP)]
        pen.shape([*cap, *reversed(points(_FRINGES["middle"]))], shaven(looks), shade=0.04)
        if style == "mohawk":
            pen.shape(points(_CRESTS["front"]), looks.hair)
        return
    if style == "spiky":
        pen.shape([*_crown_of_spikes(), *reversed(points(_SPIKES))], looks.hair, smooth=False)
        return
    fringe = "middle" if style in _TIED and looks.fringe == "straight" else looks.fringe
    edge = _CURLS if style in ("curly", "afro") else _FRINGES[fringe]
    pen.shape([*points(_CAP), *reversed(points(edge))], looks.hair, shade=0.06)
    if style not in ("curly", "afro"):
        pen.stroke(points("-.28,.09 -.16,.01 -.02,-.02"), shade(looks.hair, 1.35), width=1.4)


def _crown_of_spikes() -> list[Point]:
    spikes: list[Point] = [(-0.43, 0.5)]
    for at in range(7):
        turn = math.pi * (1.08 - at * 0.193)
        spikes.append((0.49 * math.cos(turn), 0.28 - 0.36 * math.sin(turn)))
        spikes.append((0.62 * math.cos(turn - 0.1), 0.24 - 0.52 * math.sin(turn - 0.1)))
    return spikes


def side(pen: Pen, looks: Looks) -> None:
    """Around the ear."""
    style = looks.hair_style
    if style in ("buzz", "mohawk"):
        pen.shape([(x * 0.95, y * 0.96 + 0.015) for x, y in points(_SIDE)], shaven(looks), shade=0.04)
    if style == "mohawk":
        pen.shape(points(_CRESTS["side"]), looks.hair)
    elif style == "spiky":
        pen.shape(points(_SIDE_SPIKES), looks.hair, smooth=False)
    elif style not in ("bald", "buzz"):
        pen.shape(points(_SIDE), looks.hair, shade=0.06)
    if style == "pigtails":
        pen.shape(points("-.2,.5 0,.52 .04,.95 -.06,1.4 -.16,.98"), looks.hair)


def back(pen: Pen, looks: Looks) -> None:
    """All of the head that is not ears."""
    close = looks.hair_style in ("bald", "buzz", "mohawk")
    pen.shape(whole(_BACK), shaven(looks) if close else looks.hair)
    behind(pen, looks, "back")
    if looks.hair_style == "mohawk":
        pen.shape(points(_CRESTS["back"]), looks.hair)
    elif looks.hair_style == "spiky":
        pen.shape(points(_BACK_SPIKES), looks.hair, smooth=False)


def braid(pen: Pen, looks: Looks, view: str) -> None:
    """Over the shoulder, down the back; tied with the accent's colour."""
    if looks.hair_style != "braid" or looks.hat == "hood":
        return
    x, y = {"front": (-0.43, 0.78), "side": (-0.44, 0.72), "back": (0.0, 0.72)}[view]
    for at in range(7):
        pen.oval((x + (0.025 if at % 2 else -0.025), y), 0.115 - at * 0.006, 0.105, looks.hair, shade=0.04)
        y += 0.155
    pen.shape(
        [(x + dx, y + dy - 0.05) for dx, dy in points("-.04,0 .04,0 .07,.16 0,.22 -.07,.16")], looks.hair, shade=0.03
    )
    pen.stroke([(x - 0.05, y - 0.04), (x + 0.05, y - 0.04)], looks.accent, width=2.6)


def hat(pen: Pen, looks: Looks, view: str) -> None:
    """Whatever is worn on the head."""
    draw = _HATS.get(looks.hat)
    if draw is not None:
        draw(pen, looks, view)


def _brim(pen: Pen, looks: Looks, view: str) -> None:
    colour = looks.hat_colour
    pen.shape(points("-.38,.12 -.36,-.2 -.2,-.34 0,-.29 .2,-.34 .36,-.2 .38,.12"), colour)
    band = looks.accent if looks.accent != colour else shade(colour, 0.6)
    pen.shape(points("-.385,.02 .385,.02 .4,.13 -.4,.13"), band, shade=0, smooth=False)
    pen.shape(points("-.76,.17 -.3,.1 .3,.1 .76,.17 .35,.25 -.35,.25"), colour)


def _cap(pen: Pen, looks: Looks, view: str) -> None:
    colour = looks.hat_colour
    if looks.hat == "beret":
        pen.shape(points("-.5,.1 -.62,-.06 -.3,-.24 .15,-.22 .48,0 .44,.16 0,.12"), colour)
        return
    pen.shape(points("-.48,.24 -.46,.02 -.26,-.17 0,-.2 .26,-.17 .46,.02 .48,.24 0,.2"), colour)
    if looks.hat == "beanie":
        pen.shape(points("-.49,.16 0,.11 .49,.16 .49,.32 0,.27 -.49,.32"), shade(colour, 0.85), shade=0.04)
        pen.oval((0.0, -0.24), 0.1, 0.09, looks.accent, shade=0.04)
    elif view != "back":
        peak = ".3,.18 .72,.24 .74,.32 .34,.31" if view == "side" else "-.34,.2 0,.15 .34,.2 .4,.34 0,.29 -.4,.34"
        pen.shape(points(peak), shade(colour, 0.8), shade=0.03)


def _crown(pen: Pen, looks: Looks, view: str) -> None:
    pen.shape(points("-.36,.1 -.42,-.28 -.2,-.08 0,-.36 .2,-.08 .42,-.28 .36,.1 0,.15"), "#e0b23f", smooth=False)
    for x in (-0.18, 0.0, 0.18):
        pen.oval((x, 0.04), 0.035, 0.035, looks.accent, line=True)


def _headphones(pen: Pen, looks: Looks, view: str) -> None:
    aside = view == "side"
    band = "-.07,.48 -.1,.1 -.06,-.15" if aside else "-.5,.5 -.5,.05 -.2,-.17 .2,-.17 .5,.05 .5,.5"
    pen.stroke(points(band), ink_of(looks.hat_colour), width=3.4)
    for x in (-0.06,) if aside else (-0.49, 0.49):
        pen.oval((x, 0.57), 0.1, 0.16, looks.hat_colour, shade=0.04)


def _hood(pen: Pen, looks: Looks, view: str) -> None:
    outer = whole("0,-.2 .38,-.1 .57,.3 .56,.8 .4,1.1 0,1.16")
    if view == "back":
        pen.shape(outer, looks.top_colour)
    elif view == "side":
        hood = ".3,-.06 0,-.2 -.36,-.1 -.58,.3 -.5,.9 -.2,1.12 .12,1.06 .05,.75 .16,.4 .34,.16"
        pen.shape(points(hood), looks.top_colour)
    else:
        pen.ring(outer, whole("0,.98 -.3,.86 -.4,.5 -.33,.17 0,.05"), looks.top_colour)


def _helmet(pen: Pen, looks: Looks, view: str) -> None:
    pen.glass((0.0, 0.42), 0.76, looks.hat_colour)


_HATS = {
    "brim": _brim,
    "cap": _cap,
    "beanie": _cap,
    "beret": _cap,
    "crown": _crown,
    "headphones": _headphones,
    "hood": _hood,
    "helmet": _helmet,
}
