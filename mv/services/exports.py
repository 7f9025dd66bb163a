"""Records as files, to be taken elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mv.domain.scenes import SceneListView
from mv.export.scenes_files import FileFormat, SceneFile, scene_file
from mv.services.tools import Tools


class Exports:
    """/scenes export, and the button."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def scenes(self, view: SceneListView, formats: Sequence[FileFormat] = tuple(FileFormat)) -> list[SceneFile]:
        """The files of one version, in these formats; made off the event loop."""
        return await asyncio.to_thread(lambda: [scene_file(view, each) for each in formats])
