"""Errors in words: what happened, and what to do now.

Nothing here shows a vendor's text or `str(error)`: words are made from the facts alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.ui.file_words import NOT_OURS, wrong
from bot.ui.text import bare
from bot.ui.words import VENDORS, about, member
from mv import errors as e
from mv.domain.money import dollars


@dataclass(frozen=True, slots=True)
class Words:
    """`what` happened, and what `to_do` now."""

    what: str
    to_do: str = ""


FIELDS = {
    "count": "The number of scenes",
    "images": "The number of pictures",
    "seed": "The seed",
    "limit": "The limit",
    "aspect_ratio": "The aspect ratio",
    "video_type": "The video type",
    "negative_description": "The negative description",
    "scene": "The scene's number",
    "after": "The number of the scene before it",
    "to": "The place",
    "duration_seconds": "The duration in seconds",
    "shot_size": "The shot size",
    "since": "The day to begin with",
    "budget": "The budget",
    "time_zone": "The time zone",
    "keep_jobs_days": "`keep_jobs_days`",
    "keep_takes_days": "`keep_takes_days`",
    "keep_deleted_days": "`keep_deleted_days`",
    "channel": "The channel",
}
RULES = {
    "safety": "its safety rules",
    "recitation": "its rule against reciting existing works",
    "likeness": "its rule on the likeness of real people",
    "prohibited": "its list of prohibited content",
}
PICTURES = {
    "broken": "the picture was broken",
    "not_a_picture": "what came was not a picture",
    "too_large": "the picture was larger than this bot takes in",
    "expired": "the link to the picture had expired",
    "foreign_host": "the picture was offered at an address that is not trusted",
    "empty": "no picture came",
    "failed": "the engine failed while it was painting",
}
REST = {
    "Uncertain": "whether the vendor accepted the rest is not known, and it may have charged it",
    "Blocked": "the vendor refused the rest by its rules",
}
LATER = "Try again in a few minutes."
ANSWERS = {
    "cut_off": "The answer was cut off",
    "not_json": "The answer could not be read",
    "empty": "The answer was empty",
    "too_few": "There were too few scenes in the answer",
}


def _field(name: str) -> str:
    return FIELDS.get(name, f"The {name.replace('_', ' ')}")


def _code(text: str, limit: int) -> str:
    """Somebody's text as code: shown as it is, but for backticks."""
    return f"`{bare(text, limit).replace('`', chr(39)) or '…'}`"


def _near(names: tuple[str, ...]) -> str:
    return f"Nearest: {', '.join(_code(name, 80) for name in names)}." if names else ""


def _vendor(name: str) -> str:
    return VENDORS.get(name, "the vendor")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _used_up(error: e.AllowanceUsedUp) -> Words:
    money = error.kind == "spend"
    limit, used = (dollars(amount) if money else str(amount) for amount in (error.limit, error.used))
    mine = {"member": "Your own limit", "role": "The limit of your role"}.get(
        error.whose, "The limit for everybody here"
    )
    what = f"Your allowance of {error.kind} is not enough: {used} of {limit} used this {error.period}, "
    if error.wanted is None:
        what += "and nobody knows what this engine costs."
    else:
        what += f"and this would take {dollars(error.wanted) if money else error.wanted} more."
    ask = "Managers of this server can change it with `/quota set`."
    return Words(what, f"{mine} resets <t:{error.resets_at}:R>. {ask}")


def _budget_reached(error: e.BudgetReached) -> Words:
    if error.scope == "bot":  # servers learn nothing of each other
        what = "This bot's budget for the month is used up."
        return Words(what, f"It resets <t:{error.resets_at}:R>. Whoever runs the bot can raise it.")
    whose = f"The budget of project {error.ref}" if error.scope == "project" else "The budget of this server"
    if error.limit == 0:
        what = f"{whose} is nothing at all, so nothing that costs money can be made."
    else:
        what = f"{whose} is not enough: {dollars(error.used)} of {dollars(error.limit)} used this month, "
        need = "and nobody knows what this engine costs" if error.wanted is None else None
        what += (need or f"and this would take up to {dollars(error.wanted or 0)} more") + "."
    way = f"`/project budget ref:{error.ref}`" if error.scope == "project" else "`/settings set budget`"
    ask = f"Managers of this server can raise it with {way}."
    return Words(what, ask if error.limit == 0 else f"It resets <t:{error.resets_at}:R>. {ask}")


_PARTS = ("version", "take")
_LISTED = {"scene list": "scenes", "character": "character", "job": "jobs", "project": "project"}


def _not_found(error: e.NotFound) -> Words:
    given = f" {_code(error.given, 60)}" if error.given else ""
    if not given:  # a button, whose record was deleted since, most often
        return Words(f"There is no {error.kind} here any more.", "The lists show what there is.")
    ref, _, part = error.given.partition(" ")
    if error.kind in _PARTS and part:  # such as `S12 v7`
        command = "scenes" if error.kind == "version" else "character"
        number = "".join(filter(str.isdigit, part))
        return Words(f"{ref} has no {error.kind} {number}.", f"`/{command} history ref:{ref}` shows what there is.")
    shown = (
        f"`/{_LISTED[error.kind]} list` shows what there is."
        if error.kind in _LISTED
        else "The lists show what there is."
    )
    near = f"There are {', '.join(_code(name, 80) for name in error.nearest)}. " if error.nearest else ""
    return Words(f"There is no {error.kind}{given} here.", near + shown)


def _busy(error: e.VendorBusy) -> Words:
    wait = f" in about {about(error.retry_after)}" if error.retry_after else " in a few minutes"
    return Words(f"{_capital(_vendor(error.vendor))} is busy and stayed so.", f"Try again{wait}.")


def _down(error: e.VendorDown) -> Words:
    vendor = _capital(_vendor(error.vendor))
    if error.reason == e.RESTING:
        return Words(f"{vendor} kept failing and is left alone for a while; it was not asked.", LATER)
    late = error.reason == e.TIMEOUT
    what = f"{vendor} did not answer in time." if late else f"{vendor} cannot be reached at the moment."
    return Words(what, f"It was tried several times. {LATER}")


def _blocked(error: e.Blocked) -> Words:
    rule = RULES.get(error.rule, "one of its rules")
    return Words(
        f"{_capital(_vendor(error.vendor))} refused this, by {rule}.",
        "Change the text and try again; your text is kept in the form.",
    )


def _bad_answer(error: e.BadAnswer) -> Words:
    got = f" ({error.got} of {error.wanted} scenes)" if error.reason == "too_few" else ""
    return Words(
        f"{ANSWERS.get(error.reason, ANSWERS['not_json'])}{got}, also when asked again.",
        "Try again, perhaps with fewer scenes.",
    )


def _not_ours(error: e.NotOurs) -> Words:
    line = f" (line {error.line})" if error.line else ""
    return Words(
        f"{NOT_OURS.get(error.why, NOT_OURS['another_kind'])}{line}.",
        "Nothing was stored. `/scenes export` with format json writes such a file.",
    )


def _bad_file(error: e.BadFile) -> Words:
    pairs = zip(error.places, error.wrongs, strict=False)
    rows = [f"- {_code(place, 60)} {wrong(code)}" for place, code in pairs]
    more = error.count - len(rows)
    rows += [f"- and {more:,} more"] if more > 0 else []
    return Words("Something in this file is wrong:\n" + "\n".join(rows), "Nothing was stored. Mend it and try again.")


def _file_too_large(error: e.FileTooLarge) -> Words:
    name = _code(error.name, 60) if error.name else "This file"
    size = f"{error.bytes / 1e6:,.1f} MB"
    if not error.limit:
        return Words(f"{name} has {size}, which is too large for this server.")
    return Words(f"{name} is too large: {size}, where {error.limit / 1e6:,.1f} MB are the most.")


def _too_late(error: e.TooLate) -> Words:
    how = {"done": "is done", "failed": "has failed", "cancelled": "was cancelled"}.get(error.state, "has ended")
    return Words(f"Too late: {error.ref} {how} already; nothing more can be done with it.")


def _not_allowed(error: e.NotAllowed) -> Words:
    """Only the owner retries and asks anew; the rest is for managers too, alone if nobody is the owner any more."""
    what = f"You may not {error.action} {error.ref}."
    if error.action in ("retry", "ask anew for"):
        return Words(what, f"Only {member(error.owner_id)} may." if error.owner_id else "Ask for it anew.")
    who = f"{member(error.owner_id)} and managers" if error.owner_id else "Managers"
    return Words(what, f"{who} of this server may.")


def _otherwise(error: e.Already) -> str:
    reopen = " reopen:True" if error.state == "archived" else ""
    return f"The other way: `/project archive ref:{error.ref}{reopen}`."


def _named(refs: tuple[str, ...]) -> str:
    """The first few, and how many more."""
    more = len(refs) - 5
    return ", ".join(refs[:5]) + (f" and {more} more" if more > 0 else "")


def _not_here(error: e.NotHere) -> Words:
    where = " or ".join(f"<#{channel}>" for channel in error.channels[:10])
    return Words("Nothing is made in this channel.", f"Use {where or 'another channel'}.")


def _nothing_set(error: e.NothingSet) -> Words:
    if error.given:
        return Words(f"`{error.given}` says where a `project` or a `flavor` applies.", "Name one of them as well.")
    return Words("Nothing was named to set.", "Choose an option, such as `project` or `keep_jobs_days`.")


WORDS: dict[type[e.MvError], Callable[[Any], Words]] = {
    e.OutOfRange: lambda x: Words(f"{_field(x.field)} must be from {x.low} to {x.high}."),
    e.TooLong: lambda x: Words(
        f"{_field(x.field)} may have {x.limit:,} characters; this has {x.length:,}.", "Shorten it."
    ),
    e.Empty: lambda x: Words(f"{_field(x.field)} is empty.", "Write a few words."),
    e.NotChosen: lambda x: Words(
        f"{_field(x.field)} {_code(x.given, 40)} does not fit.", f"Allowed: {', '.join(f'`{a}`' for a in x.allowed)}."
    ),
    e.ListFull: lambda x: Words(f"A scene list has {x.limit} scenes at most.", "Remove one first: `/scenes remove`."),
    e.LastScene: lambda _: Words("A scene list keeps at least one scene.", "`/scenes delete` deletes the whole list."),
    e.Same: lambda x: Words(f"That is what {x.ref} is already; no version was made."),
    e.NothingSought: lambda x: Words(
        f"There is nothing to look for in {_code(x.given, 80)}.",
        "Type at least one word or number that shall be found; signs and emoji are not searched.",
    ),
    e.Unknown: lambda x: Words(
        f"There is no {x.kind} {_code(x.given, 80)}.",
        _near(x.nearest) or ("`/project list` shows what there is." if x.kind == "project" else ""),
    ),
    e.FileTooLarge: _file_too_large,
    e.FileGone: lambda x: Words("Discord did not give out this file.", "Send it once more."),
    e.NotOurs: _not_ours,
    e.BadFile: _bad_file,
    e.Taken: lambda x: Words(f"There is a {x.kind} of that name already: {x.ref}.", "Use it, or choose another name."),
    e.Archived: lambda x: Words(
        f"{x.ref} is archived: nothing new goes into it.",
        f"Its owner and managers open it again: `/project archive ref:{x.ref} reopen:True`.",
    ),
    e.NameGone: lambda x: Words(
        f"{x.ref} cannot be opened again: {x.other} has its name by now.",
        "Rename one of them first: `/project rename`.",
    ),
    e.Already: lambda x: Words(f"{x.ref} is {x.state} already.", _otherwise(x)),
    e.TextRemoved: lambda x: Words(
        f"Nothing more can be made of {x.ref}: the words it came of were removed with their author's data.",
        "What was made is still there. Start anew with words of your own.",
    ),
    e.StillWorking: lambda x: Words(
        f"Not yet: {_named(x.refs)} must come to an end first.",
        "They are yours, or work on a record of yours. Wait, or cancel yours (`/jobs cancel`); then ask again.",
    ),
    e.ServerOnly: lambda x: Words("This works in a server only.", "Use it in a channel of your server."),
    e.NotFound: _not_found,
    e.NotAllowed: _not_allowed,
    e.ManagersOnly: lambda x: Words("Only members with Manage Server may do this.", "Ask one of them."),
    e.Final: lambda x: Words(f"It is too late: this {x.kind} is deleted for good.", "The lists show what there is."),
    e.NotHere: _not_here,
    e.NothingSet: _nothing_set,
    e.TooLate: _too_late,
    e.AllowanceUsedUp: _used_up,
    e.BudgetReached: _budget_reached,
    e.TooFast: lambda x: Words(
        f"That was a lot: {x.limit:,} commands, buttons and forms of one member are answered in a minute.",
        f"Go on <t:{x.resets_at}:R>.",
    ),
    e.TooManyWaiting: lambda x: Words(
        f"You have {x.limit} jobs waiting or running, which is the most.", "Wait for one, or cancel one: `/jobs list`."
    ),
    e.AlreadyAsked: lambda x: Words(
        f"That was asked for already: {x.ref}, by {member(x.member_id)}.",
        f"`/jobs show {x.ref}` says what became of it.",
    ),
    e.Repeated: lambda x: Words(f"This came twice; {x.ref} answers it."),
    e.Restarting: lambda x: Words("The bot is about to restart and takes in nothing new.", "Try again in a minute."),
    e.VendorResting: lambda x: Words(
        f"{_capital(_vendor(x.vendor))} keeps failing and is left alone for a while.", f"Try again <t:{x.until}:R>."
    ),
    e.CannotPost: lambda x: Words(
        f"I may not post here: {', '.join(p.replace('_', ' ').title() for p in x.missing)} is missing.",
        "An administrator can grant it in this channel's settings, or use another channel.",
    ),
    e.NotSetUp: lambda x: Words(
        f"{_capital(_vendor(x.vendor))} is not set up.",
        "An administrator must set its key; the log says which variable.",
    ),
    e.KeyRefused: lambda x: Words(
        f"{_capital(_vendor(x.vendor))} refused the key.",
        "An administrator must set a valid one; the log says which variable.",
    ),
    e.NoCredit: lambda x: Words(
        f"The account at {_vendor(x.vendor)} has no credit or quota left.", "An administrator must top it up."
    ),
    e.VendorBusy: _busy,
    e.VendorDown: _down,
    e.ModelGone: lambda x: Words(
        f"{_capital(_vendor(x.vendor))} no longer knows the model.",
        "Another engine may work; an administrator must name another model in models.yaml.",
    ),
    e.BadRequest: lambda x: Words(
        f"{_capital(_vendor(x.vendor))} refused the request as malformed.",
        "An administrator should look at this engine in models.yaml.",
    ),
    e.Blocked: _blocked,
    e.BadAnswer: _bad_answer,
    e.NoPicture: lambda x: Words(
        f"No picture could be taken in: {PICTURES.get(x.reason, PICTURES['broken'])}.", "Try again."
    ),
    e.Partial: lambda x: Words(f"{x.got} of {x.wanted} pictures came; {REST.get(x.why, 'the rest failed')}."),
    e.Stopped: lambda x: Words("It was cancelled." if not x.by_id else f"It was cancelled by {member(x.by_id)}."),
    e.Unconfirmed: lambda x: Words(f"It may cost up to {dollars(x.estimate)}, so it starts only after **Go**."),
    e.Uncertain: lambda x: Words(
        f"The answer of {_vendor(x.vendor)} was lost; whether it was accepted is not known.",
        "The vendor may have charged it. It is not asked again unless you press Retry.",
    ),
    e.StorageFull: lambda x: Words(
        "The bot's disk is full, so nothing could be kept.", "An administrator must make room."
    ),
    e.StorageReadOnly: lambda x: Words(
        "The bot may not write to its disk, so nothing could be kept.", "An administrator must make it writable."
    ),
    e.StorageLocked: lambda x: Words("The bot's database is busy.", "Try again in a moment."),
    e.StorageDamaged: lambda x: Words("The bot's database is damaged.", "An administrator must restore it."),
    e.NoChart: lambda x: Words("The chart could not be drawn.", "The numbers are well; try again in a moment."),
    e.StorageError: lambda x: Words(
        "The bot could not read or write its files.", "An administrator must look at the log."
    ),
    e.Incident: lambda x: Words(
        f"Something went wrong inside the bot. Incident `{x.number}`.",
        "Tell an administrator this number: the log has it.",
    ),
}

HEADINGS: tuple[tuple[type[e.MvError], str], ...] = (
    (e.Stopped, "Cancelled"),
    (e.Uncertain, "Uncertain"),
    (e.Unconfirmed, "Not started"),
    (e.Refused, "That does not work"),
    (e.MvError, "It did not work out"),
)


def words(error: e.MvError) -> Words:
    """The words for an error; for a type without words of its own those of the nearest parent that has some."""
    for kind in type(error).__mro__:
        if kind in WORDS:
            return WORDS[kind](error)
    return Words("Something went wrong.", "Try again.")


def heading(error: e.MvError) -> str:
    """A few words above them."""
    return next(title for kind, title in HEADINGS if isinstance(error, kind))
