"""The check of the books: the ledger against the jobs, and against the sums that admission goes by."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta

from mv.domain.audit import Audit, differences, tally_differences
from mv.domain.ids import RecordId
from mv.ports import Clock, Records

log = logging.getLogger(__name__)

JOBS = 500
"""Read at once."""
KEPT = timedelta(days=62)
"""Sums that are older are of periods that are over in every time zone, and are forgotten."""
NAMED = 20
"""Differences that a log names."""


class Auditor:
    """Reads only, but for sums of periods that are over."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    async def daily(self) -> None:
        """Checks, tells the log, and forgets old sums. Raises StorageError."""
        found = await self.check()
        for one in found.differences[:NAMED]:
            log.error("the books differ: %s, %s: %s in the ledger, %s elsewhere", one.whose, one.what, one.ledger,
                      one.elsewhere)  # fmt: skip
        if len(found.differences) > NAMED:
            log.error("the books differ in %s more places", len(found.differences) - NAMED)
        before = self._clock.now() - KEPT
        await self._records.transact(lambda tx: tx.usage.drop_tallies(before), lasting=False)

    async def check(self) -> Audit:
        """All jobs that are on record, and the sums of the last 40 days. Raises StorageError."""
        found, after = Audit(), None
        now = self._clock.now()
        since = (now.astimezone(UTC) - timedelta(days=40)).replace(hour=0, minute=0, second=0, microsecond=0)
        while True:
            async with self._records.read() as tx:
                accounts = await tx.usage.accounts(after, JOBS)
            for account in accounts:
                found.differences.extend(differences(account))
            found.jobs += len(accounts)
            if len(accounts) < JOBS:
                break
            after = RecordId(accounts[-1].job_id)
        async with self._records.read() as tx:
            ledger, found.entries = await tx.usage.recounted(since)
            quarters, days = await tx.usage.tallied(since)
        found.differences.extend(tally_differences(ledger, quarters, "summed"))
        found.differences.extend(tally_differences(ledger, days, "summed by day"))
        return found
