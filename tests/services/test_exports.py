"""A large project leaves in parts, and memory does not grow with it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from mv.app import App, build
from mv.domain.actor import Actor
from mv.domain.character import MediaFile
from mv.domain.ids import ChannelId, new_id
from mv.domain.project import Project
from mv.export.zips import Chapter
from mv.services.packing import Packer
from mv.settings import Settings
from tests.services.conftest import CONFIGS
from tests.store.things import ANA, SERVER, a_character, a_file, a_list, a_project, a_take, a_version

ACTOR = Actor(member_id=ANA, server_id=SERVER, channel_id=ChannelId(1))
LISTS, CHARACTERS, TAKES = 45, 25, 8
PICTURE = 150_000
ROOM = 4_000_000


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    made = build(Settings(_env_file=None, data_dir=tmp_path / "data", config_dir=CONFIGS))
    await made.open()
    yield made
    await made.close(0)


async def stored(app: App, name: str, data: bytes) -> MediaFile:
    await app.tools.media.put(name, data, "image/png")
    return a_file(hashlib.sha256(data).hexdigest(), key=name, bytes=len(data))


async def large(app: App) -> Project:
    """Its pictures are noise: nothing can make them smaller."""
    project, random = a_project(), Random(1)
    paper = io.BytesIO()
    Image.new("RGB", (60, 80), "teal").save(paper, "WEBP")
    preview = await stored(app, "preview.webp", paper.getvalue())
    async with app.tools.records.write() as tx:
        await tx.projects.add(project)
        preview = await tx.media.add(preview)
        for number in range(1, LISTS + 1):
            await tx.scenes.add(a_list(number, project_id=project.id), a_version(title=f"List {number}", scenes=24))
    for number in range(1, CHARACTERS + 1):
        figure, job = a_character(number, project_id=project.id), new_id()
        files = [await stored(app, f"{number}_{take}.png", random.randbytes(PICTURE)) for take in range(1, TAKES + 1)]
        async with app.tools.records.write() as tx:
            await tx.characters.add(figure)
            takes = [a_take(n, job, await tx.media.add(file), preview) for n, file in enumerate(files, start=1)]
            await tx.characters.add_takes(figure.id, takes)
    return project


async def test_all_of_a_large_project(app: App) -> None:
    project = await large(app)
    records, files, most = set(), 0, 0
    tracemalloc.start()
    try:
        async with app.exports.project(ACTOR, project, ROOM) as bundle:
            async for archive in bundle.archives:
                assert archive.bytes == _size(archive.path) <= ROOM
                with zipfile.ZipFile(archive.path) as made:
                    found = json.loads(made.read("manifest.json"))
                records |= {record["ref"] for record in found["records"]}
                assert found["archives"][archive.number - 1] == archive.name
                assert len(found["archives"]) == archive.of >= CHARACTERS * TAKES * PICTURE // ROOM
                files += len(found["files"])
                most = max(most, _size(app.tools.scratch))
                archive.discard()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    contents = bundle.contents
    assert (contents.scene_lists, contents.characters, contents.takes) == (LISTS, CHARACTERS, CHARACTERS * TAKES)
    assert records == {*(f"S{n}" for n in range(1, LISTS + 1)), *(f"C{n}" for n in range(1, CHARACTERS + 1))}
    assert files == LISTS * 3 + CHARACTERS * TAKES + 5, "five contact sheets"
    assert peak < CHARACTERS * TAKES * PICTURE / 2
    assert most < 2 * ROOM + 5_000_000, "one archive at a time is on the disk"
    assert os.listdir(app.tools.scratch) == []


def _size(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())


async def test_two_files_of_one_name(app: App) -> None:
    async with Packer(app.tools).packing() as packing:
        pieces = [await packing.file("texts", "one", ".txt", bytes, each) for each in (b"first", b"second")]
        async for archive in packing.archives([Chapter(pieces=tuple(pieces))], ROOM, "P1", {}):
            with zipfile.ZipFile(archive.path) as made:
                found = {name: made.read(name) for name in made.namelist() if name.endswith(".txt")}
    assert found == {"texts/one.txt": b"first", "texts/one (2).txt": b"second"}


async def test_who_stops_halfway_leaves_nothing(app: App) -> None:
    project = await large(app)
    async with app.exports.project(ACTOR, project, ROOM) as bundle:
        async for archive in bundle.archives:
            assert archive.number == 1
            break
    assert os.listdir(app.tools.scratch) == []
