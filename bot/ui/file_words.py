"""What is wrong with a file that was handed in, in words."""

from __future__ import annotations

from mv.domain.scenes import ShotSize

NOT_OURS = {
    "archive": "This is an archive or a spreadsheet, not a `scenes.json`",
    "not_utf8": "This is no text in UTF-8, as a `scenes.json` is",
    "empty": "This file is empty",
    "not_json": "This is no JSON",
    "too_deep": "This is JSON that is nested far too deep",
    "too_much": "This is JSON with far more in it than a scene list has",
    "another_kind": "This is not the `scenes.json` of a scene list",
    "newer": "A newer version of this bot wrote this file",
}

_WRONG = {
    "missing": "is missing",
    "unknown": "does not belong there",
    "twice": "stands there twice",
    "text": "must be text",
    "list": "must be a list",
    "object": "must be an object",
    "flag": "must be true or false",
    "ref": "must be the number of a scene list, such as S12",
    "shot_size": f"must be one of {', '.join(ShotSize)}",
    "colours": "must be different colours, such as #1b2a41",
    "controls": "has characters that no text needs",
    "empty": "is empty",
}


def wrong(code: str) -> str:
    """What a code of BadFile says, to stand behind the place."""
    kind, *facts = code.split(":")
    match kind, facts:
        case "long", [limit, length]:
            return f"may have {limit} characters, and has {length}"
        case "whole", [low, high]:
            return f"must be a whole number from {low}" + (f" to {high}" if high else "")
        case "seconds", [most]:
            return f"must be a number of seconds up to {most}"
        case "count", [low, high, found]:
            return f"may hold {low} to {high}, and holds {found}"
        case "order", [number]:
            return f"must be {number}, for the scenes stand in order"
    return _WRONG.get(kind, "is not as it must be")
