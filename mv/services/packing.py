"""Exports under way: texts go to the disk as they are made, pictures are read when their turn comes, and one ZIP after
the other is made of them. Nothing here keeps more than one file in memory."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any, ParamSpec

from mv.domain.character import MediaFile, Take
from mv.domain.ids import Ref, new_id
from mv.export.zips import Archive, Chapter, Names, Part, Piece, Zip, archive_names, disk, manifest, packed_size, plan
from mv.services.intake import kept
from mv.services.tools import Tools

P = ParamSpec("P")

AT_ONCE = 2
"""Exports that are packed and sent at the same time; the others wait."""


class Packer:
    """Gives each export a folder of its own in `Tools.scratch`."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._turns = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def packing(self) -> AsyncIterator[Packing]:
        """All that it wrote is gone after the block. Raises StorageError."""
        async with self._turns:
            folder = self._tools.scratch / new_id()
            await asyncio.to_thread(_make, folder)
            try:
                yield Packing(self._tools, folder)
            finally:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


class Packing:
    """One export."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools = tools
        self._folder = folder
        self._names = Names()
        self._written = 0

    async def file(
        self, folder: str, stem: str, tail: str, make: Callable[P, bytes], *given: P.args, **named: P.kwargs
    ) -> Piece:
        """A text or whatever is made now, in a thread; named by `Names.of`. Raises StorageError."""
        name, self._written = self._names.of(folder, stem, tail), self._written + 1
        path = self._folder / str(self._written)
        return await asyncio.to_thread(lambda: _keep(name, path, make(*given, **named)))

    def place(self, name: str) -> Path:
        """For a file that is written bit by bit, by its safe name."""
        return self._folder / name

    def picture(self, folder: str, ref: Ref, take: Take) -> Piece:
        """The vendor's untouched file."""
        file, original = PurePosixPath(take.original.key), take.original
        name = self._names.of(folder, f"take {take.number} {file.stem}", file.suffix)
        way = f"/character original ref:{ref} take:{take.number}"
        return Piece(name=name, source=original, size=original.bytes, otherwise=way)

    async def archives(
        self, chapters: Sequence[Chapter], room: int, stem: str, about: Mapping[str, Any]
    ) -> AsyncGenerator[Archive, None]:
        """ZIPs of `room` bytes at most, each made when it is asked for; `about` stands in every manifest. Takes disk
        space until they are discarded. Raises StorageError."""
        head = {**about, "made_at": self._tools.clock.now().isoformat()}
        parts = await asyncio.to_thread(plan, chapters, room, stem, head)
        names = archive_names(stem, len(parts))
        for number, part in enumerate(parts, start=1):
            yield await self._archive(part, number, names, head)

    async def _archive(self, part: Part, number: int, names: Sequence[str], head: Mapping[str, Any]) -> Archive:
        path = self._folder / names[number - 1]
        under_way = await asyncio.to_thread(Zip, path, self._tools.clock.now())
        try:
            gone = [piece for piece in part.pieces if not await self._added(under_way, piece)]
            content = manifest(head, number, names, part, under_way.files, gone)
            size = await asyncio.to_thread(under_way.finish, content)
        except BaseException:
            under_way.abandon()
            raise
        return Archive(
            number=number, of=len(names), path=path, bytes=size, too_large=tuple(part.too_large), gone=tuple(gone)
        )

    async def _added(self, under_way: Zip, piece: Piece) -> bool:
        """False if its bytes are gone."""
        try:
            data = await self._bytes(piece)
        except KeyError:
            return False
        await asyncio.to_thread(under_way.add, piece, data)
        return True

    async def _bytes(self, piece: Piece) -> bytes:
        if isinstance(piece.source, MediaFile):
            return await kept(self._tools.media, piece.source)
        return await asyncio.to_thread(_read, piece.source)


def _make(folder: Path) -> None:
    with disk():
        folder.mkdir(0o700, parents=True)


def _keep(name: str, path: Path, data: bytes) -> Piece:
    with disk():
        path.write_bytes(data)
    return Piece(name=name, source=path, size=packed_size(data))


def _read(path: Path) -> bytes:
    with disk():
        return path.read_bytes()
