"""What came back from a generator, checked: mended where that is unambiguous, and otherwise told as missing.

The vendor's answer is any JSON at all. Nothing in it is trusted: types, lengths, ranges, enums, order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mv.domain.limits import without_controls
from mv.domain.scenes import Scene, SceneDraft, ShotSize

TITLE = 120
TEXT = 2000
PHRASE = 300
PALETTE = 6

REQUIRED = ("title", "description")
LENGTHS = {
    "title": TITLE,
    "description": TEXT,
    "negative_description": TEXT,
    "action": TEXT,
    "location": PHRASE,
    "time_of_day": PHRASE,
    "camera_angle": PHRASE,
    "camera_movement": PHRASE,
    "lighting": PHRASE,
    "mood": PHRASE,
    "transition": PHRASE,
    "cue": PHRASE,
}
"""The texts of a scene, and how long each may be."""

_SIZES = {
    ShotSize.EWS: ("extreme wide", "extreme wide shot", "els", "extreme long", "extreme long shot", "xws",
                   "establishing", "establishing shot"),
    ShotSize.WS: ("wide", "wide shot", "ls", "long", "long shot"),
    ShotSize.FS: ("full", "full shot", "full body", "full length"),
    ShotSize.MS: ("medium", "medium shot", "mid", "mid shot", "waist shot"),
    ShotSize.MCU: ("medium close up", "medium closeup", "mid close up"),
    ShotSize.CU: ("close up", "closeup", "close", "close shot", "close up shot"),
    ShotSize.ECU: ("extreme close up", "extreme closeup", "xcu", "big close up", "macro"),
    ShotSize.INSERT: ("insert shot", "detail", "detail shot", "ins", "cutaway"),
}  # fmt: skip
_SYNONYMS = {name: size for size, names in _SIZES.items() for name in (*names, size.value.casefold())}
_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


@dataclass(slots=True)
class Checked:
    """An answer after the check. `scenes` has a None where a scene could not be used; `notes` say what was mended."""

    title: str = ""
    logline: str = ""
    palette: tuple[str, ...] = ()
    scenes: list[Scene | None] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def usable(self) -> int:
        """How many scenes are good."""
        return sum(scene is not None for scene in self.scenes)

    def missing(self, count: int) -> int:
        """How many scenes are still wanted."""
        return max(0, count - self.usable())

    def fill(self, more: Checked) -> None:
        """Takes scenes of a second answer into the gaps, in order, then behind the last."""
        fresh = [scene for scene in more.scenes if scene is not None]
        self.scenes = [scene if scene is not None or not fresh else fresh.pop(0) for scene in self.scenes]
        self.scenes += fresh
        self.title, self.logline = self.title or more.title, self.logline or more.logline
        self.palette = self.palette or more.palette
        self.notes += [note for note in more.notes if note not in self.notes]

    def draft(self, count: int, title: str) -> SceneDraft:
        """The finished list: the first `count` good scenes; a missing title is `title`."""
        good = tuple(scene for scene in self.scenes if scene is not None)
        if len(good) > count and "kept_first" not in self.notes:
            self.notes.append("kept_first")
        return SceneDraft(title=self.title or title, logline=self.logline, palette=self.palette, scenes=good[:count])


def check(payload: object, *, count: int, shortest: float, longest: float, lenient: bool = False) -> Checked:
    """Reads any JSON as a scene list. `shortest` and `longest` are seconds.

    `lenient` takes a medium shot for an unknown shot size: for the second answer, after which nobody is asked again.
    """
    result = Checked()
    if isinstance(payload, list):
        payload = {"scenes": payload}
    if not isinstance(payload, Mapping):
        return result
    result.title = _text(payload.get("title"), TITLE)
    result.logline = _text(payload.get("logline"), TEXT)
    result.palette = _palette(payload.get("palette"))
    scenes = payload.get("scenes")
    if not isinstance(scenes, list):
        return result
    if len(scenes) > count:
        result.notes.append("kept_first")
    result.scenes = [_scene(raw, result.notes, shortest, longest, lenient) for raw in scenes[:count]]
    return result


def _scene(raw: object, notes: list[str], shortest: float, longest: float, lenient: bool) -> Scene | None:
    if not isinstance(raw, Mapping):
        return None
    texts = {name: _text(raw.get(name), length) for name, length in LENGTHS.items()}
    if not all(texts[name] for name in REQUIRED):
        return None
    if any(isinstance(raw.get(n), str) and len(raw[n].strip()) > length for n, length in LENGTHS.items()):
        _note(notes, "shortened")
    size = _shot_size(raw.get("shot_size"), notes)
    if size is None:
        if not lenient:
            return None
        size = ShotSize.MS
        _note(notes, "guessed:shot_size")
    seconds = _seconds(raw.get("duration_seconds"), notes, shortest, longest)
    return Scene(**texts, shot_size=size, duration_seconds=seconds)


def shot_size(text: str) -> ShotSize | None:
    """What a name of the field means: `CU`, `close-up`, `Extreme wide shot`; None for none of them."""
    words = " ".join(re.sub(r"[^a-z]+", " ", re.sub(r"\(.*?\)", " ", text.casefold())).split())
    return _SYNONYMS.get(words) or _SYNONYMS.get(words.removesuffix(" shot"))


def _shot_size(value: Any, notes: list[str]) -> ShotSize | None:
    if not isinstance(value, str):
        return None
    size = shot_size(value)
    if size is not None and value.strip() != size.value:
        _note(notes, "mended:shot_size")
    return size


def _seconds(value: Any, notes: list[str], shortest: float, longest: float) -> float:
    try:
        seconds = float(str(value).strip().casefold().removesuffix("seconds").removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        _note(notes, "mended:duration_seconds")
        return round((shortest + min(longest, shortest * 3)) / 2, 1)
    if not shortest <= seconds <= longest:
        _note(notes, "clamped:duration_seconds")
    return round(min(max(seconds, shortest), longest), 1)


def _palette(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    colours: list[str] = []
    for entry in value:
        found = _HEX.fullmatch(entry.strip()) if isinstance(entry, str) else None
        if found is None:
            continue
        digits = found.group(1).lower()
        colour = "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))
        if colour not in colours:
            colours.append(colour)
    return tuple(colours[:PALETTE])


def _text(value: Any, length: int) -> str:
    """One clean string: control characters and lone surrogates out, lists joined, cut at a word."""
    if isinstance(value, list):
        value = ", ".join(str(part) for part in value if isinstance(part, str | int | float))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = without_controls(str(value)[: length * 4])
    text = "\n".join(" ".join(line.split()) for line in text.strip().splitlines()).strip()
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut).rstrip() + "…"


def _note(notes: list[str], note: str) -> None:
    if note not in notes:
        notes.append(note)
