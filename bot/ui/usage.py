"""Usage and quotas: what a member may use, what is left, and who set the limit."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.ui import limits
from bot.ui.frame import Sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import EMPTY, bare, line
from bot.ui.words import ACCENT, BAD, CARE, bar, many, member, stamp
from mv.domain.budget import Warned
from mv.domain.ids import MemberId
from mv.domain.money import dollars
from mv.domain.project import Project
from mv.domain.usage import Allowance, AllowanceKind, Period, Quota

KINDS = {AllowanceKind.SCENES: "Scene lists", AllowanceKind.IMAGES: "Pictures", AllowanceKind.SPEND: "Spending"}
_COUNTED = {AllowanceKind.SCENES: "scene lists ", AllowanceKind.IMAGES: "pictures ", AllowanceKind.SPEND: ""}
PERIODS = {Period.DAY: "a day", Period.MONTH: "a month"}
_NOW = {Period.DAY: "today", Period.MONTH: "this month"}


def usage_card(
    allowances: Sequence[Allowance],
    spent: int,
    server: str = "",
    *,
    zone: str = "UTC",
    of: tuple[MemberId, str] | None = None,
) -> discord.Embed:
    """A member's standing in one server; `spent` is this month's micro-dollars at known prices. `of` is another than
    the reader, and what they are called."""
    sentence = f"**{dollars(spent)}** spent this month, at known prices."
    title, limited = (f"Your usage in {line(server, 100)}" if server else "Your usage"), "you"
    if of is not None:
        title, limited, sentence = f"Usage of {line(of[1], 100) or EMPTY}", "them", f"{member(of[0])} · {sentence}"
    return limits.card(
        title=title,
        text=sentence + ("" if allowances else f"\nNo limits are set for {limited}."),
        fields=[_standing(allowance) for allowance in allowances],
        footer=zone_words(zone),
        colour=_colour(allowances),
    )


def left_line(allowances: Sequence[Allowance]) -> str:
    """`-# Left · 29 of 30 scene lists today`, in Discord's small print; empty without limits."""
    left = [
        f"{amount(one.quota.kind, one.left)} of {amount(one.quota.kind, one.quota.limit)}"
        f" {_COUNTED[one.quota.kind]}{_NOW[one.quota.period]}"
        for one in allowances
    ]
    return f"-# Left · {' · '.join(left)}" if left else ""


def zone_words(zone: str) -> str:
    """Where days and months begin, unless it is in UTC."""
    return "" if zone == "UTC" else f"Days and months are those of {bare(zone, 60)}"


def usage_message(cards: Sequence[discord.Embed]) -> Sheet:
    """One server's standing, or, in a direct message, that of every server shared."""
    if not cards:
        return notice("Your usage", "You share no server with this bot in which you used it.")
    return Sheet(embeds=tuple(limits.together(cards)))


def budget_notice(warned: Warned, project: Project | None) -> Sheet:
    """For the managers: how much of a month's budget is gone, and what follows."""
    over = warned.percent >= 100
    if project is not None:
        whose, way = f"project {project.ref} ({line(project.name, 80)})", f"/project budget ref:{project.ref}"
        jobs = "new jobs in it that cost money"
    else:
        whose, way, jobs = "this server", "/settings set budget", "new jobs that cost money"
    share = f"{warned.percent} % used"
    spent = f"{dollars(warned.used)} of {dollars(warned.allowed)} is spent or reserved in {warned.month}."
    then = f"Once it is used up, {jobs} are refused until the month ends."
    if over and warned.used < warned.allowed:
        share = "nearly used up"
        then = f"A job was refused for which the rest is not enough. {then}"
    elif over:
        share = "used up"
        then = f"{jobs[:1].upper()}{jobs[1:]} are refused until the month ends; those that run come to their end."
    return notice(
        f"The budget of {whose} is {share}",
        f"{spent}\n{then}\n`{way}` changes it; `/usage server` shows who used what.",
        tone=Tone.BAD if over else Tone.CARE,
    )


def quota_message(quotas: Sequence[Quota]) -> Sheet:
    """The limits in force in a server: those that managers set, then those of the configuration."""
    named = (("Members and roles", ("member", "role")), ("This server", ("server",)), ("Built in", ("config",)))
    parts = []
    for title, whose in named:
        rows = [f"{_subject(quota)}{quota_words(quota)}" for quota in quotas if quota.whose in whose]
        if rows:
            parts.append(f"**{title}**\n" + limits.joined(rows, 1800))
    text = "\n\n".join(parts) or "No limits are set here."
    return Sheet(content=f"### Quotas\n{limits.joined(text.splitlines(), limits.CONTENT - 100)}")


def quota_words(quota: Quota) -> str:
    """`Scene lists: 20 a day`."""
    limit = "none at all" if quota.limit == 0 else f"{amount(quota.kind, quota.limit)} {PERIODS[quota.period]}"
    return f"{KINDS[quota.kind]}: {limit}"


def quota_set(quota: Quota) -> Sheet:
    """A limit as it now stands."""
    who = _subject(quota) or "Everybody here without a limit of their own: "
    return Sheet(content=f"### Quota set\n{who}{quota_words(quota)}")


def quotas_cleared(count: int) -> Sheet:
    """How many limits were removed, and what holds now."""
    if count == 0:
        return notice("Nothing to clear", "There was no such limit.", tone=Tone.CARE)
    return notice("Quota cleared", f"{many(count, 'limit')} removed; what is more general holds again.", tone=Tone.GOOD)


def amount(kind: AllowanceKind, value: int) -> str:
    """A count, or micro-dollars as dollars."""
    return dollars(value) if kind is AllowanceKind.SPEND else str(value)


def _standing(allowance: Allowance) -> tuple[str, str]:
    quota = allowance.quota
    if quota.limit == 0:
        return KINDS[quota.kind], f"none allowed {_NOW[quota.period]}"
    used, limit, left = (amount(quota.kind, value) for value in (allowance.used, quota.limit, allowance.left))
    return KINDS[quota.kind], (
        f"{bar(allowance.used, quota.limit, 8)}\n**{used}** of {limit} {_NOW[quota.period]}\n"
        f"{left} left, resets {stamp(allowance.resets_at, 'R')}"
    )


def _colour(allowances: Sequence[Allowance]) -> discord.Colour:
    if any(allowance.left == 0 for allowance in allowances):
        return BAD
    return CARE if any(allowance.left * 5 <= allowance.quota.limit for allowance in allowances) else ACCENT


def _subject(quota: Quota) -> str:
    if quota.member_id is not None:
        return f"<@{quota.member_id}> · "
    return f"<@&{quota.role_id}> · " if quota.role_id is not None else ""
