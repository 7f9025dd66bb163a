"""`python -m bot audit`: what it says."""

from __future__ import annotations

import asyncio

from mv.app import SystemClock
from mv.domain.audit import Audit
from mv.services.audit import Auditor
from mv.settings import Settings
from mv.store.database import Database

NAMED = 50
"""Differences that are named."""


def look_through(settings: Settings) -> int:
    """The check of the books; also while the bot runs. 1 if they differ. Raises MvError."""
    found = asyncio.run(_check(settings))
    for one in found.differences[:NAMED]:
        print(f"{one.whose}: {one.what}: {one.ledger:,} in the ledger, {one.elsewhere:,} elsewhere")
    if len(found.differences) > NAMED:
        print(f"and {len(found.differences) - NAMED:,} more")
    looked = f"{found.jobs:,} jobs, and {found.entries:,} entries of the last 40 days"
    print(f"The books {'differ' if found.differences else 'agree'}: {looked}.")
    return 1 if found.differences else 0


async def _check(settings: Settings) -> Audit:
    clock = SystemClock()
    database = Database(settings.database, clock=clock)
    try:
        await database.look()
        return await Auditor(database, clock).check()
    finally:
        await database.close()
