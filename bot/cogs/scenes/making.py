"""Scene lists made: a new one, a fresh version of the same request, and one that is changed as asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import discord
from discord import app_commands

from bot import doors, offers
from bot.actor import actor_of, member_of
from bot.cogs.scenes.base import sheet_of
from bot.errors import STARTS_A_JOB
from bot.shelf import Part
from bot.ui.custom_ids import Action, Press
from bot.ui.forms import Form, Target, revise_form
from bot.ui.frame import Sheet
from bot.ui.usage import left_line
from mv.domain import limits
from mv.domain.ids import ServerId
from mv.domain.jobs import Job
from mv.domain.scenes import SceneListView, SceneOrder
from mv.errors import OutOfRange
from mv.services.scenes import revised
from mv.services.scenes_task import Revision

Idea = app_commands.Range[str, 1, limits.IDEA]
Description = app_commands.Range[str, 1, limits.CHARACTER]
Phrase = app_commands.Range[str, 1, limits.STYLE]
Traits = app_commands.Range[str, 1, limits.TRAITS]
Count = app_commands.Range[int, limits.SCENES[0], limits.SCENES[1]]
Number = Count
"""Of a scene."""
Instructions = app_commands.Range[str, 1, limits.INSTRUCTIONS]


class Making(Part):
    """What asks the generator."""

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Again, and Revise."""
        return (
            *super().presses(),
            doors.pressable(Action.SCENES_AGAIN, self.on_again),
            doors.pressable(Action.SCENES_REVISE, self.on_revise),
        )

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Use in scenes, Revise, and Edit and retry."""
        return {
            **super().sent_forms(),
            Form.USE: self.on_use_sent,
            Form.EDIT_SCENES: self.on_edit_sent,
            Form.REVISE: self.on_revise_sent,
            Form.EDIT_REVISION: self.on_edit_revision_sent,
        }

    @app_commands.command(
        name="create", description="Turn an idea and a character into a scene list", extras={STARTS_A_JOB: True}
    )
    @app_commands.autocomplete(
        character=offers.characters,
        video_type=offers.video_types,
        style=offers.styles,
        camera=offers.cameras,
        flavor=offers.flavors,
        project=offers.projects,
    )
    @app_commands.describe(
        idea="What the video is about",
        character="Who is in it: a description, or a saved character such as C7",
        count="How many scenes, 1 to 24",
        traits="How the character behaves, moves, dresses",
        video_type="What kind of video",
        style="How it looks",
        camera="How it is filmed",
        flavor="A set of prompts and defaults",
        project="The project it belongs to",
        private="Only you see it",
    )
    async def create(
        self,
        interaction: discord.Interaction,
        idea: Idea,
        character: Description,
        count: Count | None = None,
        traits: Traits | None = None,
        video_type: Phrase | None = None,
        style: Phrase | None = None,
        camera: Phrase | None = None,
        flavor: str | None = None,
        project: str | None = None,
        private: bool = False,
    ) -> None:
        """A new scene list."""
        order = SceneOrder(
            idea=idea, character=character, count=count, traits=traits, video_type=video_type, style=style,
            camera=camera, flavor=flavor, project=project, private=private,
        )  # fmt: skip
        await self._create(interaction, order)

    async def _create(
        self,
        interaction: discord.Interaction,
        order: SceneOrder,
        server: ServerId | None = None,
        after: Job | None = None,
    ) -> None:
        actor = await member_of(interaction, server) if server else actor_of(interaction)
        there = await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.scenes.request(actor, order, reply, after=after),
            private=order.private,
        )
        if there is not None:
            await doors.show(interaction, await asyncio.to_thread(sheet_of, there), private=order.private)

    async def on_again(self, interaction: discord.Interaction, press: Press) -> None:
        """A fresh version of the same request, in a new message."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        actor = await member_of(interaction, view.record.server_id)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.scenes.again(actor, press.record, press.version, reply),
            private=view.record.private,
        )

    @app_commands.command(
        name="revise", description="Change a scene list, or one scene of it", extras={STARTS_A_JOB: True}
    )
    @app_commands.autocomplete(ref=offers.scene_lists)
    @app_commands.describe(
        ref="Its number, such as S12",
        instructions="What should be different",
        scene="Only this scene; the others stay word for word as they are",
    )
    async def revise(
        self, interaction: discord.Interaction, ref: str, instructions: Instructions, scene: Number | None = None
    ) -> None:
        """A new version of the newest."""
        view = await self.app.scenes.show(actor_of(interaction), ref)
        revision = Revision(based_on=view.version.number, instructions=instructions, scene=scene)
        await self._revise(interaction, view, revision)

    async def _revise(self, interaction: discord.Interaction, view: SceneListView, revision: Revision) -> None:
        actor = await member_of(interaction, view.record.server_id)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.scenes.revise(actor, view.record.id, revision, reply),
            private=view.record.private,
        )

    async def on_revise(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens the form; on a page with one scene that scene stands in it."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await interaction.response.send_modal(revise_form(view, press.scene))

    async def on_revise_sent(self, interaction: discord.Interaction, about: Target, typed: dict[str, str]) -> None:
        """The form under a scene list."""
        view = await self.app.scenes.view(actor_of(interaction), about.record, about.version)
        revision = Revision(
            based_on=about.version,
            instructions=typed.get("instructions", ""),
            scene=number_typed("scene", typed),
            newest=about.newest or None,
        )
        await self._revise(interaction, view, revision)

    async def on_edit_revision_sent(
        self, interaction: discord.Interaction, about: Target, typed: dict[str, str]
    ) -> None:
        """Edit and retry: the form under the refusal of a revision."""
        actor = actor_of(interaction)
        record, before = revised(await self.app.jobs.own(actor, about.record))
        view = await self.app.scenes.view(actor, record, before.based_on)
        revision = before.retyped(typed.get("instructions", ""), number_typed("scene", typed))
        await self._revise(interaction, view, revision)

    async def on_use_sent(self, interaction: discord.Interaction, about: Target, typed: dict[str, str]) -> None:
        """Use in scenes: the form under a character."""
        view = await self.app.characters.view(actor_of(interaction), about.record)
        order = SceneOrder(
            idea=typed.get("idea", ""),
            character=str(view.record.ref),
            count=number_typed("count", typed),
            style=typed.get("style") or None,
            private=view.record.private,
        )
        await self._create(interaction, order, view.record.server_id)

    async def on_edit_sent(self, interaction: discord.Interaction, about: Target, typed: dict[str, str]) -> None:
        """Edit and retry: the form under a refusal."""
        job = await self.app.jobs.own(actor_of(interaction), about.record)
        order = SceneOrder.model_validate({**job.order["request"], **typed, "private": job.private})
        await self._create(interaction, order, job.server_id, job)

    async def result(self, job: Job, room: int) -> Sheet:
        """What a finished job is shown as; its files are small, so those over `room` bytes are left to the courier."""
        view, left = await self.app.scenes.result(job), left_line(await self.app.usage.after(job))
        return replace(await asyncio.to_thread(sheet_of, view), content=left)


def number_typed(field: str, typed: Mapping[str, str]) -> int | None:
    """A number of scenes, or of a scene, from a form; None if nothing was typed. Raises OutOfRange for what is none."""
    said = typed.get(field, "").strip()
    if not said:
        return None
    if not said.isdecimal() or len(said) > 3:
        raise OutOfRange(field=field, low=limits.SCENES[0], high=limits.SCENES[1])
    return int(said)
