"""What a member can do with what a message or a form offers: find a control, choose, fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.interactions import Interaction
from tests.standins.discord.world import Json, Message, User, walk

TEXT, ROW, LABEL, TEXT_DISPLAY = 4, 1, 18, 10
SELECTS = (3, 5, 6, 7, 8)
LISTS = (*SELECTS, 19, 22)


def control(message: Message, which: str, user: User) -> Json:
    """The button or select by its label, placeholder or custom id, if this user sees and may use it."""
    if message.deleted:
        raise StandInMistake(f"message {message.id} is deleted")
    if message.ephemeral and message.asker_id != user.id:
        raise StandInMistake(f"{user.name} cannot see that message")
    offered = message.controls
    for key in ("custom_id", "label", "placeholder"):
        for one in offered:
            if one.get(key) == which:
                if one.get("disabled"):
                    raise StandInMistake(f"{which!r} is disabled")
                return one
    names = [one.get("label") or one.get("placeholder") or one.get("custom_id") for one in offered]
    raise StandInMistake(f"no {which!r} on {message.text[:200]!r}; there are {names}")


def pressed(one: Json, values: Sequence[str]) -> Json:
    """The data of a component interaction."""
    data: Json = {"custom_id": one["custom_id"], "component_type": one["type"], "id": one["id"]}
    if one["type"] == 2:
        return data
    known = [option["value"] for option in one.get("options") or []]
    unknown = [value for value in values if one["type"] == 3 and value not in known]
    if unknown or not one.get("min_values", 1) <= len(values) <= one.get("max_values", 1):
        raise StandInMistake(f"{one['custom_id']!r} does not take {list(values)}; it offers {known}")
    return data | {"values": list(values)}


def fields(asked: Interaction) -> dict[str, Json]:
    """A form's inputs by label and by custom id."""
    if asked.modal is None:
        raise StandInMistake(f"{asked} was not answered by a form but {asked.callback!r}")
    found: dict[str, Json] = {}
    for one in walk(asked.modal["components"]):
        inner = one.get("component")
        if inner:
            found[one["label"]] = inner
        if one.get("custom_id"):
            found[one["custom_id"]] = one
            if one.get("label"):
                found[one["label"]] = one
    return found


def filled(asked: Interaction, values: Mapping[str, Any]) -> Json:
    """The data of a form's submit; inputs that are not named keep what the bot put in."""
    known = fields(asked)
    assert asked.modal is not None
    given: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise StandInMistake(f"the form {asked.modal['title']!r} has no {name!r}; there are {list(known)}")
        given[known[name]["custom_id"]] = value
    components = [_submitted(one, given) for one in asked.modal["components"]]
    return {"custom_id": asked.modal["custom_id"], "components": components}


def _submitted(one: Json, given: Mapping[str, Any]) -> Json:
    kind = one["type"]
    found: Json = {"type": kind, "id": one["id"]}
    if kind == ROW:
        return found | {"components": [_submitted(each, given) for each in one["components"]]}
    if kind == LABEL:
        return found | {"component": _submitted(one["component"], given)}
    if kind == TEXT_DISPLAY:
        return found
    found["custom_id"] = one["custom_id"]
    value = given.get(one["custom_id"])
    if kind == TEXT:
        return found | {"value": _text(one, one.get("value") or "" if value is None else value)}
    if kind in LISTS:
        chosen = [option["value"] for option in one.get("options") or [] if option.get("default")]
        return found | {"values": chosen if value is None else [value] if isinstance(value, str) else list(value)}
    return found | {"value": one.get("default") if value is None else value}


def _text(one: Json, value: str) -> str:
    required = one.get("required", True)
    low, high = max(one.get("min_length") or 0, int(required)), one.get("max_length") or 4000
    if (value or required) and not low <= len(value) <= high:
        raise StandInMistake(f"{one['custom_id']!r} takes {low} to {high} characters, not {len(value)}")
    return value
