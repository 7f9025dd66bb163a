"""A job that somebody wants: what it would use, what is stored of it, and what is reserved for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mv.domain.budget import Account
from mv.domain.engine import Price
from mv.domain.ids import ChannelId, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.jobs import ROLES, Job, JobKind, JobState, Once, ReplyTo
from mv.domain.ledger import Entry, LedgerLine, Measure
from mv.domain.usage import AllowanceKind, Quota

Who = tuple[ServerId, MemberId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A job that somebody wants, with what it would use at most. `wants[SPEND]` is absent if nothing is known to
    cost anything; `estimate` is what the engine that is asked first costs, by the `price`: None if unpriced."""

    server_id: ServerId
    member_id: MemberId
    roles: frozenset[int]
    kind: JobKind
    order: Mapping[str, Any]
    engine: str
    vendor: str
    reply: ReplyTo
    wants: Mapping[AllowanceKind, int]
    estimate: int | None = None
    price: Price | None = None
    once: Once | None = None
    agreed: int | None = 0
    """Micro-dollars that the member was shown and said Go to; None: whatever it may cost."""
    project_id: RecordId | None = None
    places: tuple[ChannelId, ...] = ()
    """Where it was asked for, as the actor's."""

    @property
    def who(self) -> Who:
        """Allowances are per member and server."""
        return self.server_id, self.member_id

    @property
    def account(self) -> Account:
        """The member's."""
        return Account.of_member(self.server_id, self.member_id)

    @property
    def most(self) -> int | None:
        """Micro-dollars that it may cost, as far as that is known; None if nothing is."""
        return self.wants.get(AllowanceKind.SPEND, self.estimate)

    @property
    def asks(self) -> dict[AllowanceKind, int | None]:
        """What allowances must have left; None: some money, nobody knows how much."""
        unpriced = {AllowanceKind.SPEND: None} if self.estimate is None else {}
        return {**unpriced, **self.wants}


def new_job(application: Application, ref: Ref, now: datetime, quotas: Collection[Quota], priority: int) -> Job:
    """With those roles of its member's that limits name: its result says what is left."""
    roles = sorted(application.roles & {quota.role_id for quota in quotas if quota.role_id is not None})
    return Job(
        id=new_id(),
        server_id=application.server_id,
        ref=ref,
        kind=application.kind,
        state=JobState.QUEUED,
        member_id=application.member_id,
        private=application.reply.private,
        order={**application.order, ROLES: roles} if roles else application.order,
        engine=application.engine,
        vendor=application.vendor,
        reply=application.reply,
        created_at=now,
        priority=priority,
        project_id=application.project_id,
        once=application.once.key if application.once else None,
    )


def reservation(job: Job, wants: Mapping[AllowanceKind, int], price: Price | None) -> list[LedgerLine]:
    """What opens a job's account in the ledger."""
    return [
        LedgerLine(
            job_id=job.id,
            server_id=job.server_id,
            member_id=job.member_id,
            project_id=job.project_id,
            kind=Measure(kind.value),
            entry=Entry.RESERVE,
            amount=amount,
            engine=job.engine,
            counted_at=job.created_at,
            at=job.created_at,
            price=price,
        )
        for kind, amount in wants.items()
    ]
