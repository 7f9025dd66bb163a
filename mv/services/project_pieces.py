"""What a project consists of for these eyes, gathered for its export. Records are read some at a time; nothing is held
open in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from mv.domain.actor import Actor
from mv.domain.character import Character, Take
from mv.domain.project import Contents, Project
from mv.domain.scenes import SceneList, SceneListView
from mv.export.scenes_files import FileFormat, scene_data
from mv.export.zips import Chapter, safe_name
from mv.ports import ContactCell
from mv.services.intake import kept
from mv.services.packing import Packing
from mv.services.tools import Tools, eyes

RECORDS = 20
"""Read at a time."""
CELLS = 48
"""On one contact sheet."""
LIST_FORMATS = (FileFormat.JSON, FileFormat.MARKDOWN, FileFormat.CSV)

Shot = tuple[Character, Take]


class ProjectPieces:
    """Of one project, for one asker."""

    def __init__(self, tools: Tools, packing: Packing, actor: Actor, project: Project) -> None:
        self._tools = tools
        self._packing = packing
        self._seen = eyes(actor)
        self._project = project

    async def all(self) -> tuple[Contents, list[Chapter]]:
        """Contact sheets first, then current versions from the oldest list, then pictures from the oldest character."""
        lists = [await self._list(view) async for view in self._views()][::-1]
        figures = [figure async for figure in self._figures()][::-1]
        shots = [(record, take) for record, takes in figures for take in takes]
        sheets = [sheet async for sheet in self._contact_sheets(shots)]
        pictures = [self._picture(shot) for shot in shots]
        bare = [Chapter(pieces=(), record=_of_character(record, [])) for record, takes in figures if not takes]
        contents = Contents(project=self._project, scene_lists=len(lists), characters=len(figures), takes=len(shots))
        return contents, [*sheets, *lists, *pictures, *bare]

    async def _figures(self) -> AsyncIterator[tuple[Character, Sequence[Take]]]:
        before: int | None = None
        while True:
            async with self._tools.records.read() as tx:
                page = await tx.characters.page(
                    self._seen, project_id=self._project.id, member_id=None, before=before, size=RECORDS
                )
                found = [(record, await tx.characters.takes(record.id)) for record in page.rows]
            for each in found:
                yield each
            if page.before is None:
                return
            before = page.before

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

    async def _contact_sheets(self, shots: Sequence[Shot]) -> AsyncIterator[Chapter]:
        """All takes at a glance, some dozens to a sheet."""
        for start in range(0, len(shots), CELLS):
            cells = [await self._cell(shot) for shot in shots[start : start + CELLS]]
            sheet = await self._tools.darkroom.contact_sheet(cells)
            stem = "contact_sheet" if len(shots) <= CELLS else f"contact_sheet_{start // CELLS + 1}"
            yield Chapter(pieces=(await self._packing.file("", stem, ".jpg", bytes, sheet),))

    async def _cell(self, shot: Shot) -> ContactCell:
        record, take = shot
        main = " · main" if _is_main(record, take) else ""
        try:
            picture = await kept(self._tools.media, take.preview)
        except KeyError:
            picture = None
        return ContactCell(picture=picture, title=f"{record.ref} · take {take.number}{main}", text=record.name)

    async def _list(self, view: SceneListView) -> Chapter:
        record, number, pieces = view.record, view.version.number, []
        for each in LIST_FORMATS:
            tail = f" (v{number}).{each.extension}"
            named = ("scene_lists", f"{record.ref} {record.title}", tail)
            pieces.append(await self._packing.file(*named, scene_data, view, each))
        return Chapter(pieces=tuple(pieces), record=_of_list(record, number, [piece.name for piece in pieces]))

    def _picture(self, shot: Shot) -> Chapter:
        record, take = shot
        piece = self._packing.picture(f"characters/{safe_name(f'{record.ref} {record.name}')}", record.ref, take)
        return Chapter(pieces=(piece,), record=_of_character(record, [_of_take(record, take, piece.name)]))


def _of_take(record: Character, take: Take, name: str) -> dict[str, Any]:
    return {
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
