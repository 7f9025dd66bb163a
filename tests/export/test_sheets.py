"""Spreadsheets as other programs read them: Python's csv, and calamine for workbooks."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from python_calamine import CalamineWorkbook

from mv.domain.scenes import Scene, SceneListView
from mv.export.scenes_files import FileFormat, scene_file
from mv.export.scenes_sheets import CELL, COLUMNS, scenes_csv, scenes_xlsx
from tests.ui.records import texts, view

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "  =1+1", "\t=1", "\r=1", "\n=1", "\u200b=1", "\ufeff@x", "\u3000+1", "＝1")
HARMLESS = ("a=b", "1-2", "", "x@y", "'=1", "…", "Mara, 60", 'say "hi"; =1', "two\nlines\n=x")


def rows(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def of(text: str, scenes: int = 1) -> SceneListView:
    return view(text, scenes=scenes)


def test_one_row_a_scene_below_the_names_of_the_fields() -> None:
    head, *below = rows(scenes_csv(of("A keeper", 24)))
    assert tuple(head) == COLUMNS == ("number", *Scene.model_fields)
    assert [row[0] for row in below] == [str(number) for number in range(1, 25)]
    assert {row[head.index("duration_seconds")] for row in below} == {"4.5"}
    assert {row[head.index("shot_size")] for row in below} == {"MCU"}


@pytest.mark.parametrize("text", FORMULAS)
def test_what_would_begin_a_formula_does_not(text: str) -> None:
    _, row = rows(scenes_csv(of(text)))
    assert row[1] == f"'{text}"
    assert row[0] == "1"


@pytest.mark.parametrize("text", HARMLESS)
def test_any_other_text_is_as_it_was(text: str) -> None:
    _, row = rows(scenes_csv(of(text)))
    assert row[1] == text


@given(texts)
@settings(max_examples=60, deadline=None)
def test_any_text_makes_a_table(text: str) -> None:
    table = rows(scenes_csv(of(text, 2)))
    assert [len(row) for row in table] == [len(COLUMNS)] * 3
    for row in table[1:]:
        assert not [cell for cell in row if re.match(r"\s*[=+@-]|[\t\r\n]", cell)]


def test_the_workbook_says_what_the_list_says() -> None:
    found = sheets(scenes_xlsx(of("A keeper", 3)))
    assert list(found) == ["Scenes", "About"]
    head, *below = found["Scenes"]
    assert tuple(head) == COLUMNS
    assert [row[0] for row in below] == [1.0, 2.0, 3.0]
    assert all(isinstance(row[head.index("duration_seconds")], float) for row in below)
    assert below[0][1] == "A keeper"
    about = {row[0]: row[1] for row in found["About"]}
    assert (about["title"], about["palette"], about["version"]) == ("A keeper", "#f2b705 #1f3a5f", "1")
    assert (about["engine"], about["cost"], about["request: idea"]) == ("gemini-2.5-pro", "$0.061234", "A keeper")


@pytest.mark.parametrize(
    "text", [*FORMULAS, "https://example.org", "mailto:x@y.org", "12", "1e5", "_x000D_", "internal:A1"]
)
def test_a_workbooks_texts_stay_texts(text: str) -> None:
    data = scenes_xlsx(of(text))
    assert sheets(data)["Scenes"][1][1] == text.replace("\r", "\n") or text.startswith("\r")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in xml
        assert "hyperlink" not in xml
        assert not [name for name in parts.namelist() if "external" in name]


def test_head_is_frozen_and_text_wrapped() -> None:
    with zipfile.ZipFile(io.BytesIO(scenes_xlsx(of("A keeper")))) as parts:
        assert 'state="frozen"' in parts.read("xl/worksheets/sheet1.xml").decode()
        assert 'wrapText="1"' in parts.read("xl/styles.xml").decode()


@given(texts)
@settings(max_examples=40, deadline=None)
def test_any_text_makes_a_workbook(text: str) -> None:
    found = sheets(scenes_xlsx(of(text, 2)))
    assert len(found["Scenes"]) == 3
    for row in found["Scenes"]:
        assert all(len(str(cell).encode("utf-16-le")) // 2 <= CELL for cell in row)


@pytest.mark.parametrize("piece", ["x", "👩", "é"])
def test_a_cell_that_is_too_long_is_cut(piece: str) -> None:
    cell = sheets(scenes_xlsx(of(piece * 40_000)))["Scenes"][1][1]
    assert len(cell.encode("utf-16-le")) // 2 in (CELL, CELL - 1)
    assert cell.endswith(f"{piece}…")


def test_names_of_files() -> None:
    assert [scene_file(of("x"), each).name for each in FileFormat] == [
        "S12_v1.json", "S12_v1.md", "S12_v1.csv", "S12_v1.xlsx",
    ]  # fmt: skip
