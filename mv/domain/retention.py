"""What a clean-up removes, and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta

from mv.domain.ids import Kind, ServerId

FINAL = datetime(1970, 1, 1, tzinfo=UTC)
"""When a record counts as deleted whose removal has begun: nothing brings it back."""
UPLOADING = timedelta(hours=1)
"""A file that is younger may belong to a record that is about to be stored."""
UNDER_WAY = timedelta(days=1)
"""What a backup or restore keeps while it works is no older."""
BOOKED = timedelta(days=32)
"""What a server that was left has spent counts so long, without names: longer than any month of a budget."""

_OURS = re.compile(r"\d{1,20}/character_ref_(\d{8}_\d{6})_[0-9a-f]{8}(\.preview)?\.[a-z0-9]{1,5}")


def named_at(key: str) -> datetime | None:
    """When a file got its name, if it has one of those that this bot gives: nothing else is ever swept."""
    found = _OURS.fullmatch(key)
    try:
        return datetime.strptime(found[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was removed of one server, or would be. `files` of which the bytes are `bytes`."""

    scene_lists: int = 0
    characters: int = 0
    takes: int = 0
    jobs: int = 0
    files: int = 0
    bytes: int = 0
    others: int = 0
    """Rows that are none of these: settings, quotas, projects, entries of the ledger."""
    left: bool = False
    """Whether it goes because the bot left it."""

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self) if each.name != "left")

    def words(self) -> str:
        """`2 scene lists, 7 jobs, 3 files of 12,345 bytes`, for the log and the command line."""
        named = ("scene_lists", "characters", "takes", "jobs")
        counts = [f"{getattr(self, name):,} {name.replace('_', ' ')}" for name in named if getattr(self, name)]
        return ", ".join([*counts, *([f"{self.files:,} files of {self.bytes:,} bytes"] if self.files else [])])

    def count(self, kind: Kind, records: int) -> None:
        """So many records more of a kind."""
        if kind is Kind.SCENE_LIST:
            self.scene_lists += records
        elif kind is Kind.CHARACTER:
            self.characters += records

    def add_file(self, size: int) -> None:
        """One more, of so many bytes."""
        self.files += 1
        self.bytes += size


@dataclass(slots=True, kw_only=True)
class CleanUp:
    """What a pass did, or in a `dry` one would do."""

    dry: bool = False
    servers: dict[ServerId, Tally] = field(default_factory=dict)
    orphans: Tally = field(default_factory=Tally)
    """Files that no record names."""
    scraps: Tally = field(default_factory=Tally)
    """What interrupted backups, restores and uploads left."""
    held: Tally = field(default_factory=Tally)
    """Orphans that stay, for a database that a restore put aside may name them."""
    older: Tally = field(default_factory=Tally)
    """Orphans that stay, for they are older than all that is on record: another database may name them."""
    failed: list[ServerId] = field(default_factory=list)
    """Servers of which something is damaged; the log says what."""
    missing: list[str] = field(default_factory=list)
    """Keys of files that records name and that are not there. They are only reported."""

    def of(self, server: ServerId) -> Tally:
        """That server's."""
        return self.servers.setdefault(server, Tally())

    def touched(self) -> Iterator[tuple[ServerId, Tally]]:
        """Those of which anything goes."""
        return ((server, tally) for server, tally in sorted(self.servers.items()) if tally)
