"""What can go wrong, as facts without prose.

Every error a member may meet is one class here; the bot finds the words for it (`bot/errors.py`), and the job that
failed stores its code and facts, so that the words can be found again after a restart.

    MvError
    ├── Refused                 nothing was started, nothing is charged
    │   ├── OutOfRange, TooLong, NotChosen, Unknown, NotAPicture, Taken, ServerOnly
    │   ├── NotFound, NotAllowed, ManagersOnly, TooLate, Gone
    │   ├── AllowanceUsedUp, TooManyWaiting, AlreadyAsked, Repeated, CannotPost
    │   └── NotSetUp, VendorResting, Restarting
    ├── VendorError             the vendor was asked, or could not be
    │   ├── KeyRefused, NoCredit, VendorBusy, VendorDown, ModelGone, BadRequest
    │   ├── Blocked             refused for safety, recitation or likeness
    │   ├── BadAnswer           cut off, not JSON, too few scenes
    │   └── NoPicture           broken, not a picture, too large, link expired
    ├── Stopped, Uncertain      a job ended without a result
    ├── Partial                 a job ended with some of its pictures
    ├── StorageError
    │   └── StorageFull, StorageReadOnly, StorageLocked, StorageDamaged, Conflict
    └── Incident                a bug; its number is in the log

A `StartError` (ConfigMistake, DataFolderInUse, DataFolderUnusable, SchemaTooNew, PortTaken) stops the start, as a
damaged database does; BackupImpossible and ArchiveUnusable stop `backup` and `restore`. A person must mend it (exit
code 2).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

_REGISTRY: dict[str, type[MvError]] = {}


@dataclass(eq=False)
class MvError(Exception):
    """The root. Subclasses are dataclasses whose fields are JSON values."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _REGISTRY[cls.__name__] = cls

    @property
    def code(self) -> str:
        """The name it is stored under."""
        return type(self).__name__

    def facts(self) -> dict[str, Any]:
        """Its fields, ready for JSON."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        return f"{self.code}({', '.join(f'{k}={v!r}' for k, v in self.facts().items())})"


def error_types() -> dict[str, type[MvError]]:
    """Every concrete and abstract error by its code."""
    return dict(_REGISTRY)


def revive(code: str, facts: dict[str, Any]) -> MvError:
    """The error that a job stored; facts of an older version that no longer fit are dropped."""
    kind = _REGISTRY.get(code)
    if kind is None:
        return Incident(number=str(facts.get("number", "")))
    known = {f.name for f in dataclasses.fields(kind)}
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in facts.items() if k in known})
    except TypeError:
        return Incident(number=str(facts.get("number", "")))


# ── refused before anything was started ──────────────────────────────────────────────────────────────────────────────


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


# ── the vendor was asked ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class VendorError(MvError):
    """Something between us and the vendor. What was really spent is on the job's steps, not here."""

    vendor: str


@dataclass(eq=False)
class KeyRefused(VendorError):
    """401 or 403: the key named by `variable` is wrong."""

    variable: str


@dataclass(eq=False)
class NoCredit(VendorError):
    """402, or a quota of zero: waiting does not help."""


@dataclass(eq=False)
class VendorBusy(VendorError):
    """429 after all retries; `retry_after` in seconds, if the vendor said so."""

    retry_after: float | None = None


@dataclass(eq=False)
class VendorDown(VendorError):
    """5xx, time-out or no connection, after all retries."""

    reason: str = "unavailable"


@dataclass(eq=False)
class ModelGone(VendorError):
    """The vendor does not know the model (any more)."""

    model: str = ""


@dataclass(eq=False)
class BadRequest(VendorError):
    """The vendor refused the request as malformed: a wrong setting in models.yaml, most often."""

    model: str = ""


@dataclass(eq=False)
class Blocked(VendorError):
    """Refused by the vendor's rules. `rule`: safety, recitation, likeness, prohibited or other."""

    rule: str = "safety"


@dataclass(eq=False)
class BadAnswer(VendorError):
    """The answer could not be used, also when asked again. `reason`: cut_off, not_json, too_few, empty."""

    reason: str = "not_json"
    wanted: int = 0
    got: int = 0


@dataclass(eq=False)
class NoPicture(VendorError):
    """The picture could not be taken in. `reason`: broken, not_a_picture, too_large, expired,
    foreign_host, empty, failed."""

    reason: str = "broken"


# ── a job ended without a result ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Stopped(MvError):
    """Cancelled; `by_id` is the member who did it, 0 for the bot itself."""

    by_id: int = 0


@dataclass(eq=False)
class Partial(MvError):
    """Some of several pictures failed; `why` is the code of the first failure. Belongs to a job that is done."""

    wanted: int
    got: int
    why: str


@dataclass(eq=False)
class Uncertain(MvError):
    """The process died while the vendor was being asked: it may have been charged, and is not asked again unbidden."""

    vendor: str = ""


# ── this machine ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class StorageError(MvError):
    """Records or files could not be read or written."""


@dataclass(eq=False)
class StorageFull(StorageError):
    """The disk is full."""


@dataclass(eq=False)
class StorageReadOnly(StorageError):
    """The disk, the folder or a file may not be written."""


@dataclass(eq=False)
class StorageLocked(StorageError):
    """Another process holds the database."""


@dataclass(eq=False)
class StorageDamaged(StorageError):
    """The database is not a database, or fails its check."""

    path: str = ""


@dataclass(eq=False)
class Conflict(StorageError):
    """What was to be stored once is there already, or what it belongs to is not: nothing was stored."""


@dataclass(eq=False)
class Incident(MvError):
    """A bug. The number leads to the log line."""

    number: str


# ── the start is stopped: a person must mend it ──────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class StartError(MvError):
    """The bot cannot start; exit code 2."""


@dataclass(eq=False)
class ConfigMistake(StartError):
    """A mistake in a file of configs/, or in the environment (then `line` is 0)."""

    file: str
    line: int
    key: str
    expected: str


@dataclass(eq=False)
class DataFolderInUse(StartError):
    """Another process runs on the same data folder."""

    path: str


@dataclass(eq=False)
class DataFolderUnusable(StartError):
    """The data folder cannot be made or written."""

    path: str
    reason: str


@dataclass(eq=False)
class SchemaTooNew(StartError):
    """The database was written by a newer bot: `found` is its revision, `known` the newest known here."""

    found: str
    known: str


@dataclass(eq=False)
class PortTaken(StartError):
    """What is served to whoever runs the bot cannot be served there."""

    host: str
    port: int
    reason: str


@dataclass(eq=False)
class BackupImpossible(StartError):
    """Nothing was written. `why`: exists, no_folder, no_database, not_sqlite."""

    path: str
    why: str


@dataclass(eq=False)
class ArchiveUnusable(StartError):
    """Nothing was restored. `why`: missing, not_ours, newer, damaged; `part` is what is damaged."""

    path: str
    why: str
    part: str = ""
