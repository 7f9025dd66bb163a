"""The text search of PostgreSQL: a weighted tsvector a record, in one table with one GIN index.

Vectors and queries are written out as they are stored, word by word: no parser or dictionary of the server's changes
what was folded already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, text

from mv.domain.search import Term
from mv.store.search_index import Entry, Index, Slice, Wanted

_WEIGHTS = {1: "A", 2: "AB", 3: "ABC"}
_PLACES = 16383
"""PostgreSQL counts no further within a text; words behind are found, but not in phrases."""
_LONGEST = 2000
"""Bytes of a word."""

_CREATE = (
    text(
        "CREATE TABLE search_docs (server_id BIGINT NOT NULL, kind VARCHAR(1) NOT NULL, number BIGINT NOT NULL, "
        "words tsvector NOT NULL, CONSTRAINT pk_search_docs PRIMARY KEY (server_id, kind, number))"
    ),
    text("CREATE INDEX ix_search_docs_words ON search_docs USING gin (words)"),
)
_PUT = text(
    "INSERT INTO search_docs (server_id, kind, number, words) "
    "VALUES (:server, :kind, :number, CAST(:words AS tsvector)) "
    "ON CONFLICT (server_id, kind, number) DO UPDATE SET words = excluded.words"
)
_REMOVE = text("DELETE FROM search_docs WHERE server_id = :server AND kind = :kind AND number BETWEEN :low AND :high")
_FIND = text(
    "SELECT number FROM search_docs WHERE server_id = :server AND kind = :kind AND number BETWEEN :low AND :high "
    "AND words @@ CAST(:query AS tsquery) ORDER BY number DESC LIMIT :size"
)


class PostgresIndex(Index):
    """Needs no extension."""

    def create(self, connection: Connection) -> None:
        """Its tables, empty."""
        for statement in _CREATE:
            connection.execute(statement)

    def put(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """In the place of what there was of these records."""
        if entries:
            connection.execute(_PUT, [_row(entry) for entry in entries])

    def remove(self, connection: Connection, of: Slice) -> None:
        """Nothing if they are not there."""
        connection.execute(_REMOVE, _values(of))

    def compact(self, connection: Connection, *, begin: bool) -> bool:
        """Its own clean-up does it."""
        return False

    def numbers(self, connection: Connection, of: Slice, tier: int, wanted: Wanted, size: int) -> list[int]:
        """The newest with all terms in the first `tier` tiers, but not all in fewer."""
        values = {**_values(of), "query": _match(wanted, tier), "size": size}
        return [row.number for row in connection.execute(_FIND, values)]


def _values(of: Slice) -> dict[str, Any]:
    return {"server": of.server_id, "kind": of.kind.value, "low": of.low, "high": of.high}


def _row(entry: Entry) -> dict[str, Any]:
    lexemes = [_quoted(tag) for tag in entry.tags]
    place = 1
    for weight, words in zip("ABC", entry.tiers, strict=True):
        for word in words.split():
            lexemes.append(f"{_quoted(word)}:{min(place, _PLACES)}{weight}")
            place += 1
    values = {"server": entry.server_id, "kind": entry.kind.value, "number": entry.number}
    return {**values, "words": " ".join(lexemes)}


def _match(wanted: Wanted, tier: int) -> str:
    parts = list(_terms(wanted.terms, _WEIGHTS[tier]))
    parts += [f"({' | '.join(map(_quoted, group))})" for group in wanted.tags]
    better = " & ".join(_terms(wanted.terms, _WEIGHTS[tier - 1])) if tier > 1 and not wanted.without else ""
    unwanted = [
        *_terms(wanted.without, _WEIGHTS[3]),
        *map(_quoted, wanted.no_tags),
        *([f"({better})"] if better else []),
    ]
    return " & ".join((*parts, *(f"!{each}" for each in unwanted)))


def _terms(terms: Sequence[Term], weights: str) -> Iterator[str]:
    for term in terms:
        last = len(term.words) - 1
        parts = (
            f"{_quoted(word)}:{'*' if term.prefix and n == last else ''}{weights}" for n, word in enumerate(term.words)
        )
        yield f"({' <-> '.join(parts)})"


def _quoted(word: str) -> str:
    """Folded words have neither quotes nor backslashes."""
    return f"'{word.encode()[:_LONGEST].decode(errors='ignore')}'"
