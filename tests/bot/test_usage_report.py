"""What managers read of a month: /usage member, /usage server, /usage ledger."""

from __future__ import annotations

import csv
import io
import os
import re
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from simcord.actors import MemberActor
from simcord.results import InteractionResult

from mv.domain.engine import Price
from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.ledger import Entry, LedgerLine, Measure
from mv.domain.money import rounded
from mv.domain.spending import MonthSpend
from mv.errors import NoChart
from mv.export.ledger import COLUMNS
from mv.services.audit import Auditor
from mv.store.charts import MatplotlibCharts
from tests.bot.conftest import MakeWorld
from tests.bot.test_usage import SCENES, SetClock
from tests.bot.world import World, dm, files, reply, said
from tests.standins.gemini import GeminiStandIn, Reply

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
PRICE = Price(picture_micro=40_000, date=date(2026, 10, 7))
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "\u200b=1",
    '=HYPERLINK("x")',
    'a"b,c\nd',
    "=cmd|' /C calc'!A0",
)
Lines = list[LedgerLine]


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(clock=SetClock(NOW))


def line(world: World, member: int, kind: Measure, amount: int, **changes: Any) -> LedgerLine:
    values: dict[str, Any] = {
        "job_id": new_id(), "server_id": ServerId(world.server.id), "member_id": MemberId(member), "project_id": None,
        "kind": kind, "entry": Entry.SETTLE, "amount": amount, "engine": "imagen-4", "counted_at": NOW, "at": NOW,
        "price": PRICE,
    }  # fmt: skip
    return LedgerLine(**{**values, **changes})


async def book(world: World, lines: Lines) -> None:
    async with world.app.tools.records.write() as tx:
        await tx.usage.append(lines)


async def lines_of(world: World) -> Lines:
    """Of jobs that are on record."""
    async with world.app.tools.records.read() as tx:
        page = await tx.usage.entries(
            ServerId(world.server.id), NOW - timedelta(days=99), NOW + timedelta(days=9), after=None, size=10_000
        )
    return [each.line for each in page]


def report(world: World, month: str | None = None, who: MemberActor | None = None) -> Any:
    options = {} if month is None else {"month": month}
    return (who or world.manager).slash(world.channel, "usage server", **options)


async def tables(world: World, month: str | None = None) -> dict[str, str]:
    result = await report(world, month)
    assert result.ephemeral
    (embed,) = reply(result).embeds
    return {"": embed.description or "", **{str(field.name): str(field.value) for field in embed.fields}}


def row(table: str, what: str) -> str:
    """Without the blanks that make columns."""
    (found,) = [each for each in table.splitlines() if what in each]
    return re.sub(" +", " ", found)


async def ledger(world: World, month: str | None = None) -> tuple[InteractionResult, list[dict[str, str]]]:
    options = {} if month is None else {"month": month}
    result: InteractionResult = await world.manager.slash(world.channel, "usage ledger", **options)
    assert result.ephemeral
    rows: list[dict[str, str]] = []
    for name, data in await sent(result):
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for inner in archive.namelist():
                    rows += read(archive.read(inner)) if inner.endswith(".csv") else []
        else:
            rows += read(data)
    assert os.listdir(world.app.tools.scratch) == []
    return result, rows


async def sent(result: InteractionResult) -> list[tuple[str, bytes]]:
    answers = [*([result.response] if result.response else []), *result.followups]
    return [(each.filename, await each.read()) for answer in answers for each in answer.attachments]


def read(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert all(tuple(row) == COLUMNS for row in rows)
    return rows


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_members_are_refused(world: World) -> None:
    for command, options in (("member", {"member": world.bob}), ("server", {}), ("ledger", {})):
        refused = await world.ann.slash(world.channel, f"usage {command}", **options)
        assert refused.ephemeral
        assert "Only members with Manage Server may do this" in said(refused)
    assert await world.ann.autocomplete(world.channel, "usage server", "month", "") == []


async def test_a_direct_message_is_no_server(world: World) -> None:
    for command in ("server", "ledger"):
        assert "This works in a server only" in said(await dm(world.manager.user, f"usage {command}"))


async def test_one_server_learns_nothing_of_another(world: World) -> None:
    await book(world, [line(world, world.ann.id, Measure.SPEND, 70_000)])
    for command in ("server", "ledger"):
        assert "in November 2026" in said(await world.stranger.slash(world.far, f"usage {command}"))
        assert not files(reply(await world.stranger.slash(world.far, f"usage {command}")))
    theirs = await world.stranger.slash(world.far, "usage member", member=world.ann_elsewhere)
    assert "**$0.00** spent" in said(theirs)


# ── of one member ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_member_as_they_see_it_themselves(world: World) -> None:
    many = world.server.create_role("Many")
    carl = world.server.add_member(world.env.create_user("carl"), roles=[many])
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=77.0, period="day", role=many)
    await carl.slash(world.channel, "scenes create", **SCENES)
    await book(world, [line(world, carl.id, Measure.SPEND, 1_230_000)])
    shown = await world.manager.slash(world.channel, "usage member", member=carl)
    assert shown.ephemeral
    assert f"<@{carl.id}> · **$1.23** spent this month" in said(shown)
    assert "Usage of carl" in said(shown)
    assert "**1** of 77 today" in said(shown)
    own = said(await carl.slash(world.channel, "usage me"))
    assert [part for part in own.splitlines() if "of 77" in part or "$1.23" in part]
    assert own.splitlines()[2:] == said(shown).splitlines()[2:]
    unused = said(await world.manager.slash(world.channel, "usage member", member=world.bob))
    assert "**0** of 30 today" in unused
    assert "**$0.00** spent" in unused


async def test_the_time_zone_is_named_unless_it_is_utc(world: World) -> None:
    assert "Days and months" not in said(await world.ann.slash(world.channel, "usage me"))
    await world.manager.slash(world.channel, "settings set", time_zone="Asia/Tokyo")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    for shown in (
        await world.ann.slash(world.channel, "usage me"),
        await world.manager.slash(world.channel, "usage member", member=world.ann),
        await dm(world.ann.user, "usage me"),
        await report(world),
    ):
        assert "Days and months are those of Asia/Tokyo" in said(shown)


# ── of the server ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_month_with_nothing(world: World) -> None:
    text = said(await report(world))
    assert "Nothing was used" in text
    assert "November 2026" in text
    assert "October 2026" in said(await report(world, "2026-10"))


@pytest.mark.parametrize(
    "month", ["2026-12", "2027-01", "2026-13", "2026-00", "November", "26-11", "2014-12", "0000-01"]
)
async def test_what_is_no_month_that_was(world: World, month: str) -> None:
    for command in ("server", "ledger"):
        refused = said(await world.manager.slash(world.channel, f"usage {command}", month=month))
        assert "Allowed: `2015-01 to 2026-11`" in refused


async def test_what_was_made_without_a_price_at_a_vendor(world: World) -> None:
    """The offline engines cost nothing, which is known."""
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    await world.ann.slash(world.channel, "character create", description="y", images=3, private=True)
    await world.bob.slash(world.channel, "scenes create", **SCENES)
    found = await tables(world)
    assert found[""].startswith("**Nothing** spent so far · **2** scene lists · **3** pictures")
    assert row(found["Members"], str(world.ann.id)) == f"`no cost 1 3` <@{world.ann.id}>"
    assert row(found["Members"], str(world.bob.id)) == f"`no cost 1 0` <@{world.bob.id}>"
    assert row(found["Projects"], "Spring") == "`no cost 1 0` P1 Spring"
    assert row(found["Projects"], "no project") == "`no cost 1 3` no project"
    assert row(found["Engines"], "offline-scenes") == "`no cost 2 0` offline-scenes"
    assert "unpriced" not in "".join(found.values())
    assert files(reply(await report(world))) == [], "nothing to draw"


async def test_an_answer_that_named_no_tokens_is_unpriced_and_not_free(
    make_world: MakeWorld, google: GeminiStandIn
) -> None:
    world = await make_world(clock=SetClock(NOW), google=google)
    silent, blocked = Reply(usage=None), Reply(block_reason="SAFETY", candidates=False, usage=None)
    google.script.extend([silent, Reply(), blocked])
    for member in (world.ann, world.bob, world.ann):
        await member.slash(world.channel, "scenes create", **SCENES)
    _, rows = await ledger(world)
    found = await tables(world)
    (engine,) = {each.engine for each in await lines_of(world)}
    assert row(found["Members"], str(world.ann.id)) == f"`unpriced 1 0` <@{world.ann.id}>"
    assert "unpriced" not in row(found["Members"], str(world.bob.id))
    assert row(found["Engines"], engine).endswith(f"{engine} · *unpriced:* 1 run")
    assert "*unpriced:* 1 run; what that cost is not known" in found[""]
    mine = [each for each in rows if each["job"] == "J1" and each["measure"] == "scenes"]
    assert [(each["entry"], each["amount"], bool(each["price_date"])) for each in mine] == [
        ("reserve", "1", True),
        ("refund", "-1", True),
        ("settle", "1", False),
    ]
    assert not any(summed([each for each in rows if each["job"] == "J3"]).values())
    assert (await Auditor(world.app.tools.records, world.app.clock).check()).differences == []


async def test_a_cancelled_job_is_none_of_it(make_world: MakeWorld) -> None:
    world = await make_world(clock=SetClock(NOW), pause=3600)
    await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES))
    assert "**1** scene list" in said(await world.begun(report(world), 2.0)), "what is reserved counts"
    await world.ann.slash(world.channel, "jobs cancel", ref="J1")
    assert "Nothing was used" in said(await report(world))


async def test_the_numbers_are_the_ledgers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = charts(monkeypatch)
    ann, bob = world.ann.id, world.bob.id
    free = {"price": None, "engine": "a-lora"}
    await book(
        world,
        [
            line(world, ann, Measure.IMAGES, 3),
            line(world, ann, Measure.SPEND, 120_000),
            line(world, bob, Measure.SPEND, 2_500_000, engine="gemini-2.5-pro", counted_at=NOW - timedelta(days=2)),
            line(world, bob, Measure.SCENES, 4, engine="gemini-2.5-pro"),
            line(world, bob, Measure.IMAGES, 5, **free),
            line(world, 0, Measure.SCENES, 2, **free),
            line(world, 0, Measure.TOKENS_IN, 1_000, **free),
            line(world, 0, Measure.TOKENS_OUT, 234, **free),
            line(world, ann, Measure.LOST, 40_000),
            line(world, ann, Measure.IMAGES, 1, price=None, engine="b-lora"),
            line(world, ann, Measure.SPEND, 9_000_000, counted_at=NOW - timedelta(days=40)),
        ],
    )
    await world.manager.slash(world.channel, "settings set", budget=3.0)
    found = await tables(world)
    head = found[""].splitlines()
    assert head[0] == "**$2.62** spent at known prices so far · **6** scene lists · **9** pictures"
    assert head[1].startswith("*unpriced:* 2 runs, 6 pictures, 1,234 tokens; ")
    assert head[2].startswith("**$0.04 lost**")
    assert head[3].endswith("$2.66 of $3.00, what was lost included · **$0.34** left")
    assert row(found["Members"], f"<@{bob}>") == f"`$2.50 4 5` <@{bob}> · *unpriced:* 5 pictures"
    assert row(found["Members"], f"<@{ann}>") == f"`$0.12 0 4` <@{ann}> · *unpriced:* 1 picture"
    assert row(found["Engines"], "b-lora") == "`unpriced 0 1` b-lora", "the columns say it all"
    former = row(found["Members"], "a former member")
    assert former == "`unpriced 2 0` a former member · *unpriced:* 2 runs, 1,234 tokens"
    assert "<@0>" not in found["Members"]
    assert row(found["Engines"], "imagen-4") == "`$0.12 0 3` imagen-4 · $0.04 lost"
    assert row(found["Engines"], "a-lora").startswith("`unpriced 2 5` a-lora · *unpriced:*")
    assert found["Members"].splitlines()[1].endswith("5 pictures"), "who spent most comes first"
    (month,) = drawn
    assert [(each.day.day, each.engine, each.spend) for each in month.rows] == [
        (24, "gemini-2.5-pro", 2_500_000),
        (26, "imagen-4", 160_000),
    ]
    assert (month.budget, month.today) == (3_000_000, NOW.date())
    earlier = await tables(world, "2026-10")
    assert earlier[""].startswith("**$9.00** spent · **0** scene lists")
    assert "Budget" not in earlier[""], "that of today says nothing of then"


def charts(monkeypatch: pytest.MonkeyPatch) -> list[MonthSpend]:
    """What is asked to be drawn."""
    drawn: list[MonthSpend] = []

    async def spend(self: object, month: MonthSpend) -> bytes:
        drawn.append(month)
        return b"\x89PNG"

    monkeypatch.setattr(MatplotlibCharts, "spend", spend)
    return drawn


async def test_the_chart_is_in_the_message_and_told_in_words(world: World) -> None:
    await book(world, [line(world, world.ann.id, Measure.SPEND, 70_000)])
    result = await report(world)
    answer = reply(result)
    (picture,) = answer.attachments
    assert picture.filename == "spend_2026-11.png"
    assert (await picture.read()).startswith(b"\x89PNG\r\n")
    assert (answer.embeds[0].image.url or "").split("?")[0].endswith("spend_2026-11.png")
    assert "Spend in November 2026: $0.07 so far" in str(picture.description)
    assert "chart" not in said(result)


async def test_without_a_chart_the_tables_come_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: object, month: MonthSpend) -> bytes:
        raise NoChart()

    monkeypatch.setattr(MatplotlibCharts, "spend", broken)
    await book(world, [line(world, world.ann.id, Measure.SPEND, 70_000)])
    result = await report(world)
    assert "The chart could not be drawn this time" in said(result)
    assert "`$0.07" in said(result)
    assert not files(reply(result))


async def test_a_month_is_that_of_the_servers_time_zone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = charts(monkeypatch)
    await world.manager.slash(world.channel, "settings set", time_zone="Europe/Berlin")
    borders = {"23:59:59": 1, "23:00": 20, "22:59:59": 300}
    for at, cents in borders.items():
        counted = datetime.fromisoformat(f"2026-10-31T{at}+00:00")
        await book(world, [line(world, world.ann.id, Measure.SPEND, cents * 10_000, counted_at=counted)])
    assert "**$0.21** spent" in (await tables(world))[""]
    assert "**$3.00** spent" in (await tables(world, "2026-10"))[""]
    assert [[each.day.isoformat() for each in month.rows] for month in drawn] == [["2026-11-01"], ["2026-10-31"]]
    assert [len((await ledger(world, month))[1]) for month in (None, "2026-10")] == [2, 1]


async def test_thirty_members_are_a_top_ten_and_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    charts(monkeypatch)
    await book(world, [line(world, 10**17 + n, Measure.SPEND, n * 10_000) for n in range(1, 31)])
    rows = (await tables(world))["Members"].splitlines()
    assert rows[1].endswith(f"<@{10**17 + 30}>")
    assert [each.split()[0] for each in rows[1:-1]] == [f"`$0.{cents}" for cents in range(30, 20, -1)]
    assert rows[-1] == f"… and 20 more, ${sum(range(1, 21)) / 100:.2f} together"


async def test_two_hundred_members_sixty_projects_forty_engines(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the message is within Discord's limits is looked at when the world closes."""
    charts(monkeypatch)
    for number in range(60):
        await world.ann.slash(world.channel, "project create", name=f"{'*_`<@1>|' * 9}{number}")
    keys = await projects(world)
    lines = [
        line(
            world, 2**62 + n, kind, 10**9 + n, engine=f"{'**`x`|' * 20}{n % 40}", project_id=keys[n % 60],
            price=PRICE if n % 3 else None,
        )
        for n in range(200)
        for kind in Measure
    ]  # fmt: skip
    await book(world, lines)
    found = await tables(world)
    for name in ("Members", "Projects", "Engines"):
        assert len(found[name].splitlines()) >= 5
        assert re.search(r"… and \d+ more, \$", found[name])
    total = sum(each.amount for each in lines if each.kind is Measure.SPEND)
    assert f"**{rounded(total)}** spent at known prices" in found[""]


async def projects(world: World) -> list[RecordId]:
    async with world.app.tools.records.read() as tx:
        found = [await tx.projects.find(ServerId(world.server.id), Ref(Kind.PROJECT, n)) for n in range(1, 61)]
    return [each.id for each in found if each is not None]


async def test_months_are_offered(world: World) -> None:
    offered = await world.manager.autocomplete(world.channel, "usage server", "month", "")
    assert len(offered) == 25
    assert offered[0] == {"name": "2026-11 · November 2026", "value": "2026-11"}
    assert offered[11]["value"] == "2025-12"
    offered = await world.manager.autocomplete(world.channel, "usage ledger", "month", "octo")
    assert [each["value"] for each in offered] == ["2026-10", "2025-10", "2024-11"][:2]


# ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────────


def summed(rows: Sequence[dict[str, str]]) -> dict[tuple[str, str, str], int]:
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in rows:
        sums[each["member"], each["engine"], each["measure"]] += int(each["amount"])
    return sums


async def test_the_ledger_is_all_there_is_and_adds_up(make_world: MakeWorld) -> None:
    world = await make_world(clock=SetClock(NOW), replicate=None)
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.ann.slash(world.channel, "scenes create", **{**SCENES, "idea": "a secret"}, project="P1", private=True)
    await world.bob.slash(world.channel, "character create", description="a secret", images=3)
    gone = line(world, world.ann.id, Measure.SPEND, 1_234_567, entry=Entry.RESERVE)
    await book(world, [gone, line(world, 0, Measure.SPEND, -1, job_id=gone.job_id, price=None)])
    result, rows = await ledger(world)
    booked = await lines_of(world)
    assert [name for name, _ in await sent(result)] == ["ledger_2026-11.csv"]
    assert f"{len(booked)} entries" in said(result)
    assert len(rows) == len(booked)
    expected: dict[tuple[str, str, str], int] = defaultdict(int)
    for each in booked:
        expected[str(each.member_id), each.engine, each.kind.value] += each.amount
    assert summed(rows) == expected
    money = [each for each in rows if each["unit"] == "micro-dollars"]
    assert [(each["amount"], each["usd"]) for each in money if each["job"] == gone.job_id] == [
        ("1234567", "1.234567"),
        ("-1", "-0.000001"),
    ]
    assert all(Decimal(each["usd"]) * 1_000_000 == int(each["amount"]) for each in money)
    assert {each["job"] for each in rows} == {"J1", "J2", gone.job_id}
    assert {each["project"] for each in rows if each["job"] == "J1"} == {"P1"}
    priced, unpriced = (
        next(r for r in rows if r["job"] == gone.job_id and r["entry"] == e) for e in ("reserve", "settle")
    )
    assert (priced["price_picture"], priced["price_input"], priced["price_date"]) == ("40000", "", "2026-10-07")
    assert (unpriced["price_picture"], unpriced["price_date"]) == ("", "")
    assert priced["at"] == "2026-11-26T15:00:00.000000+00:00"
    assert {each["unit"] for each in rows} >= {"count", "micro-dollars"}
    assert "secret" not in str(rows)


async def test_no_cell_is_a_formula(world: World) -> None:
    await book(world, [line(world, world.ann.id, Measure.IMAGES, 1, engine=engine) for engine in FORMULAS])
    _, rows = await ledger(world)
    cells = [each["engine"] for each in rows]
    assert len(cells) == len(FORMULAS)
    assert {cell.removeprefix("'") for cell in cells} == set(FORMULAS)
    assert [cell for cell in cells if cell[:1] != "'"] == ['a"b,c\nd']


async def test_an_empty_ledger_says_so(world: World) -> None:
    result, rows = await ledger(world, "2026-09")
    assert rows == []
    assert "Nothing was counted here in September 2026" in said(result)


async def test_a_large_ledger_comes_in_parts(world: World) -> None:
    """More than a page of entries, of several jobs at one moment."""
    world.uploads_up_to(40_000)
    lines = [line(world, 10**17 + n, Measure.IMAGES, n, engine=os.urandom(20).hex()) for n in range(2_345)]
    await book(world, lines)
    result, rows = await ledger(world)
    names = [name for name, _ in await sent(result)]
    assert len(names) > 2
    assert names[0] == f"ledger_2026-11_1of{len(names)}.zip"
    assert all(len(data) <= 40_000 for _, data in await sent(result))
    assert [int(each["amount"]) for each in rows] == list(range(2_345)), "each once, in order"
    assert result.response is not None
    assert "2345 entries" in said(result.response)


async def test_engines_are_offered_with_their_price(world: World) -> None:
    offered = await world.ann.autocomplete(world.channel, "character create", "engine", "")
    names = {each["value"]: each["name"] for each in offered}
    assert names["imagen-4"] == "imagen-4 · $0.04 a picture"
    assert names["offline-sheet"] == "offline-sheet · free"
    assert all(len(name) <= 100 for name in names.values())
