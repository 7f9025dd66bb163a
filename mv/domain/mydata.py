"""A member's own data, and what stays of it after they asked to be forgotten. The rules, in one place:

- What is theirs alone (private records, and those deleted already) is deleted for good: its texts at once, its pictures
  at the next clean-up. There is no undo.
- What the team has stays without their name: scene lists, pictures, and what generators answered (titles, scenes).
- Words that they typed go: ideas, characters, traits and styles of their scene lists, in all versions, whoever made
  these; instructions of their versions and takes, wherever these are; orders of their jobs. A title that is nothing but
  the beginning of the idea goes with it.
- What repeats these words goes as well, whoever pressed the button: instructions of another's Again, requests that
  another took over by Edit and retry (`words_by` says whose they are), and orders of others' jobs that hold any of
  them, or are about records that are gone. A job that is not delivered yet is let be until it is.
- The name and description of a character of theirs stay only if another member made a take of it, or a scene list that
  everybody may see with it: then it is what the team works with. Where they go, they go from all scene lists made with
  it, also from others' private ones.
- What was edited by hand and scenes of imported lists stay; so do names of projects and of others' characters, and what
  another member handed in as their own: a file, or a description in a form.
- Their number goes wherever it stands: as author, as who cancelled a job, or who set a limit. Amounts in the ledger
  stay, and so does its owner until the month ends, for nobody gets a fresh allowance by being forgotten; limits that
  managers set for a member are the managers' and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mv.domain.ids import FORMER, Kind, MemberId, RecordId, Ref, ServerId, parse_ref
from mv.domain.scenes import Change, SceneBrief

REMOVED = "(removed)"
"""Stands where the words of a former member were."""
GONE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record was deleted that goes with its owner: longer ago than any deletion can be undone, or is kept."""

WINDOW = timedelta(minutes=1)
"""Between what a member reads and what they ask to be made of it: what was asked for so shortly after somebody asked to
be forgotten may still repeat their words."""

_WORDS = ("idea", "character", "traits", "video_type", "style", "camera", "project")
"""What a member types freely into a request for scenes."""
_NEEDED = ("idea", "character")
QUOTED = 12
"""Characters of a text that is looked for in what a generator made of it."""
_OF_FILE = (*_WORDS, "flavor")
"""In a file there may stand anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """A member of a server asked to be forgotten: of what was there at that moment. `erased_at` is when all was done
    but the ledger, which waits for the end of the month."""

    server_id: ServerId
    member_id: MemberId
    asked_at: datetime
    erased_at: datetime | None = None

    @property
    def repeated_until(self) -> datetime:
        """What was asked for until then may repeat their words."""
        return self.asked_at + WINDOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """How much of a member's is in one server. `alone` are records that go for good; `scene_lists` and `characters`
    those that stay, `described` of the latter with their description; `changes` and `takes` are in others' records;
    `acts` are limits and settings that they set, and others' jobs that they cancelled. `lines` of the ledger name them,
    and do not wait for the end of the month yet."""

    server_id: ServerId
    alone: int = 0
    scene_lists: int = 0
    characters: int = 0
    described: int = 0
    changes: int = 0
    takes: int = 0
    projects: int = 0
    jobs: int = 0
    acts: int = 0
    lines: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing names this member that is not to go already."""
        own = (self.alone, self.scene_lists, self.characters, self.projects)
        return not any((*own, self.changes, self.takes, self.jobs, self.acts, self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChange:
    """A version that a member made of somebody else's scene list: what is theirs of it."""

    ref: Ref
    version: int
    change: Change
    scene: int | None
    instruction: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTake:
    """A take that a member asked for, of somebody else's character; `seen` unless that is deleted."""

    ref: Ref
    character_id: RecordId
    number: int
    instruction: str
    created_at: datetime
    seen: bool


def without_words(brief: SceneBrief, request: Mapping[str, Any]) -> tuple[SceneBrief, dict[str, Any]]:
    """A scene list's request without what its owner typed; a ref of a saved character stays, and so does what the
    flavor filled in."""
    typed = [name for name in _WORDS if request.get(name) is not None and name in SceneBrief.model_fields]
    gone = {**dict.fromkeys((*_NEEDED, *typed), REMOVED), "character_name": None}
    left = {name: value for name, value in request.items() if name not in _WORDS}
    saved = parse_ref(str(request.get("character", "")), Kind.CHARACTER)
    return (
        brief.model_copy(update=gone),
        {"idea": REMOVED, "character": str(saved) if saved else REMOVED, **left},
    )


def without_file(
    brief: SceneBrief, request: Mapping[str, Any], defaults: Mapping[str, Any]
) -> tuple[SceneBrief, dict[str, Any], dict[str, Any]]:
    """The same for a list that came from a file, where what was filled in is as free as what was typed."""
    bare, _ = without_words(brief, {**defaults, **request})
    _, left = without_words(brief, request)
    left.pop("flavor", None)
    return bare, left, {name: value for name, value in defaults.items() if name not in _OF_FILE}


def without_figure(brief: SceneBrief) -> SceneBrief:
    """A scene list's request without what a saved character brought into it."""
    return brief.model_copy(update={"character": REMOVED, "character_name": None}) if brief.character_ref else brief


def repeated_from(asker: MemberId, author: MemberId | None, words_by: MemberId | None) -> MemberId | None:
    """Whose words somebody repeats who asks for the same again: those of the author, or of whom that one repeated; None
    if they are their own."""
    whose = words_by or author
    return whose if whose not in (None, FORMER, asker) else None


def same_words(asked: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a request for scenes still says anything in the words of another."""
    return any(
        asked.get(name) is not None
        and asked.get(name) == before.get(name)
        and not (name == "character" and parse_ref(str(asked[name]), Kind.CHARACTER))
        for name in _WORDS
        if name != "project"
    )


def without_description(request: Mapping[str, Any]) -> dict[str, Any]:
    """A character's request without what its owner typed; or its defaults, whose name is taken from the
    description."""
    return {name: value for name, value in request.items() if name not in ("description", "name", "project")}


def phrases_of(brief: SceneBrief, request: Mapping[str, Any]) -> tuple[str, ...]:
    """What its owner typed that is long enough to be told from chance where a scene repeats it."""
    typed = {brief.idea, *(str(request[name]) for name in _WORDS if isinstance(request.get(name), str))}
    return tuple(sorted((text for text in typed if len(text) >= QUOTED and text != REMOVED), key=len, reverse=True))


def unquoted(text: str, phrases: Iterable[str]) -> str:
    """A text without what it repeats of these word for word, in whatever case and spacing."""
    for phrase in phrases:
        pattern = r"\s+".join(map(re.escape, phrase.rstrip(".!? ").split()))
        text = re.sub(pattern, REMOVED, text, flags=re.IGNORECASE) if pattern else text
    return text


def repeats(title: str, idea: str) -> bool:
    """Whether a title is nothing but the beginning of the idea, as an engine may have cut it, in whatever case."""
    said, meant = (" ".join(text.split()).casefold() for text in (title.removesuffix("…"), idea))
    return bool(said) and meant.startswith(said)
