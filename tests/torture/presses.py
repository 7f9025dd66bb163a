"""What a message shows, by its buttons: their custom_ids name the job or the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.ui.custom_ids import Action, Press, read
from mv.domain.ids import RecordId
from tests.standins.discord import Message


class Making(Protocol):
    """A job, as far as it is looked at here."""

    @property
    def versions(self) -> frozenset[tuple[str, int]]:
        """The scene lists' versions that it made."""


def _presses(message: Message) -> list[Press]:
    return [press for one in message.controls if (press := read(one.get("custom_id", "")))]


def final_of(message: Message, jobs: Mapping[RecordId, Making]) -> RecordId | None:
    """The job whose end a message shows."""
    presses = _presses(message)
    for press in presses:
        if press.action in (Action.CHARACTER_ORIGINAL, Action.CHARACTER_AGAIN) and press.job is not None:
            return press.job
        if press.action is Action.SCENES_AGAIN:
            made = (str(press.record), press.version)
            return next((job_id for job_id, job in jobs.items() if made in job.versions), None)
    return next((p.record for p in presses if p.action in (Action.JOB_RETRY, Action.JOB_EDIT)), None)


def progress_of(message: Message) -> RecordId | None:
    """The job whose progress a message shows."""
    return next((press.record for press in _presses(message) if press.action is Action.JOB_CANCEL), None)
