"""What was found: each record with the words that were sought in bold, and below them what was sought, from where the
buttons read it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import discord

from bot.ui.custom_ids import Turn, list_id
from bot.ui.frame import Button, Row, Sheet
from bot.ui.limits import CONTENT, EMBED_DESCRIPTION, card, joined
from bot.ui.text import ELLIPSIS, line, plain, unescaped, units
from bot.ui.words import ACCENT
from mv.domain.excerpt import Excerpt, Marks
from mv.domain.ids import Kind, MemberId, parse_ref
from mv.domain.search import MOST_WORDS, Place, Sought, parse_query

_SOUGHT = "Looked for"
_PROJECT, _MEMBER, _ENGINE, _FLAVOR, _SINCE, _PICTURE = (
    "Project",
    "Member",
    "Engine",
    "Flavor",
    "Since",
    "With a picture",
)
_BOLD = "\0"
"""Where bold begins and ends, until all pieces are together."""
FOUND_TITLE = 56
_EXCERPT = 120
"""So that a whole page fits, however long everything is."""


def found_sheet(
    title: str,
    rows: Sequence[tuple[str, str, Excerpt | None]],
    sought: Sought,
    turn: Turn,
    after: int | None,
    *,
    wider: bool = False,
) -> Sheet:
    """Rows of a line, of what is said small below it, and of why it was found. `after` is where the next page goes on;
    `wider` says that the last word was taken for a beginning."""
    lines = [f"### {title} found"]
    if wider:
        lines.append("-# Nothing has the last word as it stands: these have words that begin with it.")
    if parse_query(sought.query).cut:
        lines.append(f"-# Only the first {MOST_WORDS} words were looked for.")
    lines += ["\n".join([first, f"-# {second}", *_why(excerpt)]) for first, second, excerpt in rows]
    if not rows:
        lines.append(_nothing(sought, first=turn.before == 0))
    return Sheet(content=joined(lines, CONTENT), embeds=(_looked_for(sought),), rows=_turning(turn, after))


def marked(text: str, marks: Marks, room: int) -> str:
    """The text on one line, with what is marked in bold, of `room` units at most."""
    shown, left = "", room
    for piece, bold in _pieces(text, marks):
        said = line(piece, left) if left > 5 else ELLIPSIS
        if piece[:1].isspace() and shown and not shown.endswith(" "):
            shown += " "
        shown += f"{_BOLD}{said}{_BOLD}" if bold and said else said
        left -= units(said) + (5 if bold else 1)
        if said.endswith(ELLIPSIS) and not piece.endswith(ELLIPSIS):
            break
        if piece[-1:].isspace() and said:
            shown += " "
    return shown.strip().replace(_BOLD * 2, "").replace(_BOLD, "**")


def sought_in(embeds: Sequence[discord.Embed]) -> Sought:
    """What a message of `found_sheet` says was looked for."""
    for embed in embeds:
        if embed.title == _SOUGHT:
            said = {str(field.name): unescaped(str(field.value)) for field in embed.fields}
            project = parse_ref(said.get(_PROJECT, ""), Kind.PROJECT)
            member = "".join(filter(str.isdecimal, said.get(_MEMBER, "")))
            return Sought(
                query=unescaped(embed.description or ""),
                project=str(project) if project else None,
                member=MemberId(int(member)) if member else None,
                engine=said.get(_ENGINE),
                flavor=said.get(_FLAVOR),
                since=said.get(_SINCE),
                has_picture={"yes": True, "no": False}.get(said.get(_PICTURE, "")),
            )
    return Sought(query="")


def _looked_for(sought: Sought) -> discord.Embed:
    picture = {True: "yes", False: "no", None: ""}[sought.has_picture]
    fields = (
        (_PROJECT, sought.project or ""),
        (_MEMBER, f"<@{sought.member}>" if sought.member else ""),
        (_ENGINE, line(sought.engine or "", 200)),
        (_FLAVOR, line(sought.flavor or "", 200)),
        (_SINCE, sought.since or ""),
        (_PICTURE, picture),
    )
    given = [(name, value) for name, value in fields if value]
    return card(title=_SOUGHT, text=plain(sought.query, EMBED_DESCRIPTION), fields=given, colour=ACCENT)


def _nothing(sought: Sought, *, first: bool) -> str:
    if not first:
        return "That was all."
    hint = "All words must occur in a record. `neo*` finds what begins with `neo`, quotes find words side by side."
    if sought.filtered:
        return f"Nothing here has all of that within what is set below. Without it there may be more.\n-# {hint}"
    return f"Nothing here has all of that.\n-# {hint}"


def _why(excerpt: Excerpt | None) -> list[str]:
    if excerpt is None:
        return []
    place = f"scene {excerpt.scene}" if excerpt.place is Place.SCENE else excerpt.place.value
    text = marked(excerpt.text, excerpt.marks, _EXCERPT)
    before = f"{ELLIPSIS} " if excerpt.before else ""
    after = f" {ELLIPSIS}" if excerpt.after and not text.endswith(ELLIPSIS) else ""
    return [f"-# {place}: {before}{text}{after}"]


def _pieces(text: str, marks: Marks) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in marks:
        if start > at:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False


def _turning(turn: Turn, after: int | None) -> tuple[Row, ...]:
    if turn.before == 0 and after is None:
        return ()
    first = Button(label="First", custom_id=list_id(replace(turn, before=0)), disabled=turn.before == 0)
    if after is None:  # a key of its own keeps the two custom_ids apart
        return ((first, Button(label="More", custom_id=list_id(replace(turn, before=1)), disabled=True)),)
    return ((first, Button(label="More", custom_id=list_id(replace(turn, before=after)))),)
