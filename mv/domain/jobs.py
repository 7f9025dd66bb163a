"""A job: one run of a generator, from the request to the delivered message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from mv.domain.ids import ChannelId, MemberId, MessageId, RecordId, Ref, ServerId
from mv.errors import Unconfirmed

CANCEL = "cancel"
"""The step of a job's journal that says that a member wants it cancelled."""


ROLES = "roles"
"""The key of a job's order under which the member's roles stand, of those that limits name."""
REUSED = "reused"
"""The step of a job's journal that says that it ended with what was there already, and made nothing."""


class JobKind(StrEnum):
    """Which runner does it."""

    SCENES = "scenes"
    CHARACTER = "character"


class JobState(StrEnum):
    """queued → running → one of the rest, which are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"

    @property
    def final(self) -> bool:
        """Whether nothing more happens but the delivery."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Phase(StrEnum):
    """What a running job is at, for the member who waits."""

    WAITING = "waiting"
    WRITING = "writing"
    CHECKING = "checking"
    PAINTING = "painting"
    FETCHING = "fetching"
    STORING = "storing"
    DELIVERING = "delivering"


class Delivery(StrEnum):
    """Where the result went: the rungs of the ladder."""

    TOKEN = "token"  # noqa: S105  # a place, not a secret
    MESSAGE = "message"
    CHANNEL = "channel"
    DIRECT = "direct"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What is asked for once, whoever asks: for ever, or only while the job that came of it is open."""

    key: str
    while_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTo:
    """Where the answer was promised. The token is a secret: kept while the job needs it, never logged."""

    channel_id: ChannelId
    application_id: int
    token: str | None
    token_expires_at: datetime | None
    private: bool
    message_id: MessageId | None = None
    upload_limit: int = 10 * 1024 * 1024
    """Bytes a file may have there."""
    interaction_id: int | None = None
    """Discord's own number of what the member did; the gateway may deliver the same one twice."""

    def __repr__(self) -> str:
        return f"ReplyTo(channel_id={self.channel_id}, message_id={self.message_id}, private={self.private})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is stored before any work starts. `order` is the filled request, as JSON, with all a runner needs."""

    id: RecordId
    server_id: ServerId
    ref: Ref
    kind: JobKind
    state: JobState
    member_id: MemberId
    private: bool
    order: Mapping[str, Any]
    engine: str
    vendor: str
    reply: ReplyTo
    created_at: datetime
    priority: int = 0
    """Lower goes first."""
    project_id: RecordId | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    record_id: RecordId | None = None
    """The scene list or character it made or added to."""
    version: int | None = None
    """The version it made, for a scene list."""
    error: str | None = None
    error_facts: Mapping[str, Any] | None = None
    cost: int | None = None
    """Micro-dollars really spent; None until settled, or if unpriced."""
    delivered_at: datetime | None = None
    delivered_by: Delivery | None = None
    once: str | None = None
    """The key of the `Once` it was asked for under; of a question that of its answer, if this was Cancel."""

    @property
    def about(self) -> str:
        """The idea, instructions or description it works on, as the member typed it."""
        request = self.order.get("request") or {}
        return str(request.get("idea") or request.get("instructions") or request.get("description") or "")

    @property
    def roles(self) -> frozenset[int]:
        """Those of its member's, when it was asked for, that limits name."""
        return frozenset(self.order.get(ROLES, ()))

    @property
    def unconfirmed(self) -> int | None:
        """Micro-dollars that its member is asked about, if it is only that question; None of any other job."""
        return int((self.error_facts or {})["estimate"]) if self.error == Unconfirmed.__name__ else None

    @property
    def declined(self) -> bool:
        """Whether it is a question whose member said Cancel."""
        return self.unconfirmed is not None and self.once is not None

    def as_question(self, estimate: int) -> Job:
        """What is stored of a new job until its member says Go to so many micro-dollars: over before it started, with
        nothing to deliver, and no hindrance to asking for the same under its `Once` again."""
        asked = Unconfirmed(estimate=estimate)
        return replace(
            self,
            state=JobState.CANCELLED,
            reply=replace(self.reply, token=None, token_expires_at=None),
            finished_at=self.created_at,
            delivered_at=self.created_at,
            error=asked.code,
            error_facts=asked.facts(),
            once=None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is. `place` is its place in the queue from 1, None once it runs; `usual_seconds` is the median of
    such jobs, None while unknown; `starts_in_seconds` is an estimate from these, None unless it waits and one can be
    made."""

    job: Job
    phase: Phase
    place: int | None = None
    done: int | None = None
    total: int | None = None
    usual_seconds: float | None = None
    running_seconds: float = 0.0
    note: str | None = None
    """A code such as `vendor_busy`, for what the wait is about."""
    starts_in_seconds: float | None = None

    @property
    def left_seconds(self) -> float | None:
        """Until it is done, roughly; None if that cannot be said, 0 if it takes longer than usual already."""
        if self.usual_seconds is None or (self.place is not None and self.starts_in_seconds is None):
            return None
        return max(0.0, (self.starts_in_seconds or 0.0) + self.usual_seconds - self.running_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of a job's journal. Without `done_at` it is an intent: the effect may or may not have happened."""

    name: str
    intended_at: datetime
    done_at: datetime | None
    value: Mapping[str, Any]
    cost: int | None = None
    """Micro-dollars this step spent; None if nothing, or unpriced."""
