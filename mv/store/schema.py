"""Which revision the tables have, and how they come to the newest.

Alembic takes a quarter of a second to import: it comes only when tables must change. A new SQLite file gets its tables
at once from `tables.py`; a test sees to it that migrations lead to the very same ones.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.errors import SchemaTooNew
from mv.store import search
from mv.store.migrations import REVISIONS
from mv.store.tables import metadata

NEWEST = REVISIONS[-1]
HERE = Path(__file__).parent / "migrations"
VERSIONS = HERE / "versions"
STAMP = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, as Alembic makes it."""


class Due(Enum):
    """What has to be done before the tables can be used."""

    NOTHING = "nothing"
    CREATE = "create"
    MIGRATE = "migrate"


async def due(connection: AsyncConnection) -> Due:
    """Raises SchemaTooNew for tables of a newer version than this one."""
    found = await connection.run_sync(_stored_revision)
    if found is None:
        return Due.CREATE
    if found not in REVISIONS:
        raise SchemaTooNew(found=found, known=NEWEST)
    return Due.NOTHING if found == NEWEST else Due.MIGRATE


def _stored_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(STAMP.name):
        return None
    return connection.execute(select(STAMP.c.version_num)).scalar_one_or_none()


async def create(connection: AsyncConnection) -> None:
    """All tables at their newest, where there are none."""
    await connection.run_sync(metadata.create_all, checkfirst=False)
    await connection.run_sync(search.create)
    await connection.run_sync(STAMP.metadata.create_all, checkfirst=False)
    await connection.execute(insert(STAMP).values(version_num=NEWEST))


async def migrate(connection: AsyncConnection) -> None:
    """Runs the revisions that are missing, in the transaction of this connection."""
    await connection.run_sync(_migrate)


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.set_main_option("version_locations", str(VERSIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
