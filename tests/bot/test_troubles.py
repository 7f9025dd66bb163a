"""Troubles of this machine, and bugs: what the member reads, and that nothing is lost or charged."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, TypeVar

import pytest

from mv.domain.jobs import JobState
from mv.errors import StorageDamaged, StorageFull, StorageLocked
from mv.ports import Transaction
from mv.store.database import Database
from mv.store.media import ObjectMedia
from tests.bot.conftest import MakeWorld
from tests.bot.world import World, labels, reply, said

T = TypeVar("T")
SCENES: dict[str, Any] = {"idea": "x", "character": "y", "count": 1}


class FullMedia(ObjectMedia):
    """A disk without room."""

    async def put(self, key: str, data: bytes, mime: str) -> None:
        raise StorageFull()


class Troubled(Database):
    """Fails as it is told to."""

    trouble: ClassVar[BaseException | None] = None

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        if self.trouble is not None:
            raise self.trouble
        return super().write()

    async def transact(self, work: Callable[[Transaction], Coroutine[Any, Any, T]], *, lasting: bool = True) -> T:
        if self.trouble is not None:
            raise self.trouble
        return await super().transact(work, lasting=lasting)

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        if isinstance(self.trouble, RuntimeError):
            raise self.trouble
        return super().read()


@pytest.fixture
async def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr("mv.store.database.Database", Troubled)
    monkeypatch.setattr(Troubled, "trouble", None)
    return await make_world()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StorageFull(), "disk is full"),
        (StorageLocked(), "database is busy"),
        (StorageDamaged(path="/secret/mv.sqlite3"), "database is damaged"),
    ],
)
async def test_nothing_starts_when_it_cannot_be_stored(world: World, error: BaseException, words: str) -> None:
    Troubled.trouble = error
    for command, options in (
        ("scenes create", SCENES),
        ("character create", {"description": "y"}),
        ("project create", {"name": "Spring"}),
    ):
        result = await world.ann.slash(world.channel, command, **options)
        assert result.ephemeral
        assert words in said(result)
        assert "/secret" not in said(result)
    Troubled.trouble = None
    assert "No jobs yet" in said(await world.ann.slash(world.channel, "jobs list"))
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "S1 · version 1" in said(world.last)


async def test_a_full_disk_in_the_middle_fails_the_job_and_gives_everything_back(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mv.app.ObjectMedia", FullMedia)
    world = await make_world()
    await world.ann.slash(world.channel, "character create", description="y", images=2)
    assert "disk is full" in said(world.last)
    assert "your allowance was given back" in said(world.last)
    assert (await world.job(1)).state is JobState.FAILED
    assert await world.net(1) == {}
    assert "No characters here yet" in said(await world.ann.slash(world.channel, "character list"))
    assert [path for path in world.folder.rglob("character_ref*") if path.is_file()] == []


async def test_a_bug_in_a_command_a_button_a_form_shows_a_number_that_is_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.incidents_expected = True
    await world.ann.slash(world.channel, "character create", description="y")
    message = world.last
    form = await world.ann.click(message, label="Use in scenes")
    Troubled.trouble = RuntimeError("secret words of a bug")
    answers = [
        await world.ann.slash(world.channel, "scenes list"),
        await world.ann.slash(world.channel, "scenes create", **SCENES),
        await world.ann.click(message, label="Again"),
        await world.ann.click(message, label="Original"),
        await world.ann.submit_modal(form, {"idea": "x"}),
        await world.ann.slash(world.channel, "jobs cancel", ref="J1"),
    ]
    numbers = set()
    for answer in answers:
        assert reply(answer).ephemeral
        assert "secret words" not in said(answer)
        (number,) = re.findall(r"Incident `([0-9a-f]{8})`", said(answer))
        numbers.add(number)
        assert f"incident {number}" in caplog.text
    assert len(numbers) == len(answers)
    assert await world.ann.autocomplete(world.channel, "scenes show", "ref", "") == []


async def test_a_bug_in_a_job_shows_a_number_and_charges_nothing(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.incidents_expected = True
    monkeypatch.setattr("mv.services.scenes_run.check", None)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    (number,) = re.findall(r"Incident `([0-9a-f]{8})`", said(world.last))
    assert f"incident {number}" in caplog.text
    assert "NoneType" not in said(world.last)
    assert labels(world.last) == ["Retry"]
    assert await world.net(1) == {}
    monkeypatch.undo()
    await world.ann.click(world.last, label="Retry")
    assert "S1 · version 1" in said(world.last)


async def test_a_bug_in_a_drawing_does_not_cost_the_record(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.incidents_expected = True
    monkeypatch.setattr("bot.cogs.scenes.base.scenes_markdown", None)
    await world.ann.slash(world.channel, "scenes create", **SCENES)
    assert "Incident `" in said(world.last)
    assert "is done and on record" in said(world.last)
    assert await world.net(1) == {"scenes": 1}
    monkeypatch.undo()
    assert "S1 · version 1" in said(await world.ann.slash(world.channel, "scenes show", ref="S1"))


async def test_a_preview_file_that_is_gone_does_not_hide_the_character(world: World) -> None:
    await world.ann.slash(world.channel, "character create", description="y")
    for path in world.folder.rglob("*.preview.*"):
        path.unlink()
    shown = await world.ann.slash(world.channel, "character show", ref="C1")
    assert "The preview is not at hand" in said(shown)
    for path in world.folder.rglob("character_ref*"):
        path.unlink()
    gone = await world.ann.slash(world.channel, "character original", ref="C1")
    assert gone.ephemeral
    assert "There is no file `C1` here" in said(gone)
