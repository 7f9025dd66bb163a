"""What scene lists and characters have in common as rows: found, listed, offered, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.excerpt import Excerpt, excerpt, marks_in
from mv.domain.ids import Kind, MemberId, RecordId, Ref, parse_ref
from mv.domain.search import Filters, parse_typed
from mv.domain.search import Query as Words
from mv.ports import Choice, Found, Hit, Page, Seen, ShelfRows
from mv.store import search
from mv.store.queries import MOST_WORDS, AnyRow, Condition, Query, newest, page, seen_by
from mv.store.search_rows import documents

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
        """For autocomplete: `12`, `#12`, `S12` begin a number, or every word begins one of the title; the record of
        that number first, then the newest. Nothing typed, or the letter alone, finds all."""
        number = self._table.c.number
        query = select(number, self._title.label("title")).where(seen_by(self._table, seen)).order_by(number.desc())
        said = text.strip()
        if said.lstrip("#").strip().upper() in ("", self._kind.value):
            found = (await self._connection.execute(query.limit(size))).all()
        else:
            terms, ref = parse_typed(said, MOST_WORDS), parse_ref(said, self._kind)
            numbers = await self._connection.run_sync(search.typed, self._kind, seen, terms, ref, size)
            found = await self._in_order(query, numbers, size)
        return tuple(Choice(ref=Ref(self._kind, row.number), title=row.title) for row in found)

    async def search(self, seen: Seen, query: Words, filters: Filters, *, after: int | None, size: int) -> Found[R]:
        """The best first: all words in the title, then in what it is about, then anywhere; among these the newest."""
        keys = await self._connection.run_sync(search.find, self._kind, seen, query, filters, after, size + 1)
        shown = {search.number_of(key): key for key in keys[:size]}
        rows = await self._in_order(self._query.where(seen_by(self._table, seen)), list(shown), size)
        below = [row.id for row in rows if search.tier_of(shown[row.number]) > 1]
        why = await self._connection.run_sync(_excerpts, self._kind, below, query)
        return Found(
            rows=tuple(
                Hit(
                    record=self._convert(row),
                    title=marks_in(getattr(row, self._title.name), query),
                    excerpt=why.get(row.id),
                )
                for row in rows
            ),
            after=keys[size - 1] if len(keys) > size else None,
        )

    async def _in_order(self, query: Query, numbers: Sequence[int], size: int) -> list[AnyRow]:
        """The query's rows of these numbers, as many of the first as asked for, where it has them."""
        if not numbers:
            return []
        rows = await self._connection.execute(query.where(self._table.c.number.in_(numbers[:size])))
        found = {row.number: row for row in rows}
        return [found[number] for number in numbers[:size] if number in found]

    async def _index(self, record_id: RecordId) -> None:
        """Whatever changes what a record is found by ends with this."""
        await self._connection.run_sync(search.refresh, self._kind, [record_id])

    async def star(self, record_id: RecordId, at: datetime | None) -> None:
        """Since when it is kept from clean-up; None: it is not."""
        await self._connection.execute(update(self._table).where(self._table.c.id == record_id).values(starred_at=at))

    async def undelete(self, record_id: RecordId) -> bool:
        """Takes a deletion back; False if it was not deleted."""
        gone = (self._table.c.id == record_id) & self._table.c.deleted_at.is_not(None)
        return await self._deleted(record_id, gone, None)

    async def delete(self, record_id: RecordId, at: datetime) -> bool:
        """Marks it deleted; False if it was already."""
        there = (self._table.c.id == record_id) & self._table.c.deleted_at.is_(None)
        return await self._deleted(record_id, there, at)

    async def _deleted(self, record_id: RecordId, which: Condition, at: datetime | None) -> bool:
        done = await self._connection.execute(update(self._table).where(which).values(deleted_at=at))
        if done.rowcount > 0:
            await self._index(record_id)
        return done.rowcount > 0


def _excerpts(connection: Connection, kind: Kind, ids: list[RecordId], query: Words) -> dict[RecordId, Excerpt]:
    found = {each.id: excerpt(each.passages, query) for each in documents(connection, kind, ids)} if ids else {}
    return {record_id: why for record_id, why in found.items() if why is not None}


@cache
def _by_id(query: Query, table: Table, deleted: bool) -> Query:
    found = query.where(table.c.id == bindparam("which"))
    return found if deleted else found.where(table.c.deleted_at.is_(None))
