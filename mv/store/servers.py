"""Which servers there are, and which the bot has left, as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import ServerId
from mv.ports import ServerRows
from mv.store.queries import upsert
from mv.store.tables import counters, quotas, servers, settings

AT_ONCE = 500
"""Servers in one statement: databases bound the number of its values."""

_KNOWN = union(*(select(table.c.server_id) for table in (counters, quotas, settings, servers)))
"""Whatever has a number has taken it from a counter."""


class SqlServerRows(ServerRows):
    """A server without a row is one that was never left, nor searched."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def known(self) -> tuple[ServerId, ...]:
        """All of which anything is stored."""
        return tuple(sorted(ServerId(row.server_id) for row in await self._connection.execute(_KNOWN)))

    async def left(self) -> dict[ServerId, datetime]:
        """Those that the bot is not in any more, and since when."""
        query = select(servers.c.server_id, servers.c.left_at).where(servers.c.left_at.is_not(None))
        return {ServerId(row.server_id): row.left_at for row in await self._connection.execute(query)}

    async def leave(self, server_ids: Sequence[ServerId], at: datetime) -> None:
        """Notes it; the first time stays."""
        stored = upsert(self._connection.dialect.name, servers)
        noted = stored.on_conflict_do_update(
            index_elements=["server_id"],
            set_={"left_at": func.coalesce(servers.c.left_at, stored.excluded.left_at)},
        )
        if server_ids:
            await self._connection.execute(noted, [{"server_id": server, "left_at": at} for server in server_ids])

    async def come_back(self, server_ids: Sequence[ServerId]) -> None:
        """They are as if they had never been left."""
        for some in _parts(server_ids):
            await self._connection.execute(update(servers).where(servers.c.server_id.in_(some)).values(left_at=None))


def _parts(server_ids: Sequence[ServerId]) -> Iterator[Sequence[ServerId]]:
    return (server_ids[start : start + AT_ONCE] for start in range(0, len(server_ids), AT_ONCE))
