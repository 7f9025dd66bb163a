"""Scene lists found, shown and deleted."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import ScenesPart, sheet_of
from bot.ui import notice
from bot.ui import scenes as ui
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.frame import Sheet
from mv.domain.ids import Kind, MemberId, Ref


class Library(ScenesPart):
    """What asks nobody but the records."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Previous, Next, Delete and Undo, and the pages of the list."""
        return (
            *super().presses(),
            doors.pressable(Action.SCENES_PAGE, self.on_page),
            doors.pressable(Action.SCENES_DELETE, self.on_delete),
            doors.pressable(Action.SCENES_DELETE_YES, self.on_delete_yes),
            doors.pressable(Action.SCENES_UNDO, self.on_undo),
            doors.turnable(ListOf.SCENES, self.on_turn),
        )

    @app_commands.command(name="show", description="Show a scene list again")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12", version="Which version; the newest if left out")
    async def show(
        self, interaction: discord.Interaction, ref: str, version: app_commands.Range[int, 1] | None = None
    ) -> None:
        """A scene list with its buttons and files."""
        view = await self.app.scenes.show(actor_of(interaction), ref, version)
        await doors.show(interaction, sheet_of(view), private=view.record.private)

    @app_commands.command(name="list", description="Scene lists of this server, newest first")
    @app_commands.autocomplete(project=offers.all_projects)
    @app_commands.describe(project="Only of this project", member="Only by this member")
    async def list_(
        self, interaction: discord.Interaction, project: str | None = None, member: discord.User | None = None
    ) -> None:
        """A page of scene lists."""
        found = await self.app.projects.find(actor_of(interaction), project)
        number = found.ref.number if found else 0
        turn = Turn(what=ListOf.SCENES, project=number, member=MemberId(member.id if member else 0))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="star", description="Keep a scene list from clean-up, or no longer")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12")
    async def star(self, interaction: discord.Interaction, ref: str) -> None:
        """Gives it a star, or takes it away."""
        record = await self.app.scenes.star(actor_of(interaction), ref)
        await doors.show(interaction, notice.starred(record.ref, record.title, record.starred_at))

    @app_commands.command(name="delete", description="Delete a scene list of yours")
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(ref="Its number, such as S12")
    async def delete(self, interaction: discord.Interaction, ref: str) -> None:
        """Asks first."""
        record = await self.app.scenes.deletable(actor_of(interaction), ref)
        question = notice.delete_question(Action.SCENES_DELETE_YES, record.id, record.ref, record.title)
        await doors.show(interaction, question)

    async def on_page(self, interaction: discord.Interaction, press: Press) -> None:
        """Previous and Next."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await doors.turn(interaction, ui.scene_list_message(view, press.page))

    async def on_delete(self, interaction: discord.Interaction, press: Press) -> None:
        """Asks first."""
        record = await self.app.scenes.deletable_by_id(actor_of(interaction), press.record)
        message = interaction.message.id if interaction.message else 0
        question = notice.delete_question(Action.SCENES_DELETE_YES, record.id, record.ref, record.title, message)
        await doors.show(interaction, question)

    async def on_delete_yes(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question."""
        record = await self.app.scenes.delete(actor_of(interaction), press.record)
        until = await self.app.scenes.undo_until(record)
        said = notice.deleted(Action.SCENES_UNDO, record.id, record.ref, record.title, until, press.message)
        await doors.both(interaction, press.message, said)

    async def on_undo(self, interaction: discord.Interaction, press: Press) -> None:
        """Brings it back."""
        record = await self.app.scenes.undelete(actor_of(interaction), press.record)
        await doors.both(interaction, press.message, notice.undone(record.ref, record.title, "scenes"))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        page = await self.app.scenes.page(
            actor_of(interaction),
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
            member=MemberId(turn.member) if turn.member else None,
            before=turn.before or None,
        )
        return ui.scene_list_rows(page, turn)
