"""Files as ZIPs, each complete in itself and no larger than it may be, with a manifest that names every file in it by
length and SHA-256, and the other ZIPs.

`plan` decides from sizes alone which file goes where, before the first ZIP is written: their names say how many there
are, and yet only one of them need be on the disk at a time.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from mv.domain.character import MediaFile
from mv.errors import storage_error

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"
LONGEST = 80
"""Characters of a file's name; its bytes are bounded as well, for most systems count these."""
_BYTES = 240
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_MEMBER, _END = 30 + 46, 22
"""What ZIP's format takes for a member, beside its name twice, and for the whole; in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file to be: its name in the ZIP, where its bytes are, and how many bytes of a ZIP they take. What is at a path
    is deflated, media are stored as they are."""

    name: str
    source: Path | MediaFile
    size: int
    otherwise: str = ""
    """How to get it if it is too large to go along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """Files that belong together, and what the manifest says of their record. Records of one `ref` become one, with the
    `takes` of all."""

    pieces: tuple[Piece, ...]
    record: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Part:
    """What goes into one ZIP. `too_large` is larger than any may be."""

    pieces: list[Piece] = field(default_factory=list)
    records: list[Mapping[str, Any]] = field(default_factory=list)
    too_large: list[Piece] = field(default_factory=list)
    weight: int = 0
    """Bytes it takes at most, the manifest included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A finished ZIP, the `number`th `of` so many. Whoever has sent it discards it."""

    number: int
    of: int
    path: Path
    bytes: int
    too_large: tuple[Piece, ...] = ()
    gone: tuple[Piece, ...] = ()

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def discard(self) -> None:
        """Makes room for the next."""
        self.path.unlink(missing_ok=True)


def safe_name(stem: str, tail: str = "") -> str:
    """A file's name that every system takes: `stem` as far as it is safe and fits before `tail`, such as ` (v3).json`,
    which is safe already. Scripts of all kinds stay; what cannot be seen, or turns the direction of reading, goes."""
    text = unicodedata.normalize("NFC", stem)
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Zs") else char for char in text)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    text = " ".join(_FORBIDDEN.sub(" ", text).split()).lstrip(". ")[: LONGEST - len(tail)]
    text = text.encode()[: _BYTES - len(tail.encode())].decode(errors="ignore").rstrip(". ")
    name = f"{text}{tail}".strip()
    if not name or name.startswith(".") or _RESERVED.fullmatch(name):
        return f"_{text[: LONGEST - len(tail) - 1]}{tail.strip()}"
    return name


class Names:
    """Names in a ZIP: each file has one of its own, also where case makes no difference."""

    def __init__(self) -> None:
        self._taken = {MANIFEST}

    def of(self, folder: str, stem: str, tail: str = "") -> str:
        """In a `folder`, which is safe already, or in none; ` (2)` before the tail makes a difference."""
        for number in count(1):
            name = safe_name(stem, f" ({number}){tail}" if number > 1 else tail)
            path = f"{folder}/{name}" if folder else name
            if path.casefold() not in self._taken:
                break
        self._taken.add(path.casefold())
        return path


def archive_names(stem: str, parts: int) -> tuple[str, ...]:
    """`P3.zip`, or `P3_1of3.zip` and so on."""
    if parts == 1:
        return (f"{stem}.zip",)
    return tuple(f"{stem}_{number}of{parts}.zip" for number in range(1, parts + 1))


def plan(chapters: Sequence[Chapter], room: int, stem: str, head: Mapping[str, Any]) -> list[Part]:
    """Parts of `room` bytes at most, in order; there is one at least. `head` is what every manifest begins with. A
    chapter stays together if it fits into one part."""
    expected = 1
    while True:
        names = archive_names(stem, expected)
        own = _END + _weight_of(MANIFEST) + _said(manifest(head, expected, names, Part(), [], [])) + 200
        parts = _packed(chapters, room - own)
        if len(parts) <= expected:
            return parts
        expected = len(parts)


def manifest(
    head: Mapping[str, Any],
    number: int,
    names: Sequence[str],
    part: Part,
    files: Sequence[Mapping[str, Any]],
    gone: Sequence[Piece],
) -> dict[str, Any]:
    """What a part says of itself; `gone` are pieces whose bytes could not be had any more."""
    return {
        "schema_version": SCHEMA_VERSION,
        **head,
        "part": number,
        "parts": len(names),
        "archives": list(names),
        "files": list(files),
        "records": _merged(part.records),
        "left_out": [_left_out(piece, "too_large") for piece in part.too_large]
        + [_left_out(piece, "gone") for piece in gone],
    }


def packed_size(data: bytes) -> int:
    """What it takes when deflated, as `Zip` does it."""
    packer = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    return len(packer.compress(data)) + len(packer.flush())


class Zip:
    """One under way. Call it in a thread; it raises StorageError."""

    def __init__(self, path: Path, at: datetime) -> None:
        self._moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
        self.files: list[dict[str, Any]] = []
        with disk():
            self._file = path.open("w+b")
        self._zip = zipfile.ZipFile(self._file, "w")

    def add(self, piece: Piece, data: bytes) -> None:
        """A whole file."""
        self._write(piece.name, data, deflated=isinstance(piece.source, Path))
        self.files.append({"name": piece.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})

    def finish(self, content: Mapping[str, Any]) -> int:
        """Writes the manifest and closes; how many bytes it has."""
        self._write(MANIFEST, _json(content), deflated=True)
        with disk():
            self._zip.close()
            size = self._file.tell()
            self._file.close()
        return size

    def abandon(self) -> None:
        """Lets go of what broke off; the file is left as it is."""
        self._zip.fp = None
        with suppress(OSError):
            self._file.close()

    def _write(self, name: str, data: bytes, *, deflated: bool) -> None:
        info = zipfile.ZipInfo(name, self._moment)
        info.external_attr = 0o644 << 16
        with disk():
            self._zip.writestr(info, data, zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED)


@contextmanager
def disk() -> Iterator[None]:
    """What the system says of files becomes StorageError."""
    try:
        yield
    except OSError as error:
        raise storage_error(error.errno) from error


def _packed(chapters: Sequence[Chapter], room: int) -> list[Part]:
    parts = [Part()]
    for chapter in chapters:
        about = _said(chapter.record)
        whole = about + sum(map(_weight, chapter.pieces))
        if whole <= room:
            part = _with_room(parts, whole, room)
            part.records.append(chapter.record)
            part.pieces += chapter.pieces
            part.weight += whole
            continue
        for piece in chapter.pieces:
            fits = about + _weight(piece) <= room
            weight = about + (_weight(piece) if fits else _said(_left_out(piece, "too_large")))
            part = _with_room(parts, weight, room)
            part.records.append(chapter.record)
            (part.pieces if fits else part.too_large).append(piece)
            part.weight += weight
    return parts


def _with_room(parts: list[Part], weight: int, room: int) -> Part:
    """The last part, or a new one behind it."""
    if parts[-1].weight and parts[-1].weight + weight > room:
        parts.append(Part())
    return parts[-1]


def _weight(piece: Piece) -> int:
    entry = {"name": piece.name, "bytes": piece.size, "sha256": "0" * 64, "why": "", "instead": piece.otherwise}
    return _weight_of(piece.name) + piece.size + _said(entry)


def _weight_of(name: str) -> int:
    return _MEMBER + 2 * len(name.encode())


def _said(value: Any) -> int:
    """Bytes in a manifest at most: inside it every line stands further to the right, and deflating what cannot be
    deflated adds a little."""
    text = _json(value)
    size = len(text) + 6 * (text.count(b"\n") + 1)
    return size + size // 500 + 8


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def _left_out(piece: Piece, why: str) -> dict[str, Any]:
    source = piece.source
    size = source.bytes if isinstance(source, MediaFile) else piece.size
    return {"name": piece.name, "bytes": size, "why": why, "instead": piece.otherwise}


def _merged(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        if record and record["ref"] not in found:
            found[record["ref"]] = {**record, "takes": list(record["takes"])} if "takes" in record else {**record}
        elif record and "takes" in record:
            found[record["ref"]]["takes"] += record["takes"]
    return list(found.values())
