"""Jobs beside their accounts in the ledger, and the ledger summed anew, for the check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.audit import JobAccount
from mv.domain.budget import Account, Scope
from mv.domain.ids import FORMER, Kind, RecordId, Ref, ServerId
from mv.domain.jobs import REUSED, JobKind, JobState
from mv.domain.ledger import DAY, Entry, Measure, quarter
from mv.domain.usage import AllowanceKind
from mv.store.entries import to_line
from mv.store.tables import jobs, ledger, steps, tallies
from mv.store.tallies import accounts_of

TOGETHER = 2_000
"""Rows that are read at once."""
Sums = dict[tuple[Account, AllowanceKind], int]


class AccountRows:
    """The part of `UsageRows` that is about the check."""

    _connection: AsyncConnection

    async def accounts(self, after: RecordId | None, size: int) -> tuple[JobAccount, ...]:
        """Jobs by their key, from behind that one, with their sums."""
        query = select(
            jobs.c.id, jobs.c.server_id, jobs.c.number, jobs.c.kind, jobs.c.state, jobs.c.cost, jobs.c.member_id
        )
        if after is not None:
            query = query.where(jobs.c.id > after)
        rows = (await self._connection.execute(query.order_by(jobs.c.id).limit(size))).all()
        keys = [RecordId(row.id) for row in rows]
        sums: dict[str, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
        settled: dict[str, int] = defaultdict(int)
        entries = select(ledger.c.job_id, ledger.c.kind, ledger.c.entry, ledger.c.amount)
        for entry in await self._connection.execute(entries.where(ledger.c.job_id.in_(keys))):
            sums[entry.job_id][Measure(entry.kind)] += entry.amount
            settled[entry.job_id] += entry.entry != Entry.RESERVE.value
        pictures = await self._pictures(keys)
        named = select(steps.c.job_id).where(steps.c.job_id.in_(keys), steps.c.name == REUSED)
        reused = set((await self._connection.execute(named)).scalars())
        return tuple(
            JobAccount(
                job_id=RecordId(row.id),
                server_id=ServerId(row.server_id),
                ref=Ref(Kind.JOB, row.number),
                kind=JobKind(row.kind),
                state=JobState(row.state),
                cost=row.cost,
                pictures=None if row.member_id == FORMER else pictures.get(row.id, 0),
                settled=settled[row.id],
                reused=row.id in reused,
                sums=dict(sums[row.id]),
            )
            for row in rows
        )

    async def _pictures(self, keys: Sequence[RecordId]) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        taken = (steps.c.job_id.in_(keys), steps.c.name.startswith("collect:"), steps.c.done_at.is_not(None))
        for step in await self._connection.execute(select(steps.c.job_id, steps.c.value).where(*taken)):
            counts[step.job_id] += len(step.value.get("files", ()))
        return counts

    async def recounted(self, since: datetime) -> tuple[Sums, int]:
        """What was counted since that moment, by the ledger itself, and how many entries that are."""
        sums: Sums = defaultdict(int)
        last = count = 0
        while True:
            query = select(ledger).where(ledger.c.id > last, ledger.c.counted_at >= since)
            rows = (await self._connection.execute(query.order_by(ledger.c.id).limit(TOGETHER))).all()
            for line in map(to_line, rows):
                for account, kind in accounts_of(line):
                    sums[account, kind] += line.amount
            count += len(rows)
            if len(rows) < TOGETHER:
                return {key: amount for key, amount in sums.items() if amount}, count
            last = rows[-1].id

    async def tallied(self, since: datetime) -> tuple[Sums, Sums]:
        """The same, by the sums that were written with it: by those of quarters, and by those of days. None is zero."""
        sums: dict[int, Sums] = {1: defaultdict(int), DAY: defaultdict(int)}
        query = select(tallies).where(tallies.c.quarter >= quarter(since))
        for row in await self._connection.execute(query):
            account = Account(ServerId(row.server_id), Scope(row.scope), row.subject)
            sums[row.span][account, AllowanceKind(row.kind)] += row.amount
        quarters, days = ({key: amount for key, amount in each.items() if amount} for each in sums.values())
        return quarters, days
