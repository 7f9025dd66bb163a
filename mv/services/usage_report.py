"""What managers read of a month: its sums, and the ledger itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mv.domain.actor import Actor
from mv.domain.ids import ServerId
from mv.domain.spending import DaySpend
from mv.domain.usage_report import Booked, Month, ServerMonth, month_of, months_before
from mv.errors import NoChart
from mv.export.ledger import LedgerFile, LedgerFiles
from mv.export.zips import Archive, Chapter, Piece
from mv.services.packing import Packer, Packing
from mv.services.tools import Tools
from mv.services.usage import managed

log = logging.getLogger(__name__)

NAMED = 100
"""Projects whose names are looked up, those that spent most: a message has room for fewer."""
TOGETHER = 250
"""Entries of the ledger that are read at once: with 1,000 everybody else would wait for 50 ms at a time."""
FILE = 8 * 1024 * 1024
"""Bytes of a CSV file at most; more make several, which go as ZIPs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerExport:
    """The entries of a month as files, each made ready when it is asked for: one CSV, or ZIPs of several."""

    month: Month
    entries: int
    archives: AsyncIterator[Archive]


class UsageReports:
    """/usage server and /usage ledger."""

    def __init__(self, tools: Tools, packer: Packer) -> None:
        self._tools = tools
        self._packer = packer

    async def month(self, actor: Actor, given: str | None) -> Month:
        """`2026-11`, in this server's time zone; None is the running one. Raises ManagersOnly, NotChosen."""
        server = managed(actor)
        return month_of(given, self._tools.clock.now(), await self._tools.preferences.zone_of(server))

    async def months(self, actor: Actor, count: int) -> tuple[Month, ...]:
        """The last ones, to choose from. Raises ManagersOnly."""
        zone = await self._tools.preferences.zone_of(managed(actor))
        return months_before(self._tools.clock.now(), zone, count)

    async def server(self, actor: Actor, month: Month) -> ServerMonth:
        """Who and what used how much of what. Raises ManagersOnly."""
        server = managed(actor)
        preferences = self._tools.preferences
        budget = preferences.budget(server, await preferences.of(server)) if month.today is not None else None
        so_far = month.starts if month.today is None else month.starts[: month.today.day + 1]
        async with self._tools.records.read() as tx:
            report = ServerMonth(month=month, shares=await tx.usage.shares(server, month.since, month.until))
            money = await tx.usage.money(server, so_far)
            keys = [each.subject for each in report.by_project if each.subject is not None][:NAMED]
            projects = await tx.projects.called(keys) if keys else {}
        days = tuple(
            DaySpend(day=month.first + timedelta(days=number), engine=engine, spend=spend)
            for number, engines in enumerate(money)
            for engine, spend in engines.items()
            if spend
        )
        limit = None if budget is None else budget.limit
        return ServerMonth(month=month, shares=report.shares, days=days, projects=projects, budget=limit)

    async def chart(self, report: ServerMonth) -> bytes | None:
        """A PNG of its days, once there is something to draw; None if that went wrong."""
        try:
            return await self._tools.charts.spend(report.spending)
        except NoChart:
            log.warning("the usage of %s is told without its chart", report.month)
            return None

    @asynccontextmanager
    async def ledger(self, actor: Actor, month: Month, room: int) -> AsyncIterator[LedgerExport | None]:
        """All entries of a month in files of `room` bytes at most; None if there is none. Raises ManagersOnly,
        StorageError."""
        server = managed(actor)
        async with self._packer.packing() as packing:
            files = await self._written(packing, server, month, min(FILE, room))
            if not files:
                yield None
                return
            about = {"what": "entries of the ledger", "server": str(server), "month": str(month), "zone": month.zone}
            async with aclosing(_archives(packing, files, room, f"ledger_{month}", about)) as archives:
                yield LedgerExport(month=month, entries=sum(each.rows for each in files), archives=archives)

    async def _written(self, packing: Packing, server: ServerId, month: Month, most: int) -> Sequence[LedgerFile]:
        files = LedgerFiles(lambda number: packing.place(_name(month, number)), most)
        last: Booked | None = None
        try:
            while True:
                async with self._tools.records.read() as tx:
                    rows = await tx.usage.entries(server, month.since, month.until, after=last, size=TOGETHER)
                await asyncio.to_thread(files.add, rows)
                if len(rows) < TOGETHER:
                    break
                last = rows[-1]
        finally:
            found = await asyncio.to_thread(files.close)
        return found


def _name(month: Month, number: int) -> str:
    return f"ledger_{month}.csv" if number == 1 else f"ledger_{month}_{number}.csv"


async def _archives(
    packing: Packing, files: Sequence[LedgerFile], room: int, stem: str, about: dict[str, Any]
) -> AsyncGenerator[Archive, None]:
    """A single file goes as it is."""
    if len(files) == 1 and files[0].bytes <= room:
        yield Archive(number=1, of=1, path=files[0].path, bytes=files[0].bytes)
        return
    pieces = [Piece(name=each.path.name, source=each.path, size=each.packed) for each in files]
    async with aclosing(packing.archives([Chapter(pieces=(one,)) for one in pieces], room, stem, about)) as archives:
        async for archive in archives:
            yield archive
