"""Opening: a new file, an old one, a damaged one, one that somebody else holds, a folder that cannot be used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import mv.store.migrations
from mv.domain.jobs import Once
from mv.errors import (
    ConfigMistake,
    DataFolderUnusable,
    SchemaTooNew,
    StorageError,
    StorageLocked,
)
from mv.store import schema, sqlite
from mv.store.database import Database
from mv.store.job_map import from_job
from mv.store.migrations import REVISIONS
from tests.store.things import SetClock, a_job, names, open_and_close, opened, plain, url_of


def tables(folder: Path) -> dict[str, str]:
    with plain(folder) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: _in_any_order(sql) for name, sql in rows}


def _in_any_order(sql: str) -> str:
    """Neither white space nor the order of constraints behind the columns matters."""
    head, _, body = re.sub(r"\s+", " ", sql.replace('"', "")).partition("(")
    return head + " | ".join(sorted(part.strip(" ,)") for part in re.split(r", (?=CONSTRAINT|\w+ )", body)))


async def test_migrations_from_empty_lead_to_the_tables_that_are_made_at_once(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made", tmp_path / "migrated"
    await open_and_close(made)
    migrated.mkdir()
    engine = sqlite.writing_engine(migrated / "mv.sqlite3", busy_seconds=1)
    async with engine.begin() as connection:
        await schema.migrate(connection)
    await engine.dispose()
    assert tables(migrated) == tables(made)
    assert len(tables(made)) > 20
    await open_and_close(migrated)


async def test_an_older_database_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second revision beside the first: it runs at the next start, and the records stay."""
    job = a_job()
    async with opened(tmp_path) as records, records.write() as tx:
        await tx.jobs.add_all([job])
        await tx.jobs.intend(job.id, "create", job.created_at, {})
    monkeypatch.setattr(schema, "REVISIONS", (*REVISIONS, "later"))
    monkeypatch.setattr(schema, "NEWEST", "later")
    versions = tmp_path / "versions"
    versions.mkdir()
    for file in (Path(mv.store.migrations.__file__).parent / "versions").glob("0*.py"):
        (versions / file.name).write_text(file.read_text())
    (versions / "later.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision = 'later', '{REVISIONS[-1]}'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('jobs') as jobs:\n"
        "        jobs.add_column(sa.Column('mood', sa.Text()))\n"
    )
    monkeypatch.setattr(schema, "VERSIONS", versions)
    async with opened(tmp_path) as records, records.read() as tx:
        assert await tx.jobs.get(job.id) == job
        assert len(await tx.jobs.steps(job.id)) == 1
    with plain(tmp_path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("later",)]
        assert "mood" in {row[1] for row in connection.execute("PRAGMA table_info(jobs)")}


async def test_jobs_of_the_first_release_are_read_by_this_one(tmp_path: Path) -> None:
    def first(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(mv.store.migrations.__file__).parent))
        config.set_main_option("path_separator", "newline")
        config.attributes["connection"] = connection
        command.upgrade(config, REVISIONS[0])

    engine = sqlite.writing_engine(tmp_path / "mv.sqlite3", busy_seconds=1)
    async with engine.begin() as connection:
        await connection.run_sync(first)
    await engine.dispose()
    job = a_job()
    new = ("interaction_id", "once")
    row = {name: value for name, value in from_job(job).items() if name not in new}
    row["order"] = json.dumps(row["order"])
    for name in ("created_at", "token_expires_at"):
        row[name] = row[name].replace(tzinfo=None).isoformat(" ")
    with plain(tmp_path) as file:
        columns = ", ".join(f'"{name}"' for name in row)
        file.execute(f"INSERT INTO jobs ({columns}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    async with opened(tmp_path) as records:
        async with records.read() as tx:
            assert await tx.jobs.get(job.id) == job
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(2), a_job(3, once="retry:x")])
            assert len(await tx.jobs.asked([1], [Once(key="retry:x")])) == 1


def test_the_revisions_we_name_are_those_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(mv.store.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


async def test_a_database_from_the_future_is_refused(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    with plain(tmp_path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew) as caught:
        await open_and_close(tmp_path)
    assert (caught.value.found, caught.value.known) == ("9999", REVISIONS[-1])


def test_opening_imports_no_alembic_and_no_other_database(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from mv.store.database import Database\n"
        "from tests.store.things import opened\n"
        "from pathlib import Path\n"
        "async def main():\n"
        f"    for _ in range(2):\n        async with opened(Path({str(tmp_path)!r})): pass\n"
        "asyncio.run(main())\n"
        "print([m for m in sys.modules if m.startswith(('alembic', 'sqlalchemy.dialects.postgresql', 'obstore'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


async def test_somebody_else_holds_the_lock(tmp_path: Path) -> None:
    records = Database(url_of(tmp_path), clock=SetClock(), busy_seconds=0.05)
    await records.open()
    try:
        with plain(tmp_path) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageLocked):
                async with records.write() as tx:
                    await tx.jobs.add_all([a_job(1)])
            async with records.read() as tx:
                assert await tx.jobs.unfinished() == ()
            other.execute("ROLLBACK")
        async with records.write() as tx:
            await tx.jobs.add_all([a_job(1)])
    finally:
        await records.close()


async def test_opening_while_somebody_else_holds_the_lock(tmp_path: Path) -> None:
    tmp_path.joinpath("mv.sqlite3").touch()
    records = Database(url_of(tmp_path), clock=SetClock(), busy_seconds=0.05)
    with plain(tmp_path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageLocked):
            await records.open()


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(DataFolderUnusable) as caught:
        await open_and_close(tmp_path / "file" / "data")
    assert caught.value.reason == "Not a directory"


async def test_a_folder_where_the_database_should_be(tmp_path: Path) -> None:
    tmp_path.joinpath("mv.sqlite3").mkdir()
    with pytest.raises(DataFolderUnusable) as caught:
        await open_and_close(tmp_path)
    assert caught.value.reason == "Is a directory"


async def test_a_name_with_every_sign(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20?#&ü"
    folder.mkdir()
    for _ in range(2):
        async with opened(folder) as records, records.read() as tx:
            assert await tx.jobs.unfinished() == ()
    assert (folder / "mv.sqlite3").exists()


async def test_after_closing_nothing_is_read_or_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as records:
        pass
    with pytest.raises(StorageError):
        async with records.read():
            pass
    await records.close()
    assert names(tmp_path) == ["mv.sqlite3"], "the log is folded in"


def test_mistakes_are_told_before_anything_is_touched() -> None:
    with pytest.raises(ConfigMistake):
        Database("sqlite+aiosqlite:///", clock=SetClock())
