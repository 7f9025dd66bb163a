"""What everything needs of the machine it runs on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Clock(Protocol):
    """The time, so that tests can set it."""

    def now(self) -> datetime:
        """Aware, in UTC."""


class Counted(StrEnum):
    """What is counted for whoever runs the bot; in brackets its labels."""

    JOBS_ACCEPTED = "jobs_accepted"
    """[kind]"""
    JOBS_ENDED = "jobs_ended"
    """[kind, state]"""
    DELIVERIES = "deliveries"
    """[by]"""
    VENDOR_CALLS = "vendor_calls"
    """[vendor, outcome]: ok, or the error's code."""
    CALLS_REPEATED = "calls_repeated"
    """[vendor]: asked a second time because a kill fell into the first."""
    PREDICTIONS_FOUND = "predictions_found"
    """[vendor]: found again at the vendor after a kill."""
    RESTS = "vendor_rests"
    """[vendor]: how often it was left alone."""


class Timed(StrEnum):
    """What is timed, in seconds; in brackets its labels."""

    JOB = "job"
    """[kind, engine]: from its start to its end."""
    VENDOR_CALL = "vendor_call"
    """[vendor]"""


class Meter(Protocol):
    """Counts what happens. Cheap, never raises."""

    def count(self, what: Counted, **labels: str) -> None:
        """One more."""

    def took(self, what: Timed, seconds: float, **labels: str) -> None:
        """How long it took."""


class Unmetered(Meter):
    """Nobody asks."""

    def count(self, what: Counted, **labels: str) -> None:
        """Forgotten."""

    def took(self, what: Timed, seconds: float, **labels: str) -> None:
        """Forgotten."""
