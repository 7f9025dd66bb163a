"""Projects, as rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, RecordId, Ref, ServerId
from mv.domain.project import Project
from mv.errors import Conflict, Taken
from mv.ports import Choice, Page, ProjectRows, Seen
from mv.store.queries import AnyRow, Condition, Query, fold, newest, page, public, seen_by, typed, upsert
from mv.store.tables import characters, projects, scene_lists


class SqlProjectRows(ProjectRows):
    """Open projects are those that are not archived."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, project: Project) -> None:
        """Raises Taken if an open project of that name (case folded) exists."""
        stored = await self._connection.execute(
            upsert(self._connection.dialect.name, projects).on_conflict_do_nothing(), _from_project(project)
        )
        if stored.rowcount > 0:
            return
        other = await self.by_name(project.server_id, project.name)
        if other is None or project.archived_at is not None:
            raise Conflict()
        raise Taken(kind="project", given=project.name, ref=str(other.ref))

    async def find(self, server_id: ServerId, ref: Ref) -> Project | None:
        """By number."""
        return await self._one(server_id, projects.c.number == ref.number)

    async def by_name(self, server_id: ServerId, name: str) -> Project | None:
        """An open project by its name, case folded."""
        return await self._one(server_id, _open(server_id) & (projects.c.folded == fold(name)))

    async def _one(self, server_id: ServerId, which: Condition) -> Project | None:
        query = _counted(public(scene_lists), public(characters)).where(projects.c.server_id == server_id, which)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _to_project(row)

    async def page(self, seen: Seen, *, before: int | None, size: int) -> Page[Project]:
        """Newest first, archived ones too, with counts as these eyes see them."""
        query = _counted(seen_by(scene_lists, seen), seen_by(characters, seen))
        query = query.where(projects.c.server_id == seen.server_id)
        rows = (await self._connection.execute(newest(query, projects, before=before, size=size))).all()
        return page(rows, size, _to_project)

    async def choices(self, server_id: ServerId, text: str, size: int) -> tuple[Choice, ...]:
        """For autocomplete: open ones."""
        found = typed(text, Kind.PROJECT, projects.c.number, projects.c.folded)
        rows = await self._connection.execute(_newest_open(server_id, size).where(found))
        return tuple(Choice(ref=Ref(Kind.PROJECT, row.number), title=row.name) for row in rows)

    async def names(self, server_id: ServerId, size: int) -> tuple[str, ...]:
        """Names of open projects, newest first."""
        return tuple(row.name for row in await self._connection.execute(_newest_open(server_id, size)))


def _open(server_id: ServerId) -> Condition:
    return and_(projects.c.server_id == server_id, projects.c.archived_at.is_(None))


def _newest_open(server_id: ServerId, size: int) -> Query:
    query = select(projects.c.number, projects.c.name).where(_open(server_id))
    return query.order_by(projects.c.number.desc()).limit(size)


def _counted(lists: Condition, figures: Condition) -> Query:
    return select(
        projects,
        _how_many(scene_lists, lists).label("scene_lists"),
        _how_many(characters, figures).label("characters"),
    )


def _how_many(table: Table, which: Condition) -> ColumnElement[int]:
    inside = and_(table.c.server_id == projects.c.server_id, table.c.project_id == projects.c.id, which)
    return select(func.count()).select_from(table).where(inside).scalar_subquery()


def _from_project(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "server_id": project.server_id,
        "number": project.ref.number,
        "name": project.name,
        "folded": fold(project.name),
        "owner_id": project.owner_id,
        "created_at": project.created_at,
        "archived_at": project.archived_at,
    }


def _to_project(row: AnyRow) -> Project:
    return Project(
        id=RecordId(row.id),
        server_id=row.server_id,
        ref=Ref(Kind.PROJECT, row.number),
        name=row.name,
        owner_id=row.owner_id,
        created_at=row.created_at,
        archived_at=row.archived_at,
        scene_lists=row.scene_lists,
        characters=row.characters,
    )
