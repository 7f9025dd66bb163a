"""A job and its row: one record in the domain, one line in the table."""

from __future__ import annotations

from typing import Any

from mv.domain.ids import Kind, Ref
from mv.domain.jobs import Delivery, Job, JobKind, JobState, ReplyTo
from mv.store.queries import AnyRow


def from_job(job: Job) -> dict[str, Any]:
    """The values of its row."""
    return {
        "id": job.id,
        "server_id": job.server_id,
        "number": job.ref.number,
        "kind": job.kind.value,
        "state": job.state.value,
        "member_id": job.member_id,
        "private": job.private,
        "priority": job.priority,
        "order": dict(job.order),
        "engine": job.engine,
        "vendor": job.vendor,
        "project_id": job.project_id,
        **_from_reply(job.reply),
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "record_id": job.record_id,
        "version": job.version,
        "error": job.error,
        "error_facts": None if job.error_facts is None else dict(job.error_facts),
        "cost": job.cost,
        "delivered_at": job.delivered_at,
        "delivered_by": None if job.delivered_by is None else job.delivered_by.value,
        "once": job.once,
    }


def _from_reply(reply: ReplyTo) -> dict[str, Any]:
    return {
        "channel_id": reply.channel_id,
        "application_id": reply.application_id,
        "reply_token": reply.token,
        "token_expires_at": reply.token_expires_at,
        "reply_private": reply.private,
        "message_id": reply.message_id,
        "upload_limit": reply.upload_limit,
        "interaction_id": reply.interaction_id,
    }


def to_job(row: AnyRow) -> Job:
    """The job in a row of all columns."""
    return Job(
        id=row.id,
        server_id=row.server_id,
        ref=Ref(Kind.JOB, row.number),
        kind=JobKind(row.kind),
        state=JobState(row.state),
        member_id=row.member_id,
        private=row.private,
        order=row.order,
        engine=row.engine,
        vendor=row.vendor,
        reply=_to_reply(row),
        created_at=row.created_at,
        priority=row.priority,
        project_id=row.project_id,
        started_at=row.started_at,
        finished_at=row.finished_at,
        record_id=row.record_id,
        version=row.version,
        error=row.error,
        error_facts=row.error_facts,
        cost=row.cost,
        delivered_at=row.delivered_at,
        delivered_by=None if row.delivered_by is None else Delivery(row.delivered_by),
        once=row.once,
    )


def _to_reply(row: AnyRow) -> ReplyTo:
    return ReplyTo(
        channel_id=row.channel_id,
        application_id=row.application_id,
        token=row.reply_token,
        token_expires_at=row.token_expires_at,
        private=row.reply_private,
        message_id=row.message_id,
        upload_limit=row.upload_limit,
        interaction_id=row.interaction_id,
    )
