"""A body's landmarks, which the outlines of clothes are told by."""

from __future__ import annotations

from mv.vendors.offline.looks import Looks

LAYERS = frozenset(["coat", "raincoat", "jacket", "suit", "hoodie"])
LONG_COATS = frozenset(["coat", "raincoat"])
ONE_PIECE = frozenset(["overalls", "jumpsuit"])

Marks = dict[str, float]
"""Half widths: s shoulder, w waist, h hip, d depth from the side, l leg's middle, a arm. Heights: S shoulders, W waist,
H hips, C crotch, K knees, A ankles, F floor, E end of the upper garment, L end of a long one, B top of boots."""


def landmarks(looks: Looks) -> Marks:
    """In heads, from the looks' factors."""
    top = 1.22
    span = looks.heads - top
    stout = max(0.0, looks.width - 1.1)
    marks = {
        "S": top,
        "W": top + span * 0.245,
        "H": top + span * 0.355,
        "C": top + span * 0.425,
        "K": top + span * 0.69,
        "A": looks.heads - 0.16,
        "F": looks.heads,
        "s": 0.6 * looks.shoulders * (0.8 + 0.2 * looks.width),
        "w": 0.395 * looks.width * (1 + stout * 0.7) * (0.94 if looks.hips > 1 else 1.0),
        "h": 0.44 * looks.hips * looks.width,
        "d": 0.3 * looks.width * (1 + stout),
        "a": 0.165 * (0.75 + 0.25 * looks.width) * (1.12 if looks.top in LAYERS else 1.0),
    }
    marks["l"] = marks["h"] * 0.52
    marks["B"] = marks["K"] + (marks["A"] - marks["K"]) * 0.35
    hem = {"tee": 0.06, "sweater": 0.08, "shirt": 0.04, "hoodie": 0.1, "jacket": 0.06, "jumpsuit": 0.05}.get(
        looks.top, 0.0
    )
    marks["E"] = marks["C"] + 0.06 if looks.top == "suit" else marks["H"] + hem
    marks["L"] = marks["K"] - 0.06
    if looks.top == "dress":
        marks["L"] = marks["A"] - 0.25 if looks.face > 0 else marks["K"] - 0.02
    elif looks.bottom == "skirt":
        marks["L"] = marks["K"] - 0.12
    return marks


def bare_legs(looks: Looks) -> bool:
    """Whether skin shows below the hem."""
    return looks.bottom in ("none", "skirt", "shorts") and looks.top not in ONE_PIECE


def bare_arms(looks: Looks) -> bool:
    """Whether sleeves are short."""
    return looks.top in ("tee", "overalls") or (looks.top == "dress" and looks.fringe in ("side", "swept"))


def leg_colour(looks: Looks) -> str:
    """Skin, trousers, or what goes all the way down."""
    if bare_legs(looks):
        return looks.skin
    return looks.top_colour if looks.top in ONE_PIECE else looks.bottom_colour


def sleeve_colour(looks: Looks) -> str:
    """Of what is worn under a bib or a cloak."""
    return looks.under_colour if looks.top in ("overalls", "cloak") else looks.top_colour


def booted(looks: Looks) -> bool:
    """Raincoats come with boots."""
    return "boots" in looks.extras or looks.top == "raincoat"
