"""A month's spending in words: what a chart of it shows, for whoever does not see it."""

from __future__ import annotations

from bot.ui.text import bare, cut, units
from mv.domain.money import rounded
from mv.domain.spending import EngineSpend, MonthSpend, by_day, by_engine, peak, percent

ROOM = 1000
"""Units of an alt text; Discord takes a little more."""
_NAME = 60


def alt_text(month: MonthSpend) -> str:
    """One to three sentences: the total and the day with the most, the engines by share, the budget."""
    total, title = max(0, month.total), bare(month.title, _NAME) or "Spend"
    day = peak(month)
    head = f"{title} in {month.name}: "
    if day is None:
        head += "nothing." if month.today is None else "nothing so far."
    else:
        head += f"{rounded(total)}{' so far' if month.today is not None else ''}, "
        head += f"the most on day {day} with {rounded(by_day(month)[day - 1])}."
    tail = _budget(total, month.budget)
    return cut(" ".join(filter(None, (head, _engines(month, ROOM - units(head) - units(tail) - 2), tail))), ROOM)


def _engines(month: MonthSpend, room: int) -> str:
    shares = [_share(each, month.total) for each in by_engine(month)]
    while shares:
        text = f"By engine: {', '.join(shares)}."
        if units(text) <= room:
            return text
        shares.pop()
    return ""


def _share(each: EngineSpend, total: int) -> str:
    name = bare(each.engine, _NAME) or "an engine without a name"
    if each.is_rest:
        name = f"{each.engines} other{'s' if each.engines > 1 else ''}"
    share = f" ({percent(each.spend, total)})" if 0 < each.spend <= total else ""
    return f"{name} {rounded(max(0, each.spend))}{share}"


def _budget(total: int, budget: int | None) -> str:
    if budget is None:
        return ""
    if budget <= 0:
        return "The budget is none at all."
    return f"{percent(total, budget)} of the budget of {rounded(budget)} is used."
