"""ZIP files: each complete, none too large, whatever goes into them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mv.errors import StorageError, StorageFull
from mv.export.zips import (
    MANIFEST,
    Chapter,
    Part,
    Piece,
    Zip,
    archive_names,
    disk,
    manifest,
    packed_size,
    plan,
)
from tests.store.things import a_file

NOW = datetime(2026, 11, 22, 20, 14, tzinfo=UTC)
HEAD: dict[str, Any] = {"project": {"ref": "P3", "name": "Spring ☀" * 10}, "made_at": NOW.isoformat()}
ROOM = 4000


def noise(size: int, seed: int = 0) -> bytes:
    return Random(seed).randbytes(size)


def stored(name: str, data: bytes, **changes: Any) -> tuple[Piece, bytes]:
    media = a_file(hashlib.sha256(data).hexdigest(), bytes=len(data))
    return Piece(name=name, source=media, size=len(data), **changes), data


def text(name: str, data: bytes) -> tuple[Piece, bytes]:
    return Piece(name=name, source=Path(name), size=packed_size(data)), data


def write(folder: Path, parts: Sequence[Part], data: dict[str, bytes]) -> list[Path]:
    names, paths = archive_names("P3", len(parts)), []
    for number, part in enumerate(parts, start=1):
        under_way = Zip(folder / names[number - 1], NOW)
        for piece in part.pieces:
            under_way.add(piece, data[piece.name])
        size = under_way.finish(manifest(HEAD, number, names, part, under_way.files, []))
        paths.append(folder / names[number - 1])
        assert paths[-1].stat().st_size == size
    return paths


def checked(path: Path) -> dict[str, Any]:
    """The manifest of a ZIP that is as it says."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        found: dict[str, Any] = json.loads(archive.read(MANIFEST))
        assert sorted(archive.namelist()) == sorted([MANIFEST, *(file["name"] for file in found["files"])])
        for file in found["files"]:
            data = archive.read(file["name"])
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert found["archives"][found["part"] - 1] == path.name
    assert len(found["archives"]) == found["parts"]
    return found


def test_one_that_fits(tmp_path: Path) -> None:
    one, data = stored("characters/C7 Mara/take 1 x.png", noise(500))
    record = {"ref": "C7", "kind": "character", "takes": [{"number": 1}]}
    (path,) = write(tmp_path, plan([Chapter(pieces=(one,), record=record)], ROOM, "P3", HEAD), {one.name: data})
    found = checked(path)
    assert path.name == "P3.zip"
    assert list(found) == [
        "schema_version", "project", "made_at", "part", "parts", "archives", "files", "records", "left_out",
    ]  # fmt: skip
    assert (found["schema_version"], found["project"], found["records"]) == (1, HEAD["project"], [record])
    assert found["left_out"] == []


def test_nothing_at_all(tmp_path: Path) -> None:
    (path,) = write(tmp_path, plan([], ROOM, "P3", HEAD), {})
    assert checked(path)["files"] == []


def test_split_into_complete_ones_that_name_each_other(tmp_path: Path) -> None:
    made = dict(stored(f"take {n}.png", noise(1500, n)) for n in range(7))
    chapters = [
        Chapter(pieces=(piece,), record={"ref": "C1", "takes": [{"number": n}]}) for n, piece in enumerate(made)
    ]
    paths = write(tmp_path, plan(chapters, ROOM, "P3", HEAD), {piece.name: data for piece, data in made.items()})
    found = [checked(path) for path in paths]
    assert len(paths) > 2
    assert [path.name for path in paths] == [f"P3_{n}of{len(paths)}.zip" for n in range(1, len(paths) + 1)]
    assert all(each["archives"] == [path.name for path in paths] for each in found)
    assert [file["name"] for each in found for file in each["files"]] == [piece.name for piece in made]
    takes = [take["number"] for each in found for record in each["records"] for take in record["takes"]]
    assert takes == list(range(7)), "each is told where its file is"
    assert all(path.stat().st_size <= ROOM for path in paths)


def test_one_that_is_too_large_is_left_out_and_named(tmp_path: Path) -> None:
    big, _ = stored("big.png", noise(ROOM), otherwise="/character original ref:C1 take:2")
    small, data = stored("small.png", noise(500))
    parts = plan([Chapter(pieces=(big,), record={"ref": "C1"}), Chapter(pieces=(small,))], ROOM, "P3", HEAD)
    (path,) = write(tmp_path, parts, {small.name: data})
    found = checked(path)
    assert found["left_out"] == [
        {"name": "big.png", "bytes": ROOM, "why": "too_large", "instead": "/character original ref:C1 take:2"}
    ]
    assert found["records"] == [{"ref": "C1"}]
    assert [file["name"] for file in found["files"]] == ["small.png"]


def test_files_of_a_list_stay_together_where_they_fit() -> None:
    first, _ = stored("a", noise(2000))
    together = tuple(stored(f"list {n}", noise(600, n))[0] for n in range(3))
    parts = plan([Chapter(pieces=(first,)), Chapter(pieces=together)], 5000, "P3", HEAD)
    assert [[piece.name for piece in part.pieces] for part in parts] == [["a"], ["list 0", "list 1", "list 2"]]
    wide = tuple(stored(f"wide {n}", noise(2500, n))[0] for n in range(3))
    assert [len(part.pieces) for part in plan([Chapter(pieces=wide)], 5000, "P3", HEAD)] == [1, 1, 1]


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)
files = st.lists(
    st.tuples(names, st.integers(0, 6000), st.booleans(), st.sampled_from(("", "/character original ref:C1"))),
    max_size=12,
    unique_by=lambda one: one[0],
)


@given(files, st.integers(3000, 9000), st.text(max_size=300), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_none_is_ever_too_large(
    tmp_path: Path, what: list[tuple[str, int, bool, str]], room: int, said: str, random: Random
) -> None:
    data: dict[str, bytes] = {}
    chapters = []
    for number, (name, size, deflated, way) in enumerate(what):
        full = f"{number} {name}".replace("\0", "")
        data[full] = random.randbytes(size)
        piece = text(full, data[full])[0] if deflated else stored(full, data[full], otherwise=way)[0]
        chapters.append(
            Chapter(pieces=(piece,), record={"ref": f"C{number % 3}", "said": said, "takes": [{"n": number}]})
        )
    parts = plan(chapters, room, "P3", HEAD)
    paths = write(tmp_path, parts, data)
    found = [checked(path) for path in paths]
    assert [path.stat().st_size for path in paths if path.stat().st_size > room] == []
    in_it = [file["name"] for each in found for file in each["files"]]
    out = [left["name"] for each in found for left in each["left_out"]]
    assert sorted(in_it + out) == sorted(data)


def test_a_hundred_parts_name_each_other_within_the_limit(tmp_path: Path) -> None:
    made = dict(stored(f"{n}.png", noise(2000, n)) for n in range(120))
    parts = plan([Chapter(pieces=(piece,)) for piece in made], 7000, "P3", HEAD)
    paths = write(tmp_path, parts, {piece.name: data for piece, data in made.items()})
    assert max(path.stat().st_size for path in paths) <= 7000
    assert len(checked(paths[-1])["archives"]) == len(paths) > 50


def test_what_the_disk_says(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Zip(tmp_path / "no" / "folder.zip", NOW)
    with pytest.raises(StorageFull), disk():
        raise OSError(28, "No space left on device")
    under_way = Zip(tmp_path / "a.zip", NOW)
    under_way.add(*text("x", b"y"))
    under_way.abandon()
    assert not zipfile.is_zipfile(tmp_path / "a.zip")
