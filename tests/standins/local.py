"""What the vendors' stand-ins share: a small HTTP server, faults any request may meet, and running as a process."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Fault:
    """An answer that was not hoped for. `drop` is `before` (closed without an answer) or `mid` (in the middle of the
    body); `delay` in seconds comes first; `json` is the body unless `body` is given. `raw` is the whole answer as it
    goes over the wire, after which the line is cut, or left open with `hang`; `drip` waits that long after each byte.
    """

    status: int = 500
    json: Any = None
    body: str | None = None
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: str = ""
    raw: bytes | None = None
    hang: bool = False
    drip: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was handed in, to be named by requests that follow."""

    name: str
    mime: str
    data: bytes


def wire(body: bytes, *, status: str = "200 OK", mime: str = "application/json", **headers: str | None) -> bytes:
    """An answer for `Fault.raw`. Its true length is declared, unless `content_length` says otherwise or is None."""
    lines = {"content-type": mime, "content-length": str(len(body)), "connection": "close"}
    told = {**lines, **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items() if value is not None)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


async def play(fault: Fault, request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(fault.delay)
    transport = request.transport
    if fault.drop == "before":
        if transport is not None:
            transport.abort()
        return web.Response()
    if fault.drop == "mid":
        response = web.StreamResponse(status=fault.status, headers={"Content-Length": "1000", **fault.headers})
        await response.prepare(request)
        await response.write(b'{"id": "half')
        if transport is not None:
            transport.close()
        return response
    if fault.raw is not None and transport is not None:
        await _on_the_wire(fault, fault.raw, transport)
        return web.Response()
    if fault.body is not None:
        return web.Response(
            status=fault.status, text=fault.body, content_type=fault.content_type, headers=dict(fault.headers)
        )
    return web.json_response(fault.json, status=fault.status, headers=dict(fault.headers))


async def _on_the_wire(fault: Fault, raw: bytes, transport: asyncio.Transport) -> None:
    for piece in [raw[at : at + 1] for at in range(len(raw))] if fault.drip else [raw]:
        if transport.is_closing():
            return
        transport.write(piece)
        await asyncio.sleep(fault.drip)
    while fault.hang and not transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    transport.close()


class LocalServer:
    """A server on this machine, used as `async with`. Port 0 takes any that is free."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stats(self) -> dict[str, Any]:
        raise NotImplementedError

    def queue(self, scripts: list[dict[str, Any]]) -> None:
        """Adds behaviour for the next requests, from JSON (POST /_script)."""
        raise NotImplementedError

    def routes(self, app: web.Application) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/_stats", self._stats)
        app.router.add_post("/_script", self._script)
        self.routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(self.stats())

    async def _script(self, request: web.Request) -> web.Response:
        self.queue(await request.json())
        return web.json_response({})


def arguments(what: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that every answer takes")
    return parser


def serve(make: Callable[[], LocalServer]) -> None:
    """Runs until SIGTERM or SIGINT; says on one line where it is."""

    async def run() -> None:
        ended = asyncio.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(one, ended.set)
        async with make() as server:
            print(f"ready {server.url}", flush=True)
            await ended.wait()

    asyncio.run(run())
