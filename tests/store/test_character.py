from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mv.domain.ids import Kind, MemberId, Ref, new_id
from mv.errors import Conflict
from mv.ports import Seen
from mv.store.database import Database
from tests.store.things import (
    BO,
    NOON,
    OTHER_SERVER,
    SEEN,
    SEEN_BY_BO,
    SERVER,
    a_character,
    a_file,
    a_list,
    a_project,
    a_take,
    a_version,
)


async def test_a_character_and_its_takes_come_back_as_they_were(records: Database) -> None:
    project, record = a_project(3), a_character(7)
    record = replace(record, project_id=project.id)
    first, second = new_id(), new_id()
    files = [a_file(f"{n}") for n in range(4)]
    takes = [
        a_take(1, first, files[0], files[1]),
        replace(a_take(2, first, files[2], files[1]), seed=None, cost=None),
        a_take(3, second, files[0], files[3]),
    ]
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.characters.add(record)
        for file in files:
            assert await tx.media.add(file) == file
        await tx.characters.add_takes(record.id, takes[:2])
        await tx.characters.add_takes(record.id, takes[2:])
        await tx.characters.add_takes(record.id, [])
    async with records.read() as tx:
        stored = await tx.characters.get(record.id)
        assert stored == replace(record, takes=3, project_name="Tides", project_ref=Ref(Kind.PROJECT, 3))
        assert await tx.characters.find(SEEN, record.ref) == stored
        assert await tx.characters.takes(record.id) == tuple(takes)
        assert await tx.characters.takes(record.id, job_id=first) == tuple(takes[:2])
        assert await tx.characters.takes(record.id, job_id=new_id()) == ()


@pytest.mark.parametrize("again", ["job", "character"])
async def test_a_take_is_stored_once(records: Database, again: str) -> None:
    one, other, job_id = a_character(1), a_character(2), new_id()
    async with records.write() as tx:
        file = await tx.media.add(a_file("a"))
        await tx.characters.add(one)
        await tx.characters.add(other)
        await tx.characters.add_takes(one.id, [a_take(1, job_id, file, file)])
    repeated = a_take(1, job_id if again == "job" else new_id(), file, file)
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.characters.add_takes(other.id if again == "job" else one.id, [repeated])
    async with records.read() as tx:
        counts = [
            (await tx.characters.get(record.id), len(await tx.characters.takes(record.id))) for record in (one, other)
        ]
    assert [(record.takes, rows) for record, rows in counts if record] == [(1, 1), (0, 0)]


async def test_a_take_needs_its_files(records: Database) -> None:
    record = a_character()
    async with records.write() as tx:
        await tx.characters.add(record)
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.characters.add_takes(record.id, [a_take(1, new_id(), a_file("a"), a_file("b"))])
    async with records.read() as tx:
        assert await tx.characters.takes(record.id) == ()


async def test_the_same_bytes_are_stored_once_in_a_server(records: Database) -> None:
    file = a_file("abc")
    async with records.write() as tx:
        assert await tx.media.add(file) == file
        assert await tx.media.add(a_file("abc", width=1)) == file
        elsewhere = a_file("abc", server_id=OTHER_SERVER)
        assert await tx.media.add(elsewhere) == elsewhere, "two servers share nothing"
    async with records.read() as tx:
        assert await tx.media.by_hash(SERVER, file.sha256) == file
        assert await tx.media.by_hash(OTHER_SERVER, file.sha256) == elsewhere
        assert await tx.media.by_hash(SERVER, "0" * 64) is None
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.media.add(a_file("def", key=file.key))


async def test_private_and_deleted_characters(records: Database) -> None:
    mine, theirs, public = a_character(1, private=True), a_character(2, private=True, owner_id=BO), a_character(3)
    later = NOON + timedelta(days=1)
    async with records.write() as tx:
        for record in (mine, theirs, public, a_character(9, server_id=OTHER_SERVER)):
            await tx.characters.add(record)
    async with records.read() as tx:

        async def page(seen: Seen, member: MemberId | None) -> list[int]:
            found = await tx.characters.page(seen, project_id=None, member_id=member, before=None, size=10)
            return [row.ref.number for row in found.rows]

        assert await page(SEEN, None) == [3, 1]
        assert await page(SEEN, BO) == []
        assert await page(SEEN_BY_BO, BO) == [2]
        assert await tx.characters.find(SEEN, theirs.ref) is None
        assert [c.ref.number for c in await tx.characters.choices(SEEN_BY_BO, "ma", 25)] == [3, 2]
        assert [c.title for c in await tx.characters.choices(SEEN, "c3", 25)] == ["Mara"]
    async with records.write() as tx:
        assert await tx.characters.delete(mine.id, later)
        assert not await tx.characters.delete(mine.id, NOON)
    async with records.read() as tx:
        assert await tx.characters.get(mine.id) is None
        assert await tx.characters.find(SEEN, mine.ref) is None
        assert [c.ref.number for c in await tx.characters.choices(SEEN, "", 25)] == [3]
        gone = await tx.characters.get(mine.id, deleted=True)
    assert gone is not None
    assert gone.deleted_at == later


async def test_takes_newest_first_one_by_one_and_counted(records: Database) -> None:
    record, gone = a_character(1), a_character(2)
    file = a_file("a")
    wished: dict[str, Any] = {"instruction": "in red \ud800 ✨", "from_take": 1, "author_id": BO}
    takes = [replace(a_take(number, new_id(), file, file), **wished) for number in range(1, 6)]
    async with records.write() as tx:
        await tx.media.add(file)
        await tx.characters.add(record)
        await tx.characters.add(gone)
        assert await tx.characters.last_take(record.id) == 0
        await tx.characters.add_takes(record.id, takes)
        assert await tx.characters.last_take(record.id) == 5
        await tx.characters.delete(gone.id, NOON)
        assert await tx.characters.last_take(gone.id) is None
    async with records.read() as tx:
        newest = await tx.characters.newest_takes(record.id, size=2)
        assert [take.number for take in newest] == [5, 4]
        assert [take.number for take in await tx.characters.newest_takes(record.id, before=4, size=9)] == [3, 2, 1]
        assert await tx.characters.newest_takes(record.id, before=10**12, size=1) == newest[:1]
        assert await tx.characters.newest_takes(new_id(), size=9) == ()
        found = await tx.characters.take(record.id, 3)
        assert found is not None
        assert (found.number, found.from_take, found.author_id) == (3, 1, BO)
        assert found.instruction.startswith("in red")
        assert await tx.characters.take(record.id, 6) is None
        assert await tx.characters.take(gone.id, 1) is None


async def test_a_new_name_is_found_and_a_main_take_is_kept(records: Database) -> None:
    record = a_character(1)
    async with records.write() as tx:
        await tx.characters.add(record)
        await tx.characters.rename(record.id, "Straße ★")
        await tx.characters.set_main(record.id, 2)
        await tx.characters.star(record.id, NOON)
    async with records.read() as tx:
        stored = await tx.characters.get(record.id)
        assert stored == replace(record, name="Straße ★", main_take=2, starred_at=NOON)
        assert [choice.title for choice in await tx.characters.choices(SEEN, "STRASSE", 25)] == ["Straße ★"]
        assert await tx.characters.choices(SEEN, "mara", 25) == ()


async def test_the_scene_lists_of_a_character(records: Database) -> None:
    character, other = a_character(1), a_character(2)
    lists = [a_list(number, character_id=character.id) for number in range(1, 8)]
    lists[1] = replace(lists[1], private=True)
    lists[2] = replace(lists[2], private=True, owner_id=BO)
    stray = a_list(9, character_id=other.id)
    async with records.write() as tx:
        await tx.characters.add(character)
        await tx.characters.add(other)
        for record in (*lists, stray, a_list(10)):
            await tx.scenes.add(record, a_version())
        await tx.scenes.delete(lists[6].id, NOON)

    async def numbers(seen: Seen, *, private: bool, size: int = 9) -> list[int]:
        async with records.read() as tx:
            found = await tx.scenes.lists_of(character.id, seen, private=private, size=size)
        return [record.ref.number for record in found]

    assert await numbers(SEEN, private=False) == [6, 5, 4, 1]
    assert await numbers(SEEN, private=True) == [6, 5, 4, 2, 1]
    assert await numbers(SEEN_BY_BO, private=True) == [6, 5, 4, 3, 1]
    assert await numbers(SEEN, private=False, size=2) == [6, 5]
    assert await numbers(Seen(server_id=OTHER_SERVER, member_id=SEEN.member_id), private=True) == []
