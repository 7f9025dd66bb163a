"""What went wrong with a job, in the few words that its row in a list has room for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.ui.words import VENDORS, member
from mv import errors as e
from mv.domain.money import rounded

ROOM = 42
"""Characters at most."""


def in_brief(error: e.MvError) -> str:
    """Safe words, made from the facts; for a type without words of its own those of the nearest parent that has."""
    for kind in type(error).__mro__:
        if kind in _BRIEF:
            return _BRIEF[kind](error)
    return "its message says why"


def _vendor(error: Any) -> str:
    return VENDORS.get(error.vendor, VENDORS[""])


_BRIEF: dict[type, Callable[[Any], str]] = {
    e.KeyRefused: lambda x: f"{_vendor(x)} refused the key",
    e.NoCredit: lambda x: f"no credit left at {_vendor(x)}",
    e.VendorBusy: lambda x: f"{_vendor(x)} stayed busy",
    e.VendorDown: lambda x: f"{_vendor(x)} did not answer",
    e.ModelGone: lambda x: f"{_vendor(x)} lost the model",
    e.BadRequest: lambda x: "the request was malformed",
    e.Blocked: lambda x: "refused by the engine's rules",
    e.BadAnswer: lambda x: "the answer could not be used",
    e.NoPicture: lambda x: "no usable picture came",
    e.Partial: lambda x: f"{x.got} of {x.wanted} pictures came",
    e.Stopped: lambda x: f"by {member(x.by_id)}" if x.by_id else "by the bot",
    e.Unconfirmed: lambda x: f"up to {rounded(x.estimate)}",
    e.Uncertain: lambda x: "what became of it is not known",
    e.NotFound: lambda x: f"the {x.kind} is gone",
    e.StorageFull: lambda x: "the bot's disk is full",
    e.StorageError: lambda x: "the bot could not keep it",
    e.Incident: lambda x: f"incident `{x.number}`",
}
