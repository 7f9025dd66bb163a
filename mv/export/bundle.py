"""Many files as complete zips, none larger than there is room for, each with a manifest of hashes.

What is packed passes through one file at a time: the zips grow on disk, and nothing here keeps more than one in memory.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import re
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, ParamSpec, TypeVar

from mv.errors import StorageError, StorageFull, StorageReadOnly

P = ParamSpec("P")
T = TypeVar("T")

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
NAME = 80
"""Characters of one part of a name, at most; and as many bytes as every file system takes."""
NAME_BYTES = 200

_PACKED = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".zip", ".xlsx"))
"""What no compression makes smaller."""
_HEADERS = 30 + 46
"""What a zip adds for a file, besides its name twice: one header before it, one in the directory at the end."""
_RESERVED = 2048
"""For the end of the directory, and for what a manifest says besides its files; packed, other zips' names are short."""
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]')
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_MEANINGS = {
    StorageFull: (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    StorageReadOnly: (errno.EROFS, errno.EACCES, errno.EPERM),
}


class Piece(NamedTuple):
    """A file to pack: its name, with folders before it, and its bytes, which are None if it is gone. `otherwise` says
    how to get it where it is left out."""

    name: str
    data: bytes | None
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A finished zip. `left_out` are names of what should be in it and is not: too large, or gone."""

    path: Path
    name: str
    bytes: int
    files: int
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Part:
    """A zip that grows."""

    path: Path
    size: int = _RESERVED
    files: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[dict[str, Any]] = field(default_factory=list)


@asynccontextmanager
async def packed(
    pieces: AsyncGenerator[Piece, None], *, stem: str, room: int, made_at: datetime, about: Mapping[str, Any]
) -> AsyncIterator[tuple[Packed, ...]]:
    """The zips, in temporary files that are gone after the block: `STEM.zip`, or `STEM_1of3.zip` and so on. `room` is
    the bytes that one may have; a piece that is larger alone is left out, and its manifest says so. `about` is what
    every manifest says besides: JSON values, short ones. Raises StorageError."""
    folder = Path(await asyncio.to_thread(_storing, tempfile.mkdtemp, prefix="mv-bot-"))
    packer = _Packer(folder, stem, room, made_at)
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                await asyncio.to_thread(_storing, packer.add, piece)
        yield await asyncio.to_thread(_storing, packer.close, dict(about))
    finally:
        await asyncio.to_thread(packer.clear)


def safe(text: str, limit: int = NAME) -> str:
    """The text as one part of a name that every system takes: no slashes, controls, reserved names, nor dots and spaces
    at its ends. What letters it has stay as they are; where it is cut, an extension stays."""
    clean = " ".join(_UNSAFE.sub(" ", unicodedata.normalize("NFC", text)).split()).strip(" .")
    clean = f"_{clean}" if _DEVICES.match(clean) else clean or "_"
    if len(clean) <= limit and len(clean.encode()) <= NAME_BYTES:
        return clean
    found = _EXTENSION.search(clean)
    end = found[0] if found else ""
    stem = clean[: limit - len(end)].removesuffix(end).encode()[: NAME_BYTES - len(end)].decode(errors="ignore")
    return stem.rstrip(" .") + end


class _Packer:
    """Runs in threads, one call after the other."""

    def __init__(self, folder: Path, stem: str, room: int, made_at: datetime) -> None:
        self._folder = folder
        self._stem = safe(stem)
        self._room = room
        self._made_at = made_at.astimezone(UTC)
        self._parts = [_Part(folder / "1.zip")]
        self._archive: zipfile.ZipFile | None = None
        self._names = {MANIFEST}

    def add(self, piece: Piece) -> None:
        """Into the zip that grows, or into a new one if it is full."""
        name, data = self._name(piece.name), piece.data
        if data is None:
            self._leave_out(name, piece, {"why": "missing"})
            return
        facts = {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        plain = PurePosixPath(name).suffix.lower() in _PACKED
        size = (len(data) if plain else _deflated(data)) + _HEADERS + 2 * len(name.encode()) + len(_line(facts))
        if size + _RESERVED > self._room:
            self._leave_out(name, piece, {"why": "too large", "bytes": len(data)})
            return
        part = self._with_room(size)
        if self._archive is None:
            self._archive = zipfile.ZipFile(part.path, "w")
        self._archive.writestr(self._entry(name), data, zipfile.ZIP_STORED if plain else zipfile.ZIP_DEFLATED)
        part.files.append(facts)

    def close(self, about: dict[str, Any]) -> tuple[Packed, ...]:
        """Adds the manifests, which name all zips."""
        self._shut()
        count = len(self._parts)
        zips = [f"{self._stem}_{n}of{count}.zip" if count > 1 else f"{self._stem}.zip" for n in range(1, count + 1)]
        for number, part in enumerate(self._parts, start=1):
            manifest = {
                "schema_version": SCHEMA_VERSION,
                **about,
                "made_at": self._made_at.isoformat(timespec="seconds"),
                "part": number,
                "zips": zips,
                "files": part.files,
                "left_out": part.left_out,
            }
            with zipfile.ZipFile(part.path, "a") as archive:
                archive.writestr(self._entry(MANIFEST), _text(manifest), zipfile.ZIP_DEFLATED)
        return tuple(
            Packed(
                path=part.path,
                name=name,
                bytes=part.path.stat().st_size,
                files=len(part.files),
                left_out=tuple(str(each["name"]) for each in part.left_out),
            )
            for name, part in zip(zips, self._parts, strict=True)
        )

    def clear(self) -> None:
        """Nothing of it stays."""
        with suppress(OSError, ValueError):
            self._shut()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _shut(self) -> None:
        archive, self._archive = self._archive, None
        if archive is not None:
            archive.close()

    def _leave_out(self, name: str, piece: Piece, facts: dict[str, Any]) -> None:
        said = {"name": name, **facts, **({"otherwise": piece.otherwise} if piece.otherwise else {})}
        self._with_room(len(_line(said))).left_out.append(said)

    def _with_room(self, size: int) -> _Part:
        if self._parts[-1].size + size > self._room and self._parts[-1].size > _RESERVED:
            self._shut()
            self._parts.append(_Part(self._folder / f"{len(self._parts) + 1}.zip"))
        self._parts[-1].size += size
        return self._parts[-1]

    def _name(self, wanted: str) -> str:
        """Safe in every part, and no other file's: also where case makes no difference."""
        parts = [safe(part) for part in wanted.split("/") if part.strip()]
        path = PurePosixPath(*parts or ["_"])
        name, count = path, 1
        while str(name).casefold() in self._names:
            count += 1
            name = path.with_name(f"{path.stem[: NAME - 18]} ({count}){path.suffix}")
        self._names.add(str(name).casefold())
        return str(name)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        year = min(max(self._made_at.year, 1980), 2107)
        return zipfile.ZipInfo(name, (year, *self._made_at.timetuple()[1:6]))


def _deflated(data: bytes) -> int:
    """As `zipfile` does it."""
    press = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -15)
    return len(press.compress(data)) + len(press.flush())


def _line(facts: dict[str, Any]) -> str:
    return json.dumps(facts) + ",\n"


def _text(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode("utf-8", errors="replace")


def _storing(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """The wall: what the disk says."""
    try:
        return work(*arguments, **options)
    except OSError as error:
        for meaning, numbers in _MEANINGS.items():
            if error.errno in numbers:
                raise meaning() from error
        raise StorageError() from error
