"""Who asks for a job, where, and for which project: the part of an application that is alike for every kind of job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from mv.domain.actor import Actor
from mv.domain.engine import Engine, Price
from mv.domain.ids import RecordId, ServerId
from mv.domain.jobs import Job, JobKind, Once, ReplyTo
from mv.domain.usage import AllowanceKind
from mv.services.application import Application


def again_key(job: Job) -> str:
    """Of the `Once` for what a job did not bring."""
    return f"retry:{job.id}"


@dataclass(frozen=True, slots=True)
class Costs:
    """What a job may cost, in micro-dollars by this price; None if unpriced. `reserve` is what it costs by the dearest
    engine of those that may do it, as far as prices are known."""

    price: Price | None
    estimate: int | None
    reserve: int

    @classmethod
    def by(cls, engines: Sequence[Engine], day: date, cost: Callable[[Engine], int | None]) -> Costs:
        """The first is asked; the others may stand in for it."""
        known = [amount for amount in map(cost, engines) if amount is not None]
        return cls(engines[0].price(day), cost(engines[0]), max(known, default=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """The actor is charged in `server_id`, which a button pressed in a direct message has from its record."""

    actor: Actor
    server_id: ServerId
    project_id: RecordId | None
    reply: ReplyTo
    once: Once | None = None
    agreed: int | None = 0
    """As in the application."""

    @classmethod
    def again(cls, actor: Actor, job: Job, reply: ReplyTo) -> Ask:
        """For what a job did not bring: once for each such job, however often it is asked for. Of a question, it is the
        answer Go, to what was shown; whatever else is asked for again was agreed to before."""
        return cls(
            actor=actor,
            server_id=job.server_id,
            project_id=job.project_id,
            reply=reply,
            once=Once(key=again_key(job)),
            agreed=job.unconfirmed,
        )

    def application(
        self, kind: JobKind, task: BaseModel, engine: Engine, wants: Mapping[AllowanceKind, int], costs: Costs
    ) -> Application:
        """For the desk."""
        return Application(
            server_id=self.server_id,
            member_id=self.actor.member_id,
            roles=self.actor.role_ids,
            kind=kind,
            order=task.model_dump(mode="json"),
            engine=engine.name,
            vendor=engine.vendor.value,
            reply=self.reply,
            wants={**wants, AllowanceKind.SPEND: costs.reserve} if costs.reserve else wants,
            estimate=costs.estimate,
            price=costs.price,
            once=self.once,
            agreed=self.agreed,
            project_id=self.project_id,
            places=self.actor.places,
        )
