"""Scenes by Google Gemini, through google-genai."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mv.domain.engine import Engine
from mv.ports import Report, SceneAnswer, ScenePrompt, SceneWriter
from mv.vendors.gemini_answer import read
from mv.vendors.gemini_client import GeminiClient, usual
from mv.vendors.gemini_schema import schema
from mv.vendors.retry import Patience, insist

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig

ATTEMPTS = 3
MOST_BYTES = 16 * 1024 * 1024
"""Larger than any list of scenes could be, unpacked: an answer of 65,536 tokens has some 300 kB."""


class GeminiWriter(SceneWriter):
    """Made cheaply; the SDK is loaded at the first use, beside the event loop. `first_wait` in seconds."""

    def __init__(self, api_key: str, *, base_url: str | None, api_version: str | None, first_wait: float = 1.0) -> None:
        self._client = GeminiClient(api_key, base_url=base_url, api_version=api_version, max_bytes=MOST_BYTES)
        self._first_wait = first_wait

    async def warm(self) -> None:
        """Loads the SDK ahead of the first request: half a second of work in a thread."""
        await self._client.connect()

    async def write(self, engine: Engine, prompt: ScenePrompt, report: Report) -> SceneAnswer:
        """Takes at most 3 x `prompt.timeout_seconds`, waits included."""
        self._client.check_key()
        await self._client.connect()
        config = _config(engine, prompt)
        patience = Patience(seconds=ATTEMPTS * prompt.timeout_seconds, attempts=ATTEMPTS, first_wait=self._first_wait)

        async def ask(left: float) -> SceneAnswer:
            with self._client.judged(engine.model):
                seconds = min(left, prompt.timeout_seconds)
                return read(await self._client.generate(engine, prompt.user, config, seconds), engine.model)

        return await insist(ask, patience, report, self._client.key, f"gemini {engine.model}")

    async def aclose(self) -> None:
        """Closes connections; the writer can be used again afterwards."""
        await self._client.aclose()


def _config(engine: Engine, prompt: ScenePrompt) -> GenerateContentConfig:
    from google.genai.types import GenerateContentConfig

    return GenerateContentConfig(
        system_instruction=prompt.system or None,
        response_mime_type="application/json",
        response_json_schema=schema(prompt.count, exact=prompt.exact),
        max_output_tokens=prompt.max_output_tokens,
        temperature=prompt.temperature if engine.takes_temperature else None,
        **usual(engine, prompt.timeout_seconds),
    )
