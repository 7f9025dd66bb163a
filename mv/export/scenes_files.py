"""The files that a scene list is exported as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mv.domain.scenes import SceneListView
from mv.export.scenes import scenes_json, scenes_markdown
from mv.export.scenes_sheets import scenes_csv, scenes_xlsx


class FileFormat(StrEnum):
    """What a member may ask for."""

    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"
    XLSX = "xlsx"

    @property
    def extension(self) -> str:
        """Of a file's name, without the dot."""
        return "md" if self is FileFormat.MARKDOWN else self.value


_MADE_BY: dict[FileFormat, Callable[[SceneListView], bytes]] = {
    FileFormat.JSON: scenes_json,
    FileFormat.MARKDOWN: scenes_markdown,
    FileFormat.CSV: scenes_csv,
    FileFormat.XLSX: scenes_xlsx,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFile:
    """One file; its name is safe on every system."""

    format: FileFormat
    name: str
    data: bytes


def scene_file(view: SceneListView, format_: FileFormat) -> SceneFile:
    """`S12_v3.csv` and its kin."""
    name = f"{view.record.ref}_v{view.version.number}.{format_.extension}"
    return SceneFile(format=format_, name=name, data=scene_data(view, format_))


def scene_data(view: SceneListView, format_: FileFormat) -> bytes:
    """Takes some milliseconds, an XLSX more: best made off the event loop."""
    return _MADE_BY[format_](view)
