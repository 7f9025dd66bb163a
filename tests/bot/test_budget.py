"""Budgets: set by managers, met by members, and told of before they are gone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from mv.domain.audit import Audit
from mv.domain.engine import Engine
from mv.domain.scenes import TokenUsage
from mv.services.audit import Auditor
from tests.bot.conftest import MakeWorld
from tests.bot.test_once import SCENES
from tests.bot.test_settings import put
from tests.bot.test_usage import SetClock
from tests.bot.world import World, said
from tests.standins.replicate import ReplicateStandIn, Script
from tests.store.things import plain

CENTS = 10_000


@pytest.fixture
def priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every scene list costs ten cents, as was estimated."""

    def ten_cents(engine: Engine, usage: TokenUsage, day: object) -> int:
        return 10 * CENTS

    monkeypatch.setattr("mv.domain.engine.Engine.scene_cost", ten_cents)


async def audited(world: World) -> Audit:
    return await Auditor(world.app.tools.records, world.app.clock).check()


async def balanced(world: World) -> None:
    found = await audited(world)
    assert found.differences == []
    assert found.jobs
    assert found.entries


@pytest.mark.usefixtures("priced")
async def test_a_budget_is_set_met_told_of_and_raised(world: World) -> None:
    notices = world.server.create_text_channel("managers")
    text = await put(world, budget=0.3, notices_channel=notices)
    assert "Budget · $0.30 a month, of which $0.00 (0 %) is spent or reserved" in text
    assert f"told at 80 % and 100 % of a budget in <#{notices.id}>" in text
    for _ in range(2):
        await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert list(notices.history()) == []
    await world.bob.slash(world.channel, "scenes create", **SCENES)
    told = [said(message) for message in notices.history()]
    assert len(told) == 2, "both marks at once, each once"
    assert "The budget of this server is 80 % used" in told[0] + told[1]
    assert "The budget of this server is used up" in told[0] + told[1]
    assert "$0.30 of $0.30 is spent or reserved" in told[0] + told[1]
    refused = await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert refused.ephemeral
    for words in ("The budget of this server is not enough: $0.30 of $0.30", "up to $0.10 more", "resets",
                  "`/settings set budget`", "Nothing was charged"):  # fmt: skip
        assert words in said(refused)
    assert len(list(notices.history())) == 2
    assert "$0.30 (75 %)" in await put(world, budget=0.4)
    assert "is not" not in said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    assert len(list(notices.history())) == 4, "another budget is another warning"
    text = await put(world, no_budget=True)
    assert "No budget for this server · $0.40 spent this month" in text
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "version 1" in said(world.last)
    await balanced(world)


@pytest.mark.usefixtures("priced")
async def test_a_projects_budget_is_for_managers_to_set(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Tides")
    assert "Only members with Manage Server" in said(
        await world.ann.slash(world.channel, "project budget", ref="P1", limit=1.0)
    )
    answer = await world.manager.slash(world.channel, "project budget", ref="tides", limit=0.15)
    assert answer.ephemeral
    assert "P1 may spend $0.15 a month" in said(answer)
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    refused = said(await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1"))
    assert "The budget of project P1 is not enough: $0.10 of $0.15" in refused
    assert "`/project budget ref:P1`" in refused
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "Budget** · $0.15 a month" in said(await world.bob.slash(world.channel, "project show", ref="P1"))
    nothing = said(await world.manager.slash(world.channel, "project budget", ref="P1", limit=0.0))
    assert "P1 may spend nothing" in nothing
    refused = said(await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1"))
    assert "is nothing at all" in refused
    gone = said(await world.manager.slash(world.channel, "project budget", ref="P1"))
    assert "P1 has no budget of its own" in gone
    assert "$0.10 is spent or reserved this month" in gone
    await world.ann.slash(world.channel, "scenes create", **SCENES, project="P1")
    assert "version 1" in said(world.last)
    await balanced(world)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": -1.0}, "from 0 to 1000000"),
        ({"budget": 1e7}, "from 0 to 1000000"),
        ({"budget": 0.00001}, "up to 4 decimals"),
        ({"budget": 1.0, "no_budget": True}, "does not fit"),
        ({"no_budget": False}, "Nothing was named"),
        ({"time_zone": "Nowhere/City"}, "There is no time zone"),
        ({"time_zone": "../../etc/passwd"}, "There is no time zone"),
    ],
)
async def test_what_cannot_be_set(world: World, options: dict[str, Any], words: str) -> None:
    assert words in await put(world, **options)


async def test_a_time_zone_by_its_name_in_any_case(make_world: MakeWorld) -> None:
    clock = SetClock(datetime(2026, 11, 26, 10, 30, tzinfo=UTC))
    world = await make_world(clock=clock)
    await world.manager.slash(world.channel, "quota set", kind="scenes", limit=1.0, period="day")
    assert "Days and months · Pacific/Auckland" in await put(world, time_zone="pacific/auckland")
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    refused = said(await world.ann.slash(world.channel, "scenes create", **SCENES))
    assert f"<t:{int(datetime(2026, 11, 26, 11, tzinfo=UTC).timestamp())}:R>" in refused, "midnight there"
    clock.time = datetime(2026, 11, 26, 11, 0, 1, tzinfo=UTC)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "version 1" in said(world.last)
    await balanced(world)


async def test_a_channel_where_nothing_can_be_told_is_refused(world: World) -> None:
    me = world.server.me
    assert me is not None
    shut = world.server.create_text_channel("shut", overwrites={me: discord.PermissionOverwrite(send_messages=False)})
    assert "I may not post here: Send Messages" in await put(world, notices_channel=shut)
    assert f"<#{world.channel.id}>" in await put(world, notices_channel=world.channel)


@pytest.mark.usefixtures("priced")
async def test_a_notice_that_cannot_be_sent_now_is_sent_later(world: World) -> None:
    notices = world.server.create_text_channel("managers")
    await put(world, budget=0.1, notices_channel=notices)
    world.env.inject_error("POST", f"/channels/{notices.id}/messages", status=500, times=1)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    before = len(list(notices.history()))
    await world.bot.notices.tell()
    told = [said(message) for message in notices.history()]
    assert before < len(told) == 2
    await world.restart()
    await world.bot.notices.tell()
    assert len(list(notices.history())) == 2, "nobody is told twice"


@pytest.mark.usefixtures("priced")
async def test_without_a_channel_the_log_has_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await put(world, budget=0.1)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert f"the budget of server {world.server.id} is used to 100 %" in caplog.text
    async with world.app.tools.records.read() as tx:
        assert await tx.usage.untold() == ()


async def test_a_picture_that_was_made_for_nothing_is_the_budgets_loss_and_no_members(
    make_world: MakeWorld, replicate: ReplicateStandIn
) -> None:
    world = await make_world(replicate=replicate)
    replicate.script.extend([Script(file="html")] * 3)
    await put(world, budget=0.1)
    await world.ann.slash(world.channel, "character create", description="x", engine="imagen-4")
    assert await world.net(1) == {}
    assert await world.books(1) == {"lost": 40_000}
    assert "$0.04 (40 %)" in said(await world.manager.slash(world.channel, "settings show"))
    await world.ann.slash(world.channel, "character create", description="x", engine="imagen-4")
    refused = said(await world.ann.slash(world.channel, "character create", description="x", engine="imagen-4"))
    assert "The budget of this server is not enough: $0.08 of $0.10" in refused
    await balanced(world)


async def test_the_check_finds_what_somebody_altered(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.ann.slash(world.channel, "character create", description="x", images=2)
    await balanced(world)
    with plain(world.folder) as records:
        records.execute("UPDATE jobs SET cost = 5 WHERE number = 1")
        records.execute("UPDATE ledger SET amount = 7 WHERE kind = 'images'")
        records.execute("UPDATE tallies SET amount = 9 WHERE kind = 'scenes' AND span = 1")
        records.execute("UPDATE tallies SET amount = 8 WHERE kind = 'scenes' AND span = 96")
    found = {(one.what, one.ledger, one.elsewhere) for one in (await audited(world)).differences}
    assert ("micro-dollars charged", 0, 5) in found
    assert ("pictures", 7, 2) in found
    assert ("scenes, summed", 1, 9) in found
    assert ("scenes, summed by day", 1, 8) in found


@pytest.mark.usefixtures("priced")
async def test_what_does_not_suffice_any_more_is_not_told_as_used_up(world: World) -> None:
    notices = world.server.create_text_channel("managers")
    await put(world, budget=0.25, notices_channel=notices)
    for _ in range(3):
        await world.ann.slash(world.channel, "scenes create", **SCENES)
    told = [said(message) for message in notices.history()]
    assert "The budget of this server is nearly used up" in told[-1]
    assert "$0.20 of $0.25 is spent or reserved" in told[-1]
    assert "A job was refused for which the rest is not enough" in told[-1]
