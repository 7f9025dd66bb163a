"""A project groups what is made for one video, in one server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mv.domain.ids import MemberId, RecordId, Ref, ServerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`scene_lists` and `characters` count what everybody of the server may see."""

    id: RecordId
    server_id: ServerId
    ref: Ref
    name: str
    owner_id: MemberId
    created_at: datetime
    archived_at: datetime | None = None
    scene_lists: int = 0
    characters: int = 0
