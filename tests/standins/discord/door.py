"""HTTP's side of the REST stand-in: bodies in, errors out, faults between, and a record of everything."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web

from tests.standins.discord import errors
from tests.standins.discord.bell import Bell
from tests.standins.discord.errors import ApiError
from tests.standins.discord.faults import Fault, Faults, Record
from tests.standins.discord.posts import Upload

BASE = "/api/v10"


@dataclass(slots=True)
class Call:
    """One request, read. `arrived` is `time.monotonic()` before its body was read."""

    args: dict[str, str]
    query: dict[str, str]
    arrived: float
    body: Any = None
    uploads: list[Upload] = field(default_factory=list)

    def number(self, name: str) -> int:
        """An id in the path."""
        if not self.args[name].isdecimal():
            raise errors.invalid(name, f"Value {self.args[name]!r} is not snowflake.", "NUMBER_TYPE_COERCE")
        return int(self.args[name])


Handler = Callable[[Call], Awaitable[Any]]
Route = tuple[str, str, Handler]


class Door:
    """Wraps handlers that return JSON (None is 204) or raise ApiError."""

    def __init__(self, bell: Bell) -> None:
        self.bell = bell
        self.faults = Faults()
        self.records: list[Record] = []
        self.token: str | None = None
        """The only token that is let in; None lets any in."""
        self.answer: Any = None
        """What every request is answered with, as if this were no Discord; None: what it should be."""

    def routes(self, found: list[Route]) -> list[web.RouteDef]:
        """For an aiohttp application; whatever is not found is 404, and recorded."""
        made = [web.route(method, BASE + path, self._wrap(handler)) for method, path, handler in found]
        return [*made, web.route("*", BASE + "/{rest:.*}", self._wrap(_nowhere))]

    def _wrap(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            arrived = time.monotonic()
            path = request.path.removeprefix(BASE)
            fault = self.faults.meet(request.method, path)
            record = Record(method=request.method, path=path, at=arrived)
            self.records.append(record)
            if fault is not None and fault.drop and request.transport is not None:
                await request.read()
                request.transport.abort()
                return web.Response()
            try:
                answer, record.status = await self._answer(request, handler, record, fault)
            except ApiError as error:
                answer, record.status, record.code = error.body(), error.status, error.code
            finally:
                self.bell.ring()
            if fault is not None and fault.lose and request.transport is not None:
                request.transport.abort()
            return _response(answer, record.status, fault)

        return serve

    async def _answer(
        self, request: web.Request, handler: Handler, record: Record, fault: Fault | None
    ) -> tuple[Any, int]:
        call = Call(dict(request.match_info), dict(request.query), record.at)
        call.body, call.uploads = await _read(request)
        record.body, record.files = call.body, [one.name for one in call.uploads]
        if fault is not None:
            await asyncio.sleep(fault.delay)
            refusal = fault.error()
            if refusal is not None:
                record.demanded = True
                raise refusal
        if not record.path.startswith(("/interactions/", "/webhooks/")):
            self._admit(request)
        answer = await handler(call) if self.answer is None else self.answer
        return answer, 204 if answer is None else 200

    def _admit(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bot" or not token or self.token not in (None, token):
            raise errors.unauthorized()


async def _nowhere(call: Call) -> Any:
    raise errors.not_found()


def _response(answer: Any, status: int, fault: Fault | None) -> web.Response:
    headers = {"Via": "1.1 google"}
    if fault is not None and fault.retry_after is not None:
        answer = {"message": "You are being rate limited.", "retry_after": fault.retry_after}
        answer["global"] = fault.everywhere
        headers["Retry-After"] = str(fault.retry_after)
    if status == 204:
        return web.Response(status=204, headers=headers)
    data = json.dumps(answer, separators=(",", ":")).encode()
    return web.Response(body=data, status=status, content_type="application/json", headers=headers)


async def _read(request: web.Request) -> tuple[Any, list[Upload]]:
    if request.content_type.startswith("multipart/"):
        return await _read_parts(request)
    data = await request.read()
    if not data:
        return None, []
    try:
        return json.loads(data), []
    except ValueError:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from None


async def _read_parts(request: web.Request) -> tuple[Any, list[Upload]]:
    body: Any = None
    uploads: list[Upload] = []
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        data = bytes(await part.read())
        if part.name == "payload_json":
            body = json.loads(data)
        else:
            uploads.append(Upload(part.name or "", part.filename or "unknown", data))
    return body, uploads
