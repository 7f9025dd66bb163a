"""What the process holds does not grow with what it has done.

`MEMORY_JOBS=5000 pytest -s tests/faults/test_machine_memory.py` takes the long way, and says what it found.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot.ui.character import character_message
from bot.ui.scenes import scene_list_message
from bot.ui.sending import editing
from mv.app import Adapters, App, build
from mv.config import Config
from mv.domain.actor import Actor
from mv.domain.character import CharacterOrder
from mv.domain.engine import Engine, Vendor
from mv.domain.ids import ChannelId, MemberId, MessageId, ServerId
from mv.domain.jobs import Delivery, Job, JobKind, ReplyTo
from mv.domain.scenes import SceneOrder, TokenUsage
from mv.ports import (
    Courier,
    Painted,
    Painter,
    PicturePrompt,
    Report,
    SceneAnswer,
    ScenePrompt,
    SceneWriter,
    Ticket,
)
from mv.settings import Settings
from tests.bot.world import CONFIGS
from tests.faults.stage import Stage
from tests.standins.discord import Interaction
from tests.standins.pictures import picture

JOBS = int(os.environ.get("MEMORY_JOBS", "1200"))
WARM_UP = JOBS // 3
AT_ONCE = 50
MEMBERS = 25
CHARACTER_EVERY = 50
MORE_MEGABYTES = 12
MORE_OBJECTS = JOBS - WARM_UP
"""Less than one a job; caches settle within this."""
SCENE = {
    "title": "At the window",
    "description": "She looks out into the rain, a cup in her hand.",
    "shot_size": "MCU",
    "duration_seconds": 4,
}


class Writer(SceneWriter):
    """Answers at once."""

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        await asyncio.sleep(0)
        return SceneAnswer(
            payload={"title": "Rain", "logline": "It rains.", "palette": ["#102030"], "scenes": [SCENE] * prompt.count},
            usage=TokenUsage(prompt_tokens=100, output_tokens=400),
            model_version="quick",
        )

    async def aclose(self) -> None:
        return


class Brush(Painter):
    """Every picture is another."""

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        return Ticket(id=f"{prompt.text}{prompt.seed}")

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        await asyncio.sleep(0)
        return Painted(pictures=(picture(ticket.id, "1:1", "png", 64),), model_version="quick")

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        return 0

    async def aclose(self) -> None:
        return


def quick(settings: Settings, config: Config) -> Adapters:
    return {Vendor.GEMINI: Writer()}, {Vendor.REPLICATE: Brush()}


class Draughtsman(Courier):
    """Draws what is to be delivered, looks at the progress once, and throws both away."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.delivered: Counter[str] = Counter()
        self.more = asyncio.Event()

    def follow(self, job: Job) -> None:
        self.app.engine.status(job.id)

    async def deliver(self, job: Job) -> None:
        if job.kind is JobKind.SCENES:
            sheet = scene_list_message(await self.app.scenes.result(job))
        else:
            portrait = await self.app.characters.result(job)
            sheet = character_message(portrait.view, portrait.previews)
        editing(sheet)
        await self.app.jobs.delivered(job.id, Delivery.TOKEN, MessageId(1))
        self.delivered[job.state.value] += 1
        self.more.set()

    async def reach(self, count: int) -> None:
        while self.delivered.total() < count:
            self.more.clear()
            await self.more.wait()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is a disk for that: what is measured here does not wait for disks."""
    shared = Path("/dev/shm")  # the system's name for it
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def app(tmp_path: Path, data: Path) -> App:
    configs = tmp_path / "configs"
    shutil.copytree(CONFIGS, configs)
    limits = yaml.safe_load((configs / "limits.yaml").read_text())
    limits["allowances"] = [{"kind": kind, "limit": 100_000, "period": "day"} for kind in ("scenes", "images")]
    limits["concurrency"]["per_vendor"] = {}
    limits.setdefault("vendors", {})["per_minute"] = {}
    (configs / "limits.yaml").write_text(yaml.safe_dump(limits))
    values: dict[str, Any] = {name: field.default for name, field in Settings.model_fields.items()}
    values |= {"gemini_api_key": SecretStr("x" * 20), "replicate_api_token": SecretStr("x" * 20)}
    values |= {"data_dir": data, "config_dir": configs}
    return build(Settings(_env_file=None, **values), vendors=quick)


async def work(app: App, courier: Draughtsman, upto: int) -> None:
    """Commands of many members, `AT_ONCE` at a time, until so many jobs in all are delivered."""
    done = courier.delivered.total()
    while done < upto:
        jobs = await asyncio.gather(*(ask(app, number) for number in range(done, min(done + AT_ONCE, upto))))
        for job in jobs:
            courier.follow(job)
            app.engine.release(job)
        done += len(jobs)
        await courier.reach(done)
    await app.engine.tidy()
    await asyncio.sleep(0.1)


async def ask(app: App, number: int) -> Job:
    server = ServerId(1 + number % 3)
    actor = Actor(member_id=MemberId(100 + number % MEMBERS), server_id=server, channel_id=ChannelId(5))
    reply = ReplyTo(
        channel_id=ChannelId(5),
        application_id=6,
        token=f"token-{number}",
        token_expires_at=datetime.now(UTC) + timedelta(minutes=15),
        private=False,
    )
    made: object
    if number % CHARACTER_EVERY == 0:
        order = CharacterOrder(description=f"Somebody {number}", aspect_ratio="1:1", images=1)
        made = await app.characters.request(actor, order, reply)
    else:
        made = await app.scenes.request(actor, SceneOrder(idea=f"Idea {number}", character="Mara", count=2), reply)
    assert isinstance(made, Job)
    return made


def held(*roots: object) -> Counter[str]:
    """How much is in the containers that can be reached from there by our own objects, by owner and attribute."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    queue: deque[tuple[str, object]] = deque((type(root).__name__, root) for root in roots)
    while queue:
        name, one = queue.popleft()
        if id(one) in seen:
            continue
        seen.add(id(one))
        queue.extend(_inside(name, one, found))
    return found


BOUNDED = {"Heard._ids"}
"""Grow up to a bound."""


def _inside(name: str, one: object, found: Counter[str]) -> Iterable[tuple[str, object]]:
    if (isinstance(one, deque) and one.maxlen is not None) or name in BOUNDED:
        return []
    if isinstance(one, Mapping):
        found[name] += len(one)
        return [(name, value) for value in one.values()]
    if isinstance(one, list | set | frozenset | deque | tuple):
        found[name] += len(one)
        return [(name, value) for value in one]
    if not type(one).__module__.startswith(("mv.", "bot.", "tests.")) or isinstance(one, type):
        return []
    slots = [slot for kind in type(one).__mro__ for slot in getattr(kind, "__slots__", ())]
    values = {**getattr(one, "__dict__", {}), **{slot: getattr(one, slot, None) for slot in slots}}
    return [(f"{type(one).__name__}.{key}", value) for key, value in values.items()]


def resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


async def test_thousands_of_jobs(app: App) -> None:
    courier = Draughtsman(app)
    app.engine.attach(courier)
    await app.open()
    try:
        await app.engine.resume()
        await work(app, courier, WARM_UP)
        gc.collect()
        before = held(app), len(gc.get_objects()), resident()
        await work(app, courier, JOBS)
        gc.collect()
        after = held(app), len(gc.get_objects()), resident()
        assert courier.delivered == {"done": JOBS}
        print(f"from {WARM_UP} to {JOBS} jobs: {after[1] - before[1]:+} objects, {after[2] - before[2]:+.1f} MB")
        assert len(app.engine._works) == len(app.engine._queue) == len(app.engine._tasks) == 0
        grown = {name: (before[0][name], many) for name, many in after[0].items() if many > before[0][name]}
        assert grown == {}, "what the app holds"
        assert after[1] - before[1] < MORE_OBJECTS, "objects of Python's"
        assert after[2] - before[2] < MORE_MEGABYTES, "memory of the process"
    finally:
        await app.close(0)


async def test_messages_leave_nothing_behind(tmp_path: Path) -> None:
    """Results, buttons, pages, refusals and forms, over sockets: neither our bot nor discord.py's keeps a view, nor
    anything else that grows."""
    async with Stage(tmp_path) as stage:

        async def a_while() -> None:
            for _ in range(3):
                who = stage.newcomer()
                made, painted = await asyncio.gather(
                    stage.scenes(member=who, count=12), stage.character(member=stage.newcomer())
                )
                await stage.press(made, "Again")
                acts: list[Interaction] = [
                    await stage.discord.click(made.message, "Next", member=who),
                    await stage.discord.click(made.message, "Delete", member=who),
                    await stage.discord.click(painted.message, "Use in scenes", member=who),
                    await stage.discord.slash("scenes show", {"ref": "S1"}, member=who),
                    await stage.discord.slash("scenes show", {"ref": "S99"}, member=who),
                    await stage.discord.slash("jobs list", member=who),
                    await stage.discord.autocomplete("scenes show", "ref", "", member=who),
                ]
                for act in acts:
                    await act.acknowledged()
            await asyncio.sleep(0.2)

        await a_while()
        store = stage.bot._connection._view_store
        before = held(stage.bot.courier, stage.app)
        await a_while()
        after = held(stage.bot.courier, stage.app)
        assert {name: many for name, many in after.items() if many > before[name]} == {}
        assert not any(store._views.values())
        assert not store._synced_message_views
        assert all(form.timeout for form in store._modals.values()), "an open form is forgotten after a while"
        assert not stage.bot.courier.busy
