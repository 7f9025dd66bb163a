"""A project groups what is made for one video, in one server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mv.domain.ids import MemberId, RecordId, Ref, ServerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`scene_lists` and `characters` count what everybody of the server may see; `budget` is micro-dollars a month."""

    id: RecordId
    server_id: ServerId
    ref: Ref
    name: str
    owner_id: MemberId
    created_at: datetime
    archived_at: datetime | None = None
    budget: int | None = None
    scene_lists: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A record of a project, in a line."""

    ref: Ref
    title: str
    created_at: datetime
    private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectSheet:
    """A project as one member sees it: the counts are of records that they may see, `makers` are who made something
    of these, `latest` the newest of them. `spent` are micro-dollars of everybody, what is reserved included; `unpriced`
    counts finished jobs without a known price, which are not in it."""

    project: Project
    makers: tuple[MemberId, ...]
    spent: int
    unpriced: int
    latest: tuple[Entrant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What an export of a project holds: how many there are of each."""

    project: Project
    scene_lists: int
    characters: int
    takes: int
