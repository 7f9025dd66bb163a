"""What the managers of a server may set, and what holds where in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from mv.domain.ids import ChannelId, MemberId, ServerId
from mv.domain.ledger import QUARTER

WHOLE_SERVER = ChannelId(0)
"""Stands for every channel."""
MOST_DAYS = 3650
NONE = "none"
"""What takes a default away again."""


class Option(StrEnum):
    """What there is to set; in brackets what a value is."""

    PROJECT = "project"
    """[a project's number] of what is made without one; per channel, or for the whole server."""
    FLAVOR = "flavor"
    """[a name] as the project."""
    ALLOWED = "allowed"
    """[true or false] whether anything may be made in this channel. Is there one where it may, it may not elsewhere."""
    KEEP_JOBS = "keep_jobs_days"
    """[days] as the next two; 0 is for ever."""
    KEEP_TAKES = "keep_takes_days"
    KEEP_DELETED = "keep_deleted_days"
    BUDGET = "budget"
    """[micro-dollars] that the whole server may spend in a month."""
    TIME_ZONE = "time_zone"
    """[a name such as Europe/Berlin] in which days and months begin."""
    NOTICES = "notices_channel"
    """[a channel's number] where managers are told that a budget is nearly used up."""


KEPT = (Option.KEEP_JOBS, Option.KEEP_TAKES, Option.KEEP_DELETED)


def known_zone(name: str) -> bool:
    """Whether there is a time zone of that name, and its days begin at a full quarter of an hour."""
    try:
        offset = ZoneInfo(name).utcoffset(datetime.now())  # noqa: DTZ005  # on its own clocks
    except (ValueError, OSError):  # a name that is none, or no file
        return False
    return offset is not None and offset.total_seconds() % QUARTER == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value, as it was set. `value` is JSON, and not trusted to be what its option says."""

    server_id: ServerId
    channel_id: ChannelId
    option: Option
    value: Any
    set_by: MemberId
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is set in one server."""

    settings: tuple[Setting, ...] = ()

    def default(self, option: Option, places: tuple[ChannelId, ...]) -> Any:
        """The value that holds in the first of these places that has one, then the server's; None without."""
        for place in (*places, WHOLE_SERVER):
            value = self._value(option, place)
            if value is not None:
                return value
        return None

    def days(self, option: Option) -> int | None:
        """None if it was not set."""
        value = self._value(option, WHOLE_SERVER)
        return value if isinstance(value, int) and 0 <= value <= MOST_DAYS else None

    def allows(self, places: tuple[ChannelId, ...]) -> bool:
        """Whether something may be made here; in a direct message, which has no place, it may."""
        for place in places:
            said = self._value(Option.ALLOWED, place)
            if said is not None:
                return bool(said)
        return not places or not self.allowed

    @property
    def budget(self) -> int | None:
        """Micro-dollars a month; None if it was not set."""
        value = self._value(Option.BUDGET, WHOLE_SERVER)
        return value if isinstance(value, int) and value >= 0 else None

    @property
    def zone(self) -> str | None:
        """A time zone that there is; None if it was not set."""
        value = self._value(Option.TIME_ZONE, WHOLE_SERVER)
        return value if isinstance(value, str) and known_zone(value) else None

    @property
    def notices(self) -> ChannelId | None:
        """Where the managers are told; None if it was not set."""
        value = self._value(Option.NOTICES, WHOLE_SERVER)
        return ChannelId(value) if isinstance(value, int) and value > 0 else None

    @property
    def allowed(self) -> tuple[ChannelId, ...]:
        """The channels that are named for it."""
        return self._channels(allowed=True)

    @property
    def disallowed(self) -> tuple[ChannelId, ...]:
        """The channels that are named against it."""
        return self._channels(allowed=False)

    def _channels(self, *, allowed: bool) -> tuple[ChannelId, ...]:
        said = (row for row in self.settings if row.option is Option.ALLOWED)
        return tuple(row.channel_id for row in said if bool(row.value) is allowed)

    def _value(self, option: Option, place: ChannelId) -> Any:
        rows = (row for row in self.settings if row.option is option and row.channel_id == place)
        return next((row.value for row in rows), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a manager typed; None is what they left out. `project` and `flavor` apply in `channel`, or in all; `budget`
    is in micro-dollars a month."""

    project: str | None = None
    flavor: str | None = None
    channel: ChannelId | None = None
    allow: ChannelId | None = None
    disallow: ChannelId | None = None
    keep: Mapping[Option, int] = field(default_factory=dict)
    budget: int | None = None
    no_budget: bool = False
    zone: str | None = None
    notices: ChannelId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesView:
    """All that holds in a server. `projects` are the names of those that are defaults and open, by number; `flavors`
    those there are; `days` what is kept how long, whoever set it; `undo` how long a deletion can be taken back; `zone`
    and `budget` (micro-dollars a month) those that hold, whoever set them; `spent` this month's micro-dollars."""

    rules: Rules
    projects: Mapping[int, str]
    flavors: frozenset[str]
    days: Mapping[Option, int]
    undo: timedelta
    zone: str = "UTC"
    budget: int | None = None
    spent: int = 0
