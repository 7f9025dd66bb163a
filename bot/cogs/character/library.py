"""Characters found, shown, taken elsewhere and deleted."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.character.base import sheet_of
from bot.shelf import ShelfPart, Signs
from bot.ui import character as ui
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.frame import Sheet
from bot.ui.originals import originals_message
from bot.ui.takes import history_rows, main_chosen, renamed
from mv.domain import limits
from mv.domain.character import Character
from mv.domain.engine import Makes
from mv.domain.search import Sought
from mv.ports import Found, Page
from mv.services.character import Characters

Number = app_commands.Range[int, 1]
Name = app_commands.Range[str, 1, limits.NAME]


class Library(ShelfPart):
    """What asks nobody but the records."""

    signs = Signs(
        group="character",
        makes=Makes.IMAGES,
        listed=ListOf.CHARACTER,
        found=ListOf.CHARACTER_FOUND,
        delete=Action.CHARACTER_DELETE,
        delete_yes=Action.CHARACTER_DELETE_YES,
        undo=Action.CHARACTER_UNDO,
    )

    @property
    def shelf(self) -> Characters:
        """Characters."""
        return self.app.characters

    def rows(self, page: Page[Character], turn: Turn) -> Sheet:
        """A page of the list."""
        return ui.character_rows(page, turn)

    def found(self, found: Found[Character], sought: Sought, turn: Turn, *, wider: bool) -> Sheet:
        """A page of what was found."""
        return ui.characters_found(found, sought, turn, wider=wider)

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Original, and the pages of a history."""
        return (
            *super().presses(),
            doors.pressable(Action.CHARACTER_ORIGINAL, self.on_original),
            doors.turnable(ListOf.TAKES, self.on_history_turn),
        )

    @app_commands.command(name="show", description="Show a character again")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="Its number, such as C7", take="Which take; the main and the newest ones if left out")
    async def show(self, interaction: discord.Interaction, ref: str, take: Number | None = None) -> None:
        """A character with its main and its newest pictures, or one of them."""
        portrait = await self.app.characters.show(actor_of(interaction), ref, take)
        await doors.show(interaction, sheet_of(portrait), private=portrait.view.record.private)

    @app_commands.command(name="original", description="The untouched files from the engine")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="The character's number, such as C7", take="Which take; all if left out")
    async def original(self, interaction: discord.Interaction, ref: str, take: Number | None = None) -> None:
        """The vendor's own bytes."""
        room = interaction.filesize_limit
        work = self.app.characters.originals(actor_of(interaction), ref, take, room)
        originals = await doors.waited(interaction, work, private=True)
        await doors.show(interaction, originals_message(originals, room))

    @app_commands.command(name="history", description="What was made of a character, when, by whom and how")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="The character's number, such as C7")
    async def history(self, interaction: discord.Interaction, ref: str) -> None:
        """A page of its takes, by the jobs that made them."""
        page = await self.app.characters.history(actor_of(interaction), ref)
        await doors.show(interaction, history_rows(page))

    @app_commands.command(name="main", description="Choose the take that stands for a character")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="The character's number, such as C7", take="Which take")
    async def main(self, interaction: discord.Interaction, ref: str, take: Number) -> None:
        """It is shown first, and new takes go by it."""
        record = await self.app.characters.choose_main(actor_of(interaction), ref, take)
        await doors.show(interaction, main_chosen(record))

    @app_commands.command(name="rename", description="Call a character something else")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="The character's number, such as C7", name="What to call it")
    async def rename(self, interaction: discord.Interaction, ref: str, name: Name) -> None:
        """Its new name."""
        record = await self.app.characters.rename(actor_of(interaction), ref, name)
        await doors.show(interaction, renamed(record))

    async def on_original(self, interaction: discord.Interaction, press: Press) -> None:
        """The files of the takes of this message."""
        actor, room = actor_of(interaction), interaction.filesize_limit
        work = self.app.characters.originals_by_id(actor, press.record, press.job, room, numbers=press.takes)
        originals = await doors.waited(interaction, work, private=True)
        await doors.show(interaction, originals_message(originals, room))

    async def on_history_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of a history."""
        page = await self.app.characters.history_of(actor_of(interaction), turn.project, turn.before or None)
        await doors.turn(interaction, history_rows(page, turn))
