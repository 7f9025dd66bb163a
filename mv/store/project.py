"""Projects, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, bindparam, func, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId
from mv.domain.ledger import MONEY
from mv.domain.project import Project
from mv.errors import Conflict, Taken
from mv.ports import Choice, Page, ProjectRows, Seen
from mv.store.queries import AnyRow, Condition, Query, fold, newest, page, public, seen_by, typed, upsert
from mv.store.tables import characters, ledger, projects, scene_lists, scene_versions, takes

_CHANGED = ("name", "folded", "archived_at", "budget")
_BUDGETS = select(projects.c.id, projects.c.number, projects.c.budget).where(
    projects.c.id.in_(bindparam("keys", expanding=True)), projects.c.budget.is_not(None)
)

_CALLED = select(projects.c.id, projects.c.number, projects.c.name).where(
    projects.c.id.in_(bindparam("keys", expanding=True))
)


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

    async def by_name(self, server_id: ServerId, name: str, *, archived: bool = False) -> Project | None:
        """An open project by its name, case folded; with `archived` the newest archived one of that name."""
        state = projects.c.archived_at.is_not(None) if archived else _open(server_id)
        return await self._one(server_id, state & (projects.c.folded == fold(name)))

    async def _one(self, server_id: ServerId, which: Condition) -> Project | None:
        query = _counted(public(scene_lists), public(characters)).where(projects.c.server_id == server_id, which)
        row = (await self._connection.execute(query.order_by(projects.c.number.desc()).limit(1))).one_or_none()
        return None if row is None else _to_project(row)

    async def get(self, seen: Seen, project_id: RecordId) -> Project | None:
        """By key, if it is of this server; with counts as these eyes see them."""
        query = _seen(seen).where(projects.c.id == project_id)
        row = (await self._connection.execute(query)).one_or_none()
        return None if row is None else _to_project(row)

    async def page(self, seen: Seen, *, before: int | None, size: int, archived: bool | None = None) -> Page[Project]:
        """Newest first, with counts as these eyes see them; only those that are `archived`, or are not."""
        query = _seen(seen)
        if archived is not None:
            state = projects.c.archived_at
            query = query.where(state.is_not(None) if archived else state.is_(None))
        rows = (await self._connection.execute(newest(query, projects, before=before, size=size))).all()
        return page(rows, size, _to_project)

    async def choices(self, server_id: ServerId, text: str, size: int, *, archived: bool = False) -> tuple[Choice, ...]:
        """For autocomplete: open ones, or with `archived` all."""
        found = typed(text, Kind.PROJECT, projects.c.number, projects.c.folded)
        which = projects.c.server_id == server_id if archived else _open(server_id)
        rows = await self._connection.execute(_newest(which & found, size))
        return tuple(
            Choice(ref=Ref(Kind.PROJECT, row.number), title=row.name, archived=row.archived_at is not None)
            for row in rows
        )

    async def names(self, server_id: ServerId, size: int) -> tuple[str, ...]:
        """Names of open projects, newest first."""
        return tuple(row.name for row in await self._connection.execute(_newest(_open(server_id), size)))

    async def change(self, project: Project) -> None:
        """Its name, its budget, and since when it is archived. Raises Taken if it is open and another open one has
        that name."""
        if project.archived_at is None:
            other = await self.by_name(project.server_id, project.name)
            if other is not None and other.id != project.id:
                raise Taken(kind="project", given=project.name, ref=str(other.ref))
        values = {name: value for name, value in _from_project(project).items() if name in _CHANGED}
        await self._connection.execute(update(projects).where(projects.c.id == project.id).values(values))

    async def makers(self, seen: Seen, project_id: RecordId) -> tuple[MemberId, ...]:
        """Who made a record, a version or a take that these eyes see. Nobody who asked to be forgotten."""
        lists = (scene_lists.c.project_id == project_id, seen_by(scene_lists, seen))
        figures = (characters.c.project_id == project_id, seen_by(characters, seen))
        in_lists = scene_versions.c.scene_list_id.in_(select(scene_lists.c.id).where(*lists))
        of_figures = takes.c.character_id.in_(select(characters.c.id).where(*figures))
        everybody = union(
            select(scene_lists.c.owner_id).where(*lists),
            select(characters.c.owner_id).where(*figures),
            select(scene_versions.c.author_id).where(in_lists),
            select(takes.c.author_id).where(of_figures),
        )
        found = (await self._connection.execute(everybody)).scalars()
        return tuple(MemberId(member) for member in found if member)

    async def spent(self, project_id: RecordId) -> int:
        """Micro-dollars in the ledger, what was lost included."""
        query = select(func.coalesce(func.sum(ledger.c.amount), 0)).where(
            ledger.c.project_id == project_id, ledger.c.kind.in_([measure.value for measure in MONEY])
        )
        return int((await self._connection.execute(query)).scalar_one())

    async def budgets(self, project_ids: Sequence[RecordId]) -> dict[RecordId, tuple[Ref, int]]:
        """Micro-dollars a month, of those that have a budget, with what they are called."""
        rows = await self._connection.execute(_BUDGETS, {"keys": list(project_ids)})
        return {RecordId(row.id): (Ref(Kind.PROJECT, row.number), row.budget) for row in rows}

    async def called(self, project_ids: Sequence[RecordId]) -> dict[RecordId, tuple[Ref, str]]:
        """Their numbers and names."""
        rows = await self._connection.execute(_CALLED, {"keys": list(project_ids)})
        return {RecordId(row.id): (Ref(Kind.PROJECT, row.number), row.name) for row in rows}


def _open(server_id: ServerId) -> Condition:
    return and_(projects.c.server_id == server_id, projects.c.archived_at.is_(None))


def _newest(which: Condition, size: int) -> Query:
    query = select(projects.c.number, projects.c.name, projects.c.archived_at).where(which)
    return query.order_by(projects.c.number.desc()).limit(size)


def _seen(seen: Seen) -> Query:
    query = _counted(seen_by(scene_lists, seen), seen_by(characters, seen))
    return query.where(projects.c.server_id == seen.server_id)


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
        "budget": project.budget,
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
        budget=row.budget,
        scene_lists=row.scene_lists,
        characters=row.characters,
    )
