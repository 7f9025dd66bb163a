"""Allowances: what a member may use in a period, and how limits come together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from mv.domain.ids import MemberId, ServerId

MICRO = 1_000_000


class AllowanceKind(StrEnum):
    """`scenes` counts runs of the generator, `images` pictures delivered, `spend` micro-dollars."""

    SCENES = "scenes"
    IMAGES = "images"
    SPEND = "spend"


class Period(StrEnum):
    """Calendar periods, in the server's time zone."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit that a manager set, or that comes from limits.yaml. Neither member nor role: the server's default."""

    kind: AllowanceKind
    limit: int
    """Counts, or micro-dollars for `spend`; 0 is none at all."""
    period: Period
    server_id: ServerId | None = None
    member_id: MemberId | None = None
    role_id: int | None = None

    @property
    def whose(self) -> str:
        """Where the limit comes from: member, role, server or config."""
        if self.member_id is not None:
            return "member"
        if self.role_id is not None:
            return "role"
        return "config" if self.server_id is None else "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """A quota as it stands now for one member. `resets_at` is the end of the running period."""

    quota: Quota
    used: int
    resets_at: datetime

    @property
    def left(self) -> int:
        """What may still be used, never below zero."""
        return max(0, self.quota.limit - self.used)


def window(period: Period, now: datetime, zone: str = "UTC") -> tuple[datetime, datetime]:
    """The running period's start and end, in UTC; days and months are those of the time zone."""
    local = now.astimezone(ZoneInfo(zone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if period is Period.DAY:
        end = (start + timedelta(days=1, hours=12)).replace(hour=0)
    else:
        start = start.replace(day=1)
        end = (start + timedelta(days=32)).replace(day=1)
    return start.astimezone(UTC), end.astimezone(UTC)


def in_force(
    quotas: tuple[Quota, ...], kind: AllowanceKind, member_id: MemberId, roles: frozenset[int]
) -> tuple[Quota, ...]:
    """The quotas that bind this member, one a period at most: their own first, else the most generous of their roles',
    else the server's default, else limits.yaml. A level that says anything about a kind speaks for all its periods."""
    of_kind = [quota for quota in quotas if quota.kind is kind]
    own = [quota for quota in of_kind if quota.member_id == member_id and quota.member_id is not None]
    by_role = [quota for quota in of_kind if quota.role_id is not None and quota.role_id in roles]
    server = [quota for quota in of_kind if quota.whose == "server"]
    config = [quota for quota in of_kind if quota.whose == "config"]
    for level in (own, by_role, server, config):
        if level:
            best: dict[Period, Quota] = {}
            for quota in level:
                held = best.get(quota.period)
                if held is None or quota.limit > held.limit:
                    best[quota.period] = quota
            return tuple(best[period] for period in Period if period in best)
    return ()
