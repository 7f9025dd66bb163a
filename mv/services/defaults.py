"""The project and the flavor of what is made without one, where a server has chosen some."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

from mv.domain.actor import Actor
from mv.domain.character import CharacterOrder
from mv.domain.ids import Kind, Ref, ServerId
from mv.domain.project import Project
from mv.domain.scenes import SceneOrder
from mv.domain.settings import Option
from mv.errors import Unknown
from mv.services.tools import Tools

log = logging.getLogger(__name__)

O = TypeVar("O", SceneOrder, CharacterOrder)  # noqa: E741


async def with_defaults(tools: Tools, actor: Actor, server: ServerId, order: O) -> tuple[O, dict[str, Any]]:
    """The order with what holds where it was asked for, and what was filled in: the channel's come first, then the
    server's. One that is not there any more is left out, and logged."""
    if order.flavor is not None and order.project is not None:
        return order, {}
    rules = await tools.preferences.of(server)
    chosen: dict[str, Any] = {}
    flavor, project = (rules.default(option, actor.places) for option in (Option.FLAVOR, Option.PROJECT))
    if order.flavor is None and flavor is not None and (name := _flavor(tools, server, flavor)):
        chosen["flavor"] = name
    if order.project is None and project is not None and (ref := await _project(tools, server, project)):
        chosen["project"] = str(ref)
    return (order.model_copy(update=chosen), chosen) if chosen else (order, {})


def _flavor(tools: Tools, server: ServerId, given: Any) -> str | None:
    try:
        return tools.config.flavor(str(given)).name
    except Unknown:
        log.warning("server %s: its default flavor is not in configs/ any more, and is left out", server)
        return None


def with_known_flavor(tools: Tools, order: O) -> O:
    """The order as it is made once more: a flavor that left the configuration since is as if none had been named."""
    known = order.flavor is None or order.flavor.strip().lower() in tools.config.flavors
    return order if known else order.model_copy(update={"flavor": None})


def naming(asked: O, project: Project | None) -> O:
    """The order with the ref of the project that was asked for by name: who edits it later means the same one."""
    return asked.model_copy(update={"project": str(project.ref)}) if project and asked.project else asked


async def default_project(tools: Tools, actor: Actor, server: ServerId) -> str | None:
    """The ref of the project that holds where something is brought in without one."""
    chosen = (await tools.preferences.of(server)).default(Option.PROJECT, actor.places)
    ref = await _project(tools, server, chosen) if chosen is not None else None
    return str(ref) if ref else None


async def _project(tools: Tools, server: ServerId, given: Any) -> Ref | None:
    ref = Ref(Kind.PROJECT, given) if isinstance(given, int) else None
    async with tools.records.read() as tx:
        found = await tx.projects.find(server, ref) if ref is not None else None
    if found is None or found.archived_at is not None:
        log.warning("server %s: its default project %s is archived or gone, and is left out", server, ref)
        return None
    return found.ref
