"""A member's words and number, erased from rows, some at a time. The rules are those of `mv.domain.mydata`.

A part that is done names the member no more, and so is not found again: where it was cut off, it goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, case, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import FORMER, MemberId, RecordId
from mv.domain.mydata import (
    GONE,
    REMOVED,
    Forgetting,
    phrases_of,
    repeats,
    unquoted,
    without_description,
    without_figure,
    without_file,
    without_words,
)
from mv.domain.scenes import Change, SceneBrief
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
_NOBODY = {"owner_id": FORMER, "owner_name": "", "request_key": None}
_EMPTIED: dict[str, Any] = {"order": {}, "error": None, "error_facts": None}
_SENT: dict[str, Any] = {"reply_token": None, "token_expires_at": None, "message_id": None, "channel_id": 0}
_KEPT_OF_STEPS = ("ticket", "mark", "error")
"""What tells other jobs which orders at a vendor are not theirs."""
_THIS_VERSION = and_(
    scene_versions.c.scene_list_id == bindparam("of_list"), scene_versions.c.number == bindparam("numbered")
)
_THIS_SCENE = and_(
    scenes.c.scene_list_id == bindparam("of_list"),
    scenes.c.version == bindparam("of_version"),
    scenes.c.number == bindparam("nth"),
)
_SCENE_TEXTS = ("title", "description", "negative_description", "action", "location", "mood", "cue")
_VERSIONS_OF_OTHERS = (
    select(func.coalesce(func.sum(scene_lists.c.versions), 0))
    .where(scene_lists.c.character_id == characters.c.id, scene_lists.c.owner_id != characters.c.owner_id)
    .scalar_subquery()
)


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
        self._repeated_until = forgetting.repeated_until

    async def erase(self, size: int) -> bool:
        """The next part, of about that many rows, or of one record with all it has; False when nothing was left.
        Characters come first, for whether others use them hangs on whose the scene lists are."""
        parts = (
            self._characters, self._lists, self._taken_over, self._versions, self._takes, self._jobs, self._projects,
        )  # fmt: skip
        for part in parts:
            if await part(size):
                return True
        for table in (quotas, settings):
            mine = and_(table.c.server_id == self._server, table.c.set_by == self._member)
            await self._connection.execute(update(table).where(mine).values(set_by=FORMER))
        return False

    async def _characters(self, size: int) -> bool:
        more = (characters.c.request, characters.c.defaults_applied, in_use(self._member).label("in_use"))
        weight = characters.c.takes + _VERSIONS_OF_OTHERS
        rows = await self._owned(characters, size, weight.label("weight"), *more)
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
        await self._made_with([row.id for row in undescribed])
        await self._connection.execute(
            update(takes).where(takes.c.character_id.in_(alone)).values(author_id=FORMER, instruction="", words_by=None)
        )
        await self._part_with(characters, self._figures, rows)
        return True

    async def _made_with(self, figures: Sequence[RecordId]) -> None:
        """Others' scene lists with characters whose description goes."""
        made = (scene_lists.c.character_id.in_(figures), scene_lists.c.owner_id != self._member)
        query = select(scene_versions.c.scene_list_id, scene_versions.c.number, scene_versions.c.brief)
        query = query.join(scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id).where(*made)
        rows = (await self._connection.execute(query)).all()
        await self._many(
            update(scene_versions).where(_THIS_VERSION),
            [
                {
                    "of_list": row.scene_list_id,
                    "numbered": row.number,
                    "brief": without_figure(SceneBrief.model_validate(row.brief)).model_dump(mode="json"),
                }
                for row in rows
            ],
        )
        await self._scene_rows.changed(sorted({RecordId(row.scene_list_id) for row in rows}))

    async def _lists(self, size: int) -> bool:
        rows = await self._owned(scene_lists, size, scene_lists.c.versions.label("weight"))
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

    async def _taken_over(self, size: int) -> bool:
        """Scene lists of others whose request holds their words."""
        query = select(scene_lists.c.id, scene_lists.c.versions.label("weight")).where(
            scene_lists.c.words_by == self._member,
            scene_lists.c.server_id == self._server,
            scene_lists.c.created_at <= self._repeated_until,
        )
        found = [RecordId(row.id) for row in _some((await self._connection.execute(query.limit(size))).all(), size)]
        if not found:
            return False
        untitled = await self._without_words(found)
        for which, values in ((untitled, _TITLED), (found, {"words_by": None, "request_key": None})):
            await self._connection.execute(update(scene_lists).where(scene_lists.c.id.in_(which)).values(values))
        await self._scene_rows.changed(found)
        return True

    async def _without_words(self, lists: Sequence[RecordId]) -> list[RecordId]:
        """Of all versions of these; returns the lists whose current title was nothing but such words."""
        columns = ("scene_list_id", "number", "title", "logline", "brief", "request", "defaults_applied", "change")
        query = select(*(scene_versions.c[name] for name in columns), scene_lists.c.versions).join_from(
            scene_versions, scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id
        )
        rows = (await self._connection.execute(query.where(scene_lists.c.id.in_(lists)))).all()
        from_file = {row.scene_list_id for row in rows if row.change == Change.IMPORT.value}
        changed, untitled = [], []
        phrases: dict[RecordId, set[str]] = defaultdict(set)
        for row in rows:
            before, defaults = SceneBrief.model_validate(row.brief), row.defaults_applied
            if row.scene_list_id in from_file:
                brief, request, defaults = without_file(before, row.request, defaults)
            else:
                brief, request = without_words(before, row.request)
            if row.scene_list_id not in from_file:
                phrases[RecordId(row.scene_list_id)].update(phrases_of(before, row.request))
            titled = repeats(row.title, before.idea)
            if titled and row.number == row.versions:
                untitled.append(RecordId(row.scene_list_id))
            changed.append(
                {
                    "of_list": row.scene_list_id,
                    "numbered": row.number,
                    "title": REMOVED if titled else row.title,
                    "logline": unquoted(row.logline, phrases[RecordId(row.scene_list_id)]),
                    "brief": brief.model_dump(mode="json"),
                    "request": request,
                    "defaults_applied": defaults,
                }
            )
        await self._many(update(scene_versions).where(_THIS_VERSION), changed)
        await self._without_quotes(phrases)
        return untitled

    async def _without_quotes(self, phrases: Mapping[RecordId, Collection[str]]) -> None:
        """What the scenes of these lists repeat word for word of what was asked for."""
        for of_list, said in phrases.items():
            if not said:
                continue
            rows = await self._connection.execute(select(scenes).where(scenes.c.scene_list_id == of_list))
            changed = []
            for row in rows.mappings():
                texts = {name: unquoted(row[name], said) for name in _SCENE_TEXTS}
                if any(texts[name] != row[name] for name in _SCENE_TEXTS):
                    changed.append({"of_list": of_list, "of_version": row["version"], "nth": row["number"], **texts})
            await self._many(update(scenes).where(_THIS_SCENE), changed)

    async def _versions(self, size: int) -> bool:
        query = (
            select(scene_versions.c.scene_list_id.label("of_list"), scene_versions.c.number.label("numbered"))
            .join_from(scene_versions, scene_lists, scene_lists.c.id == scene_versions.c.scene_list_id)
            .where(scene_lists.c.server_id == self._server)
        )
        return await self._instructions(scene_versions, _THIS_VERSION, query, size)

    async def _takes(self, size: int) -> bool:
        query = (
            select(takes.c.id.label("which"))
            .join_from(takes, characters, characters.c.id == takes.c.character_id)
            .where(characters.c.server_id == self._server)
        )
        return await self._instructions(takes, takes.c.id == bindparam("which"), query, size)

    async def _instructions(self, table: Table, one: Condition, query: Any, size: int) -> bool:
        """What they asked for of versions or takes, and what others repeated of it. What they repeated of another's
        stays that one's."""
        own = case((table.c.words_by.is_(None), ""), else_=table.c.instruction)
        for whose, until, values in (
            (table.c.author_id, self._until, {"author_id": FORMER, "instruction": own}),
            (table.c.words_by, self._repeated_until, {"words_by": None, "instruction": ""}),
        ):
            mine = query.where(whose == self._member, table.c.created_at <= until).limit(size)
            rows = [dict(row) for row in (await self._connection.execute(mine)).mappings()]
            if rows:
                await self._many(update(table).where(one).values(values), rows)
                return True
        return False

    async def _jobs(self, size: int) -> bool:
        query = select(jobs.c.id).where(
            jobs.c.server_id == self._server, jobs.c.member_id == self._member, jobs.c.created_at <= self._until
        )
        found = (await self._connection.execute(query.limit(size))).scalars().all()
        await self.empty(found, member_id=FORMER, **_SENT)
        return bool(found)

    async def empty(self, which: Sequence[str], **values: Any) -> None:
        """Jobs keep what the bot needs to know of them, and their journals too."""
        if not which:
            return
        await self._connection.execute(update(jobs).where(jobs.c.id.in_(which)).values(**_EMPTIED, **values))
        query = select(steps.c.job_id, steps.c.name, steps.c.value).where(steps.c.job_id.in_(which))
        rows = (await self._connection.execute(query)).all()
        left = [{name: row.value[name] for name in _KEPT_OF_STEPS if name in row.value} for row in rows]
        await self._many(
            update(steps).where(steps.c.job_id == bindparam("of_job"), steps.c.name == bindparam("named")),
            [{"of_job": row.job_id, "named": row.name, "value": value} for row, value in zip(rows, left, strict=True)],
        )

    async def _projects(self, size: int) -> bool:
        mine = select(projects.c.id).where(
            projects.c.server_id == self._server,
            projects.c.owner_id == self._member,
            projects.c.created_at <= self._until,
        )
        found = (await self._connection.execute(mine.limit(size))).scalars().all()
        if found:
            await self._connection.execute(update(projects).where(projects.c.id.in_(found)).values(owner_id=FORMER))
        return bool(found)

    async def _owned(self, table: Table, size: int, *more: Any) -> Sequence[AnyRow]:
        query = select(table.c.id, table.c.private, table.c.deleted_at, *more).where(
            table.c.server_id == self._server, table.c.owner_id == self._member, table.c.created_at <= self._until
        )
        return _some((await self._connection.execute(query.limit(size))).all(), size)

    async def _part_with(self, table: Table, shelf: SqlShelf[Any], rows: Sequence[AnyRow]) -> None:
        """They are nobody's from now on; those that were theirs alone are deleted without undo."""
        alone = [row.id for row in rows if _alone(row)]
        for record_id in alone:
            await shelf.delete(record_id, GONE)
        await self._connection.execute(update(table).where(table.c.id.in_(alone)).values(deleted_at=GONE))
        everything = [row.id for row in rows]
        await self._connection.execute(update(table).where(table.c.id.in_(everything)).values(_NOBODY))
        await shelf.changed([row.id for row in rows if not _alone(row)])

    async def _many(self, change: Any, values: Iterable[Mapping[str, Any]]) -> None:
        if rows := [dict(each) for each in values]:
            await self._connection.execute(change, rows)


def _alone(row: AnyRow) -> bool:
    return bool(row.private) or row.deleted_at is not None


def _some(rows: Sequence[AnyRow], size: int) -> Sequence[AnyRow]:
    """The first of them, as many as have `size` rows below them together; one at least."""
    found: list[AnyRow] = []
    for row in rows:
        if found and size < row.weight + 1:
            break
        size -= row.weight + 1
        found.append(row)
    return found
