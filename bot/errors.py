"""One answer for commands, buttons and forms that fail: what happened, whether it was charged, and what to do now.

The words are those of `bot/ui/error_words.py`. An error nobody foresaw gets an incident number, which is also in the
log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import discord
from discord import app_commands

from bot.ui.custom_ids import STARTING, read
from bot.ui.error_words import Words, heading, words
from bot.ui.frame import Sheet
from bot.ui.notice import error_message
from bot.ui.sending import sending
from mv import errors as e
from mv.services.incidents import incident

log = logging.getLogger(__name__)

STARTS_A_JOB: Final = "starts a job"
"""Marks such commands, in their `extras`."""
UNKNOWN_INTERACTION = 10062
ALREADY_ANSWERED = 40060
UNREACHABLE: Final = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""What comes of a Discord that does not answer at all."""


def understood(error: BaseException) -> e.MvError:
    """Any exception as one of ours; one that nobody foresaw is logged under a fresh incident number."""
    if isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__:
        error = error.__cause__
    if isinstance(error, e.MvError):
        if isinstance(error, e.NotSetUp):
            log.warning("%s is not set up: %s is missing", error.vendor, error.variable)
        return error
    if isinstance(error, app_commands.NoPrivateMessage):
        return e.ServerOnly()
    return incident("an answer to a member", error)


async def answer(
    interaction: discord.Interaction, error: BaseException, refused: Callable[[Sheet], Sheet] | None = None
) -> None:
    """Tells whoever asked, and only them. An interaction that is dead already is left alone. `refused` adds to what a
    refusal shows."""
    if gone(error):
        log.warning("an interaction was gone before it could be answered")
        return
    if _unreachable(error):
        log.warning("Discord could not be reached with an answer")
        return
    if isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        text = Words("This command has changed just now.", "Try again in a minute.")
        title = heading(e.Refused())
        refused = None
    else:
        known = understood(error)
        text, title = words(known), heading(known)
        refused = refused if isinstance(known, e.Refused) and not isinstance(known, e.NotFound | e.NotAllowed) else None
    message = error_message(title, text.what, "Nothing was charged." if _starts_a_job(interaction) else "", text.to_do)
    message = refused(message) if refused else message
    try:
        if interaction.response.is_done():
            await interaction.followup.send(**sending(message), ephemeral=True)
        else:
            await interaction.response.send_message(**sending(message), ephemeral=True)
    except discord.HTTPException as failure:
        log.warning("a refusal could not be shown: HTTP %s, code %s", failure.status, failure.code)
    except UNREACHABLE as failure:
        log.warning("a refusal could not be shown: %s", type(failure).__name__)


def _starts_a_job(interaction: discord.Interaction) -> bool:
    """Whether a job could have come of it: where none could, nobody need hear of money."""
    if interaction.command is not None:
        return bool(interaction.command.extras.get(STARTS_A_JOB))
    data: Any = interaction.data or {}
    press = read(str(data.get("custom_id", "")))
    return interaction.type is discord.InteractionType.modal_submit or (press is not None and press.action in STARTING)


def _unreachable(error: BaseException | None) -> bool:
    """Whether Discord did not take the answer: then it will not take another."""
    while error is not None and not isinstance(error, e.MvError):
        if isinstance(error, UNREACHABLE) or (isinstance(error, discord.HTTPException) and error.status >= 429):
            return True
        error = error.__cause__
    return False


def gone(error: BaseException | None) -> bool:
    """Whether Discord says that the interaction is over, or was answered by another."""
    while error is not None:
        if isinstance(error, discord.HTTPException) and error.code in (UNKNOWN_INTERACTION, ALREADY_ANSWERED):
            return True
        error = error.__cause__
    return False
