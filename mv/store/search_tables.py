"""The tables of the text search, which each database makes in its own way: the one place that says how."""

from __future__ import annotations

from sqlalchemy import Connection, text

_TOKENS = "unicode61 remove_diacritics 0 categories 'L* N* Co M*'"
"""Folding is done before, in `mv.domain.search`: here a word is letters, digits and their marks."""

SQLITE = (
    f'CREATE VIRTUAL TABLE search_text USING fts5(title, about, scenes, member, tags, tokenize = "{_TOKENS}")',
    f"CREATE VIRTUAL TABLE search_titles USING fts5(title, tags, prefix = '1 2 3', tokenize = \"{_TOKENS}\")",
)


def create(connection: Connection) -> None:
    """Empty ones."""
    if connection.dialect.name == "sqlite":
        for statement in SQLITE:
            connection.execute(text(statement))
