"""The same asked for again: answered from the library, at no cost. Asked for while it is being made, it is made once.

Two requests are the same if the generator would be told the same: text (case and spaces aside), options, engine and its
parameters, prompts of the configuration, and the seed, name and project where they were given.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
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

Keys = tuple[str, ...]
"""Of the records that answer a request: of what the engine made that is meant, then, unless a member chose it, of what
another made in its place. None, if that engine is gone from models.yaml."""


def picture_keys(config: Config, task: CharacterTask, project: RecordId | None) -> Keys:
    """Those of a request for a new character, as the engine that is meant would be told it."""
    engine = config.engines.get(task.meant)
    if engine is None:
        return ()
    flavor, given = config.kept_flavor(task.brief.flavor), task.request
    plain = task.model_copy(update={"brief": _plainly(task.brief, "description")})
    prompt = Plan(task=plain, flavor=flavor, engine=engine).prompt(config, 1)
    told = (prompt.text, prompt.aspect_ratio, task.brief.images, dict(prompt.parameters), given.get("seed"))
    return _keys(_digest(_engine(engine), project, _plain(given.get("name") or ""), *told), chosen=task.chosen)


def scene_keys(config: Config, task: SceneTask, project: RecordId | None) -> Keys:
    """Those of a request for a new scene list, as the engine that is meant would be told it."""
    engine = config.engines.get(task.meant)
    if engine is None:
        return ()
    brief = _plainly(task.brief, "idea", "character", "traits", "video_type", "style", "camera")
    prompt = config.scene_prompt(brief, config.kept_flavor(brief.flavor))
    told = (prompt.system, prompt.user, prompt.count, prompt.temperature, prompt.max_output_tokens)
    return _keys(_digest(_engine(engine), project, task.character_id, *told), chosen=False)


def _keys(key: str, *, chosen: bool) -> Keys:
    return (key,) if chosen else (key, _digest(key, "in its place"))


def key_of(keys: Keys, task: CharacterTask | SceneTask, engine: Engine) -> str | None:
    """That of what this engine made of it."""
    return next(iter(keys[engine.name != task.meant :]), None)


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


async def asked_before(rows: ShelfRows[R], seen: Seen, keys: Keys, *, private: bool) -> list[R]:
    """The newest record by each of the keys of a request, the best first."""
    found = [await rows.asked_before(seen, key, private=private) for key in keys]
    return [record for record in found if record is not None]


async def alike(rows: ShelfRows[R], job: Job, keys: Keys, record_id: RecordId | None) -> list[R]:
    """The record of that key, else the newest that the job's member may get; the best first."""
    if record_id is not None:
        record = await rows.get(record_id)
        return [] if record is None else [record]
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
        self._making: dict[What, list[Made]] = {}
        self._expected: dict[RecordId, tuple[What, Made]] = {}

    def expect(self, job: Job, keys: Keys) -> None:
        """A job that began before a restart, before any runs: from now on it is waited for, until it has run, or is
        over."""
        if keys:
            what = _what(job, keys[0])
            self._expected[job.id] = what, self._begun(what)

    def over(self, job: Job) -> None:
        """Nobody waits any more for one that was expected, and did not come to run."""
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
        what, mine = self._expected.pop(run.job.id, (what, None))
        while mine is None and wait and (making := self._making.get(what) or self._making.get(public)):
            first = making[0]
            await run.progress(Phase.WAITING, note=ALIKE)
            while not first.done():  # noqa: ASYNC110  # see LOOK_SECONDS
                await asyncio.sleep(LOOK_SECONDS)
            if first.result() is not None:
                yield first
                return
        if mine is None:
            mine = self._begun(what)
        try:
            yield mine
        finally:
            self._ended(what, mine)

    def _begun(self, what: What) -> Made:
        made: Made = asyncio.get_running_loop().create_future()
        self._making.setdefault(what, []).append(made)
        return made

    def _ended(self, what: What, made: Made) -> None:
        self._making[what].remove(made)
        if not self._making[what]:
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
