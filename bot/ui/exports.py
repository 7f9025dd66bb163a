"""What was exported, as downloads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.frame import Attached, Sheet
from bot.ui.text import EMPTY, line
from bot.ui.words import LOCK
from mv.domain.scenes import SceneListView
from mv.export.scenes_files import FileFormat, SceneFile

_FOR = {
    FileFormat.JSON: "for programs, and for `/scenes import`",
    FileFormat.MARKDOWN: "to read and print",
    FileFormat.CSV: "for any spreadsheet",
    FileFormat.XLSX: "for Excel and its kin",
}


def scene_files_message(view: SceneListView, files: Sequence[SceneFile]) -> Sheet:
    """The files of one version, and what each is for."""
    record, version = view.record, view.version
    lock = f" {LOCK}" if record.private else ""
    head = f"**{record.ref}** · {line(version.draft.title, 160) or EMPTY} · version {version.number}{lock}"
    lines = [f"-# `{file.name}` {_FOR[file.format]}" for file in files]
    attached = (
        Attached(name=file.name, data=file.data, description=f"{record.ref} as {file.format}") for file in files
    )
    return Sheet(content="\n".join([head, *lines]), files=tuple(attached))
