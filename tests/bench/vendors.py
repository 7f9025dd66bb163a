"""Gemini and Replicate for the bot that is measured: the stand-ins, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

VENDOR_SECONDS = 0.5


@contextlib.asynccontextmanager
async def vendors() -> AsyncIterator[dict[str, str]]:
    """The environment that points a bot at them."""
    async with _running("gemini") as gemini, _running("replicate") as replicate:
        yield {
            "GEMINI_API_KEY": "bench",
            "GOOGLE_GEMINI_BASE_URL": gemini,
            "REPLICATE_API_TOKEN": "bench",
            "REPLICATE_BASE_URL": replicate,
        }


@contextlib.asynccontextmanager
async def _running(name: str) -> AsyncIterator[str]:
    command = [sys.executable, "-m", f"tests.standins.{name}", "--port", "0", "--delay", str(VENDOR_SECONDS)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        if not line.startswith("ready "):
            raise AssertionError(f"the stand-in for {name} said {line!r}")
        yield line.removeprefix("ready ").strip()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
