"""The order in which jobs start. Pure: no clock, no tasks, no records.

Members take turns, each with their own line of jobs. A line stands in the round by its *turn*: whoever started a job
last is last, and a member who joins stands right before whoever started last. So somebody with one job waits for one
start at most of a member with fifty, and nobody is overtaken twice by the same member.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from mv.config.model import Concurrency
from mv.domain.ids import MemberId, RecordId, ServerId
from mv.domain.jobs import Job, JobKind

Owner = tuple[ServerId, MemberId]
Key = tuple[int, datetime, RecordId]
Sort = tuple[str, JobKind]
"""Engine and kind: what jobs that take as long have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A limit that a waiting job must pass: its slots, who holds them, and how many pass it before, if nothing else
    changes. `waiting` are all that wait for it, by sort."""

    slots: int
    running: tuple[Job, ...]
    before: int
    waiting: Mapping[Sort, int]


def owner(job: Job) -> Owner:
    """Whose line it stands in."""
    return job.server_id, job.member_id


def key(job: Job) -> Key:
    """Its place in that line: by priority, then age."""
    return job.priority, job.created_at, job.id


class Tally:
    """How many jobs of each sort wait, per vendor."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[Sort]] = {}

    def add(self, job: Job, count: int) -> None:
        """1 more, or -1."""
        counts = self._counts.setdefault(job.vendor, Counter())
        counts[job.engine, job.kind] += count
        if not counts[job.engine, job.kind]:
            del counts[job.engine, job.kind]

    def of(self, vendors: AbstractSet[str]) -> Counter[Sort]:
        """For these vendors."""
        found = Counter[Sort]()
        for vendor in vendors:
            found.update(self._counts.get(vendor, {}))
        return found


class Line:
    """One member's waiting jobs, sorted, a list per vendor; and how many of theirs run."""

    def __init__(self, turn: tuple[int, int, int]) -> None:
        self.turn = turn
        self.running = 0
        self.waiting: dict[str, list[Key]] = {}
        self.tally = Tally()

    def add(self, job: Job) -> None:
        """O(jobs of this member)."""
        insort(self.waiting.setdefault(job.vendor, []), key(job))
        self.tally.add(job, 1)

    def remove(self, job: Job) -> None:
        """The job must be in it."""
        keys = self.waiting[job.vendor]
        del keys[bisect_left(keys, key(job))]
        self.tally.add(job, -1)
        if not keys:
            del self.waiting[job.vendor]

    def first(self, vendors: AbstractSet[str]) -> RecordId:
        """The first that waits for one of these vendors; there must be one."""
        return min(keys[0] for vendor, keys in self.waiting.items() if vendor in vendors)[2]

    def count(self, vendors: AbstractSet[str]) -> int:
        """How many wait for these vendors."""
        return sum(len(keys) for vendor, keys in self.waiting.items() if vendor in vendors)

    def before(self, job: Job, vendors: AbstractSet[str]) -> int:
        """How many of this member's jobs for these vendors go before that one."""
        return sum(bisect_left(keys, key(job)) for vendor, keys in self.waiting.items() if vendor in vendors)


class Queue:
    """Waiting and running jobs within the limits. Every job is known from `push` until `end` or `drop`."""

    def __init__(self, limits: Concurrency) -> None:
        self._limits = limits
        self._lines: dict[Owner, Line] = {}
        self._waiting: dict[RecordId, Job] = {}
        self._running: dict[RecordId, Job] = {}
        self._tally = Tally()
        self._wanted: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        self._starts = 0
        self._joined = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, job: Job) -> None:
        """It counts as running at once, whatever the limits: it had its place before a restart."""
        if self.push(job):
            self._start(job.id, self._lines[owner(job)])

    def push(self, job: Job) -> bool:
        """Puts it into its member's line; False if it is here already."""
        if job.id in self._waiting or job.id in self._running:
            return False
        line = self._lines.get(owner(job))
        if line is None:
            self._joined += 1
            line = self._lines[owner(job)] = Line((self._starts, 0, self._joined))
        line.add(job)
        self._waiting[job.id] = job
        self._tally.add(job, 1)
        self._wanted[job.vendor] += 1
        return True

    def start(self) -> Job | None:
        """The next job that may start, which then counts as running; None if none may. O(members with jobs)."""
        if len(self._running) >= self._limits.total:
            return None
        vendors = {vendor for vendor, wanted in self._wanted.items() if wanted and not self._full(vendor)}
        if not vendors:
            return None
        able = (line for line in self._lines.values() if self._able(line) and not vendors.isdisjoint(line.waiting))
        line = min(able, key=_turn, default=None)
        if line is None:
            return None
        return self._start(line.first(vendors), line)

    def _start(self, job_id: RecordId, line: Line) -> Job:
        job = self._take(job_id, line)
        self._starts += 1
        line.turn = (self._starts, 1, 0)
        line.running += 1
        self._running[job.id] = job
        self._busy[job.vendor] += 1
        return job

    def end(self, job_id: RecordId) -> None:
        """A running job frees its slot; nothing happens if it does not run."""
        job = self._running.pop(job_id, None)
        if job is None:
            return
        self._busy[job.vendor] -= 1
        line = self._lines[owner(job)]
        line.running -= 1
        self._forget(job, line)

    def drop(self, job_id: RecordId) -> bool:
        """A waiting job leaves without having started; False if it does not wait."""
        job = self._waiting.get(job_id)
        if job is None:
            return False
        line = self._lines[owner(job)]
        self._take(job_id, line)
        self._forget(job, line)
        return True

    def clear(self) -> tuple[RecordId, ...]:
        """All that wait leave."""
        gone = tuple(self._waiting)
        for job_id in gone:
            self.drop(job_id)
        return gone

    def place(self, job_id: RecordId) -> int | None:
        """From 1: how many start before it, itself included, if nothing else changes; None if it does not wait.

        Jobs of other vendors that are full do not count. O(members with jobs)."""
        job = self._waiting.get(job_id)
        if job is None:
            return None
        return self._before(job, self._rivals(job)) + 1

    def bounds(self, job_id: RecordId) -> tuple[Bound, ...]:
        """The limits it waits for: in all, of its member, of its vendor; none if it does not wait. O(members with
        jobs + running jobs)."""
        job = self._waiting.get(job_id)
        if job is None:
            return ()
        rivals, own = self._rivals(job), self._lines[owner(job)]
        running = tuple(self._running.values())
        mine = tuple(other for other in running if owner(other) == owner(job))
        before, waiting = self._before(job, rivals), self._tally.of(rivals)
        bounds = [
            Bound(slots=self._limits.total, running=running, before=before, waiting=waiting),
            Bound(
                slots=self._limits.per_member,
                running=mine,
                before=own.before(job, rivals),
                waiting=own.tally.of(rivals),
            ),
        ]
        limit, alike = self._limits.per_vendor.get(job.vendor), {job.vendor}
        if limit is not None:
            there = tuple(other for other in running if other.vendor == job.vendor)
            before, waiting = self._before(job, alike), self._tally.of(alike)
            bounds.append(Bound(slots=limit, running=there, before=before, waiting=waiting))
        return tuple(bounds)

    def _rivals(self, job: Job) -> AbstractSet[str]:
        """The vendors whose jobs may start before it: full ones do not count, but for its own."""
        return {vendor for vendor in self._wanted if vendor == job.vendor or not self._full(vendor)}

    def _before(self, job: Job, vendors: AbstractSet[str]) -> int:
        """How many jobs for these vendors start before it."""
        own = self._lines[owner(job)]
        rounds = own.before(job, vendors)
        before = rounds
        for line in self._lines.values():
            if line is not own:
                before += min(line.count(vendors), rounds + (line.turn < own.turn))
        return before

    def _full(self, vendor: str) -> bool:
        limit = self._limits.per_vendor.get(vendor)
        return limit is not None and self._busy[vendor] >= limit

    def _able(self, line: Line) -> bool:
        return line.running < self._limits.per_member

    def _take(self, job_id: RecordId, line: Line) -> Job:
        job = self._waiting.pop(job_id)
        line.remove(job)
        self._tally.add(job, -1)
        self._wanted[job.vendor] -= 1
        return job

    def _forget(self, job: Job, line: Line) -> None:
        if not line.running and not line.waiting:
            del self._lines[owner(job)]
        for count in (self._wanted, self._busy):
            if not count[job.vendor]:
                del count[job.vendor]


def _turn(line: Line) -> tuple[int, int, int]:
    return line.turn
