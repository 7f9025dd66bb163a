"""Scene lists that come from a file of ours. No generator runs, so nothing is counted and there is no job."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from mv.config import Config
from mv.domain.actor import Actor
from mv.domain.ids import Kind, Ref, ServerId, new_id, parse_ref
from mv.domain.scene_file import SceneFileContent, read_scene_file
from mv.domain.scenes import Change, SceneBrief, SceneList, SceneListView, SceneOrder, SceneVersion, TokenUsage
from mv.ports import Transaction
from mv.services.defaults import default_project
from mv.services.project import find_project
from mv.services.tools import Tools, server_of

ENGINE = "import"
"""Stands where others have the engine that made them."""


class SceneImports:
    """/scenes import."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def scenes(
        self, actor: Actor, data: bytes, *, project: str | None = None, private: bool | None = None
    ) -> SceneListView:
        """A new list, whose first version is what the file says, for whoever hands it in; it belongs to `project`, or
        to the one that holds where it comes in. What was its owner's alone stays so, if `private` says nothing else.
        Refs in it mean nothing here. Raises NotHere, Unknown for a project,
        FileTooLarge, NotOurs, BadFile."""
        server = server_of(actor)
        await self._tools.preferences.check(server, actor.places)
        project = project or await default_project(self._tools, actor, server)
        content = await asyncio.to_thread(read_scene_file, data)
        private = content.request.get("private") is True if private is None else private
        version = self._version(actor, content)
        async with self._tools.records.write() as tx:
            return await self._store(tx, actor, server, version, project, private)

    def _version(self, actor: Actor, content: SceneFileContent) -> SceneVersion:
        brief = _brief(self._tools.config, content)
        return SceneVersion(
            number=1,
            author_id=actor.member_id,
            created_at=self._tools.clock.now(),
            job_id=None,
            draft=content.draft,
            brief=brief,
            request=_here(content.request, brief),
            defaults_applied=_here(content.defaults_applied, brief),
            engine=ENGINE,
            model_version="",
            usage=TokenUsage(),
            cost=0,
            change=Change.IMPORT,
        )

    async def _store(
        self,
        tx: Transaction,
        actor: Actor,
        server: ServerId,
        version: SceneVersion,
        project: str | None,
        private: bool,
    ) -> SceneListView:
        found = await find_project(tx, server, project)
        numbers = await tx.next_numbers({(server, Kind.SCENE_LIST): 1})
        record = SceneList(
            id=new_id(),
            server_id=server,
            ref=Ref(Kind.SCENE_LIST, numbers[server, Kind.SCENE_LIST]),
            owner_id=actor.member_id,
            owner_name=actor.name,
            private=private,
            title=version.draft.title,
            created_at=version.created_at,
            versions=1,
            project_id=found.id if found else None,
            project_ref=found.ref if found else None,
            project_name=found.name if found else None,
        )
        await tx.scenes.add(record, version)
        return SceneListView(record=record, version=version)


def _here(said: Mapping[str, Any], brief: SceneBrief) -> dict[str, Any]:
    """A request without what it says of another server: projects, and characters that are not described in it."""
    left = {name: value for name, value in said.items() if name != "project"}
    return {**left, "character": brief.character} if "character" in left else left


def _brief(config: Config, content: SceneFileContent) -> SceneBrief:
    """What Again asks for; of a flavor that this bot does not have the default takes the place."""
    order = SceneOrder.model_validate({**content.defaults_applied, **content.request})
    character = order.character
    if parse_ref(character, Kind.CHARACTER) is not None:
        character = f"{character} (of the list that was imported)"
    flavor = config.kept_flavor(content.flavor).name
    order = order.model_copy(
        update={"character": character, "count": len(content.draft.scenes), "flavor": flavor, "project": None}
    )
    return config.fill_scenes(order)[0]
