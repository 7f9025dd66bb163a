"""The order of jobs: limits, turns, priorities; and what must hold whatever happens, found by machine."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mv.config.model import Concurrency
from mv.domain.ids import ChannelId, Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.jobs import Job, JobKind, JobState, ReplyTo
from mv.jobs.queue import Queue

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def job(number: int, *, member: int = 1, server: int = 1, vendor: str = "a", priority: int = 0, age: int = 0) -> Job:
    reply = ReplyTo(channel_id=ChannelId(1), application_id=1, token=None, token_expires_at=None, private=False)
    return Job(
        id=RecordId(f"{number:026}"),
        server_id=ServerId(server),
        ref=Ref(Kind.JOB, number),
        kind=JobKind.SCENES,
        state=JobState.QUEUED,
        member_id=MemberId(member),
        private=False,
        order={},
        engine=vendor,
        vendor=vendor,
        reply=reply,
        created_at=NOON + dt.timedelta(seconds=number - age),
        priority=priority,
    )


def limits(total: int = 4, member: int = 1000, **vendors: int) -> Concurrency:
    return Concurrency(total=total, per_member=member, per_vendor=vendors, waiting_per_member=1000)


def filled(bounds: Concurrency, jobs: Iterable[Job]) -> Queue:
    queue = Queue(bounds)
    for each in jobs:
        assert queue.push(each)
    return queue


def started(queue: Queue) -> list[int]:
    """All that may start now."""
    numbers = []
    while (each := queue.start()) is not None:
        numbers.append(each.ref.number)
    return numbers


def one_by_one(queue: Queue) -> list[int]:
    """The order in which all start, with each ended before the next."""
    numbers = []
    while (each := queue.start()) is not None:
        numbers.append(each.ref.number)
        queue.end(each.id)
    return numbers


def test_no_more_than_the_limits_run() -> None:
    queue = filled(limits(total=3, member=2), [job(n, member=n % 2) for n in range(1, 9)])
    assert len(started(queue)) == 3
    queue = filled(limits(total=9, member=2), [job(n, member=1) for n in range(1, 9)])
    assert started(queue) == [1, 2]
    queue = filled(limits(total=9, a=1), [job(n, member=n) for n in range(1, 9)])
    assert started(queue) == [1]


def test_the_same_member_on_two_servers_is_two_members() -> None:
    queue = filled(limits(total=9, member=1), [job(1, server=1), job(2, server=2), job(3, server=1)])
    assert started(queue) == [1, 2]


def test_members_take_turns() -> None:
    jobs = [job(n, member=1) for n in (1, 2, 3)] + [job(n, member=2) for n in (4, 5)] + [job(6, member=3)]
    assert one_by_one(filled(limits(total=1), jobs)) == [1, 4, 6, 2, 5, 3]


def test_a_newcomer_goes_before_whoever_was_just_served() -> None:
    for total in (1, 4):
        queue = filled(limits(total=total), [job(n, member=1) for n in range(1, 51)])
        first = started(queue)
        assert len(first) == total
        queue.push(job(60, member=2))
        queue.push(job(61, member=3))
        assert (queue.place(job(60).id), queue.place(job(61).id), queue.place(job(total + 1).id)) == (1, 2, 3)
        queue.end(job(first[0]).id)
        assert started(queue) == [60]


def test_newcomers_without_end_do_not_starve_the_one_who_came_before() -> None:
    queue = filled(limits(total=1), [job(1), job(2)])
    order = started(queue)
    for number in range(10, 20):
        queue.push(job(number, member=number))
        queue.end(job(order[-1]).id)
        order += started(queue)
    assert order.index(2) <= 2


def test_within_a_member_priority_goes_first_then_age() -> None:
    jobs = [job(1), job(2, priority=-1), job(3, age=60), job(4, priority=5, age=600)]
    assert one_by_one(filled(limits(total=1), jobs)) == [2, 3, 1, 4]


def test_a_full_vendor_holds_up_nobody_else() -> None:
    queue = filled(limits(total=9, a=1), [job(1), job(2), job(3, vendor="b"), job(4, member=2)])
    assert started(queue) == [1, 3]
    queue.end(job(3).id)
    assert started(queue) == []
    queue.end(job(1).id)
    assert started(queue) == [4]


def test_the_same_job_is_taken_once() -> None:
    queue = filled(limits(), [job(1)])
    assert not queue.push(job(1))
    assert started(queue) == [1]
    assert not queue.push(job(1))
    queue.end(job(1).id)
    queue.end(job(1).id)
    assert queue.push(job(1))


def test_a_dropped_job_never_starts() -> None:
    queue = filled(limits(total=1), [job(1), job(2), job(3)])
    assert queue.drop(job(2).id)
    assert not queue.drop(job(2).id)
    assert queue.place(job(2).id) is None
    assert one_by_one(queue) == [1, 3]
    assert not queue.drop(job(1).id)


def test_clear_leaves_what_runs() -> None:
    queue = filled(limits(total=1), [job(1), job(2), job(3)])
    assert started(queue) == [1]
    assert sorted(queue.clear()) == [job(2).id, job(3).id]
    queue.end(job(1).id)
    assert started(queue) == []


def test_places_of_jobs_for_another_full_vendor_do_not_count() -> None:
    queue = filled(limits(total=2, a=1), [job(1), job(2), job(3), job(4, vendor="b"), job(5, vendor="b")])
    assert started(queue) == [1, 4]
    assert queue.place(job(5).id) == 1
    assert [queue.place(job(n).id) for n in (2, 3)] == [1, 2]


def test_bounds_say_who_holds_what_a_job_waits_for() -> None:
    jobs = [job(n, member=1) for n in range(1, 5)] + [job(n, member=2, vendor="b") for n in (5, 6)] + [job(7, member=1)]
    queue = filled(limits(total=3, member=2, b=1), jobs)
    assert started(queue) == [1, 5, 2]
    assert queue.bounds(job(1).id) == ()
    everywhere, mine = queue.bounds(job(7).id)
    assert [each.ref.number for each in everywhere.running] == [1, 5, 2]
    assert (everywhere.slots, everywhere.before, everywhere.waiting) == (3, 2, {("a", JobKind.SCENES): 3})
    assert (mine.slots, mine.before, [each.ref.number for each in mine.running]) == (2, 2, [1, 2])
    *_, there = queue.bounds(job(6).id)
    assert (there.slots, there.before, [each.ref.number for each in there.running]) == (1, 0, [5])
    queue.clear()
    assert queue._tally.of({"a", "b"}) == {}


JOBS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), st.integers(-1, 1)), min_size=1, max_size=40).map(
    lambda rows: [job(n, member=m, vendor=v, priority=p) for n, (m, v, p) in enumerate(rows, 1)]
)


@given(JOBS)
def test_the_place_is_the_number_of_starts_until_then(jobs: list[Job]) -> None:
    queue = filled(limits(total=1), jobs)
    places = {each.ref.number: queue.place(each.id) for each in jobs}
    order = one_by_one(queue)
    assert [places[number] for number in order] == list(range(1, len(jobs) + 1))


class AnyOrder(RuleBasedStateMachine):
    """Jobs come, start, end and are dropped in any order, against a model that is a few plain sets."""

    bounds = limits(total=5, member=3, a=2, b=1)

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue(self.bounds)
        self.waiting: dict[RecordId, Job] = {}
        self.running: dict[RecordId, Job] = {}
        self.ever: set[RecordId] = set()
        self.overtaken: Counter[tuple[int, int]] = Counter()

    @rule(member=st.integers(1, 6), vendor=st.sampled_from("abc"), priority=st.integers(-1, 1))
    def comes(self, member: int, vendor: str, priority: int) -> None:
        new = job(len(self.ever) + len(self.waiting) + 1000, member=member, vendor=vendor, priority=priority)
        while new.id in self.ever or new.id in self.waiting:
            new = job(new.ref.number + 1, member=member, vendor=vendor, priority=priority)
        assert self.queue.push(new)
        assert not self.queue.push(new)
        self.waiting[new.id] = new

    @rule()
    def starts(self) -> None:
        able = {each.member_id for each in self.waiting.values() if self._may(each)}
        new = self.queue.start()
        if new is None:
            assert not able, "a slot stays empty although a job may start"
            return
        assert new.id not in self.ever, "started twice"
        self.ever.add(new.id)
        self.running[new.id] = self.waiting.pop(new.id)
        for member in able - {new.member_id}:
            self.overtaken[member, new.member_id] += 1
            assert self.overtaken[member, new.member_id] <= 2, "a member who may start is passed over again and again"
        for pair in [pair for pair in self.overtaken if pair[0] == new.member_id or pair[0] not in able]:
            del self.overtaken[pair]

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 10))
    def ends(self, which: int) -> None:
        gone = list(self.running)[which % len(self.running)]
        del self.running[gone]
        self.queue.end(gone)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def is_dropped(self, which: int) -> None:
        gone = list(self.waiting)[which % len(self.waiting)]
        self.ever.add(gone)
        del self.waiting[gone]
        assert self.queue.drop(gone)

    @invariant()
    def never_exceeds_the_limits(self) -> None:
        assert len(self.running) <= self.bounds.total
        assert all(n <= self.bounds.per_member for n in Counter(j.member_id for j in self.running.values()).values())
        for vendor, count in Counter(j.vendor for j in self.running.values()).items():
            assert count <= self.bounds.per_vendor.get(vendor, 99)

    @invariant()
    def places_are_those_of_waiting_jobs(self) -> None:
        assert len(self.queue) == len(self.waiting)
        for each in self.waiting:
            place = self.queue.place(each)
            assert place is not None
            assert 1 <= place <= len(self.waiting)
        assert all(self.queue.place(each) is None for each in self.running)

    def teardown(self) -> None:
        while self.running or self.waiting:
            self.starts()
            for each in list(self.running):
                del self.running[each]
                self.queue.end(each)
        assert not self.queue._lines
        assert not self.queue._wanted
        assert not self.queue._busy

    def _may(self, each: Job) -> bool:
        running = self.running.values()
        return (
            len(self.running) < self.bounds.total
            and sum(other.member_id == each.member_id for other in running) < self.bounds.per_member
            and sum(other.vendor == each.vendor for other in running) < self.bounds.per_vendor.get(each.vendor, 99)
        )


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
