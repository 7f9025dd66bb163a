"""What the parts of the cog draw alike."""

from __future__ import annotations

from bot.ui import scenes as ui
from bot.ui.frame import Attached, Sheet
from mv.domain.scenes import SceneListView
from mv.export.scenes import scenes_json, scenes_markdown


def sheet_of(view: SceneListView, *, scene: int = 1) -> Sheet:
    """The page of a scene list on which that scene stands, with its files. Up to a tenth of a second of work, so best
    in a thread."""
    name = f"{view.record.ref} version {view.version.number}"
    return ui.scene_list_message(view, scene=scene).with_files(
        Attached(name="scenes.md", data=scenes_markdown(view), description=f"{name}, for reading"),
        Attached(name="scenes.json", data=scenes_json(view), description=f"{name}, for programs"),
    )
