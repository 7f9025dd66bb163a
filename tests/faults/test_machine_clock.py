"""The machine's clock is set, forward or back, in the middle of everything."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import bot.actor
from mv.app import build
from mv.domain.ids import new_id
from mv.domain.jobs import Delivery
from mv.domain.usage import Period, window
from mv.ports import Clock
from tests.faults.stage import Stage, Told
from tests.standins.discord import Member

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
JUMPS = [HOUR, -HOUR, DAY, -DAY]
SCENES: dict[str, Any] = {"idea": "A lighthouse keeper dances", "character": "Mara", "count": 3}
CHARGED = {"scenes": 1, "spend": 8750}


class JumpingClock(Clock):
    """The machine's, set by `ahead`."""

    def __init__(self) -> None:
        self.ahead = dt.timedelta()

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> JumpingClock:
    """It is the clock of the app, and of the door where interactions come in."""
    clock = JumpingClock()

    class Time(dt.datetime):
        @classmethod
        def now(cls, zone: dt.tzinfo | None = None) -> Any:
            return clock.now().astimezone(zone)

    monkeypatch.setattr(bot.actor, "datetime", Time)
    monkeypatch.setattr("tests.faults.stage.build", lambda *given, **named: build(*given, **named, clock=clock))
    return clock


@pytest.fixture
async def stage(tmp_path: Path, clock: JumpingClock) -> AsyncIterator[Stage]:
    patient = {"timeout_seconds": 10.0}
    changes = {f"default/{kind}_params.yaml": patient for kind in ("scene", "image")}
    async with Stage(tmp_path, changes=changes) as made:
        yield made


def sane(told: Told) -> None:
    """No time that is negative, wherever it is shown."""
    for text in (told.text, *(text for _, text, _ in told.message.past)):
        assert not re.search(r"-\d+ ?(s|min|h)\b", text), text


async def jobs_shown(stage: Stage, member: Member) -> list[str]:
    texts = []
    for command, options in (("jobs list", {}), ("jobs show", {"ref": "J1"}), ("usage me", {})):
        answer = await (await stage.discord.slash(command, options, member=member)).response()
        assert not re.search(r"-\d+ ?(s|min|h)\b", answer.text), answer.text
        assert "Incident" not in answer.text
        texts.append(answer.text)
    return texts


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_while_vendors_work(stage: Stage, clock: JumpingClock, jump: dt.timedelta) -> None:
    """Forward beyond the life of every token, or back before the job was asked for: results come where they were
    promised, and are charged once."""
    who = stage.discord.member
    stage.google.delay = stage.replicate.delay = 0.9
    asked = [
        await stage.discord.slash("scenes create", SCENES, member=who),
        await stage.discord.slash("character create", {"description": "y"}, member=who),
    ]
    for one in asked:
        await one.until(lambda message: "Cancel" in message.buttons)
    await stage.until(lambda: stage.google.calls and stage.replicate.counts["accepted"], "both vendors at work")
    clock.ahead += jump
    await stage.app.engine.tidy()
    await stage.until(lambda: all("Delete" in one.message.buttons for one in asked if one.message), "both results")
    reminders = [one for one in stage.discord.messages if one.content.endswith("is ready.")]
    assert len(stage.discord.messages) - len(reminders) == 2, "in the place of the progress"
    assert len(reminders) <= (2 if jump > dt.timedelta() else 0), "it seems to have taken long"
    stage.google.delay = stage.replicate.delay = 0.0
    await jobs_shown(stage, who)
    again = await stage.scenes(member=who)
    again.result("S2 · version 1", charged=CHARGED)
    sane(again)
    assert again.job.delivered_by is Delivery.TOKEN, "a token is judged by the clock that dated it"
    async with stage.app.tools.records.read() as tx:
        page = await tx.jobs.page(again.job.server_id, member_id=None, before=None, size=10)
        usual = [await tx.jobs.usual_seconds(job.engine, job.kind) for job in page.rows]
        lines = [line for job in page.rows for line in await tx.usage.lines(job.id)]
    assert [job.ref.number for job in page.rows] == [3, 2, 1]
    assert all(seconds is None or seconds >= 0 for seconds in usual)
    sums = {kind: sum(line.amount for line in lines if line.kind.value == kind) for kind in ("scenes", "images")}
    assert sums == {"scenes": 2, "images": 1}


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=str)
async def test_a_private_result(stage: Stage, clock: JumpingClock, jump: dt.timedelta) -> None:
    """It is for the asker alone, wherever it goes."""
    stage.google.delay = 0.5
    asked = await stage.discord.slash("scenes create", {**SCENES, "private": True})
    await asked.acknowledged()
    await stage.until(lambda: stage.google.calls, "the vendor at work")
    clock.ahead += jump
    told = await stage.told(asked) if jump < dt.timedelta() else None
    if told is not None:
        told.result("S1 · version 1", charged=CHARGED)
        assert told.job.delivered_by is Delivery.TOKEN
        return
    direct = stage.discord.world.direct(stage.discord.member.user)
    await stage.until(lambda: any(one.channel is direct for one in stage.discord.world.messages.values()), "a message")
    found = [one for one in stage.discord.world.messages.values() if one.channel is direct]
    assert len(found) == 1
    assert "S1 · version 1" in found[0].text


async def test_many_jobs_wait_while_the_clock_is_set_back_and_forth(stage: Stage, clock: JumpingClock) -> None:
    stage.google.delay = 0.1
    asked = []
    for number in range(12):
        clock.ahead = dt.timedelta(hours=(number * 7) % 5 - 2)
        member = (stage.discord.member, stage.discord.friend)[number % 2]
        asked.append(await stage.discord.slash("scenes create", {**SCENES, "idea": f"Idea {number}"}, member=member))
    for one in asked:
        await one.acknowledged()
    shown = [await one.until(lambda message: "Delete" in message.buttons, 20) for one in asked]
    assert len({message.id for message in shown}) == len(asked) == stage.google.calls
    assert len(stage.discord.messages) == len(asked)
    await jobs_shown(stage, stage.discord.member)


async def test_allowances(stage: Stage, clock: JumpingClock) -> None:
    """A new day gives a new allowance; a day that comes a second time does not."""
    who = stage.discord.friend
    noon = dt.datetime.now(dt.UTC).replace(hour=12, minute=0)
    clock.ahead = noon - dt.datetime.now(dt.UTC)
    limit = {"kind": "scenes", "limit": 1, "period": "day"}
    await (await stage.discord.slash("quota set", limit, member=stage.discord.manager)).response()

    async def refused() -> str:
        asked = await stage.discord.slash("scenes create", SCENES, member=who)
        answer = await asked.response()
        assert "1 of 1 used" in answer.text or "2 of 1 used" in answer.text
        return answer.text

    (await stage.scenes(member=who)).result(charged=CHARGED)
    text = await refused()
    resets = int(re.findall(r"<t:(\d+):R>", text)[0])
    assert 0 < resets - clock.now().timestamp() <= 86_400
    clock.ahead += DAY
    (await stage.scenes(member=who)).result(charged=CHARGED)
    await refused()
    clock.ahead -= DAY
    text = await refused()
    assert int(re.findall(r"<t:(\d+):R>", text)[0]) > clock.now().timestamp()
    shown = await (await stage.discord.slash("usage me", member=who)).response()
    assert "-1" not in shown.text


@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"])
def test_every_moment_lies_in_its_own_day_and_month(zone: str) -> None:
    """Also on days of 23 and of 25 hours, and on one that was left out."""
    moment = dt.datetime(2011, 12, 20, tzinfo=dt.UTC)
    moments = [moment + dt.timedelta(hours=n) for n in range(24 * 20)]
    moment = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    moments += [moment + dt.timedelta(hours=n) for n in range(0, 24 * 260)]
    for at in moments:
        for period in Period:
            start, end = window(period, at, zone)
            assert start <= at < end, (zone, at, start, end)
            assert end - start < dt.timedelta(days=2 if period is Period.DAY else 32)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The machine's clock stands, or goes back: what it says is the list's."""
    nanoseconds = [time.time_ns()]
    monkeypatch.setattr(time, "time_ns", lambda: nanoseconds[0])
    monkeypatch.setattr(time, "time", lambda: nanoseconds[0] / 1e9)
    yield nanoseconds
    monkeypatch.undo()


def test_keys_stay_unique_when_time_stands_still_or_goes_back(stopped: list[int]) -> None:
    made = [new_id() for _ in range(5_000)]
    for _ in range(5_000):
        stopped[0] -= 1_000_000
        made.append(new_id())
    assert len(set(made)) == 10_000
