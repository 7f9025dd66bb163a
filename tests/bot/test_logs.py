"""What the log says, and what it must never hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pydantic import SecretStr

from bot import logs
from mv.settings import Settings
from tests.bot.conftest import MakeWorld
from tests.bot.world import KEY, TOKEN, World
from tests.standins.gemini import BAD_KEY, GeminiStandIn, Reply
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script

BOT_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.a-token-that-nobody-may-read-0123456789"


class Heard(logging.Handler):
    """Every record there is, raw and as it would be written."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(logging.DEBUG)
        keys = (settings.discord_token, settings.gemini_api_key, settings.replicate_api_token)
        self.written: list[str] = []
        self.raw: list[str] = []
        self.formatter = logs.Blotting([key.get_secret_value() for key in keys if key])

    def emit(self, record: logging.LogRecord) -> None:
        raw = logging.Formatter().format(record)
        self.raw.append(f"{raw} {record.args!r}")
        self.written.append(self.format(record))


@pytest.fixture
async def busy(
    make_world: MakeWorld, google: GeminiStandIn, replicate: ReplicateStandIn, caplog: pytest.LogCaptureFixture
) -> tuple[World, Heard]:
    """A world where much went well and much went wrong, with everything heard."""
    secret: dict[str, Any] = {"discord_token": SecretStr(BOT_TOKEN), "debug": True}
    settings = Settings(_env_file=None, gemini_api_key=SecretStr(KEY), replicate_api_token=SecretStr(TOKEN), **secret)
    root = logging.getLogger()
    before = list(root.handlers)
    logs.set_up(settings)
    heard = Heard(settings)
    root.handlers[:] = [*before, heard]
    root.setLevel(logging.DEBUG)
    world = await make_world(google=google, replicate=replicate, **secret)
    world.incidents_expected = True
    ann, channel = world.ann, world.channel
    await ann.slash(channel, "scenes create", idea="A wolf in the subway", character="y", count=2, flavor="cinematic")
    await ann.slash(channel, "character create", description="an astronaut", images=2)
    google.script.append(Reply(fault=BAD_KEY))
    await ann.slash(channel, "scenes create", idea="x", character="y", count=1)
    google.script.append(Reply(fault=Fault(status=500, body=f"your key {KEY} is fine", delay=0.0)))
    await ann.slash(channel, "scenes create", idea="x", character="y", count=1)
    replicate.script.append(Script(create=Fault(status=401, json={"detail": f"token {TOKEN} is not valid"})))
    await ann.slash(channel, "character create", description="y")
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=401, code=50027)
    await ann.slash(channel, "scenes create", idea="x", character="y", count=1)
    world.env.inject_error("PATCH", "/webhooks/*/messages/@original", status=400, code=50035)
    await ann.slash(channel, "scenes create", idea="x", character="y", count=1)
    await ann.slash(channel, "scenes create", idea="x", character="y", flavor="nope")
    world.env.inject_error("POST", "/interactions/*/callback", status=404, code=10062)
    await ann.slash(channel, "help")
    root.removeHandler(heard)
    return world, heard


async def test_no_secret_in_any_line(busy: tuple[World, Heard]) -> None:
    world, heard = busy
    tokens = [record.token for record in world.env.backend.interactions.values()]
    assert len(tokens) >= 9
    assert len(heard.raw) > 100
    for line in heard.raw:
        assert KEY not in line
        assert TOKEN not in line
        assert BOT_TOKEN not in line
    for line in (*heard.raw, *heard.written):
        assert not [token for token in tokens if token in line]


async def test_debug_shows_request_defaults_config_and_prompt(busy: tuple[World, Heard]) -> None:
    text = "\n".join(busy[1].written)
    assert 'J1 request {"idea": "A wolf in the subway"' in text
    assert "J1 defaults applied" in text
    assert "(from cinematic)" in text
    assert "(from default)" in text
    assert "J1 prompt for gemini-2.5-pro:" in text
    assert "A wolf in the subway" in text.split("J1 prompt for gemini-2.5-pro:")[1].split("J1 ")[0]
    assert "J2 prompt for imagen-4:" in text
    assert "GEMINI_API_KEY" in text
    assert "REPLICATE_API_TOKEN" in text


async def test_no_secret_in_the_records(busy: tuple[World, Heard]) -> None:
    world, _ = busy
    await world.app._database.close()
    stored = b"".join(path.read_bytes() for path in world.folder.rglob("*") if path.is_file())
    assert b"A wolf in the subway" in stored
    for secret in (KEY, TOKEN, BOT_TOKEN):
        assert secret.encode() not in stored


async def test_tokens_are_erased_once_delivered(world: World) -> None:
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1)
    assert (await world.job(1)).reply.token is None


async def test_without_debug_prompts_are_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await world.ann.slash(world.channel, "scenes create", idea="A wolf in the subway", character="y", count=1)
    lines = [r.getMessage() for r in caplog.records if r.name.startswith(("mv", "bot"))]
    assert "A wolf in the subway" not in "\n".join(lines)


def test_blotting() -> None:
    line = logs.blotted(f"POST /webhooks/12/aW50.ZX-_{'x' * 60}/messages/@original key={KEY}", [KEY])
    assert line == "POST /webhooks/12/[secret]/messages/@original key=[secret]"
    line = logs.blotted("/api/v10/interactions/99/aW50ZXJhY3Rpb246/callback", [])
    assert line == "/api/v10/interactions/99/[secret]/callback"


@pytest.mark.parametrize("name", ["X-Amz-Security-Token", "X-Amz-Signature", "X-Goog-Signature", "sig"])
def test_signatures_of_links_to_files_are_blotted(name: str) -> None:
    line = logs.blotted(f"(<https://s3.example/b/1/a.png?X-Amz-Expires=3600&{name}=ab%2F1c/d=>) '?{name}=x'", [])
    assert line == f"(<https://s3.example/b/1/a.png?X-Amz-Expires=3600&{name}=[secret]>) '?{name}=[secret]'"
