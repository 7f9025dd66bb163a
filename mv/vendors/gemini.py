"""Scenes by Google Gemini, through google-genai.

Four things are kept from the SDK on purpose. It prefers aiohttp where that is installed (discord.py brings it) and
then re-sends a dropped request by itself after 1 to 10 seconds, a payment nobody asked for: it is handed an httpx2
client of ours. It reads keys, addresses and versions from the environment: all are handed over explicitly. And its
retries know no Retry-After: they stay off, `retry.insist` does them. And it parses an answer twice, and gives up on one
that holds what it does not know: `gemini_answer` reads the body.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from mv.domain.engine import Engine
from mv.errors import KeyRefused
from mv.ports import Report, SceneAnswer, ScenePrompt, SceneWriter
from mv.vendors.gemini_answer import read
from mv.vendors.gemini_errors import VARIABLE, VENDOR, judge
from mv.vendors.gemini_schema import schema
from mv.vendors.retry import Patience, insist, quiet, usable

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import GenerateContentConfig

    from mv.vendors.gemini_wire import Wire

ATTEMPTS = 3
HOME = "https://generativelanguage.googleapis.com/"
VERSION = "v1"


class GeminiWriter(SceneWriter):
    """Made cheaply; the SDK is loaded at the first use, beside the event loop. `first_wait` in seconds."""

    def __init__(self, api_key: str, *, base_url: str | None, api_version: str | None, first_wait: float = 1.0) -> None:
        self._key = api_key.strip()
        self._base_url = base_url or HOME
        self._version = "v1beta" if api_version == "beta" else (api_version or VERSION)
        self._first_wait = first_wait
        self._lock = asyncio.Lock()
        self._client: Client | None = None
        self._http: Wire | None = None

    async def warm(self) -> None:
        """Loads the SDK ahead of the first request: half a second of work in a thread."""
        await self._connected()

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        """Takes at most 3 x `prompt.timeout_seconds`, waits included."""
        if not usable(self._key):
            raise KeyRefused(vendor=VENDOR, variable=VARIABLE)
        client = await self._connected()
        config = _config(engine, prompt)
        patience = Patience(seconds=ATTEMPTS * prompt.timeout_seconds, attempts=ATTEMPTS, first_wait=self._first_wait)

        async def ask(left: float) -> SceneAnswer:
            seconds = min(left, prompt.timeout_seconds)
            try:
                async with asyncio.timeout(seconds):
                    response = await client.aio.models.generate_content(
                        model=engine.model, contents=prompt.user, config=config
                    )
                raw = response.sdk_http_response
                return read((raw.body if raw else None) or "", engine.model)
            except Exception as error:
                setback = judge(error, engine.model, self._key)
                if setback is None:
                    raise
                raise setback from error

        return await insist(ask, patience, report, self._key, f"gemini {engine.model}")

    async def aclose(self) -> None:
        """Closes connections; the writer can be used again afterwards."""
        async with self._lock:
            client, http, self._client, self._http = self._client, self._http, None, None
        if client is not None:
            client.close()
        if http is not None:
            await http.aclose()

    async def _connected(self) -> Client:
        async with self._lock:
            if self._client is not None:
                return self._client
            made, self._http = await asyncio.to_thread(_connect, self._key, self._base_url, self._version)
            self._client = made
            return made


def _connect(key: str, base_url: str, version: str) -> tuple[Client, Wire]:
    """Imports the SDK and builds its client; half a second, so in a thread."""
    from google import genai
    from google.genai.client import DebugConfig
    from google.genai.types import HttpOptions

    from mv.vendors.gemini_wire import Wire

    quiet("google_genai", "httpx2", "httpcore2")

    http = Wire()
    client = genai.Client(
        api_key=key,
        vertexai=False,
        debug_config=DebugConfig(client_mode=None, replays_directory=None, replay_id=None),
        http_options=HttpOptions(base_url=base_url, api_version=version, httpx_async_client=http),
    )
    return client, http


def _config(engine: Engine, prompt: ScenePrompt) -> GenerateContentConfig:
    from google.genai.types import (
        AutomaticFunctionCallingConfig,
        GenerateContentConfig,
        HttpOptions,
        ThinkingConfig,
        ThinkingLevel,
    )

    level = engine.thinking_level
    return GenerateContentConfig(
        system_instruction=prompt.system or None,
        response_mime_type="application/json",
        response_json_schema=schema(prompt.count, exact=prompt.exact),
        max_output_tokens=prompt.max_output_tokens,
        temperature=prompt.temperature if engine.takes_temperature else None,
        thinking_config=ThinkingConfig(thinking_level=ThinkingLevel(level)) if level else None,
        automatic_function_calling=AutomaticFunctionCallingConfig(disable=True),
        should_return_http_response=True,  # `gemini_answer` reads it
        automatic_continuation=False,  # each hop would be billed
        http_options=HttpOptions(timeout=math.ceil(prompt.timeout_seconds * 1000)),
    )
