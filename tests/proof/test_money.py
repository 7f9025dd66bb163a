"""Two hundred jobs in bad weather, with kills: the ledger, the vendors' own books and what members were told are the
same to the micro-dollar. By seed; only the order in which two processes get their turns differs from run to run."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import random
import re
import time
from collections import Counter
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.acts import asked, refusal
from tests.e2e.stage import BotProcess
from tests.proof.books import MONEY, Books
from tests.proof.deck import ALIKE, Card, shuffled
from tests.proof.people import People
from tests.proof.stage import ProofStage
from tests.proof.told import allowances, dollars, spent
from tests.standins.discord import Guild, Member, Message

SEED = int(os.environ.get("SEED", "20261126"))
JOBS, KILLS = 200, 5
CHARGED = ("scenes", "images", "spend")
TOTALS = {
    "spend": r"\*\*\$([\d.]+)\*\* spent",
    "lost": r"\*\*\$([\d.]+) lost\*\*",
    "scenes": r"\*\*(\d+)\*\* scene list",
    "images": r"\*\*(\d+)\*\* picture",
}
"""How /usage server tells them."""
REFUSALS = ("Your allowance of", "That was asked for already")
SETTLED_SECONDS = 120.0
PAUSE = 0.08
"""Seconds between two requests, on average."""


@pytest.mark.timeout(300)
async def test_every_micro_dollar(tmp_path: Path) -> None:
    began = time.monotonic()
    dice = random.Random(SEED)
    stage = ProofStage(tmp_path, dice)
    async with stage:
        people = People(stage, dice)
        bot = await lived(stage, people, dice)
        at_limit = await to_the_limit(stage, people)
        await settled(stage)
        cards = {member: await asked(stage, "usage me", member=member) for member in [*people.members, *at_limit]}
        seen = datetime.now(UTC)
        months = [await month(stage, guild, who) for guild, who in managers(stage)]
        assert await bot.stop() == 0
        audit = await stage.run("audit")
        books = Books(stage, people)
        print(report(books, stage, time.monotonic() - began))

        vendors_agree(books)
        members_were_told(books)
        for member, card in cards.items():
            allowance_is_told(books, member, card, seen)
        for member, limits in at_limit.items():
            assert allowances(cards[member]) | limits == allowances(cards[member])
        for (guild, _), (card, rows) in zip(managers(stage), months, strict=True):
            month_is_told(books, guild, card, rows)
        assert (audit.code, audit.err) == (0, "")
        assert f"The books agree: {len(books.jobs)} jobs, and {len(books.entries):,} entries" in audit.out


# ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def lived(stage: ProofStage, people: People, dice: random.Random) -> BotProcess:
    """Several lives, all but the last one killed at any moment of it; the last one has dealt all cards."""
    bot = await stage.start()
    for guild, manager in managers(stage):
        project = await stage.discord.slash("project create", {"name": f"Of {guild.name}"}, member=manager)
        await project.response()
    cards = shuffled(dice)
    minds = asyncio.create_task(people.change_their_minds())
    share = len(cards) // (KILLS + 1)
    for _ in range(KILLS):
        kept = len(cards) - share
        playing = asyncio.create_task(play(people, cards, kept, dice))
        await asyncio.sleep(share * PAUSE * dice.uniform(0.7, 1.5))
        await stage.kill(bot)
        playing.cancel()
        await asyncio.wait({playing})
        bot = await stage.start()
    await play(people, cards, 0, dice)
    while stage.jobs() < JOBS:
        await people.play(Card(what="scenes"))
        await asyncio.sleep(PAUSE)
    await settled(stage)
    minds.cancel()
    return bot


async def play(people: People, cards: list[Card], kept: int, dice: random.Random) -> None:
    """Deals until so many are left."""
    while len(cards) > kept:
        if await people.play(cards[0]):
            cards.pop(0)
        await asyncio.sleep(dice.uniform(0, 2 * PAUSE))


async def settled(stage: ProofStage) -> None:
    ends = time.monotonic() + SETTLED_SECONDS
    while stage.open_jobs():
        assert time.monotonic() < ends, f"{stage.open_jobs()} jobs do not come to their end"
        await asyncio.sleep(0.2)


async def to_the_limit(stage: ProofStage, people: People) -> dict[Member, dict[tuple[str, str], str]]:
    """Three members who may use so much and use exactly that; what is beyond is refused, and costs nothing. What
    /usage me shall say of it, by member."""
    world, guild = stage.discord.world, stage.discord.guild
    tess, tom, tim = (world.add_member(guild, name) for name in ("Tess", "Tom", "Tim"))
    for member, kind, limit in ((tess, "images", 5), (tom, "spend", 0.12), (tim, "scenes", 2)):
        quota = {"kind": kind, "limit": limit, "period": "month", "member": member}
        await asked(stage, "quota set", quota, member=stage.discord.manager)
    for images, fits in ((3, True), (3, False), (2, True), (1, False)):
        await fitting(stage, people, tess, fits, engine="flux-dev", images=images)
    for fits in (True, True, True, False):
        await fitting(stage, people, tom, fits, engine="flux-1.1-pro")
    for fits in (True, True, False):
        await fitting(stage, people, tim, fits, scenes=True)
    month = "this month"
    return {
        tess: {("Pictures", month): "5"},
        tom: {("Spending", month): "$0.12"},
        tim: {("Scene lists", month): "2"},
    }


async def fitting(stage: ProofStage, people: People, member: Member, fits: bool, **options: Any) -> None:
    """Whether the allowance still has room for it."""
    before = stage.jobs()
    ask = await people.ask(member, **options)
    if not fits:
        told = await refusal(ask.asked)
        assert "Your allowance of" in told.text
        assert "Nothing was charged" in told.text
    assert stage.jobs() == before + fits, ask.asked.message and ask.asked.message.text


def managers(stage: ProofStage) -> list[tuple[Guild, Member]]:
    discord = stage.discord
    other = discord.other_guild
    return [(discord.guild, discord.manager), (other, other.members[other.owner_id])]


async def month(stage: ProofStage, guild: Guild, who: Member) -> tuple[Message, list[dict[str, str]]]:
    """What a manager reads: the month's sums, and every entry."""
    card = await asked(stage, "usage server", member=who)
    sent = await asked(stage, "usage ledger", member=who)
    file = sent.file(".csv").decode("utf-8-sig")
    return card, list(csv.DictReader(io.StringIO(file)))


# ── what must be the same ────────────────────────────────────────────────────────────────────────────────────────────


def vendors_agree(books: Books) -> None:
    """What they did and can be known of is what members were charged and what was lost: of each request, engine, server
    and project. Tokens as well."""
    for names in (("word",), ("engine",), ("server",), ("project", "server")):
        assert books.summed(*names, kinds=MONEY) == books.by(books.due, *names), names
    for name in ("tokens_in", "tokens_out"):
        used: Counter[tuple[str]] = Counter()
        for due in books.due:
            used[due.engine,] += getattr(due, name)
        assert books.summed("engine", kinds=(name,)) == dict(+used)
    ledger = sum(entry.amount for entry in books.entries if entry.kind in MONEY)
    assert ledger + sum(due.amount for due, _ in books.unheard.due) == books.done()
    assert not books.pictures_made() - books.pictures_ordered(), "more was paid than was ordered"
    assert len(books.unheard.due) <= 4 * KILLS, "hardly anything falls into the moment of a kill"


def members_were_told(books: Books) -> None:
    """Of each job: what it cost, how many pictures and lists it brought. And so of each member."""
    spend, images, lists = (books.summed("job", kinds=(kind,)) for kind in ("spend", "images", "scenes"))
    told: Counter[tuple[int, int]] = Counter()
    for job in books.jobs:
        shown, key = books.shown(job), (job["id"],)
        assert (shown.cost, shown.pictures, shown.lists) == (
            spend.get(key, 0), images.get(key, 0), lists.get(key, 0)
        ), f"{job['id']}, {job['state']}, {job['error']}: {books.message(job).text}"  # fmt: skip
        told[job["server_id"], job["member_id"]] += shown.cost
    assert +told == Counter(books.summed("server", "member", kinds=("spend",)))
    assert books.others() == []
    assert books.doubted_for_nothing() == []
    for answer in books.unanswered():
        assert answer is None or answer.thinking or any(one in answer.text for one in REFUSALS), answer.text
    assert len(books.answers_from_library()) + sum(books.shown(job).library for job in books.jobs) >= ALIKE
    for message in books.answers_from_library():
        assert "From the library" in message.text
        assert all(embed["footer"]["text"].endswith(" · no cost") for embed in message.embeds)


def allowance_is_told(books: Books, member: Member, card: Message, seen: datetime) -> None:
    """/usage me has the ledger's sums: counts and money exactly."""
    starts = {"today": seen.replace(hour=0, minute=0, second=0, microsecond=0)}
    starts["this month"] = starts["today"].replace(day=1)
    mine = [entry for entry in books.entries if (entry.server, entry.member) == (member.guild.id, member.id)]

    def used(kind: str, period: str) -> str:
        amount = sum(one.amount for one in mine if one.kind == kind and one.counted_at >= starts[period])
        return dollars(amount).replace("no cost", "$0.00") if kind == "spend" else str(amount)

    names = {"Scene lists": "scenes", "Pictures": "images", "Spending": "spend"}
    for (name, period), shown in allowances(card).items():
        assert shown == used(names[name], period), (member.user.name, name, period)
    assert spent(card) == used("spend", "this month")


def month_is_told(books: Books, guild: Guild, card: Message, rows: list[dict[str, str]]) -> None:
    """/usage ledger has every entry; /usage server their sum, to the cent."""
    exported: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        exported[row["member"], row["engine"], row["measure"]] += int(row["amount"])
    ledger = Counter(
        {
            (str(member), engine, kind): amount
            for (server, member, engine, kind), amount in books.summed(
                "server", "member", "engine", "kind", kinds=(*CHARGED, "lost", "tokens_in", "tokens_out")
            ).items()
            if server == guild.id
        }
    )
    assert {key: amount for key, amount in exported.items() if amount} == ledger
    for kind, words in TOTALS.items():
        amount = sum(count for (_, _, measure), count in ledger.items() if measure == kind)
        found = re.search(words, card.text)
        told = str(amount) if kind in ("scenes", "images") else cents(amount)
        assert (found[1] if found else "0.00") == told, kind


def cents(micro: int) -> str:
    """Below ten cents four decimals are told."""
    if 0 < micro < 100_000:
        return dollars(micro, 4).removeprefix("$")
    return str((Decimal(micro) / 1_000_000).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def report(books: Books, stage: ProofStage, seconds: float) -> str:
    """What there was, for whoever reads along (`pytest -s`)."""
    states = Counter(f"{job['kind']} {job['state']} {job['error'] or ''}".strip() for job in books.jobs)
    sums = {kind: sum(one.amount for one in books.entries if one.kind == kind) for kind in (*CHARGED, "lost")}
    shown = [books.shown(job) for job in books.jobs]
    lines = [f"{len(books.jobs)} jobs, {len(stage.killed)} kills, {seconds:.0f} s; {sums}"]
    lines += [f"{count:6}  {what}" for what, count in sorted(states.items())]
    again = len(books.stage.rows("SELECT name FROM steps WHERE name LIKE '%:again'"))
    lines.append(f"{again:6}  calls for scenes that were repeated after a kill")
    lines.append(f"{sum(one.library for one in shown):6}  of these from the library, and without a job "
                 f"{len(books.answers_from_library())}")  # fmt: skip
    return "\n".join(
        ["", *lines, f"{len(books.unheard.lines()):6}  answers that nobody heard:", *books.unheard.lines()]
    )
