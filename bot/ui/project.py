"""Projects: one that was just made, and the list of them."""

from __future__ import annotations

from bot.ui.custom_ids import ListOf, Turn
from bot.ui.frame import Sheet
from bot.ui.lists import list_sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import EMPTY, line
from bot.ui.words import many, stamp
from mv.domain.project import Project
from mv.ports import Page


def project_created(project: Project) -> Sheet:
    """A new project, and how to put something into it."""
    return notice(
        f"{project.ref} · {line(project.name, 160) or EMPTY}",
        f"The project is open. Name it in `project:{project.ref}` of `/scenes create` and `/character create`.",
        tone=Tone.GOOD,
    )


def project_rows(page: Page[Project], turn: Turn | None = None) -> Sheet:
    """A page of /project list; `turn` is where it stands."""
    return list_sheet(
        "Projects",
        [_row(project) for project in page.rows],
        turn or Turn(what=ListOf.PROJECT),
        page.before,
        "No projects here yet. `/project create` opens the first.",
    )


def _row(project: Project) -> tuple[str, str]:
    facts = [
        many(project.scene_lists, "scene list"),
        many(project.characters, "character"),
        f"<@{project.owner_id}>",
        stamp(project.created_at, "R"),
    ]
    if project.archived_at is not None:
        facts.append("archived")
    return f"**{project.ref}** · {line(project.name, 80) or EMPTY}", " · ".join(facts)
