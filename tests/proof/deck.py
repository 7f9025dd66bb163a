"""What members are going to ask, shuffled: a card for each request, with what is to befall it."""

from __future__ import annotations

import random
from dataclasses import dataclass

SCENES = {
    "fine": 24, "short": 6, "bad": 4, "blocked": 4, "busy": 3, "down": 3, "gone": 4, "dropped": 4, "other": 5,
    "refused": 4, "cancel": 9,
}  # fmt: skip
GEMINI = {"fine": 8, "blocked": 2, "broken": 2, "spoiled": 2, "dropped": 2, "busy": 2, "down": 1, "cancel": 2}
PRESSES = {"Again": 10, "revise": 12, "vary": 8, "Retry": 9}
NANO = "gemini-nano-banana-2.1"
ANY = ("flux-schnell", "flux-dev", "flux-1.1-pro", None)
SINGLE = ("flux-1.1-pro", None)
"""Of which each picture is a prediction of its own; None is the default, imagen-4, and whoever stands in for it."""
TOGETHER = ("flux-schnell", "flux-dev")
"""Which make several pictures in one prediction."""
REPLICATE: dict[str, tuple[int, tuple[str | None, ...], tuple[int, int]]] = {
    "fine": (36, ANY, (1, 4)),
    "down": (5, (None,), (1, 3)),
    "both down": (2, (None,), (1, 2)),
    "gone": (4, (None,), (1, 3)),
    "blocked": (5, ANY, (1, 3)),
    "some": (6, SINGLE, (2, 4)),
    "broken": (4, ANY, (1, 2)),
    "one broken": (6, TOGETHER, (2, 4)),
    "busy": (3, ANY, (1, 2)),
    "dropped": (4, ANY, (1, 2)),
    "phantom": (2, TOGETHER, (1, 2)),
    "rough": (4, ANY, (1, 3)),
    "cancel": (6, ANY, (1, 4)),
    "cancel late": (4, ANY, (1, 3)),
}
"""How many requests, by which engines, for how many pictures."""
ALIKE = 3
"""Requests that several members make in the same words: at the same time, once more later, and once afresh."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """`what` is scenes, character, or what is pressed under (or asked of) something that is there. Cards with the same
    `group` are about the same words."""

    what: str
    trouble: str = "fine"
    engine: str | None = None
    images: int = 1
    group: int = 0
    fresh: bool = False


def shuffled(dice: random.Random) -> list[Card]:
    """All of them. Presses are in the later half as far as they need what was made before."""
    cards = [Card(what="scenes", trouble=name) for name, many in SCENES.items() for _ in range(many)]
    for name, (many, engines, (least, most)) in REPLICATE.items():
        cards += [_character(name, dice.choice(engines), dice.randint(least, most)) for _ in range(many)]
    cards += [_character(name, NANO, dice.randint(1, 2)) for name, many in GEMINI.items() for _ in range(many)]
    dice.shuffle(cards)
    for name, many in PRESSES.items():
        for _ in range(many):
            cards.insert(dice.randrange(len(cards) // 5, len(cards)), Card(what=name))
    for group in range(1, ALIKE + 1):
        _insert_alike(cards, group, dice)
    return cards


def _character(trouble: str, engine: str | None, images: int) -> Card:
    return Card(what="character", trouble=trouble, engine=engine, images=images)


def _insert_alike(cards: list[Card], group: int, dice: random.Random) -> None:
    card = Card(what="character", engine=dice.choice(ANY), images=dice.randint(1, 3), group=group)
    later = dice.randrange(2 * len(cards) // 3, len(cards))
    fresh = Card(what="character", engine=card.engine, images=card.images, group=group, fresh=True)
    cards[later:later] = [card, fresh]
    at = dice.randrange(len(cards) // 2)
    cards[at:at] = [card] * 3
