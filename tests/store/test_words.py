"""PostgreSQL can be put underneath: what only one database understands is said in its own file."""

from __future__ import annotations

import re
from pathlib import Path

import mv.store
from mv.store import postgres, sqlite

STORE = Path(mv.store.__file__).parent
SQLITE_ONLY = re.compile(
    r"PRAGMA|BEGIN IMMEDIATE|INSERT OR |REPLACE INTO|sqlite_master|\browid|julianday|strftime|json_extract|GLOB |"
    r"COLLATE NOCASE|MATCH |fts5|import sqlite3|import aiosqlite|AUTOINCREMENT"
)
POSTGRES_ONLY = re.compile(
    r"SERIALIZABLE|REPEATABLE READ|FOR UPDATE|SKIP LOCKED|asyncpg|tsvector|tsquery|ILIKE|ilike|::"
)
HOMES = {
    "sqlite.py": SQLITE_ONLY,
    "sqlite_files.py": SQLITE_ONLY,
    "search_sqlite.py": SQLITE_ONLY,
    "one_hop.py": SQLITE_ONLY,
    "postgres.py": POSTGRES_ONLY,
    "search_postgres.py": POSTGRES_ONLY,
}


def test_each_database_is_spoken_to_in_its_own_file() -> None:
    said = [
        f"{file.name}:{number}: {line.strip()}"
        for file in STORE.rglob("*.py")
        for number, line in enumerate(file.read_text().splitlines(), start=1)
        for words in (SQLITE_ONLY, POSTGRES_ONLY)
        if HOMES.get(file.name) is not words and words.search(line.split("#")[0])
    ]
    allowed = [line for line in said if "postgresql+asyncpg://USER" in line]
    assert [line for line in said if line not in allowed] == []
    assert len(allowed) == 1, "the address, in an error's facts"


def test_the_words_are_found_where_they_are() -> None:
    assert SQLITE_ONLY.search(Path(sqlite.__file__).read_text())
    assert POSTGRES_ONLY.search(Path(postgres.__file__).read_text())
