"""Projects: what groups scene lists and characters of one video."""

from __future__ import annotations

from dataclasses import replace

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.ids import Kind, Ref, ServerId, new_id, parse_ref
from mv.domain.project import Project
from mv.domain.words import nearest
from mv.errors import Unknown
from mv.ports import Choice, Page, Transaction
from mv.services.tools import Tools, eyes, server_of


class Projects:
    """/project."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def create(self, actor: Actor, name: str) -> Project:
        """Raises Taken if an open project has that name."""
        server = server_of(actor)
        project = Project(
            id=new_id(),
            server_id=server,
            ref=Ref(Kind.PROJECT, 1),
            name=limits.text("name", name, limits.NAME),
            owner_id=actor.member_id,
            created_at=self._tools.clock.now(),
        )
        async with self._tools.records.write() as tx:
            numbers = await tx.next_numbers({(server, Kind.PROJECT): 1})
            project = replace(project, ref=Ref(Kind.PROJECT, numbers[server, Kind.PROJECT]))
            await tx.projects.add(project)
        return project

    async def find(self, actor: Actor, given: str | None) -> Project | None:
        """By ref or name; None if nothing was given. Raises Unknown."""
        async with self._tools.records.read() as tx:
            return await find_project(tx, server_of(actor), given)

    async def page(self, actor: Actor, before: int | None = None) -> Page[Project]:
        """Newest first."""
        async with self._tools.records.read() as tx:
            return await tx.projects.page(eyes(actor), before=before, size=limits.PAGE)

    async def choices(self, actor: Actor, text: str) -> tuple[Choice, ...]:
        """For autocomplete."""
        async with self._tools.records.read() as tx:
            return await tx.projects.choices(server_of(actor), text, limits.CHOICES)


async def find_project(tx: Transaction, server: ServerId, given: str | None) -> Project | None:
    """By ref or name; None if nothing was given. Raises Unknown with the nearest names."""
    if given is None or not given.strip():
        return None
    ref = parse_ref(given, Kind.PROJECT)
    project = await tx.projects.find(server, ref) if ref is not None else None
    if project is None:
        project = await tx.projects.by_name(server, given.strip())
    if project is None or project.archived_at is not None:
        names = await tx.projects.names(server, 200)
        raise Unknown(kind="project", given=given, nearest=nearest(given, names))
    return project
