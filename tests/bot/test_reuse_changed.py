"""The same asked for again while something else changes: flavors, engines, prompts, what is stored, a kill."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mv.domain.jobs import JobState
from mv.errors import StorageError
from mv.jobs.engine import LocalEngine
from mv.services.character_run import CharacterRunner
from mv.store.tables import jobs as job_rows
from tests.bot.conftest import MakeWorld
from tests.bot.test_reuse import SCENES, WHO, create, paid
from tests.bot.test_reuse_twins import plain
from tests.bot.test_standing_in import DOWN
from tests.bot.world import World, eventually, labels, said
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn, Script

Configs = Callable[[str, str, str], Path]


@pytest.fixture
def configs(configs_with: Configs) -> Path:
    """A copy, to be changed for the next process."""
    return configs_with("limits.yaml", "total: 16", "total: 15")


def changed(configs: Path, *, file: str = "", old: str = "", new: str = "", gone: str = "") -> Path:
    """Another copy, with one text of the files of that name replaced, or without a folder."""
    folder = configs.parent / "changed"
    shutil.copytree(configs, folder)
    if gone:
        shutil.rmtree(folder / gone)
    for path in folder.rglob(file) if file else ():
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


def without_flux(configs: Path) -> Path:
    """Its second engine is gone."""
    return changed(configs, file="*.yaml", old="flux-1.1-pro", new="flux-1.1-old")


async def states(world: World, count: int) -> list[JobState]:
    return [(await world.job(number)).state for number in range(1, count + 1)]


async def test_twins_whose_flavor_is_gone_are_made_once(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs: Path
) -> None:
    replicate.delay = 4.0
    world = await make_world(replicate=replicate, configs=configs)
    for who in (world.ann, world.bob, world.manager):
        await world.begun(create(world, who, flavor="cinematic"))
    await eventually(lambda: paid(replicate) == 1)
    await world.restart(kill=True, configs=changed(configs, gone="cinematic"))
    await world.env.settle(timeout=30)
    assert await states(world, 3) == [JobState.DONE] * 3
    assert paid(replicate) == 1


async def test_one_that_lost_its_pictures_hides_no_other(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn
) -> None:
    world = await make_world(google=google, replicate=replicate)
    await plain(world)
    for file in (world.folder / "media").rglob("*.preview.*"):
        file.unlink()
    replicate.script.append(DOWN)
    await plain(world)
    assert "C2 · take 1" in said(world.last)
    assert "From the library" in said(await plain(world))
    assert paid(replicate) == 3


@pytest.mark.parametrize("trouble", [False, True])
async def test_an_engine_that_is_not_needed_may_go(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs: Path, monkeypatch: pytest.MonkeyPatch, trouble: bool
) -> None:
    replicate.delay = 4.0
    world = await make_world(replicate=replicate, configs=configs)
    await world.begun(plain(world))
    await eventually(lambda: paid(replicate) == 1)
    await world.begun(world.bob.slash(world.channel, "character create", description=WHO, engine="imagen-4"))
    if trouble:
        replicate.delay = 0.1
        monkeypatch.setattr(CharacterRunner, "_make", broken(CharacterRunner._make))
    await world.restart(kill=True, configs=without_flux(configs))
    await world.env.settle(timeout=30)
    assert await states(world, 2) == [JobState.FAILED if trouble else JobState.DONE, JobState.DONE]
    assert paid(replicate) == 1 + trouble


def broken(real: Callable[..., Any]) -> Callable[..., Any]:
    """Raises at the first call."""
    calls: list[None] = []

    async def work(*arguments: Any) -> Any:
        calls.append(None)
        if len(calls) == 1:
            raise StorageError
        return await real(*arguments)

    return work


async def test_nobody_waits_for_what_ended_in_trouble(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicate.delay = 4.0
    world = await make_world(replicate=replicate, configs=configs)
    await world.begun(create(world))
    await eventually(lambda: paid(replicate) == 1)
    await world.begun(create(world, world.bob))
    monkeypatch.setattr(CharacterRunner, "_discard", broken(CharacterRunner._discard))
    await world.restart(kill=True, configs=without_flux(configs))  # the engine that both chose
    await world.env.settle(timeout=30)
    assert await states(world, 2) == [JobState.FAILED] * 2
    runner = world.app.engine._runners[(await world.job(1)).kind]
    assert isinstance(runner, CharacterRunner)
    assert (runner._together._making, runner._together._expected) == ({}, {})


async def test_jobs_of_a_version_before_are_made_once(make_world: MakeWorld, replicate: ReplicateStandIn) -> None:
    replicate.delay = 4.0
    world = await make_world(replicate=replicate)
    for who in (world.ann, world.bob):
        await world.begun(create(world, who))
    await eventually(lambda: paid(replicate) == 1)
    for number in (1, 2):
        job = await world.job(number)
        order = {name: value for name, value in job.order.items() if name not in ("asked", "lost")}
        async with world.app.tools.records.write() as tx:
            row = job_rows.update().where(job_rows.c.id == job.id).values(order=order)
            await tx._connection.execute(row)  # type: ignore[attr-defined]
    await world.restart(kill=True)
    await world.env.settle(timeout=30)
    assert await states(world, 2) == [JobState.DONE] * 2
    assert paid(replicate) == 1


async def test_what_is_told_now_counts_not_what_was_when_it_was_asked_for(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs: Path
) -> None:
    world = await make_world(replicate=replicate, configs=configs)
    replicate.script.append(Script(status="failed", error="boom"))
    await create(world)
    failed = world.last
    await world.restart(configs=changed(configs, file="image_prompts.yaml", old="look: |\n", new="look: |\n  Snow.\n"))
    await world.ann.click(failed, label="Retry")
    assert "From the library" in said(await create(world, world.bob))
    assert paid(replicate) == 2
    await world.restart(configs=configs)
    await create(world, world.bob)
    assert "From the library" not in said(world.last)
    assert paid(replicate) == 3


async def test_a_list_of_a_flavor_that_was_gone_does_not_answer_when_it_is_back(
    make_world: MakeWorld, google: GeminiStandIn, configs_with: Configs
) -> None:
    configs = configs_with("limits.yaml", "  scenes: false", "  scenes: true")
    world = await make_world(google=google, configs=configs)
    google.delay = 4.0
    for who in (world.ann, world.bob):
        await world.begun(who.slash(world.channel, "scenes create", **SCENES, flavor="cinematic"))
    await eventually(lambda: len(google.requests) == 1)
    await world.restart(kill=True, configs=changed(configs, gone="cinematic"))
    await world.env.settle(timeout=30)
    assert await states(world, 2) == [JobState.DONE] * 2
    assert len(google.requests) == 2, "the one that the kill fell into was asked again"
    await world.restart(configs=configs)
    await world.bob.slash(world.channel, "scenes create", **SCENES, flavor="cinematic")
    assert "From the library" not in said(world.last)
    assert "S2 · version 1" in said(world.last)


async def test_what_is_asked_for_right_after_a_start_waits_for_what_was_begun(
    make_world: MakeWorld, replicate: ReplicateStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicate.delay = 4.0
    world = await make_world(replicate=replicate)
    await world.begun(create(world))
    await eventually(lambda: paid(replicate) == 1)
    real = LocalEngine._take_up

    async def slow(engine: LocalEngine, until: Any) -> None:
        await asyncio.sleep(1.0)
        await real(engine, until)

    monkeypatch.setattr(LocalEngine, "_take_up", slow)
    await world.restart(kill=True, goes_on=True)
    await world.begun(create(world, world.bob))
    await world.env.settle(timeout=30)
    assert await states(world, 2) == [JobState.DONE] * 2
    assert paid(replicate) == 1


async def test_two_retries_of_the_same_are_made_once(
    make_world: MakeWorld, replicate: ReplicateStandIn, configs: Path
) -> None:
    world = await make_world(replicate=replicate, configs=configs)
    replicate.script.extend([Script(status="failed", error="boom")] * 2)
    for who in (world.ann, world.bob):
        await create(world, who, flavor="cinematic")
    mine, theirs = (message for message in world.channel.history() if "Retry" in labels(message))
    await world.restart(configs=changed(configs, gone="cinematic"))
    replicate.delay = 0.5
    presses = (partial(world.ann.click, mine, label="Retry"), partial(world.bob.click, theirs, label="Retry"))
    await world.at_once(presses)
    assert paid(replicate) == 3
