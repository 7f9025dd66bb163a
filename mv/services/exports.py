"""Records as files, to be taken elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mv.domain.actor import Actor
from mv.domain.project import Contents, Project
from mv.domain.scenes import SceneListView
from mv.export.scenes_files import FileFormat, SceneFile, scene_file
from mv.export.zips import Archive
from mv.services.packing import Packer
from mv.services.project_pieces import ProjectPieces
from mv.services.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What is in the export of a project, and its ZIP files, each made when it is asked for."""

    contents: Contents
    archives: AsyncIterator[Archive]


class Exports:
    """/scenes export with its button, and /project export."""

    def __init__(self, tools: Tools, packer: Packer) -> None:
        self._tools = tools
        self._packer = packer

    async def scenes(self, view: SceneListView, formats: Sequence[FileFormat] = tuple(FileFormat)) -> list[SceneFile]:
        """The files of one version, in these formats; made off the event loop."""
        return await asyncio.to_thread(lambda: [scene_file(view, each) for each in formats])

    @asynccontextmanager
    async def project(self, actor: Actor, project: Project, room: int) -> AsyncIterator[Bundle]:
        """All of a project that this actor may see, in ZIP files of `room` bytes at most. Raises StorageError."""
        async with self._packer.packing() as packing:
            contents, chapters = await ProjectPieces(self._tools, packing, actor, project).all()
            about = {"project": _about(project)}
            async with aclosing(packing.archives(chapters, room, str(project.ref), about)) as archives:
                yield Bundle(contents=contents, archives=archives)


def _about(project: Project) -> dict[str, Any]:
    archived = project.archived_at
    return {
        "ref": str(project.ref),
        "name": project.name,
        "created_at": project.created_at.isoformat(),
        "archived_at": archived.isoformat() if archived else None,
    }
