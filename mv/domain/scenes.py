"""A scene list: what is asked for, what it consists of, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain.ids import MemberId, RecordId, Ref, ServerId
from mv.domain.limits import without_controls

_MEANWHILE = "meanwhile:"


class ShotSize(StrEnum):
    """How much of the subject the frame holds, widest first."""

    EWS = "EWS"
    WS = "WS"
    FS = "FS"
    MS = "MS"
    MCU = "MCU"
    CU = "CU"
    ECU = "ECU"
    INSERT = "INSERT"


class Change(StrEnum):
    """What a version came of."""

    CREATE = "create"
    AGAIN = "again"
    REVISE = "revise"
    EDIT = "edit"
    INSERT = "insert"
    MOVE = "move"
    REMOVE = "remove"
    RESTORE = "restore"
    IMPORT = "import"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class SceneOrder(_Frozen):
    """A request as the member typed it; None is what they left out. `character` is text or a ref such as `C7`."""

    idea: str
    character: str
    count: int | None = None
    traits: str | None = None
    video_type: str | None = None
    style: str | None = None
    camera: str | None = None
    flavor: str | None = None
    project: str | None = None
    private: bool = False


class SceneBrief(_Frozen):
    """A request with every gap filled from the flavor: what goes into the prompt."""

    idea: str
    character: str
    character_ref: str | None = None
    character_name: str | None = None
    """What a saved character was called then, if its name was put before its description."""
    count: int
    traits: str
    video_type: str
    style: str
    camera: str
    flavor: str

    @property
    def described(self) -> str:
        """The character without the name of a saved one, for those who may not see that one (any more)."""
        return self.character.removeprefix(f"{self.character_name}: ") if self.character_name else self.character


class Scene(_Frozen):
    """One scene, checked. `duration_seconds` is in seconds; `cue` is the part of the song it belongs to, or empty."""

    title: str
    description: str
    negative_description: str
    action: str
    location: str
    time_of_day: str
    shot_size: ShotSize
    camera_angle: str
    camera_movement: str
    lighting: str
    mood: str
    transition: str
    duration_seconds: float
    cue: str = ""


class SceneDraft(_Frozen):
    """A whole scene list as a generator made it, checked, in order."""

    title: str
    logline: str
    palette: tuple[str, ...] = ()
    """Up to six colours as `#rrggbb`."""
    scenes: tuple[Scene, ...]

    @property
    def total_seconds(self) -> float:
        """The running time of all scenes, in seconds."""
        return round(sum(scene.duration_seconds for scene in self.scenes), 1)


class TokenUsage(_Frozen):
    """Tokens as the vendor counted them; thinking is billed as output."""

    prompt_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0

    def __add__(self, other: TokenUsage) -> TokenUsage:
        return TokenUsage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            thinking_tokens=self.thinking_tokens + other.thinking_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneVersion:
    """A scene list at one moment: what was made, from what, by which engine, at what cost."""

    number: int
    author_id: MemberId
    created_at: datetime
    job_id: RecordId | None
    draft: SceneDraft
    brief: SceneBrief
    request: Mapping[str, Any]
    defaults_applied: Mapping[str, Any]
    engine: str
    model_version: str
    usage: TokenUsage
    cost: int | None
    """Micro-dollars; None if the engine has no known price."""
    notes: tuple[str, ...] = ()
    """What was mended or replaced, as codes such as `clamped:duration_seconds`."""
    change: Change = Change.CREATE
    based_on: int | None = None
    """The version that was changed or restored; None where nothing was there before."""
    scene: int | None = None
    """Which scene was changed, by its number in this version (of a removed one: in the version before)."""
    instruction: str = ""
    """What was asked for, in the words of its author."""
    words_by: MemberId | None = None
    """Whose words the instruction is, where its author repeated another's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneList:
    """The record that versions belong to."""

    id: RecordId
    server_id: ServerId
    ref: Ref
    owner_id: MemberId
    private: bool
    title: str
    created_at: datetime
    versions: int
    """How many there are; the newest is current."""
    owner_name: str = ""
    """What the owner was called when it was made."""
    starred_at: datetime | None = None
    """Since when it is kept from clean-up."""
    words_by: MemberId | None = None
    """Whose words its request holds, where its owner took them over from another's."""
    request_key: str | None = None
    """By which the same request finds it; None if it cannot stand for what was asked for."""
    project_id: RecordId | None = None
    project_name: str | None = None
    project_ref: Ref | None = None
    character_id: RecordId | None = None
    character_ref: Ref | None = None
    character_name: str | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneChange:
    """One scene in both versions, by its numbers; `fields` of it are different, and it may have `moved` past others."""

    before: int
    after: int
    fields: tuple[str, ...] = ()
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """`head` fields of the list; scenes `added` (numbers in the version after), `removed` (numbers in the one before),
    and `changed` or moved ones in the order they have now."""

    head: tuple[str, ...] = ()
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    changed: tuple[SceneChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.head or self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A version in a history, and what it changed in the version it is based on, or else in the one before it; None for
    the first."""

    version: SceneVersion
    changes: Changes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneListView:
    """A scene list with the version that is shown, and those that others made while it was made."""

    record: SceneList
    version: SceneVersion
    meanwhile: tuple[VersionLine, ...] = ()
    reused_for: MemberId | None = None
    """Who asked for the same again and is answered with it, at no cost."""


MOST_MEANWHILE = 20
"""Versions that are noted as made meanwhile."""


def meanwhile(numbers: Iterable[int]) -> list[str]:
    """Notes that these versions were made while another was made: the newest of them, where there are very many."""
    return [f"{_MEANWHILE}{number}" for number in list(numbers)[-MOST_MEANWHILE:]]


def made_meanwhile(version: SceneVersion) -> tuple[int, ...]:
    """The versions that `meanwhile` noted."""
    return tuple(int(note.removeprefix(_MEANWHILE)) for note in version.notes if note.startswith(_MEANWHILE))


def default_title(idea: str) -> str:
    """What a list is called whose generator gave it no title: its idea's first words."""
    words = " ".join(without_controls(idea).split())
    return words if len(words) <= 60 else words[:59].rsplit(" ", 1)[0] + "…"
