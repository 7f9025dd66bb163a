"""A `scenes.json` that somebody hands in. Nothing in it is trusted, and nothing is mended: it is as we write it, or it
is refused with what is wrong and where.

What a member once typed is taken as it is, for a list that was exported must come back the same; only what no database
keeps (NUL, half a surrogate pair) is refused there too.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mv.domain import limits
from mv.domain.scene_check import LENGTHS, PALETTE, PHRASE, TEXT, TITLE
from mv.domain.scenes import Scene, SceneDraft, ShotSize
from mv.errors import BadFile, FileTooLarge, NotOurs

SCHEMA_VERSION = 1
LONGEST_SCENE = 600.0
"""Seconds; what a flavor may allow at most."""
SHOWN = 5
"""Mistakes that are told; the others are counted."""
_LARGEST_NUMBER = 2**53
_PARTS = 5_000
"""Strings, commas and brackets. The longest list has a third of them, and what has thousands takes long to decode."""
_PART = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{,]', re.DOTALL)
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xd0\xcf\x11\xe0")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_REF = re.compile(r"S[1-9][0-9]{0,11}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALF = re.compile("[\ud800-\udfff]")
_TYPED = {
    "idea": limits.IDEA,
    "character": limits.CHARACTER,
    "traits": limits.TRAITS,
    "video_type": limits.STYLE,
    "style": limits.STYLE,
    "camera": limits.STYLE,
    "flavor": PHRASE,
    "project": PHRASE,
}
_FILLED = ("traits", "video_type", "style", "camera", "flavor", "project")
_TOP = (
    "schema_version", "ref", "version", "title", "logline", "palette", "request", "defaults_applied", "flavor",
    "engine", "model_version", "usage", "cost", "scenes",
)  # fmt: skip
_TOKENS = ("prompt_tokens", "output_tokens", "thinking_tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFileContent:
    """What a file holds that a new list is made of; what it says of engines and costs is left there."""

    draft: SceneDraft
    request: Mapping[str, Any]
    defaults_applied: Mapping[str, Any]
    flavor: str


def read_scene_file(data: bytes) -> SceneFileContent:
    """Raises FileTooLarge, NotOurs, or BadFile with the first mistakes. 10 ms for the largest: best off the event
    loop."""
    if len(data) > limits.FILE:
        raise FileTooLarge(bytes=len(data), limit=limits.FILE)
    whole = _decoded(data)
    if not isinstance(whole, _Object) or not {"schema_version", "scenes"} <= whole.keys():
        raise NotOurs(why="another_kind")
    version = whole["schema_version"]
    if type(version) is not int or version != SCHEMA_VERSION:
        raise NotOurs(why="newer" if type(version) is int and version > SCHEMA_VERSION else "another_kind")
    reader = _Reader()
    found = reader.read(whole)
    if reader.count:
        raise BadFile(places=tuple(reader.places), wrongs=tuple(reader.wrongs), count=reader.count)
    return found


class _Object(dict[str, Any]):
    """A JSON object that knows which of its keys stood there twice."""

    twice: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        made.twice = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return made


def _decoded(data: bytes) -> object:
    if data.startswith(_ARCHIVES):
        raise NotOurs(why="archive")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotOurs(why="not_utf8") from None
    if any(number > _PARTS for number, _ in enumerate(_PART.finditer(text))):
        raise NotOurs(why="too_much")
    if not limits.seen(text):
        raise NotOurs(why="empty")
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise NotOurs(why="not_json", line=error.lineno) from None
    except RecursionError:
        raise NotOurs(why="too_deep") from None
    except ValueError:  # a number of thousands of digits
        raise NotOurs(why="not_json") from None


@dataclass(slots=True)
class _Reader:
    """Notes what is wrong and goes on; with a mistake noted, what it returns is of no use."""

    places: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    count: int = 0

    def wrong(self, place: str, what: str) -> None:
        """`what` is a code with its facts behind colons."""
        self.count += 1
        if self.count <= SHOWN:
            self.places.append(place)
            self.wrongs.append(what)

    def read(self, top: _Object) -> SceneFileContent:
        """The whole file."""
        self._keys(top, "", _TOP)
        if "ref" in top and not (isinstance(top["ref"], str) and _REF.fullmatch(top["ref"])):
            self.wrong("ref", "ref")
        self._whole(top, "", "version", 1, _LARGEST_NUMBER)
        for name in ("engine", "model_version"):
            self._text(top, "", name, PHRASE, empty=name == "model_version")
        self._usage(self._object(top, "usage"))
        if top.get("cost") is not None:
            self._whole(top, "", "cost", 0, _LARGEST_NUMBER)
        request = self._order(self._object(top, "request"), "request", tuple(_TYPED), needed=("idea", "character"))
        defaults = self._order(self._object(top, "defaults_applied"), "defaults_applied", _FILLED)
        title, logline = self._text(top, "", "title", TITLE), self._text(top, "", "logline", TEXT, empty=True)
        flavor, palette = self._text(top, "", "flavor", PHRASE), self._palette(top.get("palette", []))
        values = self._scenes(top["scenes"])
        scenes = () if self.count else tuple(Scene.model_validate(each) for each in values)
        draft = SceneDraft(title=title, logline=logline, palette=palette, scenes=scenes)
        return SceneFileContent(draft=draft, request=request, defaults_applied=defaults, flavor=flavor)

    def _scenes(self, found: object) -> list[dict[str, Any]]:
        low, high = limits.SCENES
        if not isinstance(found, list):
            self.wrong("scenes", "list")
            return []
        if not low <= len(found) <= high:
            self.wrong("scenes", f"count:{low}:{high}:{len(found)}")
        return [self._scene(each, number) for number, each in enumerate(found[:high], start=1)]

    def _scene(self, found: object, number: int) -> dict[str, Any]:
        place = f"scene {number}"
        if not isinstance(found, _Object):
            self.wrong(place, "object")
            return {}
        place = f"{place}, "
        self._keys(found, place, ("number", *Scene.model_fields))
        if "number" in found and not (type(found["number"]) is int and found["number"] == number):
            self.wrong(f"{place}number", f"order:{number}")
        values: dict[str, Any] = {
            name: self._text(found, place, name, length, empty=name not in ("title", "description"))
            for name, length in LENGTHS.items()
        }
        size, seconds = found.get("shot_size"), found.get("duration_seconds")
        if "shot_size" in found and not (isinstance(size, str) and size in set(ShotSize)):
            self.wrong(f"{place}shot_size", "shot_size")
        if "duration_seconds" in found and not _is_length(seconds):
            self.wrong(f"{place}duration_seconds", f"seconds:{LONGEST_SCENE:g}")
        return {**values, "shot_size": size, "duration_seconds": seconds}

    def _order(
        self, found: _Object | None, where: str, names: tuple[str, ...], needed: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What was typed (`request`, where some texts are needed), or filled in for what was not."""
        if found is None:
            return {}
        place = f"{where}, "
        self._keys(found, place, (*names, "count", *(("private",) if needed else ())), needed)
        for name in names:
            self._text(found, place, name, _TYPED[name], empty=name not in needed, typed=True)
        self._whole(found, place, "count", *limits.SCENES)
        if not isinstance(found.get("private", False), bool):
            self.wrong(f"{place}private", "flag")
        return dict(found)

    def _usage(self, found: _Object | None) -> None:
        if found is None:
            return
        self._keys(found, "usage, ", _TOKENS)
        for name in _TOKENS:
            self._whole(found, "usage, ", name, 0, _LARGEST_NUMBER)

    def _palette(self, found: object) -> tuple[str, ...]:
        if not isinstance(found, list):
            self.wrong("palette", "list")
            return ()
        if len(found) > PALETTE:
            self.wrong("palette", f"count:0:{PALETTE}:{len(found)}")
        colours = [each for each in found[:PALETTE] if isinstance(each, str) and _COLOUR.fullmatch(each)]
        if len(set(colours)) < len(found[:PALETTE]):
            self.wrong("palette", "colours")
        return tuple(colours)

    def _keys(self, found: _Object, place: str, names: tuple[str, ...], needed: tuple[str, ...] | None = None) -> None:
        for name in names if needed is None else needed:
            if name not in found:
                self.wrong(f"{place}{name}", "missing")
        for name in (name for name in found if name not in names):
            self.wrong(f"{place}{name[:40]}", "unknown")
        for name in found.twice:
            self.wrong(f"{place}{name[:40]}", "twice")

    def _object(self, found: _Object, name: str) -> _Object | None:
        """None if there is none, which is noted then."""
        inner = found.get(name)
        if isinstance(inner, _Object):
            return inner
        if name in found:
            self.wrong(name, "object")
        return None

    def _text(
        self, found: _Object, place: str, name: str, most: int, *, empty: bool = False, typed: bool = False
    ) -> str:
        value = found.get(name)
        if name not in found:
            return ""
        if not isinstance(value, str):
            self.wrong(f"{place}{name}", "text")
        elif len(value) > most:
            self.wrong(f"{place}{name}", f"long:{most}:{len(value)}")
        elif _HALF.search(value) or "\0" in value or (not typed and _CONTROLS.search(value)):
            self.wrong(f"{place}{name}", "controls")
        elif not empty and not (value.strip() if typed else limits.seen(value)):
            self.wrong(f"{place}{name}", "empty")
        else:
            return value
        return ""

    def _whole(self, found: _Object, place: str, name: str, low: int, high: int) -> None:
        if name in found and not (type(found[name]) is int and low <= found[name] <= high):
            self.wrong(f"{place}{name}", f"whole:{low}:{high if high < _LARGEST_NUMBER else ''}")


def _is_length(value: object) -> bool:
    """Whether it is a number of seconds that a scene may last."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value <= LONGEST_SCENE and math.isfinite(value)
