"""What members were told of money, read off Discord's messages as they read it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from tests.standins.discord import Message

LIBRARY = "From the library"
_FAILED = re.compile(
    r"J\d+ · (?:Nothing was charged|The vendor may have charged it|The vendor charged (?P<cost>\$[\d.]+)"
    r" for what it did(?:, and may have charged more)?); your allowance was given back\."
)
_HEAD = re.compile(r" · <t:\d+:f> · (?P<cost>.+)$", re.MULTILINE)
_ALLOWANCE = re.compile(r"\*\*(?P<used>.+?)\*\* of (?P<limit>\S+) (?P<period>today|this month)")


@dataclass(frozen=True, kw_only=True)
class Told:
    """Of one job: micro-dollars, and what came of it. `unsure`: whether a vendor may have charged more."""

    cost: int
    pictures: int = 0
    lists: int = 0
    library: bool = False
    unsure: bool = False


def told(message: Message) -> Told:
    """By a result or a failure. Raises AssertionError if it says nothing of money, or not the same twice."""
    text = message.text
    if "Delete" not in message.buttons:
        return _of_failure(message)
    library = LIBRARY in text
    if any(one.name == "scenes.json" for one in message.attachments):
        return _of_scenes(message, library)
    costs = [money(embed["footer"]["text"].rpartition(" · ")[2]) for embed in message.embeds]
    assert not library or not any(costs), text
    return Told(cost=sum(costs), pictures=0 if library else len(costs), library=library)


def speaks_of_cost(message: Message) -> bool:
    """Whether it shows how a job ended."""
    foot = (message.embeds[0].get("footer") or {}).get("text", "") if message.embeds else ""
    return "Delete" in message.buttons or bool(_FAILED.fullmatch(foot))


def _of_scenes(message: Message, library: bool) -> Told:
    """The head says what the file beside it says."""
    head = _HEAD.search(message.embeds[0]["description"])
    assert head is not None, message.text
    cost = money(head["cost"])
    assert library or cost == json.loads(message.file("scenes.json"))["cost"]
    return Told(cost=cost, lists=1, library=library)


def _of_failure(message: Message) -> Told:
    found = _FAILED.fullmatch(message.embeds[0]["footer"]["text"])
    assert found is not None, message.text
    cost = money(found["cost"]) if found["cost"] else 0
    return Told(cost=cost, unsure="may have charged" in found[0])


def money(text: str) -> int:
    """`$0.007512` and `no cost` in micro-dollars; what is not told exactly is no number here."""
    if text == "no cost":
        return 0
    assert re.fullmatch(r"\$\d+\.\d{2,6}", text), text
    return int(Decimal(text[1:]) * 1_000_000)


def dollars(micro: int, decimals: int = 6) -> str:
    """As it is shown: exactly, with two decimals at least."""
    if not micro:
        return "no cost"
    step = Decimal(1).scaleb(-decimals)
    whole, _, cents = str((Decimal(micro) / 1_000_000).quantize(step, ROUND_HALF_EVEN)).partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"


def spent(card: Message) -> str:
    """What /usage me says of the month's money."""
    found = re.search(r"\*\*(.+?)\*\* spent this month", card.text)
    assert found is not None, card.text
    return found[1]


def allowances(card: Message) -> dict[tuple[str, str], str]:
    """What /usage me says was used, by kind and period."""
    fields: list[dict[str, Any]] = card.embeds[0].get("fields", [])
    used = {}
    for field in fields:
        found = _ALLOWANCE.search(field["value"])
        assert found is not None, field
        used[field["name"], found["period"]] = found["used"]
    return used
