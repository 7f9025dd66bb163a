"""The clean-up: once a day, and by hand, what is not kept any longer is removed.

Rows go first, in small transactions between which members' commands have their turn; then the files that no row names
any more. A kill in between leaves at most such files, which the next pass finds. What may still be wanted (a deletion
that can be undone, a main take, what an open job has taken in) is spared, and looked at again where it would go.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mv.domain.ids import Kind, RecordId, ServerId
from mv.domain.retention import CleanUp, Tally
from mv.domain.settings import Option
from mv.errors import StorageDamaged, StorageError
from mv.ports import Scraps
from mv.services.cleanup_files import Files
from mv.services.cleanup_server import KINDS, LeftServers
from mv.services.cleanup_tools import FOUND_AT_ONCE, ROWS, Keeping, busy, parts, purge, remove_jobs
from mv.services.incidents import incident

log = logging.getLogger(__name__)

DRIFT = timedelta(hours=1)
"""How far the machine's clock may be set between two daily passes before it is doubted for a day."""


class Cleaner:
    """One pass at a time."""

    def __init__(self, keeping: Keeping, scraps: Scraps) -> None:
        self._keeping = keeping
        self._files = Files(keeping, scraps)
        self._left = LeftServers(keeping, self._files)
        self._seen = keeping.clock.now(), _steady()

    async def daily(self) -> None:
        """A pass, unless the clock was set since the last call, or since the start: then it is trusted again a day
        later. Raises StorageError."""
        now, steady = self._keeping.clock.now(), _steady()
        passed, truly = now - self._seen[0], timedelta(seconds=steady - self._seen[1])
        self._seen = now, steady
        if abs(passed - truly) > DRIFT:
            log.warning("the machine's clock was set; nothing is cleaned up before it has been right for a day")
            return
        _tell(await self.clean())

    async def clean(self, *, dry: bool = False) -> CleanUp:
        """All servers, then the files that nothing names. `dry` only counts. Raises StorageError."""
        report, now = CleanUp(dry=dry), self._keeping.clock.now()
        async with self._keeping.records.read() as tx:
            known, left = await tx.servers.known(), await tx.servers.left()
        days = self._keeping.retention.left_server_days
        over = now - timedelta(days=days) if days else None
        for server in known:
            try:
                await self._server(server, now, report, over if over and left.get(server, now) <= over else None)
            except Exception as error:  # such as a row that was damaged: the others go on
                if isinstance(error, StorageError) and not isinstance(error, StorageDamaged):
                    raise
                incident(f"the clean-up of server {server}", error)
                report.failed.append(server)
        await self._files.sweep(known, report)
        return report

    async def _server(self, server: ServerId, now: datetime, report: CleanUp, over: datetime | None) -> None:
        """One of them; `over` if it was left, until then."""
        tally = report.of(server)
        if over is None:
            await (self._count(server, now, tally) if report.dry else self._remove(server, now, tally))
        elif report.dry:
            await self._left.count(server, tally)
        else:
            await self._left.remove(server, over, tally)
        if tally and not report.dry:
            log.info("server %s: removed %s", server, tally.words() or "its settings and books")

    async def _count(self, server: ServerId, now: datetime, tally: Tally) -> None:
        due = await self._due(server, now, None)
        due.count(tally)
        await self._files.would_be_loose(server, (*due.takes, *due.takes_of_deleted), tally)

    async def _remove(self, server: ServerId, now: datetime, tally: Tally) -> None:
        batch, more = self._keeping.batch, True
        while more:
            due = await self._due(server, now, FOUND_AT_ONCE)
            due.count(tally)
            more = due.fills(FOUND_AT_ONCE)
            for kind, keys in due.records.items():
                for key in keys:
                    await purge(batch, kind, key, due.deleted)
            for some in parts(due.takes, ROWS):
                await self._keeping.remove_takes(server, due.made, some)
            await remove_jobs(batch, due.jobs)
        await self._files.remove_loose(server, tally, batch)

    async def _due(self, server: ServerId, now: datetime, size: int | None) -> _Due:
        days, undo = await self._keeping.preferences.days(server), await self._keeping.preferences.undo(server)
        deleted = now - undo
        made, ended = (now - timedelta(days=days[option]) for option in (Option.KEEP_TAKES, Option.KEEP_JOBS))
        async with self._keeping.records.read() as tx:
            rows, open_jobs = tx.cleaning, await tx.jobs.unfinished()
            oldest = open_jobs[0].created_at if open_jobs else now  # what its neighbours ordered is not its own
            records = {kind: await rows.deleted(server, kind, deleted, size) for kind in KINDS}
            return _Due(
                deleted=deleted,
                records=records,
                takes_of_deleted=await rows.takes_of(records[Kind.CHARACTER]),
                made=made,
                takes=await rows.takes(server, made, size, await busy(tx, server)) if days[Option.KEEP_TAKES] else (),
                jobs=await rows.jobs(server, min(ended, oldest), size) if days[Option.KEEP_JOBS] else (),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """What goes of one server: records `deleted` until then, takes `made` until then, jobs."""

    deleted: datetime
    records: Mapping[Kind, Sequence[RecordId]]
    takes_of_deleted: Sequence[RecordId]
    made: datetime
    takes: Sequence[RecordId]
    jobs: Sequence[RecordId]

    def fills(self, size: int) -> bool:
        """Whether there may be more than these, of whom so many were asked for."""
        return any(len(found) == size for found in (*self.records.values(), self.takes, self.jobs))

    def count(self, tally: Tally) -> None:
        """All of it goes."""
        for kind, keys in self.records.items():
            tally.count(kind, len(keys))
        tally.takes += len(self.takes) + len(self.takes_of_deleted)
        tally.jobs += len(self.jobs)


def _steady() -> float:
    """Seconds that no setting of the clock changes; those that the machine sleeps count, where it can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


def _tell(report: CleanUp) -> None:
    """The log, but for what it has of each server."""
    for what, tally in (("files without a record", report.orphans), ("leavings of interrupted runs", report.scraps)):
        if tally:
            log.info("%s %s were removed, %s bytes", tally.files, what, tally.bytes)
    if report.held:
        log.info("%s files without a record stay: a database that a restore put aside may name them", report.held.files)
    if report.older:
        log.info("%s files without a record stay: they are older than these records", report.older.files)
    if report.missing:
        log.warning("%s files are named by records, but missing, such as %s", len(report.missing), report.missing[0])
