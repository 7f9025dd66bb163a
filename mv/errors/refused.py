"""Refused before anything was started."""

from __future__ import annotations

from dataclasses import dataclass

from mv.errors.base import MvError


@dataclass(eq=False)
class Refused(MvError):
    """Nothing was started and nothing is charged."""


@dataclass(eq=False)
class OutOfRange(Refused):
    """A number outside its range."""

    field: str
    low: int
    high: int


@dataclass(eq=False)
class TooLong(Refused):
    """A text longer than its limit, in characters."""

    field: str
    limit: int
    length: int


@dataclass(eq=False)
class Empty(Refused):
    """A text that must say something and does not."""

    field: str


@dataclass(eq=False)
class NotChosen(Refused):
    """A value that is not one of those allowed."""

    field: str
    given: str
    allowed: tuple[str, ...]


@dataclass(eq=False)
class Unknown(Refused):
    """A flavor, engine or project of that name does not exist; `nearest` are the closest names."""

    kind: str
    given: str
    nearest: tuple[str, ...] = ()


@dataclass(eq=False)
class Taken(Refused):
    """A name that another record of this server has already."""

    kind: str
    given: str
    ref: str


@dataclass(eq=False)
class ServerOnly(Refused):
    """The command works in a server only."""


@dataclass(eq=False)
class NotFound(Refused):
    """There is no such record here, or it is not theirs to see: one answer for both."""

    kind: str
    given: str
    nearest: tuple[str, ...] = ()


@dataclass(eq=False)
class NotAllowed(Refused):
    """Not theirs to change; the owner and managers may."""

    action: str
    ref: str
    owner_id: int


@dataclass(eq=False)
class ManagersOnly(Refused):
    """Members with Manage Server only."""


@dataclass(eq=False)
class Final(Refused):
    """The deletion of a record of this kind cannot be taken back any more."""

    kind: str


@dataclass(eq=False)
class NotHere(Refused):
    """This server lets nothing be made in this channel; `channels` are those that it names for it, if any."""

    channels: tuple[int, ...]


@dataclass(eq=False)
class NothingSet(Refused):
    """No setting was named, or only `given`, which says where another one applies."""

    given: str = ""


@dataclass(eq=False)
class TooLate(Refused):
    """The job is past the point where it could be cancelled; `state` says how it ended."""

    ref: str
    state: str


@dataclass(eq=False)
class AllowanceUsedUp(Refused):
    """An allowance does not suffice. `limit`, `used` and `wanted` are counts; `resets_at` is a Unix time in seconds."""

    kind: str
    limit: int
    used: int
    wanted: int
    period: str
    resets_at: int
    whose: str


@dataclass(eq=False)
class TooManyWaiting(Refused):
    """This member has as many jobs waiting as allowed."""

    limit: int


@dataclass(eq=False)
class AlreadyAsked(Refused):
    """The same button was pressed before; `ref` is the job that came of it, asked for by `member_id`."""

    ref: str
    member_id: int


@dataclass(eq=False)
class Repeated(Refused):
    """The gateway delivered the same interaction a second time; job `ref` came of the first. Nobody is told: the first
    one is answered."""

    ref: str


@dataclass(eq=False)
class Restarting(Refused):
    """The process is about to stop: no new work is taken in."""


@dataclass(eq=False)
class VendorResting(Refused):
    """A vendor kept failing and is left alone; `until` is a Unix time in seconds."""

    vendor: str
    until: int


@dataclass(eq=False)
class CannotPost(Refused):
    """The bot lacks permissions in the channel it would have to post in."""

    missing: tuple[str, ...]


@dataclass(eq=False)
class NotSetUp(Refused):
    """A vendor has no key; `variable` names the environment variable that is missing."""

    vendor: str
    variable: str
