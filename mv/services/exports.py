"""Records as files, to be taken elsewhere."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mv.domain.actor import Actor
from mv.domain.character import MediaFile
from mv.domain.ids import Kind, parse_ref
from mv.domain.project import Project
from mv.domain.scenes import SceneListView
from mv.errors import NotFound
from mv.export.project_zip import (
    Archive,
    Contents,
    Part,
    Piece,
    ProjectZip,
    archive_names,
    disk,
    manifest,
    plan,
)
from mv.export.scenes_files import FileFormat, SceneFile, scene_file
from mv.services.chapters import Chapters, gather
from mv.services.intake import kept
from mv.services.tools import Tools, server_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What is in the export of a project, and its ZIP files, each made when it is asked for."""

    contents: Contents
    archives: AsyncIterator[Archive]


class Exports:
    """/scenes export with its button, and /project export."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def scenes(self, view: SceneListView, formats: Sequence[FileFormat] = tuple(FileFormat)) -> list[SceneFile]:
        """The files of one version, in these formats; made off the event loop."""
        return await asyncio.to_thread(lambda: [scene_file(view, each) for each in formats])

    async def project(self, actor: Actor, given: str) -> Project:
        """By ref, also an archived one, or an open one by name. Raises NotFound."""
        server, ref = server_of(actor), parse_ref(given, Kind.PROJECT)
        async with self._tools.records.read() as tx:
            found = await tx.projects.find(server, ref) if ref is not None else None
            found = found or await tx.projects.by_name(server, given.strip())
            if found is None:
                near = await tx.projects.choices(server, "", 3)
                raise NotFound(kind="project", given=given, nearest=tuple(str(choice.ref) for choice in near))
        return found

    @asynccontextmanager
    async def packed(self, actor: Actor, project: Project, room: int) -> AsyncIterator[Bundle]:
        """All of a project that this actor may see, in ZIP files of `room` bytes at most. Takes temporary disk space,
        for the texts and for the ZIP files that are not discarded yet. Raises StorageError."""
        folder = await asyncio.to_thread(_temporary)
        try:
            gathered = await gather(Chapters(self._tools, actor, project, folder))
            now = self._tools.clock.now()
            head = _head(project, now)
            parts = await asyncio.to_thread(plan, gathered.chapters, room, str(project.ref), head)
            contents = Contents(
                project=project,
                scene_lists=gathered.scene_lists,
                characters=gathered.characters,
                takes=gathered.takes,
                names=archive_names(str(project.ref), len(parts)),
                left_out=tuple(piece for part in parts for piece in part.left_out),
            )
            archives = self._archives(parts, contents.names, head, now, folder)
            try:
                yield Bundle(contents=contents, archives=archives)
            finally:
                await archives.aclose()
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _archives(
        self, parts: Sequence[Part], names: Sequence[str], head: Mapping[str, Any], now: datetime, folder: Path
    ) -> AsyncGenerator[Archive, None]:
        for number, part in enumerate(parts, start=1):
            path = folder / names[number - 1]
            under_way = await asyncio.to_thread(ProjectZip, path, now)
            try:
                gone = [piece for piece in part.pieces if not await self._add(under_way, piece)]
                size = await asyncio.to_thread(_finish, under_way, head, number, names, part, gone)
            except BaseException:
                under_way.abandon()
                raise
            yield Archive(number=number, name=path.name, path=path, bytes=size)

    async def _add(self, under_way: ProjectZip, piece: Piece) -> bool:
        """False if its bytes are gone."""
        try:
            data = await self._bytes(piece)
        except KeyError:
            return False
        await asyncio.to_thread(under_way.add, piece.name, data, deflated=isinstance(piece.source, Path))
        return True

    async def _bytes(self, piece: Piece) -> bytes:
        if isinstance(piece.source, MediaFile):
            return await kept(self._tools.media, piece.source)
        return await asyncio.to_thread(_read, piece.source)


def _finish(
    under_way: ProjectZip,
    head: Mapping[str, Any],
    number: int,
    names: Sequence[str],
    part: Part,
    gone: Sequence[Piece],
) -> int:
    return under_way.finish(manifest(head, number, names, part, under_way.files, gone))


def _head(project: Project, now: datetime) -> dict[str, Any]:
    archived = project.archived_at
    return {
        "project": {
            "ref": str(project.ref),
            "name": project.name,
            "created_at": project.created_at.isoformat(),
            "archived_at": archived.isoformat() if archived else None,
        },
        "made_at": now.isoformat(),
    }


def _temporary() -> Path:
    with disk():
        return Path(tempfile.mkdtemp(prefix="mv-export-"))


def _read(path: Path) -> bytes:
    with disk():
        return path.read_bytes()
