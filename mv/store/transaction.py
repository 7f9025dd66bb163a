"""All rows at one moment, and the counters that number them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from mv.domain.ids import Kind, ServerId
from mv.ports import Clock, Transaction
from mv.store.character import SqlCharacterRows
from mv.store.cleaning import SqlCleaningRows
from mv.store.jobs import SqlJobRows
from mv.store.media_rows import SqlMediaRows
from mv.store.mydata import SqlOwnRows
from mv.store.project import SqlProjectRows
from mv.store.queries import upsert
from mv.store.scenes import SqlSceneRows
from mv.store.servers import SqlServerRows
from mv.store.settings import SqlSettingsRows
from mv.store.tables import counters
from mv.store.usage import SqlUsageRows


class SqlTransaction(Transaction):
    """On one connection, whose transaction `Database` begins and ends."""

    def __init__(self, connection: AsyncConnection, clock: Clock) -> None:
        self._connection = connection
        self.scenes = SqlSceneRows(connection)
        self.characters = SqlCharacterRows(connection)
        self.media = SqlMediaRows(connection, clock)
        self.projects = SqlProjectRows(connection)
        self.jobs = SqlJobRows(connection)
        self.usage = SqlUsageRows(connection)
        self.own = SqlOwnRows(connection, self.scenes, self.characters)
        self.settings = SqlSettingsRows(connection)
        self.servers = SqlServerRows(connection)
        self.cleaning = SqlCleaningRows(connection)

    async def next_numbers(self, wanted: Mapping[tuple[ServerId, Kind], int]) -> dict[tuple[ServerId, Kind], int]:
        """Takes that many numbers of each kind; returns the first of each. Locks the servers' counters till the end.

        One statement; counters are locked in one order, so that two batches never wait for each other. A negative
        count gives numbers back that were taken last in this transaction.
        """
        if not wanted:
            return {}
        rows = await self._connection.execute(
            _taken(self._connection.dialect.name),
            [
                {"server_id": server, "kind": kind.value, "last": count}
                for (server, kind), count in sorted(wanted.items())
            ],
        )
        lasts = {(ServerId(row.server_id), Kind(row.kind)): row.last for row in rows}
        return {key: last - wanted[key] + 1 for key, last in lasts.items()}


@cache
def _taken(dialect: str) -> ReturningInsert[Any]:
    taken = upsert(dialect, counters)
    added = taken.on_conflict_do_update(
        index_elements=["server_id", "kind"], set_={"last": counters.c.last + taken.excluded.last}
    )
    return added.returning(counters.c.server_id, counters.c.kind, counters.c.last)
