"""What a described character looks like, as far as single words tell: build, hair, clothes, colours. What is not said
is thrown with dice that description and seed have loaded, so that the same request looks the same again."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mv.vendors.offline import wardrobe as words_for
from mv.vendors.offline.colours import NAMED, mix


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """`heads` is the height in heads; `width`, `shoulders` and `hips` are factors around 1, `face` is -1 to 1. Colours
    are `#rrggbb`."""

    kind: str
    skin: str
    hair: str
    hair_style: str
    fringe: str
    heads: float
    width: float
    shoulders: float
    hips: float
    face: float
    eyes: str
    old: bool
    top: str
    top_colour: str
    under_colour: str
    bottom: str
    bottom_colour: str
    shoes_colour: str
    hat: str
    hat_colour: str
    accent: str
    extras: frozenset[str] = field(default_factory=frozenset)
    beard_colour: str = ""

    def colours(self) -> list[str]:
        """At most five for the swatches, the ruling one first."""
        hair = self.beard_colour if self.hair_style == "bald" else self.hair if self.kind == "human" else ""
        shown = (
            self.top_colour,
            self.bottom_colour,
            hair,
            self.skin,
            self.accent,
            self.shoes_colour,
            self.under_colour,
        )
        return list(dict.fromkeys(colour for colour in shown if colour))[:5]


def read_looks(description: str, dice: random.Random) -> Looks:
    """Words first, dice for the rest; every throw is made whatever the words say, so that one word more does not change
    everything else."""
    return _Reader(description, dice).looks()


class _Reader:
    def __init__(self, description: str, dice: random.Random) -> None:
        found = re.findall(r"[^\W_]+(?:[-'][^\W_]+)*", description.casefold())
        self.words = [part for word in found for part in ([word] if word in words_for.GARMENTS else word.split("-"))]
        self.said = frozenset(self.words)
        self.spoken: set[int] = set()
        self.thrown = _Thrown(dice)
        self.kind = next((words_for.KINDS[word] for word in self.words if word in words_for.KINDS), "human")
        self.she, self.he = bool(self.said & words_for.SHE), bool(self.said & words_for.HE)
        self.young, self.old = bool(self.said & words_for.YOUNG), bool(self.said & words_for.OLD)

    def looks(self) -> Looks:
        thrown, scheme = self.thrown, self.thrown.scheme
        top, top_colour = self._worn(words_for.GARMENTS)
        bottom, bottom_colour = self._worn(words_for.BOTTOMS)
        hat, hat_colour = self._worn(words_for.HATS)
        _, accent = self._worn(words_for.CARRIED)
        _, shoes_colour = self._worn(words_for.FOOTWEAR)
        _, beard = self._worn(words_for.BEARDS, words_for.HAIR_COLOURS)
        hair = self._hair_colour() or beard
        _, eyes = self._worn(words_for.EYE_NOUNS)
        skin = self._skin()
        free = [NAMED[w] for at, w in enumerate(self.words) if w in NAMED and at not in self.spoken and w != "neon"]
        if self.kind != "human" and not skin and free:
            skin = free.pop(0)
        top = top or (thrown.top_she if self.she else thrown.top_he)
        top_colour = top_colour or (free.pop(0) if free else scheme[0])
        return Looks(
            kind=self.kind,
            skin=skin or (thrown.skin if self.kind == "human" else thrown.fur(self.kind)),
            hair=hair or ("#c3c7cd" if self.old else thrown.hair),
            hair_style=self._hair_style(),
            fringe=thrown.fringe,
            heads=self._heads(),
            width=thrown.width * (1.38 if self.said & words_for.WIDE else 0.84 if self.said & words_for.THIN else 1.0),
            shoulders=self._shoulders(),
            hips=1.1 if self.she else 0.94,
            face=thrown.face,
            eyes=eyes or thrown.eyes,
            old=self.old,
            top=top,
            top_colour=top_colour,
            under_colour=free[0] if free else mix("#f3eee4", scheme[2], 0.2),
            bottom=bottom or ("none" if top == "dress" else "trousers"),
            bottom_colour=bottom_colour or scheme[1],
            shoes_colour=shoes_colour or scheme[3],
            hat=hat,
            hat_colour=hat_colour or (scheme[3] if hat == "brim" else scheme[2]),
            accent=accent or scheme[2],
            extras=frozenset(words_for.EXTRAS[word] for word in self.words if word in words_for.EXTRAS),
            beard_colour=beard,
        )

    def _worn(self, nouns: Mapping[str, str], own: Mapping[str, str] | None = None) -> tuple[str, str]:
        """The first such thing and its colour, which stands up to three words before it; notes which colours are
        spoken for. `own` are colours that mean something else for this thing."""
        names = {**NAMED, **(own or {})}
        kind = colour = ""
        for at, word in enumerate(self.words):
            if word not in nouns:
                continue
            before = next((n for n in range(at - 1, max(-1, at - 4), -1) if self.words[n] in names), -1)
            free = before >= 0 and before not in self.spoken
            if free:
                self.spoken.add(before)
            kind = kind or nouns[word]
            colour = colour or (names[self.words[before]] if free else "")
        return kind, colour

    def _hair_colour(self) -> str:
        _, colour = self._worn(dict.fromkeys(words_for.HAIR_NOUNS, "hair"), words_for.HAIR_COLOURS)
        alone = (words_for.HAIR_COLOURS[word] for word in self.words if word in words_for.HAIR_ALONE)
        return colour or next(alone, "")

    def _hair_style(self) -> str:
        styles = [
            words_for.HAIR_STYLES[word]
            for at, word in enumerate(self.words)
            if word in words_for.HAIR_STYLES
            and (word not in words_for.VAGUE_STYLES or set(self.words[at : at + 4]) & words_for.HAIR_NOUNS)
        ]
        if styles:
            return styles[-1]
        if self.young and not self.she:
            return "short"
        return self.thrown.hair_she if self.she and not self.he else self.thrown.hair_he

    def _skin(self) -> str:
        _, colour = self._worn(words_for.SKIN_NOUNS, words_for.SKIN_COLOURS)
        return colour or next((words_for.SKIN_WORDS[word] for word in self.words if word in words_for.SKIN_WORDS), "")

    def _shoulders(self) -> float:
        broad = 1.18 if self.said & words_for.STRONG else 1.06 if self.he else 0.92 if self.she else 1.0
        return broad * (0.88 if self.young else 1.0)

    def _heads(self) -> float:
        """Children and animals have large heads."""
        heads = 4.3 if self.young else self.thrown.heads
        if self.kind != "human":
            heads = min(heads, 4.8 if self.kind == "robot" else 4.0)
        if self.said & words_for.TALL:
            heads += 0.6
        elif self.said & words_for.SMALL and not self.young:
            heads -= 0.6
        return heads


class _Thrown:
    """All dice at once, in an order that never changes."""

    def __init__(self, dice: random.Random) -> None:
        self.scheme = dice.choice(words_for.SCHEMES)
        self.top_she = dice.choice(("dress", "coat", "sweater", "jacket", "shirt", "hoodie"))
        self.top_he = dice.choice(("jacket", "sweater", "coat", "hoodie", "shirt", "tee"))
        self.hair_she = dice.choice(("long", "bob", "bun", "ponytail", "curly", "braid", "pigtails"))
        self.hair_he = dice.choice(("short", "short", "curly", "spiky", "buzz", "bob", "bun"))
        self.skin = dice.choice(words_for.SKINS)
        self.hair = dice.choice(("#26232b", "#5a3a28", "#7d3a24", "#3b2f2f", "#c9a15a", "#8a5a33"))
        self.fringe = dice.choice(("side", "middle", "straight", "swept"))
        self.heads = dice.uniform(5.7, 6.5)
        self.width = dice.uniform(0.94, 1.1)
        self.face = dice.uniform(-1, 1)
        self.eyes = dice.choice(("#4a3527", "#3b6a8a", "#4f7a4a", "#6b4a2b", "#5a5f6b"))
        self._fur = dice.random()

    def fur(self, kind: str) -> str:
        """A coat that such an animal may have."""
        options = words_for.FURS[kind]
        return options[int(self._fur * len(options))]
