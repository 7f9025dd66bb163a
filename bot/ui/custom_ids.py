"""The grammar of custom_ids: what a button does and to what, readable years later and after every restart.

    mv:<action>:<record>[:<argument>…]      mv:scenes.page:01J…:2:3
    mv:list.<what>:<before>:<project>:<member>

Records are keyed by ULID; arguments are numbers, 0 for none, `job` is a ULID again, and `takes` are numbers with dots
between. Buttons live for ever: what a later version of the bot adds to them may be missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.ui.limits import CUSTOM_ID
from mv.domain.ids import RecordId

_ULID = "[0-9A-HJKMNP-TV-Z]{26}"


class Action(StrEnum):
    """What a button on one record does."""

    SCENES_PAGE = "scenes.page"
    SCENES_AGAIN = "scenes.again"
    SCENES_REVISE = "scenes.revise"
    SCENES_RESTORE = "scenes.restore"
    SCENES_SHOW = "scenes.show"
    SCENES_EXPORT = "scenes.export"
    SCENES_DELETE = "scenes.delete"
    SCENES_DELETE_YES = "scenes.delete-yes"
    CHARACTER_VARY = "character.vary"
    """Opens the form."""
    SCENES_UNDO = "scenes.undo"
    CHARACTER_AGAIN = "character.again"
    CHARACTER_FRESH = "character.fresh"
    """The request that was answered from the library, asked anew by the `member` whose it was."""
    CHARACTER_ORIGINAL = "character.original"
    CHARACTER_USE = "character.use"
    CHARACTER_DELETE = "character.delete"
    CHARACTER_DELETE_YES = "character.delete-yes"
    PROJECT_SCENES = "project.scenes"
    PROJECT_CHARACTERS = "project.characters"
    MYDATA_FORGET = "mydata.forget"
    """The answer to a question whose `record` says when it was asked."""
    CHARACTER_UNDO = "character.undo"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"
    """Also Go: a question about what a job may cost is a job that was not started."""
    JOB_LEAVE = "job.leave"
    """The other answer to that question."""
    JOB_EDIT = "job.edit"
    FORM = "form"
    """Opens a form again, with what was typed into it."""
    KEEP = "keep"
    """The other answer to a question: nothing happens."""


STARTING = frozenset({Action.SCENES_AGAIN, Action.CHARACTER_AGAIN, Action.CHARACTER_FRESH, Action.JOB_RETRY})
"""Of which a job comes."""

_ARGUMENTS: dict[Action, dict[str, str]] = {
    Action.SCENES_PAGE: {"version": r"\d{1,6}", "page": r"\d{1,3}"},
    Action.SCENES_AGAIN: {"version": r"\d{1,6}"},
    Action.SCENES_REVISE: {"version": r"\d{1,6}", "scene": r"\d{1,3}"},
    Action.SCENES_RESTORE: {"version": r"\d{1,6}"},
    Action.SCENES_SHOW: {"version": r"\d{1,6}"},
    Action.SCENES_EXPORT: {"version": r"\d{1,6}"},
    Action.SCENES_DELETE_YES: {"message": r"\d{1,20}"},
    Action.CHARACTER_DELETE_YES: {"message": r"\d{1,20}"},
    Action.SCENES_UNDO: {"message": r"\d{1,20}"},
    Action.CHARACTER_UNDO: {"message": r"\d{1,20}"},
    Action.FORM: {"form": r"\d{1,2}"},
    Action.CHARACTER_FRESH: {"member": r"\d{1,20}"},
}
_TAKES = r"[1-9]\d{0,4}(?:\.[1-9]\d{0,4}){0,3}"
_OPTIONAL: dict[Action, dict[str, str]] = {
    Action.CHARACTER_VARY: {"takes": _TAKES},
    Action.CHARACTER_AGAIN: {"job": _ULID},
    Action.CHARACTER_ORIGINAL: {"job": _ULID, "takes": _TAKES},
    Action.FORM: {"about": r"\d{1,6}\.\d{1,3}\.\d{1,6}"},
}
"""Behind the others, each or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A click, read from its custom_id. Arguments that the action does not have keep their defaults."""

    action: Action
    record: RecordId
    version: int = 0
    page: int = 0
    message: int = 0
    """The message whose Delete was pressed; 0 if the question came from a command."""
    job: RecordId | None = None
    """The one that made the message's takes."""
    takes: tuple[int, ...] = ()
    """Numbers of the takes of its message, four at most."""
    member: int = 0
    form: int = 0
    """Which form, by its place among them."""
    scene: int = 0
    about: tuple[int, ...] = ()
    """What the form is about, besides the record: see `forms.Target`."""


class ListOf(StrEnum):
    """Which list is paged."""

    SCENES = "scenes"
    HISTORY = "history"
    """Of one scene list: `project` is then that list's number."""
    CHARACTER = "character"
    TAKES = "takes"
    PROJECT = "project"
    JOBS = "jobs"
    SCENES_FOUND = "scenes-found"
    CHARACTER_FOUND = "character-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A page of a list: rows with numbers below `before` (0: from the newest), of a project by its number and of a
    member, where they are not 0. Of what was found, `before` is where the page before ended; what was sought stands in
    the message. In a list of projects `project` is 1 for open ones, 2 for archived ones; a list of takes has the number
    of their character in it."""

    what: ListOf
    before: int = 0
    project: int = 0
    member: int = 0


def custom_id(press: Press) -> str:
    """The button's custom_id; `read` reads it back."""
    arguments = [str(getattr(press, name)) for name in _ARGUMENTS.get(press.action, {})]
    more = [_written(getattr(press, name)) for name in _OPTIONAL.get(press.action, {}) if getattr(press, name)]
    return _kept(":".join(("mv", press.action.value, press.record, *arguments, *more)))


def _written(value: RecordId | tuple[int, ...] | int) -> str:
    return ".".join(map(str, value)) if isinstance(value, tuple) else str(value)


def template(action: Action) -> str:
    """A regular expression that matches every custom_id of this action, for a `DynamicItem`."""
    arguments = "".join(f":(?P<{name}>{form})" for name, form in _ARGUMENTS.get(action, {}).items())
    more = "".join(f"(?::(?P<{name}>{form}))?" for name, form in _OPTIONAL.get(action, {}).items())
    return f"mv:{re.escape(action.value)}:(?P<record>{_ULID}){arguments}{more}"


def read(text: str) -> Press | None:
    """What a button of ours on one record means; None for anything else."""
    for action in Action:
        found = re.fullmatch(template(action), text)
        if found is not None:
            return press_of(action, found)
    return None


def press_of(action: Action, found: re.Match[str]) -> Press:
    """The click of a match of this action's template."""
    parts = found.groupdict()
    return Press(
        action=action,
        record=RecordId(parts["record"]),
        version=int(parts.get("version") or 0),
        page=int(parts.get("page") or 0),
        message=int(parts.get("message") or 0),
        job=RecordId(parts["job"]) if parts.get("job") else None,
        takes=tuple(map(int, parts["takes"].split("."))) if parts.get("takes") else (),
        member=int(parts.get("member") or 0),
        form=int(parts.get("form") or 0),
        scene=int(parts.get("scene") or 0),
        about=tuple(map(int, parts["about"].split("."))) if parts.get("about") else (),
    )


def list_id(turn: Turn) -> str:
    """The custom_id of a button that turns a list to another page; `turn_of` reads it back."""
    return _kept(f"mv:list.{turn.what.value}:{turn.before}:{turn.project}:{turn.member}")


LIST_TEMPLATE = (
    rf"mv:list\.(?P<what>{'|'.join(ListOf)}):(?P<before>\d{{1,12}}):(?P<project>\d{{1,12}})"
    r":(?P<member>\d{1,19})"
)
"""Matches every custom_id that turns a list."""


def turn_of(found: re.Match[str]) -> Turn:
    """The page that a match of LIST_TEMPLATE asks for."""
    return Turn(
        what=ListOf(found["what"]),
        before=int(found["before"]),
        project=int(found["project"]),
        member=min(int(found["member"]), 2**63 - 1),  # all that a record can hold
    )


def _kept(text: str) -> str:
    if len(text) > CUSTOM_ID:
        raise ValueError(f"custom_id of {len(text)} characters")
    return text
