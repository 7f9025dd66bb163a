"""Many files in complete zips: none over its room, each with a manifest that is true."""

from __future__ import annotations

import errno
import hashlib
import json
import random
import zipfile
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mv.errors import StorageFull
from mv.export.bundle import MANIFEST, Packed, Piece, packed, safe
from tests.ui.records import texts

NOW = datetime(2026, 11, 22, 20, 14, 1, tzinfo=UTC)


async def some(pieces: Iterable[Piece]) -> AsyncGenerator[Piece, None]:
    for piece in pieces:
        yield piece


async def zips(
    pieces: Iterable[Piece], room: int = 10_000_000
) -> list[tuple[Packed, dict[str, bytes], dict[str, Any]]]:
    found = []
    async with packed(some(pieces), stem="mine", room=room, made_at=NOW, about={"of": "a member"}) as made:
        for each in made:
            with zipfile.ZipFile(each.path) as archive:
                assert archive.testzip() is None
                assert len(set(archive.namelist())) == len(archive.namelist())
                content = {name: archive.read(name) for name in archive.namelist()}
            assert each.bytes == each.path.stat().st_size
            found.append((each, content, json.loads(content.pop(MANIFEST))))
        folder = made[0].path.parent
        assert folder.exists()
    assert not folder.exists()
    return found


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


async def test_one_zip_with_its_manifest() -> None:
    ((made, content, manifest),) = await zips([Piece("a/one.txt", b"one" * 100), Piece("a/two.png", noise(500, 1))])
    assert (made.name, made.files, made.left_out) == ("mine.zip", 2, ())
    assert content == {"a/one.txt": b"one" * 100, "a/two.png": noise(500, 1)}
    assert manifest == {
        "schema_version": 1,
        "of": "a member",
        "made_at": "2026-11-22T20:14:01+00:00",
        "part": 1,
        "zips": ["mine.zip"],
        "files": [
            {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in content.items()
        ],
        "left_out": [],
    }


async def test_nothing_at_all_is_a_manifest() -> None:
    ((made, content, manifest),) = await zips([])
    assert (made.files, content, manifest["files"]) == (0, {}, [])


@pytest.mark.parametrize("room", [8_000, 20_000, 100_000])
async def test_what_is_too_much_for_one_is_split(room: int) -> None:
    pieces = [
        Piece(f"folder {n % 7}/ä file {n}.{'png' if n % 2 else 'json'}", noise(n * 13 % 4_000, n)) for n in range(120)
    ]
    made = await zips(pieces, room)
    assert len(made) > 1
    names = [each.name for each, _, _ in made]
    assert names == [f"mine_{n}of{len(made)}.zip" for n in range(1, len(made) + 1)]
    unpacked: dict[str, bytes] = {}
    for number, (each, content, manifest) in enumerate(made, start=1):
        assert each.bytes <= room
        assert (manifest["part"], manifest["zips"]) == (number, names)
        assert {f["name"]: f["sha256"] for f in manifest["files"]} == {
            name: hashlib.sha256(data).hexdigest() for name, data in content.items()
        }
        unpacked |= content
    assert unpacked == {piece.name: piece.data for piece in pieces}


async def test_texts_are_measured_as_they_are_packed() -> None:
    ((made, content, _),) = await zips([Piece("long.txt", b"word " * 20_000)], 5_000)
    assert len(content["long.txt"]) == 100_000
    assert made.bytes < 5_000


async def test_what_is_too_large_or_gone_is_named() -> None:
    pieces = [
        Piece("large.png", noise(20_000, 1), "`/character original ref:C1`"),
        Piece("gone.png", None),
        Piece("small.png", noise(200, 2)),
    ]
    ((made, content, manifest),) = await zips(pieces, 10_000)
    assert list(content) == ["small.png"]
    assert made.left_out == ("large.png", "gone.png")
    assert manifest["left_out"] == [
        {"name": "large.png", "why": "too large", "bytes": 20_000, "otherwise": "`/character original ref:C1`"},
        {"name": "gone.png", "why": "missing"},
    ]


async def test_two_of_one_name_are_both_there() -> None:
    ((_, content, _),) = await zips(
        [Piece(name, name.encode()) for name in ("a/x.txt", "A/X.TXT", "a/x.txt", MANIFEST)]
    )
    assert sorted(content) == ["A/X (2).TXT", "a/x (3).txt", "a/x.txt", "manifest (2).json"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/absolute", "absolute"),
        ("C:\\x", "C x"),
        ("con.txt", "_con.txt"),
        ("Lpt1", "_Lpt1"),
        ("a/. ./b. ", "a/_/b"),
        ("", "_"),
        ("日本/Über\u202e\x00\ud800.png", "日本/Über .png"),
    ],
)
async def test_names_are_safe(name: str, kept: str) -> None:
    ((_, content, _),) = await zips([Piece(name, b"")])
    assert list(content) == [kept]


@given(texts, st.sampled_from(["", ".png", ".json"]))
def test_any_text_makes_a_safe_name(text: str, end: str) -> None:
    name = safe(text + end)
    assert 1 <= len(name) <= 80
    assert len(name.encode()) <= 200
    assert not set('<>:"/\\|?*\0\n').intersection(name)
    assert name == name.strip(" .")
    assert safe(name) == name
    if any(char.isalnum() for char in text):
        assert name.endswith(end)


async def test_a_full_disk_is_said_and_nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []

    def full(archive: zipfile.ZipFile, *_: Any) -> None:
        folders.append(Path(str(archive.filename)).parent)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    closed = []

    async def pieces() -> AsyncGenerator[Piece, None]:
        try:
            yield Piece("a", b"1")
        finally:
            closed.append(True)

    with pytest.raises(StorageFull):
        async with packed(pieces(), stem="mine", room=10_000, made_at=NOW, about={}):
            raise AssertionError
    assert closed == [True]
    assert not folders[0].exists()
