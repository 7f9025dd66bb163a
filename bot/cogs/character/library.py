"""Characters found, shown, taken elsewhere and deleted."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.character.base import CharacterPart, sheet_of
from bot.ui import character as ui
from bot.ui import notice
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.frame import Sheet
from bot.ui.originals import originals_message
from bot.ui.takes import history_rows, main_chosen, renamed
from mv.domain import limits
from mv.domain.ids import Kind, MemberId, Ref

Number = app_commands.Range[int, 1]
Name = app_commands.Range[str, 1, limits.NAME]


class Library(CharacterPart):
    """What asks nobody but the records."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Original, Delete and Undo, and the pages of the list and of a history."""
        return (
            *super().presses(),
            doors.pressable(Action.CHARACTER_ORIGINAL, self.on_original),
            doors.pressable(Action.CHARACTER_DELETE, self.on_delete),
            doors.pressable(Action.CHARACTER_DELETE_YES, self.on_delete_yes),
            doors.pressable(Action.CHARACTER_UNDO, self.on_undo),
            doors.turnable(ListOf.CHARACTER, self.on_turn),
            doors.turnable(ListOf.TAKES, self.on_history_turn),
        )

    @app_commands.command(name="show", description="Show a character again")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="Its number, such as C7", take="Which take; the main and the newest ones if left out")
    async def show(self, interaction: discord.Interaction, ref: str, take: Number | None = None) -> None:
        """A character with its main and its newest pictures, or one of them."""
        portrait = await self.app.characters.show(actor_of(interaction), ref, take)
        await doors.show(interaction, sheet_of(portrait), private=portrait.view.record.private)

    @app_commands.command(name="list", description="Characters of this server, newest first")
    @app_commands.autocomplete(project=offers.all_projects)
    @app_commands.describe(project="Only of this project", member="Only by this member")
    async def list_(
        self, interaction: discord.Interaction, project: str | None = None, member: discord.User | None = None
    ) -> None:
        """A page of characters."""
        found = await self.app.projects.find(actor_of(interaction), project)
        number = found.ref.number if found else 0
        turn = Turn(what=ListOf.CHARACTER, project=number, member=MemberId(member.id if member else 0))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="original", description="The untouched files from the engine")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="The character's number, such as C7", take="Which take; all if left out")
    async def original(self, interaction: discord.Interaction, ref: str, take: Number | None = None) -> None:
        """The vendor's own bytes."""
        room = interaction.filesize_limit
        originals = await self.app.characters.originals(actor_of(interaction), ref, take, room)
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

    @app_commands.command(name="star", description="Keep a character from clean-up, or no longer")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="Its number, such as C7")
    async def star(self, interaction: discord.Interaction, ref: str) -> None:
        """Gives it a star, or takes it away."""
        record = await self.app.characters.star(actor_of(interaction), ref)
        await doors.show(interaction, notice.starred(record.ref, record.name, record.starred_at))

    @app_commands.command(name="delete", description="Delete a character of yours")
    @app_commands.autocomplete(ref=offers.characters)
    @app_commands.describe(ref="Its number, such as C7")
    async def delete(self, interaction: discord.Interaction, ref: str) -> None:
        """Asks first."""
        record = await self.app.characters.deletable(actor_of(interaction), ref)
        question = notice.delete_question(Action.CHARACTER_DELETE_YES, record.id, record.ref, record.name)
        await doors.show(interaction, question)

    async def on_original(self, interaction: discord.Interaction, press: Press) -> None:
        """The files of the takes of this message."""
        actor, room = actor_of(interaction), interaction.filesize_limit
        originals = await self.app.characters.originals_by_id(actor, press.record, press.job, room, numbers=press.takes)
        await doors.show(interaction, originals_message(originals, room))

    async def on_delete(self, interaction: discord.Interaction, press: Press) -> None:
        """Asks first."""
        record = await self.app.characters.deletable_by_id(actor_of(interaction), press.record)
        message = interaction.message.id if interaction.message else 0
        question = notice.delete_question(Action.CHARACTER_DELETE_YES, record.id, record.ref, record.name, message)
        await doors.show(interaction, question)

    async def on_delete_yes(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question."""
        record = await self.app.characters.delete(actor_of(interaction), press.record)
        until = await self.app.characters.undo_until(record)
        said = notice.deleted(Action.CHARACTER_UNDO, record.id, record.ref, record.name, until, press.message)
        await doors.both(interaction, press.message, said)

    async def on_undo(self, interaction: discord.Interaction, press: Press) -> None:
        """Brings it back."""
        record = await self.app.characters.undelete(actor_of(interaction), press.record)
        await doors.both(interaction, press.message, notice.undone(record.ref, record.name, "character"))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def on_history_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of a history."""
        page = await self.app.characters.history_of(actor_of(interaction), turn.project, turn.before or None)
        await doors.turn(interaction, history_rows(page, turn))

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        page = await self.app.characters.page(
            actor_of(interaction),
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
            member=MemberId(turn.member) if turn.member else None,
            before=turn.before or None,
        )
        return ui.character_rows(page, turn)
