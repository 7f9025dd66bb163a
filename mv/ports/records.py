"""What the services need of the database."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from mv.domain.audit import JobAccount
from mv.domain.budget import Account, Warned
from mv.domain.character import Character, MediaFile, Take
from mv.domain.excerpt import Excerpt, Marks
from mv.domain.ids import Kind, MemberId, MessageId, RecordId, Ref, ServerId
from mv.domain.jobs import Delivery, Job, JobKind, JobState, Once, Step
from mv.domain.ledger import LedgerLine
from mv.domain.project import Project
from mv.domain.scenes import SceneList, SceneVersion
from mv.domain.search import Filters, Query
from mv.domain.usage import AllowanceKind, Period, Quota
from mv.domain.usage_report import Booked, Share
from mv.errors import MvError
from mv.ports.keeping import CleaningRows, ServerRows, SettingsRows

if TYPE_CHECKING:
    from mv.ports.mydata import OwnRows

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list, newest first; `before` is the number to ask the next page with, None at the end."""

    rows: tuple[T, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A line for autocomplete."""

    ref: Ref
    title: str
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Generic[T]):
    """A record that was found: where in its title the words stand, and the part below the title that shows why."""

    record: T
    title: Marks
    excerpt: Excerpt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[T]):
    """A page of what was found, best first; `after` is what to ask the next page with, 12 digits at most, None at the
    end."""

    rows: tuple[Hit[T], ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Whose eyes: rows of this server that are public, or this member's own."""

    server_id: ServerId
    member_id: MemberId


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Open jobs of one state: how many, and when the oldest was asked for."""

    count: int
    oldest: datetime


class ShelfRows(Protocol[T]):
    """What scene lists and characters have in common. Deleted ones are never found, except by `get` with `deleted`."""

    async def get(self, record_id: RecordId, *, deleted: bool = False) -> T | None:
        """By key, whoever asks."""

    async def find(self, seen: Seen, ref: Ref) -> T | None:
        """By number, if these eyes may see it."""

    async def asked_before(self, seen: Seen, key: str, *, private: bool) -> T | None:
        """The newest record of the request with this key: one that everybody of the server may see, or, if `private`,
        one of these eyes' own as well."""

    async def page(
        self, seen: Seen, *, project_id: RecordId | None, member_id: MemberId | None, before: int | None, size: int
    ) -> Page[T]:
        """Newest first."""

    async def choices(self, seen: Seen, text: str, size: int) -> tuple[Choice, ...]:
        """For autocomplete: number prefix, or words that begin words of the title; newest first, but for the number
        itself."""

    async def search(self, seen: Seen, query: Query, filters: Filters, *, after: int | None, size: int) -> Found[T]:
        """All words in the title first, then in what it is about, then anywhere; among these the newest first. A query
        that is empty finds nothing."""

    async def star(self, record_id: RecordId, at: datetime | None) -> None:
        """Since when it is kept from clean-up; None: it is not."""

    async def delete(self, record_id: RecordId, at: datetime) -> bool:
        """Marks it deleted; False if it was already."""

    async def undelete(self, record_id: RecordId) -> bool:
        """Takes a deletion back; False if it was not deleted."""


class SceneRows(ShelfRows[SceneList], Protocol):
    """Scene lists and their versions."""

    async def add(self, record: SceneList, version: SceneVersion) -> None:
        """A new list with its first version."""

    async def add_version(self, record_id: RecordId, version: SceneVersion) -> None:
        """The next version, which becomes current; the list's title follows it."""

    async def last_version(self, record_id: RecordId) -> int | None:
        """The number of the newest; nobody else makes the next one till the end of this transaction. None if the list
        is deleted."""

    async def version(self, record_id: RecordId, number: int) -> SceneVersion | None:
        """One version with its scenes."""

    async def history(self, record_id: RecordId, *, before: int | None, size: int) -> tuple[SceneVersion, ...]:
        """Whole versions, newest first, those with numbers below `before`."""

    async def version_of_job(self, job_id: RecordId) -> tuple[RecordId, int] | None:
        """What a job has made already, if anything."""

    async def lists_of(self, character_id: RecordId, seen: Seen, *, private: bool, size: int) -> tuple[SceneList, ...]:
        """The newest scene lists made with a character that everybody of this server may see; with `private` also these
        eyes' own."""


class CharacterRows(ShelfRows[Character], Protocol):
    """Characters and their takes."""

    async def add(self, record: Character) -> None:
        """A new character, without takes."""

    async def add_takes(self, record_id: RecordId, takes: Sequence[Take]) -> None:
        """With their media rows, which must be stored before by `MediaRows.add`."""

    async def takes(self, record_id: RecordId, *, job_id: RecordId | None = None) -> tuple[Take, ...]:
        """All, or those of one job, in order of their number."""

    async def take(self, record_id: RecordId, number: int) -> Take | None:
        """One by its number."""

    async def newest_takes(self, record_id: RecordId, *, before: int | None = None, size: int) -> tuple[Take, ...]:
        """Newest first, those with numbers below `before`."""

    async def last_take(self, record_id: RecordId) -> int | None:
        """The last number that a take has or had, 0 if there was none; nobody else takes the next one till the end of
        this transaction. None if the character is deleted."""

    async def rename(self, record_id: RecordId, name: str) -> None:
        """What it is called and found by."""

    async def set_main(self, record_id: RecordId, number: int) -> None:
        """The take that stands for it."""


class MediaRows(Protocol):
    """One row a stored file; the same bytes are stored once in a server."""

    async def by_hash(self, server_id: ServerId, sha256: str) -> MediaFile | None:
        """The row of bytes that this server has already."""

    async def add(self, file: MediaFile) -> MediaFile:
        """Stores the row, or returns the one with the same bytes."""


class ProjectRows(Protocol):
    """Projects of a server."""

    async def add(self, project: Project) -> None:
        """Raises Taken if an open project of that name (case folded) exists."""

    async def find(self, server_id: ServerId, ref: Ref) -> Project | None:
        """By number."""

    async def by_name(self, server_id: ServerId, name: str, *, archived: bool = False) -> Project | None:
        """An open project by its name, case folded; with `archived` the newest archived one of that name."""

    async def get(self, seen: Seen, project_id: RecordId) -> Project | None:
        """By key, if it is of this server; with counts as these eyes see them."""

    async def page(self, seen: Seen, *, before: int | None, size: int, archived: bool | None = None) -> Page[Project]:
        """Newest first, with counts as these eyes see them; only those that are `archived`, or are not."""

    async def choices(self, server_id: ServerId, text: str, size: int, *, archived: bool = False) -> tuple[Choice, ...]:
        """For autocomplete: open ones, or with `archived` all."""

    async def change(self, project: Project) -> None:
        """Its name, its budget, and since when it is archived. Raises Taken if it is open and another open one has
        that name."""

    async def makers(self, seen: Seen, project_id: RecordId) -> tuple[MemberId, ...]:
        """Who made a record, a version or a take that these eyes see."""

    async def spent(self, project_id: RecordId) -> int:
        """Micro-dollars in the ledger, what was lost included."""

    async def budgets(self, project_ids: Sequence[RecordId]) -> dict[RecordId, tuple[Ref, int]]:
        """Micro-dollars a month, of those that have a budget, with what they are called."""

    async def called(self, project_ids: Sequence[RecordId]) -> dict[RecordId, tuple[Ref, str]]:
        """Their numbers and names."""

    async def names(self, server_id: ServerId, size: int) -> tuple[str, ...]:
        """Names of open projects, newest first, to find the nearest to a wrong one."""


class JobRows(Protocol):
    """Jobs and their journal."""

    async def add_all(self, jobs: Sequence[Job]) -> None:
        """New jobs, all in one statement."""

    async def get(self, job_id: RecordId) -> Job | None:
        """By key."""

    async def find(self, server_id: ServerId, ref: Ref) -> Job | None:
        """By number; who may see what is the service's business."""

    async def page(
        self,
        server_id: ServerId,
        *,
        member_id: MemberId | None,
        before: int | None,
        size: int,
        project_id: RecordId | None = None,
    ) -> Page[Job]:
        """Newest first; `member_id` None is everybody's."""

    async def unpriced(self, project_id: RecordId) -> int:
        """How many are done, and have no known price."""

    async def choices(
        self, server_id: ServerId, *, member_id: MemberId | None, text: str, size: int
    ) -> tuple[Choice, ...]:
        """For autocomplete: those still open first."""

    async def unfinished(self) -> tuple[Job, ...]:
        """Queued and running, oldest first."""

    async def begun(self) -> frozenset[RecordId]:
        """The running whose runner has noted anything."""

    async def backlog(self) -> dict[JobState, Backlog]:
        """The queued and the running; a state that no job is in is not in it."""

    async def undelivered(self) -> tuple[Job, ...]:
        """Final, not delivered, oldest first."""

    async def open_counts(
        self, member_ids: Sequence[tuple[ServerId, MemberId]]
    ) -> dict[tuple[ServerId, MemberId], int]:
        """How many jobs each has queued or running."""

    async def asked(self, interactions: Sequence[int], onces: Sequence[Once]) -> tuple[Job, ...]:
        """Jobs that came of these interactions, and those that stand in the way of asking under these keys again."""

    async def start(self, job_id: RecordId, at: datetime, message_id: MessageId | None = None) -> bool:
        """queued or running → running; False if it is final. With the message that shows it, if that is known."""

    async def finish(
        self,
        job_id: RecordId,
        state: JobState,
        at: datetime,
        *,
        record_id: RecordId | None = None,
        version: int | None = None,
        error: MvError | None = None,
        cost: int | None = None,
    ) -> bool:
        """→ a final state, once: False if it was final already."""

    async def set_message(self, job_id: RecordId, message_id: MessageId) -> None:
        """The message that shows this job."""

    async def set_once(self, job_id: RecordId, key: str) -> None:
        """From now on it stands in the way of asking under this key."""

    async def set_delivered(self, job_id: RecordId, by: Delivery, at: datetime, message_id: MessageId | None) -> None:
        """Also erases the interaction's token."""

    async def erase_tokens(self, expired_before: datetime) -> int:
        """Erases tokens that live no longer; returns how many."""

    async def step(self, job_id: RecordId, name: str) -> Step | None:
        """A line of the journal."""

    async def steps(self, job_id: RecordId) -> tuple[Step, ...]:
        """The whole journal, oldest first."""

    async def steps_since(self, prefix: str, since: datetime) -> tuple[Step, ...]:
        """All jobs' steps of names that begin so and were intended since then; of jobs that are not more than a day
        older."""

    async def intend(self, job_id: RecordId, name: str, at: datetime, value: Mapping[str, Any]) -> None:
        """Before an effect. Again for the same name: replaces the value, clears `done_at`."""

    async def complete(
        self, job_id: RecordId, name: str, at: datetime, value: Mapping[str, Any], cost: int | None
    ) -> None:
        """After an effect."""

    async def usual_seconds(self, engine: str, kind: JobKind) -> float | None:
        """Median running time in seconds of the last 20 finished jobs of that engine."""


class UsageRows(Protocol):
    """The ledger, its sums, the quotas, and warnings about budgets."""

    async def append(self, lines: Sequence[LedgerLine]) -> None:
        """With the sums they belong to. A second line of the same job, kind, entry and engine is ignored (exactly
        once)."""

    async def lines(self, job_id: RecordId) -> tuple[LedgerLine, ...]:
        """A job's entries, oldest first."""

    async def sums(self, accounts: Iterable[Account], since: datetime) -> dict[tuple[Account, AllowanceKind], int]:
        """What was counted since that moment, which begins a quarter of an hour; what was never used is not in it. Of
        projects, servers and the bot only `spend`."""

    async def sums_by_start(
        self, wanted: Mapping[datetime, Iterable[Account]]
    ) -> dict[datetime, dict[tuple[Account, AllowanceKind], int]]:
        """The same for several moments, in one statement where they and the servers are few."""

    async def where_used(self, member: MemberId, servers: Sequence[ServerId], since: datetime) -> tuple[ServerId, ...]:
        """Those of these servers in which the member used something since that moment, which begins a quarter of an
        hour."""

    async def accounts(self, after: RecordId | None, size: int) -> tuple[JobAccount, ...]:
        """Jobs by their key, from behind that one, with their sums in the ledger."""

    async def recounted(self, since: datetime) -> tuple[dict[tuple[Account, AllowanceKind], int], int]:
        """What was counted since that midnight (UTC), by the ledger itself, and how many entries that are."""

    async def tallied(
        self, since: datetime
    ) -> tuple[dict[tuple[Account, AllowanceKind], int], dict[tuple[Account, AllowanceKind], int]]:
        """The same, by the sums that are written with it: by those of quarters of an hour, and by those of days. None
        is zero."""

    async def drop_tallies(self, before: datetime) -> int:
        """Forgets sums of periods that are over; the ledger keeps what they were made of."""

    async def warn(self, found: Sequence[Warned]) -> None:
        """Once for each mark of a budget in a month."""

    async def untold(self) -> tuple[Warned, ...]:
        """Warnings that nobody was told of yet, oldest first."""

    async def told(self, warning: Warned, at: datetime) -> None:
        """The managers were."""

    async def shares(self, server: ServerId, since: datetime, until: datetime) -> tuple[Share, ...]:
        """Sums by member, project, engine, measure, and whether the price is known, of what was counted from one moment
        up to the other; some may be zero."""

    async def money(self, server: ServerId, starts: Sequence[datetime]) -> tuple[dict[str, int], ...]:
        """Micro-dollars by engine, what was lost included, between each of these moments and the next."""

    async def entries(
        self, server: ServerId, since: datetime, until: datetime, *, after: Booked | None, size: int
    ) -> tuple[Booked, ...]:
        """Entries that were counted from one moment up to the other, in the order of that, from behind that one."""

    async def quotas(self, server_ids: Sequence[ServerId]) -> tuple[Quota, ...]:
        """All quotas of these servers."""

    async def set_quota(self, quota: Quota, by: MemberId, at: datetime) -> None:
        """Replaces the one of the same subject, kind and period."""

    async def clear_quotas(
        self,
        server_id: ServerId,
        kind: AllowanceKind | None,
        period: Period | None,
        member_id: MemberId | None,
        role_id: int | None,
    ) -> int:
        """Removes those of exactly this subject, of all kinds and periods where these are None; returns how many."""


class Transaction(Protocol):
    """All rows, at one moment."""

    scenes: SceneRows
    characters: CharacterRows
    media: MediaRows
    projects: ProjectRows
    jobs: JobRows
    usage: UsageRows
    own: OwnRows
    settings: SettingsRows
    servers: ServerRows
    cleaning: CleaningRows

    async def next_numbers(self, wanted: Mapping[tuple[ServerId, Kind], int]) -> dict[tuple[ServerId, Kind], int]:
        """Takes that many numbers of each kind; returns the first of each. Locks the servers' counters till the end."""


class Records(Protocol):
    """The database. Never await a vendor or Discord inside a transaction."""

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        """A snapshot; writing in it is an error."""

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        """Commits at the end, rolls back on an exception. Raises StorageFull, StorageLocked, StorageDamaged."""

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """What `work` returns, which awaits nothing but its transaction: then a store may run it all at once, without
        going through a busy event loop for every statement. Otherwise as `write`.

        Not `lasting`: a kill of the process cannot undo it, but a power cut may, up to the next lasting one. It does
        not wait for the disk. For what can be done again, or can be missed, without harm."""
        async with self.write() as tx:
            return await work(tx)

    async def insist(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        """As `transact`, for jobs under way: while another program holds the database it waits, for a minute at most,
        without keeping commands waiting that are to be answered sooner."""
        return await self.transact(work, lasting=lasting)
