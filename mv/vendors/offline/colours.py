"""Colours: as words in a brief, as `#rrggbb` in a palette."""

from __future__ import annotations

import colorsys
import random
import re
from collections.abc import Sequence

from mv.domain.scenes import SceneBrief

NAMED = {
    "red": "#c8362e", "scarlet": "#d1332b", "crimson": "#a81e32", "burgundy": "#6d1f33", "maroon": "#65202a",
    "pink": "#e58fa9", "magenta": "#c9358c", "rose": "#d77a88", "orange": "#e07a2f", "copper": "#b5673a",
    "rusty": "#a4502c", "rust": "#a4502c", "peach": "#f0b190", "coral": "#ec7463", "yellow": "#edc03a",
    "mustard": "#c99a2c", "gold": "#cfa23f", "golden": "#d9ab45", "amber": "#de9a2f", "green": "#3f8a55",
    "olive": "#70733a", "emerald": "#1f8560", "mint": "#9fd3b4", "teal": "#23797f", "turquoise": "#38a9a6",
    "cyan": "#43b3cc", "blue": "#3566a8", "navy": "#22355e", "indigo": "#3d3a82", "azure": "#4a90cf",
    "purple": "#6d4393", "violet": "#7a55a8", "lavender": "#b3a2d6", "lilac": "#c1a4d0", "brown": "#7a5238",
    "tan": "#c9a377", "beige": "#dbc7a4", "cream": "#f0e4cb", "ivory": "#f1ead8", "khaki": "#a3966b",
    "white": "#f1efea", "silver": "#b5bac1", "grey": "#84888e", "gray": "#84888e", "charcoal": "#3b3f46",
    "black": "#23242a", "neon": "#ff3fa4", "rot": "#c8362e", "rote": "#c8362e", "roten": "#c8362e",
    "rotem": "#c8362e", "blau": "#3566a8", "blaue": "#3566a8", "blauen": "#3566a8", "grün": "#3f8a55",
    "grüne": "#3f8a55", "gelb": "#edc03a", "gelbe": "#edc03a", "gelben": "#edc03a", "schwarz": "#23242a",
    "weiß": "#f1efea", "rojo": "#c8362e", "roja": "#c8362e", "azul": "#3566a8", "verde": "#3f8a55",
    "rouge": "#c8362e", "bleu": "#3566a8", "vert": "#3f8a55",
}  # fmt: skip

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


def colours_in(text: str) -> list[str]:
    """Colours named in a text, in order, each once."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return list(dict.fromkeys(NAMED[word] for word in words if word in NAMED))


def palette(brief: SceneBrief, choices: Sequence[Sequence[str]], dice: random.Random) -> list[str]:
    """Four to six colours: one of the flavor's palettes, led into by at most two that the brief names."""
    chosen = [colour.lower() for colour in dice.choice(list(choices)) if _HEX.fullmatch(colour)] or ["#33415c"]
    asked = colours_in(f"{brief.idea} {brief.style} {brief.character}")[:2]
    mixed = list(dict.fromkeys([chosen[0], *asked, *chosen[1:]]))[:6]
    step = 0
    while len(mixed) < 4:
        step += 1
        mixed = list(dict.fromkeys([*mixed, shade(mixed[0], 1 + 0.35 * step if step % 2 else 1 / (1 + 0.3 * step))]))
        if step > 12:
            mixed += ["#f1efea", "#84888e", "#23242a"][: 4 - len(mixed)]
    return mixed


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` → 0-255 each."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def hexed(red: float, green: float, blue: float) -> str:
    """The way back; values outside 0-255 are clamped."""
    return "#" + "".join(f"{min(255, max(0, round(value))):02x}" for value in (red, green, blue))


def shade(colour: str, factor: float) -> str:
    """Lighter above 1, darker below; the hue stays."""
    red, green, blue = rgb(colour)
    hue, light, full = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    light = 1 - (1 - light) / factor if factor > 1 else light * factor
    return hexed(*(value * 255 for value in colorsys.hls_to_rgb(hue, light, full)))


def mix(left: str, right: str, share: float) -> str:
    """`share` of the right one, 0-1."""
    return hexed(*(a + (b - a) * share for a, b in zip(rgb(left), rgb(right), strict=True)))
