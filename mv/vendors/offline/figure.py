"""Whole figures from the front and the back; `profile` has the side. One unit is the head's height; the figure stands
with its crown at zero and its soles at `looks.heads`."""

from __future__ import annotations

from mv.vendors.offline import creatures, garments, hair, head, profile
from mv.vendors.offline.build import (
    LONG_COATS,
    Marks,
    bare_arms,
    bare_legs,
    booted,
    landmarks,
    leg_colour,
    sleeve_colour,
)
from mv.vendors.offline.colours import mix, shade
from mv.vendors.offline.looks import Looks
from mv.vendors.offline.paths import points, whole
from mv.vendors.offline.pen import Pen, ink_of


def figure(pen: Pen, looks: Looks, view: str, mood: str = "calm") -> None:
    """All of it, from what is behind to what is before."""
    marks = landmarks(looks)
    human = looks.kind == "human"
    if not human:
        creatures.tail(pen, looks, view, marks["H"])
    elif view != "back":
        hair.behind(pen, looks, view)
    if looks.top == "cloak" and view != "back":
        garments.cloak(pen, looks, marks, view)
    if view == "side":
        profile.body(pen, looks, marks)
    else:
        _body(pen, looks, marks, back=view == "back")
    if human:
        head.head(pen, looks, view, mood)
    else:
        creatures.head(pen, looks, view, mood)


def ground(pen: Pen, looks: Looks, colour: str) -> None:
    """The shadow it stands on."""
    pen.oval((0.05, looks.heads - 0.01), 0.85 * max(1.0, looks.width), 0.115, colour, line=False)


def _body(pen: Pen, looks: Looks, marks: Marks, *, back: bool) -> None:
    neck = "-.15,.8 .15,.8 .17,S-.02 .3,S+.06 -.3,S+.06 -.17,S-.02"
    pen.shape(points(neck, marks), mix(looks.skin, "#2b2650", 0.1), shade=0)
    _legs(pen, looks, marks)
    under = looks.top in LONG_COATS
    if under:
        _arms(pen, looks, marks)
    _trunk(pen, looks, marks, back=back)
    if not under:
        _arms(pen, looks, marks)
    if looks.top == "cloak" and back:
        garments.cloak(pen, looks, marks, "back")
    elif looks.top == "cloak":
        garments.clasp(pen, looks, marks)
    _carried(pen, looks, marks, back=back)
    _jewels(pen, looks, marks, back=back)


def _legs(pen: Pen, looks: Looks, marks: Marks) -> None:
    bare = bare_legs(looks)
    slim = 0.8 if bare or looks.bottom == "tights" else 1.0
    leg = {**marks, "k": 0.2 * slim * min(1.25, looks.width), "e": 0.155 * slim}
    leg["i"] = max(0.02, leg["l"] - leg["k"])
    leg["p"], leg["q"] = leg["l"] + leg["k"], leg["l"] + leg["e"] + 0.02
    leg["r"] = max(0.03, leg["l"] - leg["e"] + 0.02)
    right = "h.9,H-.06 h1.02,H+.04 h1.03,C p,K q,A r,A i,K .025,C+.16"
    pen.shape(whole(right, leg), leg_colour(looks), shade=0.08)
    for way in (-1, 1):
        _shoe(pen, looks, {**marks, "x": leg["l"] + 0.02}, way)
    if looks.bottom == "shorts":
        pen.shape(whole("w,W+.06 h1.06,H h1.12,C h1.16,K-.2 .1,K-.18 .03,C+.12", marks), looks.bottom_colour)
    if looks.bottom == "skirt":
        garments.skirt(pen, looks, marks)


def _shoe(pen: Pen, looks: Looks, marks: Marks, way: int) -> None:
    colour = looks.shoes_colour
    if booted(looks):
        pen.shape(points("x-.2,B x+.2,B x+.18,A x-.18,A", marks, way=way), colour, shade=0.05)
        rim = "x-.21,B-.03 x,B+.01 x+.21,B-.03 x+.21,B+.08 x,B+.12 x-.21,B+.08"
        pen.shape(points(rim, marks, way=way), shade(colour, 1.25), shade=0)
    outline = "x-.15,A-.02 x+.15,A-.02 x+.25,F-.07 x+.2,F x,F+.005 x-.1,F x-.17,F-.07"
    pen.shape(points(outline, marks, way=way), colour, shade=0.05)
    pen.stroke(points("x-.13,F-.06 x+.2,F-.06", marks, way=way), ink_of(colour), width=0.8)


def _trunk(pen: Pen, looks: Looks, marks: Marks, *, back: bool) -> None:
    inner = looks.top in ("overalls", "cloak", "coat", "suit", "jacket")
    right = ".16,S-.12 s.7,S-.03 s,S+.12 s.9,S+.42 w1.06,W"
    hips = "" if looks.top in ("dress", "overalls") else " h1.06,H h1.05,E"
    end = "0,W+.1" if not hips else "0,E+.03"
    outline = whole(f"0,S-.1 {right}{hips} {end}", marks)
    pen.shape(outline, looks.under_colour if inner else looks.top_colour)
    garments.dress_up(pen, looks, marks, back=back)


def _arms(pen: Pen, looks: Looks, marks: Marks) -> None:
    bare, wide = bare_arms(looks), marks["a"]
    for way in (-1, 1):
        pen.oval((way * (marks["s"] + 0.175), marks["C"] + 0.07), 0.112, 0.148, looks.skin, shade=0.03)
        path = points("s-.07,S+.14 s+.1,W s+.16,C-.06", marks, way=way)
        if bare:
            pen.limb(path[0:1] + path, [wide * 0.7, wide * 0.9, wide * 0.82, wide * 0.62], looks.skin)
            sleeve = points("s-.14,S+.02 s-.01,S+.2 s+.05,S+.5", marks, way=way)
            pen.limb(sleeve, [wide * 0.85, wide * 1.2, wide * 1.2], sleeve_colour(looks))
        else:
            pen.limb(path, [wide, wide * 0.86, wide * 0.8], sleeve_colour(looks))
            cuff(pen, looks, path[2][0], path[2][1], wide * 0.82)


def cuff(pen: Pen, looks: Looks, x: float, y: float, half: float) -> None:
    """Where a knitted sleeve ends."""
    if looks.top in ("hoodie", "sweater", "jacket"):
        edge = [(x - half, y - 0.06), (x + half, y - 0.06), (x + half * 0.95, y + 0.05), (x - half * 0.95, y + 0.05)]
        pen.shape(edge, shade(sleeve_colour(looks), 0.82), shade=0.03, smooth=False)


def _carried(pen: Pen, looks: Looks, marks: Marks, *, back: bool) -> None:
    """Backpack and sash."""
    colour = looks.accent
    if "backpack" in looks.extras and back:
        pack = "-.42,S+.1 0,S+.02 .42,S+.1 .46,H-.05 0,H+.02 -.46,H-.05"
        pen.shape(points(pack, marks), colour, shade=0.1)
        pen.shape(points("-.3,W-.16 .3,W-.16 .28,H-.12 -.28,H-.12", marks), shade(colour, 0.85), shade=0.04)
    elif "backpack" in looks.extras:
        for way in (-1, 1):
            pen.limb(points("s.62,S-.04 s.68,W-.1", marks, way=way), [0.065, 0.055], colour, shade=0.02)
    if "sash" in looks.extras:
        sash = points("s.6,S-.02 s.6+.17,S+.06 -w.86,H -w1.04,H-.2", marks, way=-1 if back else 1)
        pen.shape(sash, colour, shade=0.05, smooth=False)


def _jewels(pen: Pen, looks: Looks, marks: Marks, *, back: bool) -> None:
    """Belt, necklace, scarf."""
    if "belt" in looks.extras:
        belt = points("-w1.2,W+.08 w1.2,W+.08 w1.22,W+.19 -w1.22,W+.19", marks)
        pen.shape(belt, "#4a342a", shade=0.04, smooth=False)
        if not back:
            buckle = points("-.08,W+.06 .08,W+.06 .08,W+.21 -.08,W+.21", marks)
            pen.shape(buckle, "#d8b04a", shade=0.02, smooth=False)
    if "necklace" in looks.extras and not back:
        pen.stroke(points("-.2,S-.04 0,S+.2 .2,S-.04", marks), "#e0b23f", width=1.4)
        pen.oval((0.0, marks["S"] + 0.22), 0.045, 0.055, looks.accent, line=True)
    if "scarf" in looks.extras:
        ink = ink_of(looks.accent)
        if not back:
            pen.shape(points(".06,S .26,S .32,W-.1 .1,W-.06", marks), looks.accent, shade=0.05)
            for x in (0.12, 0.178, 0.236, 0.294):
                pen.stroke([(x, marks["W"] - 0.09), (x, marks["W"] + 0.01)], ink, width=0.8)
        collar = whole("0,S-.24 .22,S-.26 .36,S-.06 .24,S+.1 0,S+.12", marks)
        pen.shape(collar, looks.accent, shade=0.06)
