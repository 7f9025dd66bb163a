"""When a job starts, as far as can be said from what such jobs take."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from mv.domain.jobs import Job, JobKind
from mv.jobs.queue import Bound
from mv.jobs.usual import MOMENT_SECONDS, UsualTimes
from mv.ports import Records
from tests.jobs.test_queue import job

KNOWN = {"quick": 10.0, "slow": 40.0}


class Times(UsualTimes):
    """Knows these, and nothing else."""

    def __init__(self, records: Records) -> None:
        super().__init__(records, self._asked_for)
        self.asked: list[Coroutine[Any, Any, None]] = []
        self._known = {(engine, JobKind.SCENES): seconds for engine, seconds in KNOWN.items()}

    def _asked_for(self, work: Coroutine[Any, Any, None]) -> None:
        work.close()


@pytest.fixture
def times() -> Times:
    unused: Any = None
    return Times(unused)


def bound(slots: int, *engines: str, before: int = 0, waiting: int = 0, of: str = "quick") -> Bound:
    running = tuple(job(number, vendor=engine) for number, engine in enumerate(engines, 1))
    return Bound(slots=slots, running=running, before=before, waiting={(of, JobKind.SCENES): waiting})


def ran(seconds: float) -> Any:
    return lambda job_id: seconds


def test_a_free_slot_is_no_wait(times: Times) -> None:
    assert times.until_start([bound(2, "quick", waiting=1)], ran(3)) == 0


def test_the_first_that_ends_frees_a_slot(times: Times) -> None:
    assert times.until_start([bound(2, "quick", "slow", waiting=1)], ran(3)) == 7
    assert times.until_start([bound(2, "quick", "slow", before=1, waiting=2)], ran(3)) == 37


def test_a_job_that_takes_longer_than_usual_ends_any_moment(times: Times) -> None:
    assert times.until_start([bound(1, "quick", waiting=1)], ran(300)) == MOMENT_SECONDS


def test_a_round_takes_what_those_that_wait_usually_take(times: Times) -> None:
    assert times.until_start([bound(2, "quick", "quick", before=5, waiting=6, of="slow")], ran(4)) == 6 + 2 * 40


def test_the_limit_that_holds_it_up_longest_counts(times: Times) -> None:
    wide, narrow = bound(9, "quick", waiting=4), bound(1, "quick", before=3, waiting=4)
    assert times.until_start([wide, narrow], ran(0)) == 40
    assert times.until_start([], ran(0)) is None


def test_what_is_not_known_is_not_said(times: Times) -> None:
    assert times.until_start([bound(1, "new", waiting=1, of="new")], ran(0)) is None
    assert times.until_start([bound(1, "new", waiting=1)], ran(0)) == 10, "the best there is to go by"


async def test_unknown_times_are_looked_up_for_the_next_time(times: Times) -> None:
    unknown: Job = job(1, vendor="new")
    assert times.get(unknown) is None
    await asyncio.sleep(0)
    assert times._asking == {("new", JobKind.SCENES)}
