"""Scene lists, their versions and scenes, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, RecordId, Ref
from mv.domain.scenes import Change, Scene, SceneBrief, SceneDraft, SceneList, SceneVersion, TokenUsage
from mv.errors import Conflict
from mv.ports import SceneRows, Seen
from mv.store.queries import AnyRow, fold, public, seen_by
from mv.store.shelf import SqlShelf
from mv.store.tables import characters, projects, scene_lists, scene_versions, scenes

_SHOWN_CHARACTER = and_(
    characters.c.id == scene_lists.c.character_id,
    characters.c.deleted_at.is_(None),
    or_(~characters.c.private, and_(scene_lists.c.private, characters.c.owner_id == scene_lists.c.owner_id)),
)
"""The link is shown if everybody who may see the list may see the character."""

_ALL = select(
    scene_lists,
    projects.c.name.label("project_name"),
    projects.c.number.label("project_number"),
    characters.c.name.label("character_name"),
    characters.c.number.label("character_number"),
).select_from(
    scene_lists.outerjoin(projects, projects.c.id == scene_lists.c.project_id).outerjoin(characters, _SHOWN_CHARACTER)
)
_FIELDS = tuple(Scene.model_fields)
_BEYOND = 2**31 - 1
"""No version has such a number."""
_LAST = (
    select(scene_lists.c.versions)
    .where(scene_lists.c.id == bindparam("which"), scene_lists.c.deleted_at.is_(None))
    .with_for_update()
)
_VERSION = select(scene_versions).where(
    scene_versions.c.scene_list_id == bindparam("of_list"), scene_versions.c.number == bindparam("numbered")
)
_SCENES = (
    select(*(scenes.c[name] for name in _FIELDS))
    .where(scenes.c.scene_list_id == bindparam("of_list"), scenes.c.version == bindparam("numbered"))
    .order_by(scenes.c.number)
)
_HISTORY = (
    select(scene_versions)
    .where(scene_versions.c.scene_list_id == bindparam("of_list"), scene_versions.c.number < bindparam("before"))
    .order_by(scene_versions.c.number.desc())
    .limit(bindparam("size"))
)
_SCENES_OF_SEVERAL = (
    select(scenes.c.version, *(scenes.c[name] for name in _FIELDS))
    .where(
        scenes.c.scene_list_id == bindparam("of_list"),
        scenes.c.version.between(bindparam("first"), bindparam("last")),
    )
    .order_by(scenes.c.version, scenes.c.number)
)
_OF_JOB = select(scene_versions.c.scene_list_id, scene_versions.c.number).where(
    scene_versions.c.job_id == bindparam("of_job")
)


class SqlSceneRows(SqlShelf[SceneList], SceneRows):
    """A list's number of versions and its title follow its newest version, whatever the record that is added says."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection, Kind.SCENE_LIST, scene_lists, scene_lists.c.title, _ALL, _to_list)

    async def add(self, record: SceneList, version: SceneVersion) -> None:
        """A new list with its first version. Raises Conflict for a job that has made a version already."""
        await self._connection.execute(insert(scene_lists), _from_list(record, version))
        await self._store(record.id, version)
        await self._index(record.id)

    async def add_version(self, record_id: RecordId, version: SceneVersion) -> None:
        """The next version, which becomes current; the list's title follows it. Raises Conflict if its number is not
        the next one, or its job has made a version already."""
        before = and_(scene_lists.c.id == record_id, scene_lists.c.versions == version.number - 1)
        title = version.draft.title
        current = {"versions": version.number, "title": title, "folded": fold(title)}
        if not (await self._connection.execute(update(scene_lists).where(before).values(current))).rowcount:
            raise Conflict()
        await self._store(record_id, version)
        await self._index(record_id)

    async def _store(self, record_id: RecordId, version: SceneVersion) -> None:
        await self._connection.execute(insert(scene_versions), _from_version(record_id, version))
        rows = [
            {"scene_list_id": record_id, "version": version.number, "number": number, **scene.model_dump(mode="json")}
            for number, scene in enumerate(version.draft.scenes, start=1)
        ]
        if rows:
            await self._connection.execute(insert(scenes), rows)

    async def last_version(self, record_id: RecordId) -> int | None:
        """The number of the newest; None if the list is deleted. With PostgreSQL the row is locked; SQLite has one
        writer."""
        row = (await self._connection.execute(_LAST, {"which": record_id})).one_or_none()
        return None if row is None else int(row.versions)

    async def version(self, record_id: RecordId, number: int) -> SceneVersion | None:
        """One version with its scenes."""
        which = {"of_list": record_id, "numbered": number}
        row = (await self._connection.execute(_VERSION, which)).one_or_none()
        if row is None:
            return None
        rows = await self._connection.execute(_SCENES, which)
        return _to_version(row, tuple(Scene.model_validate(dict(scene)) for scene in rows.mappings()))

    async def history(self, record_id: RecordId, *, before: int | None, size: int) -> tuple[SceneVersion, ...]:
        """Whole versions, newest first, those with numbers below `before`."""
        which = {"of_list": record_id, "before": before or _BEYOND, "size": size}
        rows = (await self._connection.execute(_HISTORY, which)).all()
        if not rows:
            return ()
        span = {"of_list": record_id, "first": rows[-1].number, "last": rows[0].number}
        made: dict[int, list[Scene]] = {}
        for scene in (await self._connection.execute(_SCENES_OF_SEVERAL, span)).mappings():
            made.setdefault(scene["version"], []).append(Scene.model_validate(dict(scene)))
        return tuple(_to_version(row, tuple(made.get(row.number, ()))) for row in rows)

    async def lists_of(self, character_id: RecordId, seen: Seen, *, private: bool, size: int) -> tuple[SceneList, ...]:
        """The newest scene lists made with a character that everybody of this server may see; with `private` also these
        eyes' own."""
        query = _ALL.where(scene_lists.c.character_id == character_id, seen_by(scene_lists, seen))
        if not private:
            query = query.where(public(scene_lists))
        rows = await self._connection.execute(query.order_by(scene_lists.c.number.desc()).limit(size))
        return tuple(_to_list(row) for row in rows)

    async def version_of_job(self, job_id: RecordId) -> tuple[RecordId, int] | None:
        """What a job has made already, if anything."""
        row = (await self._connection.execute(_OF_JOB, {"of_job": job_id})).one_or_none()
        return None if row is None else (RecordId(row.scene_list_id), row.number)


def _from_list(record: SceneList, version: SceneVersion) -> dict[str, Any]:
    return {
        "id": record.id,
        "server_id": record.server_id,
        "number": record.ref.number,
        "owner_id": record.owner_id,
        "private": record.private,
        "title": version.draft.title,
        "folded": fold(version.draft.title),
        "versions": version.number,
        "project_id": record.project_id,
        "character_id": record.character_id,
        "created_at": record.created_at,
        "deleted_at": record.deleted_at,
        "owner_name": record.owner_name,
        "starred_at": record.starred_at,
        "words_by": record.words_by,
        "request_key": record.request_key,
    }


def _to_list(row: AnyRow) -> SceneList:
    return SceneList(
        id=row.id,
        server_id=row.server_id,
        ref=Ref(Kind.SCENE_LIST, row.number),
        owner_id=row.owner_id,
        private=row.private,
        title=row.title,
        created_at=row.created_at,
        versions=row.versions,
        project_id=row.project_id,
        project_name=row.project_name,
        project_ref=None if row.project_number is None else Ref(Kind.PROJECT, row.project_number),
        character_id=row.character_id,
        character_ref=None if row.character_number is None else Ref(Kind.CHARACTER, row.character_number),
        character_name=row.character_name,
        deleted_at=row.deleted_at,
        owner_name=row.owner_name,
        starred_at=row.starred_at,
        words_by=row.words_by,
        request_key=row.request_key,
    )


def _from_version(record_id: RecordId, version: SceneVersion) -> dict[str, Any]:
    return {
        "scene_list_id": record_id,
        "number": version.number,
        "job_id": version.job_id,
        "author_id": version.author_id,
        "title": version.draft.title,
        "logline": version.draft.logline,
        "palette": list(version.draft.palette),
        "brief": version.brief.model_dump(mode="json"),
        "request": dict(version.request),
        "defaults_applied": dict(version.defaults_applied),
        "engine": version.engine,
        "model_version": version.model_version,
        **version.usage.model_dump(),
        "cost": version.cost,
        "notes": list(version.notes),
        "created_at": version.created_at,
        "change": version.change.value,
        "based_on": version.based_on,
        "scene": version.scene,
        "instruction": version.instruction,
        "words_by": version.words_by,
    }


def _to_version(row: AnyRow, made: tuple[Scene, ...]) -> SceneVersion:
    return SceneVersion(
        number=row.number,
        author_id=row.author_id,
        created_at=row.created_at,
        job_id=row.job_id,
        draft=SceneDraft(title=row.title, logline=row.logline, palette=tuple(row.palette), scenes=made),
        brief=SceneBrief.model_validate(row.brief),
        request=row.request,
        defaults_applied=row.defaults_applied,
        engine=row.engine,
        model_version=row.model_version,
        usage=TokenUsage(
            prompt_tokens=row.prompt_tokens, output_tokens=row.output_tokens, thinking_tokens=row.thinking_tokens
        ),
        cost=row.cost,
        notes=tuple(row.notes),
        change=Change(row.change),
        based_on=row.based_on,
        scene=row.scene,
        instruction=row.instruction,
        words_by=row.words_by,
    )
