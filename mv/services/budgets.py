"""Warnings that a budget is nearly used up, or is: noted where jobs are admitted, told by whoever can."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from mv.domain.budget import Scope, Warned
from mv.domain.ids import FORMER, ChannelId, RecordId, ServerId
from mv.domain.project import Project
from mv.ports import Seen, Transaction
from mv.services.admission import Desk
from mv.services.tools import Tools

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning, and the channel where the managers read it; None if they named none. `project` is the one whose budget
    it is."""

    warned: Warned
    channel_id: ChannelId | None
    project: Project | None = None


class BudgetWatch:
    """Who tells the managers is called when there is something, asks for what is `pending`, and says `told`, so that a
    kill in between tells them once more rather than never."""

    def __init__(self, tools: Tools, desk: Desk) -> None:
        self._tools = tools
        self._desk = desk

    def call(self, heard: Callable[[], None]) -> None:
        """Whenever something is noted."""
        self._desk.warned = heard

    async def pending(self) -> tuple[Notice, ...]:
        """All that nobody was told of yet. One about all servers together is for the log alone, for they share nothing.
        Raises StorageError."""
        async with self._tools.records.read() as tx:
            warned = await tx.usage.untold()
            projects = {one: await _project(tx, one) for one in warned if one.account.scope is Scope.PROJECT}
        notices = []
        for one in warned:
            log.warning("the budget of %s is used to %s %% in %s", _whose(one), one.percent, one.month)
            server = ServerId(one.account.server_id)
            channel = None if one.account.scope is Scope.BOT else (await self._tools.preferences.of(server)).notices
            notices.append(Notice(warned=one, channel_id=channel, project=projects.get(one)))
        return tuple(notices)

    async def told(self, notice: Notice) -> None:
        """The managers were told, or cannot be. Raises StorageError."""
        now = self._tools.clock.now()
        await self._tools.records.transact(lambda tx: tx.usage.told(notice.warned, now))


async def _project(tx: Transaction, warned: Warned) -> Project | None:
    seen = Seen(server_id=warned.account.server_id, member_id=FORMER)
    return await tx.projects.get(seen, RecordId(warned.account.subject))


def _whose(warned: Warned) -> str:
    server, scope, subject = warned.account
    if scope is Scope.BOT:
        return "the whole bot"
    return f"project {subject}" if scope is Scope.PROJECT else f"server {server}"
