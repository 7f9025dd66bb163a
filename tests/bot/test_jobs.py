"""/jobs: places, estimates, what went wrong and where results went, for whom it is meant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from mv.domain.engine import Vendor
from mv.domain.jobs import JobState
from mv.ports import Gate, Report, VendorState
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, said
from tests.standins.replicate import ReplicateStandIn, Script
from tests.store.things import a_job

SCENES: dict[str, Any] = {"idea": "A lighthouse *keeper* dances with the tide", "character": "Mara", "count": 1}


def rows(text: str) -> dict[str, str]:
    """Both lines of each job in a list, by its number."""
    lines = text.split("\n")
    starts = [place for place, each in enumerate(lines) if "**J" in each]
    return {lines[at].split("**")[1]: "\n".join(lines[at : at + 2]) for at in starts}


async def listed(world: World, who: Any, **options: Any) -> str:
    return said(await world.begun(who.slash(world.channel, "jobs list", **options), 0.05))


async def test_open_jobs_show_place_and_estimate_from_measured_times(make_world: MakeWorld) -> None:
    world = await make_world(pause=3600)
    now = world.app.clock.now()
    took = {"started_at": now - timedelta(seconds=400), "finished_at": now, "delivered_at": now}
    done = {"server_id": world.server.id, "engine": "offline-scenes", "state": JobState.DONE, **took}
    async with world.app.tools.records.write() as tx:
        await tx.jobs.add_all([a_job(900 + number, **done) for number in range(3)])
    for _ in range(7):
        await world.begun(world.ann.slash(world.channel, "scenes create", **SCENES), 0.05)
    await listed(world, world.ann)
    shown = rows(await listed(world, world.ann))
    assert list(shown) == [f"J{number}" for number in range(7, 0, -1)]
    assert "A lighthouse \\*keeper\\* dances" in shown["J1"]
    for number in range(1, 5):
        assert "at work · about 7 min more" in shown[f"J{number}"]
    for place, number in enumerate((5, 6, 7), 1):
        assert f"in the queue, place {place} · done in about 13 min" in shown[f"J{number}"]
    assert "lighthouse" not in await listed(world, world.manager)
    detail = said(await world.begun(world.ann.slash(world.channel, "jobs show", ref="J7"), 0.05))
    assert "In the queue, place 3" in detail
    assert "Usually takes 7 min" in detail
    assert "Done in about 13 min" in detail


async def test_only_ones_own_jobs_show_what_they_work_on(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    await world.ann.slash(world.channel, "character create", description="a lizard", private=True)
    mine = rows(await listed(world, world.ann))
    assert "lighthouse" in mine["J1"]
    assert "a lizard" in mine["J2"]
    theirs = await listed(world, world.manager)
    assert set(rows(theirs)) == {"J1", "J2"}
    assert "lighthouse" not in theirs
    assert "lizard" not in theirs
    shown = said(await world.manager.slash(world.channel, "jobs show", ref="J1"))
    assert "lighthouse" not in shown
    assert "lighthouse" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))


async def test_failed_ones_say_why_in_a_few_words(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    for private in (False, True):
        replicate.script.append(Script(status="failed", error="NSFW content detected"))
        await world.ann.slash(world.channel, "character create", description="y", private=private)
    mine = rows(await listed(world, world.ann))
    assert "failed: refused by the engine's rules" in mine["J1"]
    assert "failed: refused by the engine's rules" in mine["J2"]
    theirs = rows(await listed(world, world.manager))
    assert "failed: refused by the engine's rules" in theirs["J1"]
    assert "refused" not in theirs["J2"]
    assert "safety" not in said(await world.manager.slash(world.channel, "jobs show", ref="J2"))


async def test_show_says_where_it_went_and_what_it_cost(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    world = await make_world(replicate=replicate)
    await world.ann.slash(world.channel, "character create", description="y", engine="flux-1.1-pro")
    shown = said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    assert "$0.04 · delivered in its message" in shown
    replicate.script.append(Script(status="failed", error="boom"))
    await world.ann.slash(world.channel, "character create", description="z", engine="flux-1.1-pro")
    shown = said(await world.ann.slash(world.channel, "jobs show", ref="J2"))
    assert "not charged · delivered in its message" in shown
    with closing(sqlite3.connect(world.folder / "mv.sqlite3", isolation_level=None)) as connection:
        connection.execute("UPDATE jobs SET delivered_by = iif(number = 1, 'nowhere', 'direct')")
    assert "could be delivered nowhere" in said(await world.ann.slash(world.channel, "jobs show", ref="J1"))
    assert "delivered as a direct message" in said(await world.ann.slash(world.channel, "jobs show", ref="J2"))


class Held(Gate):
    def __init__(self, state: VendorState) -> None:
        self._state = state

    def state(self) -> VendorState:
        return self._state

    async def turn(self, report: Report) -> None:
        return


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (VendorState(), ""),
        (VendorState(failures=3), ""),
        (
            VendorState(failures=5, resting_until=datetime(2026, 11, 23, tzinfo=UTC)),
            "left alone; it is asked again <t:",
        ),
        (VendorState(failures=5, probing=True), "one job finds out whether it works again"),
        (VendorState(waiting=3), "3 requests waiting"),
    ],
)
async def test_a_vendor_that_keeps_jobs_waiting_is_named(world: World, state: VendorState, text: str) -> None:
    gates = cast("dict[Vendor, Gate]", world.app.tools.gates)
    gates[Vendor.REPLICATE] = Held(state)
    shown = await listed(world, world.ann)
    assert text in shown
    assert ("Replicate" in shown) == bool(text)
    assert labels(await world.ann.slash(world.channel, "jobs list")) == []
