"""/health and /metrics of the running process, over a real socket."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mv import __version__
from tests.e2e.acts import character, result, scenes
from tests.e2e.conftest import MakeStage
from tests.e2e.stage import SECRETS, BotProcess, Stage, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ON = {"MV_METRICS_PORT": "0", "MV_METRICS_HOST": "127.0.0.1"}
PICTURE_COST = 40_000


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    kind: str
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def values(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Samples by name and labels."""
        families = text_string_to_metric_families(self.text)
        return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


async def get(bot: BotProcess, path: str, accept: str = "*/*") -> Answer:
    await until(lambda: "served at" in bot.log, "an address")
    address = re.search(r"served at (http://[\d.:]+)", bot.log)
    assert address is not None
    began = time.monotonic()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{address[1]}{path}", headers={"Accept": accept}) as answer,
    ):
        text = await answer.text()
        return Answer(answer.status, text, answer.headers["Content-Type"], time.monotonic() - began)


async def health(bot: BotProcess, **wanted: Any) -> Answer:
    """Asks until it is so."""
    ends = time.monotonic() + 15
    while True:
        answer = await get(bot, "/health")
        if {name: answer.json[name] for name in wanted} == wanted:
            return answer
        assert time.monotonic() < ends, (wanted, answer)
        await asyncio.sleep(0.05)


async def test_what_is_told_of_a_day(make_stage: MakeStage) -> None:
    stage = await make_stage(delay=0.2)
    bot = await stage.start(**ON, MV_LOG_FORMAT="json")
    told = (await health(bot, ready=True)).json
    assert told["oldest_open_job_seconds"] is None
    await result(await scenes(stage))
    await result(await character(stage, images=1))
    await stage.delivered()
    answer = await get(bot, "/health")
    assert answer.status == 200
    told, spent = answer.json, stage.rows("SELECT sum(amount) AS all_of_it FROM ledger WHERE kind = 'spend'")
    assert told["spend_today_micro_dollars"] == spent[0]["all_of_it"] > PICTURE_COST
    assert told["version"] == __version__
    assert told["database"] is True
    assert told["queue"] == {"waiting": 0, "running": 0}
    assert told["gateway"]["connected"] is True
    assert told["gateway"]["servers"] == 2
    assert 0 <= told["gateway"]["latency_seconds"] < 5
    assert told["vendors"] == {
        "gemini": {"set_up": True, "resting_until": None}, "replicate": {"set_up": True, "resting_until": None}
    }  # fmt: skip
    page = await get(bot, "/metrics")
    assert page.kind.startswith("text/plain")
    values = page.values

    def value(name: str, **labels: str) -> float:
        return values[name, frozenset(labels.items())]

    for kind in ("scenes", "character"):
        assert value("mv_jobs_accepted_total", kind=kind) == 1
        assert value("mv_jobs_ended_total", kind=kind, state="done") == 1
    assert value("mv_deliveries_total", by="token") == 2
    assert value("mv_vendor_calls_total", vendor="gemini", outcome="ok") == 1
    assert value("mv_job_duration_seconds_count", kind="character", engine="imagen-4") == 1
    assert 0.2 < value("mv_job_duration_seconds_sum", kind="character", engine="imagen-4") < 10
    assert value("mv_spend_today_dollars") == pytest.approx(told["spend_today_micro_dollars"] / 1e6)
    assert value("mv_ready") == value("mv_database_up") == value("mv_gateway_connected") == 1
    assert value("mv_vendor_set_up", vendor="gemini") == 1
    assert value("mv_vendor_resting", vendor="gemini") == 0
    assert value("mv_build_info", version=__version__) == 1
    assert value("process_resident_memory_bytes") > 1e7
    open_metrics = await get(bot, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert open_metrics.kind.startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    await _tells_nothing_of_members(stage, answer.text + page.text)
    await bot.says("is ready: connected as mv-bot")
    lines = [json.loads(line) for line in bot.log.splitlines()]
    assert {"J1", "J2"} == {line["job"] for line in lines if "delivered by" in line["message"]}
    ready = next(line["message"] for line in lines if "is ready" in line["message"])
    assert f"mv-bot {__version__} is ready: connected as mv-bot" in ready
    assert ready.endswith("in 2 servers; vendors set up: gemini, replicate")


async def _tells_nothing_of_members(stage: Stage, text: str) -> None:
    for secret in (*SECRETS, *stage.discord.hooks.by_token):
        assert secret not in text
    for row in stage.rows("SELECT id, server_id, member_id, channel_id FROM jobs"):
        for one in row:
            assert str(one) not in text


async def test_before_discord_answers(make_stage: MakeStage) -> None:
    """It is up early, and says that it is not ready."""
    stage = await make_stage()
    stage.discord.fail("GET", "/users/@me", 500, times=1).delay = 1.5
    starting = asyncio.create_task(stage.start(**ON))
    await until(lambda: stage.bots, "a process")
    answer = await health(stage.bots[0], database=True)
    assert answer.status == 503
    assert answer.json["ready"] is False
    assert answer.json["gateway"]["connected"] is False
    assert answer.json["gateway"]["latency_seconds"] is None
    assert (await get(stage.bots[0], "/metrics")).values["mv_ready", frozenset()] == 0
    await health(await starting, ready=True)


async def test_while_the_database_is_locked(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.troubles_expected = True
    bot = await stage.start(**ON)
    await health(bot, ready=True)
    with closing(sqlite3.connect(stage.data / "mv.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answers = await asyncio.gather(*(get(bot, path) for path in ("/health", "/metrics", "/health")))
        answers.append(await get(bot, "/health"))
        other.execute("ROLLBACK")
    for answer in answers:
        assert answer.seconds < 4, "one second is meant"
    assert [answer.status for answer in answers] == [503, 200, 503, 503]
    assert (answers[0].json["database"], answers[0].json["queue"]["waiting"]) == (False, None)
    assert answers[0].json["gateway"]["connected"] is True
    assert answers[1].values["mv_database_up", frozenset()] == 0
    assert ("mv_jobs_waiting", frozenset[tuple[str, str]]()) not in answers[1].values
    await health(bot, ready=True)
    assert await bot.stop() == 0


async def test_while_discord_is_away(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.troubles_expected = True
    bot = await stage.start(**ON)
    before = (await health(bot, ready=True)).json["gateway"]["since"]
    await asyncio.sleep(1)
    await stage.discord.gateway.disconnect(polite=True)
    await until(lambda: stage.discord.gateway.resumes, "a resumed session")
    assert (await health(bot, ready=True)).json["gateway"]["since"] > before
    await stage.discord.gateway.disconnect(down_seconds=60)
    answer = await health(bot, ready=False)
    assert answer.json["gateway"]["connected"] is False
    assert answer.json["database"] is True


async def test_open_jobs_and_the_way_out(make_stage: MakeStage) -> None:
    stage = await make_stage(delay=2.0)
    bot = await stage.start(**ON)
    await scenes(stage)
    told = (await health(bot, queue={"waiting": 0, "running": 1})).json
    assert 0 <= told["oldest_open_job_seconds"] < 10
    stopping = asyncio.create_task(bot.stop())
    answer = await health(bot, ready=False)
    assert answer.status == 503
    assert await stopping == 0
    with pytest.raises(aiohttp.ClientConnectionError):
        await get(bot, "/health")


async def test_a_port_that_is_taken(make_stage: MakeStage) -> None:
    stage = await make_stage()
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = str(server.sockets[0].getsockname()[1])
        taken: dict[str, Any] = {"MV_METRICS_PORT": port, "MV_METRICS_HOST": "127.0.0.1"}
        ended, doctor, free = await asyncio.gather(
            stage.run(**taken),
            stage.run("doctor", **taken, MV_DATA_DIR=str(stage.folder / "other")),
            stage.run("doctor", **{**taken, "MV_METRICS_PORT": "0"}, MV_DATA_DIR=str(stage.folder / "another")),
        )
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert lines == [f"Port {port} cannot be opened for metrics and health (Address already in use). "
                     "Set MV_METRICS_PORT to another."]  # fmt: skip
    assert doctor.code == 1
    assert f"port {port} cannot be opened" in doctor.out
    assert (free.code, "All is well" in free.out) == (0, True)


async def test_an_incident_leads_to_the_log(make_stage: MakeStage) -> None:
    stage = await make_stage()
    stage.troubles_expected = True
    bot = await stage.start(MV_LOG_FORMAT="json")
    stage.discord.fail("POST", "/interactions/*/callback", 409)
    message = await (await stage.discord.slash("help")).response()
    number = re.search(r"Incident `(\w+)`", message.text)
    assert number is not None
    lines = [json.loads(line) for line in bot.log.splitlines()]
    line = next(line for line in lines if line.get("incident") == number[1])
    assert line["level"] == "ERROR"
    assert "HTTPException" in line["exception"]


async def test_without_a_port_nothing_is_served_nor_imported(make_stage: MakeStage) -> None:
    stage = await make_stage()
    bot = await stage.start(PYTHONVERBOSE="1")
    assert "import 'bot.client'" in bot.log
    assert "import 'prometheus_client" not in bot.log
    assert "import 'bot.health'" not in bot.log
