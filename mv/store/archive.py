"""A backup as one file: a ZIP of the database, deflated, and of media, as they are; with a manifest that names every
member with its length and SHA-256. Anybody's tools can open it. Memory stays flat whatever its size."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Any

from mv.errors import ArchiveUnusable

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "mv.sqlite3"
MEDIA = "media/"
PIECE = 1024 * 1024
LONGEST_MANIFEST = 1024**3


@dataclass(frozen=True, slots=True)
class Member:
    """One file."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself. `missing` are media that the database names and that were nowhere."""

    made_at: str
    schema: str
    members: Mapping[str, Member]
    missing: tuple[str, ...] = ()


class ArchiveWriter:
    """A new file that only its owner may read, beside whatever is there; a block. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", allowZip64=True)
        self._members: dict[str, Member] = {}

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._zip.close()
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._zip.fp = None  # what broke off is not finished, only let go
            self._file.close()

    def add_file(self, name: str, path: Path) -> None:
        """Deflated, in pieces."""
        with path.open("rb") as source, self._opened(name, zipfile.ZIP_DEFLATED) as target:
            shutil.copyfileobj(source, target, PIECE)

    def add(self, name: str, data: bytes) -> None:
        """As it is."""
        with self._opened(name, zipfile.ZIP_STORED) as target:
            target.write(data)

    def finish(self, manifest: Manifest) -> Manifest:
        """Writes the manifest with the members there are; returns it."""
        whole = Manifest(**{**_fields(manifest), "members": self._members})
        text = json.dumps({"format": FORMAT, **asdict(whole)}, indent=1)
        self._zip.writestr(MANIFEST, text, zipfile.ZIP_DEFLATED)
        return whole

    @contextmanager
    def _opened(self, name: str, method: int) -> Iterator[_Hashing]:
        info = zipfile.ZipInfo(name)
        info.compress_type = method
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as target:
            hashing = _Hashing(target)
            yield hashing
        self._members[name] = hashing.member


class ArchiveReader:
    """An archive whose manifest is sound and names exactly what is there; a block. Raises ArchiveUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise ArchiveUnusable(path=str(path), why="missing")
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError):
            raise ArchiveUnusable(path=str(path), why="not_ours") from None
        try:
            self.manifest = self._read()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def check(self) -> None:
        """Every byte. Raises ArchiveUnusable."""
        for name in self.manifest.members:
            self.copy(name, None)

    def copy(self, name: str, target: IO[bytes] | None) -> None:
        """In pieces; what is not as the manifest says raises ArchiveUnusable, at the latest at its end."""
        hashing, member = _Hashing(target), self.manifest.members[name]
        with self._sound(name), self._zip.open(name) as source:
            while piece := source.read(PIECE):
                if hashing.member.bytes + len(piece) > member.bytes:
                    break
                hashing.write(piece)
        if hashing.member != member:
            raise ArchiveUnusable(path=str(self._path), why="damaged", part=name)

    def _read(self) -> Manifest:
        names = self._zip.namelist()
        if MANIFEST not in names:
            raise ArchiveUnusable(path=str(self._path), why="not_ours")
        if self._zip.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
            raise ArchiveUnusable(path=str(self._path), why="damaged", part=MANIFEST)
        with self._sound(MANIFEST):
            stated = json.loads(self._zip.read(MANIFEST))
            if not isinstance(stated, dict) or not isinstance(stated.get("format"), int):
                raise ArchiveUnusable(path=str(self._path), why="not_ours")
            if stated["format"] > FORMAT:
                raise ArchiveUnusable(path=str(self._path), why="newer")
            manifest = _manifest(stated)
        if sorted(names) != sorted((MANIFEST, *manifest.members)) or DATABASE not in manifest.members:
            raise ArchiveUnusable(path=str(self._path), why="damaged", part=MANIFEST)
        for name in manifest.members:
            if name != DATABASE and not _fits(name):
                raise ArchiveUnusable(path=str(self._path), why="not_ours", part=name)
        return manifest

    @contextmanager
    def _sound(self, name: str) -> Iterator[None]:
        try:
            yield
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, TypeError
        ):  # fmt: skip
            raise ArchiveUnusable(path=str(self._path), why="damaged", part=name) from None


class _Hashing:
    """Notes length and hash of what goes through."""

    def __init__(self, target: IO[bytes] | None) -> None:
        self._target = target
        self._hash = hashlib.sha256()
        self._bytes = 0

    def write(self, data: bytes) -> int:
        """All of it; into nothing, if there is no target."""
        if self._target is not None:
            self._target.write(data)
        self._hash.update(data)
        self._bytes += len(data)
        return len(data)

    @property
    def member(self) -> Member:
        """What went through so far."""
        return Member(self._hash.hexdigest(), self._bytes)


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {"made_at": manifest.made_at, "schema": manifest.schema, "missing": manifest.missing}


def _manifest(stated: Mapping[str, Any]) -> Manifest:
    return Manifest(
        made_at=str(stated["made_at"]),
        schema=str(stated["schema"]),
        members={str(name): Member(str(m["sha256"]), int(m["bytes"])) for name, m in stated["members"].items()},
        missing=tuple(map(str, stated["missing"])),
    )


def _fits(name: str) -> bool:
    """Whether a member is a medium by a key that leads nowhere else."""
    path = PurePosixPath(name)
    plain = str(path) == name and not path.is_absolute() and not {"..", "."}.intersection(path.parts)
    return name.startswith(MEDIA) and len(path.parts) > 1 and plain and not set(name) & set("\\\0:")
