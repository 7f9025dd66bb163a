"""The vendor was asked, or could not be."""

from __future__ import annotations

from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class VendorError(MvError):
    """Something between us and the vendor. What was really spent is on the job's steps, not here."""

    vendor: str


@dataclass(eq=False)
class KeyRefused(VendorError):
    """401 or 403: the key named by `variable` is wrong."""

    variable: str


@dataclass(eq=False)
class NoCredit(VendorError):
    """402, or a quota of zero: waiting does not help."""


@dataclass(eq=False)
class VendorBusy(VendorError):
    """429 after all retries; `retry_after` in seconds, if the vendor said so."""

    retry_after: float | None = None


TIMEOUT, LOST, RESTING, UNREACHABLE = "timeout", "lost", "resting", "unreachable"
"""Reasons of a VendorDown: no answer in time; an answer that was lost on its way, and so may be charged; not asked, for
it is left alone; no connection."""


@dataclass(eq=False)
class VendorDown(VendorError):
    """5xx, time-out or no connection, after all retries. `reason`: one of those above, or unavailable."""

    reason: str = "unavailable"


@dataclass(eq=False)
class ModelGone(VendorError):
    """The vendor does not know the model (any more)."""

    model: str = ""


@dataclass(eq=False)
class BadRequest(VendorError):
    """The vendor refused the request as malformed: a wrong setting in models.yaml, most often."""

    model: str = ""


@dataclass(eq=False)
class Blocked(VendorError):
    """Refused by the vendor's rules. `rule`: safety, recitation, likeness, prohibited or other."""

    rule: str = "safety"


@dataclass(eq=False)
class BadAnswer(VendorError):
    """The answer could not be used, also when asked again. `reason`: cut_off, not_json, too_few, empty."""

    reason: str = "not_json"
    wanted: int = 0
    got: int = 0


@dataclass(eq=False)
class NoPicture(VendorError):
    """The picture could not be taken in. `reason`: broken, not_a_picture, too_large, expired,
    foreign_host, empty, failed."""

    reason: str = "broken"
