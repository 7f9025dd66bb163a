"""Scene lists as a director's sheet: a head that says what this is, then a card a scene, read like a call sheet."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.frame import Button, Row, Sheet
from bot.ui.lists import list_sheet
from bot.ui.scene_history import how_made, made_meanwhile_text, restore_button
from bot.ui.search import FOUND_TITLE, found_sheet, marked
from bot.ui.text import EMPTY, bare, line, plain
from bot.ui.words import (
    ACCENT,
    REUSED,
    engine_note,
    length,
    made_with,
    many,
    marks,
    member,
    price,
    quote,
    stamp,
    standing,
    timecode,
)
from mv.domain.excerpt import Excerpt
from mv.domain.ids import RecordId
from mv.domain.scenes import Scene, SceneList, SceneListView, SceneVersion, ShotSize
from mv.domain.search import Sought
from mv.ports import Found, Hit, Page

SHOTS = {
    ShotSize.EWS: "Extreme wide",
    ShotSize.WS: "Wide",
    ShotSize.FS: "Full",
    ShotSize.MS: "Medium",
    ShotSize.MCU: "Medium close-up",
    ShotSize.CU: "Close-up",
    ShotSize.ECU: "Extreme close-up",
    ShotSize.INSERT: "Insert",
}
_MENDED = {
    "shot_size": "shot size",
    "duration_seconds": "duration",
}


def scene_pages(view: SceneListView) -> list[list[discord.Embed]]:
    """All pages: the head and as many scenes as fit, then the rest below a shorter head."""
    return limits.pages(_head(view), _later_head(view), _cards(view.version))


def scene_list_message(view: SceneListView, page: int = 1, *, scene: int = 1) -> Sheet:
    """One page with its buttons; `page` counts from 1, and one that does not exist is the nearest that does. The first
    is left out where a later `scene` is what matters."""
    pages = scene_pages(view)
    page = _page_of(pages, scene) if scene > 1 else min(max(page, 1), len(pages))
    turning = _turning(view.record.id, view.version.number, page, len(pages))
    rows = (turning, _acting(view, _only_scene(pages, page)), _seeing(view))
    return Sheet(embeds=tuple(pages[page - 1]), rows=tuple(row for row in rows if row))


def _page_of(pages: Sequence[Sequence[discord.Embed]], scene: int) -> int:
    """The page that has that scene; the last, if it is not there any more."""
    seen = 0
    for number, page in enumerate(pages, start=1):
        seen += len(page) - 1
        if scene <= seen:
            return number
    return len(pages)


def _only_scene(pages: Sequence[Sequence[discord.Embed]], page: int) -> int:
    """The number of the scene on that page, behind its head, if there is no other; else 0."""
    if len(pages[page - 1]) != 2:
        return 0
    return 1 + sum(len(before) - 1 for before in pages[: page - 1])


def scene_list_rows(page: Page[SceneList], turn: Turn | None = None) -> Sheet:
    """A page of /scenes list; `turn` is where it stands and how it is filtered."""
    return list_sheet(
        "Scene lists",
        [_row(record) for record in page.rows],
        turn or Turn(what=ListOf.SCENES),
        page.before,
        "No scene lists here yet. `/scenes create` makes the first.",
    )


def scene_lists_found(
    found: Found[SceneList], sought: Sought, turn: Turn | None = None, *, wider: bool = False
) -> Sheet:
    """A page of /scenes search; `turn` is where it stands, `wider` whether the last word was taken for a beginning."""
    turn = turn or Turn(what=ListOf.SCENES_FOUND)
    return found_sheet("Scene lists", [_found(hit) for hit in found.rows], sought, turn, found.after, wider=wider)


def _found(hit: Hit[SceneList]) -> tuple[str, str, Excerpt | None]:
    record = hit.record
    lock = marks(starred=record.starred_at is not None, private=record.private)
    title = marked(record.title, hit.title, FOUND_TITLE) or EMPTY
    facts = [member(record.owner_id), stamp(record.created_at, "R")]
    facts += [str(ref) for ref in (record.character_ref, record.project_ref) if ref is not None]
    return f"**{record.ref}** · {title}{lock}", " · ".join(facts), hit.excerpt


def notes_in_words(notes: Sequence[str]) -> str:
    """What was mended or replaced, in a sentence or two; empty if nothing was."""
    said = [_SAID[note] for note in notes if note in _SAID]
    said += [words for note in notes if (words := engine_note(note))]
    flavors = [note.partition(":")[2] for note in notes if note.startswith("flavor_gone:")]
    said += [f"the flavor {line(name, 60)} is gone, the default took its place" for name in flavors]
    values = sorted({what for note in notes if (what := _mended(note))})
    if values:
        said.append(f"some values were mended ({', '.join(values)})")
    text = "; ".join(said)
    return text[:1].upper() + text[1:]


_SAID = {
    "asked_again": "the generator was asked once more for what was missing",
    "asked_after_restart": "the bot restarted while the generator was at work, so it was asked again",
    "kept_first": "more scenes came than were asked for, the first were kept",
    "shortened": "overlong texts were shortened",
}


def _mended(note: str) -> str | None:
    how, _, what = note.partition(":")
    return _MENDED.get(what, what.replace("_", " ")) if how in ("mended", "clamped", "guessed") else None


def _head(view: SceneListView) -> discord.Embed:
    record, version = view.record, view.version
    draft = version.draft
    facts = [f"**{many(len(draft.scenes), 'scene')}** · {timecode(draft.total_seconds)} min"]
    facts.append(f"**Character** · {_character(view)}")
    if record.project_ref is not None:
        facts.append(f"**Project** · {record.project_ref} {line(record.project_name or '', 80)}")
    if draft.palette:
        facts.append("**Palette** · " + " ".join(f"`{colour}`" for colour in draft.palette))
    cost = price(version.cost if view.reused_for is None else 0)
    of = f" · by {member(version.author_id)}" if view.reused_for is not None else ""
    facts.append(f"**{_first_up(how_made(version))}** · {stamp(version.created_at)}{of} · {cost}")
    if view.reused_for is not None:
        facts.append(f"{REUSED} **Again** asks the generator all the same, for another version.")
    meanwhile = made_meanwhile_text(view.meanwhile)
    if meanwhile:
        facts.append(f"**Note** · {meanwhile}")
    said = notes_in_words(version.notes)
    if said:
        facts.append(f"**Note** · {said}")
    return limits.card(
        author=_author(view),
        title=line(draft.title, 200) or EMPTY,
        text=limits.joined(
            _some(quote(draft.logline, 500), _asked(version), _lines(*facts)), limits.EMBED_DESCRIPTION, "\n\n"
        ),
        footer=_made_by(version),
        colour=_colour(version, 0),
    )


def _asked(version: SceneVersion) -> str:
    return f"**Asked for** · {line(version.instruction, 400)}" if version.instruction else ""


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _later_head(view: SceneListView) -> discord.Embed:
    """The head of every page but the first: what this belongs to, and no more."""
    return limits.card(
        author=_author(view), title=line(view.version.draft.title, 200) or EMPTY, colour=_colour(view.version, 0)
    )


def _author(view: SceneListView) -> str:
    record = view.record
    marked = standing(starred=record.starred_at is not None, private=record.private)
    return f"{record.ref} · version {view.version.number}{marked}"


def _character(view: SceneListView) -> str:
    record = view.record
    if record.character_ref is not None:
        return f"{record.character_ref} {line(record.character_name or '', 80)}"
    return line(view.version.brief.described, 120)


def _made_by(version: SceneVersion) -> str:
    return f"{made_with(version.engine, version.model_version)} · flavor {bare(version.brief.flavor, 80)}"


def _cards(version: SceneVersion) -> list[discord.Embed]:
    cards, start = [], 0.0
    for index, scene in enumerate(version.draft.scenes):
        cards.append(_card(index + 1, scene, start, _colour(version, index)))
        start += scene.duration_seconds
    return cards


def _card(number: int, scene: Scene, start: float, colour: discord.Colour) -> discord.Embed:
    action = line(scene.action, 400)
    return limits.card(
        author=" · ".join(_some(bare(scene.location, 120), bare(scene.time_of_day, 60))),
        title=f"{number} · {line(scene.title, 150) or EMPTY}",
        text=_lines(plain(scene.description, 1600), f"▸ {action}" if action else ""),
        fields=(
            ("Camera", _lines(SHOTS[scene.shot_size], line(scene.camera_angle, 120), line(scene.camera_movement, 120))),
            ("Light & mood", _lines(line(scene.lighting, 160), line(scene.mood, 120))),
            ("Timing", _timing(scene, start)),
        ),
        footer=f"Avoid: {bare(scene.negative_description, 300)}" if scene.negative_description.strip() else "",
        colour=colour,
    )


def _timing(scene: Scene, start: float) -> str:
    when = f"{timecode(start)}–{timecode(start + scene.duration_seconds)} · {length(scene.duration_seconds)}"
    cue = line(scene.cue, 120)
    return _lines(when, f"♪ {cue}" if cue else "", f"→ {line(scene.transition, 100)}" if scene.transition else "")


def _lines(*parts: str) -> str:
    return "\n".join(_some(*parts))


def _some(*parts: str) -> list[str]:
    return [part for part in parts if part]


def _colour(version: SceneVersion, index: int) -> discord.Colour:
    """The palette, one colour after the other, so that the cards carry it down the page."""
    palette = version.draft.palette
    try:
        return discord.Colour(int(palette[index % len(palette)].removeprefix("#"), 16)) if palette else ACCENT
    except ValueError:
        return ACCENT


def _turning(record: RecordId, version: int, page: int, last: int) -> Row:
    if last == 1:
        return ()

    def to(label: str, target: int, disabled: bool) -> Button:
        press = Press(action=Action.SCENES_PAGE, record=record, version=version, page=target)
        return Button(label=label, custom_id=custom_id(press), disabled=disabled)

    return (
        to("Previous", page - 1, page == 1),
        to(f"{page} / {last}", page, True),
        to("Next", page + 1, page == last),
    )


def _acting(view: SceneListView, scene: int) -> Row:
    record, version = view.record.id, view.version.number
    revise = Press(action=Action.SCENES_REVISE, record=record, version=version, scene=scene)
    again = Press(action=Action.SCENES_AGAIN, record=record, version=version)
    export = Press(action=Action.SCENES_EXPORT, record=record, version=version)
    delete = Press(action=Action.SCENES_DELETE, record=record)
    return (
        Button(label="Revise", custom_id=custom_id(revise)),
        Button(label="Again", custom_id=custom_id(again)),
        Button(label="Export", custom_id=custom_id(export)),
        Button(label="Delete", custom_id=custom_id(delete), style=discord.ButtonStyle.danger),
    )


def _seeing(view: SceneListView) -> Row:
    """What others made meanwhile, and how to make an old version current again."""
    others = (
        Button(
            label=f"Version {other.version.number}",
            custom_id=custom_id(Press(action=Action.SCENES_SHOW, record=view.record.id, version=other.version.number)),
        )
        for other in view.meanwhile
    )
    return (*others, *restore_button(view.record, view.version))


def _row(record: SceneList) -> tuple[str, str]:
    facts = [member(record.owner_id), stamp(record.created_at, "R")]
    if record.versions > 1:
        facts.insert(0, many(record.versions, "version"))
    if record.character_ref is not None:
        facts.append(str(record.character_ref))
    if record.project_ref is not None:
        facts.append(f"{record.project_ref} {line(record.project_name or '', 30)}")
    marked = marks(starred=record.starred_at is not None, private=record.private)
    return f"**{record.ref}** · {line(record.title, 60) or EMPTY}{marked}", " · ".join(facts)
