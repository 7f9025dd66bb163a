"""The text search of SQLite: three FTS5 tables, the only place that says MATCH.

Each holds the words of the one before and more: titles, what records are about, everything. A table of its own for each
tier costs a tenth of the database; to look through the columns of one table takes 20 ms for a word that 100,000 records
have elsewhere. Newest first comes from the index itself: bm25 takes 10 ms for 3,000 matches.

A rowid is a server's ordinal, a bit for the kind, and 36 bits for the number: what is not of the server and kind is
never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from mv.domain.ids import Kind
from mv.domain.search import Term
from mv.store.search_index import LAST, TIERS, Entry, Index, Slice, Wanted

TABLES = {1: "search_titles", 2: "search_about", 3: "search_text"}
_BITS = {Kind.SCENE_LIST: 0, Kind.CHARACTER: 1}
_BASE = "((SELECT ordinal FROM servers WHERE server_id = :server) * 2 + :bit) * 68719476736"

_TOKENS = "unicode61 remove_diacritics 0 categories 'L* N* Co M*'"
"""Folding is done before, in `mv.domain.folding`: here a word is letters, digits and their marks."""
_CREATE = tuple(
    text(f'CREATE VIRTUAL TABLE {table} USING fts5(words, {prefixes}columnsize = 0, tokenize = "{_TOKENS}")')
    for table, prefixes in zip(TABLES.values(), ("prefix = '1 2 3', ", "", ""), strict=True)
)
"""Prefixes are for autocomplete. The lengths of columns are not kept, for nothing is ranked by them."""

_SERVER = text("INSERT INTO servers (server_id) VALUES (:server) ON CONFLICT DO NOTHING")
_PUT = {
    n: text(f"INSERT OR REPLACE INTO {t} (rowid, words) VALUES ({_BASE} + :number, :words)")  # noqa: S608
    for n, t in TABLES.items()
}
_REMOVE = {
    n: text(f"DELETE FROM {t} WHERE rowid BETWEEN {_BASE} + :low AND {_BASE} + :high")  # noqa: S608
    for n, t in TABLES.items()
}

_MERGE = {
    n: text(f"INSERT INTO {t} ({t}, rank) VALUES ('merge', :pages)")  # noqa: S608
    for n, t in TABLES.items()
}
_PAGES = 250
"""Of 4 KB each, a table at a time: some hundredths of a second."""
_CHANGED = text("SELECT total_changes()")


def _find(tier: int, *, anywhere: bool = False) -> TextClause:
    table, above = TABLES[tier], TABLES.get(tier - 1)
    better = f"AND NOT EXISTS (SELECT 1 FROM {above} WHERE {above} MATCH :query AND {above}.rowid = {table}.rowid)"  # noqa: S608
    return text(
        f"SELECT rowid & {LAST} AS number FROM {table} WHERE {table} MATCH :query "  # noqa: S608
        f"AND rowid BETWEEN {_BASE} + :low AND {_BASE} + :high {'' if anywhere or above is None else better} "
        "ORDER BY rowid DESC LIMIT :size"
    )


_FIND = {tier: _find(tier) for tier in TABLES}
_ANYWHERE = _find(3, anywhere=True)


class SqliteIndex(Index):
    """Needs SQLite's FTS5, which Python's own has."""

    def create(self, connection: Connection) -> None:
        """Its tables, empty."""
        for statement in _CREATE:
            connection.execute(statement)

    def put(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """In the place of what there was of these records."""
        if not entries:
            return
        connection.execute(_SERVER, [{"server": server} for server in {entry.server_id for entry in entries}])
        for tier in TIERS:
            connection.execute(_PUT[tier], [_row(entry, tier) for entry in entries])

    def remove(self, connection: Connection, of: Slice) -> None:
        """Nothing if they are not there."""
        for statement in _REMOVE.values():
            connection.execute(statement, _values(of))

    def compact(self, connection: Connection, *, begin: bool) -> bool:
        """FTS5 keeps them until it merges its segments: a negative number of pages begins to merge all of them, the
        same number goes on with it, and a statement that changes fewer than two rows has found nothing to do."""
        merged = False
        for statement in _MERGE.values():
            before = connection.scalar(_CHANGED)
            connection.execute(statement, {"pages": -_PAGES if begin else _PAGES})
            merged |= connection.scalar(_CHANGED) - before >= 2
        return merged

    def numbers(self, connection: Connection, of: Slice, tier: int, wanted: Wanted, size: int) -> list[int]:
        """The newest with all terms in the first `tier` tiers, but not all in fewer."""
        statement = _ANYWHERE if wanted.without else _FIND[tier]
        values = {**_values(of), "query": _match(wanted), "size": size}
        return [row.number for row in connection.execute(statement, values)]


def _values(of: Slice) -> dict[str, Any]:
    return {"server": of.server_id, "bit": _BITS[of.kind], "low": of.low, "high": of.high}


def _row(entry: Entry, tier: int) -> dict[str, Any]:
    words = " ".join((*entry.tags, *entry.tiers[:tier]))
    return {"server": entry.server_id, "bit": _BITS[entry.kind], "number": entry.number, "words": words}


def _match(wanted: Wanted) -> str:
    """In the language of FTS5, where all that stands in quotes is words."""
    parts = [*map(_phrase, wanted.terms), *(f"({_any_of(group)})" for group in wanted.tags)]
    unwanted = [*map(_phrase, wanted.without), *(f'"{tag}"' for tag in wanted.no_tags)]
    all_of = " AND ".join(parts)
    return f"({all_of}) NOT ({' OR '.join(unwanted)})" if unwanted else all_of


def _phrase(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _any_of(tags: Iterable[str]) -> str:
    return " OR ".join(f'"{tag}"' for tag in tags)
