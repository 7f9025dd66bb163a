"""The stand-ins as processes, and that loading the adapters costs nothing before they are used."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from typing import Any

import pytest

from mv.vendors.gemini import GeminiWriter
from mv.vendors.replicate import ReplicatePainter
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, TOKEN, picture_prompt, pictures, pictures_engine, scene_prompt, scenes_engine


def ask(address: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address, data)) as answer:
        return json.load(answer)


@pytest.mark.parametrize("module", ["tests.standins.gemini", "tests.standins.replicate"])
async def test_a_stand_in_as_a_process(module: str, heard: Heard) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, "--delay", "0.1", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().removeprefix("ready ").strip()
        if module.endswith("gemini"):
            ask(f"{url}/_script", [{"scenes": 2}, {"fault": {"status": 503}}])
            writer = GeminiWriter(KEY, base_url=url, api_version=None, first_wait=0.01)
            first = await writer.write(scenes_engine(), scene_prompt(), heard)
            assert isinstance(first.payload, dict)
            assert len(first.payload["scenes"]) == 2
            await writer.write(scenes_engine(), scene_prompt(), heard)
            assert ask(f"{url}/_stats") == {"calls": 3, "answered": 2, "by_marker": {"Plan it.": 3}}
            await writer.aclose()
        else:
            ask(f"{url}/_script", [{"create": {"status": 429}}, {"gets": [{"status": 500}], "output": "string"}])
            painter = ReplicatePainter(TOKEN, base_url=url, pictures=pictures(), first_wait=0.01)
            ticket = await painter.start(pictures_engine(), picture_prompt(), heard)
            assert (await painter.collect(pictures_engine(), ticket, 5, heard)).pictures
            stats = ask(f"{url}/_stats")
            assert (stats["creates"], stats["accepted"], stats["accepted_twice"]) == (2, 1, 0)
            assert stats["by_marker"]["Mara, a singer#"] == {"creates": 2, "accepted": 1}
            await painter.aclose()
    finally:
        process.terminate()
        assert await process.wait() == 0


def test_the_adapters_load_no_sdk() -> None:
    code = (
        "import sys, mv.vendors.gemini, mv.vendors.gemini_painter, mv.vendors.replicate, mv.vendors.download\n"
        "found = {'google.genai', 'replicate', 'httpx', 'httpx2', 'PIL', 'tenacity'} & set(sys.modules)\n"
        "sys.exit(repr(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
