"""What the facts come from, and what Prometheus makes of them, without a process."""

from __future__ import annotations

import ast
import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.health import _told
from bot.metrics import COUNTERS, TIMES, Gateway, PrometheusMeter
from mv.app import build
from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.domain.usage import AllowanceKind
from mv.errors import MvError, StorageDamaged
from mv.ports import Counted, Gate, Records, Report, Timed, Transaction, VendorDoor, VendorState, world
from mv.services import vitals
from mv.services.tools import Tools
from mv.services.vitals import Checkup, Stored, Vitals
from mv.store.database import Database
from tests.ops.kept import settings_of
from tests.store.things import NOON, SetClock, a_job, a_line, opened

T = TypeVar("T")
DOORS = {
    Vendor.GEMINI: VendorDoor(ready=True, variable="GEMINI_API_KEY"),
    Vendor.REPLICATE: VendorDoor(ready=False, variable="REPLICATE_API_TOKEN"),
    Vendor.OFFLINE: VendorDoor(ready=True, variable=""),
}
AWAY = Gateway(connected=False, latency=None, since=None, servers=0)


class RestingGate(Gate):
    def state(self) -> VendorState:
        return VendorState(failures=5, resting_until=NOON + timedelta(minutes=1))

    async def turn(self, report: Report) -> None:
        return


class Failing(Records):
    """Reads as `inner`; fails or hangs as told."""

    def __init__(self, inner: Database, error: Exception | None = None, seconds: float = 0.0) -> None:
        self.inner, self.error, self.seconds, self.asked = inner, error, seconds, 0

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Transaction]:
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        async with self.inner.read() as tx:
            yield tx

    def read(self) -> Any:
        return self._reading()

    def write(self) -> Any:
        return self.inner.write()

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        return await self.inner.transact(work, lasting=lasting)


def tools_of(folder: Path, records: Records) -> Tools:
    tools = build(settings_of(folder)).tools
    changes = {"records": records, "clock": SetClock(), "doors": DOORS, "gates": {Vendor.GEMINI: RestingGate()}}
    return Tools(**{name: getattr(tools, name) for name in Tools.__slots__} | changes)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path) as database:
        yield database


async def test_the_records_are_counted(tmp_path: Path, records: Database) -> None:
    jobs = [a_job(n, created_at=NOON - timedelta(seconds=100 * n)) for n in range(1, 5)]
    async with records.write() as tx:
        await tx.jobs.add_all(jobs)
        await tx.jobs.start(jobs[0].id, NOON)
        await tx.jobs.finish(jobs[3].id, JobState.CANCELLED, NOON)
        spend = {"kind": AllowanceKind.SPEND}
        await tx.usage.append([a_line(jobs[0].id, 70, **spend)])
        await tx.usage.append(
            [a_line(jobs[1].id, 7, **spend, counted_at=NOON.replace(hour=0, minute=0, microsecond=0))]
        )
        await tx.usage.append([a_line(jobs[2].id, 7000, **spend, counted_at=NOON - timedelta(hours=13))])
    seen = await Checkup(tools_of(tmp_path, records)).look()
    assert seen.stored == Stored(waiting=2, running=1, oldest_seconds=300.0, spent_today=77)
    assert seen.set_up == {"gemini": True, "replicate": False}
    told = _told(False, seen, AWAY)
    assert told["vendors"] == {
        "gemini": {"set_up": True, "resting_until": "2026-11-22T12:01:00Z"},
        "replicate": {"set_up": False, "resting_until": None},
    }
    values = _values(PrometheusMeter(), seen)
    assert values["mv_vendor_resting{'vendor': 'gemini'}"] == 1
    assert values["mv_vendor_set_up{'vendor': 'replicate'}"] == 0
    assert values["mv_jobs_oldest_open_age_seconds{}"] == 300


def _values(meter: PrometheusMeter, seen: Vitals) -> dict[str, float]:
    body, _ = meter.page("", "1", ready=False, vitals=seen, gateway=AWAY)
    families = text_string_to_metric_families(body.decode())
    return {f"{s.name}{dict(sorted(s.labels.items()))}": s.value for family in families for s in family.samples}


@pytest.mark.parametrize(("error", "level"), [(StorageDamaged(path="x"), "WARNING"), (ZeroDivisionError(), "ERROR")])
async def test_records_that_fail_are_told_and_logged(
    tmp_path: Path, records: Database, error: Exception, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    seen = await Checkup(tools_of(tmp_path, Failing(records, error))).look()
    assert seen.stored is None
    assert [line.levelname for line in caplog.records] == [level]
    assert (caplog.records[0].exc_info is None) is isinstance(error, MvError)
    values = _values(PrometheusMeter(), seen)
    assert values["mv_database_up{}"] == 0
    assert "mv_jobs_waiting{}" not in values


async def test_records_that_hang_are_asked_once(
    tmp_path: Path, records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vitals, "PATIENCE_SECONDS", 0.1)
    slow = Failing(records, seconds=5.0)
    checkup, began = Checkup(tools_of(tmp_path, slow)), time.monotonic()
    seen = await asyncio.gather(*(checkup.look() for _ in range(20)))
    assert {one.stored for one in (*seen, await checkup.look())} == {None}
    assert time.monotonic() - began < 4
    assert slow.asked == 1
    monkeypatch.setattr(vitals, "PATIENCE_SECONDS", 10.0)
    assert (await checkup.look()).stored is not None
    assert slow.asked == 1
    await checkup.close()


def test_labels_are_those_the_port_names() -> None:
    """In brackets, in the docstring of each."""
    assert set(COUNTERS) == set(Counted)
    assert set(TIMES) == set(Timed)
    tree = ast.parse(inspect.getsource(world))
    named: dict[str, tuple[str, ...]] = {}
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name in ("Counted", "Timed")):
        for value, text in zip(kind.body, kind.body[1:], strict=False):
            if isinstance(value, ast.Assign) and isinstance(text, ast.Expr):
                words = ast.literal_eval(text.value)
                named[ast.literal_eval(value.value)] = tuple(words[1 : words.index("]")].split(", "))
    stated = {what.value: labels for what, (_, labels) in COUNTERS.items()}
    assert named == stated | {what.value: labels for what, (_, labels, _) in TIMES.items()}


def test_counting_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    meter = PrometheusMeter()
    meter.count(Counted.JOBS_ACCEPTED, nothing="like it")
    meter.took(Timed.JOB, 1.0)
    assert len(caplog.records) == 2
    for what, (_, labels) in COUNTERS.items():
        meter.count(what, **dict.fromkeys(labels, 'a"b\n'))
    for timed, (_, labels, _) in TIMES.items():
        meter.took(timed, 1.5, **dict.fromkeys(labels, "x"))
    values = _values(meter, Vitals(stored=None))
    assert values["mv_job_duration_seconds_sum{'engine': 'x', 'kind': 'x'}"] == 1.5
    assert sum(name.endswith("_total{'vendor': 'a\"b\\n'}") for name in values) == 3
