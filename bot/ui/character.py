"""Characters as contact sheets: an embed a take, the picture large, what it took to make it small below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.frame import Attached, Button, Row, Sheet
from bot.ui.lists import list_sheet
from bot.ui.search import FOUND_TITLE, found_sheet, marked
from bot.ui.takes import note_in_words, wish
from bot.ui.text import EMPTY, bare, line, plain
from bot.ui.words import ACCENT, REUSED, engine_note, made_with, many, marks, member, price, stamp, standing
from mv.domain.character import Character, CharacterView, Take
from mv.domain.excerpt import Excerpt
from mv.domain.ids import RecordId
from mv.domain.search import Sought
from mv.ports import Found, Hit, Page

SHOWN = 4
"""Takes in one message that its buttons speak of."""


def character_message(
    view: CharacterView,
    previews: Mapping[RecordId, bytes],
    missing: str = "",
    smaller: AbstractSet[RecordId] = frozenset(),
    notes: Sequence[str] = (),
) -> Sheet:
    """The takes with their previews, by take id; a take whose preview is not there, or `smaller` than usual, says how
    to get the picture. `missing` says, in safe words, which pictures did not come; then Retry is drawn. `notes`
    are the portrait's."""
    takes = view.takes[: limits.EMBEDS]
    names = _file_names(takes)
    said = _said(view, missing, notes)
    embeds = [
        _take(view, take, names[take.id] if take.id in previews else None, said, take.id in smaller) for take in takes
    ]
    files = tuple(
        Attached(
            name=names[take.id], data=previews[take.id], description=_alt_text(view.record, take), otherwise=_way(view)
        )
        for take in takes
        if take.id in previews
    )
    return Sheet(
        embeds=tuple(limits.together(embeds or [_without_takes(view.record)])),
        files=files,
        rows=tuple(row for row in (_retrying(view, bool(missing)), _asking_anew(view), _acting(view)) if row),
    )


def character_rows(page: Page[Character], turn: Turn | None = None) -> Sheet:
    """A page of /character list; `turn` is where it stands and how it is filtered."""
    return list_sheet(
        "Characters",
        [_row(record) for record in page.rows],
        turn or Turn(what=ListOf.CHARACTER),
        page.before,
        "No characters here yet. `/character create` makes the first.",
    )


def characters_found(
    found: Found[Character], sought: Sought, turn: Turn | None = None, *, wider: bool = False
) -> Sheet:
    """A page of /character search; `turn` is where it stands, `wider` whether the last word was taken for a
    beginning."""
    turn = turn or Turn(what=ListOf.CHARACTER_FOUND)
    return found_sheet("Characters", [_found(hit) for hit in found.rows], sought, turn, found.after, wider=wider)


def _found(hit: Hit[Character]) -> tuple[str, str, Excerpt | None]:
    record = hit.record
    lock = marks(starred=record.starred_at is not None, private=record.private)
    name = marked(record.name, hit.title, FOUND_TITLE) or EMPTY
    facts = [many(record.takes, "take"), member(record.owner_id), stamp(record.created_at, "R")]
    facts += [str(record.project_ref)] if record.project_ref is not None else []
    return f"**{record.ref}** · {name}{lock}", " · ".join(facts), hit.excerpt


def _way(view: CharacterView) -> str:
    return f"`/character original ref:{view.record.ref}` brings them."


def _take(view: CharacterView, take: Take, file: str | None, said: Sequence[str], small: bool) -> discord.Embed:
    record, first = view.record, take is view.takes[0]
    text = [plain(record.description, 1500) if first else line(record.description, 120), _wish(view, take)]
    if first:
        text += [_facts(view, take), *said]
    if file is None:
        text.append("The preview is not at hand: **Original** brings the picture itself.")
    elif small:
        text.append(f"Made smaller to fit in here: `/character original ref:{record.ref}` brings the picture itself.")
    embed = limits.card(
        author=_author(record, take),
        title=line(record.name, 160) or EMPTY,
        text=limits.joined([part for part in text if part], limits.EMBED_DESCRIPTION, "\n\n"),
        footer=_footer(view, take),
        colour=ACCENT,
    )
    if file is not None:
        embed.set_image(url=f"attachment://{file}")
    return embed


def _without_takes(record: Character) -> discord.Embed:
    return limits.card(
        author=str(record.ref),
        title=line(record.name, 160) or EMPTY,
        text=f"{plain(record.description, 1500)}\n\nThere is no picture of it. **Again** makes one.",
        colour=ACCENT,
    )


def _author(record: Character, take: Take) -> str:
    main = " · main" if take.number == record.main_take else ""
    marked = standing(starred=record.starred_at is not None, private=record.private)
    return f"{record.ref} · take {take.number}{main}{marked}"


def _said(view: CharacterView, missing: str, notes: Sequence[str]) -> list[str]:
    said = [f"**Missing** · {missing}"] if missing else []
    if view.reused_for is not None:
        said.append(f"{REUSED} **Fresh** asks the engine all the same, for a new character.")
    words = [words for note in notes if (words := note_in_words(note) or engine_note(note))]
    return said + [f"**Note** · {note[:1].upper()}{note[1:]}" for note in words]


def _wish(view: CharacterView, take: Take) -> str:
    """What was asked to differ; only on the first of those that were made alike."""
    alike = [other for other in view.takes if other.job_id == take.job_id]
    return wish(take, 700) if take is alike[0] else ""


def _facts(view: CharacterView, take: Take) -> str:
    record = view.record
    of = f" · by {member(record.owner_id)}" if view.reused_for is not None else ""
    facts = [f"**Made** · {stamp(take.created_at)}{of}"]
    if view.lists:
        named = " · ".join(f"{made.ref} {line(made.title, 60)}" for made in view.lists)
        facts.append(f"**Scene lists** · {named}")
    if record.project_ref is not None:
        facts.insert(0, f"**Project** · {record.project_ref} {line(record.project_name or '', 80)}")
    return "\n".join(facts)


def _footer(view: CharacterView, take: Take) -> str:
    cost = price(take.cost) if view.reused_for is None else price(0)
    seed = f"seed {take.seed}" if take.seed is not None else ""
    size = f"{take.original.width} × {take.original.height}"
    return " · ".join(filter(None, (made_with(take.engine, take.model_version), seed, size, cost)))


def _alt_text(record: Character, take: Take) -> str:
    return f"{bare(record.name, 100)}, take {take.number}: {bare(record.description, 800)}"


def _file_names(takes: tuple[Take, ...]) -> dict[RecordId, str]:
    """The original's name with the preview's extension: sortable, and unique in the message."""
    names: dict[RecordId, str] = {}
    for take in takes:
        stem, extension = PurePosixPath(take.original.key).stem, PurePosixPath(take.preview.key).suffix
        name = f"{stem}{extension}"
        names[take.id] = name if name not in names.values() else f"{stem}_take{take.number}{extension}"
    return names


def _retrying(view: CharacterView, retry: bool) -> Row:
    if not retry or not view.takes:
        return ()
    press = Press(action=Action.JOB_RETRY, record=view.takes[0].job_id)
    return (Button(label="Retry", custom_id=custom_id(press), style=discord.ButtonStyle.primary),)


def _asking_anew(view: CharacterView) -> Row:
    if view.reused_for is None:
        return ()
    press = Press(action=Action.CHARACTER_FRESH, record=view.record.id, member=view.reused_for)
    return (Button(label="Fresh", custom_id=custom_id(press)),)


def _acting(view: CharacterView) -> Row:
    """Again repeats what made the newest of the takes that are shown."""
    record = view.record.id
    numbers = tuple(take.number for take in view.takes[:SHOWN])
    made = max(view.takes, key=lambda take: take.number).job_id if view.takes else None
    buttons = [
        Button(label="Vary", custom_id=custom_id(Press(action=Action.CHARACTER_VARY, record=record, takes=numbers))),
        Button(label="Again", custom_id=custom_id(Press(action=Action.CHARACTER_AGAIN, record=record, job=made))),
    ]
    if numbers:
        original = Press(action=Action.CHARACTER_ORIGINAL, record=record, takes=numbers)
        buttons.append(Button(label="Original", custom_id=custom_id(original)))
    use = custom_id(Press(action=Action.CHARACTER_USE, record=record))
    delete = custom_id(Press(action=Action.CHARACTER_DELETE, record=record))
    danger = discord.ButtonStyle.danger
    return (
        *buttons,
        Button(label="Use in scenes", custom_id=use),
        Button(label="Delete", custom_id=delete, style=danger),
    )


def _row(record: Character) -> tuple[str, str]:
    facts = [many(record.takes, "take"), member(record.owner_id), stamp(record.created_at, "R")]
    if record.project_ref is not None:
        facts.append(f"{record.project_ref} {line(record.project_name or '', 30)}")
    marked = marks(starred=record.starred_at is not None, private=record.private)
    return f"**{record.ref}** · {line(record.name, 60) or EMPTY}{marked}", " · ".join(facts)
