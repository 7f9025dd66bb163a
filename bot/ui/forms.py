"""Forms. They are answered by their custom_id, so that one opened before a restart can still be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import discord

from bot.ui.custom_ids import Action, Press, custom_id
from bot.ui.frame import Button, Sheet
from bot.ui.limits import EMBED_DESCRIPTION, card, together
from bot.ui.text import cut, plain, unescaped
from mv.domain import limits
from mv.domain.character import Character
from mv.domain.ids import RecordId
from mv.domain.jobs import Job, JobKind

OPEN_SECONDS = 900
"""Discord keeps a form's interaction that long; discord.py forgets a dismissed form after it."""
TITLE = 45
HINT = 100
PREFIX = "mvform:"


class Form(StrEnum):
    """What a form asks for; its custom_id is `mvform:<form>:<record>`."""

    USE = "use"
    EDIT_SCENES = "edit-scenes"
    EDIT_CHARACTER = "edit-character"
    VARY = "vary"
    EDIT_VARY = "edit-vary"


def form_id(form: Form, record: RecordId) -> str:
    """The form's custom_id; `read_form` reads it back."""
    return f"{PREFIX}{form.value}:{record}"


def read_form(custom_id: str) -> tuple[Form, RecordId] | None:
    """Which form was sent, and about what; None if it is none of ours."""
    name, _, record = custom_id.removeprefix(PREFIX).partition(":")
    if not custom_id.startswith(PREFIX) or name not in set(Form):
        return None
    return Form(name), RecordId(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """A line of a form; `name` is the custom_id of what is typed."""

    label: str
    name: str
    limit: int
    long: bool = False
    required: bool = True

    def box(self, value: str, hint: str = "") -> discord.ui.Label[discord.ui.Modal]:
        style = discord.TextStyle.paragraph if self.long else discord.TextStyle.short
        box: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=self.name,
            style=style,
            default=value[: self.limit] or None,
            required=self.required,
            max_length=self.limit,
        )
        return discord.ui.Label(text=self.label, description=cut(hint, HINT) or None, component=box)


_IDEA = _Field(label="Idea", name="idea", limit=limits.IDEA, long=True)
_INSTRUCTIONS = _Field(label="Instructions", name="instructions", limit=limits.INSTRUCTIONS, long=True, required=False)
_FIELDS: dict[Form, tuple[_Field, ...]] = {
    Form.USE: (
        _IDEA,
        _Field(label="Number of scenes (1-24)", name="count", limit=2, required=False),
        _Field(label="Style", name="style", limit=limits.STYLE, required=False),
    ),
    Form.EDIT_SCENES: (_IDEA, _Field(label="Character", name="character", limit=limits.CHARACTER, long=True)),
    Form.EDIT_CHARACTER: (_Field(label="Description", name="description", limit=limits.DESCRIPTION, long=True),),
    Form.VARY: (_INSTRUCTIONS, _Field(label="Take", name="take", limit=6, required=False)),
    Form.EDIT_VARY: (_INSTRUCTIONS,),
}
_TITLES = {
    Form.USE: "Use in scenes",
    Form.EDIT_SCENES: "Edit and retry",
    Form.EDIT_CHARACTER: "Edit and retry",
    Form.VARY: "Vary",
    Form.EDIT_VARY: "Edit and retry",
}
_DIFFERS = "What shall differ; all else stays the same."


def use_in_scenes(character: Character) -> discord.ui.Modal:
    """A scene list with this character."""
    return opened(Form.USE, character.id, {}, f"Scenes with {character.ref}")


def vary(character: Character, takes: Sequence[int]) -> discord.ui.Modal:
    """New takes of this character; `takes` are those of the message, the first of which is offered."""
    shown = ", ".join(map(str, takes))
    which = f"This message shows take{'s' if len(takes) > 1 else ''} {shown}." if takes else "The main one if left out."
    typed = {"take": str(takes[0])} if takes else {}
    return opened(Form.VARY, character.id, typed, f"Vary {character.ref}", {"instructions": _DIFFERS, "take": which})


def editing(job: Job) -> discord.ui.Modal:
    """Edit and retry: the form with what a refused job was asked for."""
    if job.kind is JobKind.SCENES:
        return opened(Form.EDIT_SCENES, job.id, job.order["request"])
    variation = job.order.get("variation")
    if variation is not None:
        return opened(Form.EDIT_VARY, job.id, variation, hints={"instructions": _DIFFERS})
    return opened(Form.EDIT_CHARACTER, job.id, job.order["request"])


def opened(
    form: Form, record: RecordId, typed: Mapping[str, str], title: str = "", hints: Mapping[str, str] | None = None
) -> discord.ui.Modal:
    """The form, with these values in its fields and `hints` above them, by field."""
    modal = discord.ui.Modal(
        title=cut(title or _TITLES[form], TITLE), custom_id=form_id(form, record), timeout=OPEN_SECONDS
    )
    for field in _FIELDS[form]:
        modal.add_item(field.box(typed.get(field.name, ""), (hints or {}).get(field.name, "")))
    return modal


def with_text_kept(refusal: Sheet, form: Form, record: RecordId, typed: Mapping[str, str]) -> Sheet:
    """A refusal of a form, with what was typed and a button that opens the form again; `typed_in` reads it back, also
    after a restart."""
    kept = [(field.label, plain(typed.get(field.name, ""), EMBED_DESCRIPTION)) for field in _FIELDS[form]]
    texts = [card(title=label, text=text) for label, text in kept if text]
    press = Press(action=Action.FORM, record=record, form=list(Form).index(form))
    button = Button(label="Change it", custom_id=custom_id(press), style=discord.ButtonStyle.primary)
    return replace(refusal, embeds=tuple(together([*refusal.embeds, *texts])), rows=(*refusal.rows, (button,)))


def typed_in(embeds: Sequence[discord.Embed], form: Form) -> dict[str, str]:
    """What stands in a message of `with_text_kept`, by field."""
    names = {field.label: field.name for field in _FIELDS[form]}
    return {names[each.title]: unescaped(each.description or "") for each in embeds if each.title in names}
