"""A server's month, for its managers: a table each for members, projects and engines, and the chart; and its ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import discord

from bot.ui import limits
from bot.ui.exports import archives_message
from bot.ui.frame import Attached, Sheet
from bot.ui.notice import notice
from bot.ui.spending import alt_text
from bot.ui.text import EMPTY, line
from bot.ui.usage import zone_words
from bot.ui.words import ACCENT, BAD, CARE, bar, many, member
from mv.domain.ids import RecordId
from mv.domain.money import rounded
from mv.domain.usage_report import Month, ServerMonth, Tally
from mv.export.zips import Archive

TOP = 10
"""Rows of a table; fewer if they are long."""
_HEAD = ("spend", "lists", "pictures")


def server_message(report: ServerMonth, chart: bytes | None) -> Sheet:
    """All of a month. `chart` is a PNG; None if there is none, which is said where money was spent."""
    month = report.month
    if not report.total.used:
        return notice("Nothing was used", f"Nothing was made or spent here in {month.name}.")
    card = limits.card(
        title=f"Usage of this server in {month.name}",
        text="\n".join(_totals(report, chart)),
        fields=[
            ("Members", _table(report.members, member)),
            ("Projects", _table(report.by_project, lambda key: _project(report, key))),
            ("Engines", _table(report.engines, lambda name: line(name, 40) or EMPTY, lost=True)),
        ],
        side_by_side=False,
        footer=" · ".join(filter(None, (f"/usage ledger month:{month} has every entry", zone_words(month.zone)))),
        colour=_colour(report),
    )
    if chart is None:
        return Sheet(embeds=(card,))
    picture = Attached(
        name=f"spend_{month}.png",
        data=chart,
        description=alt_text(report.spending),
        otherwise="The numbers are complete without it.",
    )
    card.set_image(url=f"attachment://{picture.name}")
    return Sheet(embeds=(card,), files=(picture,))


def ledger_message(month: Month, entries: int, archives: Sequence[Archive]) -> Sheet:
    """What stands above some of the files."""
    inside = "amounts of money in micro-dollars and, exactly, in US dollars; moments in UTC"
    return archives_message(f"**The ledger of {month.name}** · {many(entries, 'entry', 'entries')}", inside, archives)


def no_ledger(month: Month) -> Sheet:
    """There is no entry."""
    return notice("The ledger is empty", f"Nothing was counted here in {month.name}.")


def _totals(report: ServerMonth, chart: bytes | None) -> list[str]:
    total, running = report.total, report.month.today is not None
    spent = f"**{rounded(total.spend)}** spent" if total.spend else "**Nothing** spent"
    rows = [
        f"{spent}{' at known prices' if total.unpriced else ''}{' so far' if running else ''} · "
        f"{_counted(total.scenes, 'scene list')} · {_counted(total.images, 'picture')}"
    ]
    if total.unpriced:
        rows.append(f"{_unpriced(total)}; what that cost is not known, and in no sum.")
    if total.lost:
        rows.append(
            f"**{rounded(total.lost)} lost**: a vendor took it for what nobody could use. No member is charged."
        )
    rows += _budget(report)
    if running:
        rows.append("What jobs under way have reserved counts.")
    if chart is None and report.days:
        rows.append("The chart could not be drawn this time; the numbers are complete.")
    return rows


def _counted(count: int, what: str) -> str:
    return f"**{count:,}** {what}{'' if count == 1 else 's'}"


def _budget(report: ServerMonth) -> list[str]:
    limit, gone = report.budget, report.gone
    if limit is None:
        return []
    if limit == 0:
        return ["The budget is none at all."]
    left = f"**{rounded(limit - gone)}** left" if gone < limit else "nothing left"
    lost = ", what was lost included" if report.total.lost else ""
    return [f"Budget {bar(gone, limit)} {rounded(gone)} of {rounded(limit)}{lost} · {left}"]


def _table(tallies: Sequence[Tally], named: Callable[[Any], str], *, lost: bool = False) -> str:
    """Numbers in columns, which only code has, and beside them whose they are."""
    if not tallies:
        return EMPTY
    top = tallies[:TOP]
    cells = [_HEAD, *((_spend(each), f"{each.scenes:,}", f"{each.images:,}") for each in top)]
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [
        f"`{spend.ljust(wide[0])}  {scenes.rjust(wide[1])}  {images.rjust(wide[2])}`" for spend, scenes, images in cells
    ]
    for number, each in enumerate(top, start=1):
        notes = [named(each.subject), "" if _all_unpriced(each) else _unpriced(each)]
        if lost and each.lost:
            notes.append(f"{rounded(each.lost)} lost")
        rows[number] += f" {' · '.join(filter(None, notes))}"
    room = limits.FIELD_VALUE - 60
    shown = limits.joined(rows, room)
    more = tallies[shown.count("\n") :]
    if not more:
        return shown
    return f"{shown}\n… and {len(more):,} more, {rounded(sum(each.spend for each in more))} together"


def _spend(tally: Tally) -> str:
    """What is known of it; nothing is $0 that only has no known price."""
    if tally.spend:
        return rounded(tally.spend)
    if tally.unpriced:
        return "unpriced"
    return EMPTY if tally.lost else "no cost"


def _all_unpriced(tally: Tally) -> bool:
    """Whether the columns say it already."""
    counts = tally.unpriced_runs, tally.unpriced_images
    return not tally.spend and not tally.unpriced_tokens and counts == (tally.scenes, tally.images)


def _unpriced(tally: Tally) -> str:
    parts = (
        (tally.unpriced_runs, "run"),
        (tally.unpriced_images, "picture"),
        (tally.unpriced_tokens, "token"),
    )
    said = ", ".join(f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in parts if count)
    return f"*unpriced:* {said}" if said else ""


def _project(report: ServerMonth, key: RecordId | None) -> str:
    if key is None:
        return "no project"
    found = report.projects.get(key)
    return "a project" if found is None else f"{found[0]} {line(found[1], 40)}".strip()


def _colour(report: ServerMonth) -> discord.Colour:
    if report.budget is None or report.gone * 5 < report.budget * 4:
        return ACCENT
    return BAD if report.gone >= report.budget else CARE
