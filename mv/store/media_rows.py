"""Rows of stored files: the same bytes once in a server, never shared between servers."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.character import MediaFile
from mv.domain.ids import ServerId
from mv.errors import Conflict
from mv.ports import Clock, MediaRows
from mv.store.queries import AnyRow, upsert
from mv.store.tables import media

_FIELDS = ("id", "server_id", "key", "sha256", "mime", "width", "height", "bytes")


_BY_HASH = select(media).where(media.c.server_id == bindparam("server"), media.c.sha256 == bindparam("hash"))


@cache
def _stored(dialect: str) -> Insert:
    return upsert(dialect, media).on_conflict_do_nothing(index_elements=["server_id", "sha256"])


class SqlMediaRows(MediaRows):
    """`clock` dates the rows, for the clean-up of files that nothing refers to."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def by_hash(self, server_id: ServerId, sha256: str) -> MediaFile | None:
        """The row of bytes that this server has already."""
        row = (await self._connection.execute(_BY_HASH, {"server": server_id, "hash": sha256})).one_or_none()
        return None if row is None else to_file(row)

    async def add(self, file: MediaFile) -> MediaFile:
        """Stores the row, or returns the one with the same bytes. Raises Conflict for a key that other bytes have."""
        stored = _stored(self._connection.dialect.name)
        values = {name: getattr(file, name) for name in _FIELDS} | {"created_at": self._clock.now()}
        if (await self._connection.execute(stored, values)).rowcount > 0:
            return file
        found = await self.by_hash(file.server_id, file.sha256)
        if found is None:
            raise Conflict()
        return found


def labelled(files: FromClause, prefix: str) -> list[ColumnElement[Any]]:
    """The columns of an alias, under names that no other table of the query has."""
    return [files.c[name].label(f"{prefix}{name}_") for name in _FIELDS]


def to_file(row: AnyRow, prefix: str = "") -> MediaFile:
    """The file in a row, or in the columns of a row that `labelled` named."""
    tail = "_" if prefix else ""
    return MediaFile(**{name: getattr(row, f"{prefix}{name}{tail}") for name in _FIELDS})
