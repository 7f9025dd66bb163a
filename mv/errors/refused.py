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
class NothingSought(Refused):
    """A query that names nothing to be found: signs only, or only what shall not be found."""

    given: str


@dataclass(eq=False)
class NotChosen(Refused):
    """A value that is not one of those allowed."""

    field: str
    given: str
    allowed: tuple[str, ...]


@dataclass(eq=False)
class ListFull(Refused):
    """A scene list has as many scenes as it may."""

    limit: int


@dataclass(eq=False)
class LastScene(Refused):
    """A scene list keeps at least one scene."""


@dataclass(eq=False)
class Same(Refused):
    """Nothing would be changed; no version is made."""

    ref: str


@dataclass(eq=False)
class Unknown(Refused):
    """A flavor, engine or project of that name does not exist; `nearest` are the closest names."""

    kind: str
    given: str
    nearest: tuple[str, ...] = ()


@dataclass(eq=False)
class FileTooLarge(Refused):
    """A file over the most that is taken in, or that can be sent there; both in bytes, 0 if the most is not known.
    `name` is the file's, if we made it."""

    bytes: int
    limit: int = 0
    name: str = ""


@dataclass(eq=False)
class FileGone(Refused):
    """Discord did not give out a file that was handed in."""


@dataclass(eq=False)
class NotOurs(Refused):
    """A file that is none of those we write. `why`: archive, not_utf8, empty, not_json (at that `line`, if it is
    known), too_deep, too_much, another_kind, newer."""

    why: str
    line: int = 0


@dataclass(eq=False)
class BadFile(Refused):
    """A file of ours in which something is wrong: the first `places`, what is wrong at each, and the `count` of all
    mistakes. `wrongs` are codes with their facts behind colons: missing, unknown, twice, text, list, object, flag, ref,
    shot_size, colours, controls, empty, long:LIMIT:LENGTH, whole:LOW:HIGH, seconds:MOST, count:LOW:HIGH:FOUND,
    order:NUMBER."""

    places: tuple[str, ...]
    wrongs: tuple[str, ...]
    count: int


@dataclass(eq=False)
class Taken(Refused):
    """A name that another record of this server has already."""

    kind: str
    given: str
    ref: str


@dataclass(eq=False)
class Archived(Refused):
    """The project takes nothing new in."""

    ref: str


@dataclass(eq=False)
class NameGone(Refused):
    """An archived project cannot be opened again: `other` has its name by now."""

    ref: str
    other: str


@dataclass(eq=False)
class Already(Refused):
    """What was asked for is so already; `state` is archived or open."""

    ref: str
    state: str


@dataclass(eq=False)
class TextRemoved(Refused):
    """Nothing more can be made of it: the member whose words it came of took them back."""

    ref: str


@dataclass(eq=False)
class StillWorking(Refused):
    """A member cannot be forgotten while these jobs of theirs, or on records of theirs, are not delivered."""

    refs: tuple[str, ...]


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
    """The job is past the point where it could be cancelled, or, of a question, answered by Go; `state` says how it
    ended."""

    ref: str
    state: str


@dataclass(eq=False)
class AllowanceUsedUp(Refused):
    """An allowance is not enough. `limit`, `used` and `wanted` are counts or micro-dollars; `wanted` is None for a
    price that is not known. `resets_at` is a Unix time in seconds."""

    kind: str
    limit: int
    used: int
    wanted: int | None
    period: str
    resets_at: int
    whose: str


@dataclass(eq=False)
class BudgetReached(Refused):
    """A month's budget is not enough. `scope` is project, server or bot; `limit`, `used` and `wanted` are
    micro-dollars, `wanted` None if the price is not known; `resets_at` is a Unix time in seconds; `ref` is the
    project's."""

    scope: str
    limit: int
    used: int
    wanted: int | None
    resets_at: int
    ref: str = ""


@dataclass(eq=False)
class TooFast(Refused):
    """This member does more in a minute than is answered. `limit` counts commands, buttons and forms; `resets_at` is a
    Unix time in seconds."""

    limit: int
    resets_at: int


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
