"""What the services need of the world to keep a server's settings, and to let go what is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mv.domain.character import MediaFile
from mv.domain.ids import ChannelId, Kind, RecordId, ServerId
from mv.domain.settings import Option, Setting


class SettingsRows(Protocol):
    """What the managers of servers set."""

    async def of(self, server_id: ServerId) -> tuple[Setting, ...]:
        """All of one server; what an option of another version says is left out."""

    async def channels(self) -> tuple[tuple[ServerId, ChannelId], ...]:
        """All channels of all servers for which anything is set."""

    async def put(self, setting: Setting) -> None:
        """Replaces the one of the same option and channel."""

    async def clear(self, server_id: ServerId, channel_id: ChannelId, option: Option | None = None) -> int:
        """Removes that of an option, or all of this channel; returns how many."""


class ServerRows(Protocol):
    """Which servers there are, and which the bot has left."""

    async def known(self) -> tuple[ServerId, ...]:
        """All of which anything is stored."""

    async def left(self) -> dict[ServerId, datetime]:
        """Those that the bot is not in any more, and since when."""

    async def leave(self, server_ids: Sequence[ServerId], at: datetime) -> None:
        """Notes it; the first time stays."""

    async def come_back(self, server_ids: Sequence[ServerId]) -> None:
        """They are as if they had never been left."""


@dataclass(frozen=True, slots=True)
class Freed:
    """A file whose row is gone."""

    key: str
    bytes: int


class CleaningRows(Protocol):
    """What a clean-up finds and removes. `size` None finds all. Nothing is removed that is not due any more."""

    async def deleted(
        self, server_id: ServerId, kind: Kind, before: datetime | None, size: int | None
    ) -> tuple[RecordId, ...]:
        """Scene lists or characters that were deleted until then, but for those whose result is yet to be delivered;
        `before` None: all there are, deleted or not."""

    async def purge(self, kind: Kind, record_id: RecordId, before: datetime | None, size: int) -> bool:
        """Removes about that many rows of a record that was deleted until then, the record itself last: True when it is
        gone. From the first call on nothing brings it back."""

    async def takes(
        self, server_id: ServerId, before: datetime, size: int | None, busy: Sequence[RecordId] = ()
    ) -> tuple[RecordId, ...]:
        """Takes made until then of characters without a star, but for the main one and the newest of each, and for
        those of `busy` characters."""

    async def remove_takes(
        self, server_id: ServerId, before: datetime, take_ids: Sequence[RecordId], busy: Sequence[RecordId] = ()
    ) -> int:
        """Of those that `takes` found, but for those of `busy` characters."""

    async def takes_of(self, character_ids: Sequence[RecordId]) -> tuple[RecordId, ...]:
        """All takes of these."""

    async def jobs(self, server_id: ServerId, before: datetime | None, size: int | None) -> tuple[RecordId, ...]:
        """Jobs that ended until then and are delivered; None: all there are."""

    async def open_jobs(self, server_id: ServerId) -> int:
        """How many are queued or running."""

    async def remove_jobs(self, job_ids: Sequence[RecordId]) -> int:
        """With their steps; never one that is open."""

    async def begun(self) -> datetime | None:
        """Since when anything was made that these records know of; None: nothing was."""

    async def loose(self, server_id: ServerId, size: int | None) -> tuple[MediaFile, ...]:
        """Files with a row that no take uses."""

    async def remove_files(self, server_id: ServerId, file_ids: Sequence[RecordId]) -> tuple[Freed, ...]:
        """The rows of those that no take uses; none at all while a character job of that server runs, which may have
        found that the bytes are here already."""

    async def freed_by(self, take_ids: Sequence[RecordId]) -> tuple[MediaFile, ...]:
        """The files that no take would use without these."""

    async def files(self, server_id: ServerId, after: str, size: int) -> tuple[MediaFile, ...]:
        """A page of all files of a server, by hash, those with hashes behind `after`."""

    async def named(self, keys: Sequence[str]) -> frozenset[str]:
        """Those of these keys that a row has."""

    async def others(self, server_id: ServerId, before: datetime) -> int:
        """How many rows of a server are neither records nor jobs, and would be removed, or name nobody any more:
        entries of the ledger (all that count in a period before that), projects, quotas, settings."""

    async def remove_ledger(self, server_id: ServerId, before: datetime, size: int) -> int:
        """Entries that count in a period before that; returns how many."""

    async def blank_ledger(self, server_id: ServerId, size: int) -> int:
        """Takes members and projects out of entries; returns how many."""

    async def remove_projects(self, server_id: ServerId, size: int) -> int:
        """Those that nothing belongs to; returns how many."""

    async def remove_rules(self, server_id: ServerId) -> int:
        """Quotas and settings; returns how many."""

    async def remove_server(self, server_id: ServerId) -> bool:
        """Its counters and the note of it, once nothing else of it is there: True when it is gone."""


@dataclass(frozen=True, slots=True)
class Scrap:
    """Something in the data folder that an interrupted run left behind. `path` only `Scraps` can read."""

    path: str
    bytes: int


class Scraps(Protocol):
    """What interrupted backups, restores and uploads left in the data folder."""

    async def found(self, before: datetime) -> tuple[Scrap, ...]:
        """Those not touched since then."""

    async def remove(self, scrap: Scrap) -> None:
        """No error if it is gone. Raises StorageError."""

    async def put_aside(self) -> bool:
        """Whether there is a database that a restore put aside, which may name files that no row names."""
