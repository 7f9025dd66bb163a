"""A small Gemini on this machine, for what llmock cannot say: blocks, finish reasons, usage, scenes that fit, pictures
and the files that they go by.

As a process: `python -m tests.standins.gemini --port 8902 --delay 1`; it prints `ready http://127.0.0.1:8902`. It
speaks generateContent and resumable uploads on v1 and v1beta. GET /_stats counts the calls, per prompt; POST /_script
takes a list of Replies as JSON for the next calls.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from tests.standins.local import Fault, LocalServer, Upload, arguments, play, serve
from tests.standins.pictures import picture

USAGE = {"promptTokenCount": 120, "candidatesTokenCount": 800, "thoughtsTokenCount": 60, "totalTokenCount": 980}
_SIZES = ("EWS", "WS", "MS", "CU", "FS", "MCU", "ECU", "INSERT")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How one call is answered. Left alone, it holds exactly the scenes, or the picture, that was asked for.

    `scenes` is another count; `change` is laid over every scene; `payload` or `text` stand for the whole answer; of the
    text, `cut` characters are kept. `data` stands for the picture, or `base64` for its text; `drafts` come before it.
    """

    fault: Fault | None = None
    delay: float | None = None
    block_reason: str | None = None
    finish_reason: str | None = "STOP"
    candidates: bool = True
    scenes: int | None = None
    change: Mapping[str, Any] = field(default_factory=dict)
    payload: Any = None
    text: str | None = None
    cut: int | None = None
    data: bytes | None = None
    base64: str | None = None
    drafts: int = 0
    usage: Mapping[str, Any] | None = field(default_factory=lambda: USAGE)
    model_version: str | None = None


def refusal(
    code: int, status: str, message: str, *details: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Fault:
    """An error as Google words it."""
    error = {"code": code, "message": message, "status": status, "details": list(details)}
    return Fault(status=code, json={"error": error}, headers=headers or {})


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(identifier: str, value: str) -> dict[str, Any]:
    violation = {"quotaId": identifier, "quotaValue": value}
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


BAD_KEY = refusal(
    400,
    "INVALID_ARGUMENT",
    "API key not valid. Please pass a valid API key.",
    {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"},
)


NO_FILE = refusal(403, "PERMISSION_DENIED", "You do not have permission to access the File f1 or it may not exist.")


class GeminiStandIn(LocalServer):
    """`script` holds the answers to the next calls, in order; after it, or with `decide`, all goes well."""

    def __init__(
        self,
        port: int = 0,
        *,
        delay: float = 0.0,
        edge: int = 64,
        script: Iterable[Reply] = (),
        decide: Callable[[str], Reply] | None = None,
    ) -> None:
        super().__init__(port)
        self.delay, self.edge = delay, edge
        self.script = deque(script)
        self.decide = decide
        self.calls = 0
        self.answered = 0
        self.by_marker: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=1000)
        """The bodies, with `_model`, `_version` and `_headers` added."""
        self.uploads = 0
        self.upload_keys: list[str | None] = []
        """The key that came with each request of an upload."""
        self.uploading: deque[Fault] = deque()
        """How the next requests of uploads go wrong: one is to begin, then there is one for every 8 MB."""
        self.files: dict[str, Upload] = {}
        """By their addresses."""
        self._begun: dict[str, tuple[Upload, bytearray]] = {}

    def stats(self) -> dict[str, Any]:
        return {"calls": self.calls, "answered": self.answered, "by_marker": dict(self.by_marker)}

    def queue(self, scripts: list[dict[str, Any]]) -> None:
        for one in scripts:
            fault = Fault(**one.pop("fault")) if one.get("fault") else None
            self.script.append(Reply(**{**one, "fault": fault}))

    def routes(self, app: web.Application) -> None:
        app.router.add_post("/{version:v1|v1beta}/models/{call}", self._call)
        app.router.add_post("/upload/{version:v1|v1beta}/files", self._upload)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        model, _, method = request.match_info["call"].partition(":")
        if method != "generateContent":
            return await play(refusal(404, "NOT_FOUND", f"no method {method}"), request)
        body = await request.json()
        headers = {key.lower(): value for key, value in request.headers.items()}
        self.requests.append({**body, "_model": model, "_version": request.match_info["version"], "_headers": headers})
        prompt = _prompt(body)
        self.calls += 1
        self.by_marker[prompt] += 1
        if headers.get("x-goog-api-key", "wrong-key") == "wrong-key":
            return await play(BAD_KEY, request)
        reply = self.script.popleft() if self.script else self.decide(prompt) if self.decide else Reply()
        await asyncio.sleep(self.delay if reply.delay is None else reply.delay)
        if reply.fault is not None:
            return await play(reply.fault, request)
        if any(uri not in self.files for uri in references(body)):
            return await play(NO_FILE, request)
        self.answered += 1
        drawn = await asyncio.to_thread(self._parts, reply, body, self.answered) if wants_picture(body) else None
        return web.json_response(_answer(reply, body, model, drawn))

    def _parts(self, reply: Reply, body: Mapping[str, Any], number: int) -> list[dict[str, Any]]:
        """Those of an answer with a picture; never the same one twice."""
        ratio = body["generationConfig"].get("imageConfig", {}).get("aspectRatio", "1:1")
        drafts = [picture(f"draft {draft}", ratio, "png", self.edge) for draft in range(reply.drafts)]
        last = reply.data if reply.data is not None else picture(f"{number}", ratio, "png", self.edge)
        parts: list[dict[str, Any]] = [{"text": "A draft.", "thought": True}] if drafts else []
        parts += [{**_inline(base64.b64encode(one).decode()), "thought": True} for one in drafts]
        text = base64.b64encode(last).decode() if reply.base64 is None else reply.base64
        return [*parts, *([{"text": "Here it is."}] if drafts else []), _inline(text)]

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        headers = request.headers
        self.upload_keys.append(headers.get("x-goog-api-key"))
        body = await request.read()
        if headers["X-Goog-Upload-Command"] == "start":
            self.uploads += 1
            if headers.get("x-goog-api-key", "wrong-key") == "wrong-key":
                return await play(BAD_KEY, request)
        if self.uploading:
            return await play(self.uploading.popleft(), request)
        if headers["X-Goog-Upload-Command"] == "start":
            return self._begin(request, json.loads(body)["file"])
        upload, data = self._begun[request.query["upload_id"]]
        assert int(headers["X-Goog-Upload-Offset"]) == len(data)
        data += body
        if "finalize" not in headers["X-Goog-Upload-Command"]:
            return web.Response(headers={"X-Goog-Upload-Status": "active"})
        name = f"files/f{self.port}x{len(self.files) + 1:06d}"
        address = f"{self.url}/{request.match_info['version']}/{name}"
        self.files[address] = replace(upload, data=bytes(data))
        told = {"name": name, "uri": address, "mimeType": upload.mime, "sizeBytes": str(len(data)), "state": "ACTIVE"}
        return web.json_response({"file": told}, headers={"X-Goog-Upload-Status": "final"})

    def _begin(self, request: web.Request, file: Mapping[str, Any]) -> web.Response:
        number = str(len(self._begun) + 1)
        mime = request.headers["X-Goog-Upload-Header-Content-Type"]
        self._begun[number] = (
            Upload(name=file.get("displayName") or file.get("display_name", ""), mime=mime, data=b""),
            bytearray(),
        )
        # under the vendor's own name, whatever it was asked by
        address = (
            f"https://generativelanguage.googleapis.com{request.path}?upload_id={number}&upload_protocol=resumable"
        )
        return web.Response(headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-URL": address})


def wants_picture(body: Mapping[str, Any]) -> bool:
    return "IMAGE" in body.get("generationConfig", {}).get("responseModalities", ())


def references(body: Mapping[str, Any]) -> list[str]:
    """The addresses of the pictures to go by. Both spellings of a key are right."""
    parts = [part for content in body["contents"] for part in content["parts"]]
    held = [part["fileData"] for part in parts if "fileData" in part]
    return [file.get("fileUri") or file["file_uri"] for file in held]


def _inline(text: str) -> dict[str, Any]:
    return {"inlineData": {"mimeType": "image/png", "data": text}}


def _answer(
    reply: Reply, body: Mapping[str, Any], model: str, drawn: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    answer: dict[str, Any] = {"modelVersion": reply.model_version or f"{model}-001", "responseId": "r1"}
    if reply.usage is not None:
        answer["usageMetadata"] = dict(reply.usage)
    if reply.block_reason is not None:
        return {**answer, "promptFeedback": {"blockReason": reply.block_reason}}
    if not reply.candidates:
        return answer
    text = reply.text
    if text is None and drawn is None:
        text = json.dumps(reply.payload if reply.payload is not None else _scenes(reply, body))
    text = (text or "")[: reply.cut]
    candidate: dict[str, Any] = {"index": 0}
    if reply.finish_reason is not None:
        candidate["finishReason"] = reply.finish_reason
    parts = drawn if drawn is not None and reply.text is None else [{"text": text}] if text else []
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    return {**answer, "candidates": [candidate]}


def _prompt(body: Mapping[str, Any]) -> str:
    return "".join(part.get("text", "") for content in body["contents"] for part in content["parts"])


def _count(body: Mapping[str, Any]) -> int:
    schema = json.dumps(body.get("generationConfig", {}))
    found = re.search(r"Exactly (\d+) scenes", schema) or re.search(r"\b(\d+) scenes", _prompt(body))
    return int(found[1]) if found else 4


def _scenes(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    count = _count(body) if reply.scenes is None else reply.scenes
    idea = " ".join(_prompt(body).split())[:60]
    return {
        "title": f"Stand-in: {idea}"[:60],
        "logline": f"A video about {idea}.",
        "palette": ["#102030", "#d08040", "#f0e0c0"],
        "scenes": [{**_scene(number, idea), **reply.change} for number in range(1, count + 1)],
    }


def _scene(number: int, idea: str) -> dict[str, Any]:
    return {
        "title": f"Scene {number}",
        "description": f"Shot {number} of {idea}, a figure crosses the frame.",
        "negative_description": "text, watermark",
        "action": "The figure crosses the frame.",
        "location": "an empty street",
        "time_of_day": "night",
        "shot_size": _SIZES[number % len(_SIZES)],
        "camera_angle": "eye level",
        "camera_movement": "slow push in",
        "lighting": "neon from the left",
        "mood": "restless",
        "transition": "cut",
        "duration_seconds": 4.5,
        "cue": f"line {number}",
    }


if __name__ == "__main__":
    parser = arguments("A small Gemini on this machine")
    parser.add_argument("--edge", type=int, default=1024, help="longest edge of its pictures, in pixels")
    asked = parser.parse_args()
    serve(lambda: GeminiStandIn(asked.port, delay=asked.delay, edge=asked.edge))
