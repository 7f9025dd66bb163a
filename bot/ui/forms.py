"""Forms. They are answered by their custom_id, so that one opened before a restart can still be sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import discord

from bot.ui.custom_ids import Action, Press, custom_id
from bot.ui.frame import Attached, Button, Sheet
from bot.ui.limits import EMBED_DESCRIPTION, MESSAGE_OF_EMBEDS, card, together, weight
from bot.ui.text import cut, plain, unescaped, units
from mv.domain import limits
from mv.domain.character import Character
from mv.domain.ids import RecordId
from mv.domain.jobs import Job, JobKind
from mv.domain.scene_check import TEXT, TITLE
from mv.domain.scenes import SceneListView

OPEN_SECONDS = 900
"""Discord keeps a form's interaction that long; discord.py forgets a dismissed form after it."""
FORM_TITLE = 45
HINT = 100
PREFIX = "mvform:"
DETAILS = 4000
"""The most that Discord takes in one field."""


class Form(StrEnum):
    """What a form asks for; its custom_id is `mvform:<form>:<record>[:<version>:<scene>:<newest>]`. Buttons know a form
    by its place among these: new ones go to the end."""

    USE = "use"
    EDIT_SCENES = "edit-scenes"
    EDIT_CHARACTER = "edit-character"
    REVISE = "revise"
    EDIT_REVISION = "edit-revision"
    EDIT_SCENE = "edit-scene"
    INSERT_SCENE = "insert-scene"
    VARY = "vary"
    EDIT_VARY = "edit-vary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a form is about: a record or a job, where it matters a version of it, a scene of that by its number, and
    which version was the newest when the form was opened."""

    record: RecordId
    version: int = 0
    scene: int = 0
    newest: int = 0

    @property
    def numbers(self) -> tuple[int, int, int]:
        """All but the record."""
        return self.version, self.scene, self.newest


def form_id(form: Form, about: Target) -> str:
    """The form's custom_id; `read_form` reads it back."""
    return ":".join((f"{PREFIX}{form.value}", about.record, *map(str, about.numbers)))


def read_form(custom_id: str) -> tuple[Form, Target] | None:
    """Which form was sent, and about what; None if it is none of ours."""
    name, *parts = custom_id.removeprefix(PREFIX).split(":")
    if not custom_id.startswith(PREFIX) or name not in set(Form) or not parts:
        return None
    return Form(name), target(RecordId(parts[0]), [int(part) for part in parts[1:] if part.isdecimal()])


def target(record: RecordId, numbers: Sequence[int]) -> Target:
    """As `Target.numbers` said it; buttons and forms of an earlier release have none."""
    version, scene, newest = numbers if len(numbers) == 3 else (0, 0, 0)
    return Target(record=record, version=version, scene=scene, newest=newest)


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
_REVISION = (
    _Field(label="What should be different", name="instructions", limit=limits.INSTRUCTIONS, long=True),
    _Field(label="Scene", name="scene", limit=3, required=False),
)
_SCENE = (
    _Field(label="Title", name="title", limit=TITLE),
    _Field(label="Description", name="description", limit=TEXT, long=True),
    _Field(label="Action", name="action", limit=TEXT, long=True, required=False),
    _Field(label="Avoid", name="negative_description", limit=TEXT, long=True, required=False),
    _Field(label="Details, a line each", name="details", limit=DETAILS, long=True),
)
_INSTRUCTIONS = _Field(label="Instructions", name="instructions", limit=limits.INSTRUCTIONS, long=True, required=False)
_FIELDS: dict[Form, tuple[_Field, ...]] = {
    Form.USE: (
        _IDEA,
        _Field(label="Number of scenes (1-24)", name="count", limit=2, required=False),
        _Field(label="Style", name="style", limit=limits.STYLE, required=False),
    ),
    Form.EDIT_SCENES: (_IDEA, _Field(label="Character", name="character", limit=limits.CHARACTER, long=True)),
    Form.EDIT_CHARACTER: (_Field(label="Description", name="description", limit=limits.DESCRIPTION, long=True),),
    Form.REVISE: _REVISION,
    Form.EDIT_REVISION: _REVISION,
    Form.EDIT_SCENE: _SCENE,
    Form.INSERT_SCENE: _SCENE,
    Form.VARY: (_INSTRUCTIONS, _Field(label="Take", name="take", limit=6, required=False)),
    Form.EDIT_VARY: (_INSTRUCTIONS,),
}
_TITLES = {
    Form.USE: "Use in scenes",
    Form.EDIT_SCENES: "Edit and retry",
    Form.EDIT_CHARACTER: "Edit and retry",
    Form.REVISE: "Revise",
    Form.EDIT_REVISION: "Edit and retry",
    Form.EDIT_SCENE: "Edit a scene",
    Form.INSERT_SCENE: "A new scene",
    Form.VARY: "Vary",
    Form.EDIT_VARY: "Edit and retry",
}
_DIFFERS = "What shall differ; all else stays the same."


def use_in_scenes(character: Character) -> discord.ui.Modal:
    """A scene list with this character."""
    return opened(Form.USE, Target(record=character.id), {}, f"Scenes with {character.ref}")


def revise_form(view: SceneListView, scene: int = 0) -> discord.ui.Modal:
    """Another version of the one that is viewed."""
    about = Target(record=view.record.id, version=view.version.number, newest=view.record.versions)
    title = f"Revise {view.record.ref} version {view.version.number}"
    hints = {"scene": "Its number. Left empty, the whole list is revised."}
    return opened(Form.REVISE, about, {"scene": str(scene) if scene else ""}, title, hints)


def vary(character: Character, takes: Sequence[int]) -> discord.ui.Modal:
    """New takes of this character; `takes` are those of the message, the first of which is offered."""
    shown = ", ".join(map(str, takes))
    which = f"This message shows take{'s' if len(takes) > 1 else ''} {shown}." if takes else "The main one if left out."
    typed = {"take": str(takes[0])} if takes else {}
    hints = {"instructions": _DIFFERS, "take": which}
    return opened(Form.VARY, Target(record=character.id), typed, f"Vary {character.ref}", hints)


def editing(job: Job) -> discord.ui.Modal:
    """Edit and retry: the form with what a refused job was asked for."""
    request, revision, variation = (job.order.get(name) for name in ("request", "revision", "variation"))
    about = Target(record=job.id)
    if revision is not None:
        return opened(Form.EDIT_REVISION, about, {**revision, "scene": str(revision.get("scene") or "")})
    if variation is not None:
        return opened(Form.EDIT_VARY, about, variation, hints={"instructions": _DIFFERS})
    return opened(Form.EDIT_SCENES if job.kind is JobKind.SCENES else Form.EDIT_CHARACTER, about, request or {})


def opened(
    form: Form, about: Target, typed: Mapping[str, str], title: str = "", hints: Mapping[str, str] | None = None
) -> discord.ui.Modal:
    """The form, with these values in its fields and `hints` above them, by field."""
    modal = discord.ui.Modal(
        title=cut(title or _TITLES[form], FORM_TITLE), custom_id=form_id(form, about), timeout=OPEN_SECONDS
    )
    for field in _FIELDS[form]:
        modal.add_item(field.box(typed.get(field.name, ""), (hints or {}).get(field.name, "")))
    return modal


def with_text_kept(refusal: Sheet, form: Form, about: Target, typed: Mapping[str, str]) -> Sheet:
    """A refusal of a form, with what was typed and a button that opens the form again; `typed_in` reads it back, also
    after a restart. What is too long for that comes as a file."""
    kept = [(field.label, plain(typed.get(field.name, ""), 3 * MESSAGE_OF_EMBEDS)) for field in _FIELDS[form]]
    texts = [card(title=label, text=text) for label, text in kept if text]
    longest = max(units(text) for _, text in kept)
    if longest > EMBED_DESCRIPTION or sum(map(weight, (*refusal.embeds, *texts))) > MESSAGE_OF_EMBEDS:
        whole = "\n\n".join(f"{field.label}\n{typed.get(field.name, '')}" for field in _FIELDS[form])
        return replace(refusal, files=(Attached(name="typed.txt", data=whole.encode("utf-8", "replace")),))
    press = Press(action=Action.FORM, record=about.record, form=list(Form).index(form), about=about.numbers)
    button = Button(label="Change it", custom_id=custom_id(press), style=discord.ButtonStyle.primary)
    return replace(refusal, embeds=tuple(together([*refusal.embeds, *texts])), rows=(*refusal.rows, (button,)))


def typed_in(embeds: Sequence[discord.Embed], form: Form) -> dict[str, str]:
    """What stands in a message of `with_text_kept`, by field."""
    names = {field.label: field.name for field in _FIELDS[form]}
    return {names[each.title]: unescaped(each.description or "") for each in embeds if each.title in names}
