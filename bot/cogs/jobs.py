"""/jobs, and the buttons under a job's progress or failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot import doors, offers
from bot.actor import actor_of, member_of
from bot.delivery import DiscordCourier
from bot.ui import forms, notice
from bot.ui import jobs as ui
from bot.ui.brief import in_brief
from bot.ui.custom_ids import Action, ListOf, Press, Turn
from bot.ui.error_words import words
from bot.ui.frame import Sheet
from mv.app import App
from mv.domain.actor import Actor
from mv.domain.ids import Kind, MemberId, Ref
from mv.domain.jobs import Job, JobKind, Progress
from mv.errors import revive


@app_commands.guild_install()
@app_commands.guild_only()
class JobsCog(commands.GroupCog, group_name="jobs", group_description="What the generators are doing"):
    """Translates /jobs."""

    def __init__(self, app: App, courier: DiscordCourier) -> None:
        self.app = app
        self.courier = courier

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons, Keep, which any question may have, and Change it, which any form may."""
        return (
            doors.pressable(Action.JOB_CANCEL, self.on_cancel),
            doors.pressable(Action.JOB_RETRY, self.on_retry),
            doors.pressable(Action.JOB_LEAVE, self.on_leave),
            doors.pressable(Action.JOB_EDIT, self.on_edit),
            doors.pressable(Action.FORM, self.on_form),
            doors.pressable(Action.KEEP, self.on_keep),
            doors.turnable(ListOf.JOBS, self.on_turn),
        )

    @app_commands.command(name="list", description="Jobs, newest first: your own; managers see all")
    @app_commands.autocomplete(project=offers.all_projects)
    @app_commands.describe(mine="Only your own (for managers)", project="Only of this project")
    async def list_(self, interaction: discord.Interaction, mine: bool = False, project: str | None = None) -> None:
        """A page of jobs."""
        actor = actor_of(interaction)
        member = actor.member_id if mine or not actor.is_manager else MemberId(0)
        found = await self.app.projects.find(actor, project)
        turn = Turn(what=ListOf.JOBS, member=member, project=found.ref.number if found else 0)
        await doors.show(interaction, await self._page(interaction, turn))

    @app_commands.command(name="show", description="What became of a job")
    @app_commands.autocomplete(ref=offers.jobs)
    @app_commands.describe(ref="Its number, such as J101")
    async def show(self, interaction: discord.Interaction, ref: str) -> None:
        """Its state, times and cost; while it runs, how far it is."""
        actor = actor_of(interaction)
        found = await self.app.jobs.show(actor, ref)
        row = _line(actor, found.job, found.progress)
        if found.asks(actor):
            sheet = ui.question(found.job)
        elif row.progress is not None:
            sheet = ui.progress_message(row.progress, row.about_what)
        else:
            made_by = replace(row.job, engine=found.engine)
            sheet = ui.job_sheet(made_by, found.result, row.why, about_what=row.about_what, went=found.went)
        await doors.show(interaction, sheet)

    @app_commands.command(name="cancel", description="Stop a job")
    @app_commands.autocomplete(ref=offers.jobs)
    @app_commands.describe(ref="Its number, such as J101")
    async def cancel(self, interaction: discord.Interaction, ref: str) -> None:
        """Stops it, also at the vendor."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        actor = actor_of(interaction)
        job = (await self.app.jobs.show(actor, ref)).job
        if job.unconfirmed is not None:
            sheet = ui.left(job, await self.app.jobs.decline(job))
        else:
            await self.app.jobs.cancel(actor, ref)
            sheet = notice.notice(f"{job.ref} is cancelled", "What it had reserved was given back.")
        await doors.show(interaction, sheet)

    async def on_cancel(self, interaction: discord.Interaction, press: Press) -> None:
        """Under a job's progress; the message itself then says so."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await self.app.jobs.cancel_by_id(actor_of(interaction), press.record)
        await doors.show(interaction, notice.notice(f"{job.ref} is cancelled", "What it had reserved was given back."))

    async def on_retry(self, interaction: discord.Interaction, press: Press) -> None:
        """The same request once more, or the pictures that are missing; also Go, of what was only asked about."""
        job = await self.app.jobs.own(actor_of(interaction), press.record)
        actor = await member_of(interaction, job.server_id)
        service = self.app.scenes if job.kind is JobKind.SCENES else self.app.characters
        await doors.begin(
            interaction,
            self.app.engine,
            self.courier,
            lambda reply: service.retry(actor, job, reply),
            private=job.private,
        )

    async def on_leave(self, interaction: discord.Interaction, press: Press) -> None:
        """Cancel, in the place of Go."""
        job = await self.app.jobs.own(actor_of(interaction), press.record)
        await doors.turn(interaction, ui.left(job, await self.app.jobs.decline(job)))

    async def on_edit(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens the form with the text still in it."""
        job = await self.app.jobs.own(actor_of(interaction), press.record)
        await interaction.response.send_modal(forms.editing(job))

    async def on_form(self, interaction: discord.Interaction, press: Press) -> None:
        """Opens a form again that was refused."""
        which = list(forms.Form)[press.form]
        typed = forms.typed_in(interaction.message.embeds if interaction.message else (), which)
        about = forms.target(press.record, press.about)
        await interaction.response.send_modal(forms.opened(which, about, typed))

    async def on_keep(self, interaction: discord.Interaction, press: Press) -> None:
        """The other answer to a question."""
        await doors.turn(interaction, notice.kept())

    async def on_turn(self, interaction: discord.Interaction, turn: Turn) -> None:
        """Another page of the list."""
        await doors.turn(interaction, await self._page(interaction, turn))

    async def _page(self, interaction: discord.Interaction, turn: Turn) -> Sheet:
        actor, jobs = actor_of(interaction), self.app.jobs
        page = await jobs.page(
            actor,
            everybody=turn.member == 0,
            before=turn.before or None,
            project=str(Ref(Kind.PROJECT, turn.project)) if turn.project else None,
        )
        went = await jobs.went(page.rows)
        rows = [_line(actor, job, jobs.progress(job), brief=True, went=went.get(job.id)) for job in page.rows]
        return ui.job_rows(rows, page.before, turn, jobs.held_up())


def _line(
    actor: Actor, job: Job, progress: Progress | None, *, brief: bool = False, went: Ref | None = None
) -> ui.JobLine:
    """A job as this member may see it: its text only if it is their own, and of another's private job not even what
    went wrong."""
    own = job.member_id == actor.member_id
    why = ""
    if job.error and not job.declined and (own or not job.private):
        error = revive(job.error, dict(job.error_facts or {}))
        why = in_brief(error) if brief else words(error).what
    return ui.JobLine(job=job, progress=progress, about_what=job.about if own else "", why=why, went=went)
