"""Heads and tails of animals that walk upright, and of robots; in the units of `head`."""

from __future__ import annotations

from mv.vendors.offline import hair
from mv.vendors.offline.colours import mix, shade
from mv.vendors.offline.head import eye, eyewear
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points, whole
from mv.vendors.offline.pen import INK, Pen, ink_of

_EARS = {
    "cat": ".14,.08 .4,-.26 .48,.28",
    "fox": ".1,.08 .4,-.42 .52,.26",
    "dog": ".3,.1 .5,.06 .64,.5 .52,.72 .4,.42",
    "bear": ".2,.06 .26,-.16 .46,-.16 .52,.06 .42,.2",
    "rabbit": ".08,.1 .06,-.5 .2,-.82 .32,-.5 .28,.1",
}
_POINTED = ("cat", "fox")
_SNOUTS = {"fox": 0.2, "dog": 0.16, "bear": 0.08, "rabbit": 0.02, "cat": 0.0}
_DARK = "#22303c"


def tail(pen: Pen, looks: Looks, view: str, hip_y: float) -> None:
    """Behind the body."""
    if looks.kind == "robot":
        return
    out = -1.0 if view == "side" else 1.0
    if looks.kind in ("bear", "rabbit"):
        if view != "front":
            pen.oval((-0.42 if view == "side" else 0.0, hip_y + 0.1), 0.17, 0.17, shade(looks.skin, 1.2), shade=0.04)
        return
    path = [
        (0.1 * out, hip_y + 0.1),
        (0.55 * out, hip_y + 0.35),
        (0.85 * out, hip_y - 0.15),
        (0.72 * out, hip_y - 0.65),
    ]
    pen.limb(path, [0.12, 0.24, 0.28, 0.04] if looks.kind == "fox" else [0.1, 0.1, 0.095, 0.08], looks.skin)
    if looks.kind == "fox":
        tip = [(0.84 * out, hip_y - 0.36), (0.79 * out, hip_y - 0.52), (0.7 * out, hip_y - 0.7)]
        pen.limb(tip, [0.2, 0.15, 0.03], "#f4ede2", shade=0.03)


def head(pen: Pen, looks: Looks, view: str, mood: str) -> None:
    """By kind and view; hats sit between the ears."""
    if looks.kind == "robot":
        _robot(pen, looks, view, mood)
    elif view == "side":
        _animal_side(pen, looks)
    else:
        _animal(pen, looks, view, mood)
    smaller = 1.0 if looks.hat in ("headphones", "hood", "helmet") or looks.kind == "robot" else 0.66
    x, y = pen.place((0.0, 0.0))
    hair.hat(Pen(pen.canvas, (x, y), pen.unit * smaller, pen.line), looks, view)


def _animal(pen: Pen, looks: Looks, view: str, mood: str) -> None:
    fur, smooth = looks.skin, looks.kind not in _POINTED
    for way in (-1, 1):
        ear = points(_EARS[looks.kind], way=way)
        pen.shape(ear, shade(fur, 0.75) if looks.kind == "dog" else fur, smooth=smooth)
        if view == "front" and looks.kind != "dog":
            cx, cy = sum(x for x, _ in ear) / len(ear), sum(y for _, y in ear) / len(ear)
            inner = [(cx + (x - cx) * 0.55, cy + (y - cy) * 0.55 + 0.02) for x, y in ear]
            pen.shape(inner, mix(fur, "#e79a92", 0.6), shade=0, smooth=smooth, line=False)
    pen.shape(whole("0,-.03 .2,-.005 .36,.1 .5,.36 .52,.62 .36,.88 0,.98"), fur, shade=0.1)
    if view == "back":
        return
    if looks.kind == "fox":
        for way in (-1, 1):
            pen.shape(points(".08,.7 .3,.58 .515,.6 .34,.87 .08,.95", way=way), "#f7efe4", shade=0.03, line=False)
    if looks.kind == "cat" and looks.face > -0.3:
        for x in (-0.12, 0.0, 0.12):
            pen.stroke([(x, 0.05), (x * 0.8, 0.2)], shade(fur, 0.62), width=2.2)
    pen.oval((0.0, 0.74), 0.24, 0.18, mix(fur, "#fbf3e6", 0.72), line=False)
    for way in (-1, 1):
        eye(pen, looks, (way * 0.22, 0.5), way, mood)
        pen.oval((way * 0.36, 0.68), 0.07, 0.045, mix(fur, "#e2574c", 0.3), line=False)
    _muzzle(pen, looks, mood)


def _muzzle(pen: Pen, looks: Looks, mood: str) -> None:
    ink = ink_of(looks.skin)
    pen.shape(points("-.065,.64 .065,.64 0,.715"), _nose(looks), shade=0.02)
    if mood == "awed":
        pen.oval((0.0, 0.82), 0.05, 0.055, "#7d2f35", line=False)
    else:
        pen.stroke(points("-.12,.765 -.06,.805 0,.76 .06,.805 .12,.765"), ink, width=1.2)
    if mood == "glad":
        pen.shape(points("-.05,.8 .05,.8 0,.88"), "#7d2f35", shade=0)
    if looks.kind in ("cat", "rabbit", "fox"):
        for way in (-1, 1):
            for lift in (-0.03, 0.03):
                pen.stroke([(way * 0.26, 0.74 + lift), (way * 0.6, 0.7 + lift * 3)], ink, width=0.7)
    eyewear(pen, looks)


def _nose(looks: Looks) -> str:
    return "#c96f72" if looks.kind in ("cat", "rabbit") else "#2f2a30"


def _animal_side(pen: Pen, looks: Looks) -> None:
    fur, marks = looks.skin, {"n": _SNOUTS[looks.kind]}
    if looks.kind != "dog":
        ear = [(x - 0.34, y) for x, y in points(_EARS[looks.kind])]
        pen.shape(ear, fur, smooth=looks.kind not in _POINTED)
    outline = "-.05,0 .26,.1 .38,.4 n+.47,.58 n+.5,.7 n.6+.4,.84 .14,.97 -.26,.9 -.48,.6 -.4,.2"
    pen.shape(points(outline, marks), fur, shade=0.09)
    pale = ".3,.66 n+.47,.62 n+.5,.71 n.6+.39,.83 .2,.9"
    pen.shape(points(pale, marks), mix(fur, "#fbf3e6", 0.72), shade=0, line=False)
    pen.oval((0.485 + marks["n"], 0.61), 0.055, 0.045, _nose(looks), line=True)
    pen.oval((0.24, 0.47), 0.042, 0.06, "#fbf8f2", line=False)
    pen.oval((0.255, 0.475), 0.03, 0.05, looks.eyes, line=False)
    pen.oval((0.26, 0.475), 0.015, 0.028, INK, line=False)
    pen.stroke(points(".17,.47 .23,.405 .3,.435"), INK, width=1.5)
    pen.stroke(points("n.8+.46,.75 n.5+.36,.77 .28,.745", marks), ink_of(fur), width=1.2)
    if looks.kind == "dog":
        pen.shape(points("-.22,.12 0,.14 .06,.5 -.06,.74 -.22,.46"), shade(fur, 0.75))


def _robot(pen: Pen, looks: Looks, view: str, mood: str) -> None:
    metal, ink = looks.skin, ink_of(looks.skin)
    pen.stroke([(0.0, 0.02), (0.0, -0.24)], ink, width=1.8)
    pen.oval((0.0, -0.28), 0.07, 0.07, looks.accent, shade=0.03)
    if view != "side":
        for way in (-1, 1):
            pen.shape(points(".44,.38 .56,.4 .56,.66 .44,.68", way=way), shade(metal, 0.72), shade=0.03)
    box = "-w,.14 -w+.1,.02 w-.1,.02 w,.14 w,.86 w-.1,.97 -w+.1,.97 -w,.86"
    pen.shape(points(box, {"w": 0.4 if view == "side" else 0.46}), metal, shade=0.1, smooth=False)
    if view == "back":
        for y in (0.36, 0.5, 0.64):
            pen.stroke([(-0.22, y), (0.22, y)], ink, width=1.4)
        return
    glow = mix(looks.accent, "#ffffff", 0.35)
    if view == "side":
        pen.shape(points(".08,.3 .4,.3 .4,.68 .08,.68"), _DARK, shade=0, smooth=False)
        pen.oval((0.28, 0.47), 0.055, 0.075, glow, line=False)
        pen.oval((-0.16, 0.52), 0.12, 0.12, shade(metal, 0.8), shade=0.03)
        return
    pen.shape(points("-.36,.3 -.3,.25 .3,.25 .36,.3 .36,.68 .3,.73 -.3,.73 -.36,.68"), _DARK, shade=0, smooth=False)
    for x in (-0.17, 0.17):
        if mood in ("asleep", "glad"):
            pen.stroke([(x - 0.07, 0.48), (x, 0.42 if mood == "glad" else 0.48), (x + 0.07, 0.48)], glow, width=2.4)
        else:
            pen.oval((x, 0.46), 0.065, 0.1 if mood == "awed" else 0.08, glow, line=False)
    pen.stroke(points("-.1,.63 0,.655 .1,.63"), glow, width=1.8)
    for x in (-0.12, 0.0, 0.12):
        pen.stroke([(x, 0.82), (x, 0.9)], ink, width=1.4)
