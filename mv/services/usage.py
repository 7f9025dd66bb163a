"""What a member may use and has used, and the limits that managers set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.budget import Account
from mv.domain.ids import MemberId, ServerId
from mv.domain.jobs import Job, JobKind
from mv.domain.money import within
from mv.domain.usage import Allowance, AllowanceKind, Period, Quota, in_force, window
from mv.errors import ManagersOnly
from mv.services.tools import Tools, server_of

COUNTS = (0, 1_000_000)
"""What a quota of scenes or images may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSheet:
    """One member's standing in one server. `spent` is this month's micro-dollars at known prices; days and months are
    those of `zone`."""

    server_id: ServerId
    allowances: tuple[Allowance, ...]
    spent: int
    zone: str = "UTC"


class Usage:
    """/usage and /quota."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def me(self, actor: Actor, shared: Sequence[ServerId] = ()) -> tuple[UsageSheet, ...]:
        """The actor's standing here; in a direct message, in each of these servers where they used something this
        month: the others may be none of theirs, and are not named."""
        if actor.server_id is not None:
            return (await self._sheet(actor.server_id, actor.member_id, actor.role_ids),)
        since = window(Period.MONTH, self._tools.clock.now())[0] - timedelta(days=1)  # of every time zone
        async with self._tools.records.read() as tx:
            known = await tx.usage.where_used(actor.member_id, shared, since)
        return tuple([await self._sheet(server, actor.member_id, frozenset()) for server in known])

    async def of(self, actor: Actor, member: MemberId, roles: frozenset[int]) -> UsageSheet:
        """Another member's standing here, by the roles they have. Raises ManagersOnly."""
        return await self._sheet(managed(actor), member, roles)

    async def after(self, job: Job) -> tuple[Allowance, ...]:
        """What whoever asked for a job may use of what it takes, as it stands now."""
        kinds = {JobKind.SCENES: AllowanceKind.SCENES, JobKind.CHARACTER: AllowanceKind.IMAGES}
        sheet = await self._sheet(job.server_id, job.member_id, job.roles)
        return tuple(one for one in sheet.allowances if one.quota.kind in (kinds[job.kind], AllowanceKind.SPEND))

    async def _sheet(self, server: ServerId, member: MemberId, roles: frozenset[int]) -> UsageSheet:
        now, zone = self._tools.clock.now(), await self._tools.preferences.zone_of(server)
        account, windows = Account.of_member(server, member), {p: window(p, now, zone) for p in Period}
        async with self._tools.records.read() as tx:
            quotas = (*await tx.usage.quotas([server]), *self._tools.config.default_quotas())
            sums = {p: await tx.usage.sums([account], since) for p, (since, _) in windows.items()}
        allowances = [
            Allowance(
                quota=quota,
                used=sums[quota.period].get((account, kind), 0),
                resets_at=windows[quota.period][1],
            )
            for kind in AllowanceKind
            for quota in in_force(quotas, kind, member, roles)
        ]
        spent = sums[Period.MONTH].get((account, AllowanceKind.SPEND), 0)
        return UsageSheet(server_id=server, allowances=tuple(allowances), spent=spent, zone=zone)

    async def set_quota(
        self, actor: Actor, kind: AllowanceKind, limit: int, period: Period, member: MemberId | None, role: int | None
    ) -> Quota:
        """A new limit, in counts (micro-dollars for spend). Raises ManagersOnly, OutOfRange."""
        server = managed(actor)
        if kind is AllowanceKind.SPEND:
            within("limit", limit)
        else:
            limits.number("limit", limit, COUNTS)
        quota = Quota(kind=kind, limit=limit, period=period, server_id=server, member_id=member, role_id=role)
        async with self._tools.records.write() as tx:
            await tx.usage.set_quota(quota, actor.member_id, self._tools.clock.now())
        return quota

    async def quotas(self, actor: Actor, member: MemberId | None, role: int | None) -> tuple[Quota, ...]:
        """The limits set in this server (of one subject, if named), then those of limits.yaml. Raises ManagersOnly."""
        server = managed(actor)
        async with self._tools.records.read() as tx:
            rows = await tx.usage.quotas([server])
        if member is not None or role is not None:
            return tuple(row for row in rows if (row.member_id, row.role_id) == (member, role))
        return (*rows, *self._tools.config.default_quotas())

    async def clear_quotas(
        self,
        actor: Actor,
        kind: AllowanceKind | None,
        period: Period | None,
        member: MemberId | None,
        role: int | None,
    ) -> int:
        """How many limits of this subject were removed; None stands for every kind, or period. Raises ManagersOnly."""
        server = managed(actor)
        async with self._tools.records.write() as tx:
            return await tx.usage.clear_quotas(server, kind, period, member, role)


def managed(actor: Actor) -> ServerId:
    """The server this actor manages; raises ManagersOnly, ServerOnly."""
    server = server_of(actor)
    if not actor.is_manager:
        raise ManagersOnly()
    return server
