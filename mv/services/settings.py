"""/settings: what the managers of a server set."""

from __future__ import annotations

import logging
from typing import Any

from mv.domain.actor import Actor
from mv.domain.budget import Account
from mv.domain.ids import ChannelId, Kind, Ref, ServerId
from mv.domain.money import within
from mv.domain.settings import KEPT, MOST_DAYS, NONE, WHOLE_SERVER, Changes, Option, Rules, RulesView, Setting
from mv.domain.usage import Period, window
from mv.domain.words import nearest
from mv.domain.zones import zones
from mv.errors import Empty, MvError, NotChosen, NothingSet, OutOfRange, Unknown
from mv.ports import Transaction
from mv.services.project import find_project
from mv.services.tools import Tools
from mv.services.usage import managed

log = logging.getLogger(__name__)


class ServerSettings:
    """Managers only, but for what the bot notices by itself."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def show(self, actor: Actor) -> RulesView:
        """All that holds here. Raises ManagersOnly."""
        server = managed(actor)
        rules = await self._tools.preferences.of(server)
        numbers = {row.value for row in rules.settings if row.option is Option.PROJECT and isinstance(row.value, int)}
        names: dict[int, str] = {}
        async with self._tools.records.read() as tx:
            for number in sorted(numbers):
                project = await tx.projects.find(server, Ref(Kind.PROJECT, number))
                if project is not None and project.archived_at is None:
                    names[number] = project.name
        budget = self._tools.preferences.budget(server, rules)
        return RulesView(
            rules=rules,
            projects=names,
            flavors=frozenset(self._tools.config.flavors),
            days=await self._tools.preferences.days(server),
            undo=await self._tools.preferences.undo(server),
            zone=self._tools.preferences.zone(rules),
            budget=budget.limit if budget else None,
            spent=await self._spent(server),
        )

    async def _spent(self, server: ServerId) -> int:
        """Micro-dollars of the running month."""
        account, zone = Account.of_server(server), await self._tools.preferences.zone_of(server)
        since = window(Period.MONTH, self._tools.clock.now(), zone)[0]
        async with self._tools.records.read() as tx:
            return sum((await tx.usage.sums([account], since)).values())

    async def change(self, actor: Actor, changes: Changes) -> RulesView:
        """All of it, or nothing. Raises ManagersOnly, NothingSet, NotChosen, OutOfRange, Unknown."""
        server = managed(actor)
        _check(changes)

        async def store(tx: Transaction) -> None:
            await self._store(tx, actor, server, changes)

        try:
            await self._tools.records.transact(store)
        finally:
            self._tools.preferences.forget(server)
        return await self.show(actor)

    async def channels(self) -> tuple[tuple[ServerId, ChannelId], ...]:
        """All channels of all servers for which anything is set. Never raises."""
        try:
            async with self._tools.records.read() as tx:
                return await tx.settings.channels()
        except MvError as error:
            log.warning("the channels with settings could not be looked up: %s", error.code)
            return ()

    async def channel_gone(self, server: ServerId, channel: ChannelId) -> None:
        """What was set for a channel that was deleted goes with it. Never raises."""
        try:
            rules = await self._tools.preferences.of(server)
            if rules.notices == channel or any(row.channel_id == channel for row in rules.settings):
                async with self._tools.records.write() as tx:
                    await tx.settings.clear(server, channel)
                    if rules.notices == channel:
                        await tx.settings.clear(server, WHOLE_SERVER, Option.NOTICES)
                self._tools.preferences.forget(server)
        except MvError as error:
            log.warning("what was set for a deleted channel could not be removed: %s", error.code)

    async def _store(self, tx: Transaction, actor: Actor, server: ServerId, changes: Changes) -> None:
        def of(option: Option, channel: ChannelId, value: Any) -> Setting:
            return Setting(
                server_id=server,
                channel_id=channel,
                option=option,
                value=value,
                set_by=actor.member_id,
                set_at=self._tools.clock.now(),
            )

        place = changes.channel or WHOLE_SERVER
        if changes.flavor is not None:
            await _put(tx, of(Option.FLAVOR, place, self._flavor(changes.flavor)))
        if changes.project is not None:
            await _put(tx, of(Option.PROJECT, place, await _project(tx, server, changes.project)))
        for option, days in changes.keep.items():
            usual = getattr(self._tools.config.limits.retention, option.value)
            await _put(tx, of(option, WHOLE_SERVER, None if days == usual else days))
        if changes.budget is not None or changes.no_budget:
            await _put(tx, of(Option.BUDGET, WHOLE_SERVER, changes.budget))
        if changes.zone is not None:
            await _put(tx, of(Option.TIME_ZONE, WHOLE_SERVER, _zone(changes.zone)))
        if changes.notices is not None:
            await _put(tx, of(Option.NOTICES, WHOLE_SERVER, changes.notices))
        if changes.disallow is not None:
            await _put(tx, of(Option.ALLOWED, changes.disallow, False))
        if changes.allow is not None:
            rules = Rules(await tx.settings.of(server))
            await _put(tx, of(Option.ALLOWED, changes.allow, _allowed(rules, changes.allow)))

    def _flavor(self, given: str) -> str | None:
        """Raises Unknown."""
        return None if _is_none(given) else self._tools.config.flavor(given).name


def _check(changes: Changes) -> None:
    """What needs no look at the records."""
    defaults = changes.project is not None or changes.flavor is not None
    if not defaults and changes.channel is not None:
        raise NothingSet(given="channel")
    money = changes.budget is not None or changes.no_budget or changes.zone is not None or changes.notices is not None
    if not (defaults or changes.allow or changes.disallow or changes.keep or money):
        raise NothingSet()
    if changes.budget is not None and changes.no_budget:
        raise NotChosen(field="budget", given="with no_budget", allowed=("budget", "no_budget"))
    if changes.budget is not None:
        within("budget", changes.budget)
    if changes.allow is not None and changes.allow == changes.disallow:
        raise NotChosen(field="disallow_channel", given="the same", allowed=("another than allow_channel",))
    for option in KEPT:
        if not 0 <= changes.keep.get(option, 0) <= MOST_DAYS:
            raise OutOfRange(field=option.value, low=0, high=MOST_DAYS)


def _zone(given: str) -> str:
    """Its name as it is written. Raises Unknown."""
    known = {name.casefold(): name for name in zones()}
    found = known.get(given.strip().casefold().replace(" ", "_"))
    if found is None:
        raise Unknown(kind="time zone", given=given, nearest=nearest(given, zones()))
    return found


def _is_none(given: str) -> bool:
    return given.strip().casefold() == NONE


async def _project(tx: Transaction, server: ServerId, given: str) -> int | None:
    """Raises Unknown, Empty."""
    if _is_none(given):
        return None
    project = await find_project(tx, server, given)
    if project is None:
        raise Empty(field="project")
    return project.ref.number


def _allowed(rules: Rules, channel: ChannelId) -> bool | None:
    """What makes it allowed. To allow what alone was disallowed only takes that back (None): it names no channel to
    which the others would have to yield."""
    return None if channel in rules.disallowed and not rules.allowed else True


async def _put(tx: Transaction, setting: Setting) -> None:
    """Without a value it is cleared."""
    if setting.value is None:
        await tx.settings.clear(setting.server_id, setting.channel_id, setting.option)
    else:
        await tx.settings.put(setting)
