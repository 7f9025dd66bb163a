"""What a project consists of for these eyes, gathered for its export: texts and contact sheets as files in a temporary
folder, pictures as where they are. Records are read some at a time; nothing is held open in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mv.domain.actor import Actor
from mv.domain.character import Character, Take
from mv.domain.project import Project
from mv.domain.scenes import SceneList, SceneListView
from mv.export.names import safe_name
from mv.export.project_zip import Chapter, Piece, disk, packed_size
from mv.export.scenes_files import EXTENSIONS, FileFormat, scene_file
from mv.ports import ContactCell
from mv.services.intake import kept
from mv.services.tools import Tools, eyes

RECORDS = 20
"""Read at a time."""
CELLS = 48
"""On one contact sheet."""
LIST_FORMATS = (FileFormat.JSON, FileFormat.MARKDOWN, FileFormat.CSV)

Shot = tuple[Character, Take]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """All that goes into an export, in its order, and how many there are of each."""

    chapters: list[Chapter]
    scene_lists: int
    characters: int
    takes: int


class Chapters:
    """Of one project and one asker; `folder` is where texts go."""

    def __init__(self, tools: Tools, actor: Actor, project: Project, folder: Path) -> None:
        self._tools = tools
        self._seen = eyes(actor)
        self._project = project
        self._folder = folder
        self._written = 0

    async def scene_lists(self) -> list[Chapter]:
        """Current versions, from the oldest list."""
        found = [await asyncio.to_thread(self._list, view) async for view in self._views()]
        return found[::-1]

    async def characters(self) -> tuple[list[Character], list[Shot]]:
        """And all their takes, from the oldest character."""
        figures: list[Character] = []
        shots: list[list[Shot]] = []
        before: int | None = None
        while True:
            async with self._tools.records.read() as tx:
                page = await tx.characters.page(
                    self._seen, project_id=self._project.id, member_id=None, before=before, size=RECORDS
                )
                for record in page.rows:
                    figures.append(record)
                    shots.append([(record, take) for take in await tx.characters.takes(record.id)])
            if page.before is None:
                return figures[::-1], [shot for of_one in shots[::-1] for shot in of_one]
            before = page.before

    async def contact_sheets(self, shots: Sequence[Shot]) -> list[Chapter]:
        """All takes at a glance, some dozens to a sheet."""
        pages = [shots[start : start + CELLS] for start in range(0, len(shots), CELLS)]
        chapters = []
        for number, page in enumerate(pages, start=1):
            sheet = await self._tools.darkroom.contact_sheet([await self._cell(shot) for shot in page])
            name = "contact_sheet.jpg" if len(pages) == 1 else f"contact_sheet_{number}.jpg"
            chapters.append(Chapter(pieces=(await asyncio.to_thread(self._keep, name, sheet),)))
        return chapters

    async def _views(self) -> AsyncIterator[SceneListView]:
        before: int | None = None
        while True:
            views = []
            async with self._tools.records.read() as tx:
                page = await tx.scenes.page(
                    self._seen, project_id=self._project.id, member_id=None, before=before, size=RECORDS
                )
                for record in page.rows:
                    version = await tx.scenes.version(record.id, record.versions)
                    views += [SceneListView(record=record, version=version)] if version else []
            for view in views:
                yield view
            if page.before is None:
                return
            before = page.before

    def _list(self, view: SceneListView) -> Chapter:
        record, number = view.record, view.version.number
        pieces = []
        for each in LIST_FORMATS:
            name = safe_name(f"{record.ref} {record.title}", f" (v{number}).{EXTENSIONS.get(each, each.value)}")
            pieces.append(self._keep(f"scene_lists/{name}", scene_file(view, each).data))
        return Chapter(pieces=tuple(pieces), record=_of_list(record, number, [piece.name for piece in pieces]))

    def _keep(self, name: str, data: bytes) -> Piece:
        self._written += 1
        path = self._folder / str(self._written)
        with disk():
            path.write_bytes(data)
        return Piece(name=name, source=path, size=packed_size(data))

    async def _cell(self, shot: Shot) -> ContactCell:
        record, take = shot
        main = " · main" if _is_main(record, take) else ""
        try:
            picture = await kept(self._tools.media, take.preview)
        except KeyError:
            picture = None
        return ContactCell(picture=picture, title=f"{record.ref} · take {take.number}{main}", text=record.name)


async def gather(chapters: Chapters) -> Gathered:
    """Contact sheets first, then lists, then pictures."""
    lists = await chapters.scene_lists()
    figures, shots = await chapters.characters()
    sheets = await chapters.contact_sheets(shots)
    return Gathered(
        chapters=[*sheets, *lists, *await asyncio.to_thread(_pictures, figures, shots)],
        scene_lists=len(lists),
        characters=len(figures),
        takes=len(shots),
    )


def _pictures(figures: Sequence[Character], shots: Sequence[Shot]) -> list[Chapter]:
    seen = {record.id for record, _ in shots}
    bare = [Chapter(pieces=(), record=_of_character(each, [])) for each in figures if each.id not in seen]
    return [*map(_of_take, shots), *bare]


def _of_take(shot: Shot) -> Chapter:
    """The vendor's untouched file."""
    record, take = shot
    folder = safe_name(f"{record.ref} {record.name}")
    name = f"characters/{folder}/take {take.number} {PurePosixPath(take.original.key).name}"
    otherwise = f"/character original ref:{record.ref} take:{take.number}"
    piece = Piece(name=name, source=take.original, size=take.original.bytes, otherwise=otherwise)
    about = {
        "number": take.number,
        "file": name,
        "main": _is_main(record, take),
        "engine": take.engine,
        "model_version": take.model_version,
        "seed": take.seed,
        "aspect_ratio": take.aspect_ratio,
        "instruction": take.instruction,
        "from_take": take.from_take,
        "cost": take.cost,
        "created_at": take.created_at.isoformat(),
    }
    return Chapter(pieces=(piece,), record=_of_character(record, [about]))


def _of_list(record: SceneList, version: int, names: list[str]) -> dict[str, Any]:
    return {
        "ref": str(record.ref),
        "kind": "scene_list",
        "title": record.title,
        "version": version,
        "private": record.private,
        "created_at": record.created_at.isoformat(),
        "files": names,
    }


def _of_character(record: Character, takes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "ref": str(record.ref),
        "kind": "character",
        "name": record.name,
        "description": record.description,
        "private": record.private,
        "created_at": record.created_at.isoformat(),
        "takes": takes,
    }


def _is_main(record: Character, take: Take) -> bool:
    """The one that was chosen, or else the newest."""
    return take.number == (record.main_take if record.main_take is not None else record.takes)
