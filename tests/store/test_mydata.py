"""What names one member: found, and erased so that no table holds their words or their number any more."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from mv.domain.budget import BOT, Account
from mv.domain.character import Character
from mv.domain.ids import FORMER, Kind, MemberId, Ref, new_id
from mv.domain.jobs import CANCEL, Delivery, Job, JobKind, JobState
from mv.domain.ledger import Entry, Measure
from mv.domain.mydata import GONE, REMOVED, Belongings, Forgetting, without_words
from mv.domain.scenes import Change, SceneBrief, SceneList
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.errors import Partial, Stopped
from mv.ports import Transaction
from mv.store.database import Database
from tests.store.things import (
    ANA,
    BO,
    NOON,
    OTHER_SERVER,
    SEEN_BY_BO,
    SERVER,
    a_character,
    a_file,
    a_job,
    a_line,
    a_list,
    a_project,
    a_take,
    a_version,
    plain,
)

SECRET = "zanzibar"
"""In everything that Ana typed and that is to go; BOS in what Bo typed, which stays."""
BOS = "bobword"
LATER = NOON + timedelta(days=1)
ASKED = Forgetting(server_id=SERVER, member_id=ANA, asked_at=LATER)


@dataclass
class Cast:
    """Records by what they are."""

    lists: dict[str, SceneList]
    figures: dict[str, Character]
    jobs: dict[str, Job]


def words(who: str) -> dict[str, Any]:
    return {"idea": f"{who} idea", "character": f"{who} figure", "style": f"{who} style", "count": 3, "flavor": "lofi"}


def brief(who: str, **changes: Any) -> SceneBrief:
    texts = {"video_type": "narrative", "camera": "slow", "traits": "calm", **words(who), **changes}
    return SceneBrief.model_validate(texts)


def version(who: str, author: MemberId, number: int = 1, **changes: Any) -> Any:
    made = {"author_id": author, "brief": brief(who), "request": words(who), "instruction": f"{who} instruction"}
    return a_version(number, **{**made, **changes})


@pytest.fixture
async def cast(records: Database) -> Cast:
    done: dict[str, Any] = {"state": JobState.DONE, "finished_at": NOON, "delivered_at": NOON}
    figures = {
        "alone": figure(1, SECRET, private=True),
        "unused": figure(2, SECRET),
        "listed": figure(3, BOS),
        "taken": figure(4, BOS),
        "deleted": figure(5, SECRET, deleted_at=NOON),
        "bo": figure(6, BOS, owner_id=BO, owner_name="Bo"),
    }
    lists = {
        "alone": a_list(1, private=True, owner_name="Ana Zanzibar", title=f"{SECRET} title"),
        "public": a_list(2, owner_name="Ana Zanzibar", character_id=figures["unused"].id),
        "deleted": a_list(3, owner_name="Ana Zanzibar", deleted_at=NOON, title=f"{SECRET} title"),
        "bo": a_list(4, owner_id=BO, owner_name="Bo", character_id=figures["listed"].id),
        "bo_private": a_list(5, owner_id=BO, private=True, character_id=figures["unused"].id),
        "untitled": a_list(6, owner_name="Ana Zanzibar"),
    }
    task = {"brief": words(SECRET), "request": words(SECRET), "engines": ["offline-writer"]}
    by_bo = {**task, "list_id": lists["public"].id}
    jobs = {
        "own": a_job(1, order=task, error="Partial", error_facts=Partial(wanted=2, got=1, why=SECRET).facts(), **done),
        "private": a_job(2, order=task, private=True, **done),
        "bos_again": a_job(3, member_id=BO, order=by_bo, **{**done, "state": JobState.FAILED}),
        "bo": a_job(4, member_id=BO, order={"request": words(BOS)}, **done),
        "cancelled": a_job(
            5, member_id=BO, order={"request": words(BOS)}, error="Stopped",
            error_facts=Stopped(by_id=ANA, vendor="gemini").facts(), **{**done, "state": JobState.CANCELLED},
        ),
    }  # fmt: skip
    async with records.write() as tx:
        await fill(tx, lists, figures, jobs)
    return Cast(lists, figures, jobs)


def figure(number: int, who: str, **changes: Any) -> Character:
    request = {"description": f"{who} description", "name": f"{who} name", "seed": 5, "images": 2}
    mine = {"owner_name": "Ana Zanzibar", "name": f"{who} name", "description": f"{who} description"}
    defaults = {"name": f"{who} name", "aspect_ratio": "3:4"}
    return a_character(number, **{**mine, "request": request, "defaults_applied": defaults, **changes})


async def fill(
    tx: Transaction, lists: dict[str, SceneList], figures: dict[str, Character], jobs: dict[str, Job]
) -> None:
    await tx.projects.add(a_project(1, "Tides"))
    for record in figures.values():
        await tx.characters.add(record)
    await tx.scenes.add(lists["alone"], version(SECRET, ANA, title=f"{SECRET} title"))
    await tx.scenes.add(lists["public"], version(SECRET, ANA))
    await tx.scenes.add_version(
        lists["public"].id, version(SECRET, BO, 2, instruction=f"{BOS} instruction", change=Change.AGAIN)
    )
    await tx.scenes.add(lists["deleted"], version(SECRET, ANA, title=f"{SECRET} title"))
    await tx.scenes.add(lists["bo"], version(BOS, BO))
    await tx.scenes.add_version(lists["bo"].id, version(BOS, ANA, 2, instruction=f"{SECRET} instruction"))
    await tx.scenes.add(lists["bo_private"], version(BOS, BO))
    await tx.scenes.add(lists["untitled"], version(SECRET, ANA, title=f"{SECRET} idea"))
    for record, number, author, said in (
        (figures["alone"], 1, ANA, SECRET), (figures["unused"], 1, ANA, SECRET), (figures["taken"], 1, ANA, SECRET),
        (figures["taken"], 2, BO, BOS), (figures["bo"], 1, ANA, SECRET), (figures["bo"], 2, BO, BOS),
    ):  # fmt: skip
        media = await tx.media.add(a_file(f"{record.ref}{number}".lower()))
        take = replace(a_take(number, new_id(), media, media), author_id=author, instruction=f"{said} instruction")
        await tx.characters.add_takes(record.id, [take])
    await tx.jobs.add_all(list(jobs.values()))
    value = {"ticket": "t1", "mark": "m", "data": {"prompt": SECRET}, "payload": [SECRET]}
    for which in ("own", "bos_again"):
        await tx.jobs.complete(jobs[which].id, "create:x:1", NOON, value, 40)
    await tx.jobs.intend(jobs["cancelled"].id, CANCEL, NOON, {"by": ANA})
    for job in jobs.values():
        for at, entry in ((NOON, Entry.RESERVE), (NOON - timedelta(days=60), Entry.SETTLE)):
            line = a_line(
                job.id, 7, member_id=job.member_id, kind=AllowanceKind.SPEND, entry=entry, counted_at=at, at=at
            )
            await tx.usage.append([line])
    quota = Quota(kind=AllowanceKind.SCENES, limit=5, period=Period.DAY, server_id=SERVER)
    await tx.usage.set_quota(replace(quota, member_id=ANA), BO, NOON)
    await tx.usage.set_quota(replace(quota, member_id=BO), ANA, NOON)


async def erase(records: Database, size: int = 100, asked: Forgetting = ASKED) -> int:
    async with records.write() as tx:
        await tx.own.ask(asked)
    parts = 1
    while await records.transact(lambda tx: tx.own.erase(asked, size)):
        parts += 1
    async with records.read() as tx:
        assert not await tx.own.repeated_under_way(asked)
    after: int | None = 0
    while after is not None:
        after = await records.transact(lambda tx, after=after: tx.own.erase_repeated(asked, after, size))  # type: ignore[misc]
    month = LATER.replace(day=1) - timedelta(days=1)
    while await records.transact(lambda tx: tx.own.anonymise(asked, size, counted_before=month)):
        continue
    begin = True
    while await records.transact(lambda tx, begin=begin: tx.own.compact(begin=begin)):  # type: ignore[misc]
        begin = False
    await records.transact(lambda tx: tx.own.erased(asked, LATER))
    return parts


def dump(folder: Path, *but: str) -> str:
    """Every value of every table."""
    with plain(folder) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [(t, *row) for t in tables if t not in but for row in connection.execute(f'SELECT * FROM "{t}"')]
    return "\n".join(repr(row) for row in rows)


def places(folder: Path, text: str) -> set[tuple[str, str]]:
    """Tables and columns that hold a text, whatever it stands in."""
    found = set()
    with plain(folder) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            columns = [each[0] for each in rows.description]
            for row in rows:
                values = zip(columns, row, strict=True)
                found |= {(table, name) for name, value in values if text in _readable(value)}
    return found


def _readable(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


async def test_it_is_counted_before(records: Database, cast: Cast) -> None:
    async with records.read() as tx:
        assert await tx.own.belongings(SERVER, ANA) == Belongings(
            server_id=SERVER, alone=4, scene_lists=2, characters=3, described=2, changes=1, takes=1, projects=1, jobs=2,
            acts=2, lines=4,
        )  # fmt: skip
        assert (await tx.own.belongings(OTHER_SERVER, ANA)).empty
        assert await tx.own.servers(ANA, [OTHER_SERVER, SERVER]) == (SERVER,)
        assert await tx.own.servers(ANA, []) == ()
        assert await tx.own.servers(MemberId(5), [OTHER_SERVER, SERVER]) == ()


@pytest.mark.parametrize("size", [1, 2, 100])
async def test_no_table_holds_their_words_or_their_number(
    records: Database, cast: Cast, tmp_path: Path, size: int
) -> None:
    assert SECRET in dump(tmp_path)
    assert (await erase(records, size) > 17) is (size == 1)
    left = dump(tmp_path, "ledger", "tallies", "forgotten", "quotas")
    assert SECRET not in left.casefold()
    assert str(ANA) not in left
    assert left.count(BOS) >= 20
    async with records.read() as tx:
        assert (await tx.own.belongings(SERVER, ANA)).empty
        (quota,) = [row for row in await tx.usage.quotas([SERVER]) if row.member_id == ANA]
        assert quota.limit == 5


async def test_what_the_team_has_stays(records: Database, cast: Cast) -> None:
    await erase(records)
    async with records.read() as tx:
        found = await tx.scenes.find(SEEN_BY_BO, cast.lists["public"].ref)
        assert found is not None
        assert (found.owner_id, found.owner_name, found.title) == (FORMER, "", "Salt and Light")
        first, second = await tx.scenes.version(found.id, 1), await tx.scenes.version(found.id, 2)
        assert first is not None
        assert second is not None
        assert first.draft == a_version().draft
        assert (first.author_id, first.instruction, second.author_id) == (FORMER, "", BO)
        assert second.instruction == f"{BOS} instruction"
        for made in (first, second):
            assert made.request == {"idea": REMOVED, "character": REMOVED, "count": 3, "flavor": "lofi"}
            assert (made.brief.idea, made.brief.style, made.brief.camera) == (REMOVED, REMOVED, "slow")
        other = await tx.scenes.version(cast.lists["bo"].id, 2)
        assert other is not None
        assert (other.author_id, other.instruction, other.brief.idea) == (FORMER, "", f"{BOS} idea")
        untitled = await tx.scenes.get(cast.lists["untitled"].id)
        assert untitled is not None
        assert untitled.title == REMOVED
        assert [str(c.ref) for c in await tx.scenes.choices(SEEN_BY_BO, "removed", 5)] == ["S6"]


async def test_a_description_stays_if_others_work_with_it(records: Database, cast: Cast) -> None:
    await erase(records)
    async with records.read() as tx:
        for which, who in (("unused", REMOVED), ("listed", BOS), ("taken", BOS)):
            record = await tx.characters.find(SEEN_BY_BO, cast.figures[which].ref)
            assert record is not None
            assert (record.owner_id, record.owner_name) == (FORMER, "")
            assert record.description == (REMOVED if who is REMOVED else f"{who} description")
            assert ("description" in record.request) is (who is not REMOVED)
            assert record.request["seed"] == 5
        takes = await tx.characters.takes(cast.figures["bo"].id)
        assert [(take.author_id, take.instruction) for take in takes] == [(FORMER, ""), (BO, f"{BOS} instruction")]


async def test_what_was_theirs_alone_is_deleted_without_undo(records: Database, cast: Cast) -> None:
    await erase(records)
    async with records.read() as tx:
        for record in (cast.lists["alone"], cast.lists["deleted"]):
            assert await tx.scenes.get(record.id) is None
            gone = await tx.scenes.get(record.id, deleted=True)
            assert gone is not None
            assert (gone.deleted_at, gone.title) == (GONE, REMOVED)
            assert await tx.scenes.version(record.id, 1) is None
        for figure in (cast.figures["alone"], cast.figures["deleted"]):
            kept = await tx.characters.get(figure.id, deleted=True)
            assert kept is not None
            assert (kept.deleted_at, kept.name) == (GONE, REMOVED)
        assert len(await tx.characters.takes(cast.figures["alone"].id)) == 1, "its files go at the next clean-up"


async def test_jobs_and_journals_keep_what_the_bot_needs(records: Database, cast: Cast) -> None:
    await erase(records)
    async with records.read() as tx:
        for which in ("own", "private"):
            job = await tx.jobs.get(cast.jobs[which].id)
            assert job is not None
            assert (job.member_id, job.order, job.error, job.error_facts, job.about) == (FORMER, {}, None, None, "")
            assert (job.reply.token, job.reply.message_id, job.state) == (None, None, JobState.DONE)
        for which in ("own", "bos_again"):
            (step,) = await tx.jobs.steps(cast.jobs[which].id)
            assert (step.value, step.cost, step.done_at) == ({"ticket": "t1", "mark": "m"}, 40, NOON)
        again = await tx.jobs.get(cast.jobs["bos_again"].id)
        assert again is not None
        assert (again.member_id, again.order) == (BO, {})
        cancelled = await tx.jobs.get(cast.jobs["cancelled"].id)
        assert cancelled is not None
        assert (cancelled.error_facts, cancelled.order["request"]) == ({"by_id": -1, "vendor": "gemini"}, words(BOS))
        (step,) = await tx.jobs.steps(cancelled.id)
        assert step.value == {"by": -1}


async def test_what_others_jobs_repeat_waits_until_it_is_delivered(records: Database, cast: Cast) -> None:
    made: dict[str, Any] = {"member_id": BO, "state": JobState.DONE, "finished_at": NOON}
    order = {"brief": words(SECRET), "request": words(SECRET)}
    revision = {"based_on": 1, "instructions": SECRET, "words_by": ANA}
    jobs = [
        a_job(31, order={**order, "list_id": cast.lists["public"].id}, **made),
        a_job(32, order={**order, "list_id": cast.lists["bo"].id, "revision": revision}, **made),
        a_job(33, order={**order, "character_id": cast.figures["unused"].id}, **made),
        a_job(34, order={"character_id": cast.figures["bo"].id, "variation": {"words_by": ANA}}, **made),
        a_job(35, order={**order, "words_by": ANA}, **made),
        a_job(36, order={**order, "list_id": new_id()}, **made),
    ]
    bos = [
        a_job(41, order={"list_id": cast.lists["bo"].id}, **made),
        a_job(42, order={"character_id": cast.figures["taken"].id}, **made),
        a_job(43, order={"words_by": ANA}, **made, created_at=LATER + timedelta(hours=1)),
    ]
    async with records.write() as tx:
        await tx.jobs.add_all([*jobs, *bos])
    while await records.transact(lambda tx: tx.own.erase(ASKED, 100)):
        continue
    for job in jobs:
        async with records.write() as tx:
            assert await tx.own.repeated_under_way(ASKED), job.ref
            await tx.own.erase_repeated(ASKED, 0, 100)
            assert (await tx.jobs.get(job.id)) == job
            await tx.jobs.set_delivered(job.id, Delivery.NOWHERE, LATER, None)
    async with records.write() as tx:
        assert not await tx.own.repeated_under_way(ASKED)
        assert await tx.own.erase_repeated(ASKED, 0, 100) == 43
        assert await tx.own.erase_repeated(ASKED, 43, 100) is None
        assert [(await tx.jobs.get(job.id)).order for job in jobs] == [{}] * 6  # type: ignore[union-attr]
        assert [await tx.jobs.get(job.id) for job in bos] == bos


async def test_a_piece_is_as_large_as_what_its_records_have(records: Database) -> None:
    lists = [a_list(number) for number in range(1, 6)]
    async with records.write() as tx:
        for record in lists:
            await tx.scenes.add(record, version(SECRET, BO))
            for number in range(2, 5):
                await tx.scenes.add_version(record.id, version(SECRET, BO, number))
    left = []
    while await records.transact(lambda tx: tx.own.erase(ASKED, 10)):
        async with records.read() as tx:
            left.append((await tx.own.belongings(SERVER, ANA)).scene_lists)
    assert left == [3, 1, 0], "two of five rows each"


async def test_what_was_taken_over_is_theirs(records: Database) -> None:
    record = a_list(1, owner_id=BO, owner_name="Bo", words_by=ANA)
    async with records.write() as tx:
        await tx.scenes.add(record, version(SECRET, BO, title=f"{SECRET} idea", instruction=""))
        await tx.scenes.add_version(record.id, version(SECRET, BO, 2, instruction=f"{BOS} words"))
        await tx.scenes.add_version(record.id, version(SECRET, BO, 3, instruction=f"{SECRET} words", words_by=ANA))
        await tx.scenes.add_version(record.id, version(SECRET, ANA, 4, instruction=f"{BOS} words", words_by=BO))
    await erase(records)
    async with records.read() as tx:
        found = await tx.scenes.find(SEEN_BY_BO, record.ref)
        assert found is not None
        assert (found.owner_id, found.owner_name, found.words_by) == (BO, "Bo", None)
        made = (await tx.scenes.history(record.id, before=None, size=9))[::-1]
        assert [one.brief.idea for one in made] == [REMOVED] * 4
        assert made[0].draft.title == REMOVED
        assert [(one.author_id, one.instruction, one.words_by) for one in made[1:]] == [
            (BO, f"{BOS} words", None), (BO, "", None), (FORMER, f"{BOS} words", BO)
        ]  # fmt: skip


async def test_a_member_of_whom_only_the_ledger_knows(records: Database) -> None:
    async with records.write() as tx:
        await tx.usage.append([a_line(new_id(), 7, kind=AllowanceKind.SPEND)])
        found = await tx.own.belongings(SERVER, ANA)
        assert (found, found.empty) == (Belongings(server_id=SERVER, lines=1), False)
        assert await tx.own.servers(ANA, [SERVER]) == (SERVER,)
        await tx.own.ask(ASKED)
        assert (await tx.own.belongings(SERVER, ANA)).empty


async def test_who_only_set_limits_is_found_too(records: Database) -> None:
    quota = Quota(kind=AllowanceKind.SCENES, limit=5, period=Period.DAY, server_id=SERVER, member_id=BO)
    async with records.write() as tx:
        await tx.usage.set_quota(quota, ANA, NOON)
        assert await tx.own.servers(ANA, [SERVER]) == ()
        assert await tx.own.servers(ANA, [SERVER], acts=True) == (SERVER,)
        assert await tx.own.belongings(SERVER, ANA) == Belongings(server_id=SERVER, acts=1)


async def test_it_is_known_who_was_forgotten_since(records: Database) -> None:
    async with records.write() as tx:
        await tx.own.ask(ASKED)
        for seconds, forgotten in ((-3600, True), (30, True), (90, False)):
            at = LATER + timedelta(seconds=seconds)
            assert await tx.own.forgotten_since(SERVER, ANA, at) is forgotten
        assert not await tx.own.forgotten_since(SERVER, BO, NOON)
        assert not await tx.own.forgotten_since(OTHER_SERVER, ANA, NOON)


async def test_nobody_gets_a_fresh_allowance_by_being_forgotten(records: Database, cast: Cast) -> None:
    since = NOON.replace(day=1)
    spend = Account.of_member(SERVER, ANA), AllowanceKind.SPEND
    long_ago = NOON - timedelta(days=90)
    await erase(records)
    async with records.write() as tx:
        await tx.usage.append([a_line(new_id(), 1, kind=Measure.SPEND, at=LATER + timedelta(hours=1))])
        assert (await tx.usage.sums(spend[:1], since))[spend] == 14 + 1
        assert (await tx.usage.sums(spend[:1], long_ago))[spend] == 14 + 1, "what was before names nobody"
        total = await tx.usage.sums([BOT], long_ago)
        (asked,) = await tx.own.asked()
        assert asked == replace(ASKED, erased_at=LATER)
        assert (await tx.own.belongings(SERVER, ANA)).lines == 1, "the others wait for the end of the month"
        assert await tx.own.anonymise(asked, 100)
        await tx.own.end(asked)
        assert (await tx.usage.sums(spend[:1], since))[spend] == 1, "made after they were forgotten"
        assert await tx.usage.sums([BOT], long_ago) == total
        assert await tx.own.asked() == ()


async def test_what_is_made_later_stays_theirs(records: Database, cast: Cast) -> None:
    after = LATER + timedelta(seconds=1)
    async with records.write() as tx:
        await tx.scenes.add(a_list(9, created_at=after), version("new", ANA, created_at=after))
        await tx.characters.add(a_character(9, created_at=after))
        await tx.jobs.add_all([a_job(9, created_at=after)])
    await erase(records)
    async with records.read() as tx:
        assert await tx.own.belongings(SERVER, ANA) == Belongings(
            server_id=SERVER, scene_lists=1, characters=1, jobs=1, described=0
        )


async def test_other_servers_are_left_alone(records: Database, cast: Cast) -> None:
    there = {"server_id": OTHER_SERVER}
    record, person = a_list(1, **there), a_character(1, **there)
    async with records.write() as tx:
        await tx.scenes.add(record, version("far", ANA))
        await tx.characters.add(person)
        await tx.projects.add(a_project(1, "Far", **there))
        await tx.jobs.add_all([a_job(1, **there)])
    async with records.read() as tx:
        before = await tx.own.belongings(OTHER_SERVER, ANA)
    await erase(records)
    async with records.read() as tx:
        assert await tx.own.belongings(OTHER_SERVER, ANA) == before
        found = await tx.scenes.version(record.id, 1)
        assert found is not None
        assert (found.brief.idea, found.author_id) == ("far idea", ANA)


async def test_jobs_that_are_not_over_are_in_the_way(records: Database, cast: Cast) -> None:
    list_id, figure_id = cast.lists["public"].id, cast.figures["unused"].id
    waiting = {
        11: a_job(11),
        12: a_job(12, state=JobState.DONE, finished_at=NOON),
        13: a_job(13, member_id=BO, order={"list_id": list_id}),
        14: a_job(14, member_id=BO, kind=JobKind.CHARACTER, order={"character_id": figure_id}),
        15: a_job(15, member_id=BO, order={"list_id": cast.lists["bo"].id}),
        16: a_job(16, server_id=OTHER_SERVER),
    }
    async with records.write() as tx:
        assert await tx.own.in_the_way(SERVER, ANA) == ()
        await tx.jobs.add_all(list(waiting.values()))
        assert await tx.own.in_the_way(SERVER, ANA) == tuple(Ref(Kind.JOB, number) for number in (11, 12, 13, 14))


async def test_what_they_did_with_others_records(records: Database, cast: Cast) -> None:
    async with records.read() as tx:
        (change,) = await tx.own.changes(SERVER, ANA, skip=0, size=5)
        assert (str(change.ref), change.version, change.instruction) == ("S4", 2, f"{SECRET} instruction")
        assert await tx.own.changes(SERVER, ANA, skip=1, size=5) == ()
        (take,) = await tx.own.takes(SERVER, ANA, skip=0, size=5)
        assert (str(take.ref), take.number, take.instruction, take.seen) == ("C6", 1, f"{SECRET} instruction", True)
        assert [project.name for project in await tx.own.projects(SERVER, ANA)] == ["Tides"]
        lines = await tx.own.entries(SERVER, ANA, skip=0, size=3)
        assert len(lines) == 3
        assert {line.member_id for line in lines} == {ANA}
        assert len(await tx.own.entries(SERVER, ANA, skip=3, size=9)) == 1
        assert await tx.own.entries(OTHER_SERVER, ANA, skip=0, size=9) == ()
        assert [str(c.ref) for c in await tx.own.changes(SERVER, BO, skip=0, size=5)] == ["S2"]


async def test_asked_twice_is_asked_once(records: Database) -> None:
    later = replace(ASKED, asked_at=LATER + timedelta(days=1))
    async with records.write() as tx:
        await tx.own.ask(ASKED)
        await tx.own.erased(ASKED, LATER)
        await tx.own.ask(later)
        await tx.own.end(ASKED)
        assert await tx.own.asked() == (later,)
        assert later.asked_at.tzinfo is UTC


def test_a_request_without_words_keeps_what_the_flavor_gave() -> None:
    request = {**words(SECRET), "character": "c7", "project": SECRET, "private": False}
    del request["style"]
    left, asked = without_words(brief(SECRET, style="film", character_ref="C7"), request)
    assert asked == {"idea": REMOVED, "character": "C7", "count": 3, "flavor": "lofi", "private": False}
    assert (left.style, left.character_ref, left.character) == ("film", "C7", REMOVED)
    assert SECRET not in json.dumps([asked, left.model_dump()])
