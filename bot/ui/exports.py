"""What was exported, as downloads."""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.frame import Attached, Sheet
from bot.ui.limits import CONTENT, joined
from bot.ui.text import EMPTY, line
from bot.ui.words import LOCK, many
from mv.domain.project import Contents
from mv.domain.scenes import SceneListView
from mv.export.scenes_files import FileFormat, SceneFile
from mv.export.zips import MANIFEST, Archive

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
    """What stands above these ZIP files of a project."""
    inside = ", ".join(
        (
            many(contents.scene_lists, "scene list"),
            many(contents.characters, "character"),
            many(contents.takes, "picture"),
        )
    )
    project = contents.project
    return archives_message(f"**{project.ref}** · {line(project.name, 160) or EMPTY}", inside, archives)


def archives_message(head: str, inside: str, archives: Sequence[Archive]) -> Sheet:
    """What stands above these ZIP files: with the first, what is `inside` all; and what has no place in these."""
    first, last, of = archives[0].number, archives[-1].number, archives[0].of
    if first == 1:
        lines = [head, f"-# {inside}" + (f"; {of} files, each complete in itself" if of > 1 else "")]
    else:
        lines = [f"{head} · part {first}" + (f" to {last}" if last > first else "") + f" of {of}"]
    too_large = [piece for each in archives for piece in each.too_large]
    if out := len(too_large) + sum(len(each.gone) for each in archives):
        lines.append(f"{many(out, 'file')} could not be put in: {MANIFEST} says which, and why.")
        lines.append(joined([f"`{piece.otherwise}`" for piece in too_large if piece.otherwise], CONTENT // 2, " "))
    return Sheet(content="\n".join(lines).strip())
