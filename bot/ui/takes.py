"""Takes: what made them, the history of a character, and what was done to it."""

from __future__ import annotations

from bot.ui.custom_ids import ListOf, Turn
from bot.ui.frame import Sheet
from bot.ui.lists import list_sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import EMPTY, line
from bot.ui.words import marks, member, price, quote, stamp
from mv.domain.character import Character, History, Take, TakesOfJob

_NOTES = {
    "text_only": "{} works from the description and the instructions alone, so no picture went along",
    "as_again": "{} works from the description alone and there were no instructions, "
    "so these are new takes with a new seed, as Again makes them",
    "able": "{}, further down the list, would go by the picture of a take",
}


def note_in_words(note: str) -> str:
    """A portrait's note as a part of a sentence; empty for one that is not known."""
    what, _, engine = note.partition(":")
    return _NOTES[what].format(line(engine, 60)) if what in _NOTES else ""


def wish(take: Take, limit: int) -> str:
    """What was asked to differ in a take, and which one it goes by; empty if nothing was asked."""
    went_by = f"**Goes by** · take {take.from_take}" if take.from_take is not None else ""
    return "\n".join(part for part in (quote(take.instruction, limit), went_by) if part)


def history_rows(page: History, turn: Turn | None = None) -> Sheet:
    """A page of /character history; `turn` is where it stands."""
    record = page.record
    marked = marks(starred=record.starred_at is not None, private=record.private)
    return list_sheet(
        f"{record.ref} · {line(record.name, 60) or EMPTY}{marked}",
        [_row(record, made) for made in page.jobs],
        turn or Turn(what=ListOf.TAKES, project=record.ref.number),
        page.before,
        "There is no take of it.",
    )


def renamed(record: Character) -> Sheet:
    """It has another name."""
    return notice(
        f"{record.ref} is called {line(record.name, 160)}",
        "Scene lists that were made with it keep their text.",
        tone=Tone.GOOD,
    )


def main_chosen(record: Character) -> Sheet:
    """Another take stands for it."""
    return notice(
        f"Take {record.main_take} stands for {record.ref}",
        f"{line(record.name, 160)}\nIt is shown first, and new takes go by it where the engine takes a picture.",
        tone=Tone.GOOD,
    )


def _row(record: Character, made: TakesOfJob) -> tuple[str, str]:
    """Seven of them fit into a message, so texts are short."""
    first, numbers = made.takes[0], [take.number for take in made.takes]
    head = f"**Take{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}**"
    if record.main_take in numbers:
        head += " · main" if len(numbers) == 1 else f" · {record.main_take} is main"
    author = first.author_id or (record.owner_id if first.job_id == record.id else None)
    who = [member(author)] if author is not None else []
    facts = [line(first.engine, 24), _seeds(made), price(made.cost)]
    if first.from_take is not None:
        facts.append(f"goes by take {first.from_take}")
    if first.instruction:
        facts.append(line(first.instruction, 60))
    return " · ".join([head, *who, stamp(first.created_at, "R")]), " · ".join(fact for fact in facts if fact)


def _seeds(made: TakesOfJob) -> str:
    seeds = [take.seed for take in made.takes if take.seed is not None]
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}" if seeds else ""
