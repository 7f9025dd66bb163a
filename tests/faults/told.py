"""What a member was told in the end: the questions that tests of faults ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mv.domain.jobs import Job, JobState, Step
from tests.standins.discord import Interaction, Message

VENDORS_WORDS = "xyzzy-vendor-text"
"""What stand-ins say in their errors; a member never reads it."""

GIVEN_BACK = "your allowance was given back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a member was told in the end, and what the records say about it."""

    asked: Interaction
    message: Message
    job: Job
    net: Mapping[str, int]
    """What its member is charged for the job in all, by kind; kinds that add up to nothing are left out."""
    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        return self.message.text

    def result(self, *words: str, charged: Mapping[str, int]) -> Told:
        """It was delivered, says these words, and counts for exactly this."""
        assert self.job.state is JobState.DONE, self._all()
        assert "Delete" in self.message.buttons, self._all()
        self._says(words)
        assert dict(self.net) == dict(charged), self._all()
        assert (self.job.cost or 0) == charged.get("spend", 0), self._all()
        return self

    def failure(
        self,
        *words: str,
        cost: int = 0,
        state: JobState = JobState.FAILED,
        buttons: Sequence[str] = ("Retry",),
    ) -> Told:
        """It says these words, that the allowance was given back, and what the vendor took all the same."""
        assert self.job.state is state, self._all()
        self._says((*words, GIVEN_BACK))
        assert VENDORS_WORDS not in self.text, self._all()
        assert self.message.buttons == list(buttons), self._all()
        assert dict(self.net) == ({"spend": cost} if cost else {}), self._all()
        assert (self.job.cost or 0) == cost, self._all()
        assert ("The vendor charged" in self.text) == bool(cost), self._all()
        return self

    def _says(self, words: Sequence[str]) -> None:
        for one in words:
            assert one in self.text, self._all()

    def _all(self) -> str:
        return (
            f"{self.text!r} {self.message.buttons} {self.job.state} {self.job.error} {self.job.error_facts}"
            f" cost={self.job.cost} net={dict(self.net)}"
        )
