"""A scene list as a spreadsheet: `scenes_csv`, which any program opens, and `scenes_xlsx`, with a page about the list.

A cell that a spreadsheet would take for a formula is somebody's text here, and must stay one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mv.domain.money import dollars
from mv.domain.scenes import Scene, SceneListView
from mv.export.cells import CONTROLS, harmless

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

COLUMNS = ("number", *Scene.model_fields)
CELL = 32_767
"""What a cell of a workbook holds, in UTF-16 code units."""
WIDTHS = {
    "number": 9, "title": 28, "description": 60, "negative_description": 36, "action": 40, "shot_size": 11,
    "duration_seconds": 18,
}  # fmt: skip
WIDTH = 22
"""Of every other column, in characters."""


def scenes_csv(view: SceneListView) -> bytes:
    """UTF-8 with BOM, by which spreadsheets know it. A text that would begin a formula has an apostrophe before it."""
    paper = io.StringIO(newline="")
    writer = csv.writer(paper)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(value) if isinstance(value, str) else value for value in row] for row in _rows(view))
    return paper.getvalue().encode("utf-8-sig")


def scenes_xlsx(view: SceneListView) -> bytes:
    """A workbook with the sheets Scenes and About. 20 ms, and 60 ms at the first time."""
    import xlsxwriter

    paper = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(paper, options)
    made = view.version.created_at.replace(tzinfo=None)
    book.set_properties({"title": _cell(view.version.draft.title)[:255], "created": made})
    head = book.add_format({"bold": True, "bg_color": "#e8e8ec", "bottom": 1, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    _scenes_sheet(book, view, head, wrapped)
    _about_sheet(book, view, head, wrapped)
    book.close()
    return paper.getvalue()


def _scenes_sheet(book: Workbook, view: SceneListView, head: Format, wrapped: Format) -> None:
    sheet = book.add_worksheet("Scenes")
    sheet.freeze_panes(1, 2)
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, WIDTHS.get(name, WIDTH))
        sheet.write_string(0, column, name, head)
    for number, row in enumerate(_rows(view), start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, _cell(value), wrapped)
            else:
                sheet.write_number(number, column, value, wrapped)


def _about_sheet(book: Workbook, view: SceneListView, head: Format, wrapped: Format) -> None:
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 80)
    for row, (label, text) in enumerate(_facts(view)):
        sheet.write_string(row, 0, label, head)
        sheet.write_string(row, 1, _cell(text), wrapped)


def _rows(view: SceneListView) -> Iterator[list[str | int | float]]:
    for number, scene in enumerate(view.version.draft.scenes, start=1):
        row = {"number": number, **scene.model_dump(mode="json")}
        values = (row[name] for name in COLUMNS)
        yield [CONTROLS.sub("", value) if isinstance(value, str) else value for value in values]


def _facts(view: SceneListView) -> Iterator[tuple[str, str]]:
    record, version = view.record, view.version
    yield "title", version.draft.title
    yield "logline", version.draft.logline
    yield "palette", " ".join(version.draft.palette)
    yield "list", str(record.ref)
    yield "version", str(version.number)
    yield "made", f"{version.created_at:%Y-%m-%d %H:%M} UTC"
    for key, value in version.request.items():
        yield f"request: {key}", str(value)
    for key, value in version.defaults_applied.items():
        yield f"default: {key}", str(value)
    yield "flavor", version.brief.flavor
    yield "engine", version.engine
    yield "model version", version.model_version
    yield "cost", "unpriced" if version.cost is None else dollars(version.cost)


def _cell(text: str) -> str:
    """What a cell holds of a text."""
    clean = CONTROLS.sub("", text)
    wide = clean.encode("utf-16-le")
    if len(wide) <= 2 * CELL:
        return clean
    return wide[: 2 * (CELL - 1)].decode("utf-16-le", "ignore") + "…"
