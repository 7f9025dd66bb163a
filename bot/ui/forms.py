"""Forms. They are answered by their custom_id, so that one opened before a restart can still be sent."""

from __future__ import annotations

from enum import StrEnum

import discord

from bot.ui.text import cut
from mv.domain import limits
from mv.domain.character import Character
from mv.domain.ids import RecordId

OPEN_SECONDS = 900
"""Discord keeps a form's interaction that long; discord.py forgets a dismissed form after it."""
TITLE = 45
PREFIX = "mvform:"


class Form(StrEnum):
    """What a form asks for; its custom_id is `mvform:<form>:<record>`."""

    USE = "use"
    EDIT_SCENES = "edit-scenes"
    EDIT_CHARACTER = "edit-character"


def form_id(form: Form, record: RecordId) -> str:
    """The form's custom_id; `read_form` reads it back."""
    return f"{PREFIX}{form.value}:{record}"


def read_form(custom_id: str) -> tuple[Form, RecordId] | None:
    """Which form was sent, and about what; None if it is none of ours."""
    name, _, record = custom_id.removeprefix(PREFIX).partition(":")
    if not custom_id.startswith(PREFIX) or name not in set(Form):
        return None
    return Form(name), RecordId(record)


def use_in_scenes(character: Character) -> discord.ui.Modal:
    """A scene list with this character."""
    form = _form(f"Scenes with {character.ref}", Form.USE, character.id)
    form.add_item(_text("Idea", "idea", limits.IDEA, long=True))
    form.add_item(_text("Number of scenes (1-24)", "count", 2, required=False))
    form.add_item(_text("Style", "style", limits.STYLE, required=False))
    return form


def edit_scenes(job: RecordId, idea: str, character: str) -> discord.ui.Modal:
    """A refused request, to be changed and sent again."""
    form = _form("Edit and retry", Form.EDIT_SCENES, job)
    form.add_item(_text("Idea", "idea", limits.IDEA, idea, long=True))
    form.add_item(_text("Character", "character", limits.CHARACTER, character, long=True))
    return form


def edit_character(job: RecordId, description: str) -> discord.ui.Modal:
    """A refused description, to be changed and sent again."""
    form = _form("Edit and retry", Form.EDIT_CHARACTER, job)
    form.add_item(_text("Description", "description", limits.DESCRIPTION, description, long=True))
    return form


def _form(title: str, form: Form, record: RecordId) -> discord.ui.Modal:
    return discord.ui.Modal(title=cut(title, TITLE), custom_id=form_id(form, record), timeout=OPEN_SECONDS)


def _text(
    label: str, field: str, limit: int, value: str = "", *, long: bool = False, required: bool = True
) -> discord.ui.Label[discord.ui.Modal]:
    style = discord.TextStyle.paragraph if long else discord.TextStyle.short
    box: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
        custom_id=field, style=style, default=value[:limit] or None, required=required, max_length=limit
    )
    return discord.ui.Label(text=label, component=box)
