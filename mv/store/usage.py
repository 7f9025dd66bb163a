"""The ledger, which only grows, and the quotas, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from mv.domain.ids import MemberId, RecordId, ServerId
from mv.domain.ledger import LedgerLine
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.ports import UsageRows
from mv.store.accounts import AccountRows
from mv.store.entries import from_line, to_line
from mv.store.queries import AnyRow, upsert
from mv.store.reports import ReportRows
from mv.store.tables import ledger, quotas
from mv.store.tallies import TallyRows, tally

_SUBJECT = ("server_id", "member_id", "role_id", "kind", "period")

_LINES = select(ledger).where(ledger.c.job_id == bindparam("of_job")).order_by(ledger.c.id)
_QUOTAS = (
    select(quotas)
    .where(quotas.c.server_id.in_(bindparam("servers", expanding=True)))
    .order_by(*(quotas.c[c] for c in _SUBJECT))
)


class SqlUsageRows(TallyRows, AccountRows, ReportRows, UsageRows):
    """Counts and micro-dollars."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, lines: Sequence[LedgerLine]) -> None:
        """With the sums they belong to. A second line of the same job, kind, entry and engine is ignored (exactly
        once)."""
        if not lines:
            return
        by_key = {_key(line): line for line in reversed(lines)}
        rows = await self._connection.execute(
            _stored(self._connection.dialect.name), [from_line(line) for line in lines]
        )
        new = [by_key[row.job_id, row.kind, row.entry, row.engine] for row in rows]
        await tally(self._connection, new)

    async def lines(self, job_id: RecordId) -> tuple[LedgerLine, ...]:
        """A job's entries, oldest first."""
        return tuple(to_line(row) for row in await self._connection.execute(_LINES, {"of_job": job_id}))

    async def quotas(self, server_ids: Sequence[ServerId]) -> tuple[Quota, ...]:
        """All quotas of these servers."""
        return tuple(_to_quota(row) for row in await self._connection.execute(_QUOTAS, {"servers": server_ids}))

    async def set_quota(self, quota: Quota, by: MemberId, at: datetime) -> None:
        """Replaces the one of the same subject, kind and period."""
        stored = upsert(self._connection.dialect.name, quotas)
        replaced = {name: stored.excluded[name] for name in ("allowed", "set_by", "set_at")}
        await self._connection.execute(
            stored.on_conflict_do_update(index_elements=_SUBJECT, set_=replaced),
            {**_from_quota(quota), "set_by": by, "set_at": at},
        )

    async def clear_quotas(
        self,
        server_id: ServerId,
        kind: AllowanceKind | None,
        period: Period | None,
        member_id: MemberId | None,
        role_id: int | None,
    ) -> int:
        """Removes those of exactly this subject, of all kinds and periods where these are None; returns how many."""
        which = delete(quotas).where(
            quotas.c.server_id == server_id, quotas.c.member_id == (member_id or 0), quotas.c.role_id == (role_id or 0)
        )
        if kind is not None:
            which = which.where(quotas.c.kind == kind.value)
        if period is not None:
            which = which.where(quotas.c.period == period.value)
        return (await self._connection.execute(which)).rowcount


@cache
def _stored(dialect: str) -> ReturningInsert[Any]:
    key = ("job_id", "kind", "entry", "engine")
    stored = upsert(dialect, ledger).on_conflict_do_nothing(index_elements=key)
    return stored.returning(*(ledger.c[name] for name in key))


def _key(line: LedgerLine) -> tuple[str, str, str, str]:
    return line.job_id, line.kind.value, line.entry.value, line.engine


def _from_quota(quota: Quota) -> dict[str, Any]:
    return {
        "server_id": quota.server_id or 0,
        "member_id": quota.member_id or 0,
        "role_id": quota.role_id or 0,
        "kind": quota.kind.value,
        "period": quota.period.value,
        "allowed": quota.limit,
    }


def _to_quota(row: AnyRow) -> Quota:
    return Quota(
        kind=AllowanceKind(row.kind),
        limit=row.allowed,
        period=Period(row.period),
        server_id=row.server_id,
        member_id=row.member_id or None,
        role_id=row.role_id or None,
    )
