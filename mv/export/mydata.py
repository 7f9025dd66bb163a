"""What a member gets of their own data, as files: JSON, and a README that says what is what."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from mv.domain.character import Character, Take
from mv.domain.jobs import Job
from mv.domain.ledger import LedgerLine
from mv.domain.mydata import OwnChange, OwnTake
from mv.domain.project import Project
from mv.domain.usage import AllowanceKind, Quota

_README = """\
Your data in {server}: what you asked this bot for, and what came of it.

scene_lists/     Your scene lists, private ones too. One JSON file for each version (what you asked for is in it, as
                 `request`), and the newest version for reading as a .md file.
characters/      Your characters, private ones too: character.json, and the untouched picture of every take.
takes/           Pictures that you asked for of other members' characters; takes.json says of which.
changes/         Versions that you made of other members' scene lists: when, and your instructions. Each scene list is
                 its owner's.
projects.json    Projects that you opened.
jobs/            Your jobs: what you asked for, when, what became of it, and its cost.
usage/           Your entries in the ledger of costs and allowances.
quotas.json      Limits that managers set for you.
manifest.json    In every zip: what is in it, with sizes and SHA-256, and what had to be left out.

Times are UTC. Costs and amounts of money are integers in millionths of a US dollar; null means that no price is known.
Whatever there is none of has no file. What you deleted is not in here, nor is what stands in Discord's messages.
"""


def readme(server: str) -> bytes:
    """`server` is its name."""
    return _README.format(server=" ".join(server.split()) or "this server").encode("utf-8", errors="replace")


def character_json(record: Character, takes: Iterable[Take]) -> bytes:
    """With all takes, whoever asked for them, but not who they are."""
    return as_json(
        {
            "ref": str(record.ref),
            "name": record.name,
            "description": record.description,
            "private": record.private,
            "flavor": record.flavor,
            "request": dict(record.request),
            "defaults_applied": dict(record.defaults_applied),
            "project": str(record.project_ref) if record.project_ref else None,
            "main_take": record.main_take,
            "created_at": record.created_at,
            "takes": [_take(take, own=take.author_id in (None, record.owner_id)) for take in takes],
        }
    )


def _take(take: Take, *, own: bool) -> dict[str, Any]:
    return {
        "number": take.number,
        "instruction": take.instruction if own else None,
        "from_take": take.from_take,
        "engine": take.engine,
        "model_version": take.model_version,
        "seed": take.seed,
        "aspect_ratio": take.aspect_ratio,
        "cost": take.cost,
        "sha256": take.original.sha256,
        "created_at": take.created_at,
    }


def changes_json(changes: Iterable[OwnChange]) -> bytes:
    """Versions of others' scene lists."""
    return as_json([{**asdict(each), "ref": str(each.ref)} for each in changes])


def takes_json(takes: Iterable[OwnTake]) -> bytes:
    """Takes of others' characters."""
    columns = ("number", "instruction", "created_at")
    return as_json([{"character": str(each.ref), **{name: getattr(each, name) for name in columns}} for each in takes])


def projects_json(projects: Iterable[Project]) -> bytes:
    """Projects a member opened."""
    columns = ("name", "created_at", "archived_at")
    return as_json([{"ref": str(each.ref), **{name: getattr(each, name) for name in columns}} for each in projects])


def jobs_json(jobs: Iterable[Job]) -> bytes:
    """Without tokens, and without where in Discord they were asked for."""
    columns = ("engine", "created_at", "started_at", "finished_at", "version", "error", "cost", "delivered_at")
    return as_json(
        [
            {
                "id": job.id,
                "ref": str(job.ref),
                "kind": job.kind.value,
                "state": job.state.value,
                "private": job.private,
                "request": job.order.get("request"),
                **{name: getattr(job, name) for name in columns},
            }
            for job in jobs
        ]
    )


def usage_json(lines: Iterable[LedgerLine]) -> bytes:
    """`job` is the id of a job; amounts are counts, or millionths of a dollar."""
    columns = ("amount", "engine", "counted_at", "at")
    return as_json(
        [
            {
                "job": line.job_id,
                "kind": line.kind.value,
                "entry": line.entry.value,
                **{name: getattr(line, name) for name in columns},
            }
            for line in lines
        ]
    )


def quotas_json(quotas: Iterable[Quota]) -> bytes:
    """Limits set for this member."""
    return as_json(
        [
            {
                "kind": quota.kind.value,
                "period": quota.period.value,
                "limit": quota.limit,
                "unit": "millionths of a US dollar" if quota.kind is AllowanceKind.SPEND else "count",
            }
            for quota in quotas
        ]
    )


def as_json(content: Any) -> bytes:
    """UTF-8, indented; times in ISO 8601."""
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_plain)
    return (text + "\n").encode("utf-8", errors="replace")


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
