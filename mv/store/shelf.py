"""What scene lists and characters have in common as rows: found, listed, offered, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, MemberId, RecordId, Ref
from mv.ports import Choice, Page, Seen, ShelfRows
from mv.store.queries import AnyRow, Query, newest, page, seen_by, typed

R = TypeVar("R")


class SqlShelf(ShelfRows[R]):
    """Rows of `table`, whose records `query` selects and `convert` reads; `title` is what people call one."""

    def __init__(
        self,
        connection: AsyncConnection,
        kind: Kind,
        table: Table,
        title: Column[str],
        query: Query,
        convert: Callable[[AnyRow], R],
    ) -> None:
        self._connection = connection
        self._kind = kind
        self._table = table
        self._title = title
        self._query = query
        self._convert = convert

    async def get(self, record_id: RecordId, *, deleted: bool = False) -> R | None:
        """By key, whoever asks."""
        return await self._one(_by_id(self._query, self._table, deleted), which=record_id)

    async def find(self, seen: Seen, ref: Ref) -> R | None:
        """By number, if these eyes may see it."""
        return await self._one(self._query.where(seen_by(self._table, seen), self._table.c.number == ref.number))

    async def _one(self, query: Query, **values: Any) -> R | None:
        row = (await self._connection.execute(query, values)).one_or_none()
        return None if row is None else self._convert(row)

    async def page(
        self, seen: Seen, *, project_id: RecordId | None, member_id: MemberId | None, before: int | None, size: int
    ) -> Page[R]:
        """Newest first."""
        query = self._query.where(seen_by(self._table, seen))
        if project_id is not None:
            query = query.where(self._table.c.project_id == project_id)
        if member_id is not None:
            query = query.where(self._table.c.owner_id == member_id)
        rows = (await self._connection.execute(newest(query, self._table, before=before, size=size))).all()
        return page(rows, size, self._convert)

    async def choices(self, seen: Seen, text: str, size: int) -> tuple[Choice, ...]:
        """For autocomplete: number prefix or words of the title; newest first."""
        number = self._table.c.number
        found = typed(text, self._kind, number, self._table.c.folded)
        query = select(number, self._title.label("title")).where(seen_by(self._table, seen), found)
        rows = await self._connection.execute(query.order_by(number.desc()).limit(size))
        return tuple(Choice(ref=Ref(self._kind, row.number), title=row.title) for row in rows)

    async def star(self, record_id: RecordId, at: datetime | None) -> None:
        """Since when it is kept from clean-up; None: it is not."""
        await self._connection.execute(update(self._table).where(self._table.c.id == record_id).values(starred_at=at))

    async def undelete(self, record_id: RecordId) -> bool:
        """Takes a deletion back; False if it was not deleted."""
        gone = (self._table.c.id == record_id) & self._table.c.deleted_at.is_not(None)
        return (await self._connection.execute(update(self._table).where(gone).values(deleted_at=None))).rowcount > 0

    async def changed(self, record_ids: Sequence[RecordId]) -> None:
        """Texts or owners of these were changed where they are: what is kept of them beside their rows follows here."""

    async def delete(self, record_id: RecordId, at: datetime) -> bool:
        """Marks it deleted; False if it was already."""
        there = (self._table.c.id == record_id) & self._table.c.deleted_at.is_(None)
        done = await self._connection.execute(update(self._table).where(there).values(deleted_at=at))
        return done.rowcount > 0


@cache
def _by_id(query: Query, table: Table, deleted: bool) -> Query:
    found = query.where(table.c.id == bindparam("which"))
    return found if deleted else found.where(table.c.deleted_at.is_(None))
