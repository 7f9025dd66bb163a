"""A small Replicate on this machine: create, get, list, cancel, uploads and file delivery, with any fault on order.

As a process: `python -m tests.standins.replicate --port 8901 --delay 0.5`; it prints `ready http://127.0.0.1:8901`.
GET /_stats counts what was asked and accepted, per prediction's marker (its prompt and seed), so that a second payment
shows. POST /_script takes a list of Scripts as JSON for the next creates.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from tests.standins.local import Fault, LocalServer, Upload, arguments, play, serve
from tests.standins.pictures import MIMES, bomb, picture

HUGE = 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Script:
    """How one create, and the prediction it makes, goes.

    `output` is list, string, data (a data URI), or the value itself; `{base}` and `{id}` are filled in. `status` may be
    `never`. `file` is picture, html, empty, truncated, huge (streamed), declared (200 MB by its header) or bomb; or
    `data` is the file, and `only` the numbers of those files that are so, where the others are pictures.
    """

    create: Fault | None = None
    accepted: bool | None = None
    """Whether there is a prediction although the create met a fault. None: no."""
    gets: tuple[Fault, ...] = ()
    files: tuple[Fault, ...] = ()
    status: str = "succeeded"
    error: str | None = None
    output: Any = "list"
    file: str = "picture"
    data: bytes | None = None
    only: tuple[int, ...] | None = None
    delay: float | None = None


@dataclass(kw_only=True)
class Prediction:
    id: str
    model: str
    version: str
    input: Mapping[str, Any]
    script: Script
    delay: float
    base: str
    made: float = field(default_factory=time.monotonic)
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat().replace("+00:00", "Z"))
    canceled: bool = False
    gets: deque[Fault] = field(default_factory=deque)
    files: deque[Fault] = field(default_factory=deque)

    @property
    def marker(self) -> str:
        return f"{self.input.get('prompt', '')}#{self.input.get('seed', '')}"

    @property
    def extension(self) -> str:
        asked = str(self.input.get("output_format", "png"))
        return asked if asked in MIMES else "png"

    @property
    def images(self) -> int:
        return int(self.input.get("num_outputs", self.input.get("number_of_images", 1)))

    @property
    def status(self) -> str:
        if self.canceled:
            return "canceled"
        age = time.monotonic() - self.made
        if self.script.status == "never" or age < self.delay:
            return "starting" if age < self.delay / 5 else "processing"
        return self.script.status

    def output(self, edge: int) -> Any:
        wanted = self.script.output
        links = [f"{self.base}/files/{self.id}/{n}.{self.extension}" for n in range(self.images)]
        if wanted == "list":
            return links
        if wanted == "string":
            return links[0]
        if wanted == "data":
            data = base64.b64encode(self.bytes(0, edge)).decode()
            return f"data:{MIMES[self.extension]};base64,{data}"
        return self._filled(wanted)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if isinstance(value, str):
            return value.replace("{base}", self.base).replace("{id}", self.id)
        return value

    def bytes(self, number: int, edge: int) -> bytes:
        return picture(f"{self.id}/{number}", str(self.input.get("aspect_ratio", "1:1")), self.extension, edge)

    def json(self, edge: int) -> dict[str, Any]:
        status = self.status
        return {
            "id": self.id,
            "model": self.model,
            "version": self.version,
            "input": self.input,
            "status": status,
            "output": self.output(edge) if status == "succeeded" else None,
            "error": self.script.error if status == "failed" else None,
            "logs": "",
            "metrics": {"predict_time": self.delay},
            "created_at": self.created_at,
            "started_at": None if status == "starting" else self.created_at,
            "completed_at": None if status in {"starting", "processing"} else self.created_at,
            "data_removed": False,
            "source": "api",
            "urls": {"get": f"{self.base}/v1/predictions/{self.id}", "stream": None},
        }


class ReplicateStandIn(LocalServer):
    """`script` holds the behaviour of the next creates, in order; after it, or with `decide`, all goes well."""

    def __init__(
        self,
        port: int = 0,
        *,
        delay: float = 0.0,
        edge: int = 256,
        script: Iterable[Script] = (),
        decide: Callable[[Mapping[str, Any]], Script] | None = None,
    ) -> None:
        super().__init__(port)
        self.delay, self.edge = delay, edge
        self.script = deque(script)
        self.decide = decide
        self.listing: Fault | None = None
        self.uploading: deque[Fault] = deque()
        """How the next uploads go wrong."""
        self.uploads: dict[str, Upload] = {}
        """By their addresses."""
        self.predictions: dict[str, Prediction] = {}
        self.counts: Counter[str] = Counter()
        self.by_marker: dict[str, Counter[str]] = {}

    def stats(self) -> dict[str, Any]:
        names = (
            "creates",
            "accepted",
            "gets",
            "lists",
            "cancels",
            "uploads",
            "downloads",
            "bytes_sent",
            "tokens_leaked",
        )
        counted = {name: self.counts[name] for name in names}
        twice = sum(max(0, one["accepted"] - 1) for one in self.by_marker.values())
        return {**counted, "accepted_twice": twice, "by_marker": {key: dict(n) for key, n in self.by_marker.items()}}

    def queue(self, scripts: list[dict[str, Any]]) -> None:
        for one in scripts:
            create = Fault(**one.pop("create")) if one.get("create") else None
            gets, files = (tuple(Fault(**fault) for fault in one.pop(key, ())) for key in ("gets", "files"))
            self.script.append(Script(**{**one, "create": create, "gets": gets, "files": files}))

    def forget(self, id: str) -> None:
        """As after the hour for which Replicate keeps things."""
        del self.predictions[id]

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/v1/models/{owner}/{name}/predictions", self._create)
        app.router.add_post("/v1/predictions", self._create)
        app.router.add_get("/v1/predictions", self._list)
        app.router.add_get("/v1/predictions/{id}", self._get)
        app.router.add_post("/v1/predictions/{id}/cancel", self._cancel)
        app.router.add_get("/files/{id}/{file}", self._file)
        app.router.add_post("/v1/files", self._upload)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        self.counts["uploads"] += 1
        if (refusal := _unauthorized(request)) is not None:
            return refusal
        content = (await request.post())["content"]
        if self.uploading:
            return await play(self.uploading.popleft(), request)
        assert isinstance(content, web.FileField)
        id = f"f{self.port}x{len(self.uploads) + 1:06d}"
        address = f"{self.url}/v1/files/{id}"
        self.uploads[address] = Upload(name=content.filename, mime=content.content_type, data=content.file.read())
        told = {"id": id, "name": content.filename, "content_type": content.content_type, "urls": {"get": address}}
        return web.json_response({**told, "size": len(self.uploads[address].data), "expires_at": None}, status=201)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if (refusal := _unauthorized(request)) is not None:
            return refusal
        body = await request.json()
        self.counts["creates"] += 1
        script = self._next(body.get("input", {}))
        made: Prediction | None = None
        if script.create is None or script.accepted:
            made = self._accept(request, body, script)
        marker = f"{body['input'].get('prompt', '')}#{body['input'].get('seed', '')}"
        self.by_marker.setdefault(marker, Counter())["creates"] += 1
        if script.create is not None:
            return await play(script.create, request)
        assert made is not None
        return web.json_response(made.json(self.edge), status=201)

    def _next(self, values: Mapping[str, Any]) -> Script:
        if self.script:
            return self.script.popleft()
        return self.decide(values) if self.decide else Script()

    def _accept(self, request: web.Request, body: Mapping[str, Any], script: Script) -> Prediction:
        number = len(self.predictions) + 1
        owner, name = request.match_info.get("owner", "someone"), request.match_info.get("name", "something")
        made = Prediction(
            id=f"p{self.port}x{number:06d}",
            model=f"{owner}/{name}",
            version=body.get("version", "hidden"),
            input=body["input"],
            script=script,
            delay=self.delay if script.delay is None else script.delay,
            base=self.url,
            gets=deque(script.gets),
            files=deque(script.files),
        )
        self.predictions[made.id] = made
        self.counts["accepted"] += 1
        self.by_marker.setdefault(made.marker, Counter())["accepted"] += 1
        return made

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self.counts["gets"] += 1
        if (refusal := _unauthorized(request)) is not None:
            return refusal
        found = self.predictions.get(request.match_info["id"])
        if found is None:
            return web.json_response({"detail": "Prediction not found.", "status": 404}, status=404)
        if found.gets:
            return await play(found.gets.popleft(), request)
        return web.json_response(found.json(self.edge))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.counts["lists"] += 1
        if self.listing is not None:
            return await play(self.listing, request)
        start = int(request.query.get("cursor", 0))
        newest = list(reversed(self.predictions.values()))
        more = f"{self.url}/v1/predictions?cursor={start + 100}" if len(newest) > start + 100 else None
        page = [one.json(self.edge) for one in newest[start : start + 100]]
        return web.json_response({"previous": None, "next": more, "results": page})

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        self.counts["cancels"] += 1
        found = self.predictions.get(request.match_info["id"])
        if found is None:
            return web.json_response({"detail": "Prediction not found.", "status": 404}, status=404)
        found.canceled = found.canceled or found.status in {"starting", "processing"}
        self.by_marker[found.marker]["cancels"] += 1
        return web.json_response(found.json(self.edge))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self.counts["downloads"] += 1
        self.counts["tokens_leaked"] += "Authorization" in request.headers
        found = self.predictions.get(request.match_info["id"])
        if found is None:
            return web.Response(status=404)
        if found.files:
            return await play(found.files.popleft(), request)
        number = int(request.match_info["file"].partition(".")[0])
        return await self._deliver(found, number, request)

    async def _deliver(self, found: Prediction, number: int, request: web.Request) -> web.StreamResponse:
        script = found.script if found.script.only is None or number in found.script.only else Script()
        mime, kind = MIMES[found.extension], script.file
        if script.data is not None:
            return web.Response(body=script.data, content_type=mime)
        if kind in {"huge", "declared"}:
            return await self._flood(request, mime, declared=kind == "declared")
        if kind == "html":
            return web.Response(text="<html>sorry</html>", content_type="text/html")
        if kind == "empty":
            return web.Response(body=b"", content_type=mime)
        if kind == "bomb":
            return web.Response(body=bomb(), content_type="image/png")
        data = await asyncio.to_thread(found.bytes, number, self.edge)
        if kind == "truncated":
            data = data[: len(data) // 2]
        return web.Response(body=data, content_type=mime)

    async def _flood(self, request: web.Request, mime: str, *, declared: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": mime})
        if declared:
            response.content_length = HUGE
        await response.prepare(request)
        chunk = bytes(256 * 1024)
        for _ in range(HUGE // len(chunk)):
            await response.write(chunk)
            self.counts["bytes_sent"] += len(chunk)
        return response


def _unauthorized(request: web.Request) -> web.Response | None:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token and token != "wrong-token":
        return None
    said = {"title": "Unauthenticated", "detail": f"The token {token} is not valid", "status": 401}
    return web.json_response(said, status=401)


if __name__ == "__main__":
    parser = arguments("A small Replicate on this machine")
    parser.add_argument("--edge", type=int, default=1024, help="longest edge of its pictures, in pixels")
    asked = parser.parse_args()
    serve(lambda: ReplicateStandIn(asked.port, delay=asked.delay, edge=asked.edge))
