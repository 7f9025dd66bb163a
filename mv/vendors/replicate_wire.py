"""The wire under Replicate's SDK, and what its exceptions mean.

The SDK alone waits for ever on a create, sleeps for as long as a Retry-After on a GET says, hides the headers of a
refusal and cannot read the status `aborted`. A transport of ours below it mends the four: every request has time
limits, a refusal is raised with what it said before the SDK's own retries see it, and bodies are made readable.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from replicate.client import Client
from replicate.exceptions import ReplicateException

from mv.errors import (
    TIMEOUT,
    UNREACHABLE,
    BadRequest,
    KeyRefused,
    ModelGone,
    MvError,
    NoCredit,
    NoPicture,
    Uncertain,
    VendorBusy,
    VendorDown,
)
from mv.vendors.replicate_api import HOME
from mv.vendors.retry import Setback, clean, quiet, seconds_of

log = logging.getLogger(__name__)

VENDOR = "replicate"
VARIABLE = "REPLICATE_API_TOKEN"
CONNECT_SECONDS = 5.0
FILES = "/v1/files"

_KNOWN = {"starting", "processing", "succeeded", "failed", "canceled"}
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_VERSION_GONE = re.compile(r"version.{0,60}(does not exist|not found|invalid|not permitted)", re.IGNORECASE | re.DOTALL)

_NOT_ACCEPTED = {521, 523, 525, 526}
"""Cloudflare's own, for an origin it could not reach or shake hands with. No other 5xx proves that nothing was started:
500 may be an error after the prediction was stored, 502 an answer that was lost on its way back, 504 one that came too
late, and proxies say 503 also for a connection that was reset after the request was sent."""


class Refusal(Exception):
    """An answer with a status of 300 or above. `said` is the vendor's text: for judging and our log only."""

    def __init__(self, status: int, after: float | None, said: str) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.after = after
        self.said = said


class Wire(httpx.AsyncBaseTransport):
    """`answer_seconds` bounds the wait for an answer, `max_bytes` its size. `ahead` is the vendor's clock less ours."""

    def __init__(self, answer_seconds: float, max_bytes: int) -> None:
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=200, max_keepalive_connections=40))
        self._limits = {
            "connect": CONNECT_SECONDS,
            "pool": CONNECT_SECONDS,
            "read": answer_seconds,
            "write": answer_seconds,
        }
        self._max_bytes = max_bytes
        self.ahead = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises Refusal, or answers with a body that the SDK can read."""
        request.extensions["timeout"] = dict(self._limits)
        response = await self._inner.handle_async_request(request)
        self._set_clock(response.headers.get("date", ""))
        try:
            if response.status_code >= 300:
                raise Refusal(
                    response.status_code, seconds_of(response.headers.get("retry-after")), await self._said(response)
                )
            said = json.loads(await self._read(response))
            readable = _file(said) if request.url.path.endswith(FILES) else _readable(said)
            return httpx.Response(response.status_code, json=readable)
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Closes connections."""
        await self._inner.aclose()

    async def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise ValueError("the answer is too large")
        return bytes(body)

    async def _said(self, response: httpx.Response) -> str:
        """What a refusal says, empty if it cannot be read: the status alone decides then."""
        try:
            data = json.loads(await self._read(response))
        except (httpx.HTTPError, ValueError):
            return ""
        parts = [data.get(key) for key in ("title", "detail", "error")] if isinstance(data, dict) else [data]
        return " ".join(str(part) for part in parts if part)

    def _set_clock(self, date: str) -> None:
        try:
            self.ahead = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return


def connect(token: str, base_url: str | None, wire: Wire) -> Client:
    """The SDK's client on this wire; nothing is taken from the environment."""
    quiet("httpx", "httpcore", "replicate")
    return Client(api_token=token, base_url=base_url or HOME, transport=wire)


def _readable(data: Any) -> Any:
    if isinstance(data, dict) and isinstance(data.get("results"), list):
        return {**data, "results": [_prediction(entry) for entry in data["results"] if _has_id(entry)]}
    return _prediction(data) if _has_id(data) else None


def _file(data: Any) -> Any:
    """As the SDK's class wants it, with nothing of it but its number and its address."""
    urls = data.get("urls") if _has_id(data) else None
    address = urls.get("get") if isinstance(urls, dict) else None
    if not isinstance(address, str):
        return None
    texts = dict.fromkeys(("name", "content_type", "etag", "created_at"), "")
    rest = {"size": 0, "checksums": {}, "metadata": {}, "expires_at": None}
    return {"id": data["id"], "urls": {"get": address}, **texts, **rest}


def _has_id(data: Any) -> bool:
    return isinstance(data, dict) and isinstance(data.get("id"), str) and bool(_ID.fullmatch(data["id"]))


def _prediction(data: dict[str, Any]) -> dict[str, Any]:
    """As the SDK's class wants it. A status nobody knows yet counts as still running; the deadline ends it."""
    status = data.get("status")
    known = status if status in _KNOWN else "canceled" if status == "aborted" else "processing"
    texts = {key: _text(data.get(key)) for key in ("error", "logs", "created_at", "started_at", "completed_at")}
    names = {key: _text(data.get(key)) or "" for key in ("model", "version")}
    maps = {key: data[key] if isinstance(data.get(key), dict) else None for key in ("input", "metrics")}
    return {"id": data["id"], "status": known, "output": data.get("output"), "urls": None, **texts, **names, **maps}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def judge(error: Exception, model: str, secret: str, *, creating: bool) -> Setback | None:
    """What a failed call means. A create that may have been accepted is Uncertain and never repeated; anything that can
    only have failed before the vendor saw it is. None for a bug of ours, unless money may hang on it: an exception that
    nobody foresaw says nothing of what the vendor did."""
    name = type(error).__name__
    if isinstance(error, Refusal):
        return _of_create(error, model, secret) if creating else _of_status(error, model, secret)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Setback(VendorDown(vendor=VENDOR, reason=UNREACHABLE), name, again=True)
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return Setback(VendorDown(vendor=VENDOR, reason=UNREACHABLE), name)
    foreign = (
        httpx.HTTPError,
        ReplicateException,
        OSError,  # a time-out among them; TLS that breaks while an answer is read comes unwrapped
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
    )
    if not isinstance(error, foreign):
        if not creating:
            return None
        log.error("replicate: a create failed in a way that nobody foresaw", exc_info=error)
    if creating:
        return Setback(Uncertain(vendor=VENDOR), f"{name} after the request was sent")
    late = isinstance(error, TimeoutError | httpx.TimeoutException)
    return Setback(VendorDown(vendor=VENDOR, reason=TIMEOUT if late else "unavailable"), name, again=True)


def _of_create(error: Refusal, model: str, secret: str) -> Setback:
    if error.status >= 500 and error.status not in _NOT_ACCEPTED:
        return Setback(Uncertain(vendor=VENDOR), f"HTTP {error.status} on a create")
    if error.status in {404, 410} or (error.status == 422 and _VERSION_GONE.search(error.said)):
        return Setback(ModelGone(vendor=VENDOR, model=model), f"HTTP {error.status}: {model} is not known")
    return _of_status(error, model, secret)


def _of_status(error: Refusal, model: str, secret: str) -> Setback:
    status, after, note = error.status, error.after, f"HTTP {error.status}"
    if status == 429:
        return Setback(VendorBusy(vendor=VENDOR, retry_after=after), note, again=True, after=after)
    if status in {408, 425} or status >= 500:
        return Setback(VendorDown(vendor=VENDOR), note, again=True, after=after)
    if status < 400:
        return Setback(VendorDown(vendor=VENDOR, reason=UNREACHABLE), f"{note}: a redirect is not followed")
    if status in {401, 403}:
        return Setback(KeyRefused(vendor=VENDOR, variable=VARIABLE), f"{note}: {VARIABLE} is refused")
    final: dict[int, MvError] = {
        402: NoCredit(vendor=VENDOR),
        404: NoPicture(vendor=VENDOR, reason="expired"),
        410: NoPicture(vendor=VENDOR, reason="expired"),
    }
    said = f"{note}: {clean(error.said, secret)}"
    return Setback(final.get(status, BadRequest(vendor=VENDOR, model=model)), said)
