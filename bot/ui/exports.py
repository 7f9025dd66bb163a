"""What was exported, as downloads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.frame import Attached, Sheet
from bot.ui.limits import CONTENT, joined
from bot.ui.text import EMPTY, line
from bot.ui.words import LOCK, many
from mv.domain.scenes import SceneListView
from mv.export.project_zip import Archive, Contents
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


def project_files_message(contents: Contents, archives: Sequence[Archive]) -> Sheet:
    """What stands above these ZIP files of a project: with the first, what is in all of them and what is not."""
    project, of = contents.project, len(contents.names)
    head = f"**{project.ref}** · {line(project.name, 160) or EMPTY}"
    if archives[0].number > 1:
        last = f" to {archives[-1].number}" if len(archives) > 1 else ""
        return Sheet(content=f"{head} · part {archives[0].number}{last} of {of}")
    inside = ", ".join(
        (
            many(contents.scene_lists, "scene list"),
            many(contents.characters, "character"),
            many(contents.takes, "picture"),
        )
    )
    lines = [head, f"-# {inside}" + (f"; {of} files, each complete in itself" if of > 1 else "")]
    ways = [f"`{piece.otherwise}`" for piece in contents.left_out if piece.otherwise]
    if ways:
        lines.append(f"Left out, for more than this server takes in one file: {many(len(ways), 'picture')}.")
        lines.append(joined(ways, CONTENT // 2, " "))
    return Sheet(content="\n".join(lines))
