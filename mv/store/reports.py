"""The ledger as managers read it: a month's sums, its days, and its entries one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import BigInteger, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, MemberId, Ref, ServerId
from mv.domain.ledger import MONEY, Measure
from mv.domain.usage_report import Booked, Share
from mv.store.entries import to_line
from mv.store.queries import AnyRow
from mv.store.tables import jobs, ledger, projects
from mv.store.types import UtcTime

_IN_TIME = (
    ledger.c.server_id == bindparam("server"),
    ledger.c.counted_at >= bindparam("since", type_=UtcTime),
    ledger.c.counted_at < bindparam("until", type_=UtcTime),
)
_WHAT = (ledger.c.member_id, ledger.c.project_id, ledger.c.engine, ledger.c.kind)
_UNPRICED = ledger.c.price.is_(None)
_SHARES = (
    select(*_WHAT, _UNPRICED.label("unpriced"), func.sum(ledger.c.amount).label("sum"))
    .where(*_IN_TIME)
    .group_by(*_WHAT, _UNPRICED)
)
_MONEY = (
    select(ledger.c.engine, func.sum(ledger.c.amount).label("sum"))
    .where(*_IN_TIME, ledger.c.kind.in_(sorted(measure.value for measure in MONEY)))
    .group_by(ledger.c.engine)
)
_ENTRIES = (
    select(ledger, jobs.c.number.label("job_number"), projects.c.number.label("project_number"))
    .outerjoin(jobs, jobs.c.id == ledger.c.job_id)
    .outerjoin(projects, projects.c.id == ledger.c.project_id)
    .where(*_IN_TIME)
    .order_by(ledger.c.counted_at, ledger.c.id)
    .limit(bindparam("size", type_=BigInteger))
)
_BEHIND = _ENTRIES.where(
    tuple_(ledger.c.counted_at, ledger.c.id)
    > tuple_(bindparam("after_at", type_=UtcTime), bindparam("after_id", type_=BigInteger))
)


class ReportRows:
    """The part of `UsageRows` that is about reports. All of it goes by the index of what was counted when."""

    _connection: AsyncConnection

    async def shares(self, server: ServerId, since: datetime, until: datetime) -> tuple[Share, ...]:
        """The sums of what was counted in that time; some may be zero."""
        rows = await self._connection.execute(_SHARES, {"server": server, "since": since, "until": until})
        return tuple(
            Share(
                member_id=MemberId(row.member_id),
                project_id=row.project_id,
                engine=row.engine,
                kind=Measure(row.kind),
                unpriced=bool(row.unpriced),
                amount=int(row.sum),
            )
            for row in rows
        )

    async def money(self, server: ServerId, starts: Sequence[datetime]) -> tuple[dict[str, int], ...]:
        """Micro-dollars by engine, what was lost included, between each of these moments and the next."""
        found = []
        for since, until in pairwise(starts):
            rows = await self._connection.execute(_MONEY, {"server": server, "since": since, "until": until})
            found.append({row.engine: int(row.sum) for row in rows})
        return tuple(found)

    async def entries(
        self, server: ServerId, since: datetime, until: datetime, *, after: Booked | None, size: int
    ) -> tuple[Booked, ...]:
        """Entries that were counted in that time, in the order of that, from behind that one."""
        values = {"server": server, "since": since, "until": until, "size": size}
        if after is None:
            rows = await self._connection.execute(_ENTRIES, values)
        else:
            at = after.line.counted_at  # as `since` too, so that every page begins where it is in the index
            behind = {"since": max(at, since), "after_at": at, "after_id": after.number}
            rows = await self._connection.execute(_BEHIND, {**values, **behind})
        return tuple(_booked(row) for row in rows)


def _booked(row: AnyRow) -> Booked:
    return Booked(
        number=row.id,
        line=to_line(row),
        job=None if row.job_number is None else Ref(Kind.JOB, row.job_number),
        project=None if row.project_number is None else Ref(Kind.PROJECT, row.project_number),
    )
