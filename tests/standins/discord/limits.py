"""Discord's limits on what a bot sends: 400/50035 with the field's name, as the real one says it."""

from __future__ import annotations

import re

from tests.standins.discord.errors import invalid
from tests.standins.discord.world import Json, walk

EMBED = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
COMMAND_NAME = re.compile(r"^[-_'\w]{1,32}$")


def text(field: str, value: object, most: int, least: int = 0) -> None:
    """A string of so many characters; None counts as empty."""
    if value is not None and not isinstance(value, str):
        raise invalid(field, f"Could not interpret {value!r} as string.", "STRING_TYPE_CONVERT")
    if not least <= len(value or "") <= most:
        raise invalid(field, f"Must be between {least} and {most} in length.")


def count(field: str, many: int, most: int, least: int = 0) -> None:
    """A list of so many entries."""
    if not least <= many <= most:
        raise invalid(field, f"Must be between {least} and {most} in length.")


def message(body: Json, file_names: list[str]) -> None:
    """A whole message as it will stand; `file_names` are the attachments it will have."""
    text("content", body.get("content"), 2000)
    embeds(body.get("embeds") or [], file_names)
    components(body.get("components") or [], message=True)
    count("attachments", len(file_names), 10)
    mentions(body.get("allowed_mentions"))


def mentions(value: Json | None) -> None:
    """`parse` and a list of ids of the same kind exclude each other."""
    for kind in ("users", "roles"):
        if value and kind in value.get("parse", []) and value.get(kind):
            said = f"parse:[{kind!r}] and {kind}: [ids...] are mutually exclusive."
            raise invalid("allowed_mentions", said, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE")
        count(f"allowed_mentions.{kind}", len((value or {}).get(kind) or []), 100)


def embeds(found: list[Json], file_names: list[str]) -> None:
    """Ten embeds, their parts, 6,000 characters over all, and pictures that are there."""
    count("embeds", len(found), 10)
    total = 0
    for number, embed in enumerate(found):
        total += _embed(f"embeds.{number}", embed, file_names)
    if total > 6000:
        raise invalid("embeds", f"Embed size exceeds maximum size of 6000 ({total})", "MAX_EMBED_SIZE_EXCEEDED")


def _embed(field: str, embed: Json, file_names: list[str]) -> int:
    total = 0
    for path, most in EMBED.items():
        first, _, second = path.partition(".")
        value = (embed.get(first) or {}).get(second) if second else embed.get(first)
        text(f"{field}.{path}", value, most)
        total += len(value or "")
    lines = embed.get("fields") or []
    count(f"{field}.fields", len(lines), 25)
    for number, line in enumerate(lines):
        text(f"{field}.fields.{number}.name", line.get("name"), 256, 1)
        text(f"{field}.fields.{number}.value", line.get("value"), 1024, 1)
        total += len(line["name"]) + len(line["value"])
    for key in ("image", "thumbnail"):
        url = (embed.get(key) or {}).get("url") or ""
        _address(f"{field}.{key}.url", url, file_names)
    if not any(embed.get(key) for key in ("title", "description", "fields", "author", "footer", "image", "thumbnail")):
        raise invalid(field, "This field is required", "BASE_TYPE_REQUIRED")
    return total


def _address(field: str, url: str, file_names: list[str]) -> None:
    if url.startswith("attachment://"):
        if url.removeprefix("attachment://") not in file_names:
            raise invalid(field, f"Referenced attachment not found: {url}", "UNKNOWN_ATTACHMENT")
    elif url and not url.startswith(("http://", "https://")):
        raise invalid(field, "Scheme must be one of ('http', 'https').", "URL_TYPE_INVALID_SCHEME")


def components(rows: list[Json], *, message: bool) -> None:
    """Five rows of five buttons or one select; ids unique and not too long; labels."""
    count("components", len(rows), 5, 0 if message else 1)
    seen: set[str] = set()
    for number, row in enumerate(rows):
        if row.get("type") == 1:
            inner = row.get("components") or []
            count(f"components.{number}.components", len(inner), 5 if inner and inner[0]["type"] == 2 else 1, 1)
    for one in walk(rows):
        custom_id = one.get("custom_id")
        if custom_id is not None:
            text("components.custom_id", custom_id, 100, 1)
            if custom_id in seen:
                said = "Component custom id cannot be duplicated"
                raise invalid("components.custom_id", said, "COMPONENT_CUSTOM_ID_DUPLICATED")
            seen.add(custom_id)
        _component(one)


def _component(one: Json) -> None:
    kind = one.get("type")
    if kind == 2:
        text("components.label", one.get("label"), 80)
        if not one.get("label") and not one.get("emoji"):
            said = "A button must have a label or an emoji"
            raise invalid("components", said, "BUTTON_COMPONENT_INVALID_LABEL")
        if (one.get("style") == 5) != bool(one.get("url")):
            raise invalid("components.url", "A url is for link buttons only", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED")
    elif kind == 3:
        count("components.options", len(one.get("options") or []), 25, 1)
        for option in one["options"]:
            text("components.options.label", option.get("label"), 100, 1)
            text("components.options.value", option.get("value"), 100, 1)
            text("components.options.description", option.get("description"), 100)
    elif kind == 4:
        text("components.label", one.get("label"), 45)
        text("components.placeholder", one.get("placeholder"), 100)
        text("components.value", one.get("value"), min(one.get("max_length") or 4000, 4000))
    elif kind == 18:
        text("components.label", one.get("label"), 45, 1)
        text("components.description", one.get("description"), 100)


def modal(data: Json) -> None:
    """A form: title, id, one to five components."""
    text("title", data.get("title"), 45, 1)
    text("custom_id", data.get("custom_id"), 100, 1)
    components(data.get("components") or [], message=False)


def choices(found: list[Json]) -> None:
    """What autocomplete answers."""
    count("choices", len(found), 25)
    for number, one in enumerate(found):
        text(f"choices.{number}.name", one.get("name"), 100, 1)
        if isinstance(one.get("value"), str):
            text(f"choices.{number}.value", one["value"], 100, 1)


def commands(found: list[Json]) -> None:
    """A whole tree: 100 chat commands, their options, and 8,000 characters for each."""
    count("commands", sum(one.get("type", 1) == 1 for one in found), 100)
    names = [(one.get("type", 1), one.get("name")) for one in found]
    if len(set(names)) < len(names):
        raise invalid("name", "Application command names must be unique", "APPLICATION_COMMANDS_DUPLICATE_NAME")
    for number, one in enumerate(found):
        if one.get("type", 1) == 1:
            size = _command(str(number), one)
            if size > 8000:
                said = f"Command exceeds maximum size (8000): {size}"
                raise invalid(str(number), said, "APPLICATION_COMMAND_TOO_LARGE")


def _command(field: str, one: Json) -> int:
    name = one.get("name") or ""
    if not COMMAND_NAME.match(name) or name != name.lower():
        raise invalid(f"{field}.name", "Command name is invalid", "APPLICATION_COMMAND_INVALID_NAME")
    text(f"{field}.description", one.get("description"), 100, 1)
    size = len(name) + len(one["description"])
    inner = one.get("options") or []
    count(f"{field}.options", len(inner), 25)
    required = [bool(each.get("required")) for each in inner]
    if required != sorted(required, reverse=True):
        said = "Required options must be placed before non-required options"
        raise invalid(f"{field}.options", said, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID")
    for number, each in enumerate(inner):
        size += _command(f"{field}.options.{number}", each)
    offered = one.get("choices") or []
    count(f"{field}.choices", len(offered), 25)
    for each in offered:
        text(f"{field}.choices.name", each.get("name"), 100, 1)
        size += len(each["name"]) + (len(each["value"]) if isinstance(each["value"], str) else 0)
    return size
