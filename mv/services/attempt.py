"""A call that costs money, in the journal: intended before it is made, and taken back while it certainly is not under
way. So a kill in the minutes that a busy vendor asks for leaves no doubt about it."""

from __future__ import annotations

from typing import Any

from mv.domain.jobs import Step
from mv.ports import IDLE, Journal, Report


class Attempt:
    """One step. `value` is what is written with the intent."""

    def __init__(self, journal: Journal, step: str, report: Report, **value: Any) -> None:
        self._journal = journal
        self._step = step
        self._report = report
        self._value = value
        self.idle = False
        """Whether nothing of it is at the vendor, and it may be given up without harm."""

    async def begin(self) -> None:
        """From now on it may be under way."""
        await self._journal.intend(self._step, **self._value)

    async def report(self, note: str) -> None:
        """For the adapter: what it waits for is shown, and noted where the call has to be made (again) after it."""
        await self._report(note)
        if note in IDLE and not self.idle:
            await self._journal.done(self._step, **self._value, undone=True)
            self.idle = True
        elif note not in IDLE and self.idle:
            self.idle = False
            await self.begin()


def open_step(step: Step | None) -> bool:
    """Whether it was begun, and what became of it is not known."""
    return step is not None and step.done_at is None


def ended_step(step: Step | None) -> Step | None:
    """The step, if it has an outcome."""
    return step if step is not None and step.done_at is not None and not step.value.get("undone") else None
