"""Projects: one that was just made, what is in one, and the list of them."""

from __future__ import annotations

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.frame import Button, Sheet
from bot.ui.lists import list_sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import EMPTY, line
from bot.ui.words import ACCENT, LOCK, many, member, stamp
from mv.domain.money import dollars
from mv.domain.project import Entrant, Project, ProjectSheet
from mv.ports import Page

ARCHIVED = " · archived"
MAKERS = 15
"""Members that are named, at most."""


def project_created(project: Project) -> Sheet:
    """A new project, and how to put something into it."""
    return notice(
        f"{project.ref} · {line(project.name, 160) or EMPTY}",
        f"The project is open. Name it in `project:{project.ref}` of `/scenes create` and `/character create`.",
        tone=Tone.GOOD,
    )


def project_sheet(sheet: ProjectSheet) -> Sheet:
    """What is in it for one member, and buttons to the lists of it."""
    project = sheet.project
    text = [_facts(sheet)]
    if sheet.latest:
        text.append("**Latest**\n" + "\n".join(_entrant(each) for each in sheet.latest))
    card = limits.card(
        author=f"{project.ref}{ARCHIVED if project.archived_at else ''}",
        title=line(project.name, 160) or EMPTY,
        text=limits.joined(text, limits.EMBED_DESCRIPTION, "\n\n"),
        footer=f"Nothing new goes into it; /project archive ref:{project.ref} reopen:True opens it again."
        if project.archived_at
        else "",
        colour=ACCENT,
    )
    ways = (
        ("Scene lists", Action.PROJECT_SCENES, project.scene_lists),
        ("Characters", Action.PROJECT_CHARACTERS, project.characters),
    )
    buttons = tuple(
        Button(label=label, custom_id=custom_id(Press(action=action, record=project.id)))
        for label, action, count in ways
        if count
    )
    return Sheet(embeds=(card,), rows=(buttons,) if buttons else ())


def project_renamed(before: Project, after: Project) -> Sheet:
    """Its old and its new name."""
    was, now = line(before.name, 160) or EMPTY, line(after.name, 160) or EMPTY
    return notice(f"{after.ref} is now {now}", f"It was **{was}**.", tone=Tone.GOOD)


def project_archived(project: Project) -> Sheet:
    """It takes nothing new in any more, or again."""
    name = f"**{line(project.name, 160) or EMPTY}**"
    if project.archived_at is None:
        return notice(f"{project.ref} is open again", f"{name} takes new records in.", tone=Tone.GOOD)
    return notice(
        f"{project.ref} is archived",
        f"{name} takes nothing new in. What is in it stays where it is and can be found and changed.\n"
        f"`/project archive ref:{project.ref} reopen:True` opens it again.",
        tone=Tone.GOOD,
    )


def project_budget(project: Project, spent: int) -> Sheet:
    """What it may spend from now on; `spent` are this month's micro-dollars."""
    name = f"**{line(project.name, 160) or EMPTY}**"
    so_far = f"{dollars(spent)} is spent or reserved this month."
    if project.budget is None:
        title, text = f"{project.ref} has no budget of its own", f"{name} may spend what this server may. {so_far}"
    elif project.budget == 0:
        title, text = f"{project.ref} may spend nothing", f"Nothing that costs money is made for {name}. {so_far}"
    else:
        title = f"{project.ref} may spend {dollars(project.budget)} a month"
        text = f"{name} · {so_far} Managers are told at 80 % and 100 %."
    return notice(title, text, tone=Tone.GOOD)


def project_rows(page: Page[Project], turn: Turn | None = None) -> Sheet:
    """A page of /project list; `turn` is where it stands."""
    return list_sheet(
        "Projects",
        [_row(project) for project in page.rows],
        turn or Turn(what=ListOf.PROJECT),
        page.before,
        "No projects here yet. `/project create` opens the first.",
    )


def _facts(sheet: ProjectSheet) -> str:
    project = sheet.project
    counts = f"{many(project.scene_lists, 'scene list')} · {many(project.characters, 'character')}"
    unpriced = f" · {many(sheet.unpriced, 'run')} unpriced" if sheet.unpriced else ""
    rows = [
        f"**In it** · {counts}",
        f"**Opened** · {stamp(project.created_at)} by {member(project.owner_id)}",
        f"**Spent** · {dollars(sheet.spent)} at known prices{unpriced}",
    ]
    if project.budget is not None:
        rows.append(f"**Budget** · {dollars(project.budget)} a month")
    if project.archived_at is not None:
        rows.append(f"**Archived** · {stamp(project.archived_at)}")
    if sheet.makers:
        more = len(sheet.makers) - MAKERS
        shown = " ".join(map(member, sheet.makers[:MAKERS]))
        rows.append(f"**Made by** · {shown}" + (f" and {more} more" if more > 0 else ""))
    return "\n".join(rows)


def _entrant(entrant: Entrant) -> str:
    lock = f" {LOCK}" if entrant.private else ""
    return f"**{entrant.ref}** · {line(entrant.title, 100) or EMPTY}{lock} · {stamp(entrant.created_at, 'R')}"


def _row(project: Project) -> tuple[str, str]:
    facts = [
        many(project.scene_lists, "scene list"),
        many(project.characters, "character"),
        member(project.owner_id),
        stamp(project.created_at, "R"),
    ]
    mark = ARCHIVED if project.archived_at is not None else ""
    return f"**{project.ref}** · {line(project.name, 80) or EMPTY}{mark}", " · ".join(facts)
