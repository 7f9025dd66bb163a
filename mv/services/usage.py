"""What a member may use and has used, and the limits that managers set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mv.domain.actor import Actor
from mv.domain.ids import MemberId, ServerId
from mv.domain.usage import Allowance, AllowanceKind, Period, Quota, in_force, window
from mv.errors import ManagersOnly, OutOfRange
from mv.ports import Transaction
from mv.services.tools import Tools, server_of

MOST = 1_000_000
"""The highest count a quota takes; for `spend`, dollars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSheet:
    """One member's standing in one server. `spent` is this month's micro-dollars at known prices."""

    server_id: ServerId
    allowances: tuple[Allowance, ...]
    spent: int


class Usage:
    """/usage and /quota."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def me(self, actor: Actor, shared: Sequence[ServerId] = ()) -> tuple[UsageSheet, ...]:
        """The actor's standing here; in a direct message, in each of these servers where they used something this
        month: the others may be none of theirs, and are not named."""
        async with self._tools.records.read() as tx:
            if actor.server_id is not None:
                return (await self._sheet(tx, actor.server_id, actor.member_id, actor.role_ids),)
            since = window(Period.MONTH, self._tools.clock.now())[0]
            used = await tx.usage.used([(server, actor.member_id) for server in shared], since)
            known = dict.fromkeys(server for server, _, _ in used)
            return tuple([await self._sheet(tx, server, actor.member_id, frozenset()) for server in known])

    async def _sheet(self, tx: Transaction, server: ServerId, member: MemberId, roles: frozenset[int]) -> UsageSheet:
        now = self._tools.clock.now()
        quotas = (*await tx.usage.quotas([server]), *self._tools.config.default_quotas())
        sums = {p: await tx.usage.used([(server, member)], window(p, now)[0]) for p in Period}
        allowances = [
            Allowance(
                quota=quota,
                used=sums[quota.period].get((server, member, kind), 0),
                resets_at=window(quota.period, now)[1],
            )
            for kind in AllowanceKind
            for quota in in_force(quotas, kind, member, roles)
        ]
        spent = sums[Period.MONTH].get((server, member, AllowanceKind.SPEND), 0)
        return UsageSheet(server_id=server, allowances=tuple(allowances), spent=spent)

    async def set_quota(
        self, actor: Actor, kind: AllowanceKind, limit: int, period: Period, member: MemberId | None, role: int | None
    ) -> Quota:
        """A new limit, in counts (micro-dollars for spend). Raises ManagersOnly, OutOfRange."""
        server = managed(actor)
        most = MOST * 1_000_000 if kind is AllowanceKind.SPEND else MOST
        if not 0 <= limit <= most:
            raise OutOfRange(field="limit", low=0, high=MOST)
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
