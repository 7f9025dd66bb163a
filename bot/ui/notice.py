"""Short answers: a refusal, a failure, something done, a question before something is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, Press, custom_id
from bot.ui.frame import Button, Sheet
from bot.ui.text import line
from bot.ui.words import ACCENT, BAD, CARE, GOOD, STAR, stamp
from mv.domain.ids import RecordId, Ref


class Tone(Enum):
    """What kind of answer it is; the colour says so before it is read."""

    PLAIN = ACCENT
    GOOD = GOOD
    CARE = CARE
    BAD = BAD


def notice(title: str, text: str = "", *, tone: Tone = Tone.PLAIN, buttons: Sequence[Button] = ()) -> Sheet:
    """A title and what there is to say, both safe already."""
    return Sheet(
        embeds=(limits.card(title=title, text=text, colour=tone.value),), rows=(tuple(buttons),) if buttons else ()
    )


def error_message(
    title: str, what: str, charged: str = "", todo: str = "", buttons: Sequence[Button] = (), *, tone: Tone = Tone.CARE
) -> Sheet:
    """What happened, whether it was charged and what to do now, in safe words; CARE for refusals, BAD for failures."""
    text = limits.joined([part for part in (what, todo) if part], limits.EMBED_DESCRIPTION, "\n\n")
    card = limits.card(title=title, text=text, footer=charged, colour=tone.value)
    return Sheet(embeds=(card,), rows=(tuple(buttons),) if buttons else ())


def delete_question(action: Action, record: RecordId, ref: Ref, title: str, message: int = 0) -> Sheet:
    """Asks before a record is deleted. `action` is the one for Yes; `message` the one whose Delete was pressed."""
    yes = custom_id(Press(action=action, record=record, message=message))
    keep = custom_id(Press(action=Action.KEEP, record=record))
    return notice(
        f"Delete {ref}?",
        f"**{line(title, 160)}** will not be found any more, by anybody. Undo brings it back for a while.",
        tone=Tone.CARE,
        buttons=(
            Button(label=f"Delete {ref}", custom_id=yes, style=discord.ButtonStyle.danger),
            Button(label="Keep", custom_id=keep),
        ),
    )


def deleted(action: Action, record: RecordId, ref: Ref, title: str, until: datetime, message: int = 0) -> Sheet:
    """A record is gone, unless somebody presses Undo (`action`) before `until`; `message` as in the question."""
    undo = custom_id(Press(action=action, record=record, message=message))
    return notice(
        f"{ref} is deleted",
        f"**{line(title, 160)}**\n**Undo** brings it back until {stamp(until)}. Then it is final, with its files.",
        tone=Tone.PLAIN,
        buttons=(Button(label="Undo", custom_id=undo),),
    )


def undone(ref: Ref, title: str, command: str) -> Sheet:
    """A deletion was taken back; `command` shows such records."""
    return notice(f"{ref} is back", f"**{line(title, 160)}**\n`/{command} show ref:{ref}` shows it.", tone=Tone.GOOD)


def kept(ref: Ref | None = None) -> Sheet:
    """Nothing was deleted."""
    return notice(f"{ref or 'It'} is kept", "Nothing was changed.")


def starred(ref: Ref, title: str, since: datetime | None) -> Sheet:
    """A star was given, or, without `since`, taken away."""
    name = line(title, 160)
    if since is None:
        return notice(f"{ref} has no star any more", f"{name}\nClean-up may remove it, where this server has one.")
    return notice(
        f"{STAR} {ref} is starred",
        f"{name}\nClean-up leaves it alone. With `remove:True` its owner or a manager takes the star away again.",
    )


def retry_buttons(job: RecordId, *, edit: bool = False) -> tuple[Button, ...]:
    """Under a failure: Retry, or, where the text itself was refused, Edit and retry."""
    if edit:
        press = Press(action=Action.JOB_EDIT, record=job)
        return (Button(label="Edit and retry", custom_id=custom_id(press), style=discord.ButtonStyle.primary),)
    press = Press(action=Action.JOB_RETRY, record=job)
    return (Button(label="Retry", custom_id=custom_id(press), style=discord.ButtonStyle.primary),)
