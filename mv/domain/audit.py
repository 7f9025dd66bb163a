"""The check that the ledger, the jobs and the sums say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mv.domain.budget import Account
from mv.domain.ids import RecordId, Ref, ServerId
from mv.domain.jobs import JobKind, JobState
from mv.domain.ledger import Measure
from mv.domain.usage import AllowanceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAccount:
    """A job as it is stored, and its sums in the ledger. `pictures` are those in its journal that were taken in, None
    where its member was forgotten, and the journal emptied;
    `settled` counts the entries that correct its reservation; `reused`: it made nothing, and was answered with what was
    there."""

    job_id: RecordId
    server_id: ServerId
    ref: Ref
    kind: JobKind
    state: JobState
    cost: int | None
    pictures: int | None
    settled: int
    reused: bool = False
    sums: Mapping[Measure, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What should be the same and is not: `what` of whom, in the ledger and elsewhere."""

    whose: str
    what: str
    ledger: int
    elsewhere: int


@dataclass(slots=True, kw_only=True)
class Audit:
    """What was looked at, and what was found."""

    jobs: int = 0
    entries: int = 0
    differences: list[Difference] = field(default_factory=list)


def differences(account: JobAccount) -> Iterator[Difference]:
    """Where a job and its account disagree."""
    sums, whose = account.sums, f"job {account.ref} of server {account.server_id}"

    def compared(what: str, ledger: int, elsewhere: int) -> Iterator[Difference]:
        if ledger != elsewhere:
            yield Difference(whose=whose, what=what, ledger=ledger, elsewhere=elsewhere)

    if not account.state.final:
        yield from compared("corrections while it is open", account.settled, 0)
        return
    done = account.state is JobState.DONE
    yield from compared("micro-dollars charged", sums.get(Measure.SPEND, 0), account.cost or 0)
    if account.kind is JobKind.SCENES:
        yield from compared("runs", sums.get(Measure.SCENES, 0), int(done and not account.reused))
    elif account.pictures is not None:
        yield from compared("pictures", sums.get(Measure.IMAGES, 0), account.pictures if done else 0)


Sums = Mapping[tuple[Account, AllowanceKind], int]


def tally_differences(ledger: Sums, tallied: Sums, how: str) -> Iterator[Difference]:
    """Of sums that admission goes by, where a sum that is not there is zero."""
    for account, kind in sorted({*ledger, *tallied}):
        due, found = ledger.get((account, kind), 0), tallied.get((account, kind), 0)
        if due != found:
            whose = f"{account.scope.value} {account.subject or account.server_id or ''}".strip()
            yield Difference(whose=whose, what=f"{kind.value}, {how}", ledger=due, elsewhere=found)
