"""What members do alike with scene lists and characters: find, list, offer and delete, each by whoever may."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.character import Character
from mv.domain.ids import Kind, MemberId, RecordId, ServerId, parse_ref
from mv.domain.project import Project
from mv.domain.scenes import SceneList
from mv.domain.search import Filters, Sought, first_day, parse_query, readable, widened
from mv.errors import Final, NotAllowed, NotFound, NothingSought
from mv.ports import Choice, Found, Page, ShelfRows, Transaction
from mv.services.project import any_project
from mv.services.tools import Tools, eyes, server_of

R = TypeVar("R", SceneList, Character)
TAKE_BACK = "take back the deletion of"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched(Generic[R]):
    """What was `sought`, with full names and days, and a page of what was found. `widened`: nothing had the last word,
    so that what begins with it was sought."""

    sought: Sought
    found: Found[R]
    widened: bool = False


class Shelf(Generic[R]):
    """The records of one kind; `name` is what a member calls one, `rows` where they are in a transaction."""

    def __init__(self, tools: Tools, kind: Kind, name: str, rows: Callable[[Transaction], ShelfRows[R]]) -> None:
        self._tools = tools
        self._kind = kind
        self._name = name
        self._rows: Callable[[Transaction], ShelfRows[R]] = rows

    async def page(
        self, actor: Actor, *, project: str | None = None, member: MemberId | None = None, before: int | None = None
    ) -> Page[R]:
        """Newest first, filtered by project (ref or name) and author. Raises Unknown."""
        async with self._tools.records.read() as tx:
            found = await any_project(tx, server_of(actor), project)
            return await self._rows(tx).page(
                eyes(actor),
                project_id=found.id if found else None,
                member_id=member,
                before=before,
                size=limits.PAGE,
            )

    async def choices(self, actor: Actor, text: str) -> tuple[Choice, ...]:
        """For autocomplete."""
        async with self._tools.records.read() as tx:
            return await self._rows(tx).choices(eyes(actor), text, limits.CHOICES)

    async def search(self, actor: Actor, sought: Sought, after: int | None = None) -> Searched[R]:
        """A page, best first; `after` as the page before said. Raises Empty, TooLong, NothingSought, NotChosen for a
        day, Unknown for a filter."""
        sought, filters = self._filters(
            replace(sought, query=readable(limits.text("query", sought.query, limits.QUERY)))
        )
        if parse_query(sought.query).empty:
            raise NothingSought(given=sought.query)
        async with self._tools.records.read() as tx:
            project = await any_project(tx, server_of(actor), sought.project)
            if project is not None:
                sought, filters = _within(project, sought, filters)
            found = await self._found(tx, actor, sought, filters, after)
            wider = widened(sought.query) if not found.rows and after is None else None
            if wider is not None and len(wider) <= limits.QUERY:
                more = await self._found(tx, actor, replace(sought, query=wider), filters, None)
                if more.rows:
                    return Searched(sought=replace(sought, query=wider), found=more, widened=True)
        return Searched(sought=sought, found=found)

    async def _found(
        self, tx: Transaction, actor: Actor, sought: Sought, filters: Filters, after: int | None
    ) -> Found[R]:
        query = parse_query(sought.query)
        return await self._rows(tx).search(eyes(actor), query, filters, after=after, size=limits.FOUND)

    def _filters(self, sought: Sought) -> tuple[Sought, Filters]:
        """All but the project."""
        config, today = self._tools.config, self._tools.clock.now().date()
        engine = config.engine(sought.engine).name if sought.engine else None
        flavor = config.flavor(sought.flavor).name if sought.flavor else None
        since = first_day(sought.since, today) if sought.since else None
        day = since.date().isoformat() if since else None
        filters = Filters(
            member_id=sought.member, engine=engine, flavor=flavor, since=since, has_picture=sought.has_picture
        )
        return replace(sought, engine=engine, flavor=flavor, since=day), filters

    async def deletable(self, actor: Actor, given: str) -> R:
        """The record that this actor may delete, by ref. Raises NotFound, NotAllowed."""
        async with self._tools.records.read() as tx:
            return owned(actor, await self._find(tx, actor, given))

    async def deletable_by_id(self, actor: Actor, record_id: RecordId) -> R:
        """As `deletable`, for the buttons."""
        async with self._tools.records.read() as tx:
            return owned(actor, await self._visible(tx, actor, record_id))

    async def delete(self, actor: Actor, record_id: RecordId) -> R:
        """Deletes it. Raises NotFound (also if it is deleted already), NotAllowed."""
        async with self._tools.records.write() as tx:
            record = owned(actor, await self._visible(tx, actor, record_id))
            if not await self._rows(tx).delete(record.id, self._tools.clock.now()):
                raise NotFound(kind=self._name, given=str(record.ref))
            return record

    async def star(self, actor: Actor, given: str, *, remove: bool = False) -> R:
        """Keeps a record from clean-up, by ref: whoever sees it may. To `remove` the star lets pictures of it go, so
        that is for who may delete it. The record as it is then. Raises NotFound, NotAllowed."""
        async with self._tools.records.write() as tx:
            record = await self._find(tx, actor, given)
            if remove:
                owned(actor, record, "take the star from")
            if remove is (record.starred_at is None):  # it is so already
                return record
            starred_at = None if remove else self._tools.clock.now()
            await self._rows(tx).star(record.id, starred_at)
        what = "starred" if starred_at else "not starred any more"
        log.info("%s of server %s is %s, by member %s", record.ref, record.server_id, what, actor.member_id)
        return replace(record, starred_at=starred_at)

    async def undo_until(self, record: R) -> datetime:
        """Until when its deletion, if it happened just now, can be taken back."""
        return self._tools.clock.now() + await self._tools.preferences.undo(record.server_id)

    async def undelete(self, actor: Actor, record_id: RecordId) -> R:
        """Takes its deletion back; who comes second finds it back already. Raises NotAllowed, and Final both for what
        is gone and for what is not theirs to see."""
        gone = Final(kind=self._name)
        async with self._tools.records.read() as tx:
            record = await self._rows(tx).get(record_id, deleted=True)
        if record is None or not visible(actor, record):
            raise gone
        undo = await self._tools.preferences.undo(owned(actor, record, TAKE_BACK).server_id)

        async def bring_back(tx: Transaction) -> R:
            found = await self._rows(tx).get(record_id, deleted=True)
            if found is None or (found.deleted_at is not None and self._tools.clock.now() >= found.deleted_at + undo):
                raise gone
            await self._rows(tx).undelete(record_id)
            return found

        return await self._tools.records.transact(bring_back)

    async def home(self, record_id: RecordId) -> ServerId | None:
        """The server of a record, deleted or not."""
        async with self._tools.records.read() as tx:
            record = await self._rows(tx).get(record_id, deleted=True)
        return record.server_id if record is not None else None

    async def _find(self, tx: Transaction, actor: Actor, given: str) -> R:
        """By ref, with the nearest numbers in the refusal."""
        ref = parse_ref(given, self._kind)
        record = await self._rows(tx).find(eyes(actor), ref) if ref else None
        if record is None:
            near = await self._rows(tx).choices(eyes(actor), "".join(filter(str.isdigit, given)), 3)
            raise NotFound(kind=self._name, given=given, nearest=tuple(str(choice.ref) for choice in near))
        return record

    async def _visible(self, tx: Transaction, actor: Actor, record_id: RecordId) -> R:
        """By key, for the buttons; in a direct message only the owner's own."""
        record = await self._rows(tx).get(record_id)
        if record is None or not visible(actor, record):
            raise NotFound(kind=self._name, given="")
        return record


def _within(project: Project, sought: Sought, filters: Filters) -> tuple[Sought, Filters]:
    return replace(sought, project=str(project.ref)), replace(filters, project_id=project.id)


def visible(actor: Actor, record: SceneList | Character) -> bool:
    """Whether these eyes may see a record: public ones of this server, and one's own; in a direct message one's own."""
    if actor.server_id is None:
        return record.owner_id == actor.member_id
    return record.server_id == actor.server_id and (not record.private or record.owner_id == actor.member_id)


def owned(actor: Actor, record: R, action: str = "delete") -> R:
    """The record, if this actor may delete it: its owner, or a manager of its server. Raises NotAllowed."""
    if record.owner_id != actor.member_id and not actor.is_manager:
        raise NotAllowed(action=action, ref=str(record.ref), owner_id=record.owner_id)
    return record
