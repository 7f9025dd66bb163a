"""Faults within faults: what stood in the way says nothing of what a vendor did, and what is out stays out once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mv.domain.engine import Engine
from mv.domain.jobs import Delivery, Job, JobState
from mv.domain.usage import AllowanceKind
from mv.errors import ModelGone, MvError, StorageDamaged, StorageFull, StorageLocked
from mv.jobs.journal import RecordsJournal
from mv.ports import PicturePrompt, Report, Ticket
from mv.services.character_orders import Orders
from mv.services.jobs import Jobs
from mv.services.scenes import Scenes
from mv.vendors.download import Downloader
from mv.vendors.gated import GatedPainter
from tests.bot.conftest import MakeWorld
from tests.bot.test_usage import SetClock
from tests.bot.world import World, eventually, files, labels, reply, said
from tests.standins.gemini import GeminiStandIn
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

WHO: dict[str, Any] = {"description": "an astronaut with a violin"}
SCENES: dict[str, Any] = {"idea": "x", "character": "y", "count": 1}
LOST = Script(create=Fault(drop="before"), accepted=True)


async def test_a_bug_with_one_picture_leaves_the_others(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(replicate=replicate)
    world.incidents_expected = True
    follow, bugs = Downloader._follow, iter([ZeroDivisionError("a bug")])

    async def once(self: Downloader, url: str) -> bytes:
        for bug in bugs:
            raise bug
        return await follow(self, url)

    monkeypatch.setattr(Downloader, "_follow", once)
    await world.ann.slash(world.channel, "character create", **WHO, images=4)
    assert "3 of 4 pictures came" in said(world.last)
    assert labels(world.last)[0] == "Retry"
    assert await world.net(1) == {"images": 3, "spend": 120_000}
    assert sum("incident" in line for line in world.errors.lines) == 1


async def killed_in_create(world: World, replicate: ReplicateStandIn) -> None:
    """A prediction is accepted, and its number never comes."""
    replicate.script.append(Script(create=Fault(status=500, delay=9.0), accepted=True))
    asking = asyncio.ensure_future(world.ann.slash(world.channel, "character create", **WHO))
    await eventually(lambda: replicate.counts["accepted"])
    asking.cancel()


async def test_a_look_up_that_the_records_prevent_is_doubt(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(replicate=replicate)
    await killed_in_create(world, replicate)

    async def locked(*_: Any) -> None:
        raise StorageLocked

    monkeypatch.setattr(Orders, "_search", locked)
    await world.restart(kill=True)
    job = await world.job(1)
    assert (job.state, job.error) == (JobState.UNCERTAIN, "Uncertain")
    assert await world.net(1) == {}


async def test_a_lost_answer_that_cannot_be_noted_is_doubt(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(replicate=replicate)
    replicate.script.append(LOST)
    replicate.listing = Fault(status=403)
    done = RecordsJournal.done

    async def full(self: RecordsJournal, name: str, **value: Any) -> None:
        if name.startswith("create"):
            raise StorageFull
        await done(self, name, **value)

    monkeypatch.setattr(RecordsJournal, "done", full)
    await world.ann.slash(world.channel, "character create", **WHO)
    assert "may have charged it" in said(world.last)
    assert (await world.job(1)).state is JobState.UNCERTAIN


async def test_a_number_that_cannot_be_noted_is_kept_here(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a cancel reaches it, although the vendor shows no list."""
    world = await make_world(replicate=replicate)
    replicate.listing = Fault(status=403)
    replicate.script.append(Script(status="never"))
    done, faults = RecordsJournal.done, iter([StorageFull()])

    async def once(self: RecordsJournal, name: str, **value: Any) -> None:
        for fault in faults:
            raise fault
        await done(self, name, **value)

    monkeypatch.setattr(RecordsJournal, "done", once)
    begun = await world.begun(world.ann.slash(world.channel, "character create", **WHO), 0.3)
    await eventually(lambda: replicate.counts["accepted"])
    job = await world.job(1)
    assert await world.app.engine.cancel(job.id, job.member_id)
    await eventually(lambda: "Cancelled" in said(reply(begun)))
    assert "Nothing was charged" in said(reply(begun))
    assert replicate.counts["cancels"] == 1


async def test_an_engine_that_took_over_from_one_without_a_price_counts(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await make_world(replicate=replicate)
    start = GatedPainter.start

    async def gone(self: GatedPainter, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        if engine.picture_cost(1, datetime.now(UTC).date()) is None:
            raise ModelGone(vendor="replicate", model=engine.model)
        return await start(self, engine, prompt, report)

    monkeypatch.setattr(GatedPainter, "start", gone)
    await world.ann.slash(world.channel, "character create", **WHO, aspect_ratio="4:5", images=2)
    assert (await world.job(1)).cost == 80_000
    assert await world.net(1) == {"images": 2, "spend": 80_000}


@pytest.mark.parametrize(("error", "again"), [(StorageLocked(), True), (StorageDamaged(), False)])
async def test_a_result_that_cannot_be_read_is_drawn_again(
    world: World, monkeypatch: pytest.MonkeyPatch, error: MvError, again: bool
) -> None:
    result, errors = Scenes.result, [error]

    async def once(self: Scenes, job: Job) -> Any:
        if errors:
            raise errors.pop()
        return await result(self, job)

    monkeypatch.setattr(Scenes, "result", once)
    begun = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.5)
    if not again:
        await eventually(lambda: "The bot's database is damaged" in said(reply(begun)))
        return
    await eventually(lambda: not errors)
    await asyncio.sleep(0.1)
    assert (await world.job(1)).delivered_at is None
    await world.app.engine.tidy()
    await eventually(lambda: files(reply(begun)))
    assert files(reply(begun)) == ["scenes.md", "scenes.json"]


async def test_what_is_out_and_could_not_be_noted_does_not_go_out_again(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its token is over by the time there is room for the note."""
    clock = SetClock(datetime.now(UTC))
    world = await make_world(clock=clock)
    delivered, full = Jobs.delivered, [True]

    async def noted(self: Jobs, *arguments: Any) -> None:
        if full[0]:
            raise StorageFull
        await delivered(self, *arguments)

    monkeypatch.setattr(Jobs, "delivered", noted)
    begun = await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES, private=True), 0.5)
    await eventually(lambda: files(reply(begun)))
    await asyncio.sleep(0.1)
    clock.time += timedelta(minutes=16)
    full[0] = False
    await world.app.engine.tidy()
    await asyncio.sleep(0.3)
    assert (await world.job(1)).delivered_by is Delivery.TOKEN
    assert world.ann.user.dm_channel.last_message is None


async def test_a_key_that_was_taken_away_between_two_starts(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    google.delay = 9.0
    replicate.script.append(Script(create=Fault(status=429, headers={"Retry-After": "1"})))
    world = await make_world(google=google, replicate=replicate, stand_in=False)
    for command, options in (("scenes create", SCENES), ("character create", WHO)):
        await world.begun(world.ann.slash(world.channel, command, **options), 0.4)
    world.google = world.replicate = None
    await world.restart(kill=True)
    assert [(await world.job(number)).error for number in (1, 2)] == ["NotSetUp", "NotSetUp"]
    assert "GEMINI_API_KEY" in caplog.text
    assert "REPLICATE_API_TOKEN" in caplog.text


@pytest.mark.parametrize("typed", ["C7", "c7", "#7", "7"])
async def test_a_character_that_is_not_there(world: World, typed: str) -> None:
    answer = await world.ann.slash(world.channel, "scenes create", **{**SCENES, "character": typed})
    assert "There is no character" in said(answer)
    assert await world.used(world.ann.id, AllowanceKind.SCENES) == 0
