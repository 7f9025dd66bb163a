"""How a job ends: its state, what it really used, and what is given back, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mv.domain.ids import RecordId
from mv.domain.jobs import Job, JobState
from mv.domain.usage import AllowanceKind
from mv.errors import MvError, Stopped, Uncertain
from mv.ports import Records, Transaction
from mv.services.admission import settle


async def spent(tx: Transaction, job_id: RecordId) -> int | None:
    """Micro-dollars of all its steps; None if nothing is known to have been spent."""
    costs = [step.cost for step in await tx.jobs.steps(job_id) if step.cost is not None]
    return sum(costs) if costs else None


async def finish(
    tx: Transaction,
    job: Job,
    now: datetime,
    used: Mapping[AllowanceKind, int],
    *,
    record_id: RecordId,
    version: int | None = None,
    missing: MvError | None = None,
) -> None:
    """Ends a job that made something; `missing` says what of it failed. Settles counts as `used` and money as spent.

    Raises Stopped if it had ended already: the transaction must not come to pass.
    """
    cost = await spent(tx, job.id)
    await settle(tx, job, {**used, AllowanceKind.SPEND: cost or 0}, now)
    if not await tx.jobs.finish(
        job.id, JobState.DONE, now, record_id=record_id, version=version, error=missing, cost=cost
    ):
        raise Stopped()


async def fail(records: Records, job: Job, error: MvError, now: datetime) -> bool:
    """Ends a job that made nothing. Counts are given back; money that a vendor really took is settled.
    False, and nothing is changed, if it had ended already."""
    state = JobState.FAILED
    if isinstance(error, Stopped):
        state = JobState.CANCELLED
    elif isinstance(error, Uncertain):
        state = JobState.UNCERTAIN

    async def end(tx: Transaction) -> bool:
        cost = await spent(tx, job.id)
        ended = await tx.jobs.finish(job.id, state, now, error=error, cost=cost)
        if ended:
            await settle(tx, job, {AllowanceKind.SPEND: cost or 0}, now)
        return ended

    return await records.insist(end)
