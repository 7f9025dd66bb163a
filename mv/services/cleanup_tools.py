"""What the parts of the clean-up work with: small transactions, with a pause behind each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from mv.config.model import Retention
from mv.domain.ids import Kind, RecordId, ServerId
from mv.ports import Clock, Media, Records, Transaction
from mv.services.preferences import Preferences

T = TypeVar("T")
V = TypeVar("V")

FOUND_AT_ONCE = 5000
"""Keys of what is due: to find them may look at all of a server."""
ROWS = 200
"""In one transaction, about: members' commands wait for it."""
PIECE = 170
"""Rows of a record removed at once, to which those of its last version may be added."""
JOBS_AT_ONCE = 20
"""A job has about ten steps."""
PAUSE_SECONDS = 0.005
"""Behind each transaction."""


class Batch(Protocol):
    """Does one small transaction."""

    async def __call__(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = False) -> T:
        """What `work` returns. Not `lasting`: a power cut may undo it, and then it is done again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Ports, and what is kept how long."""

    records: Records
    media: Media
    clock: Clock
    retention: Retention
    preferences: Preferences

    async def batch(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = False) -> T:
        """As `Batch`; then whoever waits has a turn."""
        done = await self.records.transact(work, lasting=lasting)
        await asyncio.sleep(PAUSE_SECONDS)
        return done

    async def remove_takes(self, server: ServerId, before: datetime, take_ids: Sequence[RecordId]) -> int:
        """How many are gone; their files' rows stay. Those of characters that a job is about stay too: it may go by
        one, or be about to show it."""

        async def remove(tx: Transaction) -> int:
            return await tx.cleaning.remove_takes(server, before, take_ids, await busy(tx, server))

        return await self.batch(remove)


async def busy(tx: Transaction, server: ServerId) -> Sequence[RecordId]:
    """Characters that an open job goes by, or an undelivered one made."""
    jobs = [job for job in (*await tx.jobs.unfinished(), *await tx.jobs.undelivered()) if job.server_id == server]
    about = {str(job.order.get("character_id") or "") for job in jobs} | {str(job.record_id or "") for job in jobs}
    return [RecordId(key) for key in sorted(about - {""})]


async def purge(batch: Batch, kind: Kind, record_id: RecordId, before: datetime | None) -> None:
    """Removes a record piece by piece, if it was deleted until then; None: in any case."""

    async def piece(tx: Transaction) -> bool:
        return await tx.cleaning.purge(kind, record_id, before, PIECE)

    while not await batch(piece):
        pass


async def remove_jobs(batch: Batch, job_ids: Sequence[RecordId]) -> int:
    """How many are gone."""
    return sum([await batch(partial(_remove_jobs, some)) for some in parts(job_ids, JOBS_AT_ONCE)])


async def _remove_jobs(job_ids: Sequence[RecordId], tx: Transaction) -> int:
    return await tx.cleaning.remove_jobs(job_ids)


def parts(values: Sequence[V], size: int) -> Iterator[Sequence[V]]:
    """So many at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))
