"""What the services need of the database for one member's own data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mv.domain.ids import MemberId, Ref, ServerId
from mv.domain.ledger import LedgerLine
from mv.domain.mydata import Belongings, Forgetting, OwnChange, OwnTake
from mv.domain.project import Project


class OwnRows(Protocol):
    """Everything that names one member, in one server. `skip` and `size` page through it, oldest first."""

    async def servers(
        self, member_id: MemberId, among: Sequence[ServerId], *, acts: bool = False
    ) -> tuple[ServerId, ...]:
        """Those of them in which anything is this member's; with `acts`, or was set by them."""

    async def belongings(self, server_id: ServerId, member_id: MemberId) -> Belongings:
        """How much there is."""

    async def changes(self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int) -> tuple[OwnChange, ...]:
        """Versions of others' scene lists that they made."""

    async def takes(self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int) -> tuple[OwnTake, ...]:
        """Takes of others' characters that they asked for."""

    async def projects(self, server_id: ServerId, member_id: MemberId) -> tuple[Project, ...]:
        """Those they opened; without counts."""

    async def entries(
        self, server_id: ServerId, member_id: MemberId, *, skip: int, size: int
    ) -> tuple[LedgerLine, ...]:
        """Their entries in the ledger."""

    async def in_the_way(self, server_id: ServerId, member_id: MemberId) -> tuple[Ref, ...]:
        """Jobs of theirs that are open or not delivered, and open ones of others on records of theirs."""

    async def ask(self, forgetting: Forgetting) -> None:
        """Notes that they asked to be forgotten; again replaces it."""

    async def asked(self) -> tuple[Forgetting, ...]:
        """All that is not at its end, oldest first."""

    async def erase(self, forgetting: Forgetting, size: int) -> bool:
        """Does the next part of it, of that many rows at most; False when nothing was left to do. The rules are those
        of `mv.domain.mydata`. It may be cut off anywhere, and goes on with what is left."""

    async def repeated_under_way(self, forgetting: Forgetting) -> bool:
        """Whether a job of another that holds their words is open, or its result not delivered."""

    async def erase_repeated(self, forgetting: Forgetting, after: int, size: int) -> int | None:
        """Erases what others' jobs repeat of theirs, where it is delivered, and that they cancelled one: looks at that
        many jobs whose numbers are higher than `after`. The last number it looked at, None when there are no more."""

    async def anonymise(self, forgetting: Forgetting, size: int, *, counted_before: datetime | None = None) -> bool:
        """That many lines of the ledger, of what was there when they asked, name nobody from now on; False when none
        was left."""

    async def compact(self, *, begin: bool) -> bool:
        """Lets go of erased words in the text search, some pages at a time; False when there was nothing left to do."""

    async def erased(self, forgetting: Forgetting, at: datetime) -> None:
        """All is erased but what of the ledger waits for the end of the month."""

    async def end(self, forgetting: Forgetting) -> None:
        """That they asked is forgotten as well."""

    async def forgotten_since(self, server_id: ServerId, member_id: MemberId, at: datetime) -> bool:
        """Whether they asked to be forgotten after that moment, or so shortly before that words of theirs may have been
        read meanwhile."""
