"""The same asked for again: answered from the library, at no cost. Asked for while it is being made, it is made once.

Two requests are the same if the generator would be told the same: text (case and spaces aside), options, engine and its
parameters, prompts of the configuration, and the seed, name and project where they were given.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from mv.config import Config
from mv.domain.character import Character, CharacterBrief
from mv.domain.engine import Engine
from mv.domain.ids import MemberId, RecordId, ServerId
from mv.domain.jobs import Job, Phase
from mv.domain.scenes import SceneBrief, SceneList
from mv.ports import Clock, Records, Run, Seen, ShelfRows, Transaction
from mv.services.character_orders import Plan
from mv.services.character_task import CharacterTask
from mv.services.closing import hand_out
from mv.services.scenes_task import SceneTask


def picture_key(config: Config, task: CharacterTask, engine: Engine, project: RecordId | None) -> str:
    """That of a request for a new character, as this engine would be told it."""
    flavor, given = config.kept_flavor(task.brief.flavor), task.request
    plain = task.model_copy(update={"brief": _plainly(task.brief, "description")})
    prompt = Plan(task=plain, flavor=flavor, engine=engine).prompt(config, 1)
    told = (prompt.text, prompt.aspect_ratio, task.brief.images, dict(prompt.parameters), given.get("seed"))
    return _digest(_engine(engine), project, _plain(given.get("name") or ""), *told)


def scene_key(config: Config, task: SceneTask, engine: Engine, project: RecordId | None) -> str:
    """That of a request for a new scene list, as this engine would be told it."""
    brief = _plainly(task.brief, "idea", "character", "traits", "video_type", "style", "camera")
    prompt = config.scene_prompt(brief, config.kept_flavor(brief.flavor))
    told = (prompt.system, prompt.user, prompt.count, prompt.temperature, prompt.max_output_tokens)
    return _digest(_engine(engine), project, task.character_id, *told)


def keys(key: str, *, chosen: bool) -> tuple[str, ...]:
    """Those of the records that answer a request with this key: what the engine made that is meant, and, unless a
    member chose it, what another made in its place."""
    return (key,) if chosen else (key, _digest(key, "in its place"))


def key_of(task: CharacterTask | SceneTask, engine: Engine) -> str | None:
    """That of what this engine made of it."""
    return next(iter(task.keys[engine.name != task.asked :]), None)


def _plainly(brief: B, *texts: str) -> B:
    return brief.model_copy(update={name: _plain(getattr(brief, name)) for name in texts})


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _engine(engine: Engine) -> dict[str, Any]:
    return engine.model_dump(mode="json", exclude={"label", "prices", "aspect_ratios"})


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


ALIKE = "alike"
"""The note of a job that waits for another, which makes what it asks for."""

B = TypeVar("B", SceneBrief, CharacterBrief)
R = TypeVar("R", SceneList, Character)
What = tuple[ServerId, MemberId | None, str]
"""What is made: in a server, for everybody or for one member alone, by the request with this key."""

Made = asyncio.Future[RecordId | None]
"""The record that one job makes for all; None if it does not."""

LOOK_SECONDS = 0.1
"""Between two looks whether the other is done. A sleep, for a task that only another can wake looks forgotten: to a
simulated Discord in tests, and to whoever looks into a process that hangs."""

Find = Callable[[Transaction, RecordId | None], Awaitable[RecordId | None]]
"""The record of that key, or, if there is none, one of the same request: if it can stand for what is asked for."""


async def asked_before(rows: ShelfRows[R], seen: Seen, keys: Sequence[str], *, private: bool) -> R | None:
    """The newest record of the request with these keys, by the first of them that there is one of."""
    for key in keys:
        record = await rows.asked_before(seen, key, private=private)
        if record is not None:
            return record
    return None


async def alike(rows: ShelfRows[R], job: Job, keys: Sequence[str], record_id: RecordId | None) -> R | None:
    """The record of that key, else the newest that the job's member may get; if it answers the request with `keys`."""
    if record_id is not None:
        record = await rows.get(record_id)
        return record if record is not None and record.request_key in keys else None
    seen = Seen(server_id=job.server_id, member_id=job.member_id)
    return await asked_before(rows, seen, keys, private=job.private)


def _what(job: Job, key: str) -> What:
    return job.server_id, job.member_id if job.private else None, key


class Together:
    """Jobs of this process that ask for the same at the same time: one works, the others wait for what it makes. Only a
    job that has its place is waited for, so it needs nobody's to come to its end."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._making: dict[What, Made] = {}
        self._expected: dict[RecordId, tuple[What, Made]] = {}

    def expect(self, jobs: Iterable[Job]) -> None:
        """Jobs that began before a restart, before any job runs: from now on each is waited for, until it has run, or
        is given up."""
        for job in jobs:
            keys = job.order.get("keys") if job.order.get("reuse") else None
            if keys and _what(job, keys[0]) not in self._making:
                what = _what(job, keys[0])
                self._making[what] = made = asyncio.get_running_loop().create_future()
                self._expected[job.id] = what, made

    def give_up(self, job: Job) -> None:
        """It ended without a result, perhaps before it ran."""
        if job.id in self._expected:
            self._ended(*self._expected.pop(job.id))

    async def make(
        self, run: Run, key: str, find: Find | None, make: Callable[[], Awaitable[bool]], version: int | None = None
    ) -> None:
        """Ends the job with what is there, or was made meanwhile (its `version`); else by `make`, which says whether
        what it made can stand for what others ask for. Without `find` it is made in any case, as what was ordered
        before a restart is."""
        while True:
            async with self._first(run, key, wait=find is not None) as made:
                by_another = made.done()
                if find is not None and await self._handed_out(run.job, find, made, version):
                    return
                if by_another:  # and it is gone again
                    continue
                if await make():
                    made.set_result(run.job.id)
                return

    @asynccontextmanager
    async def _first(self, run: Run, key: str, *, wait: bool) -> AsyncIterator[Made]:
        """When nobody makes that any more: a future that is done if another made it meanwhile, with the record's key;
        else this job makes it, and sets the result. What is private waits for what is public too, never the other way
        round."""
        public, what = (run.job.server_id, None, key), _what(run.job, key)
        _, mine = self._expected.pop(run.job.id, (what, None))
        while mine is None and wait and (making := self._making.get(what) or self._making.get(public)) is not None:
            await run.progress(Phase.WAITING, note=ALIKE)
            while not making.done():  # noqa: ASYNC110  # see LOOK_SECONDS
                await asyncio.sleep(LOOK_SECONDS)
            if making.result() is not None:
                yield making
                return
        if mine is None:
            mine = self._making[what] = asyncio.get_running_loop().create_future()
        try:
            yield mine
        finally:
            self._ended(what, mine)

    def _ended(self, what: What, made: Made) -> None:
        if self._making.get(what) is made:
            del self._making[what]
        if not made.done():
            made.set_result(None)

    async def _handed_out(self, job: Job, find: Find, made: Made, version: int | None) -> bool:
        now = self._clock.now()

        async def look(tx: Transaction) -> RecordId | None:
            record_id = await find(tx, made.result() if made.done() else None)
            if record_id is not None:
                await hand_out(tx, job, now, record_id, version)
            return record_id

        async with self._records.read() as tx:  # mostly there is nothing, and nobody has to wait for a writer's turn
            if await find(tx, made.result() if made.done() else None) is None:
                return False
        found = await self._records.insist(look)
        if found is not None and not made.done():
            made.set_result(found)
        return found is not None
