"""The stand-in's hands over HTTP, for whoever drives it from another process."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tests.standins.discord import wire
from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.interactions import Interaction
from tests.standins.discord.standin import DiscordStandIn
from tests.standins.discord.world import Json, Member, Message


class ControlledStandIn(DiscordStandIn):
    """POST /_control/slash, /click and /submit; GET /_control/messages and /_stats (`?ready=20` waits that long for a
    bot to be connected).

    Bodies are the arguments of the method of that name, with `member` one of owner, manager, member, friend, a
    `message` or `modal` (an interaction) by its id, and `wait` seconds for the response (10)."""

    def extend(self, app: web.Application) -> None:
        """The routes above."""
        app.router.add_post("/_control/{act}", self._act)
        app.router.add_get("/_control/messages", self._list)
        app.router.add_get("/_stats", self._stats)

    async def _act(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        acts = {"slash": self._slash, "click": self._click, "submit": self._submit}
        try:
            asked = await acts[request.match_info["act"]](body)
            await asked.acknowledged(body.get("wait", 10))
            if asked.message is not None and body.get("wait", 10):
                await asked.response(body.get("wait", 10))
        except (AssertionError, KeyError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(self._told(asked))

    async def _slash(self, body: Json) -> Interaction:
        return await self.slash(body["command"], body.get("options"), member=self._who(body))

    async def _click(self, body: Json) -> Interaction:
        message = self.world.messages[int(body["message"])]
        return await self.click(message, body["which"], member=self._who(body))

    async def _submit(self, body: Json) -> Interaction:
        return await self.submit(self.hooks.interactions[int(body["modal"])], body.get("values"))

    def _who(self, body: Json) -> Member:
        name = body.get("member", "member")
        if name not in ("owner", "manager", "member", "friend"):
            raise StandInMistake(f"no {name!r} here")
        found: Member = getattr(self, name)
        return found

    def _told(self, asked: Interaction) -> Json:
        return {
            "id": str(asked.id),
            "acknowledged_after": asked.acknowledged_after,
            "callback": asked.callback,
            "message": self._shown(asked.message) if asked.message else None,
            "modal": asked.modal,
        }

    def _shown(self, message: Message) -> Json:
        return wire.message(self.world, message) | {"ephemeral": message.ephemeral, "deleted": message.deleted}

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response([self._shown(one) for one in self.messages])

    async def _stats(self, request: web.Request) -> web.Response:
        if "ready" in request.query:
            await self.ready(float(request.query["ready"]))
        refused: list[Any] = [[one.method, one.path, one.status, one.code] for one in self.requests if one.status > 299]
        told = {"requests": len(self.requests), "refused": refused[-100:], "messages": len(self.messages)}
        told |= {"connected": self.gateway.complete, "identifies": self.gateway.identifies}
        return web.json_response(told | {"resumes": self.gateway.resumes, "commands": self.commands.paths()})
