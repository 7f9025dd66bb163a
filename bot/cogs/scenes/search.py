"""Scene lists found by what is written in them."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of
from bot.cogs.scenes.base import ScenesPart
from bot.ui import scenes as ui
from bot.ui.custom_ids import ListOf, Turn
from bot.ui.frame import Sheet
from bot.ui.search import sought_in
from mv.domain import limits
from mv.domain.ids import MemberId
from mv.domain.search import Sought

Query = app_commands.Range[str, 1, limits.QUERY]


class Search(ScenesPart):
    """What is asked of the text search."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """The pages of what was found."""
        return (*super().presses(), doors.turnable(ListOf.SCENES_FOUND, self.on_more))

    @app_commands.command(name="search", description="Look for words in scene lists")
    @app_commands.autocomplete(
        project=offers.projects, engine=offers.scene_engines, flavor=offers.flavors, since=offers.days
    )
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
        await doors.show(interaction, await self._found(interaction, sought, Turn(what=ListOf.SCENES_FOUND)))

    async def on_more(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page; what is sought stands in the message."""
        sought = sought_in(interaction.message.embeds if interaction.message else ())
        await doors.turn(interaction, await self._found(interaction, sought, turn))

    async def _found(self, interaction: discord.Interaction, sought: Sought, turn: Turn) -> Sheet:
        page = await self.app.scenes.search(actor_of(interaction), sought, turn.before or None)
        return ui.scene_lists_found(page.found, page.sought, turn, wider=page.widened)
