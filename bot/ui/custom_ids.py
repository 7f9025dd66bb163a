"""The grammar of custom_ids: what a button does and to what, readable years later and after every restart.

    mv:<action>:<record>[:<argument>…]      mv:scenes.page:01J…:2:3
    mv:list.<what>:<before>:<project>:<member>

Records are keyed by ULID; arguments are numbers, 0 for none, and `job` is a ULID again.
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
    SCENES_DELETE = "scenes.delete"
    SCENES_DELETE_YES = "scenes.delete-yes"
    SCENES_UNDO = "scenes.undo"
    CHARACTER_AGAIN = "character.again"
    CHARACTER_ORIGINAL = "character.original"
    CHARACTER_USE = "character.use"
    CHARACTER_DELETE = "character.delete"
    CHARACTER_DELETE_YES = "character.delete-yes"
    CHARACTER_UNDO = "character.undo"
    JOB_CANCEL = "job.cancel"
    JOB_RETRY = "job.retry"
    JOB_EDIT = "job.edit"
    FORM = "form"
    """Opens a form again, with what was typed into it."""
    KEEP = "keep"
    """The other answer to a question: nothing happens."""


STARTING = frozenset({Action.SCENES_AGAIN, Action.CHARACTER_AGAIN, Action.JOB_RETRY})
"""Of which a job comes."""

_ARGUMENTS: dict[Action, dict[str, str]] = {
    Action.SCENES_PAGE: {"version": r"\d{1,6}", "page": r"\d{1,3}"},
    Action.SCENES_AGAIN: {"version": r"\d{1,6}"},
    Action.SCENES_DELETE_YES: {"message": r"\d{1,20}"},
    Action.SCENES_UNDO: {"message": r"\d{1,20}"},
    Action.CHARACTER_ORIGINAL: {"job": _ULID},
    Action.CHARACTER_DELETE_YES: {"message": r"\d{1,20}"},
    Action.CHARACTER_UNDO: {"message": r"\d{1,20}"},
    Action.FORM: {"form": r"\d"},
}


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
    form: int = 0
    """Which form, by its place among them."""


class ListOf(StrEnum):
    """Which list is paged."""

    SCENES = "scenes"
    CHARACTER = "character"
    PROJECT = "project"
    JOBS = "jobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A page of a list: rows with numbers below `before` (0: from the newest), of a project by its number and of a
    member, where they are not 0."""

    what: ListOf
    before: int = 0
    project: int = 0
    member: int = 0


def custom_id(press: Press) -> str:
    """The button's custom_id; `read` reads it back."""
    arguments = (str(getattr(press, name)) for name in _ARGUMENTS.get(press.action, {}))
    return _kept(":".join(("mv", press.action.value, press.record, *arguments)))


def template(action: Action) -> str:
    """A regular expression that matches every custom_id of this action, for a `DynamicItem`."""
    arguments = "".join(f":(?P<{name}>{form})" for name, form in _ARGUMENTS.get(action, {}).items())
    return f"mv:{re.escape(action.value)}:(?P<record>{_ULID}){arguments}"


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
        version=int(parts.get("version", 0)),
        page=int(parts.get("page", 0)),
        message=int(parts.get("message", 0)),
        job=RecordId(parts["job"]) if "job" in parts else None,
        form=int(parts.get("form", 0)),
    )


def list_id(turn: Turn) -> str:
    """The custom_id of a button that turns a list to another page; `turn_of` reads it back."""
    return _kept(f"mv:list.{turn.what.value}:{turn.before}:{turn.project}:{turn.member}")


LIST_TEMPLATE = (
    rf"mv:list\.(?P<what>{'|'.join(ListOf)}):(?P<before>\d{{1,12}}):(?P<project>\d{{1,12}}):(?P<member>\d{{1,20}})"
)
"""Matches every custom_id that turns a list."""


def turn_of(found: re.Match[str]) -> Turn:
    """The page that a match of LIST_TEMPLATE asks for."""
    return Turn(
        what=ListOf(found["what"]),
        before=int(found["before"]),
        project=int(found["project"]),
        member=int(found["member"]),
    )


def _kept(text: str) -> str:
    if len(text) > CUSTOM_ID:
        raise ValueError(f"custom_id of {len(text)} characters")
    return text
