"""Where a record or a server is forgotten for good: whatever keeps a copy of its text lets go of it here, in the same
transaction. Called before the rows themselves go, so that their keys can still be looked up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, RecordId, ServerId
from mv.store import search


async def forget_records(connection: AsyncConnection, kind: Kind, record_ids: Sequence[RecordId]) -> None:
    """Scene lists or characters that were deleted for good; again for the same one while it is removed in pieces."""
    await connection.run_sync(search.refresh, kind, list(record_ids))


async def forget_server(connection: AsyncConnection, server_id: ServerId) -> None:
    """A server whose records are gone already; its row in `servers` is still there."""
    for kind in (Kind.SCENE_LIST, Kind.CHARACTER):
        await connection.run_sync(search.drop, server_id, kind)
