"""What is set in a server, as rows."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import ChannelId, ServerId
from mv.domain.settings import WHOLE_SERVER, Option, Setting
from mv.ports import SettingsRows
from mv.store.queries import upsert
from mv.store.tables import settings

_KEY = ("server_id", "channel_id", "name")
_OF_SERVER = (
    select(settings)
    .where(settings.c.server_id == bindparam("server"))
    .order_by(settings.c.channel_id, settings.c.set_at, settings.c.name)
)
_OPTIONS = frozenset(Option)


class SqlSettingsRows(SettingsRows):
    """By server, channel (0 is all of them) and option."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, server_id: ServerId) -> tuple[Setting, ...]:
        """All of one server; what an option of another version says is left out."""
        rows = await self._connection.execute(_OF_SERVER, {"server": server_id})
        return tuple(
            Setting(
                server_id=row.server_id,
                channel_id=row.channel_id,
                option=Option(row.name),
                value=row.value,
                set_by=row.set_by,
                set_at=row.set_at,
            )
            for row in rows
            if row.name in _OPTIONS
        )

    async def channels(self) -> tuple[tuple[ServerId, ChannelId], ...]:
        """All channels of all servers for which anything is set."""
        query = select(settings.c.server_id, settings.c.channel_id).where(settings.c.channel_id != WHOLE_SERVER)
        rows = await self._connection.execute(query.distinct())
        return tuple((ServerId(row.server_id), ChannelId(row.channel_id)) for row in rows)

    async def put(self, setting: Setting) -> None:
        """Replaces the one of the same option and channel."""
        stored = upsert(self._connection.dialect.name, settings)
        replaced = {name: stored.excluded[name] for name in ("value", "set_by", "set_at")}
        await self._connection.execute(
            stored.on_conflict_do_update(index_elements=_KEY, set_=replaced),
            {
                "server_id": setting.server_id,
                "channel_id": setting.channel_id,
                "name": setting.option.value,
                "value": setting.value,
                "set_by": setting.set_by,
                "set_at": setting.set_at,
            },
        )

    async def clear(self, server_id: ServerId, channel_id: ChannelId, option: Option | None = None) -> int:
        """Removes that of an option, or all of this channel; returns how many."""
        which = delete(settings).where(settings.c.server_id == server_id, settings.c.channel_id == channel_id)
        if option is not None:
            which = which.where(settings.c.name == option.value)
        return (await self._connection.execute(which)).rowcount
