"""The jobs as the database has them."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from mv.domain.ids import RecordId
from tests.torture.weather import BadDay
from tests.torture.words import word_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the jobs."""

    id: RecordId
    server: int
    member: int
    number: int
    kind: str
    state: str
    word: str
    order: str
    cost: int | None
    error: str | None
    facts: dict[str, Any]
    """Those of its error."""
    interaction: int
    versions: frozenset[tuple[str, int]]
    """The scene lists' versions that it made."""


def jobs_of(stage: BadDay) -> list[Job]:
    """All that are stored; none before there is a database."""
    try:
        made: dict[str, set[tuple[str, int]]] = {}
        for row in stage.rows("SELECT scene_list_id, number, job_id FROM scene_versions"):
            made.setdefault(row["job_id"], set()).add((row["scene_list_id"], row["number"]))
        rows = stage.rows(
            'SELECT id, server_id, member_id, number, kind, state, "order", cost, error, error_facts, interaction_id'
            " FROM jobs"
        )
    except sqlite3.OperationalError:
        return []
    return [
        Job(
            id=RecordId(row["id"]),
            server=row["server_id"],
            member=row["member_id"],
            number=row["number"],
            kind=row["kind"],
            state=row["state"],
            word=word_in(row["order"]),
            order=row["order"],
            cost=row["cost"],
            error=row["error"],
            facts=json.loads(row["error_facts"] or "{}") or {},
            interaction=row["interaction_id"],
            versions=frozenset(made.get(row["id"], ())),
        )
        for row in rows
    ]
