"""What the text search asks of a database: the words of each record by how much they say of it, and its tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from mv.domain.ids import Kind, ServerId
from mv.domain.search import Term

MARK = "\ue000"
"""Begins every tag, and stands alone between passages; folding takes it out of what people write."""
TIERS = (1, 2, 3)
LAST = 2**36 - 1
"""No record has a greater number."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The records of one kind in one server, with numbers from `low` to `high`."""

    server_id: ServerId
    kind: Kind
    low: int = 0
    high: int = LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record in the index: folded words of its title, of what it is about, and the rest."""

    server_id: ServerId
    kind: Kind
    number: int
    tiers: tuple[str, str, str]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All of `terms` and none of `without`; of each group of `tags` at least one, and none of `no_tags`."""

    terms: tuple[Term, ...]
    without: tuple[Term, ...] = ()
    tags: tuple[tuple[str, ...], ...] = ()
    no_tags: tuple[str, ...] = ()


class Index(Protocol):
    """One for each kind of database."""

    def create(self, connection: Connection) -> None:
        """Its tables, empty."""

    def put(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """In the place of what there was of these records."""

    def remove(self, connection: Connection, of: Slice) -> None:
        """Nothing if they are not there."""

    def compact(self, connection: Connection, *, begin: bool) -> bool:
        """Lets go of the words of what was removed or replaced, which the database may still keep: some pages at a
        time, the first to `begin` with. False when there was nothing left to do."""

    def numbers(self, connection: Connection, of: Slice, tier: int, wanted: Wanted, size: int) -> list[int]:
        """The newest with all terms in the first `tier` tiers, but not all in fewer. What has `without` is asked for in
        the last tier only, and found there wherever its terms are."""
