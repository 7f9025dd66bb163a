"""What a message consists of, as one value that cogs and the courier send or edit in.

Buttons are values too: `view_of` turns them into plain ones, in a view that is stopped before it is sent. discord.py
keeps an unstopped view without a timeout for ever, and stopping one that holds a `DynamicItem` would unregister that
for the whole bot; a click on a plain button reaches the registered `DynamicItem` all the same.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace

import discord

from bot.ui.limits import ALT_TEXT, BUTTONS_A_ROW, CONTENT, FILES, LABEL, ROWS
from bot.ui.text import bare, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button as it is drawn; the click is answered by the cog that knows its custom_id."""

    label: str
    custom_id: str
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file to upload; `description` is its alt text."""

    name: str
    data: bytes
    description: str = ""
    otherwise: str = ""
    """How to get it where it is left out, such as a command in backticks."""


Row = tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole message. Texts in it are safe and within Discord's limits."""

    content: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    files: tuple[Attached, ...] = ()
    rows: tuple[Row, ...] = ()

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(len(each.data) for each in self.files)

    def within(self, room: int) -> Sheet:
        """The same with files of that many bytes in all; those that do not fit are left out, and it says so."""
        kept: list[Attached] = []
        out: list[Attached] = []
        for each in self.files:
            fits = sum(len(one.data) for one in kept) + len(each.data) <= room
            (kept if fits else out).append(each)
        return replace(self._without(out), files=tuple(kept)) if out else self

    def _without(self, files: Sequence[Attached]) -> Sheet:
        gone = {f"attachment://{each.name}" for each in files}
        embeds = [embed.copy() for embed in self.embeds]
        for embed in embeds:
            if embed.image.url in gone:
                embed.set_image(url=None)
        names, they = ", ".join(f"`{each.name}`" for each in files), "they are" if len(files) > 1 else "it is"
        ways = " ".join(dict.fromkeys(each.otherwise for each in files if each.otherwise))
        note = f"Left out, for {they} too large for this server: {names}. {ways or 'The record is kept.'}"
        content = cut(f"{self.content}\n{note}".strip(), CONTENT)
        return replace(self, content=content, embeds=tuple(embeds))

    def with_files(self, *files: Attached) -> Sheet:
        """The same with more files; those over the limit are left out."""
        return replace(self, files=(*self.files, *files)[:FILES])


def view_of(rows: Sequence[Row]) -> discord.ui.View | None:
    """The buttons as discord.py sends them; None without any, which takes them off when a message is edited.
    Call it where an event loop runs: outside, a view cannot be stopped."""
    if not any(rows):
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate([row for row in rows if row][:ROWS]):
        for button in row[:BUTTONS_A_ROW]:
            view.add_item(
                discord.ui.Button(
                    label=cut(button.label, LABEL),
                    custom_id=button.custom_id,
                    style=button.style,
                    disabled=button.disabled,
                    row=number,
                )
            )
    view.stop()
    return view


def files_of(files: Sequence[Attached]) -> list[discord.File]:
    """Fresh uploads; discord.py closes each after it was sent once."""
    return [
        discord.File(io.BytesIO(each.data), filename=each.name, description=bare(each.description, ALT_TEXT) or None)
        for each in files[:FILES]
    ]


def nobody() -> discord.AllowedMentions:
    """Pings nobody, whatever the text says."""
    return discord.AllowedMentions.none()


def only(member_id: int) -> discord.AllowedMentions:
    """Pings this member and nobody else."""
    return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[discord.Object(member_id)])
