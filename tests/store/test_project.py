from __future__ import annotations

import pytest

from mv.errors import Conflict, Taken
from mv.store.database import Database
from tests.store.things import (
    BO,
    NOON,
    OTHER_SERVER,
    SEEN,
    SEEN_BY_BO,
    SERVER,
    a_character,
    a_list,
    a_project,
    a_version,
)


async def test_a_project_comes_back_by_number_and_by_name(records: Database) -> None:
    project = a_project(3, "Große Straße")
    async with records.write() as tx:
        await tx.projects.add(project)
    async with records.read() as tx:
        assert await tx.projects.find(SERVER, project.ref) == project
        assert await tx.projects.by_name(SERVER, "GROSSE STRASSE") == project
        assert await tx.projects.by_name(OTHER_SERVER, project.name) is None
        assert await tx.projects.find(OTHER_SERVER, project.ref) is None
        assert await tx.projects.by_name(SERVER, "Große") is None


async def test_an_open_name_is_taken_and_an_archived_one_is_free(records: Database) -> None:
    async with records.write() as tx:
        await tx.projects.add(a_project(1, "Tides", archived_at=NOON))
        await tx.projects.add(a_project(2, "tides"))
        await tx.projects.add(a_project(3, "Tides", archived_at=NOON))
        await tx.projects.add(a_project(1, "Tides", server_id=OTHER_SERVER))
    with pytest.raises(Taken) as caught:
        async with records.write() as tx:
            await tx.projects.add(a_project(4, "TIDES"))
    assert (caught.value.given, caught.value.ref) == ("TIDES", "P2")
    with pytest.raises(Conflict):
        async with records.write() as tx:
            await tx.projects.add(a_project(2, "Another"))
    async with records.read() as tx:
        assert (await tx.projects.by_name(SERVER, "Tides") or a_project()).ref.number == 2


async def test_counts_are_as_these_eyes_see_them(records: Database) -> None:
    project, other = a_project(1), a_project(2, "Other")
    mine = {"project_id": project.id}
    async with records.write() as tx:
        await tx.projects.add(project)
        await tx.projects.add(other)
        await tx.characters.add(a_character(1, **mine))
        await tx.characters.add(a_character(2, private=True, **mine))
        for record in (
            a_list(1, **mine),
            a_list(2, private=True, **mine),
            a_list(3, private=True, owner_id=BO, **mine),
            a_list(4, **mine),
            a_list(5),
            a_list(6, project_id=other.id),
        ):
            await tx.scenes.add(record, a_version())
            if record.ref.number == 4:
                await tx.scenes.delete(record.id, NOON)
    async with records.read() as tx:
        for seen, lists, figures in ((SEEN, 2, 2), (SEEN_BY_BO, 2, 1)):
            rows = (await tx.projects.page(seen, before=None, size=5)).rows
            assert [(row.ref.number, row.scene_lists, row.characters) for row in rows] == [
                (2, 1, 0),
                (1, lists, figures),
            ]
        found = await tx.projects.find(SERVER, project.ref)
        assert found is not None
        assert (found.scene_lists, found.characters) == (1, 1)


async def test_lists_of_projects(records: Database) -> None:
    async with records.write() as tx:
        for number in range(1, 6):
            await tx.projects.add(a_project(number, f"Film {number}", archived_at=NOON if number == 4 else None))
    async with records.read() as tx:
        first = await tx.projects.page(SEEN, before=None, size=2)
        assert ([row.ref.number for row in first.rows], first.before) == ([5, 4], 4)
        rest = await tx.projects.page(SEEN, before=first.before, size=3)
        assert ([row.ref.number for row in rest.rows], rest.before) == ([3, 2, 1], None)
        assert await tx.projects.names(SERVER, 3) == ("Film 5", "Film 3", "Film 2")
        assert [str(choice.ref) for choice in await tx.projects.choices(SERVER, "film", 25)] == ["P5", "P3", "P2", "P1"]
        assert [str(choice.ref) for choice in await tx.projects.choices(SERVER, "p2", 25)] == ["P2"]
        assert await tx.projects.choices(OTHER_SERVER, "", 25) == ()
