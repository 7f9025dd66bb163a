"""The plan of a list before any word of it is written: song parts, shot sizes, hours, lengths, moods, places.

Cut as an editor would: wide to begin with, closer while nothing changes, wide again for a new part, a detail in
between, never the same size twice running, and a last picture that stays.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mv.config.model import Vocabulary
from mv.domain.scenes import ShotSize
from mv.vendors.offline.lexicon import STAND_AT, STAND_ON
from mv.vendors.offline.words import head_noun, with_article

SIZE = ShotSize


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the song. `weight` is its share of the scenes, `heat` how excited it is (0-2), `shortest` and `longest`
    bound a scene's seconds."""

    cue: str
    kind: str
    weight: float
    heat: int
    shortest: float
    longest: float


_SONG = (
    Part("Intro", "intro", 1.0, 0, 6, 8),
    Part("Verse 1", "verse", 2.4, 1, 5, 7),
    Part("Chorus", "chorus", 1.8, 2, 4, 5),
    Part("Verse 2", "verse", 2.2, 1, 5, 6.5),
    Part("Bridge", "bridge", 1.3, 0, 5.5, 8),
    Part("Final chorus", "chorus", 1.8, 2, 4, 5),
    Part("Outro", "outro", 1.0, 0, 6, 8),
)
_SHORT_SONGS = {1: (2,), 2: (0, 2), 3: (0, 2, 6), 4: (0, 1, 2, 6), 5: (0, 1, 2, 4, 6), 6: (0, 1, 2, 3, 5, 6)}

_CLOSER = {
    SIZE.EWS: (SIZE.FS, SIZE.MS, SIZE.MCU),
    SIZE.WS: (SIZE.MS, SIZE.FS, SIZE.MCU, SIZE.INSERT),
    SIZE.FS: (SIZE.MS, SIZE.MCU, SIZE.INSERT),
    SIZE.MS: (SIZE.MCU, SIZE.CU, SIZE.INSERT, SIZE.WS),
    SIZE.MCU: (SIZE.CU, SIZE.INSERT, SIZE.FS, SIZE.WS),
    SIZE.CU: (SIZE.INSERT, SIZE.ECU, SIZE.WS, SIZE.MS),
    SIZE.ECU: (SIZE.WS, SIZE.MS, SIZE.EWS),
    SIZE.INSERT: (SIZE.MCU, SIZE.MS, SIZE.CU, SIZE.FS),
}
_OPENING = {
    "verse": (SIZE.WS, SIZE.FS, SIZE.MS),
    "chorus": (SIZE.WS, SIZE.FS, SIZE.MCU),
    "bridge": (SIZE.ECU, SIZE.CU, SIZE.EWS),
    "outro": (SIZE.WS, SIZE.FS, SIZE.MCU),
}
_LAST = (SIZE.EWS, SIZE.ECU, SIZE.CU, SIZE.WS)
_WIDE = frozenset((SIZE.EWS, SIZE.WS, SIZE.FS))

_CALM = re.compile(
    r"hush|calm|tender|lonel|quiet|wist|sleep|still|nostal|sad|safe|unhurr|melanch|intim|soft|faraway|conten"
)
_HOT = re.compile(
    r"defi|euphor|wild|triumph|restless|edge|determin|playful|frantic|explos|happy|weightless|ecsta|urgent|joy"
)
_SUNNY = re.compile(
    r"\bsun\b|sunlight|sunset|daylight|golden|overcast|noon|sky|morning|window light|shaft", re.IGNORECASE
)
_NIGHTLY = re.compile(
    r"moon|neon|lamp|sodium|street|headlight|candle|torch|lantern|bulb|television|practical|fairy|star|tube",
    re.IGNORECASE,
)
_NOT_FAR = re.compile(r"shoulder|mirror|doorway|through|profile|ceiling|window|ground")
_DARK = re.compile(r"night|midnight|before dawn|dusk|evening|blue hour", re.IGNORECASE)
_FAR_MOVES = re.compile(
    r"crane|drone|pan\b|track|pull|drift|parallax|zoom out|away|follow|alongside|isometric|multiplane"
)
_NEAR_MOVES = re.compile(r"push|held|static|rack|tilt|orbit|zoom in|handheld|boil|still|face|hands|locked")
_NOT_NEAR = re.compile(r"behind|overhead|over the|top|outside|isometric|above|bird|aerial")


class Deck:
    """Draws without repeating until all were drawn; the order is the seed's. What fits a condition comes first."""

    def __init__(self, cards: Sequence[str], dice: random.Random) -> None:
        self._cards = list(dict.fromkeys(card.strip() for card in cards if card.strip())) or ["…"]
        dice.shuffle(self._cards)

    def draw(self, liked: re.Pattern[str] | None = None, disliked: re.Pattern[str] | None = None) -> str:
        """The first card that fits best; it goes to the bottom."""

        def burden(at: int) -> int:
            card = self._cards[at]
            refused = disliked is not None and disliked.search(card) is not None
            return at + 4 * len(self._cards) * refused - 3 * (liked is not None and liked.search(card) is not None)

        card = self._cards.pop(min(range(len(self._cards)), key=burden))
        self._cards.append(card)
        return card


@dataclass(frozen=True, slots=True)
class Shot:
    """One scene's plan. `place` is a phrase with its preposition."""

    part: Part
    size: ShotSize
    angle: str
    movement: str
    location: str
    place: str
    time: str
    lighting: str
    mood: str
    transition: str
    seconds: float


def song(count: int) -> list[Part]:
    """The part each scene belongs to: from the intro to the outro, however few there are."""
    chosen = [_SONG[at] for at in _SHORT_SONGS.get(count, range(len(_SONG)))]
    total = sum(part.weight for part in chosen)
    shares = [1 + int((count - len(chosen)) * part.weight / total) for part in chosen]
    by_need = sorted(range(len(chosen)), key=lambda at: shares[at] - count * chosen[at].weight / total)
    for at in by_need[: count - sum(shares)]:
        shares[at] += 1
    return [part for part, share in zip(chosen, shares, strict=True) for _ in range(share)]


def sizes(parts: Sequence[Part], dice: random.Random) -> list[ShotSize]:
    """Wide first; closer within a part; a last one to remember."""
    plan = [dice.choice((SIZE.EWS, SIZE.WS))]
    for at in range(1, len(parts)):
        fresh = parts[at] is not parts[at - 1]
        options = _OPENING[parts[at].kind] if fresh and parts[at].kind in _OPENING else _CLOSER[plan[-1]]
        if at == len(parts) - 1:
            options = _LAST
        stale = {plan[-1], *(() if len(options) < 3 else plan[-2:-1])}
        if plan[-1] is SIZE.EWS:
            stale.add(SIZE.WS)
        free = [size for size in options if size not in stale]
        plan.append(dice.choices(free, weights=range(len(free) + 1, 1, -1))[0])
    return plan


def hours(vocabulary: Vocabulary, count: int, dice: random.Random, wish: str) -> list[str]:
    """A day that passes, in the vocabulary's order, perhaps through the night, which `wish` may ask to begin with."""
    times = list(vocabulary.times_of_day)
    asked = [at for at, time in enumerate(times) if _DARK.search(time)] if _wants_night(wish) else []
    start = min(asked) if asked else dice.randrange(max(1, len(times) // 2))
    turned = times[start:] + times[:start]
    steps = min(len(turned), max(1, -(-count * 2 // 3)), 6 if asked else len(turned))
    return [turned[at * steps // count] for at in range(count)]


def _wants_night(wish: str) -> bool:
    return (
        re.search(r"\b(night|neon|midnight|moon\w*|stars?|club|heist|nacht|noche|nuit)\b", wish.casefold()) is not None
    )


def in_place(location: str) -> str:
    """`a rooftop` → `on a rooftop`; what begins with a preposition stays."""
    phrase = with_article(location)
    noun = head_noun(location).casefold()
    if re.match(r"(in|on|at|under|inside|behind|below|above|beneath|between|near|outside|by)\b", phrase, re.IGNORECASE):
        return phrase
    if noun in STAND_ON or "on the top" in location:
        return f"on {phrase}"
    return f"at {phrase}" if noun in STAND_AT else f"in {phrase}"


def storyboard(
    vocabulary: Vocabulary, count: int, dice: random.Random, *, places: Sequence[tuple[str, str]], wish: str
) -> list[Shot]:
    """All shots of a list. `places` are the idea's own, each with its preposition; `wish` is the brief as text."""
    parts = song(count)
    plan, times = sizes(parts, dice), hours(vocabulary, count, dice, wish)
    where = _places(parts, vocabulary, dice, places)
    moods = _moods(parts, vocabulary, dice)
    lights, moves = Deck(vocabulary.lighting, dice), Deck(vocabulary.movements, dice)
    angles, cuts = Deck(vocabulary.angles, dice), Deck(vocabulary.transitions, dice)
    shots = []
    for at, (part, size) in enumerate(zip(parts, plan, strict=True)):
        near, last, dark = size not in _WIDE, at == count - 1, _DARK.search(times[at]) is not None
        shots.append(
            Shot(
                part=part,
                size=size,
                angle=angles.draw(disliked=_NOT_NEAR if near else _NOT_FAR),
                movement=moves.draw(_NEAR_MOVES if near else _FAR_MOVES, _FAR_MOVES if near else None),
                location=where[at][0],
                place=where[at][1],
                time=times[at],
                lighting=lights.draw(_NIGHTLY if dark else _SUNNY, _wrong_light(times[at], dark=dark)),
                mood=moods[at],
                transition=_cut(cuts, part, last=last),
                seconds=_seconds(part, size, dice, first_or_last=last or at == 0),
            )
        )
    return shots


def _wrong_light(time: str, *, dark: bool) -> re.Pattern[str]:
    """What does not shine at this hour."""
    wrong = [(_SUNNY if dark else _NIGHTLY).pattern]
    if not re.search(r"afternoon|golden|sunset|dusk|evening", time, re.IGNORECASE):
        wrong.append("sunset|low sun")
    if not re.search(r"morning|dawn|first light|sunrise", time, re.IGNORECASE):
        wrong.append("morning")
    return re.compile("|".join(wrong), re.IGNORECASE)


def _places(
    parts: Sequence[Part], vocabulary: Vocabulary, dice: random.Random, own: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Name and phrase for every scene: a part keeps its place for three scenes, choruses share one, the outro comes
    home to where the intro was."""
    deck = Deck(vocabulary.locations, dice)
    mine = list(own)
    homes: dict[str, tuple[str, str]] = {}
    found: list[tuple[str, str]] = []
    for at, part in enumerate(parts):
        home = {"outro": "intro"}.get(part.kind, part.kind if part.kind in ("intro", "chorus") else part.cue)
        run = sum(1 for earlier in parts[:at] if earlier is part)
        key = f"{home} {run // 3}"
        if key not in homes:
            homes[key] = _own_place(*mine.pop(0), deck) if mine and len(homes) % 2 == 0 else _named(deck.draw())
        found.append(homes[key])
    return found


def _named(location: str) -> tuple[str, str]:
    return location, in_place(location)


def _own_place(preposition: str, place: str, deck: Deck) -> tuple[str, str]:
    """A city is too large to stand in: its name goes with one of the flavor's places."""
    if preposition == "in" and place[:1].isupper():
        spot = deck.draw().split(",", 1)[0]
        return f"{spot}, {place}", f"{in_place(spot)} in {place}"
    return place, f"{preposition} {place}"


def _moods(parts: Sequence[Part], vocabulary: Vocabulary, dice: random.Random) -> list[str]:
    """Calm, warmer, hot, and calm again; both choruses feel alike."""
    shuffled = list(vocabulary.moods)
    dice.shuffle(shuffled)
    ranked = sorted(shuffled, key=lambda mood: bool(_HOT.search(mood)) - bool(_CALM.search(mood)))
    third = max(1, len(ranked) // 3)
    heats = [ranked[:third], ranked[third : -third or None] or ranked, ranked[-third:]]
    taken: dict[str, str] = {}
    for part in parts:
        free = [mood for mood in heats[part.heat] if mood not in taken.values()] or heats[part.heat]
        taken.setdefault(part.kind if part.kind == "chorus" else part.cue, free[0])
    return [taken[part.kind if part.kind == "chorus" else part.cue] for part in parts]


def _cut(cuts: Deck, part: Part, *, last: bool) -> str:
    ending = re.compile(r"fade to|fade out|loop|iris|black", re.IGNORECASE)
    if last:
        return cuts.draw(
            liked=ending, disliked=re.compile(r"^(?!.*(fade|loop|iris|black|dissolve|still))", re.IGNORECASE)
        )
    hard = re.compile(r"cut|whip|smash", re.IGNORECASE)
    return cuts.draw(liked=hard if part.heat == 2 else None, disliked=ending)


def _seconds(part: Part, size: ShotSize, dice: random.Random, *, first_or_last: bool) -> float:
    """In halves; details are short, first and last pictures may stand."""
    low, high = part.shortest, part.longest
    if size in (SIZE.INSERT, SIZE.ECU) and not first_or_last:
        high = min(high, low + 1)
    return round(dice.uniform(low, high) * 2) / 2
