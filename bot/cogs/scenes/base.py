"""What the parts of the cog share."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.ext import commands

from bot import doors
from bot.delivery import DiscordCourier
from bot.ui import scenes as ui
from bot.ui.forms import Form
from bot.ui.frame import Attached, Sheet
from mv.app import App
from mv.domain.scenes import SceneListView
from mv.export.scenes import scenes_json, scenes_markdown


class ScenesPart(commands.Cog):
    """A part of the cog; each adds its buttons and forms to those of the parts behind it."""

    app: App
    courier: DiscordCourier

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return ()

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Its forms."""
        return {}


def sheet_of(view: SceneListView) -> Sheet:
    """A scene list's first page, with its files."""
    name = f"{view.record.ref} version {view.version.number}"
    return ui.scene_list_message(view).with_files(
        Attached(name="scenes.md", data=scenes_markdown(view), description=f"{name}, for reading"),
        Attached(name="scenes.json", data=scenes_json(view), description=f"{name}, for programs"),
    )
