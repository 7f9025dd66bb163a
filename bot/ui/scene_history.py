"""What became of a scene list, version by version, and two versions side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.differences import difference
from bot.ui.frame import Button, Sheet
from bot.ui.lists import list_sheet
from bot.ui.text import EMPTY, cut, line
from bot.ui.words import ACCENT, many, member, price, stamp
from mv.domain.scenes import (
    Change,
    Changes,
    Scene,
    SceneChange,
    SceneDraft,
    SceneList,
    SceneVersion,
    VersionLine,
)
from mv.ports import Page

WAYS = {
    Change.CREATE: "made",
    Change.AGAIN: "made afresh",
    Change.REVISE: "revised",
    Change.EDIT: "edited by hand",
    Change.INSERT: "a scene inserted",
    Change.MOVE: "a scene moved",
    Change.REMOVE: "a scene removed",
    Change.RESTORE: "restored",
    Change.IMPORT: "imported",
}
FIELD = 600
"""How much is shown of what changed in one field, in UTF-16 units."""


def history_rows(record: SceneList, page: Page[VersionLine], turn: Turn | None = None) -> Sheet:
    """A page of versions."""
    return list_sheet(
        f"{record.ref} · {line(record.title, 80) or EMPTY}",
        [_row(row) for row in page.rows],
        turn or Turn(what=ListOf.HISTORY, project=record.ref.number),
        page.before,
        "No versions.",
        "`/scenes show` shows one by `version`, `/scenes compare` what differs; `/scenes restore` brings one back",
    )


def how_made(version: SceneVersion) -> str:
    """`revised from version 2`, `scene 4 revised`, `restored from version 1`: what a version came of."""
    if version.change is Change.REVISE and version.scene:
        way = f"scene {version.scene} revised"
    elif version.change is Change.EDIT and version.scene:
        way = f"scene {version.scene} edited by hand"
    elif version.change is Change.INSERT and version.scene:
        way = f"scene {version.scene} inserted"
    elif version.change is Change.MOVE and version.scene:
        way = f"a scene moved to place {version.scene}"
    elif version.change is Change.REMOVE and version.scene:
        way = f"scene {version.scene} removed"
    else:
        way = WAYS[version.change]
    before = version.based_on
    if before is None or (before == version.number - 1 and version.change is not Change.RESTORE):
        return way
    return f"{way} from version {before}"


def in_short(changes: Changes) -> str:
    """`1 added, 2 removed, 3 changed (title, lighting)`: what is different, in a line."""
    fields = list(dict.fromkeys(field for change in changes.changed for field in change.fields))
    changed = sum(1 for change in changes.changed if change.fields)
    moved = sum(1 for change in changes.changed if change.moved)
    parts = [
        f"{len(changes.added)} added" if changes.added else "",
        f"{len(changes.removed)} removed" if changes.removed else "",
        f"{moved} moved" if moved else "",
        f"{many(changed, 'scene')} changed ({_fields(fields)})" if changed else "",
        f"{_fields(changes.head)} of the list" if changes.head else "",
    ]
    return ", ".join(part for part in parts if part) or "nothing changed"


def comparison_message(record: SceneList, before: SceneVersion, after: SceneVersion, changes: Changes) -> Sheet:
    """What is different, scene by scene, as much of it as a message holds."""
    head = limits.card(
        author=f"{record.ref} · version {before.number} → version {after.number}",
        title=line(after.draft.title, 200) or EMPTY,
        text=_first_up(in_short(changes)),
        colour=ACCENT,
    )
    cards = [head, *_head_cards(before.draft, after.draft, changes.head), *_cards(before.draft, after.draft, changes)]
    shown = limits.together(cards[: limits.EMBEDS])
    left = len(cards) - len(shown)
    content = f"-# {many(left, 'more difference')}: `/scenes export` has both versions whole." if left > 0 else ""
    return Sheet(content=content, embeds=tuple(shown), rows=(_buttons(record, before, after),))


def _row(row: VersionLine) -> tuple[str, str]:
    version = row.version
    first = f"**Version {version.number}** · {how_made(version)} · {member(version.author_id)}"
    first += f" · {stamp(version.created_at, 'R')} · {price(version.cost)}"
    said = f"“{line(version.instruction, 60)}”" if version.instruction else ""
    summary = cut(in_short(row.changes), 100) if row.changes is not None else many(len(version.draft.scenes), "scene")
    return first, " · ".join(part for part in (summary, said) if part)


def _cards(before: SceneDraft, after: SceneDraft, changes: Changes) -> Iterator[discord.Embed]:
    for number in changes.removed:
        yield _alone("Removed", number, before.scenes[number - 1])
    for number in changes.added:
        yield _alone("Added", number, after.scenes[number - 1])
    for change in changes.changed:
        yield _changed(change, before.scenes[change.before - 1], after.scenes[change.after - 1])


def _alone(how: str, number: int, scene: Scene) -> discord.Embed:
    return limits.card(author=how, title=_title(number, scene), text=line(scene.description, 300), colour=ACCENT)


def _changed(change: SceneChange, before: Scene, after: Scene) -> discord.Embed:
    where = f"Moved from place {change.before} to {change.after}" if change.moved else "Changed"
    fields = [(name, str(getattr(before, name)), str(getattr(after, name))) for name in change.fields]
    return limits.card(
        author=where, title=_title(change.after, after), text=limits.joined(_both(fields), 1500, "\n"), colour=ACCENT
    )


def _head_cards(before: SceneDraft, after: SceneDraft, fields: Sequence[str]) -> Iterator[discord.Embed]:
    if fields:
        both = [(name, _said(before, name), _said(after, name)) for name in fields]
        yield limits.card(author="The list", title="", text=limits.joined(_both(both), 1500, "\n"), colour=ACCENT)


def _said(draft: SceneDraft, name: str) -> str:
    value = getattr(draft, name)
    return " ".join(value) if isinstance(value, tuple) else str(value)


def _both(fields: Sequence[tuple[str, str, str]]) -> list[str]:
    return [f"**{name.replace('_', ' ').capitalize()}** · {difference(old, new, FIELD)}" for name, old, new in fields]


def _title(number: int, scene: Scene) -> str:
    return f"{number} · {line(scene.title, 150) or EMPTY}"


def _fields(names: Sequence[str]) -> str:
    said = [name.replace("_", " ") for name in names]
    return ", ".join(said if len(said) <= 4 else [*said[:3], f"{len(said) - 3} more"])


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _buttons(record: SceneList, before: SceneVersion, after: SceneVersion) -> tuple[Button, ...]:
    shown = [
        Button(
            label=f"Version {version.number}",
            custom_id=custom_id(Press(action=Action.SCENES_SHOW, record=record.id, version=version.number)),
        )
        for version in ((before, after) if before.number != after.number else (before,))
    ]
    return (*shown, *restore_button(record, before))


def restore_button(record: SceneList, version: SceneVersion) -> tuple[Button, ...]:
    """Under a version that is not the newest."""
    if version.number >= record.versions:
        return ()
    press = Press(action=Action.SCENES_RESTORE, record=record.id, version=version.number)
    return (Button(label=f"Restore version {version.number}", custom_id=custom_id(press)),)


def made_meanwhile_text(lines: Sequence[VersionLine]) -> str:
    """That others changed the list while this version was made."""
    said = [
        f"{member(row.version.author_id)} made version {row.version.number} meanwhile"
        + (f" ({in_short(row.changes)})" if row.changes is not None else "")
        for row in lines
    ]
    return "; ".join(said) + ". Both are kept." if said else ""
