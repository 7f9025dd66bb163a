"""The files of a member's own data, one after the other: a page is read, then written, and no transaction waits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import ParamSpec, TypeVar

from mv.domain.character import Character
from mv.domain.ids import MemberId, RecordId, Ref, ServerId
from mv.domain.scenes import SceneList, SceneListView
from mv.export import mydata as files
from mv.export.scenes import scenes_json, scenes_markdown
from mv.export.zips import Piece, safe_name
from mv.ports import Page, Seen, ShelfRows, Transaction
from mv.services.packing import Packing
from mv.services.tools import Tools

P = ParamSpec("P")
R = TypeVar("R", SceneList, Character)
Pieces = AsyncGenerator[Piece, None]

PAGE = 50
VERSIONS = 10
LINES = 2_000
"""Rows that are read at a time: records, versions with their scenes, and what is short."""


class OwnPieces:
    """Of one member, in one server. All go into `folder`, or into none."""

    def __init__(self, tools: Tools, packing: Packing, member_id: MemberId, server_id: ServerId, folder: str) -> None:
        self._tools = tools
        self._packing = packing
        self._member = member_id
        self._server = server_id
        self._folder = folder

    async def all(self, server_name: str) -> Pieces:
        """In the order of the README."""
        yield await self._file("", "README", ".txt", files.readme, server_name)
        for part in (self._lists, self._characters, self._takes, self._changes, self._lines):
            async for piece in part():
                yield piece

    async def _file(
        self, folder: str, stem: str, tail: str, make: Callable[P, bytes], *given: P.args, **named: P.kwargs
    ) -> Piece:
        return await self._packing.file(self._within(folder), stem, tail, make, *given, **named)

    def _within(self, folder: str) -> str:
        return "/".join(part for part in (self._folder, folder) if part)

    async def _lists(self) -> Pieces:
        async for record in self._pages(lambda tx: tx.scenes):
            stem = f"{record.ref} {record.title}"
            before: int | None = None
            while before != 1:
                async with self._tools.records.read() as tx:
                    versions = await tx.scenes.history(record.id, before=before, size=VERSIONS)
                for version in versions:
                    view = SceneListView(record=record, version=version)
                    if before is None and version is versions[0]:
                        yield await self._file("scene_lists", stem, ".md", scenes_markdown, view)
                    yield await self._file("scene_lists", stem, f" (v{version.number}).json", scenes_json, view)
                before = versions[-1].number if versions else 1

    async def _characters(self) -> Pieces:
        async for record in self._pages(lambda tx: tx.characters):
            folder = f"characters/{safe_name(f'{record.ref} {record.name}')}"
            async with self._tools.records.read() as tx:
                takes = await tx.characters.takes(record.id)
            yield await self._file(folder, "character", ".json", files.character_json, record, takes)
            for take in takes:
                yield self._packing.picture(self._within(folder), record.ref, take)

    async def _takes(self) -> Pieces:
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                found = await tx.own.takes(self._server, self._member, skip=skip, size=LINES)
            if not found:
                return
            yield await self._file("takes", "takes", ".json", files.takes_json, found)
            numbers: dict[tuple[RecordId, Ref], set[int]] = {}
            for each in found:
                if each.seen:
                    numbers.setdefault((each.character_id, each.ref), set()).add(each.number)
            for (character, ref), wanted in numbers.items():
                async with self._tools.records.read() as tx:
                    takes = await tx.characters.takes(character)
                for take in takes:
                    if take.number in wanted:
                        yield self._packing.picture(self._within(f"takes/{ref}"), ref, take)
            skip += len(found)

    async def _changes(self) -> Pieces:
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                found = await tx.own.changes(self._server, self._member, skip=skip, size=LINES)
            if not found:
                return
            yield await self._file("changes", "changes", ".json", files.changes_json, found)
            skip += len(found)

    async def _lines(self) -> Pieces:
        async with self._tools.records.read() as tx:
            projects = await tx.own.projects(self._server, self._member)
            quotas = [quota for quota in await tx.usage.quotas([self._server]) if quota.member_id == self._member]
        if projects:
            yield await self._file("", "projects", ".json", files.projects_json, projects)
        if quotas:
            yield await self._file("", "quotas", ".json", files.quotas_json, quotas)
        before: int | None = None
        while before is None or before > 1:
            async with self._tools.records.read() as tx:
                page = await tx.jobs.page(self._server, member_id=self._member, before=before, size=LINES)
            if page.rows:
                yield await self._file("jobs", "jobs", ".json", files.jobs_json, page.rows)
            before = page.before or 1
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                lines = await tx.own.entries(self._server, self._member, skip=skip, size=LINES)
            if not lines:
                return
            yield await self._file("usage", "usage", ".json", files.usage_json, lines)
            skip += len(lines)

    async def _pages(self, rows: Callable[[Transaction], ShelfRows[R]]) -> AsyncGenerator[R, None]:
        """The member's own records, newest first."""
        seen, before = Seen(server_id=self._server, member_id=self._member), None
        while True:
            async with self._tools.records.read() as tx:
                page: Page[R] = await rows(tx).page(
                    seen, project_id=None, member_id=self._member, before=before, size=PAGE
                )
            for record in page.rows:
                yield record
            before = page.before
            if before is None:
                return
