"""Reads what Gemini answered: blocks and finish reasons first, then the text. A block comes as HTTP 200 and would
otherwise look like an empty answer."""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from mv.domain.scenes import TokenUsage
from mv.ports import SceneAnswer

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

_MOST_TOKENS = 100_000_000
"""More than any call can use: a count above is a mistake and must not become a bill."""

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


def read(response: GenerateContentResponse, model: str) -> SceneAnswer:
    """The answer, whatever it holds."""
    usage, version = _usage(response), (response.model_version or model)[:200]
    rule = _rule(response)
    if rule:
        return SceneAnswer(payload=None, usage=usage, model_version=version, rule=rule)
    text = (response.text or "").strip()
    if not text:
        cut = _finish(response) in _CUT
        return SceneAnswer(payload=None, usage=usage, model_version=version, problem="cut_off" if cut else "empty")
    payload, problem = decode(text)
    if _finish(response) in _CUT:
        problem = "cut_off"
    return SceneAnswer(payload=payload, usage=usage, model_version=version, problem=problem)


def _finish(response: GenerateContentResponse) -> str:
    first = response.candidates[0] if response.candidates else None
    return str(first.finish_reason.value).upper() if first and first.finish_reason else ""


def _rule(response: GenerateContentResponse) -> str | None:
    """By which rule it was refused; None if it was not."""
    feedback = response.prompt_feedback
    if feedback and feedback.block_reason:
        reason = str(feedback.block_reason.value).upper()
        if not reason.endswith("UNSPECIFIED") or not response.candidates:
            return _RULES.get(reason, "other")
    return _RULES.get(_finish(response))


def _usage(response: GenerateContentResponse) -> TokenUsage:
    counted = response.usage_metadata
    if counted is None:
        return TokenUsage()
    prompt = _tokens(counted.prompt_token_count) + _tokens(counted.tool_use_prompt_token_count)
    return TokenUsage(
        prompt_tokens=prompt,
        output_tokens=_tokens(counted.candidates_token_count),
        thinking_tokens=_tokens(counted.thoughts_token_count),
    )


def _tokens(count: int | None) -> int:
    return count if count is not None and 0 <= count <= _MOST_TOKENS else 0


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
