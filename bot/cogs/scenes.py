"""/scenes, and the buttons under a scene list."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors
from bot.actor import actor_of, member_of
from bot.delivery import DiscordCourier
from bot.errors import STARTS_A_JOB
from bot.ui import notice
from bot.ui import scenes as ui
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.forms import Form
from bot.ui.frame import Attached, Sheet
from mv.app import App
from mv.domain import limits
from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.jobs import Job, JobKind
from mv.domain.scenes import SceneListView, SceneOrder
from mv.errors import OutOfRange
from mv.export.scenes import scenes_json, scenes_markdown

Idea = app_commands.Range[str, 1, limits.IDEA]
Description = app_commands.Range[str, 1, limits.CHARACTER]
Phrase = app_commands.Range[str, 1, limits.STYLE]
Traits = app_commands.Range[str, 1, limits.TRAITS]
Count = app_commands.Range[int, limits.SCENES[0], limits.SCENES[1]]
Choices = list[app_commands.Choice[str]]


@app_commands.guild_install()
@app_commands.guild_only()
class ScenesCog(commands.GroupCog, group_name="scenes", group_description="Scene lists for a music video"):
    """Translates /scenes."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.courier = courier
        courier.draws[JobKind.SCENES] = self.result

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return (
            doors.pressable(Action.SCENES_PAGE, self.on_page),
            doors.pressable(Action.SCENES_AGAIN, self.on_again),
            doors.pressable(Action.SCENES_DELETE, self.on_delete),
            doors.pressable(Action.SCENES_DELETE_YES, self.on_delete_yes),
            doors.turnable(ListOf.SCENES, self.on_turn),
        )

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Its forms."""
        return {Form.USE: self.on_use_sent, Form.EDIT_SCENES: self.on_edit_sent}

    @app_commands.command(
        name="create", description="Turn an idea and a character into a scene list", extras={STARTS_A_JOB: True}
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
        self, interaction: discord.Interaction, order: SceneOrder, server: ServerId | None = None
    ) -> None:
        actor = await member_of(interaction, server) if server else actor_of(interaction)
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: self.app.scenes.request(actor, order, reply),
            private=order.private,
        )

    @app_commands.command(name="show", description="Show a scene list again")
    @app_commands.describe(ref="Its number, such as S12", version="Which version; the newest if left out")
    async def show(
        self, interaction: discord.Interaction, ref: str, version: app_commands.Range[int, 1] | None = None
    ) -> None:
        """A scene list with its buttons and files."""
        view = await self.app.scenes.show(actor_of(interaction), ref, version)
        await doors.show(interaction, sheet_of(view), private=view.record.private)

    @app_commands.command(name="list", description="Scene lists of this server, newest first")
    @app_commands.describe(project="Only of this project", member="Only by this member")
    async def list_(
        self, interaction: discord.Interaction, project: str | None = None, member: discord.User | None = None
    ) -> None:
        """A page of scene lists."""
        found = await self.app.projects.find(actor_of(interaction), project)
        number = found.ref.number if found else 0
        turn = Turn(what=ListOf.SCENES, project=number, member=MemberId(member.id if member else 0))
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="delete", description="Delete a scene list of yours")
    @app_commands.describe(ref="Its number, such as S12")
    async def delete(self, interaction: discord.Interaction, ref: str) -> None:
        """Asks first."""
        record = await self.app.scenes.deletable(actor_of(interaction), ref)
        question = notice.delete_question(Action.SCENES_DELETE_YES, record.id, record.ref, record.title)
        await doors.show(interaction, question)

    @show.autocomplete("ref")
    @delete.autocomplete("ref")
    async def refs(self, interaction: discord.Interaction, current: str) -> Choices:
        """Scene lists by number and title."""
        return await doors.offered(self.app.scenes.choices(actor_of(interaction), current))

    @create.autocomplete("character")
    async def characters(self, interaction: discord.Interaction, current: str) -> Choices:
        """Saved characters; any other text passes."""
        return await doors.offered(self.app.characters.choices(actor_of(interaction), current))

    @create.autocomplete("project")
    @list_.autocomplete("project")
    async def projects(self, interaction: discord.Interaction, current: str) -> Choices:
        """Open projects."""
        return await doors.offered(self.app.projects.choices(actor_of(interaction), current))

    @create.autocomplete("flavor")
    async def flavors(self, interaction: discord.Interaction, current: str) -> Choices:
        """Flavors of configs/."""
        return doors.matching(current, self.app.config.flavors)

    @create.autocomplete("video_type")
    async def video_types(self, interaction: discord.Interaction, current: str) -> Choices:
        """What the flavor suggests."""
        return doors.matching(
            current, doors.flavor_of(interaction, self.app.config).scene_params.suggestions.video_type
        )

    @create.autocomplete("style")
    async def styles(self, interaction: discord.Interaction, current: str) -> Choices:
        """What the flavor suggests."""
        return doors.matching(current, doors.flavor_of(interaction, self.app.config).scene_params.suggestions.style)

    @create.autocomplete("camera")
    async def cameras(self, interaction: discord.Interaction, current: str) -> Choices:
        """What the flavor suggests."""
        return doors.matching(current, doors.flavor_of(interaction, self.app.config).scene_params.suggestions.camera)

    async def on_page(self, interaction: discord.Interaction, press: Press) -> None:
        """Previous and Next."""
        view = await self.app.scenes.view(actor_of(interaction), press.record, press.version)
        await doors.turn(interaction, ui.scene_list_message(view, press.page))

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

    async def on_delete(self, interaction: discord.Interaction, press: Press) -> None:
        """Asks first."""
        record = await self.app.scenes.deletable_by_id(actor_of(interaction), press.record)
        message = interaction.message.id if interaction.message else 0
        question = notice.delete_question(Action.SCENES_DELETE_YES, record.id, record.ref, record.title, message)
        await doors.show(interaction, question)

    async def on_delete_yes(self, interaction: discord.Interaction, press: Press) -> None:
        """The answer to the question."""
        record = await self.app.scenes.delete(actor_of(interaction), press.record)
        await doors.removed(interaction, press.message, notice.deleted(record.ref, record.title))

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def on_use_sent(self, interaction: discord.Interaction, record: RecordId, typed: dict[str, str]) -> None:
        """Use in scenes: the form under a character."""
        view = await self.app.characters.view(actor_of(interaction), record)
        order = SceneOrder(
            idea=typed.get("idea", ""),
            character=str(view.record.ref),
            count=_count(typed.get("count", "")),
            style=typed.get("style") or None,
            private=view.record.private,
        )
        await self._create(interaction, order, view.record.server_id)

    async def on_edit_sent(self, interaction: discord.Interaction, job_id: RecordId, typed: dict[str, str]) -> None:
        """Edit and retry: the form under a refusal."""
        job = await self.app.jobs.own(actor_of(interaction), job_id)
        order = SceneOrder.model_validate({**job.order["request"], **typed, "private": job.private})
        await self._create(interaction, order, job.server_id)

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        page = await self.app.scenes.page(
            actor_of(interaction),
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
            member=MemberId(turn.member) if turn.member else None,
            before=turn.before or None,
        )
        return ui.scene_list_rows(page, turn)

    async def result(self, job: Job, room: int) -> Sheet:
        """What a finished job is shown as; its files are small, so those over `room` bytes are left to the courier."""
        view = await self.app.scenes.result(job)
        return sheet_of(view)


def sheet_of(view: SceneListView) -> Sheet:
    """A scene list's first page, with its files."""
    name = f"{view.record.ref} version {view.version.number}"
    return ui.scene_list_message(view).with_files(
        Attached(name="scenes.md", data=scenes_markdown(view), description=f"{name}, for reading"),
        Attached(name="scenes.json", data=scenes_json(view), description=f"{name}, for programs"),
    )


def _count(typed: str) -> int | None:
    """A number from a form; raises OutOfRange for anything else."""
    if not typed.strip():
        return None
    if not typed.strip().isdecimal():
        raise OutOfRange(field="count", low=limits.SCENES[0], high=limits.SCENES[1])
    return int(typed)
