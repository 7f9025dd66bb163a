"""The journal of jobs' steps, as rows: what was intended, what is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import RecordId, first_id
from mv.domain.jobs import Step
from mv.store.queries import AnyRow, upsert
from mv.store.tables import steps

OLDEST_JOB = timedelta(days=1)
"""Before it takes its steps."""

_STEPS = select(steps).where(steps.c.job_id == bindparam("of_job")).order_by(steps.c.position)
_STEP = _STEPS.where(steps.c.name == bindparam("named"))


@cache
def _put(dialect: str, replaced: tuple[str, ...]) -> Insert:
    last = select(func.coalesce(func.max(steps.c.position), 0) + 1).where(steps.c.job_id == bindparam("of_job"))
    stored = upsert(dialect, steps).values(position=last.scalar_subquery())
    return stored.on_conflict_do_update(
        index_elements=["job_id", "name"], set_={name: stored.excluded[name] for name in replaced}
    )


class JournalRows:
    """The half of `JobRows` that is about steps."""

    _connection: AsyncConnection

    async def step(self, job_id: RecordId, name: str) -> Step | None:
        """A line of the journal."""
        row = (await self._connection.execute(_STEP, {"of_job": job_id, "named": name})).one_or_none()
        return None if row is None else _to_step(row)

    async def steps(self, job_id: RecordId) -> tuple[Step, ...]:
        """The whole journal, in the order in which steps were first intended."""
        return tuple(_to_step(row) for row in await self._connection.execute(_STEPS, {"of_job": job_id}))

    async def steps_since(self, prefix: str, since: datetime) -> tuple[Step, ...]:
        """All jobs' steps of such names. Their keys begin with the time at which they were stored: what is much older
        is not looked at."""
        begin = first_id(since - OLDEST_JOB)
        query = select(steps).where(steps.c.job_id >= begin, steps.c.name.startswith(prefix, autoescape=True))
        query = query.where(steps.c.intended_at >= since)
        return tuple(_to_step(row) for row in await self._connection.execute(query))

    async def intend(self, job_id: RecordId, name: str, at: datetime, value: Mapping[str, Any]) -> None:
        """Before an effect. Again for the same name: replaces the value, clears `done_at`; what the step has cost
        stays."""
        await self._put(
            {"job_id": job_id, "name": name, "intended_at": at, "done_at": None, "value": dict(value)},
            ("intended_at", "done_at", "value"),
        )

    async def complete(
        self, job_id: RecordId, name: str, at: datetime, value: Mapping[str, Any], cost: int | None
    ) -> None:
        """After an effect. The value takes the place of the intended one; a step that was never intended is added."""
        await self._put(
            {"job_id": job_id, "name": name, "intended_at": at, "done_at": at, "value": dict(value), "cost": cost},
            ("done_at", "value", "cost"),
        )

    async def _put(self, values: dict[str, Any], replaced: tuple[str, ...]) -> None:
        statement = _put(self._connection.dialect.name, replaced)
        await self._connection.execute(statement, {**values, "of_job": values["job_id"]})


def _to_step(row: AnyRow) -> Step:
    return Step(name=row.name, intended_at=row.intended_at, done_at=row.done_at, value=row.value, cost=row.cost)
