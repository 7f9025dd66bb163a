"""A member's own data: what they take home, and the question before they are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, Press, custom_id
from bot.ui.exports import archives_message
from bot.ui.frame import Button, Sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import line
from bot.ui.words import many
from mv.domain.ids import RecordId, ServerId
from mv.domain.mydata import Belongings
from mv.export.zips import MANIFEST, Archive

NOTHING = "Nothing of yours is kept here"
_COUNTED = "What you used this month counts until it ends, and limits that managers set for you stay."
_MESSAGES = "Messages in Discord that show your text stay as well: delete them there, or ask a manager to."


def files_message(archives: Sequence[Archive]) -> Sheet:
    """What stands above some of the ZIP files."""
    inside = f"README.txt says what is what; {MANIFEST} in every ZIP lists what is in it"
    return archives_message("**Your data**", inside, archives)


def nothing_kept() -> Sheet:
    """There is nothing to take home."""
    return notice(NOTHING, "You made nothing here, or were forgotten already.")


def nothing_left() -> Sheet:
    """There is nothing to forget."""
    return notice("Nothing of yours is left here", _COUNTED)


def forget_question(found: Sequence[Belongings], names: Mapping[ServerId, str], asked: RecordId) -> Sheet:
    """Says what would happen. `names` of the servers where there are several to speak of; `asked` is when."""
    rows = [
        "**There is no undo.** First, `/mydata export` brings you a copy.",
        *_by_server(found, names),
        "**Goes for good** · what only you see, and what you deleted.",
        "**Stays for the team, without your name and your words** · the rest: scene lists and pictures stay, but not "
        "the idea, character, style and instructions that you typed, also where a scene repeats them word for word; "
        "nor what your jobs were asked for.",
        "**Stays as it is** · scenes that you edited by hand or imported, names of projects and of others' characters, "
        "and the description of a character with which another member made pictures or a scene list for all to see.",
        f"{_COUNTED} {_MESSAGES} Backups keep what they hold until they are deleted.",
    ]
    yes = Press(action=Action.MYDATA_FORGET, record=asked)
    keep = Press(action=Action.KEEP, record=asked)
    return notice(
        "Forget you?",
        limits.joined(rows, limits.EMBED_DESCRIPTION, "\n\n"),
        tone=Tone.CARE,
        buttons=(
            Button(label="Forget me", custom_id=custom_id(yes), style=discord.ButtonStyle.danger),
            Button(label="Keep", custom_id=custom_id(keep)),
        ),
    )


def forgetting() -> Sheet:
    """It has begun: the question is answered, and has no buttons any more."""
    return notice("Forgetting…", "This comes to its end by itself.")


def not_forgotten() -> Sheet:
    """Something came in between."""
    return notice("Nothing was forgotten", "Everything of yours is as it was.", tone=Tone.CARE)


def forgot(found: Sequence[Belongings], names: Mapping[ServerId, str]) -> Sheet:
    """What was done."""
    rows = [*_by_server(found, names), f"{_COUNTED} {_MESSAGES}"]
    if any(each.alone for each in found):
        rows.append("Pictures that only you saw are deleted with the next clean-up; nobody finds them until then.")
    return notice("You are forgotten", limits.joined(rows, limits.EMBED_DESCRIPTION, "\n\n"), tone=Tone.GOOD)


def _by_server(found: Sequence[Belongings], names: Mapping[ServerId, str]) -> list[str]:
    if not names:
        return [_counts(each) for each in found]
    rows = [f"**{line(names.get(each.server_id, ''), 100) or 'A server'}**\n{_counts(each)}" for each in found]
    shown = limits.joined(rows, 2000, "\n\n")
    more = len(found) - shown.count("\n\n") - 1
    return [shown, *([f"… and {many(more, 'server')} more"] if more else [])]


def _counts(each: Belongings) -> str:
    described = f" ({each.described} with description)" if each.described else ""
    parts = (
        (each.alone, f"{many(each.alone, 'record')} of yours alone"),
        (each.scene_lists, f"{many(each.scene_lists, 'scene list')} of the team's"),
        (each.characters, f"{many(each.characters, 'character')} of the team's{described}"),
        (each.changes, f"{many(each.changes, 'change')} to others' scene lists"),
        (each.takes, f"{many(each.takes, 'picture')} of others' characters"),
        (each.projects, many(each.projects, "project")),
        (each.jobs, many(each.jobs, "job")),
        (each.acts, f"{many(each.acts, 'limit, setting or cancel', 'limits, settings and cancels')} of yours"),
        (each.lines, many(each.lines, "line of usage", "lines of usage")),
    )
    return " · ".join(text for count, text in parts if count)
