"""/health and /metrics, for whoever runs the bot: served beside it, from before it connects until it has stopped."""

from __future__ import annotations

import logging
import math
import os
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.client import MvBot
from bot.metrics import Gateway, PrometheusMeter
from mv import __version__
from mv.errors import PortTaken
from mv.services.vitals import Checkup, Vitals
from mv.settings import Settings

log = logging.getLogger(__name__)

CLOSING_SECONDS = 1.0
"""What an answer that is under way is given at the end."""


class Health:
    """One for the whole process."""

    def __init__(self, settings: Settings) -> None:
        self.meter = PrometheusMeter()
        self._place = settings.metrics_host, settings.metrics_port
        self._shards: dict[int, float] = {}

    async def open(self, bot: MvBot) -> None:
        """Before the bot connects: from here on it listens to its comings and goings. Raises PortTaken."""
        self._bot = bot
        self._checkup = Checkup(bot.app.tools)
        bot.add_listener(self._up, "on_shard_connect")
        bot.add_listener(self._up, "on_shard_resumed")
        bot.add_listener(self._down, "on_shard_disconnect")
        app = web.Application()
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_SECONDS)
        await self._runner.setup()
        await self._listen(*self._place)
        where = self._runner.addresses[0]
        log.info("metrics and health are served at http://%s:%s/", where[0], where[1])

    async def _listen(self, host: str | None, port: int | None) -> None:
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address"
            raise PortTaken(host=host or "", port=port or 0, reason=reason) from error

    async def close(self) -> None:
        """Last, after the bot."""
        await self._runner.cleanup()
        await self._checkup.close()

    async def _up(self, shard: int) -> None:
        self._shards[shard] = self._bot.app.clock.now().timestamp()

    async def _down(self, shard: int) -> None:
        self._shards.pop(shard, None)

    def _gateway(self) -> Gateway:
        connected = bool(self._shards) and len(self._shards) == (self._bot.shard_count or 1)
        latency = self._bot.latency if connected else math.nan
        return Gateway(
            connected=connected,
            latency=latency if math.isfinite(latency) else None,
            since=max(self._shards.values()) if connected else None,
            servers=len(self._bot.guilds),
        )

    def _ready(self, vitals: Vitals, gateway: Gateway) -> bool:
        return vitals.stored is not None and gateway.connected and not self._bot.stopping

    async def _health(self, _: web.Request) -> web.Response:
        vitals, gateway = await self._checkup.look(), self._gateway()
        ready = self._ready(vitals, gateway)
        return web.json_response(_told(ready, vitals, gateway), status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        vitals, gateway = await self._checkup.look(), self._gateway()
        ready = self._ready(vitals, gateway)
        accept = request.headers.get("Accept", "")
        body, kind = self.meter.page(accept, __version__, ready=ready, vitals=vitals, gateway=gateway)
        return web.Response(body=body, headers={"Content-Type": kind})


def _told(ready: bool, vitals: Vitals, gateway: Gateway) -> dict[str, Any]:
    stored = vitals.stored
    return {
        "ready": ready,
        "version": __version__,
        "database": stored is not None,
        "gateway": {
            "connected": gateway.connected,
            "latency_seconds": gateway.latency,
            "since": None if gateway.since is None else _iso(datetime.fromtimestamp(gateway.since, UTC)),
            "servers": gateway.servers,
        },
        "queue": {"waiting": stored and stored.waiting, "running": stored and stored.running},
        "oldest_open_job_seconds": stored and stored.oldest_seconds,
        "spend_today_micro_dollars": stored and stored.spent_today,
        "vendors": {vendor: _vendor(vendor, vitals) for vendor in vitals.set_up},
    }


def _vendor(vendor: str, vitals: Vitals) -> dict[str, Any]:
    state = vitals.states.get(vendor)
    resting = None if state is None else state.resting_until
    return {"set_up": vitals.set_up[vendor], "resting_until": None if resting is None else _iso(resting)}


def _iso(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
