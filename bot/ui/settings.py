"""Settings of a server: what is set, and what holds where nothing is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.ui.frame import Sheet
from bot.ui.limits import CONTENT, joined
from bot.ui.text import line
from bot.ui.words import many, stamp
from mv.domain.ids import ChannelId
from mv.domain.money import dollars
from mv.domain.settings import WHOLE_SERVER, Option, Rules, RulesView, Setting

CHANNELS = 10
"""Named in one line; there may be hundreds."""


def settings_message(view: RulesView, *, saved: bool = False) -> Sheet:
    """All that holds; `saved`: after a change."""
    rows = [
        "### Saved: these settings hold" if saved else "### Settings",
        "**Where something is made without a project or a flavor**",
        *(_defaults(view) or ["No default project. The flavor is `default`."]),
        "**Where something may be made**",
        *_allowed(view.rules),
        "**Money and time**",
        *_money(view),
        "**What is kept how long**",
        *_kept(view),
    ]
    last = max(view.rules.settings, key=lambda row: row.set_at, default=None)
    small = [f"-# last changed by <@{last.set_by}> {stamp(last.set_at, 'R')}"] if last is not None else []
    room = CONTENT - sum(len(text) + 1 for text in small)
    return Sheet(content="\n".join([joined(rows, room), *small]))


def _defaults(view: RulesView) -> list[str]:
    """The server's come first, as rows do."""
    rows = [row for row in view.rules.settings if row.option in (Option.PROJECT, Option.FLAVOR)]
    shown = [f"{_place(row.channel_id)} · {_default(row, view)}" for row in rows[:CHANNELS]]
    more = len(rows) - len(shown)
    return [*shown, f"and {more} more"] if more else shown


def _default(row: Setting, view: RulesView) -> str:
    if row.option is Option.FLAVOR:
        gone = "" if row.value in view.flavors else " (not there any more, so left out)"
        return f"flavor {line(str(row.value), 40)}{gone}"
    name = view.projects.get(row.value) if isinstance(row.value, int) else None
    return f"project P{row.value} " + ("(archived, so left out)" if name is None else line(name, 40))


def _place(channel: ChannelId) -> str:
    return "The whole server" if channel == WHOLE_SERVER else f"<#{channel}>"


def _allowed(rules: Rules) -> Iterable[str]:
    if rules.allowed:
        yield f"Only in {_channels(rules.allowed)}"
    elif not rules.disallowed:
        yield "In every channel"
    if rules.disallowed:
        yield f"{'Not in' if rules.allowed else 'Everywhere but in'} {_channels(rules.disallowed)}"


def _channels(channels: tuple[ChannelId, ...]) -> str:
    more = len(channels) - CHANNELS
    named = ", ".join(f"<#{channel}>" for channel in channels[:CHANNELS])
    return f"{named} and {more} more" if more > 0 else named


def _money(view: RulesView) -> Iterable[str]:
    if view.budget is None:
        yield f"No budget for this server · {dollars(view.spent)} spent this month"
    elif view.budget == 0:
        yield "The budget is nothing at all: nothing that costs money is made"
    else:
        share = f"{view.spent * 100 // view.budget} %"
        yield f"Budget · {dollars(view.budget)} a month, of which {dollars(view.spent)} ({share}) is spent or reserved"
    if view.rules.notices is not None:
        yield f"Managers are told at 80 % and 100 % of a budget in <#{view.rules.notices}>"
    elif view.budget is not None:
        yield "Managers are told of no budget: set `notices_channel` to be warned at 80 % and 100 %"
    yield f"Days and months · {line(view.zone, 60)}"


def _kept(view: RulesView) -> Iterable[str]:
    jobs, takes = view.days[Option.KEEP_JOBS], view.days[Option.KEEP_TAKES]
    yield f"Jobs · {_days(jobs, 'after their end; what they made and cost stays')}"
    yield f"Pictures of characters · {_days(takes, 'but for the main and the newest one, and those of a star')}"
    yield f"What is deleted · {_length(view.undo)}, in which Undo brings it back; then it is gone, with its files"


def _days(days: int, how: str) -> str:
    return f"{many(days, 'day')} {how}" if days else "for ever"


def _length(time: timedelta) -> str:
    hours = round(time.total_seconds() / 3600)
    return many(hours, "hour") if hours % 24 or hours == 24 else many(hours // 24, "day")
