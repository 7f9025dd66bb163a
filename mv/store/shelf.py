"""What scene lists and characters have in common as rows: found, listed, offered, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Table, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.excerpt import Excerpt, excerpt, marks_in
from mv.domain.ids import Kind, MemberId, RecordId, Ref, parse_ref
from mv.domain.search import Filters, parse_typed
from mv.domain.search import Query as Words
from mv.ports import Choice, Found, Hit, Page, Seen, ShelfRows
from mv.store import search
from mv.store.queries import MOST_WORDS, AnyRow, Condition, Query, newest, page, public, seen_by
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

    async def asked_before(self, seen: Seen, key: str, *, private: bool) -> R | None:
        """The newest record of the request with this key."""
        query = self._query.where(seen_by(self._table, seen), self._table.c.request_key == key)
        if not private:
            query = query.where(public(self._table))
        return await self._one(newest(query, self._table, before=None, size=0))

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
        said = text.strip()
        if said.lstrip("#").strip().upper() in ("", self._kind.value):
            query = select(self._table.c.number, self._title.label("title")).where(seen_by(self._table, seen))
            found = (await self._connection.execute(newest(query, self._table, before=None, size=size - 1))).all()
        else:
            terms, ref = parse_typed(said, MOST_WORDS), parse_ref(said, self._kind)
            numbers = await self._connection.run_sync(search.typed, self._kind, seen, terms, ref, size)
            found = await self._in_order(_offered(self._table, self._title), seen, numbers[:size])
        return tuple(Choice(ref=Ref(self._kind, row.number), title=row.title) for row in found)

    async def search(self, seen: Seen, query: Words, filters: Filters, *, after: int | None, size: int) -> Found[R]:
        """The best first: all words in the title, then in what it is about, then anywhere; among these the newest."""
        keys = await self._connection.run_sync(search.find, self._kind, seen, query, filters, after, size + 1)
        tiers = {search.number_of(key): search.tier_of(key) for key in keys[:size]}
        rows = await self._in_order(_shown(self._query, self._table), seen, list(tiers))
        why = await self._connection.run_sync(_excerpts, self._kind, {row.id: tiers[row.number] for row in rows}, query)
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

    async def _in_order(self, query: Query, seen: Seen, numbers: Sequence[int]) -> Sequence[AnyRow]:
        """The query's rows of these numbers, in this order, where these eyes may see them."""
        if not numbers:
            return ()
        which = {"server": seen.server_id, "member": seen.member_id, "numbers": numbers}
        found = {row.number: row for row in await self._connection.execute(query, which)}
        return [found[number] for number in numbers if number in found]

    async def _index(self, record_id: RecordId) -> None:
        """Whatever changes what a record is found by ends with this."""
        await self.changed([record_id])

    async def star(self, record_id: RecordId, at: datetime | None) -> None:
        """Since when it is kept from clean-up; None: it is not."""
        await self._connection.execute(update(self._table).where(self._table.c.id == record_id).values(starred_at=at))

    async def undelete(self, record_id: RecordId) -> bool:
        """Takes a deletion back; False if it was not deleted."""
        gone = (self._table.c.id == record_id) & self._table.c.deleted_at.is_not(None)
        return await self._deleted(record_id, gone, None)

    async def changed(self, record_ids: Sequence[RecordId]) -> None:
        """Texts or owners of these were changed where they are: the text search follows."""
        await self._connection.run_sync(search.refresh, self._kind, list(record_ids))

    async def delete(self, record_id: RecordId, at: datetime) -> bool:
        """Marks it deleted; False if it was already."""
        there = (self._table.c.id == record_id) & self._table.c.deleted_at.is_(None)
        return await self._deleted(record_id, there, at)

    async def _deleted(self, record_id: RecordId, which: Condition, at: datetime | None) -> bool:
        done = await self._connection.execute(update(self._table).where(which).values(deleted_at=at))
        if done.rowcount > 0:
            await self._index(record_id)
        return done.rowcount > 0


def _excerpts(
    connection: Connection, kind: Kind, tiers: dict[RecordId, int], query: Words
) -> dict[RecordId, Excerpt | None]:
    """Why those were found whose title does not say it: by key, what was found in which tier."""
    below = [record_id for record_id, tier in tiers.items() if tier > 1]
    deep = [record_id for record_id in below if tiers[record_id] > 2]
    read = documents(connection, kind, below, deep) if below else ()
    return {each.id: excerpt(each.passages, query) for each in read}


@cache
def _offered(table: Table, title: Column[str]) -> Query:
    return _shown(select(table.c.number, title.label("title")), table)


@cache
def _shown(query: Query, table: Table) -> Query:
    mine = or_(~table.c.private, table.c.owner_id == bindparam("member"))
    there = and_(table.c.server_id == bindparam("server"), table.c.deleted_at.is_(None), mine)
    return query.where(there, table.c.number.in_(bindparam("numbers", expanding=True)))


@cache
def _by_id(query: Query, table: Table, deleted: bool) -> Query:
    found = query.where(table.c.id == bindparam("which"))
    return found if deleted else found.where(table.c.deleted_at.is_(None))
