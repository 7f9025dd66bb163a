"""How the bot does, for whoever runs it: what the records and the vendors' gates say, in a second at most."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from mv.domain.budget import BOT
from mv.domain.jobs import JobState
from mv.domain.usage import Period, window
from mv.errors import MvError
from mv.ports import Transaction, VendorState
from mv.services.tools import Tools

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the records say. `oldest_seconds` is the age of the oldest open job, None if there is none; `spent_today` in
    micro-dollars, by everybody in the running day of UTC, what is reserved included."""

    waiting: int
    running: int
    oldest_seconds: float | None
    spent_today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """`stored` is None if the database cannot be read and written, or not in time. Of each vendor that needs a key:
    whether it has one, and how it does."""

    stored: Stored | None
    set_up: Mapping[str, bool] = field(default_factory=dict)
    states: Mapping[str, VendorState] = field(default_factory=dict)


class Checkup:
    """One for the whole process."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._asking: asyncio.Task[Stored | None] | None = None

    async def look(self) -> Vitals:
        """Never raises. Whoever asks while the records still owe an answer waits for that one."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="checkup")
        done, _ = await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
        doors = {vendor.value: door for vendor, door in self._tools.doors.items() if door.variable}
        return Vitals(
            stored=self._asking.result() if done else None,
            set_up={vendor: door.ready for vendor, door in doors.items()},
            states={vendor.value: gate.state() for vendor, gate in self._tools.gates.items() if vendor.value in doors},
        )

    async def close(self) -> None:
        """Waits for an answer that is still owed; after the records were closed it comes at once."""
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=PATIENCE_SECONDS)
            self._asking.cancel()

    async def _ask(self) -> Stored | None:
        try:
            async with self._tools.records.read() as tx:
                today = window(Period.DAY, self._tools.clock.now())[0]
                spent = sum((await tx.usage.sums([BOT], today)).values())
            return await self._tools.records.transact(lambda tx: self._count(tx, spent), lasting=False)
        except MvError as error:
            log.warning("the records cannot say how the bot does: %s", error.code)
        except Exception:
            log.exception("the records cannot say how the bot does")
        return None

    async def _count(self, tx: Transaction, spent: int) -> Stored:
        """In a transaction that could write, so that a database that nobody can write to is not called well."""
        backlog = await tx.jobs.backlog()
        oldest = min((part.oldest for part in backlog.values()), default=None)
        now = self._tools.clock.now()
        return Stored(
            waiting=backlog[JobState.QUEUED].count if JobState.QUEUED in backlog else 0,
            running=backlog[JobState.RUNNING].count if JobState.RUNNING in backlog else 0,
            oldest_seconds=None if oldest is None else max(0.0, (now - oldest).total_seconds()),
            spent_today=spent,
        )
