"""A file that is no sound database is named, and left as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mv.errors import StorageDamaged
from mv.store import sqlite
from mv.store.database import Database
from tests.store.things import SetClock, a_job, names, open_and_close, opened, plain, url_of


def garbage(file: Path) -> None:
    file.write_bytes(b"this is no database, whatever its name says " * 500)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: 4096 * 5 + 100])


def zeroed_in_the_middle(file: Path) -> None:
    data = bytearray(file.read_bytes())
    for page in range(3, len(data) // 4096, 2):
        data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    file.write_bytes(data)


@pytest.mark.parametrize("damage", [garbage, cut_short, zeroed_in_the_middle])
async def test_a_damaged_database_is_named_and_left_as_it_is(
    tmp_path: Path, damage: Callable[[Path], None], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as records, records.write() as tx:
        await tx.jobs.add_all([a_job(n) for n in range(1, 200)])
    file = tmp_path / "mv.sqlite3"
    damage(file)
    before = file.read_bytes()
    with pytest.raises(StorageDamaged) as caught:
        await open_and_close(tmp_path)
    assert caught.value.path == str(file)
    assert file.read_bytes() == before
    assert names(tmp_path) == [file.name]
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


async def test_damage_beside_an_unfinished_log_is_found_too(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    (tmp_path / "mv.sqlite3-wal").write_bytes(b"")
    garbage(tmp_path / "mv.sqlite3")
    before = (tmp_path / "mv.sqlite3").read_bytes()
    with pytest.raises(StorageDamaged):
        await open_and_close(tmp_path)
    assert (tmp_path / "mv.sqlite3").read_bytes() == before


class Unchecked(Database):
    async def __aenter__(self) -> Database:
        assert self._path is not None
        self._writer = sqlite.writing_engine(self._path, busy_seconds=1)
        self._reader = sqlite.reading_engine(self._path, busy_seconds=1)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def test_a_sound_database_passes_the_full_check(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(n) for n in range(1, 200)])
        await records.check()


async def test_the_full_check_finds_what_points_nowhere(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    with plain(tmp_path) as connection:
        connection.execute("INSERT INTO steps VALUES ('no such job', 'create', 1, '', NULL, '{}', NULL)")
    async with opened(tmp_path) as records:
        with pytest.raises(StorageDamaged):
            await records.check()


async def test_the_full_check_finds_an_index_that_contradicts_its_table(tmp_path: Path) -> None:
    async with opened(tmp_path) as records, records.write() as tx:
        await tx.jobs.add_all([a_job(1)])
    with plain(tmp_path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'engine, kind', 'vendor, kind') WHERE name = 'ix_jobs_usual'"
        )
    async with opened(tmp_path) as records:
        with pytest.raises(StorageDamaged):
            await records.check()


async def test_damage_that_shows_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(n) for n in range(1, 200)])
        with plain(tmp_path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        zeroed_in_the_middle(tmp_path / "mv.sqlite3")
    async with Unchecked(url_of(tmp_path), clock=SetClock()) as records:
        with pytest.raises(StorageDamaged):
            async with records.read() as tx:
                await tx.jobs.unfinished()
