"""Pictures taken in: checked, and stored once for every server, with the light copy that Discord shows."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mv.domain.character import MediaFile, file_name
from mv.domain.ids import ServerId, new_id
from mv.errors import StorageError
from mv.ports import Media, PreviewSpec
from mv.services.tools import Tools

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A picture that is taken in. Its files are in the store; their rows are not, until the job's last transaction."""

    original: MediaFile
    preview: MediaFile

    def plain(self) -> dict[str, Any]:
        """For the journal."""
        return {"original": asdict(self.original), "preview": asdict(self.preview)}

    @classmethod
    def of(cls, server: ServerId, value: Mapping[str, Any]) -> Print:
        """From the journal."""
        files = {name: MediaFile(**{**value[name], "server_id": server}) for name in ("original", "preview")}
        return cls(**files)


async def kept(media: Media, file: MediaFile) -> bytes:
    """A file as it was taken in. Raises KeyError if it is gone or holds something else by now, StorageError."""
    data = await media.get(file.key)
    if await _digest(data) != file.sha256:
        log.warning("the file %s holds something else than was stored", file.key)
        raise KeyError(file.key)
    return data


async def _digest(data: bytes) -> str:
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())


class Intake:
    """Takes pictures in."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def take_in(self, server: ServerId, data: bytes, spec: PreviewSpec) -> Print:
        """Raises NoPicture for what is none, StorageError. Bytes that this server has already are not stored again."""
        made = await self._tools.darkroom.develop(data, spec)
        name = file_name(self._tools.clock.now(), made.extension)
        small = f"{name.rsplit('.', 1)[0]}.preview.{made.preview_extension}"
        original = await self._keep(server, name, data, made.mime, (made.width, made.height))
        edges = (made.preview_width, made.preview_height)
        try:
            preview = await self._keep(server, small, made.preview, made.preview_mime, edges)
        except (StorageError, asyncio.CancelledError):
            await self._delete(original)
            raise
        return Print(original=original, preview=preview)

    async def discard(self, prints: Iterable[Print]) -> None:
        """Deletes files that were stored for a job that came to nothing; those that a record has stay."""
        for one in prints:
            for file in (one.original, one.preview):
                await self._delete(file)

    async def _delete(self, file: MediaFile) -> None:
        """What cannot be deleted is left behind, and logged."""
        try:
            async with self._tools.records.read() as tx:
                known = await tx.media.by_hash(file.server_id, file.sha256)
            if known is None or known.key != file.key:
                await self._tools.media.delete(file.key)
        except StorageError as error:
            log.warning("the file %s is left behind: %s", file.key, error.code)

    async def _keep(self, server: ServerId, name: str, data: bytes, mime: str, edges: tuple[int, int]) -> MediaFile:
        digest = await _digest(data)
        async with self._tools.records.read() as tx:
            known = await tx.media.by_hash(server, digest)
        if known is not None:
            try:
                await kept(self._tools.media, known)
            except KeyError:  # lost since
                await self._tools.media.put(known.key, data, mime)
            return known
        key = f"{server}/{name}"
        await self._tools.media.put(key, data, mime)
        return MediaFile(
            id=new_id(),
            server_id=server,
            key=key,
            sha256=digest,
            mime=mime,
            width=edges[0],
            height=edges[1],
            bytes=len(data),
        )
