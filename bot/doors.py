"""The doors by which members come in: how a command begins a job, a button is answered, and autocomplete never fails.

Whatever comes in by a button or a form is answered through the same error path as a command.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

import discord
from discord import app_commands

from bot.actor import missing_permissions, reply_of
from bot.arrivals import Heard, Throttle
from bot.errors import UNREACHABLE, answer
from bot.ui.custom_ids import LIST_TEMPLATE, Action, ListOf, Press, Turn, press_of, template, turn_of
from bot.ui.forms import Form, Target, read_form, with_text_kept
from bot.ui.frame import Sheet
from bot.ui.jobs import question
from bot.ui.notice import notice
from bot.ui.sending import editing, sending
from mv.domain.ids import MessageId
from mv.domain.jobs import Job, ReplyTo
from mv.domain.limits import CHOICES, FILE
from mv.errors import CannotPost, FileGone, FileTooLarge, MvError, Refused, Repeated, Restarting, TooFast
from mv.ports import Choice, Courier, JobEngine

log = logging.getLogger(__name__)

T = TypeVar("T")

CHECKS_SECONDS = 1.5
"""When checks take longer, the command is acknowledged before they end; Discord gives up after 3 s."""
ACKNOWLEDGE_SECONDS = 4.0
"""Later it is too late in any case."""

Button = discord.ui.Button[discord.ui.View]
Sent: TypeAlias = Callable[[discord.Interaction, Target, dict[str, str]], Coroutine[Any, Any, None]]
"""Answers a form that was sent: what it is about, and what was typed, by field."""


async def begin(
    interaction: discord.Interaction,
    jobs: JobEngine,
    courier: Courier,
    ask: Callable[[ReplyTo], Coroutine[Any, Any, Job | T]],
    *,
    private: bool,
) -> T | None:
    """Stores a job by `ask`, acknowledges, and only then lets it start; or shows the question that was stored instead.
    What `ask` has at hand in place of a job is returned, to be shown. Raises what `ask` refuses with; an interaction
    that comes a second time is left to the first. Raises Restarting when the bot is about to stop."""
    if getattr(interaction.client, "stopping", False):
        raise Restarting()
    missing = () if private else missing_permissions(interaction)
    if missing:
        raise CannotPost(missing=missing)
    asking = asyncio.ensure_future(ask(reply_of(interaction, private=private)))
    done, _ = await asyncio.wait({asking}, timeout=CHECKS_SECONDS)
    told = None if done else await _acknowledge(interaction, private)
    try:
        job = await asking
    except Repeated as repeated:
        log.info("interaction %s came twice; %s answers it", interaction.id, repeated.ref)
        return None
    except Exception:
        if told is not None:
            with suppress(discord.HTTPException, *UNREACHABLE):
                await interaction.delete_original_response()
        raise
    if not isinstance(job, Job):
        return job
    if job.unconfirmed is not None:
        await _ask_first(interaction, job, told)
        return None
    if done:
        told = await _acknowledge(interaction, private)
    if told is not None and told.message_id is not None:
        job = replace(job, reply=replace(job.reply, message_id=MessageId(told.message_id)))
    courier.follow(job)
    jobs.release(job)
    return None


async def _ask_first(
    interaction: discord.Interaction, job: Job, told: discord.InteractionCallbackResponse[discord.Client] | None
) -> None:
    """Shows the question that was stored to whoever asked, and only to them; what was acknowledged is taken back."""
    if told is not None:
        with suppress(discord.HTTPException, *UNREACHABLE):
            await interaction.delete_original_response()
    await show(interaction, question(job))


async def waited(interaction: discord.Interaction, work: Coroutine[Any, Any, T], *, private: bool) -> T:
    """What `work` returns, which needs no job. If it takes longer than a moment, it is acknowledged meanwhile, to be
    seen as the reply will be; a refusal takes that back."""
    working = asyncio.ensure_future(work)
    done, _ = await asyncio.wait({working}, timeout=CHECKS_SECONDS)
    if not done:
        await _acknowledge(interaction, private)
    try:
        return await working
    except Exception:
        if not done:
            with suppress(discord.HTTPException, *UNREACHABLE):
                await interaction.delete_original_response()
        raise


async def carried_out(interaction: discord.Interaction, work: Coroutine[Any, Any, T], undone: Sheet) -> T:
    """What `work` returns, which was announced in the place of what was pressed; if it is refused after all, `undone`
    says so there."""
    try:
        return await work
    except Refused:
        await interaction.edit_original_response(**editing(undone))
        raise


async def handed_in(file: discord.Attachment, limit: int = FILE) -> bytes:
    """A file's bytes, whatever Discord takes it for. Raises FileTooLarge before it is fetched, FileGone."""
    if file.size > limit:
        raise FileTooLarge(bytes=file.size, limit=limit)
    try:
        return await file.read()
    except (discord.HTTPException, *UNREACHABLE) as error:
        log.warning("a file that was handed in could not be fetched: %s", type(error).__name__)
        raise FileGone() from error


async def _acknowledge(
    interaction: discord.Interaction, private: bool
) -> discord.InteractionCallbackResponse[discord.Client] | None:
    """What Discord made of it, such as the message that now shows the bot thinking; None if it is not known to have
    come in time. Then too the job is stored, and goes on: the courier finds a way."""
    try:
        async with asyncio.timeout(ACKNOWLEDGE_SECONDS):
            return await interaction.response.defer(ephemeral=private, thinking=True)
    except (discord.HTTPException, *UNREACHABLE) as error:
        status, code = getattr(error, "status", 0), getattr(error, "code", 0)
        log.warning("an acknowledgement failed: %s, HTTP %s, code %s", type(error).__name__, status, code)
        return None


async def show(interaction: discord.Interaction, sheet: Sheet, *, private: bool = True) -> None:
    """A reply that needs no job."""
    if interaction.response.is_done():
        await interaction.followup.send(**sending(sheet), ephemeral=private)
    else:
        await interaction.response.send_message(**sending(sheet), ephemeral=private)


async def turn(interaction: discord.Interaction, sheet: Sheet) -> None:
    """Puts another page in the place of the one whose button was pressed; its files stay."""
    arguments = editing(sheet)
    del arguments["attachments"]
    await interaction.response.edit_message(**arguments)


async def both(interaction: discord.Interaction, message_id: int, sheet: Sheet) -> None:
    """Says so in the place of what was pressed, and of the message whose Delete led there, where it can be edited."""
    await turn(interaction, sheet)
    here = interaction.message.id if interaction.message else 0
    if message_id not in (0, here) and isinstance(interaction.channel, discord.abc.Messageable):
        message = interaction.client.get_partial_messageable(interaction.channel_id or 0).get_partial_message(
            message_id
        )
        try:
            await message.edit(**editing(sheet))
        except discord.HTTPException as error:
            log.info("a deleted record's message could not be edited: HTTP %s", error.status)


async def admitted(interaction: discord.Interaction[Any], refused: Callable[[Sheet], Sheet] | None = None) -> bool:
    """Whether it is to be answered: what comes a second time is left to the first, and a member who comes too fast is
    told so; `refused` as for `answer`. All that members do passes here once."""
    heard: Heard | None = getattr(interaction.client, "heard", None)
    throttle: Throttle | None = getattr(interaction.client, "throttle", None)
    if heard is not None and heard.again(interaction):
        return False
    try:
        if throttle is not None:
            throttle.count(interaction)
    except TooFast as error:
        await answer(interaction, error, refused)
        return False
    return True


async def guarded(
    interaction: discord.Interaction,
    work: Callable[[], Awaitable[None]],
    refused: Callable[[Sheet], Sheet] | None = None,
) -> None:
    """The error path of buttons and forms that are admitted; `refused` as for `answer`."""
    if not await admitted(interaction, refused):
        return
    try:
        await work()
    except Exception as error:  # noqa: BLE001  # whatever it is, the member is told
        await answer(interaction, error, refused)


def pressable(
    action: Action, respond: Callable[[discord.Interaction, Press], Coroutine[Any, Any, None]]
) -> type[discord.ui.DynamicItem[Button]]:
    """The answer to every button of this action, also on messages of before a restart."""

    class Pressed(discord.ui.DynamicItem[Button], template=template(action)):
        """One click."""

        def __init__(self, press: Press, item: Button) -> None:
            super().__init__(item)
            self.press = press

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
        ) -> Pressed:
            return cls(press_of(action, match), _plain(item))

        async def callback(self, interaction: discord.Interaction) -> None:
            await guarded(interaction, lambda: respond(interaction, self.press))

    return Pressed


def turnable(
    what: ListOf, respond: Callable[[discord.Interaction, Turn], Coroutine[Any, Any, None]]
) -> type[discord.ui.DynamicItem[Button]]:
    """The answer to the buttons that turn the pages of one kind of list."""
    own = LIST_TEMPLATE.replace("|".join(ListOf), what.value)

    class Turned(discord.ui.DynamicItem[Button], template=own):
        """One click."""

        def __init__(self, page: Turn, item: Button) -> None:
            super().__init__(item)
            self.page = page

        @classmethod
        async def from_custom_id(
            cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: re.Match[str]
        ) -> Turned:
            return cls(turn_of(match), _plain(item))

        async def callback(self, interaction: discord.Interaction) -> None:
            await guarded(interaction, lambda: respond(interaction, self.page))

    return Turned


def _plain(item: discord.ui.Item[Any]) -> Button:
    assert isinstance(item, discord.ui.Button)  # noqa: S101  # our custom_ids stand on buttons only
    return item


async def offered(choices: Awaitable[Iterable[Choice]]) -> list[app_commands.Choice[str]]:
    """Records for autocomplete: the ref is sent, the title is shown. Nothing rather than an error."""
    try:
        found = list(await choices)[:CHOICES]
    except MvError as error:
        log.warning("autocomplete: %s", error.code)
        return []
    return [app_commands.Choice(name=_named(choice), value=str(choice.ref)) for choice in found]


def _named(choice: Choice) -> str:
    mark = " · archived" if choice.archived else ""
    return f"{choice.ref} · {choice.title}"[: 100 - len(mark)] + mark


def matching(typed: str, names: Iterable[str]) -> list[app_commands.Choice[str]]:
    """Names from memory that contain what was typed; those that begin with it come first."""
    low = typed.casefold().strip()
    fit = [name for name in names if low in name.casefold()]
    fit.sort(key=lambda name: not name.casefold().startswith(low))
    return [app_commands.Choice(name=name[:100], value=name[:100]) for name in fit[:CHOICES]]


async def form_sent(interaction: discord.Interaction, forms: Mapping[Form, Sent]) -> None:
    """Answers any form that was sent, also one that was opened before a restart."""
    data: Any = interaction.data or {}
    found = read_form(str(data.get("custom_id", "")))
    if found is None or found[0] not in forms:
        late = notice("This form is too old", "Nothing was started. Use the command again.")
        await guarded(interaction, lambda: show(interaction, late))
        return
    form, target = found
    typed = values(interaction)
    await guarded(
        interaction,
        lambda: forms[form](interaction, target, typed),
        lambda refusal: with_text_kept(refusal, form, target, typed),
    )


def values(interaction: discord.Interaction) -> dict[str, str]:
    """What was typed into a form, by the custom_id of each field."""
    found: dict[str, str] = {}
    data: Any = interaction.data or {}
    rows: list[Any] = list(data.get("components", []))
    while rows:
        row = rows.pop(0)
        rows += row.get("components", [])
        if "component" in row:
            rows.append(row["component"])
        if "custom_id" in row and "value" in row:
            found[row["custom_id"]] = row["value"] or ""
    return found
