"""Files that take more than one message, to whoever asked and nobody else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence

import discord

from bot.delivery.wire import DEAD_ENDS, TOO_LARGE
from bot.ui.frame import Sheet
from bot.ui.limits import FILES
from bot.ui.sending import sending
from mv.errors import FileTooLarge
from mv.export.zips import Archive

log = logging.getLogger(__name__)

MESSAGE_BYTES = 25 * 1024 * 1024
"""Of files in one message, unless one alone has more: the larger the upload, the more is lost when it breaks off."""


async def send(
    interaction: discord.Interaction, archives: AsyncIterator[Archive], drawn: Callable[[Sequence[Archive]], Sheet]
) -> None:
    """Sends them as they come, each message with what is `drawn` for its files, and discards them. When the
    interaction's token ends meanwhile, that stands in the log. Raises FileTooLarge."""
    held: list[Archive] = []
    async for archive in archives:
        if held and (len(held) == FILES or sum(each.bytes for each in held) + archive.bytes > MESSAGE_BYTES):
            if not await _sent(interaction, held, drawn):
                return
            held = []
        held.append(archive)
    await _sent(interaction, held, drawn)


async def _sent(
    interaction: discord.Interaction, archives: Sequence[Archive], drawn: Callable[[Sequence[Archive]], Sheet]
) -> bool:
    """False if nothing can be sent any more."""
    files = [discord.File(each.path, filename=each.name, description=f"Part {each.number}") for each in archives]
    try:
        await interaction.followup.send(**sending(drawn(archives)), files=files, ephemeral=True)
    except discord.HTTPException as error:
        if error.status == 413 or error.code == TOO_LARGE:
            return await _smaller(interaction, archives, drawn, error)
        if error.status not in (401, 404) and error.code not in DEAD_ENDS:
            raise
        said = (interaction.id, archives[0].name, error.status, error.code)
        log.warning("interaction %s ended before %s was sent: HTTP %s, code %s", *said)
        return False
    for each in archives:
        each.discard()
    return True


async def _smaller(
    interaction: discord.Interaction,
    archives: Sequence[Archive],
    drawn: Callable[[Sequence[Archive]], Sheet],
    error: discord.HTTPException,
) -> bool:
    """One by one, as far as Discord takes them."""
    if len(archives) == 1:
        raise FileTooLarge(bytes=archives[0].bytes, name=archives[0].name) from error
    for each in archives:
        if not await _sent(interaction, (each,), drawn):
            return False
    return True
