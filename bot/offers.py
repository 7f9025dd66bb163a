"""What autocomplete offers for each kind of option, for whichever command has one: from memory, or by one query."""

from __future__ import annotations

import asyncio
import logging
from datetime import date
from typing import TypeAlias, cast

import discord
from discord import app_commands

from bot.actor import actor_of
from bot.doors import matching, offered
from mv.app import App
from mv.config.model import SceneSuggestions
from mv.domain import zones as time_zones
from mv.domain.engine import Engine, Makes
from mv.domain.limits import CHOICES
from mv.domain.money import dollars
from mv.domain.settings import NONE
from mv.errors import MvError

log = logging.getLogger(__name__)

Choices: TypeAlias = list[app_commands.Choice[str]]
_PRICED = " · "
"""Between an engine's name and its price."""


async def scene_lists(interaction: discord.Interaction, current: str) -> Choices:
    """By number and title."""
    return await offered(_app(interaction).scenes.choices(actor_of(interaction), current))


async def characters(interaction: discord.Interaction, current: str) -> Choices:
    """By number and name; where any text is taken, any other text passes."""
    return await offered(_app(interaction).characters.choices(actor_of(interaction), current))


async def projects(interaction: discord.Interaction, current: str) -> Choices:
    """Open ones."""
    return await offered(_app(interaction).projects.choices(actor_of(interaction), current))


async def all_projects(interaction: discord.Interaction, current: str) -> Choices:
    """Archived ones too, with a mark."""
    return await offered(_app(interaction).projects.choices(actor_of(interaction), current, archived=True))


async def jobs(interaction: discord.Interaction, current: str) -> Choices:
    """By number; open ones first."""
    return await offered(_app(interaction).jobs.choices(actor_of(interaction), current))


async def flavors(interaction: discord.Interaction, current: str) -> Choices:
    """Those of configs/."""
    return matching(current, _app(interaction).config.flavors)


async def flavors_or_none(interaction: discord.Interaction, current: str) -> Choices:
    """And what takes a default away."""
    return matching(current, [*_app(interaction).config.flavors, NONE])


async def projects_or_none(interaction: discord.Interaction, current: str) -> Choices:
    """Open ones, and what takes a default away."""
    return [*(await projects(interaction, current))[: CHOICES - 1], *matching(current, [NONE])]


async def image_engines(interaction: discord.Interaction, current: str) -> Choices:
    """Engines that make pictures, shown with what one costs; the name alone is sent."""
    app = _app(interaction)
    day = app.clock.now().date()
    prices = {engine.name[:100]: _a_picture(engine, day) for engine in app.config.engines_for(Makes.IMAGES)}
    found = matching(current, prices)
    return [
        app_commands.Choice(
            name=f"{each.name[: 97 - len(prices[each.value])]}{_PRICED}{prices[each.value]}", value=each.value
        )
        for each in found
    ]


def engine_in(typed: str | None) -> str | None:
    """The name, also of one that was typed as it is shown, with its price."""
    return None if typed is None else typed.partition(_PRICED)[0]


def _a_picture(engine: Engine, day: date) -> str:
    cost = engine.picture_cost(1, day)
    if cost is None:
        return "unpriced"
    return f"{dollars(cost)} a picture" if cost else "free"


async def months(interaction: discord.Interaction, current: str) -> Choices:
    """Of the last two years, newest first; for managers."""
    try:
        found = await _app(interaction).usage_reports.months(actor_of(interaction), CHOICES)
    except MvError as error:
        log.warning("autocomplete: %s", error.code)
        return []
    low = current.casefold().strip()
    return [
        app_commands.Choice(name=f"{month} · {month.name}", value=str(month))
        for month in found
        if low in f"{month} {month.name}".casefold()
    ]


async def zones(interaction: discord.Interaction, current: str) -> Choices:
    """Time zones by their names; the first time they are read from some hundred files."""
    names = await asyncio.to_thread(time_zones.offered, current, CHOICES)
    return [app_commands.Choice(name=name, value=name) for name in names]


async def days(interaction: discord.Interaction, current: str) -> Choices:
    """How far back; any date passes as well."""
    return matching(current, ("today", "yesterday", "7 days", "30 days", "12 weeks"))


async def aspect_ratios(interaction: discord.Interaction, current: str) -> Choices:
    """What the engines take."""
    engines = _app(interaction).config.engines_for(Makes.IMAGES)
    return matching(current, dict.fromkeys(ratio for e in engines for ratio in e.aspect_ratios))


async def video_types(interaction: discord.Interaction, current: str) -> Choices:
    """What the flavor suggests; any text passes. So with the next two."""
    return matching(current, _suggested(interaction).video_type)


async def styles(interaction: discord.Interaction, current: str) -> Choices:
    """What the flavor suggests."""
    return matching(current, _suggested(interaction).style)


async def cameras(interaction: discord.Interaction, current: str) -> Choices:
    """What the flavor suggests."""
    return matching(current, _suggested(interaction).camera)


def _suggested(interaction: discord.Interaction) -> SceneSuggestions:
    """By the flavor chosen so far in the command that is being typed; the default if there is none of that name."""
    config = _app(interaction).config
    try:
        flavor = config.flavor(getattr(interaction.namespace, "flavor", None) or None)
    except MvError:
        flavor = config.flavor(None)
    return flavor.scene_params.suggestions


def _app(interaction: discord.Interaction) -> App:
    return cast("App", getattr(interaction.client, "app"))  # noqa: B009  # `MvBot`, which is above us
