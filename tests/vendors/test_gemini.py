"""What Gemini is asked, and what comes of an answer that is as it should be."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from mv.domain.scenes import Scene, TokenUsage
from mv.errors import KeyRefused
from mv.vendors.gemini import GeminiWriter
from tests.standins.gemini import GeminiStandIn, Reply
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, scene_prompt, scenes_engine


async def test_scenes_come_back_with_usage_and_version(writer: GeminiWriter, heard: Heard) -> None:
    answer = await writer.write(scenes_engine(), scene_prompt(count=5), heard)
    assert answer.problem is None
    assert isinstance(answer.payload, dict)
    scenes = [Scene.model_validate(one) for one in answer.payload["scenes"]]
    assert len(scenes) == 5
    assert answer.usage == TokenUsage(prompt_tokens=120, output_tokens=800, thinking_tokens=60)
    assert answer.model_version == "gemini-2.5-pro-001"
    assert heard == []


async def test_the_request_says_what_was_meant(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    engine = scenes_engine(takes_temperature=True)
    await writer.write(engine, scene_prompt(temperature=0.7, max_output_tokens=4096), heard)
    sent = google.requests[-1]
    options = sent["generationConfig"]
    assert sent["systemInstruction"]["parts"] == [{"text": "You plan videos."}]
    assert (options["temperature"], options["maxOutputTokens"]) == (0.7, 4096)
    assert options["responseMimeType"] == "application/json"
    scene = options["responseJsonSchema"]["properties"]["scenes"]["items"]
    assert set(scene["properties"]) == set(Scene.model_fields) == set(scene["required"])
    assert sent["_version"] == "v1"
    assert sent["_headers"]["x-server-timeout"] == "120"
    assert "thinkingConfig" not in options


async def test_thinking_stands_for_temperature_where_the_engine_says_so(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    await writer.write(scenes_engine(thinking_level="low"), scene_prompt(temperature=0.7), heard)
    options = google.requests[-1]["generationConfig"]
    assert list(options["thinkingConfig"].values()) == ["LOW"]
    assert "temperature" not in options


async def test_nothing_leaks_in_from_the_environment(
    google: GeminiStandIn, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GOOGLE_API_KEY": "someone-elses",
        "GEMINI_API_KEY": "someone-elses",
        "GOOGLE_GENAI_USE_VERTEXAI": "true",
        "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GENAI_API_VERSION": "v9",
        "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:9",
        "GOOGLE_GENAI_CLIENT_MODE": "replay",
        "GOOGLE_CLOUD_PROJECT": "someone-elses",
    }.items():
        monkeypatch.setenv(name, value)
    writer = GeminiWriter(f" {KEY}\n", base_url=google.url, api_version=None)
    await writer.write(scenes_engine(), scene_prompt(), heard)
    assert google.requests[-1]["_headers"]["x-goog-api-key"] == KEY
    assert google.requests[-1]["_version"] == "v1"
    await writer.aclose()


@pytest.mark.parametrize(("asked", "used"), [("beta", "v1beta"), ("v1beta", "v1beta"), (None, "v1")])
async def test_the_api_version_is_ours(google: GeminiStandIn, heard: Heard, asked: str | None, used: str) -> None:
    writer = GeminiWriter(KEY, base_url=google.url + "/", api_version=asked)
    await writer.write(scenes_engine(), scene_prompt(), heard)
    assert google.requests[-1]["_version"] == used
    await writer.aclose()


async def test_the_model_asked_for_stands_where_no_version_is_said(
    google: GeminiStandIn, writer: GeminiWriter, heard: Heard
) -> None:
    usage = {"promptTokenCount": -5, "candidatesTokenCount": 10**15}
    google.script.append(Reply(usage=usage, model_version="gemini-3.8-flash"))
    google.script.append(Reply(usage=None))
    rerouted = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert (rerouted.model_version, rerouted.usage) == ("gemini-3.8-flash", TokenUsage())
    assert (await writer.write(scenes_engine(), scene_prompt(), heard)).usage == TokenUsage()


async def test_a_key_that_no_header_can_hold_is_refused_before_anything_is_sent(
    google: GeminiStandIn, heard: Heard
) -> None:
    for key in ("two words", "line\nbreak", "schlüssel", ""):
        with pytest.raises(KeyRefused) as caught:
            await GeminiWriter(key, base_url=google.url, api_version=None).write(scenes_engine(), scene_prompt(), heard)
        assert caught.value.variable == "GEMINI_API_KEY"
    assert google.calls == 0


async def test_many_at_once_share_one_client(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    google.delay = 1.0
    began = time.monotonic()
    await asyncio.gather(*(writer.write(scenes_engine(), scene_prompt(), heard) for _ in range(20)))
    assert time.monotonic() - began < 10
    assert google.calls == 20


async def test_cancelling_stops_at_once(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    google.delay = 5
    await writer.warm()
    task = asyncio.ensure_future(writer.write(scenes_engine(), scene_prompt(), heard))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 4


async def test_it_can_be_used_again_after_closing(writer: GeminiWriter, heard: Heard) -> None:
    await writer.write(scenes_engine(), scene_prompt(), heard)
    await writer.aclose()
    assert (await writer.write(scenes_engine(), scene_prompt(), heard)).payload


async def test_the_sdk_does_not_fall_back_on_aiohttp(google: GeminiStandIn, writer: GeminiWriter, heard: Heard) -> None:
    """With aiohttp it would re-send a dropped request by itself."""
    assert "aiohttp" in sys.modules
    await writer.write(scenes_engine(), scene_prompt(), heard)
    client = await writer._client.connect()
    assert not client._api_client._use_aiohttp()
    assert not client._api_client._aiohttp_sessions
