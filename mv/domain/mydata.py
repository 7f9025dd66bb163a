"""A member's own data, and what stays of it after they asked to be forgotten. The rules, in one place:

- What is theirs alone (private records, and those deleted already) is deleted for good: its texts at once, its pictures
  at the next clean-up. There is no undo.
- What the team has stays without their name: scene lists, pictures, and what generators answered (titles, scenes).
- Words that they typed go: ideas, characters, traits and styles of their scene lists, in all versions, whoever made
  these; instructions of their versions and takes, wherever these are; orders of their jobs, and of others' jobs on
  these records. A title that is nothing but the beginning of the idea goes with it.
- The name and description of a character of theirs stay only if another member made a take of it, or a scene list that
  everybody may see with it: then it is what the team works with. So do scenes that were edited by hand, imported ones,
  and names of projects.
- Amounts in the ledger stay, and so does its owner until the month ends, for nobody gets a fresh allowance by being
  forgotten; limits that managers set for a member are the managers' and stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId, parse_ref
from mv.domain.scenes import Change, SceneBrief

REMOVED = "(removed)"
"""Stands where the words of a former member were."""
GONE = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record was deleted that goes with its owner: longer ago than any deletion can be undone, or is kept."""

_WORDS = ("idea", "character", "traits", "video_type", "style", "camera", "project")
"""What a member types freely into a request for scenes."""
_NEEDED = ("idea", "character")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """A member of a server asked to be forgotten: of what was there at that moment. `erased_at` is when all was done
    but the ledger, which waits for the end of the month."""

    server_id: ServerId
    member_id: MemberId
    asked_at: datetime
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """How much of a member's is in one server. `alone` are records that go for good; `scene_lists` and `characters`
    those that stay, `described` of the latter with their description; `changes` and `takes` are in others' records."""

    server_id: ServerId
    alone: int = 0
    scene_lists: int = 0
    characters: int = 0
    described: int = 0
    changes: int = 0
    takes: int = 0
    projects: int = 0
    jobs: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing names this member, but for the ledger."""
        own = (self.alone, self.scene_lists, self.characters, self.projects)
        return not any((*own, self.changes, self.takes, self.jobs))


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
    gone = dict.fromkeys((*_NEEDED, *typed), REMOVED)
    left = {name: value for name, value in request.items() if name not in _WORDS}
    saved = parse_ref(str(request.get("character", "")), Kind.CHARACTER)
    return (
        brief.model_copy(update=gone),
        {"idea": REMOVED, "character": str(saved) if saved else REMOVED, **left},
    )


def without_description(request: Mapping[str, Any]) -> dict[str, Any]:
    """A character's request without what its owner typed; or its defaults, whose name is taken from the
    description."""
    return {name: value for name, value in request.items() if name not in ("description", "name", "project")}


def repeats(title: str, idea: str) -> bool:
    """Whether a title is nothing but the beginning of the idea, as an engine may have cut it, in whatever case."""
    said, meant = (" ".join(text.split()).casefold() for text in (title.removesuffix("…"), idea))
    return bool(said) and meant.startswith(said)
