"""Turns of phrase that every drawing shares: times, counts, money, bars."""

from __future__ import annotations

from datetime import datetime

import discord

from bot.ui.text import bare, line
from mv.domain.jobs import JobKind
from mv.domain.money import dollars

ACCENT = discord.Colour(0x5865F2)
GOOD = discord.Colour(0x2D9D5F)
CARE = discord.Colour(0xE0A030)
BAD = discord.Colour(0xD5494B)
LOCK = "🔒"
"""Marks what only its author sees."""
STAR = "★"
"""Marks what is kept from clean-up."""

REUSED = "**From the library** · the very same was asked for before, so nothing was made and nothing was charged."
"""An answer that no vendor was asked for."""

MAKES = {JobKind.SCENES: "Scene list", JobKind.CHARACTER: "Character"}
"""What a job makes."""


VENDORS = {"gemini": "Google Gemini", "replicate": "Replicate", "offline": "the offline engine", "": "the vendor"}


def stamp(moment: datetime, style: str = "f") -> str:
    """A moment as every reader sees it in their own time zone: `f` in full, `R` from now, `d` the day."""
    return f"<t:{int(moment.timestamp())}:{style}>"


def timecode(seconds: float) -> str:
    """`1:04`: minutes and seconds of the running time, seconds rounded."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def about(seconds: float) -> str:
    """`25 s`, `4 min`, `2 h`: a length of time, roughly."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


def roughly(seconds: float) -> str:
    """As `about`, for what is only estimated: in steps of 5 s."""
    return about(seconds) if seconds >= 90 else f"{max(1, round(seconds / 5)) * 5} s"


def length(seconds: float) -> str:
    """`4 s`, `4.5 s`: the length of one scene."""
    return f"{seconds:g} s"


def member(member_id: int) -> str:
    """Who it was, as Discord shows them; who asked to be forgotten has no number any more."""
    return f"<@{member_id}>" if member_id > 0 else "a former member"


def price(cost: int | None) -> str:
    """Micro-dollars as people read them; an engine without a known price is never free."""
    if cost is None:
        return "unpriced"
    return "no cost" if cost == 0 else dollars(cost)


def many(count: int, one: str, more: str | None = None) -> str:
    """`1 scene`, `8 scenes`."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def quote(text: str, limit: int) -> str:
    """What somebody wrote, set off as a quotation on one line; empty if it says nothing."""
    said = line(text, limit)
    return f"> {said}" if said else ""


def bar(done: int, total: int, width: int = 10) -> str:
    """`▰▰▰▱▱▱▱▱▱▱`; any start shows, and it is full only at the end."""
    filled = min(width, max(done * width // total, min(done, 1))) if total > 0 else width
    return "▰" * filled + "▱" * (width - filled)


_ENGINE_NOTES = {
    "engine_gone": "the engine {} is gone at its vendor, the next took over",
    "engine_down": "the engine {} does not work at the moment, the next took over",
}


def engine_note(note: str) -> str:
    """That another engine did the work, as a part of a sentence; empty if that is not what the note says."""
    what, _, name = note.partition(":")
    return _ENGINE_NOTES[what].format(line(name, 60)) if what in _ENGINE_NOTES else ""


def marks(*, starred: bool, private: bool) -> str:
    """What stands behind a record's name in a list; begins with a space if there is anything."""
    return "".join(f" {mark}" for mark, there in ((STAR, starred), (LOCK, private)) if there)


def standing(*, starred: bool, private: bool) -> str:
    """The same behind a head, with the words that belong to it."""
    return f"{f' {STAR}' if starred else ''}{f' · {LOCK} only you see this' if private else ''}"


def made_with(engine: str, answered: str) -> str:
    """The engine by its name, by which it is chosen and found, and who really answered, where that says more."""
    name, version = bare(engine, 60), bare(answered, 80)
    return f"{name} ({version})" if version and version != name else name
