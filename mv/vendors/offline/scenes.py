"""Writes a scene list from a brief and a flavor's words, without a model and always the same for the same brief."""

from __future__ import annotations

import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from mv.config.model import Vocabulary
from mv.domain.scenes import SceneBrief, ShotSize
from mv.vendors.offline.board import Deck, Shot, storyboard
from mv.vendors.offline.colours import palette
from mv.vendors.offline.idea import Idea, Motif, has_place, read_idea
from mv.vendors.offline.lexicon import DETERMINERS, FOREIGN
from mv.vendors.offline.person import Person, read_person
from mv.vendors.offline.titles import Titles
from mv.vendors.offline.words import (
    bare_verb,
    first_sentence,
    listed,
    sentence,
    shorten,
    squeeze,
    third_person,
    tidy,
    title_case,
    without_article,
)

LONGEST_DESCRIPTION = 1500
LONGEST_TITLE = 64
LONGEST_NAME = 36

_LEADING_UP = re.compile(
    r"^(?:(?:so|ok|okay|well|um|hey|hi|please|maybe|basically|like|imagine|and|then|just|i was thinking(?: of| about)?|"
    r"i(?: want|'d like|’d like)(?: to)?|we (?:do|make|want|have|could do)|what if|how about|can you|could you|make|do|"
    r"a (?:music )?video (?:where|about|of|in which|with)|a (?:song|story|clip) (?:where|about|of)|there(?: is|'s|’s))"
    r"\b[\s,:]*)+",
    re.IGNORECASE,
)

_SIZE_WORDS = {
    ShotSize.EWS: "Extreme wide shot",
    ShotSize.WS: "Wide shot",
    ShotSize.FS: "Full shot",
    ShotSize.MS: "Medium shot",
    ShotSize.MCU: "Medium close-up",
    ShotSize.CU: "Close-up",
    ShotSize.ECU: "Extreme close-up",
    ShotSize.INSERT: "Insert",
}
_FRAMES = {
    ShotSize.EWS: (
        "small in the wide frame",
        "barely larger than a thumbprint in the frame",
        "all around nothing but space",
    ),
    ShotSize.WS: ("with air on every side", "the whole place readable at a glance", ""),
    ShotSize.FS: ("seen from head to toe", "the whole body in the frame", ""),
    ShotSize.MS: ("framed from the waist up", "hands and face in one frame", ""),
    ShotSize.MCU: ("framed from the chest up", "near enough to hear breathing", ""),
    ShotSize.CU: ("the face holding the frame", "every small change of expression to be seen", ""),
    ShotSize.ECU: ("only the eyes and what they reflect", "so near that the background is nothing but colour"),
    ShotSize.INSERT: ("",),
}
_CLAUSES = {
    "intro": (
        "wait{s} at the edge of the frame", "{is} no more than a hint in the distance", "show{s} first as a reflection",
        "hold{s} the background, out of focus", "{is} there before anybody notices",
    ),
    "verse": (
        "draw{s} closer with every beat", "leave{s} traces in the foreground", "come{s} slowly into focus",
        "pull{s} the eye to the far side of the frame", "split{s} the frame in two", "pass{es} by without a sound",
        "turn{s} up again where nobody looks", "cast{s} a shape across the foreground",
    ),
    "chorus": (
        "fill{s} the frame from edge to edge", "take{s} over the picture", "answer{s} every beat",
        "break{s} into the light", "surround{s} everything", "{is} closer than ever",
    ),
    "bridge": (
        "{is} almost still", "shrink{s} to one small detail", "seem{s} farther away than before",
        "hang{s} in the air for one long breath", "lose{s} every colour but one",
    ),
    "outro": (
        "stay{s} in the picture after the last beat", "recede{s} into the distance", "settle{s} like dust",
        "{is} all that is left to see",
    ),
}  # fmt: skip
_DEEDS = ("", "slowly", "still", "once more")
_PERFORM = {
    "perform": ("sings straight into the lens", "plays as if the room were full"),
    "live": ("sings straight into the lens", "counts the band in"),
    "danc": ("dances, every accent in the shoulders", "falls into step with the beat"),
}


def compose(
    brief: SceneBrief, vocabulary: Vocabulary, *, count: int, have: Sequence[str] = (), attempt: int = 1
) -> dict[str, Any]:
    """`count` scenes as a vendor would answer them; another `attempt` is another list. With `have`,
    those that follow: as many come before as there are titles in it, and none of these is used again."""
    writer = _Writer(brief, vocabulary, total=count + len(have), attempt=attempt)
    return writer.write(count, have)


class _Writer:
    def __init__(self, brief: SceneBrief, vocabulary: Vocabulary, *, total: int, attempt: int) -> None:
        dice = random.Random(_seed(brief) + attempt)
        self._brief, self._vocabulary = brief, vocabulary
        self._idea = read_idea(brief.idea)
        self._person = read_person(brief.character, brief.traits)
        self._motifs = _motifs(self._idea, self._person)
        wish = f"{brief.idea} {brief.style} {brief.video_type}"
        self._shots = storyboard(vocabulary, total, dice, places=self._idea.places, wish=wish)
        camera = squeeze(brief.camera)
        self._look = (camera if len(camera) <= 40 else "", shorten(squeeze(brief.style), 160))
        self._avoid = [squeeze(words) for words in vocabulary.avoid]
        self._actions = Deck(vocabulary.actions, dice)
        self._clauses = {kind: Deck(clauses, dice) for kind, clauses in _CLAUSES.items()}
        self._frames = {size: Deck([f or " " for f in frames], dice) for size, frames in _FRAMES.items()}
        self._deeds = [(how, deed) for how in _DEEDS for deed in self._idea.deeds]
        self._performed = [act for key, acts in _PERFORM.items() if key in brief.video_type.casefold() for act in acts]
        self._dice = dice

    def write(self, count: int, have: Sequence[str]) -> dict[str, Any]:
        titles = Titles(self._motifs, _who(self._person), have, self._dice)
        scenes = [self._scene(shot, turn, titles) for turn, shot in enumerate(self._shots)]
        return {
            "title": _list_title(self._idea),
            "logline": self._logline(),
            "palette": palette(self._brief, self._vocabulary.palettes, self._dice),
            "scenes": scenes[len(have) :][:count],
        }

    def _scene(self, shot: Shot, turn: int, titles: Titles) -> dict[str, Any]:
        action, own_place = self._action(shot, turn)
        location = self._idea.places[0][1] if own_place and self._idea.places else shot.location
        return {
            "title": titles.next(shot, turn),
            "description": self._description(shot, turn, action, placed=own_place),
            "negative_description": self._negative(turn),
            "action": sentence(f"{self._person.name} {action}"),
            "location": _capital(without_article(location)),
            "time_of_day": shot.time,
            "shot_size": shot.size.value,
            "camera_angle": shot.angle,
            "camera_movement": shot.movement,
            "lighting": shot.lighting,
            "mood": shot.mood,
            "transition": shot.transition,
            "duration_seconds": shot.seconds,
            "cue": shot.part.cue,
        }

    def _action(self, shot: Shot, turn: int) -> tuple[str, bool]:
        """What the person does, and whether that says already where: the idea's own deed where the song is loudest, in
        performance videos a performance, else the flavor's."""
        fresh = turn == 0 or self._shots[turn - 1].part is not shot.part
        if self._deeds and ((shot.part.kind == "chorus" and fresh) or turn % 5 == 2):
            how, deed = self._deeds.pop(0)
            return f"{how} {_agree(deed, self._person)}".strip(), has_place(deed)
        if self._performed and turn % 3 == 1:
            return _agree(self._performed[turn // 3 % len(self._performed)], self._person), False
        leaving = re.compile(r"out of the frame|walks away|last bus")
        last = turn == len(self._shots) - 1
        return _agree(self._actions.draw(leaving if last else None, None if last else leaving), self._person), False

    def _description(self, shot: Shot, turn: int, action: str, *, placed: bool) -> str:
        """Three sentences: who does what where; the hour, the idea and the light; how it is filmed."""
        motif = self._motifs[turn % len(self._motifs)]
        place = "" if placed else shot.place
        who, size = self._person.full, f"{_SIZE_WORDS[shot.size]}, {shot.angle}"
        if shot.size is ShotSize.INSERT:
            first = f"{size}: one detail of {motif.text} in sharp focus; behind it {who} {action} {place}"
            motif = self._motifs[(turn + 1) % len(self._motifs)]
        else:
            frame = self._frames[shot.size].draw().strip()
            first = f"{size}: {who} {action} {place}" + (f", {frame}" if frame else "")
        second = self._hour(shot, turn, motif)
        third = "; ".join(filter(None, (shot.movement, *self._look, f"the mood is {shot.mood}")))
        return shorten(" ".join(map(sentence, (first, second, third))), LONGEST_DESCRIPTION)

    def _hour(self, shot: Shot, turn: int, motif: Motif) -> str:
        clause = self._clauses[shot.part.kind].draw()
        ends = {"s": "", "es": "", "is": "are"} if motif.plural else {"s": "s", "es": "es", "is": "is"}
        verb = clause.format(**ends)
        happening = f"{motif.text} {verb}"
        forms = (
            f"{shot.time}: {happening}; {shot.lighting}",
            f"{shot.time}, {shot.lighting}; {happening}",
            f"{_capital(happening)}: {shot.time}, {shot.lighting}",
        )
        return forms[turn % len(forms)]

    def _negative(self, turn: int) -> str:
        first, *rest = self._avoid
        chosen = [first] + [rest[(turn + at) % len(rest)] for at in range(min(3, len(rest)))]
        return listed(chosen)

    def _logline(self) -> str:
        idea = shorten(first_sentence(_pith(self._idea.text)), 200).rstrip(".")
        first, last = self._shots[0].place, self._shots[-1].place
        path = f"from {_under_way(first)} to {_under_way(last)}"
        if first == last:
            away = [shot.place for shot in self._shots if shot.place != first]
            path = f"from {_under_way(first)} to {_under_way(away[len(away) // 2])} and back" if away else first
        return sentence(f"Offline draft: “{idea}”, told through {self._person.name}, {path}")


def _seed(brief: SceneBrief) -> int:
    """Of what was asked, whatever the spaces and the way accents are stored; the count plays no part."""
    asked = (brief.idea, brief.character, brief.traits, brief.style, brief.camera, brief.video_type, brief.flavor)
    plain = json.dumps([unicodedata.normalize("NFC", squeeze(text)).casefold() for text in asked])
    return int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big")


def _motifs(idea: Idea, person: Person) -> tuple[Motif, ...]:
    """Those that are not the person again."""
    others = [m for m in idea.motifs if not set(m.bare.casefold().split(" ")) & person.words()]
    return tuple(others) or idea.motifs


def _who(person: Person) -> str:
    """As titles call the person; a phrase in another language stays out of English titles."""
    first = person.name.split(" ", 1)[0].casefold()
    return "the Lead" if first in FOREIGN - DETERMINERS or len(person.name) > LONGEST_NAME else person.name


def _agree(action: str, person: Person) -> str:
    """The verb follows the person: `walks`, `walk`; an action given as `walking` becomes `is walking`."""
    first, _, rest = tidy(action.strip().rstrip(".")).partition(" ")
    if first.casefold().endswith("ing") and len(first) > 5:
        return f"{'are' if person.plural else 'is'} {first} {rest}".strip()
    if first.casefold() in ("a", "an", "the"):
        return f"{'are' if person.plural else 'is'} seen in {first} {rest}"
    verb = bare_verb(third_person(first)) if person.plural else third_person(first)
    if person.plural:
        rest = re.sub(r"\b(and|then) ([a-z]+[^s\W]s)\b", lambda found: f"{found[1]} {bare_verb(found[2])}", rest)
    return f"{verb} {rest}".strip()


def _list_title(idea: Idea) -> str:
    text = first_sentence(_pith(idea.text))
    if len(text) > LONGEST_TITLE:
        clauses = [found.start() for found in re.finditer(r"[,;:–—] | (?:and|but|while|until|because|und|et|y) ", text)]
        whole = [at for at in clauses if 20 <= at <= LONGEST_TITLE]
        text = text[: whole[-1]] if whole else shorten(text, LONGEST_TITLE)
    text = text.rstrip(" .,;:")
    return (title_case(text) if idea.english else text) or "Untitled"


def _pith(text: str) -> str:
    """Without the way people lead up to an idea."""
    pith = _LEADING_UP.sub("", text)
    return pith if len(pith) >= 12 else text


def _under_way(place: str) -> str:
    """`on a rooftop` → `a rooftop`: what one comes from and goes to."""
    return re.sub(r"^(in|on|at) ", "", place)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1].islower() else text
