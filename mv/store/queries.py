"""What the rows of several tables ask alike: who sees what, pages, choices, inserts that may meet themselves.

A statement that is asked several times in every job is built once, with names for its values: to build a statement
takes longer than to run it.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Row, Select, String, Table, and_, bindparam, false, or_, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.sqlite import Insert, insert

from mv.domain.ids import Kind, MemberId, ServerId, parse_ref
from mv.ports import Page, Seen

T = TypeVar("T")
Condition = ColumnElement[bool]
AnyRow = Row[*tuple[Any, ...]]
Query = Select[*tuple[Any, ...]]

MOST_WORDS = 8
"""Of what is typed into a search; more make no answer better."""


def fold(text: str) -> str:
    """The form in which names are compared: neither case nor the way an accent is encoded matters."""
    return unicodedata.normalize("NFKC", text).casefold()


def upsert(dialect: str, table: Table) -> Insert:
    """An INSERT with `on_conflict_do_…`, which both databases know in the same shape."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        return cast("Insert", postgres_insert(table))
    return insert(table)


def public(table: Table) -> Condition:
    """Rows that everybody of the server may see."""
    return and_(table.c.deleted_at.is_(None), ~table.c.private)


def seen_by(table: Table, seen: Seen) -> Condition:
    """Rows of this server that are there for these eyes: public ones and their own."""
    mine = or_(~table.c.private, table.c.owner_id == seen.member_id)
    return and_(table.c.server_id == seen.server_id, table.c.deleted_at.is_(None), mine)


def among(table: Table, servers: int) -> Condition:
    """Rows of members of that many servers, who are named by the parameters that `members_of` makes. Not as
    `(server_id, member_id) IN (…)`: SQLite reads the whole index for more than a few pairs."""
    each = (
        and_(
            table.c.server_id == bindparam(f"server{n}"),
            table.c.member_id.in_(bindparam(f"members{n}", expanding=True)),
        )
        for n in range(servers)
    )
    return or_(false(), *each)


def members_of(who: Iterable[tuple[ServerId, MemberId]]) -> tuple[int, dict[str, Any]]:
    """How many servers these are of, and the parameters of `among`."""
    members: dict[ServerId, list[MemberId]] = defaultdict(list)
    for server, member in who:
        members[server].append(member)
    parameters: dict[str, Any] = {f"server{n}": server for n, server in enumerate(members)}
    return len(members), parameters | {f"members{n}": theirs for n, theirs in enumerate(members.values())}


def newest(query: Query, table: Table, *, before: int | None, size: int) -> Query:
    """A page of the query, and one row more to tell whether there is another page."""
    if before is not None:
        query = query.where(table.c.number < before)
    return query.order_by(table.c.number.desc()).limit(size + 1)


def page(rows: Sequence[AnyRow], size: int, convert: Callable[[AnyRow], T]) -> Page[T]:
    """The page that `newest` asked for."""
    shown = rows[:size]
    more = len(rows) > size
    return Page(rows=tuple(convert(row) for row in shown), before=shown[-1].number if more and shown else None)


def typed(text: str, kind: Kind, number: ColumnElement[int], folded: ColumnElement[str]) -> Condition:
    """What autocomplete offers for what was typed so far: `12`, `#12`, `S12` begin a number, or every word stands
    somewhere in the title. Nothing typed, or the letter alone, finds all."""
    said = text.strip()
    if said.lstrip("#").strip().upper() in ("", kind.value):
        return true()
    words = [folded.contains(word, autoescape=True) for word in fold(said).split()[:MOST_WORDS]]
    ref = parse_ref(said, kind)
    if ref is None:
        return and_(*words)
    return or_(sql_cast(number, String).startswith(str(ref.number)), and_(*words))
