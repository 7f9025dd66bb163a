"""Budgets: what a project, a server, or the whole bot may spend in a month, and the sums that tell how much of it is
gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mv.domain.ids import MemberId, RecordId, ServerId
from mv.domain.usage import Period, window

MARKS = (80, 100)
"""Per cent of a budget at which its managers are warned."""
WHOLE_BOT = ServerId(0)


class Scope(StrEnum):
    """Whose sums these are."""

    MEMBER = "member"
    PROJECT = "project"
    SERVER = "server"
    BOT = "bot"


class Account(NamedTuple):
    """A member in a server (`subject` is their number), a project (its key), a server, or all of them."""

    server_id: ServerId
    scope: Scope
    subject: str = ""

    @classmethod
    def of_member(cls, server: ServerId, member: MemberId) -> Account:
        """In one server: servers share nothing."""
        return cls(server, Scope.MEMBER, str(member))

    @classmethod
    def of_project(cls, server: ServerId, project: RecordId) -> Account:
        """By its key."""
        return cls(server, Scope.PROJECT, project)

    @classmethod
    def of_server(cls, server: ServerId) -> Account:
        """All of its members together."""
        return cls(server, Scope.SERVER)


BOT = Account(WHOLE_BOT, Scope.BOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Micro-dollars in a calendar month of `zone`; 0 is none at all."""

    account: Account
    limit: int
    zone: str = "UTC"

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """The running month's start and end, in UTC."""
        return window(Period.MONTH, now, self.zone)

    def month(self, now: datetime) -> str:
        """The running month, such as 2026-11."""
        return now.astimezone(ZoneInfo(self.zone)).strftime("%Y-%m")

    def reached(self, used: int) -> tuple[int, ...]:
        """The marks at or below what is used."""
        return tuple(mark for mark in MARKS if mark * self.limit <= used * 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """That a mark was reached. `used` and `allowed` in micro-dollars; what is reserved is used."""

    account: Account
    month: str
    percent: int
    allowed: int
    used: int
    noted_at: datetime
