"""REST routes by an interaction's token: the first answer, its edits, follow-ups."""

from __future__ import annotations

from typing import Any

from tests.standins.discord import errors, limits, posts, wire
from tests.standins.discord.door import Call, Route
from tests.standins.discord.interactions import Callback, Interaction, Kind
from tests.standins.discord.rest import Rest
from tests.standins.discord.world import EPHEMERAL, Json, Message, World

ALLOWED = {
    Kind.COMMAND: {Callback.MESSAGE, Callback.DEFERRED, Callback.MODAL},
    Kind.CLICK: set(Callback) - {Callback.CHOICES},
    Kind.SUBMIT: set(Callback) - {Callback.CHOICES, Callback.MODAL},
    Kind.AUTOCOMPLETE: {Callback.CHOICES},
}


class Hooks:
    """Handlers without the bot's token. `answer_seconds` is the time for the first answer."""

    def __init__(self, world: World, rest: Rest, answer_seconds: float) -> None:
        self.world = world
        self.rest = rest
        self.answer_seconds = answer_seconds
        self.interactions: dict[int, Interaction] = {}
        self.by_token: dict[str, Interaction] = {}

    def add(self, asked: Interaction) -> None:
        """From now on it can be answered."""
        self.interactions[asked.id] = asked
        self.by_token[asked.token] = asked

    def routes(self) -> list[Route]:
        """All of them."""
        hook = "/webhooks/{application}/{token}"
        return [
            ("POST", "/interactions/{interaction}/{token}/callback", self.callback),
            ("POST", hook, self.follow_up),
            ("GET", hook + "/messages/{message}", self.get),
            ("PATCH", hook + "/messages/{message}", self.edit),
            ("DELETE", hook + "/messages/{message}", self.delete),
        ]

    async def callback(self, call: Call) -> Any:
        """The first answer."""
        asked = self.interactions.get(call.number("interaction"))
        if asked is None or asked.token != call.args["token"]:
            raise errors.unknown_interaction()
        if asked.acknowledged_at is not None:
            raise errors.already_acknowledged()
        if call.arrived - asked.sent_at > self.answer_seconds:
            asked.late_at = call.arrived
            raise errors.unknown_interaction()
        kind = _kind(asked, call.body["type"])
        await self._first(asked, kind, call.body.get("data") or {}, call)
        asked.callback = kind
        asked.acknowledged_at = call.arrived
        return self._receipt(asked) if call.query.get("with_response") in ("1", "true") else None

    async def _first(self, asked: Interaction, kind: Callback, data: Json, call: Call) -> None:
        if kind is Callback.MODAL:
            limits.modal(data)
            asked.modal = {**data, "components": wire.numbered(data["components"])}
        elif kind is Callback.CHOICES:
            limits.choices(data.get("choices") or [])
            asked.choices = data.get("choices") or []
        elif kind is Callback.UPDATE:
            assert asked.source is not None
            posts.amend(self.world, asked.source, data, call.uploads)
            asked.message = asked.source
            await self.rest.tell("MESSAGE_UPDATE", asked.source)
        elif kind is Callback.DEFERRED_UPDATE:
            asked.message = asked.source
        else:
            asked.message = await self._post(asked, data, call, loading=kind is Callback.DEFERRED)

    async def _post(self, asked: Interaction, data: Json, call: Call, *, loading: bool = False) -> Message:
        body = {"flags": data.get("flags")} if loading else data
        message = posts.create(self.world, asked.channel, self.world.bot, body, call.uploads, loading=loading)
        message.webhook = True
        message.asker_id = asked.user.id
        owners = {"0": str(asked.channel.guild.id if asked.channel.guild else 0)}
        message.interaction = {"id": str(asked.id), "type": int(asked.kind), "user": wire.user(asked.user)}
        message.interaction["authorizing_integration_owners"] = owners
        await self.rest.tell("MESSAGE_CREATE", message)
        return message

    def _receipt(self, asked: Interaction) -> Json:
        told: Json = {"id": str(asked.id), "type": int(asked.kind)}
        answer: Json = {"interaction": told}
        if asked.message is not None:
            told["response_message_id"] = str(asked.message.id)
            told["response_message_loading"] = asked.message.thinking
            told["response_message_ephemeral"] = asked.message.ephemeral
        if asked.callback in (Callback.MESSAGE, Callback.UPDATE) and asked.message is not None:
            answer["resource"] = {"type": int(asked.callback), "message": wire.message(self.world, asked.message)}
        return answer

    def _asked(self, call: Call) -> Interaction:
        asked = self.by_token.get(call.args["token"])
        if asked is None or call.number("application") != self.world.bot.id or asked.acknowledged_at is None:
            raise errors.unknown_webhook()
        if call.arrived >= asked.token_expires_at:
            raise errors.token_expired()
        return asked

    def _message(self, call: Call) -> tuple[Interaction, Message]:
        asked = self._asked(call)
        known = [asked.message, *asked.followups]
        if call.args["message"] == "@original":
            message = asked.message
        else:
            message = next((one for one in known if one is not None and one.id == call.number("message")), None)
        if message is None or message.deleted:
            raise errors.unknown_message()
        return asked, message

    async def follow_up(self, call: Call) -> Any:
        """A further message; the first one after a defer becomes the response itself."""
        asked = self._asked(call)
        if asked.message is not None and asked.message.thinking and not asked.message.deleted:
            posts.amend(self.world, asked.message, _without_flags(call.body), call.uploads)
            return await self.rest.tell("MESSAGE_UPDATE", asked.message)
        message = await self._post(asked, call.body, call)
        asked.followups.append(message)
        return wire.message(self.world, message)

    async def get(self, call: Call) -> Any:
        """The response or a follow-up, ephemeral ones too."""
        return wire.message(self.world, self._message(call)[1])

    async def edit(self, call: Call) -> Any:
        """Of the response or a follow-up."""
        _, message = self._message(call)
        posts.amend(self.world, message, _without_flags(call.body), call.uploads)
        return await self.rest.tell("MESSAGE_UPDATE", message)

    async def delete(self, call: Call) -> Any:
        """Of the response or a follow-up."""
        _, message = self._message(call)
        message.deleted = True
        await self.rest.tell("MESSAGE_DELETE", message)


def _without_flags(body: Json) -> Json:
    """An edit cannot change visibility."""
    return {key: value for key, value in body.items() if key != "flags" or not value & EPHEMERAL}


def _kind(asked: Interaction, number: int) -> Callback:
    try:
        kind = Callback(number)
    except ValueError:
        raise errors.invalid("type", f"Value {number} is unknown", "BASE_TYPE_CHOICES") from None
    needs_source = kind in (Callback.UPDATE, Callback.DEFERRED_UPDATE)
    if kind not in ALLOWED[asked.kind] or (needs_source and asked.source is None):
        raise errors.invalid("type", f"{kind.name} is no answer to {asked.kind.name}", "BASE_TYPE_CHOICES")
    return kind
