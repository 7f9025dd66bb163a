"""Lists, a page at a time: two lines a row, so that a phone shows them whole. Plain content, where Discord draws the
second line small and a member's name by their id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.ui.custom_ids import Turn, list_id
from bot.ui.frame import Button, Row, Sheet
from bot.ui.limits import CONTENT, joined


def list_sheet(
    title: str, rows: Sequence[tuple[str, str]], turn: Turn, before: int | None, empty: str, hint: str = ""
) -> Sheet:
    """Rows of a line and what is said small below it. `before` is the number that the next page begins below; `empty`
    stands where there are no rows, `hint` above them."""
    head = [f"### {title}", f"-# {hint}"] if hint else [f"### {title}"]
    if not rows:
        return Sheet(content=joined([*head, empty], CONTENT), rows=_turning(turn, None))
    lines = [*head, *(f"{first}\n-# {second}" for first, second in rows)]
    return Sheet(content=joined(lines, CONTENT), rows=_turning(turn, before))


def _turning(turn: Turn, before: int | None) -> tuple[Row, ...]:
    if turn.before == 0 and before is None:
        return ()
    newest = Button(label="Newest", custom_id=list_id(replace(turn, before=0)), disabled=turn.before == 0)
    if before is None:  # the last page; a number of its own keeps the two custom_ids apart
        return ((newest, Button(label="Older", custom_id=list_id(replace(turn, before=1)), disabled=True)),)
    return ((newest, Button(label="Older", custom_id=list_id(replace(turn, before=before)))),)
