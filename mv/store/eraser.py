"""A member's words and number, erased from rows, some at a time. The rules are those of `mv.domain.mydata`.

A part that is done names the member no more, and so is not found again: where it was cut off, it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import FORMER, MemberId, RecordId
from mv.domain.mydata import GONE, REMOVED, Forgetting, repeats, without_description, without_words
from mv.domain.scenes import SceneBrief
from mv.errors import Stopped
from mv.store.character import SqlCharacterRows
from mv.store.queries import AnyRow, Condition, fold, public
from mv.store.scenes import SqlSceneRows
from mv.store.shelf import SqlShelf
from mv.store.tables import (
    characters,
    jobs,
    projects,
    quotas,
    scene_lists,
    scene_versions,
    scenes,
    settings,
    steps,
    takes,
)

_NAMED = {"name": REMOVED, "folded": fold(REMOVED), "description": REMOVED}
_TITLED = {"title": REMOVED, "folded": fold(REMOVED)}
_NOBODY = {"owner_id": FORMER, "owner_name": ""}
_EMPTIED: dict[str, Any] = {"order": {}, "error": None, "error_facts": None}
_SENT: dict[str, Any] = {"reply_token": None, "token_expires_at": None, "message_id": None, "channel_id": 0}
_KEPT_OF_STEPS = ("ticket", "mark", "error")
"""What tells other jobs which orders at a vendor are not theirs."""
CANCELLED_BY_FORMER = -1
"""In the facts of what a former member cancelled; 0 is the bot."""


def in_use(member_id: MemberId) -> Condition:
    """Characters of which another member made a take, or a scene list that everybody may see."""
    listed = exists().where(
        scene_lists.c.character_id == characters.c.id, public(scene_lists), scene_lists.c.owner_id != member_id
    )
    return or_(listed, exists().where(takes.c.character_id == characters.c.id, takes.c.author_id != member_id))


class Eraser:
    """For one member of one server, of what was there when they asked."""

    def __init__(
        self, connection: AsyncConnection, scene_rows: SqlSceneRows, figures: SqlCharacterRows, forgetting: Forgetting
    ) -> None:
        self._connection = connection
        self._scene_rows = scene_rows
        self._figures = figures
        self._server = forgetting.server_id
        self._member = forgetting.member_id
        self._until = forgetting.asked_at

    async def erase(self, size: int) -> bool:
        """The next part, of that many rows at most; False when nothing was left. Characters come first, for whether
        others use them hangs on whose the scene lists are."""
        for part in (self._characters, self._lists, self._versions, self._takes, self._jobs):
            if await part(size):
                return True
        await self._rest()
        return False

    async def _characters(self, size: int) -> bool:
        more = (characters.c.request, characters.c.defaults_applied, in_use(self._member).label("in_use"))
        rows = await self._owned(characters, size, *more)
        if not rows:
            return False
        alone = [row.id for row in rows if _alone(row)]
        undescribed = [row for row in rows if _alone(row) or not row.in_use]
        await self._many(
            update(characters).where(characters.c.id == bindparam("which")).values(_NAMED),
            [
                {
                    "which": row.id,
                    "request": without_description(row.request),
                    "defaults_applied": without_description(row.defaults_applied),
                }
                for row in undescribed
            ],
        )
        await self._connection.execute(
            update(takes).where(takes.c.character_id.in_(alone)).values(author_id=FORMER, instruction="")
        )
        await self._part_with(characters, self._figures, rows)
        return True

    async def _lists(self, size: int) -> bool:
        rows = await self._owned(scene_lists, size)
        if not rows:
            return False
        alone = [row.id for row in rows if _alone(row)]
        await self._connection.execute(delete(scenes).where(scenes.c.scene_list_id.in_(alone)))
        await self._connection.execute(delete(scene_versions).where(scene_versions.c.scene_list_id.in_(alone)))
        untitled = await self._without_words([row.id for row in rows if not _alone(row)])
        await self._connection.execute(
            update(scene_lists).where(scene_lists.c.id.in_([*alone, *untitled])).values(_TITLED)
        )
        await self._part_with(scene_lists, self._scene_rows, rows)
        return True

    async def _without_words(self, lists: Sequence[RecordId]) -> list[RecordId]:
        """Of all versions of these; returns the lists whose current title was nothing but such words."""
        columns = ("scene_list_id", "number", "title", "brief", "request")
        query = select(*(scene_versions.c[name] for name in columns), scene_lists.c.versions).join_from(
            scene_versions, scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id
        )
        rows = (await self._connection.execute(query.where(scene_lists.c.id.in_(lists)))).all()
        changed, untitled = [], []
        for row in rows:
            before = SceneBrief.model_validate(row.brief)
            brief, request = without_words(before, row.request)
            titled = repeats(row.title, before.idea)
            if titled and row.number == row.versions:
                untitled.append(RecordId(row.scene_list_id))
            changed.append(
                {
                    "of_list": row.scene_list_id,
                    "numbered": row.number,
                    "title": REMOVED if titled else row.title,
                    "brief": brief.model_dump(mode="json"),
                    "request": request,
                }
            )
        one = and_(
            scene_versions.c.scene_list_id == bindparam("of_list"), scene_versions.c.number == bindparam("numbered")
        )
        await self._many(update(scene_versions).where(one), changed)
        return untitled

    async def _versions(self, size: int) -> bool:
        query = (
            select(scene_versions.c.scene_list_id.label("of_list"), scene_versions.c.number.label("numbered"))
            .join_from(scene_versions, scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id)
            .where(scene_versions.c.author_id == self._member, scene_lists.c.server_id == self._server)
            .where(scene_versions.c.created_at <= self._until)
        )
        rows = [dict(row) for row in (await self._connection.execute(query.limit(size))).mappings()]
        one = and_(
            scene_versions.c.scene_list_id == bindparam("of_list"), scene_versions.c.number == bindparam("numbered")
        )
        await self._many(update(scene_versions).where(one).values(author_id=FORMER, instruction=""), rows)
        return bool(rows)

    async def _takes(self, size: int) -> bool:
        query = (
            select(takes.c.id.label("which"))
            .join_from(takes, characters, characters.c.id == takes.c.character_id)
            .where(takes.c.author_id == self._member, characters.c.server_id == self._server)
            .where(takes.c.created_at <= self._until)
        )
        rows = [dict(row) for row in (await self._connection.execute(query.limit(size))).mappings()]
        change = update(takes).where(takes.c.id == bindparam("which")).values(author_id=FORMER, instruction="")
        await self._many(change, rows)
        return bool(rows)

    async def _jobs(self, size: int) -> bool:
        query = select(jobs.c.id).where(
            jobs.c.server_id == self._server, jobs.c.member_id == self._member, jobs.c.created_at <= self._until
        )
        found = (await self._connection.execute(query.limit(size))).scalars().all()
        if not found:
            return False
        await self._connection.execute(
            update(jobs).where(jobs.c.id.in_(found)).values(member_id=FORMER, **_EMPTIED, **_SENT)
        )
        query = select(steps.c.job_id, steps.c.name, steps.c.value).where(steps.c.job_id.in_(found))
        rows = (await self._connection.execute(query)).all()
        one = and_(steps.c.job_id == bindparam("of_job"), steps.c.name == bindparam("named"))
        left = [{name: row.value[name] for name in _KEPT_OF_STEPS if name in row.value} for row in rows]
        await self._many(
            update(steps).where(one),
            [{"of_job": row.job_id, "named": row.name, "value": value} for row, value in zip(rows, left, strict=True)],
        )
        return True

    async def _rest(self) -> None:
        """What there is little of. Orders of others' jobs on records of whoever is a former member by now."""
        here = (projects.c.server_id == self._server, projects.c.owner_id == self._member)
        await self._connection.execute(
            update(projects).where(*here, projects.c.created_at <= self._until).values(owner_id=FORMER)
        )
        for table in (quotas, settings):
            mine = and_(table.c.server_id == self._server, table.c.set_by == self._member)
            await self._connection.execute(update(table).where(mine).values(set_by=FORMER))
        over = and_(jobs.c.server_id == self._server, jobs.c.finished_at.is_not(None))
        for name, records in (
            ("list_id", select(scene_lists.c.id).where(_former(scene_lists), scene_lists.c.server_id == self._server)),
            (
                "character_id",
                select(characters.c.id).where(
                    _former(characters), characters.c.server_id == self._server, characters.c.description == REMOVED
                ),
            ),
        ):
            on_these = jobs.c.order[name].as_string().in_(records)
            await self._connection.execute(update(jobs).where(over, on_these).values(_EMPTIED))
        await self._cancels(over)

    async def _cancels(self, over: Condition) -> None:
        query = select(jobs.c.id, jobs.c.error_facts).where(over, jobs.c.error == Stopped.__name__)
        rows = (await self._connection.execute(query)).all()
        await self._many(
            update(jobs).where(jobs.c.id == bindparam("which")),
            [
                {"which": row.id, "error_facts": {**row.error_facts, "by_id": CANCELLED_BY_FORMER}}
                for row in rows
                if row.error_facts and row.error_facts.get("by_id") == self._member
            ],
        )

    async def _owned(self, table: Table, size: int, *more: Any) -> Sequence[AnyRow]:
        query = select(table.c.id, table.c.private, table.c.deleted_at, *more).where(
            table.c.server_id == self._server, table.c.owner_id == self._member, table.c.created_at <= self._until
        )
        return (await self._connection.execute(query.limit(size))).all()

    async def _part_with(self, table: Table, shelf: SqlShelf[Any], rows: Sequence[AnyRow]) -> None:
        """They are nobody's from now on; those that were theirs alone are deleted without undo."""
        alone = [row.id for row in rows if _alone(row)]
        for record_id in alone:
            await shelf.delete(record_id, GONE)
        await self._connection.execute(update(table).where(table.c.id.in_(alone)).values(deleted_at=GONE))
        everything = [row.id for row in rows]
        await self._connection.execute(update(table).where(table.c.id.in_(everything)).values(_NOBODY))
        await shelf.changed([row.id for row in rows if not _alone(row)])

    async def _many(self, change: Any, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            await self._connection.execute(change, [dict(each) for each in values])


def _alone(row: AnyRow) -> bool:
    return bool(row.private) or row.deleted_at is not None


def _former(table: Table) -> Condition:
    return table.c.owner_id == FORMER
