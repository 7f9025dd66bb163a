"""The index of the text search says what the rows say, whatever happens to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Table, insert

import mv.store.migrations
from mv.domain.character import Character
from mv.domain.ids import Kind
from mv.domain.scenes import SceneList
from mv.domain.search import parse_query
from mv.ports import Transaction
from mv.store import search, sqlite
from mv.store.character import _from_character
from mv.store.database import Database
from mv.store.scenes import _from_list, _from_version
from mv.store.tables import characters, scene_lists, scene_versions, scenes
from tests.store.finding import NONE, a_text, numbers, store
from tests.store.things import (
    BO,
    NOON,
    OTHER_SERVER,
    SEEN,
    SEEN_BY_BO,
    SERVER,
    a_character,
    a_list,
    opened,
    plain,
)


async def test_a_new_version_takes_the_place_of_the_old_one(records: Database) -> None:
    record = a_list(1)
    await store(records, (record, a_text("Salt", scenes=("a storm",))))
    async with records.write() as tx:
        await tx.scenes.add_version(record.id, replace(a_text("Brine", scenes=("a calm",)), number=2))
    assert await numbers(records, "salt") == await numbers(records, "storm") == []
    assert await numbers(records, "brine calm") == [1]
    async with records.read() as tx:
        assert await tx.scenes.choices(SEEN, "salt", 25) == ()
        assert [c.title for c in await tx.scenes.choices(SEEN, "bri", 25)] == ["Brine"]


async def test_deleted_ones_leave_and_come_back(records: Database) -> None:
    record, character = a_list(1), a_character(1)
    await store(records, (record, a_text("Salt")))
    async with records.write() as tx:
        await tx.characters.add(character)
        await tx.scenes.delete(record.id, NOON)
        await tx.characters.delete(character.id, NOON)
    assert await numbers(records, "salt") == []
    async with records.read() as tx:
        assert (await tx.characters.search(SEEN, parse_query("mara"), NONE, after=None, size=5)).rows == ()
        assert await tx.characters.choices(SEEN, "mar", 25) == ()
    assert await rows_of_the_index(records) == 0
    async with records.write() as tx:
        assert await tx.scenes.undelete(record.id)
        assert not await tx.scenes.undelete(record.id)
        await tx.characters.undelete(character.id)
    assert await numbers(records, "salt") == [1]
    async with records.read() as tx:
        assert len((await tx.characters.search(SEEN, parse_query("oilskin"), NONE, after=None, size=5)).rows) == 1


async def rows_of_the_index(records: Database) -> int:
    assert records._path is not None
    with plain(records._path.parent) as connection:
        return sum(
            connection.execute(f"SELECT count(*) FROM search_{t}").fetchone()[0] for t in ("titles", "about", "text")
        )


async def test_what_is_rolled_back_is_not_found(records: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.scenes.add(a_list(1), a_text("Salt"))
        raise KeyError

    with pytest.raises(KeyError):
        await records.transact(work)
    assert await numbers(records, "salt") == []
    await store(records, (a_list(1, server_id=OTHER_SERVER), a_text("Brine")), (a_list(1), a_text("Salt")))
    assert await numbers(records, "brine") == []
    assert await numbers(records, "salt") == [1]


async def test_a_servers_entries_can_be_dropped(records: Database) -> None:
    await store(records, (a_list(1), a_text("salt")), (a_list(1, server_id=OTHER_SERVER), a_text("salt")))
    async with records.write() as tx:
        await tx.characters.add(a_character(1, name="Salt"))
        connection = tx._connection  # type: ignore[attr-defined]
        await connection.run_sync(search.drop, SERVER, Kind.SCENE_LIST)
    assert await numbers(records, "salt") == []
    assert await numbers(records, "salt", seen=replace(SEEN, server_id=OTHER_SERVER)) == [1]
    async with records.read() as tx:
        assert len((await tx.characters.search(SEEN, parse_query("salt"), NONE, after=None, size=5)).rows) == 1


NEW = {
    "scene_lists": {"owner_name", "starred_at", "words_by", "request_key"},
    "characters": {"owner_name", "starred_at", "main_take", "request_key"},
    "scene_versions": {"change", "based_on", "scene", "instruction", "words_by"},
    "scenes": set[str](),
}
"""Columns that came later."""


async def an_older_database(folder: Path, lists: Iterable[SceneList], character: Character) -> None:
    def to_0003(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(mv.store.migrations.__file__).parent))
        config.set_main_option("path_separator", "newline")
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")

    engine = sqlite.writing_engine(folder / "mv.sqlite3", busy_seconds=1)
    async with engine.begin() as connection:
        await connection.run_sync(to_0003)

        async def store_row(table: Table, row: dict[str, Any]) -> None:
            old = {name: value for name, value in row.items() if name not in NEW[table.name]}
            await connection.execute(insert(table), old)

        for record in lists:
            old, new = a_text("Old", scenes=("storm",)), replace(a_text("Salt", scenes=("Régen",)), number=2)
            await store_row(scene_lists, _from_list(record, new))
            for version in (old, new):
                await store_row(scene_versions, _from_version(record.id, version))
                scene = version.draft.scenes[0].model_dump(mode="json")
                await store_row(scenes, {"scene_list_id": record.id, "version": version.number, "number": 1, **scene})
        await store_row(characters, _from_character(character))
    await engine.dispose()


async def test_an_older_database_is_taken_into_the_index(tmp_path: Path) -> None:
    lists = [a_list(n, server_id=OTHER_SERVER if n % 2 else SERVER) for n in range(1, 250)]
    gone, secret = a_list(250, deleted_at=NOON), a_list(252, private=True, owner_id=BO)
    await an_older_database(tmp_path, [*lists, gone, secret], a_character(1))
    async with opened(tmp_path) as records:
        assert await numbers(records, "salt regen", size=200) == list(range(248, 0, -2))
        assert await numbers(records, "salt regen", seen=SEEN_BY_BO, size=1) == [252]
        assert len(await numbers(records, "salt", seen=replace(SEEN, server_id=OTHER_SERVER), size=200)) == 125
        assert await numbers(records, "storm") == []
        async with records.read() as tx:
            assert len((await tx.characters.search(SEEN, parse_query("oilskin"), NONE, after=None, size=5)).rows) == 1
            assert len(await tx.scenes.choices(SEEN, "sa", 25)) == 25


async def test_a_whole_transaction_at_once_keeps_it_true_too(records: Database) -> None:
    record = a_list(1)

    async def work(tx: Transaction) -> None:
        await tx.scenes.add(record, a_text("Salt"))
        await tx.scenes.delete(record.id, NOON)
        await tx.scenes.undelete(record.id)

    await records.transact(work)
    assert await numbers(records, "salt") == [1]
    assert await rows_of_the_index(records) == 3
