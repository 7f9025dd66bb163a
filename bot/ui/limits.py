"""Discord's limits, and the packer that keeps every message within them. No other file knows these numbers.

Lengths are counted as in `text.units`, which is never less than Discord's own count.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import discord

from bot.ui.text import EMPTY, cut, units

CONTENT = 2000
EMBEDS = 10
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
EMBED_AUTHOR = 256
EMBED_FOOTER = 2048
FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
MESSAGE_OF_EMBEDS = 6000
"""Over all embeds of a message together."""
FILES = 10
ALT_TEXT = 1024
ROWS = 5
BUTTONS_A_ROW = 5
LABEL = 80
CUSTOM_ID = 100


def card(
    *,
    title: str = "",
    text: str = "",
    author: str = "",
    footer: str = "",
    colour: discord.Colour | None = None,
    fields: Sequence[tuple[str, str]] = (),
    side_by_side: bool = True,
) -> discord.Embed:
    """An embed of texts that are safe already, each within its limit and none empty; fields stand side by side, or one
    below the other."""
    embed = discord.Embed(title=cut(title, EMBED_TITLE) or None, colour=colour)
    embed.description = cut(text, EMBED_DESCRIPTION) or None
    if author:
        embed.set_author(name=cut(author, EMBED_AUTHOR))
    if footer:
        embed.set_footer(text=cut(footer, EMBED_FOOTER))
    for name, value in fields[:FIELDS]:
        embed.add_field(
            name=cut(name, FIELD_NAME) or EMPTY, value=cut(value, FIELD_VALUE) or EMPTY, inline=side_by_side
        )
    if not weight(embed):
        embed.description = EMPTY
    return embed


def weight(embed: discord.Embed) -> int:
    """What an embed takes of a message's budget, in units."""
    texts = [embed.title, embed.description, embed.author.name, embed.footer.text]
    texts += [part for field in embed.fields for part in (field.name, field.value)]
    return sum(units(text) for text in texts if text)


def pages(head: discord.Embed, later: discord.Embed, cards: Sequence[discord.Embed]) -> list[list[discord.Embed]]:
    """As many cards to a page as fit, below `head` on the first page and below `later` on the others; these take
    half of it at most. At least one card a page: one that is too large is trimmed. Without cards there is one page."""
    result = [[trimmed(head, MESSAGE_OF_EMBEDS // 2)]]
    room = MESSAGE_OF_EMBEDS - weight(result[0][0])
    for each in cards:
        page = result[-1]
        if len(page) == EMBEDS or (len(page) > 1 and weight(each) > room):
            page = [trimmed(later, MESSAGE_OF_EMBEDS // 2)]
            result.append(page)
            room = MESSAGE_OF_EMBEDS - weight(page[0])
        page.append(trimmed(each, room))
        room -= weight(page[-1])
    return result


def together(embeds: Sequence[discord.Embed]) -> list[discord.Embed]:
    """As many as one message holds, from the first; those behind are trimmed or left out."""
    result: list[discord.Embed] = []
    room = MESSAGE_OF_EMBEDS
    for embed in embeds[:EMBEDS]:
        fitting = trimmed(embed, room)
        room -= weight(fitting)
        if weight(fitting) or fitting.image.url:
            result.append(fitting)
    return result


def trimmed(embed: discord.Embed, room: int) -> discord.Embed:
    """The embed if it weighs no more than `room`; else a copy without its last fields, then with less of its texts."""
    if weight(embed) <= room:
        return embed
    small = copy.deepcopy(embed)
    while small.fields and weight(small) > room:
        small.remove_field(len(small.fields) - 1)
    small.description = _shorter(small.description, weight(small) - room)
    if weight(small) > room:
        small.remove_footer()
    if weight(small) > room:
        small.remove_author()
    small.title = _shorter(small.title, weight(small) - room)
    return small


def joined(rows: Sequence[str], limit: int, separator: str = "\n") -> str:
    """As many whole rows as fit within `limit` units."""
    text = ""
    for row in rows:
        longer = f"{text}{separator}{row}" if text else row
        if units(longer) > limit:
            break
        text = longer
    return text


def across(rows: Sequence[str]) -> tuple[list[str], int]:
    """Whole rows over one message, in order: its content, then the descriptions of two embeds, for what the content
    does not hold; and how many rows are left over."""
    rooms = (CONTENT, EMBED_DESCRIPTION, MESSAGE_OF_EMBEDS - EMBED_DESCRIPTION)
    texts = [""] * len(rooms)
    place = 0
    for number, row in enumerate(rows):
        while units(longer := f"{texts[place]}\n{row}".lstrip("\n")) > rooms[place]:
            place += 1
            if place == len(rooms):
                return texts, len(rows) - number
        texts[place] = longer
    return texts, 0


def _shorter(text: str | None, over: int) -> str | None:
    if not text or over <= 0:
        return text
    return cut(text, max(1, units(text) - over)) if units(text) > over else None
