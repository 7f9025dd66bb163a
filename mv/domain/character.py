"""A character: a description, and takes (pictures) of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from mv.domain.ids import MemberId, RecordId, Ref, ServerId
from mv.domain.scenes import SceneList


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CharacterOrder(_Frozen):
    """A request as the member typed it; None is what they left out."""

    description: str
    name: str | None = None
    aspect_ratio: str | None = None
    images: int | None = None
    engine: str | None = None
    seed: int | None = None
    flavor: str | None = None
    project: str | None = None
    private: bool = False
    fresh: bool = False


class VaryOrder(_Frozen):
    """What new takes of a character shall be like, as the member typed it; None is what they left out."""

    instructions: str | None = None
    take: int | None = None


class Variation(_Frozen):
    """The same with every gap filled. `take` is the one whose picture is the reference where the engine takes one, None
    if there is none; `named` says whether a member chose it."""

    instructions: str = ""
    take: int | None = None
    named: bool = False
    words_by: MemberId | None = None
    """Whose instructions these are, where whoever asked repeated another's."""


class CharacterBrief(_Frozen):
    """A request with every gap filled. `seed` is the first take's; the next takes count up from it."""

    description: str
    name: str
    aspect_ratio: str
    images: int
    seed: int
    flavor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """A stored file. `key` is its name in the media store, never a path."""

    id: RecordId
    server_id: ServerId
    key: str
    sha256: str
    mime: str
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One picture of a character: the vendor's untouched file and the light preview that Discord shows."""

    id: RecordId
    number: int
    job_id: RecordId
    original: MediaFile
    preview: MediaFile
    engine: str
    model_version: str
    seed: int | None
    aspect_ratio: str
    cost: int | None
    """Micro-dollars; None if unpriced."""
    created_at: datetime
    author_id: MemberId | None = None
    """Who asked for it; None in records of before that was kept."""
    instruction: str = ""
    """What was to be different from the description."""
    words_by: MemberId | None = None
    """Whose words the instruction is, where its author repeated another's."""
    from_take: int | None = None
    """The take whose picture was the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """The record that takes belong to."""

    id: RecordId
    server_id: ServerId
    ref: Ref
    owner_id: MemberId
    private: bool
    name: str
    description: str
    flavor: str
    request: Mapping[str, Any]
    defaults_applied: Mapping[str, Any]
    created_at: datetime
    takes: int
    """How many there were made in all, those that are gone included: the next one has the number after it."""
    main_take: int | None = None
    """The take that stands for the character, where one was chosen; otherwise it is the newest. It may be gone."""
    owner_name: str = ""
    """What the owner was called when it was made."""
    starred_at: datetime | None = None
    """Since when it is kept from clean-up."""
    request_key: str | None = None
    """By which the same request finds it; None if it cannot stand for what was asked for."""
    project_id: RecordId | None = None
    project_name: str | None = None
    project_ref: Ref | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterView:
    """A character with the takes that are shown, and the newest scene lists made with it that may be shown beside."""

    record: Character
    takes: tuple[Take, ...]
    lists: tuple[SceneList, ...] = ()
    reused_for: MemberId | None = None
    """Who asked for the same again and is answered with it, at no cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesOfJob:
    """The takes that one job made, in order of their number; at least one."""

    takes: tuple[Take, ...]

    @property
    def cost(self) -> int | None:
        """What they cost together, in micro-dollars; None if unpriced."""
        costs = [take.cost for take in self.takes if take.cost is not None]
        return sum(costs) if len(costs) == len(self.takes) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of what a character's jobs made, newest first; `before` is the number of the take to ask the next page
    with, None at the end."""

    record: Character
    jobs: tuple[TakesOfJob, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where whoever has the address can fetch a file until then. As good as the file itself: it is shown to whoever
    asked, and neither logged nor kept."""

    address: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A take with its untouched file; where that one is too large, with a link to it and no data, or with a smaller
    picture."""

    take: Take
    data: bytes = b""
    link: Link | None = None
    smaller: str | None = None
    """The extension of the smaller picture, if it is one."""


def file_name(now: datetime, extension: str) -> str:
    """`character_ref_20261122_201500_9f2c1a.png`: UTC, sortable, and unique also within one second."""
    return f"character_ref_{now.astimezone(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(4)}.{extension}"


def default_name(description: str) -> str:
    """What a character without a name is called: its description's first clause, at most 40 characters."""
    clauses = (clause.strip() for clause in re.split(r"[,.;:!?\n()]|\s[-–—]\s", description))
    clause = next((c for c in clauses if any(letter.isalpha() for letter in c)), " ".join(description.split()))
    name = ""
    for word in clause.split():
        longer = f"{name} {word}".strip()
        if len(longer) > 40:
            break
        name = longer
    return name or clause[:40].strip() or "Character"
