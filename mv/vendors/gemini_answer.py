"""Reads what Gemini answered: blocks and finish reasons first, then the text. A block comes as HTTP 200 and would
otherwise look like an empty answer.

The body is read here and not by the SDK, whose reading stops at the first value it does not expect: the tokens that
were counted, and paid for, would be lost with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

from pydantic_core import from_json

from mv.domain.scenes import TokenUsage
from mv.ports import SceneAnswer

_MOST_TOKENS = 100_000_000
"""More than any call can use: a count above is a mistake and must not become a bill."""

_MOST_CHARACTERS = 2_000_000
"""What is looked at of an answer, several times what the longest list has: looking takes time, and everybody waits."""

_RULES = {
    "SAFETY": "safety",
    "IMAGE_SAFETY": "safety",
    "MODEL_ARMOR": "safety",
    "RECITATION": "recitation",
    "IMAGE_RECITATION": "recitation",
    "PROHIBITED_CONTENT": "prohibited",
    "IMAGE_PROHIBITED_CONTENT": "prohibited",
    "BLOCKLIST": "prohibited",
    "JAILBREAK": "prohibited",
    "PUP_LIMITED_DISABLED": "prohibited",
    "SPII": "likeness",  # sensitive data about a real person
    "LANGUAGE": "other",
    "ESCALATION": "other",
    "IMAGE_OTHER": "other",
}
"""Finish reasons and block reasons that are refusals → our rule."""

_CUT = {"MAX_TOKENS", "CONTINUATION"}
_FENCED = re.compile(r"```[A-Za-z]*\s*(.*?)\s*(?:```|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """What every answer has, of scenes or of a picture. `rule` is the one by which it was refused; `finish` is the
    finish reason; `parts` are those of the first candidate, without thoughts."""

    response: Mapping[str, Any]
    version: str
    rule: str | None
    finish: str
    parts: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, body: str, model: str) -> Answer:
        """Whatever the body holds. Raises ValueError if that is no JSON object."""
        response = from_json(body)
        if not isinstance(response, dict):
            raise ValueError("not an object")
        candidates = response.get("candidates")
        first = _map(candidates[0]) if isinstance(candidates, list) and candidates else {}
        finish = _word(first.get("finishReason")).upper()
        parts = _map(first.get("content")).get("parts")
        return cls(
            response=response,
            version=(_word(response.get("modelVersion")) or model)[:200],
            rule=_rule(response, first, finish),
            finish=finish,
            parts=tuple(
                part for part in map(_map, parts if isinstance(parts, list) else ()) if not part.get("thought")
            ),
        )


def read(body: str, model: str) -> SceneAnswer:
    """The answer, whatever it holds. Raises ValueError for a body that is no JSON object."""
    answer = Answer.of(body, model)
    usage, version = _usage(answer.response), answer.version
    if answer.rule:
        return SceneAnswer(payload=None, usage=usage, model_version=version, rule=answer.rule)
    text = "".join(_word(part.get("text")) for part in answer.parts).strip()[:_MOST_CHARACTERS]
    cut = answer.finish in _CUT
    if not text:
        return SceneAnswer(payload=None, usage=usage, model_version=version, problem="cut_off" if cut else "empty")
    payload, problem = decode(text)
    return SceneAnswer(payload=payload, usage=usage, model_version=version, problem="cut_off" if cut else problem)


def _rule(response: Mapping[str, Any], first: Mapping[str, Any], finish: str) -> str | None:
    """By which rule it was refused; None if it was not."""
    reason = _word(_map(response.get("promptFeedback")).get("blockReason")).upper()
    if reason and (not reason.endswith("UNSPECIFIED") or not first):
        return _RULES.get(reason, "other")
    return _RULES.get(finish)


def _usage(response: Mapping[str, Any]) -> TokenUsage:
    counted = _map(response.get("usageMetadata"))
    prompt = _tokens(counted.get("promptTokenCount")) + _tokens(counted.get("toolUsePromptTokenCount"))
    return TokenUsage(
        prompt_tokens=prompt,
        output_tokens=_tokens(counted.get("candidatesTokenCount")),
        thinking_tokens=_tokens(counted.get("thoughtsTokenCount")),
    )


def _tokens(count: object) -> int:
    """A count as a number or in digits, which is how JSON carries large ones."""
    if isinstance(count, str) and re.fullmatch("[0-9]{1,12}", count):
        count = int(count)
    return count if isinstance(count, int) and 0 <= count <= _MOST_TOKENS else 0


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def decode(text: str) -> tuple[object | None, str | None]:
    """The JSON in a text, and what was wrong with it: None, cut_off (a scene that was not finished is dropped) or
    not_json. Code fences and words around the JSON are no problem."""
    spots = _spots(text)
    for spot in spots:
        found = _whole(spot)
        if isinstance(found, dict | list):
            return found, None
    for spot in spots:
        if spot[:1] in {"{", "["}:
            found = _begun(spot)
            if found:
                return found, "cut_off"
    return None, "not_json"


def _spots(text: str) -> list[str]:
    """Where the JSON may be, likeliest first."""
    spots = [text, *_FENCED.findall(text)]
    brace, bracket = text.find("{"), text.find("[")
    start = min(at for at in (brace, bracket, len(text)) if at >= 0)
    spots += [_first(text[start:]), text[start:]]
    return [spot.strip() for spot in spots if spot.strip()]


def _first(text: str) -> str:
    """The JSON that a text begins with, whatever comes after it."""
    try:
        return text[: JSONDecoder().raw_decode(text)[1]]
    except (ValueError, RecursionError):
        return ""


def _whole(text: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return None


def _begun(text: str) -> Any:
    """What can be read of JSON that stops in the middle, without a last scene that was not finished."""
    try:
        found = from_json(text, allow_inf_nan=False, allow_partial=True)
    except ValueError:
        return None
    ended = text.rstrip().rstrip(",")
    if isinstance(found, list) and _whole(ended + "]") is None:
        return found[:-1]
    if not isinstance(found, dict) or not isinstance(found.get("scenes"), list) or list(found)[-1] != "scenes":
        return found
    if _whole(ended + "]}") is None and _whole(ended + "}") is None:
        found["scenes"] = found["scenes"][:-1]
    return found
