"""The files of a member's own data, one after the other: a page is read, then packed, and no transaction waits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

from mv.domain.character import Character, Take
from mv.domain.ids import MemberId, RecordId, ServerId
from mv.domain.scenes import SceneList, SceneListView
from mv.export import mydata as files
from mv.export.bundle import Piece, safe
from mv.export.scenes import scenes_json, scenes_markdown
from mv.ports import Page, Seen, ShelfRows, Transaction
from mv.services.intake import kept
from mv.services.tools import Tools

R = TypeVar("R", SceneList, Character)
Files = AsyncGenerator[Piece, None]

PAGE = 50
VERSIONS = 10
LINES = 2_000
"""Rows that are read at a time: records, versions with their scenes, and what is short."""


class Pieces:
    """Of one member. `folders`: a folder for each server."""

    def __init__(self, tools: Tools, member_id: MemberId, *, folders: bool) -> None:
        self._tools = tools
        self._member = member_id
        self._folders = folders

    async def of(self, servers: Mapping[ServerId, str]) -> Files:
        """All files of these servers, by their names."""
        for server, name in servers.items():
            folder = f"{safe(name, 60)} {server}/" if self._folders else ""
            yield Piece(f"{folder}README.txt", files.readme(name))
            for part in (self._lists, self._characters, self._takes, self._changes, self._lines):
                async for piece in part(server):
                    yield piece._replace(name=folder + piece.name)

    async def _lists(self, server: ServerId) -> Files:
        async for record in self._pages(server, lambda tx: tx.scenes):
            name = f"scene_lists/{record.ref} {safe(record.title, 40)}"
            before: int | None = None
            while before != 1:
                async with self._tools.records.read() as tx:
                    versions = await tx.scenes.history(record.id, before=before, size=VERSIONS)
                for version in versions:
                    view = SceneListView(record=record, version=version)
                    if before is None and version is versions[0]:
                        yield Piece(f"{name}.md", scenes_markdown(view))
                    yield Piece(f"{name} (v{version.number}).json", scenes_json(view))
                before = versions[-1].number if versions else 1

    async def _characters(self, server: ServerId) -> Files:
        async for record in self._pages(server, lambda tx: tx.characters):
            name = f"characters/{record.ref} {safe(record.name, 40)}"
            async with self._tools.records.read() as tx:
                takes = await tx.characters.takes(record.id)
            yield Piece(f"{name}/character.json", files.character_json(record, takes))
            for take in takes:
                yield await self._picture(name, take, str(record.ref))

    async def _picture(self, folder: str, take: Take, ref: str) -> Piece:
        """The vendor's own file."""
        name = f"{folder}/take {take.number} {PurePosixPath(take.original.key).name}"
        try:
            data = await kept(self._tools.media, take.original)
        except KeyError:
            return Piece(name, None)
        return Piece(name, data, f"/character original ref:{ref} take:{take.number}")

    async def _takes(self, server: ServerId) -> Files:
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                found = await tx.own.takes(server, self._member, skip=skip, size=LINES)
            if not found:
                return
            yield Piece("takes/takes.json", files.takes_json(found))
            numbers: dict[RecordId, set[int]] = {}
            for each in found:
                if each.seen:
                    numbers.setdefault(each.character_id, set()).add(each.number)
            refs = {each.character_id: str(each.ref) for each in found}
            for character, wanted in numbers.items():
                async with self._tools.records.read() as tx:
                    takes = await tx.characters.takes(character)
                for take in takes:
                    if take.number in wanted:
                        yield await self._picture(f"takes/{refs[character]}", take, refs[character])
            skip += len(found)

    async def _changes(self, server: ServerId) -> Files:
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                found = await tx.own.changes(server, self._member, skip=skip, size=LINES)
            if not found:
                return
            yield Piece("changes/changes.json", files.changes_json(found))
            skip += len(found)

    async def _lines(self, server: ServerId) -> Files:
        async with self._tools.records.read() as tx:
            projects = await tx.own.projects(server, self._member)
            quotas = [quota for quota in await tx.usage.quotas([server]) if quota.member_id == self._member]
        if projects:
            yield Piece("projects.json", files.projects_json(projects))
        if quotas:
            yield Piece("quotas.json", files.quotas_json(quotas))
        before: int | None = None
        while before is None or before > 1:
            async with self._tools.records.read() as tx:
                page = await tx.jobs.page(server, member_id=self._member, before=before, size=LINES)
            if page.rows:
                yield Piece("jobs/jobs.json", files.jobs_json(page.rows))
            before = page.before or 1
        skip = 0
        while True:
            async with self._tools.records.read() as tx:
                lines = await tx.own.entries(server, self._member, skip=skip, size=LINES)
            if not lines:
                return
            yield Piece("usage/usage.json", files.usage_json(lines))
            skip += len(lines)

    async def _pages(self, server: ServerId, rows: Callable[[Transaction], ShelfRows[R]]) -> AsyncGenerator[R, None]:
        """The member's own records, newest first."""
        seen, before = Seen(server_id=server, member_id=self._member), None
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
