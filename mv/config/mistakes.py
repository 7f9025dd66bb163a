"""What pydantic found wrong → a ConfigMistake with file, line, key, and what was expected in plain words.

The words come from the model's JSON Schema at the key in question, so that a constraint is written down once: in the
model. Runs only when something is wrong.
"""

from __future__ import annotations

import difflib
import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mv.config.yamlfile import Document, KeyPath, dotted
from mv.errors import ConfigMistake

M = TypeVar("M", bound=BaseModel)


def checked(model: type[M], document: Document) -> M:
    """The document as the model. Strict: `"8"` is no number and `true` is no 1. Raises ConfigMistake."""
    try:
        return model.model_validate_json(json.dumps(document.value), strict=True)
    except ValidationError as error:
        raise _first(model, document, error) from None


def mistake(document: Document, path: KeyPath, expected: str) -> ConfigMistake:
    """A mistake at a key, or at the nearest key above it that stands in a file."""
    place = document.place(path)
    return ConfigMistake(file=place.file, line=place.line, key=dotted(path), expected=expected)


def suggestion(given: str, known: list[str]) -> str:
    """`; did you mean count?`, or nothing if no name is like it."""
    near = difflib.get_close_matches(given, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _first(model: type[BaseModel], document: Document, error: ValidationError) -> ConfigMistake:
    """The first in the file; a missing key comes last, for a misspelt one is most often why it is missing."""
    details = error.errors(include_url=False, include_input=False)
    paths = [_path(detail) for detail in details]
    # A list with a wrong entry is also reported as too short.
    details = [d for d in details if not any(len(p) > len(_path(d)) and p[: len(_path(d))] == _path(d) for p in paths)]

    def order(detail: ErrorDetails) -> tuple[bool, int]:
        return detail["type"] == "missing", document.place(_path(detail)).line

    detail = min(details, key=order)
    return mistake(document, _path(detail), _expected(model.model_json_schema(), detail))


def _path(detail: ErrorDetails) -> KeyPath:
    return tuple(step for step in detail["loc"] if step != "[key]")


def _expected(schema: dict[str, Any], detail: ErrorDetails) -> str:
    path = _path(detail)
    if detail["loc"][-1:] == ("[key]",):
        names = _at(schema, path[:-1]).get("propertyNames", {})
        return f"a name here that is {_describe(schema, names)}"
    if detail["type"] == "extra_forbidden":
        known = list(_at(schema, path[:-1]).get("properties", {}))
        return f"nothing: this key is unknown{suggestion(str(path[-1]), known) or '; known are ' + ', '.join(known)}"
    described = _describe(schema, _at(schema, path))
    return f"this key, which is missing: {described}" if detail["type"] == "missing" else described


def _at(schema: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """The part of the schema that speaks of a key."""
    part = _resolved(schema, schema)
    for step in path:
        options = [_resolved(schema, option) for option in part.get("anyOf", ())] or [part]
        part = {}
        for option in options:
            below = option.get("items") if isinstance(step, int) else option.get("properties", {}).get(step)
            below = below or _each(option)
            if below is not None:
                part = _resolved(schema, below)
                break
    return part


def _each(part: dict[str, Any]) -> dict[str, Any] | None:
    """What every value of a mapping with free names must be."""
    for each in (*part.get("patternProperties", {}).values(), part.get("additionalProperties")):
        if isinstance(each, dict) and each:
            return each
    return None


def _resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    name = str(part["$ref"]).rsplit("/", 1)[-1]
    return {**schema["$defs"][name], **{key: value for key, value in part.items() if key != "$ref"}}


def _describe(schema: dict[str, Any], part: dict[str, Any]) -> str:
    """A schema in words: `a whole number from 1 to 24`."""
    part = _resolved(schema, part)
    if "enum" in part:
        return "one of " + ", ".join(map(str, part["enum"]))
    kind = part.get("type")
    if "description" in part and kind != "object":
        return str(part["description"])
    if "anyOf" in part:
        options = [_describe(schema, option) for option in part["anyOf"] if option.get("type") != "null"]
        nothing = ["nothing"] if len(options) < len(part["anyOf"]) else []
        return ", or ".join(options + nothing)
    if kind == "array":
        return f"a list{_range(part, 'Items', ' entries')}; each {_describe(schema, part.get('items', {}))}"
    if kind == "object":
        return _describe_object(schema, part)
    return _describe_scalar(part)


def _describe_object(schema: dict[str, Any], part: dict[str, Any]) -> str:
    known = part.get("properties")
    if known:
        return "keys with values: " + ", ".join(known)
    each = _each(part)
    return "names with values" + (f", each {_describe(schema, each)}" if each else "")


def _describe_scalar(part: dict[str, Any]) -> str:
    match part.get("type"):
        case "integer":
            return "a whole number" + _range(part)
        case "number":
            return "a number" + _range(part)
        case "boolean":
            return "true or false"
        case "string":
            return "text" + _range(part, "Length", " characters")
    return "a value"


def _range(part: dict[str, Any], suffix: str = "", unit: str = "") -> str:
    """` from 1 to 24`, ` above 0, up to 900`, ` of at least 1 entries`."""
    names = (f"min{suffix}", f"max{suffix}") if suffix else ("minimum", "maximum")
    low, high = (part.get(name) for name in names)
    above = part.get("exclusiveMinimum")
    if above is not None:
        return f" above {above:g}" + (f", up to {high:g}" if high is not None else "")
    preposition = " of" if suffix else ""
    if low is not None and high is not None:
        return f"{preposition}{' ' if suffix else ' from '}{low:g} to {high:g}{unit}"
    if low is not None:
        return f"{preposition} at least {low:g}{unit}"
    return f"{preposition} at most {high:g}{unit}" if high is not None else ""
