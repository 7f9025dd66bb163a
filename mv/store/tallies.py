"""Sums of the ledger by the quarter of an hour and by the UTC day, and warnings about budgets, as rows.

A period begins at any quarter of an hour and ends in the future: its sum is of the quarters up to the next midnight in
UTC, 95 at most, and of the days from there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Insert, bindparam, delete, func, literal_column, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.budget import BOT, Account, Scope, Warned
from mv.domain.ids import MemberId, ServerId
from mv.domain.ledger import DAY, MONEY, LedgerLine, quarter, spans
from mv.domain.usage import AllowanceKind
from mv.store.queries import AnyRow, upsert
from mv.store.tables import tallies, warnings

TOGETHER = 16
"""Parts of a sum in one statement, which is built once for each number of them."""
NEVER = 2**40
"""A quarter that does not come."""
Sums = dict[tuple[Account, AllowanceKind], int]
_KEY = ("server_id", "scope", "subject", "span", "quarter", "kind")
_CHARGED = frozenset(AllowanceKind)

_WHERE = (
    select(tallies.c.server_id)
    .where(
        tallies.c.server_id.in_(bindparam("servers", expanding=True)),
        tallies.c.scope == Scope.MEMBER.value,
        tallies.c.subject == bindparam("subject"),
        tallies.c.span == 1,
        tallies.c.quarter >= bindparam("first"),
    )
    .distinct()
)
_UNTOLD = select(warnings).where(warnings.c.told_at.is_(None)).order_by(warnings.c.noted_at)


class TallyRows:
    """The half of `UsageRows` that is about sums."""

    _connection: AsyncConnection

    async def sums(self, accounts: Iterable[Account], since: datetime) -> Sums:
        """What was counted since that moment, which begins a quarter of an hour; what was never used is not in it."""
        return (await self.sums_by_start({since: accounts}))[since]

    async def sums_by_start(self, wanted: Mapping[datetime, Iterable[Account]]) -> dict[datetime, Sums]:
        """The same for several moments. Costs a statement for every sixteen pairs of server and moment, not more for
        many members."""
        found: dict[datetime, Sums] = {since: {} for since in wanted}
        parts = list(_parts(wanted))
        for begin in range(0, len(parts), TOGETHER):
            asked = parts[begin : begin + TOGETHER]
            values = {f"{name}{n}": value for n, part in enumerate(asked) for name, value in part.values()}
            for number, subject, kind, amount in await self._connection.execute(_summed(len(asked)), values):
                part = asked[number]
                sums, key = found[part.since], (Account(part.server, part.scope, subject), AllowanceKind(kind))
                sums[key] = sums.get(key, 0) + int(amount)
        return found

    async def where_used(self, member: MemberId, servers: Sequence[ServerId], since: datetime) -> tuple[ServerId, ...]:
        """Those of these servers in which the member used something since that moment."""
        values = {"servers": list(servers), "subject": str(member), "first": quarter(since)}
        return tuple(ServerId(row.server_id) for row in await self._connection.execute(_WHERE, values))

    async def drop_tallies(self, before: datetime) -> int:
        """Sums of periods that are over; the ledger keeps what they were made of."""
        over = tallies.c.quarter + tallies.c.span <= quarter(before)
        return (await self._connection.execute(delete(tallies).where(over))).rowcount

    async def warn(self, found: Sequence[Warned]) -> None:
        """Once for each mark of a budget in a month."""
        if found:
            stored = upsert(self._connection.dialect.name, warnings).on_conflict_do_nothing()
            await self._connection.execute(stored, [_from_warning(one) for one in found])

    async def untold(self) -> tuple[Warned, ...]:
        """Warnings that nobody was told of yet, oldest first."""
        return tuple(_to_warning(row) for row in await self._connection.execute(_UNTOLD))

    async def told(self, warning: Warned, at: datetime) -> None:
        """The managers were."""
        key = {name: value for name, value in _from_warning(warning).items() if name not in ("used", "noted_at")}
        which = [warnings.c[name] == value for name, value in key.items()]
        await self._connection.execute(update(warnings).where(*which).values(told_at=at))


async def tally(connection: AsyncConnection, lines: Iterable[LedgerLine]) -> None:
    """Adds these entries to the sums they belong to."""
    await _add(
        connection, ((account, kind, line, line.amount) for line in lines for account, kind in accounts_of(line))
    )


async def name_nobody(connection: AsyncConnection, lines: Iterable[LedgerLine]) -> None:
    """These entries are of no member any more: their members' sums are without them, the others as they were."""
    theirs = ((account, kind, line) for line in lines for account, kind in accounts_of(line))
    gone = [(*one, -one[2].amount) for one in theirs if one[0].scope is Scope.MEMBER]
    await _add(connection, gone)
    for account in {account for account, *_ in gone}:
        mine = [tallies.c[name] == value for name, value in zip(_KEY, account, strict=False)]
        await connection.execute(delete(tallies).where(*mine, tallies.c.amount == 0))


async def forget_accounts(connection: AsyncConnection, server: ServerId, *scopes: Scope) -> None:
    """Their sums in one server, and warnings about them."""
    for table in (tallies, warnings):
        theirs = table.c.scope.in_([scope.value for scope in scopes])
        await connection.execute(delete(table).where(table.c.server_id == server, theirs))


async def _add(connection: AsyncConnection, amounts: Iterable[tuple[Account, AllowanceKind, LedgerLine, int]]) -> None:
    sums: dict[tuple[Any, ...], int] = defaultdict(int)
    for account, kind, line, amount in amounts:
        for span in spans(line.counted_at):
            sums[(*account, *span, kind.value)] += amount
    rows = [{**dict(zip(_KEY, key, strict=True)), "amount": amount} for key, amount in sorted(sums.items())]
    if rows:
        await connection.execute(_added(connection.dialect.name), rows)


def accounts_of(line: LedgerLine) -> Iterator[tuple[Account, AllowanceKind]]:
    """Whose sums an entry belongs to. Nobody is charged for what was lost; budgets are."""
    if line.kind.value in _CHARGED and line.member_id:
        yield Account.of_member(line.server_id, line.member_id), AllowanceKind(line.kind.value)
    if line.kind in MONEY:
        yield Account.of_server(line.server_id), AllowanceKind.SPEND
        yield BOT, AllowanceKind.SPEND
        if line.project_id is not None:
            yield Account.of_project(line.server_id, line.project_id), AllowanceKind.SPEND


class _Part(NamedTuple):
    """Rows of one span, of some accounts of one server, that begin within a time; part of the sum since `since`."""

    since: datetime
    server: ServerId
    scope: Scope
    subjects: list[str]
    span: int
    first: int
    end: int

    def values(self) -> Iterator[tuple[str, Any]]:
        """By the names in `_summed`."""
        return zip(self._fields[1:], self[1:], strict=True)


def _parts(wanted: Mapping[datetime, Iterable[Account]]) -> Iterator[_Part]:
    for since, accounts in wanted.items():
        first = quarter(since)
        midnight = first + -first % DAY
        together: dict[tuple[ServerId, Scope], list[str]] = defaultdict(list)
        for account in accounts:
            together[account.server_id, account.scope].append(account.subject)
        for group, subjects in together.items():
            if first < midnight:
                yield _Part(since, *group, subjects, 1, first, midnight)
            yield _Part(since, *group, subjects, DAY, midnight, NEVER)


@cache
def _summed(parts: int) -> CompoundSelect[Any]:
    """The sums of that many parts, with the part's number."""
    return union_all(
        *(
            select(literal_column(str(n)), tallies.c.subject, tallies.c.kind, func.sum(tallies.c.amount))
            .where(
                tallies.c.server_id == bindparam(f"server{n}"),
                tallies.c.scope == bindparam(f"scope{n}"),
                tallies.c.subject.in_(bindparam(f"subjects{n}", expanding=True)),
                tallies.c.span == bindparam(f"span{n}"),
                tallies.c.quarter >= bindparam(f"first{n}"),
                tallies.c.quarter < bindparam(f"end{n}"),
            )
            .group_by(tallies.c.subject, tallies.c.kind)
            for n in range(parts)
        )
    )


@cache
def _added(dialect: str) -> Insert:
    stored = upsert(dialect, tallies)
    return stored.on_conflict_do_update(index_elements=_KEY, set_={"amount": tallies.c.amount + stored.excluded.amount})


def _from_warning(warning: Warned) -> dict[str, Any]:
    return {
        "server_id": warning.account.server_id,
        "scope": warning.account.scope.value,
        "subject": warning.account.subject,
        "month": warning.month,
        "percent": warning.percent,
        "allowed": warning.allowed,
        "used": warning.used,
        "noted_at": warning.noted_at,
    }


def _to_warning(row: AnyRow) -> Warned:
    return Warned(
        account=Account(ServerId(row.server_id), Scope(row.scope), row.subject),
        month=row.month,
        percent=row.percent,
        allowed=row.allowed,
        used=row.used,
        noted_at=row.noted_at,
    )
