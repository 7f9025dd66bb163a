"""Projects: what groups scene lists and characters of one video."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mv.domain import limits
from mv.domain.actor import Actor
from mv.domain.budget import Account
from mv.domain.ids import FORMER, Kind, RecordId, Ref, ServerId, new_id, parse_ref
from mv.domain.money import within
from mv.domain.project import Entrant, Project, ProjectSheet
from mv.domain.usage import Period, window
from mv.domain.words import nearest
from mv.errors import Already, Archived, NameGone, NotAllowed, NotFound, Unknown
from mv.ports import Choice, Page, Seen, Transaction
from mv.services.tools import Tools, eyes, server_of
from mv.services.usage import managed

KIND = "project"
LATEST = 5
"""Records that a project is shown with."""


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
        """Open or archived, by ref or name; None if nothing was given. Raises Unknown."""
        async with self._tools.records.read() as tx:
            return await any_project(tx, server_of(actor), given)

    async def named(self, actor: Actor, given: str) -> Project:
        """Open or archived, by ref or name. Raises Unknown."""
        async with self._tools.records.read() as tx:
            return await _named(tx, server_of(actor), given)

    async def page(self, actor: Actor, before: int | None = None, *, archived: bool | None = None) -> Page[Project]:
        """Newest first; only those that are `archived`, or are not."""
        async with self._tools.records.read() as tx:
            return await tx.projects.page(eyes(actor), before=before, size=limits.PAGE, archived=archived)

    async def choices(self, actor: Actor, text: str, *, archived: bool = False) -> tuple[Choice, ...]:
        """For autocomplete: open ones, or with `archived` all."""
        async with self._tools.records.read() as tx:
            return await tx.projects.choices(server_of(actor), text, limits.CHOICES, archived=archived)

    async def show(self, actor: Actor, given: str) -> ProjectSheet:
        """What is in it for these eyes, and what it cost. Raises Unknown."""
        async with self._tools.records.read() as tx:
            found = await _named(tx, server_of(actor), given)
            return await _sheet(tx, eyes(actor), found)

    async def own(self, actor: Actor, project_id: RecordId) -> Project:
        """One of this server, by key, for the buttons. Raises NotFound."""
        async with self._tools.records.read() as tx:
            found = await tx.projects.get(eyes(actor), project_id)
        if found is None:
            raise NotFound(kind=KIND, given="")
        return found

    async def rename(self, actor: Actor, given: str, name: str) -> tuple[Project, Project]:
        """As it was, and as it is. Raises Unknown, NotAllowed, Taken."""
        name = limits.text("name", name, limits.NAME)
        async with self._tools.records.write() as tx:
            before = _theirs(actor, await _named(tx, server_of(actor), given), "rename")
            after = replace(before, name=name)
            await tx.projects.change(after)
        return before, after

    async def budget(self, actor: Actor, given: str, limit: int | None) -> tuple[Project, int]:
        """With what it may spend in a month from now on (micro-dollars; None: whatever the server may), and this
        month's micro-dollars. Raises ManagersOnly, Unknown, OutOfRange."""
        server = managed(actor)
        if limit is not None:
            within("limit", limit)
        since = window(Period.MONTH, self._tools.clock.now(), await self._tools.preferences.zone_of(server))[0]
        async with self._tools.records.write() as tx:
            project = replace(await _named(tx, server, given), budget=limit)
            await tx.projects.change(project)
            sums = await tx.usage.sums([Account.of_project(server, project.id)], since)
        return project, sum(sums.values())

    async def archive(self, actor: Actor, given: str, *, reopen: bool = False) -> Project:
        """Takes nothing new in any more, or again. Raises Unknown, NotAllowed, Already, NameGone."""
        async with self._tools.records.write() as tx:
            found = _theirs(actor, await _named(tx, server_of(actor), given), "reopen" if reopen else "archive")
            if (found.archived_at is None) is reopen:
                raise Already(ref=str(found.ref), state="open" if reopen else "archived")
            other = await tx.projects.by_name(found.server_id, found.name) if reopen else None
            if other is not None:
                raise NameGone(ref=str(found.ref), other=str(other.ref))
            after = replace(found, archived_at=None if reopen else self._tools.clock.now())
            await tx.projects.change(after)
        return after


async def find_project(tx: Transaction, server: ServerId, given: str | None) -> Project | None:
    """An open one, for what is new, by ref or name; None if nothing was given. Raises Unknown with the nearest names,
    Archived."""
    project = await any_project(tx, server, given)
    if project is not None and project.archived_at is not None:
        raise Archived(ref=str(project.ref))
    return project


async def any_project(tx: Transaction, server: ServerId, given: str | None) -> Project | None:
    """As `find_project`, archived ones too: an open one of that name comes first."""
    return await _named(tx, server, given) if given is not None and given.strip() else None


async def still_open(tx: Transaction, server: ServerId, project_id: RecordId | None) -> None:
    """For a request that is made once more: its project may have been archived since. Raises Archived."""
    seen = Seen(server_id=server, member_id=FORMER)
    project = await tx.projects.get(seen, project_id) if project_id is not None else None
    if project is not None and project.archived_at is not None:
        raise Archived(ref=str(project.ref))


async def _named(tx: Transaction, server: ServerId, given: str) -> Project:
    ref = parse_ref(given, Kind.PROJECT)
    project = await tx.projects.find(server, ref) if ref is not None else None
    for archived in (False, True):
        project = project or await tx.projects.by_name(server, given.strip(), archived=archived)
    if project is None:
        names = await tx.projects.names(server, 200)
        raise Unknown(kind=KIND, given=given, nearest=nearest(given, names))
    return project


async def _sheet(tx: Transaction, seen: Seen, found: Project) -> ProjectSheet:
    project = await tx.projects.get(seen, found.id) or found
    newest: dict[str, Any] = {"project_id": project.id, "member_id": None, "before": None, "size": LATEST}
    lists, figures = await tx.scenes.page(seen, **newest), await tx.characters.page(seen, **newest)
    latest = [
        *(Entrant(ref=r.ref, title=r.title, created_at=r.created_at, private=r.private) for r in lists.rows),
        *(Entrant(ref=r.ref, title=r.name, created_at=r.created_at, private=r.private) for r in figures.rows),
    ]
    return ProjectSheet(
        project=project,
        makers=await tx.projects.makers(seen, project.id),
        spent=await tx.projects.spent(project.id),
        unpriced=await tx.jobs.unpriced(project.id),
        latest=tuple(sorted(latest, key=lambda each: each.created_at, reverse=True)[:LATEST]),
    )


def _theirs(actor: Actor, project: Project, action: str) -> Project:
    """The project, if this actor may change it: its owner, or a manager."""
    if project.owner_id != actor.member_id and not actor.is_manager:
        raise NotAllowed(action=action, ref=str(project.ref), owner_id=project.owner_id)
    return project
