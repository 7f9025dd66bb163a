"""Scene lists found, shown and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import sheet_of
from bot.shelf import ShelfPart, Signs
from bot.ui import scenes as ui
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.frame import Sheet
from mv.domain.engine import Makes
from mv.domain.scenes import SceneList
from mv.domain.search import Sought
from mv.ports import Found, Page
from mv.services.scenes import Scenes


class Library(ShelfPart):
    """What asks nobody but the records."""

    signs = Signs(
        group="scenes",
        makes=Makes.SCENES,
        listed=ListOf.SCENES,
        found=ListOf.SCENES_FOUND,
        delete=Action.SCENES_DELETE,
        delete_yes=Action.SCENES_DELETE_YES,
        undo=Action.SCENES_UNDO,
    )

    @property
    def shelf(self) -> Scenes:
        """Scene lists."""
        return self.app.scenes

    def rows(self, page: Page[SceneList], turn: Turn) -> Sheet:
        """A page of the list."""
        return ui.scene_list_rows(page, turn)

    def found(self, found: Found[SceneList], sought: Sought, turn: Turn, *, wider: bool) -> Sheet:
        """A page of what was found."""
        return ui.scene_lists_found(found, sought, turn, wider=wider)

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Previous and Next."""
        return (*super().presses(), doors.pressable(Action.SCENES_PAGE, self.on_page))

    @app_commands.command(name="show", description="Show a scene list again")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12", version="Which version; the newest if left out")
    async def show(
        self, interaction: discord.Interaction, ref: str, version: app_commands.Range[int, 1] | None = None
    ) -> None:
        """A scene list with its buttons and files."""
        view = await self.app.scenes.show(actor_of(interaction), ref, version)
        await doors.show(interaction, await asyncio.to_thread(sheet_of, view), private=view.record.private)

    async def on_page(self, interaction: discord.Interaction, press: Press) -> None:
        """Previous and Next."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await doors.turn(interaction, await asyncio.to_thread(ui.scene_list_message, view, press.page))
