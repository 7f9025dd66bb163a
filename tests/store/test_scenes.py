from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mv.domain.ids import Kind, Ref, new_id
from mv.domain.scenes import SceneList
from mv.errors import Conflict
from mv.ports import Page, Seen, Transaction
from mv.store.database import Database
from tests.store.things import (
    ANA,
    BO,
    NOON,
    OTHER_SERVER,
    SEEN,
    SEEN_BY_BO,
    a_character,
    a_list,
    a_project,
    a_scene,
    a_version,
)


async def store(records: Database, *lists: SceneList, title: str = "Salt and Light") -> None:
    async with records.write() as tx:
        for record in lists:
            await tx.scenes.add(record, a_version(title=title))


async def test_a_list_and_its_versions_come_back_as_they_were(records: Database) -> None:
    project, character = a_project(4, "Tides"), a_character(7)
    record = a_list(12, project_id=project.id, character_id=character.id)
    first = a_version(1, scenes=24)
    second = a_version(2, title="Brine", job_id=None, cost=None, notes=())
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.characters.add(character)
        await tx.scenes.add(record, first)
        await tx.scenes.add_version(record.id, second)
    async with records.read() as tx:
        stored = await tx.scenes.get(record.id)
        assert stored == replace(
            record,
            title="Brine",
            versions=2,
            project_name="Tides",
            project_ref=Ref(Kind.PROJECT, 4),
            character_ref=Ref(Kind.CHARACTER, 7),
            character_name="Mara",
        )
        assert await tx.scenes.find(SEEN, record.ref) == stored
        assert await tx.scenes.version(record.id, 1) == first
        assert await tx.scenes.version(record.id, 2) == second
        assert await tx.scenes.version(record.id, 3) is None
        assert first.job_id is not None
        assert await tx.scenes.version_of_job(first.job_id) == (record.id, 1)
        assert await tx.scenes.version_of_job(new_id()) is None


async def test_a_job_makes_one_version(records: Database) -> None:
    record, version = a_list(), a_version()
    async with records.write() as tx:
        await tx.scenes.add(record, version)
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.scenes.add(a_list(2), version)
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.scenes.add_version(record.id, a_version(2, job_id=version.job_id))
    async with records.read() as tx:
        assert [row.versions for row in (await page(tx, SEEN)).rows] == [1]


@pytest.mark.parametrize("number", [1, 3])
async def test_versions_follow_each_other(records: Database, number: int) -> None:
    record = a_list()
    await store(records, record)
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.scenes.add_version(record.id, a_version(number))


async def page(tx: Transaction, seen: Seen) -> Page[SceneList]:
    return await tx.scenes.page(seen, project_id=None, member_id=None, before=None, size=10)


async def test_private_lists_are_their_authors_alone(records: Database) -> None:
    mine, theirs = a_list(1, private=True), a_list(2, private=True, owner_id=BO)
    await store(records, mine, theirs, a_list(3), a_list(1, server_id=OTHER_SERVER))
    async with records.read() as tx:
        assert await tx.scenes.find(SEEN, mine.ref) is not None
        assert await tx.scenes.find(SEEN, theirs.ref) is None
        assert [row.ref.number for row in (await page(tx, SEEN)).rows] == [3, 1]
        assert [row.ref.number for row in (await page(tx, SEEN_BY_BO)).rows] == [3, 2]
        assert [choice.ref.number for choice in await tx.scenes.choices(SEEN_BY_BO, "", 25)] == [3, 2]
        assert await tx.scenes.get(theirs.id) is not None
        elsewhere = Seen(server_id=OTHER_SERVER, member_id=ANA)
        assert [choice.ref.number for choice in await tx.scenes.choices(elsewhere, "", 25)] == [1]
        assert await tx.scenes.find(elsewhere, theirs.ref) is None


async def test_deleted_lists_are_not_found(records: Database) -> None:
    record = a_list()
    later = NOON + timedelta(days=1)
    await store(records, record)
    async with records.write() as tx:
        assert await tx.scenes.delete(record.id, later)
        assert not await tx.scenes.delete(record.id, NOON)
        assert not await tx.scenes.delete(new_id(), NOON)
    async with records.read() as tx:
        assert await tx.scenes.get(record.id) is None
        assert await tx.scenes.find(SEEN, record.ref) is None
        assert (await page(tx, SEEN)).rows == ()
        assert await tx.scenes.choices(SEEN, "", 25) == ()
        gone = await tx.scenes.get(record.id, deleted=True)
    assert gone is not None
    assert gone.deleted_at == later


async def test_pages_are_filtered_and_end(records: Database) -> None:
    project = a_project()
    async with records.write() as tx:
        await tx.projects.add(project)
    lists = [a_list(n, owner_id=BO if n % 2 else ANA, project_id=project.id if n > 4 else None) for n in range(1, 8)]
    await store(records, *lists)
    async with records.read() as tx:
        first = await tx.scenes.page(SEEN, project_id=None, member_id=None, before=None, size=7)
        assert ([row.ref.number for row in first.rows], first.before) == ([7, 6, 5, 4, 3, 2, 1], None)
        part = await tx.scenes.page(SEEN, project_id=None, member_id=BO, before=None, size=2)
        assert ([row.ref.number for row in part.rows], part.before) == ([7, 5], 5)
        rest = await tx.scenes.page(SEEN, project_id=None, member_id=BO, before=part.before, size=2)
        assert ([row.ref.number for row in rest.rows], rest.before) == ([3, 1], None)
        both = await tx.scenes.page(SEEN, project_id=project.id, member_id=ANA, before=None, size=9)
        assert [row.ref.number for row in both.rows] == [6]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", [12, 5, 4, 3, 2, 1]),
        ("  # ", [12, 5, 4, 3, 2, 1]),
        ("s", [12, 5, 4, 3, 2, 1]),
        ("1", [1, 12, 4]),
        ("S12", [12]),
        ("#s 12", [12]),
        ("C12", []),
        ("LIGHT salt", [12, 1]),
        ("li SA", [12, 1]),
        ("ight", []),
        ("straße", [2]),
        ("STRASSE", [2]),
        ("café", [3]),
        ("CAFE\u0301", [3]),
        ("cafe nig", [3]),
        ("100%", [4]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("🗼", []),
        ("7", [5]),
        ("0", []),
        ("sure", [4]),
        ("дождь", [5]),
        ("nothing like it", []),
        ("' OR 1=1 --", []),
    ],
)
async def test_choices(records: Database, text: str, numbers: list[int]) -> None:
    for number, title in {
        1: "Salt and Light",
        2: "Große Straße",
        3: "Café at night",
        4: "100%_sure\\/",
        5: "7 Дождь",
        12: "Light, salt",
    }.items():
        await store(records, a_list(number), title=title)
    async with records.read() as tx:
        found = await tx.scenes.choices(SEEN, text, 25)
        assert [choice.ref.number for choice in found] == numbers
        assert await tx.scenes.choices(SEEN, text, 2) == found[:2]


async def test_the_title_that_is_offered_is_the_newest(records: Database) -> None:
    record = a_list()
    await store(records, record)
    async with records.write() as tx:
        await tx.scenes.add_version(record.id, a_version(2, title="Brine"))
    async with records.read() as tx:
        assert [choice.title for choice in await tx.scenes.choices(SEEN, "brine", 25)] == ["Brine"]
        assert await tx.scenes.choices(SEEN, "salt", 25) == ()


async def test_a_link_does_not_tell_of_a_character_that_readers_may_not_see(records: Database) -> None:
    secret, public, gone = a_character(1, private=True), a_character(2), a_character(3)
    lists = {
        "secret": a_list(1, character_id=secret.id),
        "both mine": a_list(2, character_id=secret.id, private=True),
        "theirs": a_list(3, character_id=secret.id, private=True, owner_id=BO),
        "public": a_list(4, character_id=public.id),
        "gone": a_list(5, character_id=gone.id),
    }
    async with records.write() as tx:
        for character in (secret, public, gone):
            await tx.characters.add(character)
        for record in lists.values():
            await tx.scenes.add(record, a_version())
        await tx.characters.delete(gone.id, NOON)
    shown = set()
    async with records.read() as tx:
        for name, record in lists.items():
            stored = await tx.scenes.get(record.id)
            assert stored is not None
            assert (stored.character_ref is None) == (stored.character_name is None)
            if stored.character_ref is not None:
                shown.add(name)
    assert shown == {"both mine", "public"}


async def test_text_that_no_database_takes_is_mended(records: Database) -> None:
    record = a_list()
    version = a_version(scenes=1)
    broken = a_scene(1, description="nul \0 half \ud83c end", mood="whole 🎬")
    draft = version.draft.model_copy(update={"scenes": (broken,), "title": "half \udf00"})
    async with records.write() as tx:
        await tx.scenes.add(record, replace(version, draft=draft, request={"idea": "half \ud83c"}))
    async with records.read() as tx:
        stored = await tx.scenes.version(record.id, 1)
        assert [choice.title for choice in await tx.scenes.choices(SEEN, "half", 5)] == ["half \ufffd"]
    assert stored is not None
    assert stored.draft.scenes[0].description == "nul  half \ufffd end"
    assert stored.draft.scenes[0].mood == "whole 🎬"


async def test_a_list_needs_its_project(records: Database) -> None:
    with pytest.raises(Conflict):
        await store(records, a_list(project_id=new_id()))
    async with records.read() as tx:
        assert (await tx.scenes.page(SEEN, project_id=None, member_id=None, before=None, size=1)).rows == ()
