"""Gemini by llmock, whose faults are somebody else's idea of what goes wrong, and which grades the client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from llmock.pytest_plugin import LLMock

from mv.errors import VendorBusy, VendorDown
from mv.vendors.gemini import GeminiWriter
from tests.vendors.conftest import Heard
from tests.vendors.samples import KEY, scene_prompt, scenes_engine


@pytest.fixture
async def writer(llmock: LLMock) -> AsyncIterator[GeminiWriter]:
    made = GeminiWriter(KEY, base_url=llmock.base_url("gemini"), api_version="v1beta", first_wait=0.05)
    yield made
    await made.aclose()


async def test_the_schema_is_one_that_can_be_filled(llmock: LLMock, writer: GeminiWriter, heard: Heard) -> None:
    answer = await writer.write(scenes_engine(), scene_prompt(), heard)
    assert answer.problem is None
    assert isinstance(answer.payload, dict)
    assert answer.payload["scenes"][0]["shot_size"] == "EWS"
    assert answer.model_version == "gemini-2.5-pro"
    assert answer.usage.prompt_tokens > 0


async def test_rate_limits_are_survived_as_they_should_be(llmock: LLMock, writer: GeminiWriter, heard: Heard) -> None:
    llmock.rate_limit(times=1, retry_after=1)
    assert (await writer.write(scenes_engine(), scene_prompt(), heard)).payload
    assert heard == ["vendor_busy", ""]
    llmock.assert_resilient(strict=True)


async def test_a_short_outage_is_survived(llmock: LLMock, writer: GeminiWriter, heard: Heard) -> None:
    llmock.fail(503, times=1, retry_after=0.01)
    assert (await writer.write(scenes_engine(), scene_prompt(), heard)).payload
    llmock.assert_resilient()


async def test_a_long_wait_is_not_waited_for(llmock: LLMock, writer: GeminiWriter, heard: Heard) -> None:
    llmock.rate_limit(times=None, retry_after=600)
    with pytest.raises(VendorBusy) as caught:
        await writer.write(scenes_engine(), scene_prompt(), heard)
    assert caught.value.retry_after == 600
    assert len(llmock.requests) == 1


async def test_slow_answers_time_out(llmock: LLMock, writer: GeminiWriter, heard: Heard) -> None:
    llmock.delay(2, times=2)
    with pytest.raises(VendorDown) as caught:
        await writer.write(scenes_engine(), scene_prompt(timeout_seconds=0.3), heard)
    assert caught.value.reason == "timeout"
