"""A stop or a kill while a busy vendor makes the bot wait leaves no doubt: nothing was there, so it is asked anew."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.acts import character, finished, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import until
from tests.standins.gemini import Reply
from tests.standins.local import Fault
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUSY = Fault(status=429, headers={"Retry-After": "20"}, json={"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}})


@pytest.mark.parametrize(("kill", "lives"), [(True, 3), (False, 1)])
async def test_gemini_and_replicate(make_stage: MakeStage, kill: bool, lives: int) -> None:
    stage = await make_stage()
    stage.google.script.extend([Reply(fault=BUSY)] * lives)
    stage.replicate.script.extend([Script(create=BUSY)] * lives)
    bot = await stage.start()
    askings = await asyncio.gather(scenes(stage), character(stage))
    for life in range(1, lives + 1):
        await until(lambda n=life: min(stage.google.calls, stage.replicate.counts["creates"]) == n, "both asked")  # type: ignore[misc]
        await asyncio.sleep(0.4)
        if kill:
            await bot.kill()
        else:
            assert await bot.stop() == 0
        bot = await stage.start()
    for asking in askings:
        assert finished(await result(asking))
    await stage.delivered()
    assert stage.google.calls == stage.replicate.counts["creates"] == lives + 1
    assert stage.replicate.counts["accepted"] == 1
    assert stage.replicate.counts["lists"] == 0, "there is nothing to look for"
    assert {row["state"] for row in stage.rows("SELECT state FROM jobs")} == {"done"}
