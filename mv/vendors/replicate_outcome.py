"""What an ended prediction means: addresses of pictures, or one of our errors.

Replicate says why a prediction failed in free text only, written by whoever made the model. The patterns below are
those seen in practice; a text that matches none is a plain failure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mv.errors import TIMEOUT, Blocked, MvError, NoPicture, VendorBusy, VendorDown

if TYPE_CHECKING:
    from replicate.prediction import Prediction

VENDOR = "replicate"
_MOST_PICTURES = 10


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FAILURES: tuple[tuple[re.Pattern[str], MvError], ...] = (
    (
        _words(r"likeness|celebrit|public figure|real (person|people)|identifiable"),
        Blocked(vendor=VENDOR, rule="likeness"),
    ),
    (
        _words(r"copyright|trademark|recitation|intellectual property|protected (content|material)"),
        Blocked(vendor=VENDOR, rule="recitation"),
    ),
    (
        _words(r"prohibited|blocklist|banned word|not allowed by .{0,20}policy"),
        Blocked(vendor=VENDOR, rule="prohibited"),
    ),
    (
        _words(
            r"nsfw|safety|sensitive|moderat|flagged|inappropriate|sexual|violen(t|ce)|harmful|responsible ai|"
            r"violat\w+ .{0,40}(polic|guideline|terms)|content (policy|filter)|usage guidelines|\bE005\b"
        ),
        Blocked(vendor=VENDOR, rule="safety"),
    ),
    (_words(r"rate.?limit|too many requests|resource.?exhausted|quota|\b429\b"), VendorBusy(vendor=VENDOR)),
    (_words(r"timed? ?out|deadline exceeded|\b504\b"), VendorDown(vendor=VENDOR, reason=TIMEOUT)),
    (
        _words(
            r"unavailable|high demand|overloaded|interrupted|try again later|please retry|temporar|"
            r"bad gateway|\b50[023]\b|\bE00[34]\b|\bE(1000|6716|8765)\b|director"
        ),
        VendorDown(vendor=VENDOR),
    ),
)


def links(prediction: Prediction) -> list[str]:
    """The addresses of its pictures, at least one.

    Raises Blocked (also for a success without pictures: that is how some models refuse), NoPicture, VendorDown or
    VendorBusy.
    """
    if prediction.status == "failed":
        raise failure(prediction.error or "")
    if prediction.status != "succeeded":
        raise NoPicture(vendor=VENDOR, reason="failed")
    output: Any = prediction.output
    listed = output if isinstance(output, list) else [output]
    found = [item for item in listed if item]
    if not found:
        raise Blocked(vendor=VENDOR, rule="safety")
    pictures = [item for item in found if isinstance(item, str) and re.match(r"(https?|data):", item, re.IGNORECASE)]
    if not pictures:
        raise NoPicture(vendor=VENDOR, reason="not_a_picture")
    return pictures[:_MOST_PICTURES]


def failure(text: str) -> MvError:
    """What the text of a failed prediction means."""
    for words, error in _FAILURES:
        if words.search(text):
            return type(error)(**error.facts())
    return NoPicture(vendor=VENDOR, reason="failed")


def version_of(prediction: Prediction, asked: str) -> str:
    """Which model really answered: `owner/name:version` as far as it is said, else what was asked for."""
    model = prediction.model or asked.partition(":")[0]
    version = prediction.version if prediction.version not in {"", "hidden", model} else ""
    return (f"{model}:{version}" if version else model)[:200]
