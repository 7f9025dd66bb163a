"""(l): a large library: searched, listed, offered and shown, and what it costs to write into it and to keep it.

Its texts are made of words that are as rare and as common as in a language, ten scenes a list. They go into the same
tables and the same index as any record, by a way that skips what the bot would do for each.
"""

from __future__ import annotations

import itertools
import json
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, create_engine, insert

from mv.domain.ids import Kind, MemberId, RecordId, Ref, ServerId, new_id
from mv.domain.scenes import Scene
from mv.domain.search import Filters, parse_query
from mv.ports import Seen, Transaction
from mv.store import search, search_rows
from mv.store.database import Database
from mv.store.search_rows import Document
from mv.store.tables import counters, projects, scene_lists, scene_versions, scenes
from tests.bench.table import Row, percentile
from tests.store.things import SetClock, a_list, a_scene, a_version, url_of

SCENES = 10
MEMBERS = 50
PROJECTS = 20
SERVER = ServerId(1)
SEEN = Seen(server_id=SERVER, member_id=MemberId(7))
BATCH = 2000
SEARCH_SECONDS, OFFER_SECONDS, GROWTH = 0.030, 0.010, 3.0
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ENGINES = ("gemini-2.5-pro", "gemini-2.5-flash", "offline-scenes")
FLAVORS = ("default", "cinematic", "lofi_animation", "noir")
TEXTS = tuple(name for name in Scene.model_fields if name not in ("shot_size", "duration_seconds"))
LENGTHS = {"title": 3, "description": 22, "action": 8, "negative_description": 4, "cue": 3}
"""Words of a scene's texts; of the others 1."""


class Writer:
    """Text without sense: word 20 comes twice as often as word 40."""

    def __init__(self, seed: int, pool: int = 2_000_000) -> None:
        self._random = random.Random(seed)
        starts, ends = "bcdfghjklmnprstvwz", ("a", "e", "i", "o", "u", "an", "en", "or", "il", "us", "é")
        syllables = [start + end for start in starts for end in ends]
        made: dict[str, None] = {}
        while len(made) < 30_000:
            made["".join(self._random.choices(syllables, k=self._random.choice((1, 2, 2, 3, 3, 4))))] = None
        self.words = list(made)
        weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(self.words))))
        self._pool = self._random.choices(self.words, cum_weights=weights, k=pool)

    def text(self, count: int) -> str:
        """So many words."""
        at = self._random.randrange(len(self._pool) - count)
        return " ".join(self._pool[at : at + count])

    def word(self, low: int, high: int) -> str:
        """One of the words from `low` to `high`, the most common being 0."""
        return self.words[self._random.randrange(low, high)]

    def pick(self, low: int, high: int) -> int:
        """A number."""
        return self._random.randrange(low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """p95 in seconds by what was done, and bytes of the database in all."""

    times: dict[str, float]
    bytes: int
    scenes: int


async def large(*, quick: bool, sizes: tuple[int, int] | None = None) -> list[Row]:
    """At two sizes, the second against the first."""
    sizes = sizes or ((1_000, 5_000) if quick else (10_000, 100_000))
    rounds = 5 if quick else 40
    small, big = [await _measured(size, rounds) for size in sizes]
    aims = {"offer": OFFER_SECONDS, "search": SEARCH_SECONDS}
    rows = [
        _row(f"{what}, p95, {sizes[0]:,} and {sizes[1]:,} lists of {SCENES} scenes", small.times[what], big.times[what],
             aims.get(what.partition(":")[0]))
        for what in small.times
    ]  # fmt: skip
    kept = [measured.bytes / measured.scenes for measured in (small, big)]
    said = [f"{each:.0f} B" for each in kept]
    what = "database per scene, with its share of the list and the index"
    return [*rows, Row(key="l", what=what, baseline=said[0], ours=said[1], ratio=kept[1] / kept[0])]


def _row(what: str, small: float, big: float, aim: float | None) -> Row:
    said = (f"{small * 1000:.1f} ms", f"{big * 1000:.1f} ms")
    if aim is None:
        return Row(key="l", what=what, baseline=said[0], ours=said[1], ratio=big / small)
    judged = max(big / aim, big / small / GROWTH)
    text = f"≤ {aim * 1000:.0f} ms, ratio ≤ {GROWTH:g}"
    return Row(key="l", what=what, baseline=said[0], ours=said[1], ratio=big / small, aim=text, judged=judged, bound=1)


async def _measured(size: int, rounds: int) -> Measured:
    writer = Writer(size, max(100_000, size * 20))
    async with _library(size, writer) as (records, path):
        held = path.stat().st_size
        times = await _asked(records, writer, size, rounds)
        times |= await _written(records, writer, size, rounds * 3)
    return Measured(times=times, bytes=held, scenes=size * SCENES)


@asynccontextmanager
async def _library(size: int, writer: Writer) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mv.sqlite3"
        records = Database(url_of(Path(folder)), clock=SetClock())
        await records.open()
        await records.close()
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA synchronous = OFF")
            _fill(connection, size, writer)
        engine.dispose()
        await records.open()
        try:
            yield records, path
        finally:
            await records.close()


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────


async def _asked(records: Database, writer: Writer, size: int, rounds: int) -> dict[str, float]:
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        for what, ask in _questions(writer, size):
            began = time.perf_counter()
            async with records.read() as tx:
                await ask(tx)
            took.setdefault(what, []).append(time.perf_counter() - began)
    found = {what: percentile(values, 0.95) for what, values in took.items()}
    every = [value for what, values in took.items() if what.startswith("search") for value in values]
    return {"search": percentile(every, 0.95), **found}


def _questions(writer: Writer, size: int) -> Iterator[tuple[str, Callable[[Transaction], Awaitable[Any]]]]:
    word, pick = writer.word, writer.pick
    project = _project_id(pick(0, PROJECTS))
    late = BEGAN + timedelta(minutes=size * 9 // 10)
    queries: Sequence[tuple[str, str, Filters]] = (
        ("a rare word", word(15_000, 30_000), Filters()),
        ("a common word", word(5, 100), Filters()),
        ("two words", f"{word(50, 500)} {word(500, 5_000)}", Filters()),
        ("a phrase", f'"{writer.text(2)}"', Filters()),
        ("a beginning", f"{next(w for w in iter(lambda: word(200, 5_000), '') if len(w) > 5)[:5]}*", Filters()),
        ("with filters", word(50, 1_000), Filters(project_id=project, engine=ENGINES[pick(0, 3)], since=late)),
        ("of a member", word(50, 1_000), Filters(member_id=MemberId(pick(1, MEMBERS + 1)))),
        ("no match", f"{word(50, 500)} nowhere", Filters()),
    )
    for what, query, filters in queries:
        yield f"search: {what}", _search(query, filters)
    title = word(50, 5_000)
    typed = {"nothing typed": "", "one letter": title[:1], "letters": title[:4], "a number": f"S{pick(1, 99)}"}
    for what, text in {**typed, "two words": f"{title} {word(5, 100)[:2]}"}.items():
        yield f"offer: {what}", partial(_offer, text)
    page = {"project_id": None, "member_id": None, "before": pick(size // 2, size), "size": 10}
    yield "list page", partial(_page, page)
    yield "list page of a member", partial(_page, {**page, "member_id": MemberId(pick(1, MEMBERS + 1))})
    yield "list page of a project", partial(_page, {**page, "project_id": project})
    yield "show", partial(_show, pick(1, size))


async def _offer(text: str, tx: Transaction) -> None:
    await tx.scenes.choices(SEEN, text, 25)


async def _page(options: dict[str, Any], tx: Transaction) -> None:
    await tx.scenes.page(SEEN, **options)


def _search(query: str, filters: Filters) -> Callable[[Transaction], Awaitable[Any]]:
    return lambda tx: tx.scenes.search(SEEN, parse_query(query), filters, after=None, size=6)


async def _show(number: int, tx: Transaction) -> None:
    record = await tx.scenes.find(SEEN, Ref(Kind.SCENE_LIST, number))
    if record is not None:
        await tx.scenes.version(record.id, record.versions)


async def _written(records: Database, writer: Writer, size: int, many: int) -> dict[str, float]:
    """With the index, and without; in turns."""
    took: dict[str, list[float]] = {"write of a list": [], "the same without its index": []}
    for number in range(size + 1, size + many + 1):
        for what, real in (("write of a list", True), ("the same without its index", False)):
            version = a_version(title=writer.text(4), scenes=0)
            made = tuple(a_scene(**_scene_texts(writer)) for _ in range(SCENES))
            version = replace(version, draft=version.draft.model_copy(update={"scenes": made}))
            record = a_list(number if real else number + many, server_id=SERVER)
            with patch.object(search, "refresh", search.refresh if real else lambda *_: None):
                began = time.perf_counter()
                await records.transact(lambda tx, r=record, v=version: tx.scenes.add(r, v), lasting=False)  # type: ignore[misc]
                took[what].append(time.perf_counter() - began)
    return {what: percentile(values, 0.95) for what, values in took.items()}


# ── what is in it ────────────────────────────────────────────────────────────────────────────────────────────────────


def _fill(connection: Connection, size: int, writer: Writer) -> None:
    connection.execute(insert(counters), {"server_id": SERVER, "kind": "S", "last": size})
    connection.execute(
        insert(projects),
        [
            {"id": _project_id(n), "server_id": SERVER, "number": n + 1, "name": f"Project {n}",
             "folded": f"project {n}", "owner_id": 1, "created_at": BEGAN}
            for n in range(PROJECTS)
        ],
    )  # fmt: skip
    statements = [
        str(insert(table).values(dict.fromkeys(_columns(table))).compile(dialect=connection.dialect))
        for table in _TABLES
    ]
    for first in range(1, size + 1, BATCH):
        lists, versions, made, documents = [], [], [], []
        for number in range(first, min(first + BATCH, size + 1)):
            record, version, rows = _a_list(number, writer)
            lists.append(record)
            versions.append(version)
            made += rows
            documents.append(_document(record, version, rows))
        for table, statement, rows in zip(_TABLES, statements, (lists, versions, made), strict=True):
            connection.exec_driver_sql(statement, [tuple(row.get(name) for name in _columns(table)) for row in rows])
        search.index_of(connection).put(connection, [each.entry(Kind.SCENE_LIST) for each in documents])


_TABLES = (scene_lists, scene_versions, scenes)
_LATER = ("starred_at", "deleted_at", "character_id", "job_id", "based_on", "scene", "change", "instruction")


def _columns(table: Any) -> list[str]:
    return [column.name for column in table.columns if column.name not in _LATER]


def _a_list(number: int, writer: Writer) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    title, made_at = writer.text(4), (BEGAN + timedelta(minutes=number)).strftime("%Y-%m-%d %H:%M:%S.%f")
    record = {
        "id": str(new_id()), "server_id": SERVER, "number": number, "owner_id": number % MEMBERS + 1,
        "private": number % 10 == 0, "title": title, "folded": title, "versions": 1,
        "project_id": _project_id(number % PROJECTS), "created_at": made_at, "owner_name": f"Member {number % MEMBERS}",
    }  # fmt: skip
    brief = {
        "idea": writer.text(25), "character": writer.text(15), "character_ref": None, "count": SCENES, "traits": "calm",
        "video_type": "narrative", "style": "film", "camera": "slow", "flavor": FLAVORS[number % len(FLAVORS)],
    }  # fmt: skip
    version = {
        "scene_list_id": record["id"], "number": 1, "author_id": record["owner_id"], "title": title,
        "logline": writer.text(12), "palette": '["#102030"]', "brief": json.dumps(brief), "request": "{}",
        "defaults_applied": "{}", "engine": ENGINES[number % len(ENGINES)], "model_version": "m", "prompt_tokens": 1,
        "output_tokens": 1, "thinking_tokens": 1, "cost": 1, "notes": "[]", "created_at": made_at,
    }  # fmt: skip
    fixed = {"scene_list_id": record["id"], "version": 1, "shot_size": "MS", "duration_seconds": 4.0}
    return record, version, [{**fixed, "number": n, **_scene_texts(writer)} for n in range(1, SCENES + 1)]


def _scene_texts(writer: Writer) -> dict[str, Any]:
    return {name: writer.text(LENGTHS.get(name, 1)) for name in TEXTS}


def _document(record: dict[str, Any], version: dict[str, Any], made: list[dict[str, Any]]) -> Document:
    """As the store reads it back."""
    own = {"id": record["id"], "number": record["number"], "brief": json.loads(version["brief"])}
    row: Any = _AsRow({**record, **version, **own, "deleted_at": None, "takes": None})
    scene_rows: list[Any] = [_AsRow({**scene, "scene": scene["number"]}) for scene in made]
    return search_rows._list(row, map(search_rows._scene_passage, scene_rows))


class _AsRow:
    """A dictionary that is read as a row is."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def _project_id(number: int) -> RecordId:
    return RecordId(f"01J0{number:022d}")
