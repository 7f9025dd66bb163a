"""What others' jobs hold of a member who asked to be forgotten: their words in orders, and that they cancelled one.

Orders have no index: jobs are looked at one after the other. What is on its way is not touched; it is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import MemberId
from mv.domain.jobs import CANCEL
from mv.domain.mydata import REMOVED, Forgetting
from mv.errors import Stopped
from mv.store.eraser import Eraser
from mv.store.queries import AnyRow, Condition
from mv.store.tables import characters, jobs, scene_versions, steps

CANCELLED_BY_FORMER = MemberId(-1)
"""Of what a former member cancelled; 0 is the bot."""
_LOOKED_AT = ("id", "number", "order", "error", "error_facts", "created_at", "finished_at", "delivered_at")
_UNDELIVERED = and_(jobs.c.finished_at.is_not(None), jobs.c.delivered_at.is_(None))


class JobEraser:
    """For one member of one server. `eraser` of the same."""

    def __init__(self, connection: AsyncConnection, eraser: Eraser, forgetting: Forgetting) -> None:
        self._connection = connection
        self._eraser = eraser
        self._forgetting = forgetting

    async def under_way(self) -> bool:
        """Whether a job that is about their words is open, or not delivered."""
        for state in (jobs.c.finished_at.is_(None), _UNDELIVERED):
            rows = await self._jobs(state)
            if await self._repeating(rows) or await self._cancelled(rows):
                return True
        return False

    async def erase(self, after: int, size: int) -> int | None:
        """The next so many jobs; the last number, None when there are no more."""
        rows = await self._jobs(jobs.c.number > after, size)
        over = [row for row in rows if row.delivered_at is not None]
        await self._eraser.empty(await self._repeating(over))
        await self._nobody_cancelled(rows)
        return int(rows[-1].number) if rows else None

    async def _jobs(self, which: Condition, size: int | None = None) -> Sequence[AnyRow]:
        query = select(*(jobs.c[name] for name in _LOOKED_AT)).where(
            jobs.c.server_id == self._forgetting.server_id, which
        )
        return (await self._connection.execute(query.order_by(jobs.c.number).limit(size))).all()

    async def _repeating(self, rows: Sequence[AnyRow]) -> list[str]:
        """Those that hold words of theirs, or are about a record that is gone or has none of its words any more."""
        wordless_lists = await self._wordless_lists({row.order.get("list_id") for row in rows} - {None})
        undescribed = await self._undescribed({row.order.get("character_id") for row in rows} - {None})
        return [
            row.id
            for row in rows
            if self._words_by(row) or {row.order.get("list_id"), row.order.get("character_id")} & (
                wordless_lists | undescribed
            )
        ]  # fmt: skip

    def _words_by(self, row: AnyRow) -> bool:
        said = (row.order, row.order.get("revision") or {}, row.order.get("variation") or {})
        theirs = any(part.get("words_by") == self._forgetting.member_id for part in said)
        return theirs and bool(row.created_at <= self._forgetting.repeated_until)

    async def _wordless_lists(self, ids: set[str]) -> set[str]:
        """All versions of a list lose their words together: the first tells."""
        first = select(scene_versions.c.scene_list_id, scene_versions.c.brief).where(
            scene_versions.c.scene_list_id.in_(ids), scene_versions.c.number == 1
        )
        rows = (await self._connection.execute(first)).all() if ids else ()
        return ids - {row.scene_list_id for row in rows if not _wordless(row.brief)}

    async def _undescribed(self, ids: set[str]) -> set[str]:
        query = select(characters.c.id).where(characters.c.id.in_(ids), characters.c.description != REMOVED)
        return ids - set((await self._connection.execute(query)).scalars()) if ids else set()

    # ── who cancelled ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _cancelled(self, rows: Sequence[AnyRow]) -> list[str]:
        """Those in whose journal they wanted them cancelled."""
        before = [row.id for row in rows if row.created_at <= self._forgetting.asked_at]
        query = select(steps.c.job_id, steps.c.value).where(steps.c.job_id.in_(before), steps.c.name == CANCEL)
        found = (await self._connection.execute(query)).all() if before else ()
        return [row.job_id for row in found if row.value.get("by") == self._forgetting.member_id]

    async def _nobody_cancelled(self, rows: Sequence[AnyRow]) -> None:
        noted = update(steps).where(steps.c.job_id.in_(await self._cancelled(rows)), steps.c.name == CANCEL)
        await self._connection.execute(noted.values(value={"by": CANCELLED_BY_FORMER}))
        ended = [
            {"which": row.id, "error_facts": {**row.error_facts, "by_id": CANCELLED_BY_FORMER}}
            for row in rows
            if row.created_at <= self._forgetting.asked_at and cancelled_by(row) == self._forgetting.member_id
        ]
        if ended:
            await self._connection.execute(update(jobs).where(jobs.c.id == bindparam("which")), ended)


def cancelled_by(row: AnyRow) -> int | None:
    """Who cancelled it, if somebody did."""
    return (row.error_facts or {}).get("by_id") if row.error == Stopped.__name__ else None


def _wordless(brief: Mapping[str, Any]) -> bool:
    return REMOVED in (brief["idea"], brief["character"])
