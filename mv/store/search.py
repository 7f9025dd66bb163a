"""The text search as the rows of scene lists and characters use it: kept true, and asked.

Works on a plain `Connection`, inside whatever transaction the caller has; from `AsyncConnection` by `run_sync`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, or_, select

from mv.domain.ids import Kind, RecordId, Ref, ServerId
from mv.domain.search import Filters, Query, Term
from mv.ports import Seen
from mv.store import search_rows
from mv.store.search_index import LAST, TIERS, Index, Slice, Wanted
from mv.store.tables import characters, scene_lists

_TABLES = {Kind.SCENE_LIST: scene_lists, Kind.CHARACTER: characters}
_SINCE = {
    kind: select(table.c.number)
    .where(
        table.c.server_id == bindparam("server"),
        table.c.created_at >= bindparam("since", type_=table.c.created_at.type),
    )
    .order_by(table.c.created_at)
    .limit(1)
    for kind, table in _TABLES.items()
}
_NEWEST = {
    kind: select(func.max(table.c.number)).where(table.c.server_id == bindparam("server"))
    for kind, table in _TABLES.items()
}
_BEGUN = {
    kind: select(table.c.number)
    .where(
        table.c.server_id == bindparam("server"),
        table.c.deleted_at.is_(None),
        or_(~table.c.private, table.c.owner_id == bindparam("member")),
        table.c.number.between(bindparam("low"), bindparam("high")),
    )
    .order_by(table.c.number.desc())
    .limit(bindparam("size"))
    for kind, table in _TABLES.items()
}
_BATCH = 100
"""Records that `fill` reads at a time."""


def index_of(connection: Connection) -> Index:
    """That of this kind of database."""
    if connection.dialect.name == "sqlite":
        from mv.store.search_sqlite import SqliteIndex

        return SqliteIndex()
    from mv.store.search_postgres import PostgresIndex

    return PostgresIndex()


def create(connection: Connection) -> None:
    """The tables of the index, empty: each database makes them in its own way."""
    index_of(connection).create(connection)


def refresh(connection: Connection, kind: Kind, ids: Sequence[RecordId]) -> None:
    """Makes the index say what the rows of these records say now; deleted ones leave it. To be called behind whatever
    changes a title, a text, a name, an owner, a project, privacy, takes or a deletion, in the same transaction."""
    table, index = _TABLES[kind], index_of(connection)
    gone = select(table.c.server_id, table.c.number).where(table.c.id.in_(ids), table.c.deleted_at.is_not(None))
    for row in connection.execute(gone).all():
        index.remove(connection, Slice(row.server_id, kind, row.number, row.number))
    found = search_rows.documents(connection, kind, ids)
    index.put(connection, [document.entry(kind) for document in found if not document.deleted])


def compact(connection: Connection, *, begin: bool) -> bool:
    """Lets go of words that nothing has any more, some pages at a time; False when there was nothing left to do."""
    return index_of(connection).compact(connection, begin=begin)


def drop(connection: Connection, server_id: ServerId, kind: Kind, number: int | None = None) -> None:
    """Takes a record out, or all of a server's: before its rows are removed for good."""
    of = Slice(server_id, kind) if number is None else Slice(server_id, kind, number, number)
    index_of(connection).remove(connection, of)


def fill(connection: Connection) -> None:
    """Takes in all there is. For a new index."""
    for kind, table in _TABLES.items():
        after = RecordId("")
        while ids := connection.scalars(
            select(table.c.id).where(table.c.id > after).order_by(table.c.id).limit(_BATCH)
        ).all():
            refresh(connection, kind, ids)
            after = ids[-1]


def find(
    connection: Connection, kind: Kind, seen: Seen, query: Query, filters: Filters, after: int | None, size: int
) -> list[int]:
    """Keys of the best; each is a tier and a number, as `key` makes them. `after` is the last of the page before."""
    low = _first_since(connection, kind, seen.server_id, filters.since)
    if low is None or query.empty:
        return []
    index, sought = index_of(connection), search_rows.wanted(seen.member_id, query, filters)
    start, high = (0, LAST) if after is None else (tier_of(after), number_of(after) - 1)
    found: list[int] = []
    for tier in _tiers(sought):
        if tier >= start and len(found) < size:
            of = Slice(seen.server_id, kind, low, high if tier == start else LAST)
            found += [key(tier, number) for number in index.numbers(connection, of, tier, sought, size - len(found))]
    return found


def key(tier: int, number: int) -> int:
    """Sorts by tier; 12 digits at most."""
    return tier * (LAST + 1) + number


def number_of(found: int) -> int:
    """Of a key."""
    return found % (LAST + 1)


def tier_of(found: int) -> int:
    """Of a key."""
    return found // (LAST + 1)


def typed(
    connection: Connection, kind: Kind, seen: Seen, terms: Sequence[Term], ref: Ref | None, size: int
) -> list[int]:
    """Numbers of records whose number is `ref`'s, or begins with it, or whose title has all terms: the exact one first,
    then the newest."""
    found: set[int] = set()
    if terms:
        sought = search_rows.wanted(seen.member_id, Query(terms=tuple(terms)), Filters())
        found.update(index_of(connection).numbers(connection, Slice(seen.server_id, kind), 1, sought, size))
    if ref is not None:
        found.update([ref.number, *_begun(connection, kind, seen, ref.number, size)])
    return sorted(found, key=lambda number: (ref is None or number != ref.number, -number))


def _begun(connection: Connection, kind: Kind, seen: Seen, number: int, size: int) -> list[int]:
    """The newest whose numbers begin so: for 12 those from 1200 to 1299, from 120 to 129, and 12."""
    newest = connection.scalar(_NEWEST[kind], {"server": seen.server_id}) or 0
    found: list[int] = []
    for zeros in range(len(str(newest)) - len(str(number)), -1, -1):
        if len(found) < size:
            low, high = number * 10**zeros, (number + 1) * 10**zeros - 1
            which = {"server": seen.server_id, "member": seen.member_id, "low": low, "high": high}
            found += connection.scalars(_BEGUN[kind], {**which, "size": size - len(found)})
    return found


def _tiers(sought: Wanted) -> tuple[int, ...]:
    if sought.without:
        return TIERS[-1:]
    return TIERS if sought.terms else TIERS[:1]


def _first_since(connection: Connection, kind: Kind, server: ServerId, since: datetime | None) -> int | None:
    """The lowest number that is recent enough; None if there is none."""
    if since is None:
        return 0
    found: int | None = connection.scalar(_SINCE[kind], {"server": server, "since": since})
    return found
