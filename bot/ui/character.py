"""Characters as contact sheets: an embed a take, the picture large, what it took to make it small below."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.frame import Attached, Button, Row, Sheet
from bot.ui.lists import list_sheet
from bot.ui.search import FOUND_TITLE, found_sheet, marked
from bot.ui.text import EMPTY, bare, line, plain
from bot.ui.words import ACCENT, LOCK, engine_gone, many, member, price, stamp
from mv.domain.character import Character, CharacterView, Take
from mv.domain.excerpt import Excerpt
from mv.domain.ids import RecordId
from mv.domain.search import Sought
from mv.ports import Found, Hit, Page


def character_message(
    view: CharacterView,
    previews: Mapping[RecordId, bytes],
    missing: str = "",
    smaller: AbstractSet[RecordId] = frozenset(),
    gone: str = "",
) -> Sheet:
    """The takes with their previews, by take id; a take whose preview is not there, or `smaller` than usual, says how
    to get the picture. `missing` says, in safe words, which pictures did not come; then Retry is drawn. `gone`
    names the engine that should have made them."""
    takes = view.takes[: limits.EMBEDS]
    names = _file_names(takes)
    embeds = [
        _take(view, take, names[take.id] if take.id in previews else None, missing, take.id in smaller, gone)
        for take in takes
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
        rows=(_acting(view, bool(missing)),),
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
    lock = f" {LOCK}" if record.private else ""
    name = marked(record.name, hit.title, FOUND_TITLE) or EMPTY
    facts = [many(record.takes, "take"), f"<@{record.owner_id}>", stamp(record.created_at, "R")]
    facts += [str(record.project_ref)] if record.project_ref is not None else []
    return f"**{record.ref}** · {name}{lock}", " · ".join(facts), hit.excerpt


def _way(view: CharacterView) -> str:
    return f"`/character original ref:{view.record.ref}` brings them."


def _take(view: CharacterView, take: Take, file: str | None, missing: str, small: bool, gone: str) -> discord.Embed:
    record, first = view.record, take is view.takes[0]
    text = [plain(record.description, 1500) if first else line(record.description, 120)]
    if first:
        text.append(_facts(record, take))
        if missing:
            text.append(f"**Missing** · {missing}")
        if gone:
            note = engine_gone(gone)
            text.append(f"**Note** · {note[:1].upper()}{note[1:]}")
    if file is None:
        text.append("The preview is not at hand: **Original** brings the picture itself.")
    elif small:
        text.append(f"Made smaller to fit in here: `/character original ref:{record.ref}` brings the picture itself.")
    embed = limits.card(
        author=_author(record, take),
        title=line(record.name, 160) or EMPTY,
        text=limits.joined([part for part in text if part], limits.EMBED_DESCRIPTION, "\n\n"),
        footer=_footer(take),
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
    lock = f" · {LOCK} only you see this" if record.private else ""
    return f"{record.ref} · take {take.number}{lock}"


def _facts(record: Character, take: Take) -> str:
    facts = [f"**Made** · {stamp(take.created_at)}"]
    if record.project_ref is not None:
        facts.insert(0, f"**Project** · {record.project_ref} {line(record.project_name or '', 80)}")
    return "\n".join(facts)


def _footer(take: Take) -> str:
    seed = f"seed {take.seed}" if take.seed is not None else ""
    size = f"{take.original.width} × {take.original.height}"
    return " · ".join(filter(None, (bare(take.model_version or take.engine, 80), seed, size, price(take.cost))))


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


def _acting(view: CharacterView, retry: bool) -> Row:
    record = view.record.id
    buttons = [Button(label="Again", custom_id=custom_id(Press(action=Action.CHARACTER_AGAIN, record=record)))]
    if view.takes:
        job = view.takes[0].job_id
        original = Press(action=Action.CHARACTER_ORIGINAL, record=record, job=job)
        buttons.append(Button(label="Original", custom_id=custom_id(original)))
        if retry:
            again = custom_id(Press(action=Action.JOB_RETRY, record=job))
            buttons.insert(0, Button(label="Retry", custom_id=again, style=discord.ButtonStyle.primary))
    buttons.append(
        Button(label="Use in scenes", custom_id=custom_id(Press(action=Action.CHARACTER_USE, record=record)))
    )
    delete = custom_id(Press(action=Action.CHARACTER_DELETE, record=record))
    return (*buttons, Button(label="Delete", custom_id=delete, style=discord.ButtonStyle.danger))


def _row(record: Character) -> tuple[str, str]:
    facts = [many(record.takes, "take"), member(record.owner_id), stamp(record.created_at, "R")]
    if record.project_ref is not None:
        facts.append(f"{record.project_ref} {line(record.project_name or '', 30)}")
    lock = f" {LOCK}" if record.private else ""
    return f"**{record.ref}** · {line(record.name, 60) or EMPTY}{lock}", " · ".join(facts)
