"""How a job ends: its state, what it really used, and what is given back, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from mv.domain.engine import Engine
from mv.domain.ids import RecordId
from mv.domain.jobs import REUSED, Job, JobState, Step
from mv.domain.ledger import Bill, Measure, Used, corrections
from mv.domain.usage import AllowanceKind
from mv.errors import MvError, Stopped, Uncertain
from mv.ports import Records, Transaction
from mv.services.application import reservation

BILL = "bill"
"""Where a step of a journal keeps what its call came to."""


async def bills(tx: Transaction, job: Job) -> tuple[Bill, ...]:
    """What all its calls came to."""
    return tuple(bill for step in await tx.jobs.steps(job.id) if (bill := _bill(job, step)) is not None)


def _bill(job: Job, step: Step) -> Bill | None:
    """Steps of a version before bills know the cost alone."""
    if BILL in step.value:
        return Bill.of(step.value[BILL])
    return None if step.cost is None else Bill(engine=job.engine, price=None, spend=step.cost)


async def spent(tx: Transaction, job: Job) -> int | None:
    """Micro-dollars that all its calls cost its member; None if nothing is known to have been spent."""
    return Used(bills=await bills(tx, job)).cost


async def finish(
    tx: Transaction,
    job: Job,
    now: datetime,
    engine: Engine,
    counts: Mapping[Measure, int],
    *,
    record_id: RecordId,
    version: int | None = None,
    missing: MvError | None = None,
) -> None:
    """Ends a job that made something with this engine; `missing` says what of it failed. Settles `counts`, and money
    as its bills say.

    Raises Stopped if it had ended already: the transaction must not come to pass.
    """
    price = engine.price(now.date())
    used = Used(bills=await bills(tx, job), engine=engine.name, price=price, counts=counts)
    await settle(tx, job, used, now)
    if not await tx.jobs.finish(
        job.id, JobState.DONE, now, record_id=record_id, version=version, error=missing, cost=used.cost
    ):
        raise Stopped()


async def hand_out(tx: Transaction, job: Job, now: datetime, record_id: RecordId, version: int | None = None) -> None:
    """Ends a job with a record that was there already: nothing is charged. Raises Stopped as `finish`."""
    await tx.jobs.complete(job.id, REUSED, now, {}, None)
    await settle(tx, job, Used(), now)
    if not await tx.jobs.finish(job.id, JobState.DONE, now, record_id=record_id, version=version, cost=0):
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
        used = Used(bills=await bills(tx, job))
        ended = await tx.jobs.finish(job.id, state, now, error=error, cost=used.cost)
        if ended:
            await settle(tx, job, used, now)
        return ended

    return await records.insist(end)


async def settle(tx: Transaction, job: Job, used: Used, now: datetime) -> None:
    """Brings the job's account in the ledger to what was really used."""
    lines = await tx.usage.lines(job.id)
    if not lines:  # of a version that reserved nothing where nothing was wanted
        lines = tuple(reservation(job, {AllowanceKind.SPEND: 0}, None))
    await tx.usage.append(corrections(lines, used, now))
