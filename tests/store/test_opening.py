"""Records that are asked before they are open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mv.domain.ids import Kind, ServerId
from mv.errors import ConfigMistake, StorageDamaged, StorageError
from mv.store.opening import OpeningRecords
from tests.store.things import SetClock, url_of

WANTED = {(ServerId(1), Kind.JOB): 1}


def at(folder: Path) -> OpeningRecords:
    return OpeningRecords(url_of(folder), clock=SetClock())


async def number(records: OpeningRecords) -> int:
    async with records.write() as tx:
        (first,) = (await tx.next_numbers(WANTED)).values()
    return first


async def test_whoever_comes_early_waits_and_is_answered(tmp_path: Path) -> None:
    records = at(tmp_path)
    opening = asyncio.create_task(records.open())
    await asyncio.sleep(0)
    early = [asyncio.create_task(number(records)) for _ in range(3)]
    await opening
    assert sorted(await asyncio.gather(*early)) == [1, 2, 3]
    assert await number(records) == 4
    async with records.read() as tx:
        assert await tx.jobs.unfinished() == ()
    await records.close()


async def test_whoever_waits_hears_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "mv.sqlite3").write_bytes(b"no database " * 999)
    records = at(tmp_path)
    opening = asyncio.create_task(records.open())
    await asyncio.sleep(0)
    with pytest.raises(StorageDamaged):
        await number(records)
    with pytest.raises(StorageDamaged):
        await opening
    await records.close()


async def test_an_address_that_is_none() -> None:
    with pytest.raises(ConfigMistake):
        await OpeningRecords("mysql://somewhere", clock=SetClock()).open()


async def test_before_and_after_all_that_there_is_nothing(tmp_path: Path) -> None:
    records = at(tmp_path)
    with pytest.raises(StorageError):
        await number(records)
    await records.open()
    await records.close()
    with pytest.raises(StorageError):
        await number(records)


async def test_closed_while_it_opens(tmp_path: Path) -> None:
    for turns in range(40):
        records = at(tmp_path)
        opening = asyncio.create_task(records.open())
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        await records.close()
        with pytest.raises(StorageError):
            await number(records)
