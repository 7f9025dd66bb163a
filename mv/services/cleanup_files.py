"""Files in the clean-up: those that no take uses any more, those that no row names, and those that are not there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from mv.domain.ids import RecordId, ServerId
from mv.domain.retention import UNDER_WAY, UPLOADING, CleanUp, Tally, named_at
from mv.errors import StorageError
from mv.ports import Freed, Listed, Scraps
from mv.services.cleanup_tools import FOUND_AT_ONCE, ROWS, Batch, Keeping, parts

log = logging.getLogger(__name__)

PAGE = 1000


class Files:
    """Whose rows are gone, or never were."""

    def __init__(self, keeping: Keeping, scraps: Scraps) -> None:
        self._keeping = keeping
        self._scraps = scraps

    async def would_be_loose(self, server: ServerId, take_ids: Sequence[RecordId], tally: Tally) -> None:
        """Counts the files that would go with these takes, and those that nothing uses already."""
        async with self._keeping.records.read() as tx:
            found = {file.id: file for file in await tx.cleaning.loose(server, None)}
            found |= {file.id: file for file in await tx.cleaning.freed_by(take_ids)}
        for file in found.values():
            tally.add_file(file.bytes)

    async def remove_loose(self, server: ServerId, tally: Tally, batch: Batch) -> None:
        """First the rows, then the files. While a character job runs in that server, nothing: tomorrow again."""
        while True:
            async with self._keeping.records.read() as tx:
                loose = await tx.cleaning.loose(server, FOUND_AT_ONCE)
            if not loose:
                return
            for some in parts(loose, ROWS):
                freed = await self._remove_rows(server, [file.id for file in some], batch)
                for file in freed:
                    tally.add_file(file.bytes)
                    await self._delete(file.key)
                if not freed:
                    log.info("server %s: files that nothing uses stay while a character job runs", server)
                    return

    async def _remove_rows(self, server: ServerId, file_ids: Sequence[RecordId], batch: Batch) -> Sequence[Freed]:
        """Lasting: a power cut must not bring back rows whose files are gone."""
        return await batch(lambda tx: tx.cleaning.remove_files(server, file_ids), lasting=True)

    async def sweep(self, servers: Collection[ServerId], report: CleanUp) -> None:
        """Every folder of the media store, and what lies about in the data folder."""
        folders = {str(server) for server in servers}
        folders |= {folder for folder in await self._keeping.media.folders() if folder.isdecimal()}
        aside = await self._scraps.put_aside()
        for folder in sorted(folders):
            await self._folder(folder, report, aside=aside)
        for scrap in await self._scraps.found(self._keeping.clock.now() - UNDER_WAY):
            report.scraps.add_file(scrap.bytes)
            if not report.dry:
                await self._scraps.remove(scrap)

    async def _folder(self, folder: str, report: CleanUp, *, aside: bool) -> None:
        wanted = await self._keys(ServerId(int(folder)), f"{folder}/")
        until, doubtful = self._keeping.clock.now() - UPLOADING, []
        async for files in self._keeping.media.list(folder):
            doubtful += [file for file in files if file.key not in wanted and _is_of_before(file, until)]
            wanted.difference_update(file.key for file in files)
        report.missing += sorted(wanted)
        for some in parts(doubtful, ROWS):
            orphans, begun = await self._orphans(some)
            for file in orphans:
                older = begun is None or (named_at(file.key) or begun) < begun.replace(microsecond=0)
                tally = report.held if aside else report.older if older else report.orphans
                tally.add_file(file.bytes)
                if tally is report.orphans and not report.dry:
                    await self._delete(file.key)

    async def _keys(self, server: ServerId, beginning: str) -> set[str]:
        """All that rows of a server name in its folder."""
        keys: set[str] = set()
        after = ""
        while True:
            async with self._keeping.records.read() as tx:
                page = await tx.cleaning.files(server, after, PAGE)
            keys.update(file.key for file in page if file.key.startswith(beginning))
            if len(page) < PAGE:
                return keys
            after = page[-1].sha256

    async def _orphans(self, files: Sequence[Listed]) -> tuple[list[Listed], datetime | None]:
        """Those that neither a row nor the journal of an open job names, at one moment: a job's last transaction stores
        the rows and ends it. And since when there are records at all."""
        async with self._keeping.records.read() as tx:
            named = set(await tx.cleaning.named([file.key for file in files]))
            for job in await tx.jobs.unfinished():
                for step in await tx.jobs.steps(job.id):
                    named.update(_keys_in(step.value.get("files")))
            begun = await tx.cleaning.begun()
        return [file for file in files if file.key not in named], begun

    async def _delete(self, key: str) -> None:
        """What cannot be deleted is an orphan, and swept another day."""
        try:
            await self._keeping.media.delete(key)
        except StorageError as error:
            log.warning("the file %s is left behind: %s", key, error.code)


def _is_of_before(file: Listed, until: datetime) -> bool:
    return named_at(file.key) is not None and file.modified <= until


def _keys_in(files: object) -> list[str]:
    """The keys of what a step has taken in, as `Print.plain` notes it."""
    if not isinstance(files, list):
        return []
    sides = (side for one in files if isinstance(one, dict) for side in one.values() if isinstance(side, dict))
    return [str(side["key"]) for side in sides if "key" in side]
