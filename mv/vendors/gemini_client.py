"""What both of Gemini's adapters, that of scenes and that of pictures, share: a client of google-genai, and one call.

Some things are kept from the SDK on purpose. It prefers aiohttp where that is installed (discord.py brings it) and
then re-sends a dropped request by itself after 1 to 10 seconds, a payment nobody asked for: it is handed an httpx2
client of ours. It reads keys, addresses and versions from the environment: all are handed over explicitly. And its
retries know no Retry-After: they stay off, `retry.insist` does them. And it parses an answer twice, and gives up on one
that holds what it does not know: whoever asked reads the body.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mv.domain.engine import Engine
from mv.errors import KeyRefused
from mv.vendors.gemini_errors import VARIABLE, VENDOR, judge
from mv.vendors.retry import Setback, quiet, usable

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentConfig

    from mv.vendors.gemini_wire import Wire

HOME = "https://generativelanguage.googleapis.com/"
VERSION = "v1"


class GeminiClient:
    """Made cheaply; the SDK is loaded at the first use, beside the event loop. No answer is read beyond `max_bytes`."""

    def __init__(self, api_key: str, *, base_url: str | None, api_version: str | None, max_bytes: int) -> None:
        self.key = api_key.strip()
        self.base_url = base_url or HOME
        self._version = "v1beta" if api_version == "beta" else (api_version or VERSION)
        self._max_bytes = max_bytes
        self._lock = asyncio.Lock()
        self._client: Client | None = None
        self._http: Wire | None = None

    async def connect(self) -> Client:
        """The SDK's client; the first time half a second of work in a thread."""
        async with self._lock:
            if self._client is not None:
                return self._client
            made, self._http = await asyncio.to_thread(self._make)
            self._client = made
            return made

    def check_key(self) -> None:
        """Raises KeyRefused for one that cannot even be sent."""
        if not usable(self.key):
            raise KeyRefused(vendor=VENDOR, variable=VARIABLE)

    async def generate(self, engine: Engine, contents: Any, config: GenerateContentConfig, seconds: float) -> str:
        """The body of an answer, within so many seconds. Raises what the SDK raises; see `judged`."""
        client = await self.connect()
        async with asyncio.timeout(seconds):
            response = await client.aio.models.generate_content(model=engine.model, contents=contents, config=config)
        raw = response.sdk_http_response
        return (raw.body if raw else None) or ""

    @contextmanager
    def judged(self, model: str, by: Callable[[Exception, str, str], Setback | None] = judge) -> Iterator[None]:
        """Turns foreign exceptions of the block into Setbacks, all but bugs."""
        try:
            yield
        except Exception as error:
            setback = by(error, model, self.key)
            if setback is None:
                raise
            raise setback from error

    async def aclose(self) -> None:
        """Closes connections; it can be used again afterwards."""
        async with self._lock:
            client, http, self._client, self._http = self._client, self._http, None, None
        if client is not None:
            client.close()
        if http is not None:
            await http.aclose()

    def _make(self) -> tuple[Client, Wire]:
        """Imports the SDK and builds its client; half a second, so in a thread."""
        from google import genai
        from google.genai.client import DebugConfig
        from google.genai.types import HttpOptions

        from mv.vendors.gemini_wire import Wire

        quiet("google_genai", "httpx2", "httpcore2")

        http = Wire(self._max_bytes)
        client = genai.Client(
            api_key=self.key,
            vertexai=False,
            debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
            http_options=HttpOptions(base_url=self.base_url, api_version=self._version, httpx_async_client=http),
        )
        return client, http


def usual(engine: Engine, seconds: float) -> dict[str, Any]:
    """What every call is configured with."""
    from google.genai.types import AutomaticFunctionCallingConfig, HttpOptions, ThinkingConfig, ThinkingLevel

    level = engine.thinking_level
    return {
        "thinking_config": ThinkingConfig(thinking_level=ThinkingLevel(level)) if level else None,
        "automatic_function_calling": AutomaticFunctionCallingConfig(disable=True),
        "should_return_http_response": True,  # whoever asked reads it
        "automatic_continuation": False,  # each hop would be billed
        "http_options": HttpOptions(timeout=math.ceil(seconds * 1000)),
    }
