"""What /scenes and /character have in common: a list, a search, a star, and deletion that can be taken back.

A cog is put together from parts. Each part adds its buttons and forms to those of the parts behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors, offers
from bot.actor import actor_of, member_of
from bot.delivery import DiscordCourier
from bot.ui import notice
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.forms import Form
from bot.ui.frame import Sheet
from bot.ui.search import sought_in
from mv.app import App
from mv.domain import limits
from mv.domain.character import Character
from mv.domain.engine import Makes
from mv.domain.ids import Kind, MemberId, RecordId, Ref
from mv.domain.scenes import SceneList
from mv.domain.search import Sought
from mv.ports import Found, Page
from mv.services.shelf import Shelf

Query = app_commands.Range[str, 1, limits.QUERY]


class Part(commands.Cog):
    """Of a cog."""

    app: App
    courier: DiscordCourier

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return ()

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Its forms."""
        return {}


async def at_home(interaction: discord.Interaction, shelf: Shelf[Any], record_id: RecordId) -> None:
    """In a direct message, what changes a record is for members of its server, which is asked of Discord. Raises
    ServerOnly for who left it."""
    server = await shelf.home(record_id) if interaction.guild_id is None else None
    if server is not None:
        await member_of(interaction, server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The buttons and lists of one kind of record, its command, and what makes it."""

    group: str
    makes: Makes
    listed: ListOf
    found: ListOf
    delete: Action
    delete_yes: Action
    undo: Action


class ShelfPart(Part):
    """For one kind of record. The methods that are not implemented here are its own."""

    signs: Signs

    @property
    def shelf(self) -> Shelf[Any]:
        """The service."""
        raise NotImplementedError

    def called(self, record: SceneList | Character) -> str:
        """Its title or name."""
        return record.title if isinstance(record, SceneList) else record.name

    def rows(self, page: Page[Any], turn: Turn) -> Sheet:
        """A page of the list."""
        raise NotImplementedError

    def found(self, found: Found[Any], sought: Sought, turn: Turn, *, wider: bool) -> Sheet:
        """A page of what was found."""
        raise NotImplementedError

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Delete and Undo, and the pages of the list and of what was found."""
        return (
            *super().presses(),
            doors.pressable(self.signs.delete, self.on_delete),
            doors.pressable(self.signs.delete_yes, self.on_delete_yes),
            doors.pressable(self.signs.undo, self.on_undo),
            doors.turnable(self.signs.listed, self.on_turn),
            doors.turnable(self.signs.found, self.on_more),
        )

    @app_commands.command(name="list", description="What there is in this server, newest first")
    @app_commands.autocomplete(project=offers.all_projects)
    @app_commands.describe(project="Only of this project", member="Only by this member")
    async def list_(
        self, interaction: discord.Interaction, project: str | None = None, member: discord.User | None = None
    ) -> None:
        """A page of it."""
        found = await self.app.projects.find(actor_of(interaction), project)
        number = found.ref.number if found else 0
        turn = Turn(what=self.signs.listed, project=number, member=MemberId(member.id if member else 0))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="search", description="Look for words in all that was made")
    @app_commands.autocomplete(project=offers.all_projects, flavor=offers.flavors, since=offers.days)
    @app_commands.describe(
        query='Words that must all occur; "side by side", begin*, -without',
        project="Only of this project",
        member="Only by this member",
        engine="Only made by this engine",
        flavor="Only of this flavor",
        since="Only made since then: 2026-11-01, yesterday, 7 days",
        has_picture="Only with a picture of the character, or only without",
    )
    async def search(
        self,
        interaction: discord.Interaction,
        query: Query,
        project: str | None = None,
        member: discord.User | None = None,
        engine: str | None = None,
        flavor: str | None = None,
        since: str | None = None,
        has_picture: bool | None = None,
    ) -> None:
        """The first page of what was found."""
        sought = Sought(
            query=query, project=project, member=MemberId(member.id) if member else None, engine=engine,
            flavor=flavor, since=since, has_picture=has_picture,
        )  # fmt: skip
        await doors.show(interaction, await self._found(interaction, sought, Turn(what=self.signs.found)))

    @app_commands.command(name="star", description="Keep one from clean-up")
    @app_commands.describe(ref="Its number", remove="Take the star away again: its owner and managers")
    async def star(self, interaction: discord.Interaction, ref: str, remove: bool = False) -> None:
        """Gives it a star; a second one changes nothing."""
        record = await self.shelf.star(actor_of(interaction), ref, remove=remove)
        await doors.show(interaction, notice.starred(record.ref, self.called(record), record.starred_at))

    @app_commands.command(name="delete", description="Delete one of yours, after asking")
    @app_commands.describe(ref="Its number")
    async def delete(self, interaction: discord.Interaction, ref: str) -> None:
        """Asks first."""
        record = await self.shelf.deletable(actor_of(interaction), ref)
        question = notice.delete_question(self.signs.delete_yes, record.id, record.ref, self.called(record))
        await doors.show(interaction, question)

    @star.autocomplete("ref")
    @delete.autocomplete("ref")
    async def refs(self, interaction: discord.Interaction, current: str) -> offers.Choices:
        """By number and title."""
        return await doors.offered(self.shelf.choices(actor_of(interaction), current))

    @search.autocomplete("engine")
    async def engines(self, interaction: discord.Interaction, current: str) -> offers.Choices:
        """Those that make such records."""
        return doors.matching(current, [engine.name for engine in self.app.config.engines_for(self.signs.makes)])

    async def on_delete(self, interaction: discord.Interaction, press: Press) -> None:
        """Asks first."""
        await at_home(interaction, self.shelf, press.record)
        record = await self.shelf.deletable_by_id(actor_of(interaction), press.record)
        message = interaction.message.id if interaction.message else 0
        question = notice.delete_question(self.signs.delete_yes, record.id, record.ref, self.called(record), message)
        await doors.show(interaction, question)

    async def on_delete_yes(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question."""
        await at_home(interaction, self.shelf, press.record)
        record = await self.shelf.delete(actor_of(interaction), press.record)
        until = await self.shelf.undo_until(record)
        said = notice.deleted(self.signs.undo, record.id, record.ref, self.called(record), until, press.message)
        await doors.both(interaction, press.message, said)

    async def on_undo(self, interaction: discord.Interaction, press: Press) -> None:
        """Brings it back."""
        await at_home(interaction, self.shelf, press.record)
        record = await self.shelf.undelete(actor_of(interaction), press.record)
        await doors.both(interaction, press.message, notice.undone(record.ref, self.called(record), self.signs.group))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def on_more(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of what was found; what is sought stands in the message."""
        sought = sought_in(interaction.message.embeds if interaction.message else ())
        await doors.turn(interaction, await self._found(interaction, sought, turn))

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        page = await self.shelf.page(
            actor_of(interaction),
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
            member=MemberId(turn.member) if turn.member else None,
            before=turn.before or None,
        )
        return self.rows(page, turn)

    async def _found(self, interaction: discord.Interaction, sought: Sought, turn: Turn) -> Sheet:
        page = await self.shelf.search(actor_of(interaction), sought, turn.before or None)
        return self.found(page.found, page.sought, turn, wider=page.widened)
