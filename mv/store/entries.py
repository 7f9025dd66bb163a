"""An entry of the ledger, as a row and back."""

from __future__ import annotations

from typing import Any

from mv.domain.engine import Price
from mv.domain.ledger import Entry, LedgerLine, Measure
from mv.store.queries import AnyRow


def from_line(line: LedgerLine) -> dict[str, Any]:
    """What is stored of it."""
    return {
        "job_id": line.job_id,
        "server_id": line.server_id,
        "member_id": line.member_id,
        "project_id": line.project_id,
        "kind": line.kind.value,
        "entry": line.entry.value,
        "amount": line.amount,
        "engine": line.engine,
        "counted_at": line.counted_at,
        "at": line.at,
        "price": None if line.price is None else line.price.plain(),
    }


def to_line(row: AnyRow) -> LedgerLine:
    """The entry in a row."""
    return LedgerLine(
        job_id=row.job_id,
        server_id=row.server_id,
        member_id=row.member_id,
        project_id=row.project_id,
        kind=Measure(row.kind),
        entry=Entry(row.entry),
        amount=row.amount,
        engine=row.engine,
        counted_at=row.counted_at,
        at=row.at,
        price=None if row.price is None else Price.model_validate(row.price),
    )
