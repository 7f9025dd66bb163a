"""All that is true of PostgreSQL only. Its driver is no dependency of this project: install asyncpg to use it."""

from __future__ import annotations

from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from mv.errors import ConfigMistake, Conflict, StorageDamaged, StorageError, StorageFull, StorageLocked
from mv.store.types import compact

CONNECTIONS = 10

_MEANING: dict[str, type[StorageError]] = {
    "53100": StorageFull,
    "23505": Conflict,
    "23503": Conflict,
    "40001": StorageLocked,
    "40P01": StorageLocked,
    "55P03": StorageLocked,
    "XX001": StorageDamaged,
    "XX002": StorageDamaged,
}
_BUGS = ("22", "23", "25", "42")
"""Classes of codes: data, other constraints, transaction state, syntax."""


def engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """For writing, and for reading in one snapshot. Raises ConfigMistake for a driver that cannot be used."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+asyncpg")
    try:
        engine = create_async_engine(
            url, pool_size=CONNECTIONS, pool_pre_ping=True, hide_parameters=True, json_serializer=compact
        )
    except (ModuleNotFoundError, ArgumentError, InvalidRequestError) as error:
        expected = "an asynchronous driver that is installed, such as postgresql+asyncpg"
        raise ConfigMistake(file="environment", line=0, key="MV_DATABASE_URL", expected=expected) from error
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine, reader


def translate(error: BaseException) -> StorageError | None:
    """What an error of the driver means; None for one that only a bug can cause."""
    state = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    if state in _MEANING:
        return _MEANING[state]()
    return None if state[:2] in _BUGS else StorageError()
