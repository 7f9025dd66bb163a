"""What the environment and .env say is what the process does."""

from __future__ import annotations

import pytest

from tests.e2e.acts import asked, character, refusal, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import GEMINI_KEY, REPLICATE_TOKEN, TOKEN, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_first_names_win_and_debug_mode_shows_what_happens(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.replicate.delay = 0.2
    bot = await stage.start(
        GOOGLE_API_KEY="wrong-key", REPLICATE_API_KEY="wrong-token", MV_DEBUG_MODE="1", GOOGLE_GENAI_API_VERSION=None
    )
    await result(await scenes(stage, "The tide forgets a clock", 5, flavor="cinematic", style="noir woodcut"))
    await result(await character(stage, "A tailor of shadows", private=True))
    called = stage.google.requests[-1]
    assert called["_headers"]["x-goog-api-key"] == GEMINI_KEY
    assert (called["_version"], called["_model"]) == ("v1", "gemini-2.5-pro")

    log = bot.log
    request = next(line for line in log.splitlines() if "J1 request" in line)
    assert '"idea": "The tide forgets a clock"' in request
    assert '"style": "noir woodcut"' in request
    defaults = next(line for line in log.splitlines() if "J1 defaults applied" in line)
    assert "camera" in defaults
    assert "noir woodcut" not in defaults
    values = [line for line in log.splitlines() if "J1 config " in line]
    assert {line.rpartition("(from ")[2].rstrip(")") for line in values} >= {"cinematic", "default"}
    for text in ("The tide forgets a clock", "A tailor of shadows"):
        prompt = log[log.index("prompt for", log.index(text)) :]
        assert text in prompt
    sent = "".join(part["text"] for content in called["contents"] for part in content["parts"])
    assert all(line in log for line in sent.splitlines())
    assert await bot.stop() == 0


async def test_second_names_from_a_file_and_an_address_with_a_slash(make_stage: MakeStage) -> None:
    stage = await make_stage()
    lines = {
        "DISCORD_TOKEN": TOKEN,
        "GOOGLE_API_KEY": GEMINI_KEY,
        "REPLICATE_API_KEY": f'"{REPLICATE_TOKEN}"',
        "DISCORD_API_BASE_URL": f"{stage.discord.base_url}/",
        "REPLICATE_BASE_URL": f"{stage.replicate.url}/",
        "GOOGLE_GENAI_API_VERSION": "v1beta",
        "GEMINI_API_KEY": "",
    }
    (stage.folder / ".env").write_text("# mine\n" + "".join(f"{name}={value}\n" for name, value in lines.items()))
    (stage.folder / "configs").symlink_to(stage.environment()["MV_CONFIG_DIR"])
    unset = dict.fromkeys([*lines, "REPLICATE_API_TOKEN", "MV_DATA_DIR", "MV_CONFIG_DIR"])
    bot = await stage.start(**unset)
    await result(await scenes(stage, "Nobody may read this in a log"))
    await result(await character(stage))
    called = stage.google.requests[-1]
    assert called["_headers"]["x-goog-api-key"] == GEMINI_KEY
    assert called["_version"] == "v1beta"
    assert stage.data == stage.folder / "data"
    assert "Nobody may read this" not in bot.log, "only debug mode shows what members type"
    assert not [one for one in stage.discord.requests if "//" in one.path or one.status == 404]
    assert await bot.stop() == 0


async def test_without_keys_it_starts_and_says_so(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start(GEMINI_API_KEY=None, REPLICATE_API_TOKEN="")
    for asking in (await scenes(stage), await character(stage)):
        refused = await refusal(asking)
        assert "not set up" in refused.text
        assert "Nothing was charged" in refused.text
    await until(lambda: "REPLICATE_API_TOKEN" in bot.log, "which key is missing")
    assert "GEMINI_API_KEY" in bot.log
    drawn = await result(await character(stage, engine="offline-sheet"))
    assert "offline" in drawn.text.lower()
    assert "No jobs" not in (await asked(stage, "jobs list")).text
    assert (stage.google.calls, stage.replicate.counts["creates"]) == (0, 0)
    assert await bot.stop() == 0
