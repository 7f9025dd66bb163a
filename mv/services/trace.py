"""What `MV_DEBUG_MODE` shows of every job: the request, the defaults, the config values, the prompt. Never a secret:
none of them is ever part of an order or a prompt."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mv.config import Config, Flavor
from mv.domain.engine import Engine
from mv.domain.jobs import Job

log = logging.getLogger("mv.trace")


@dataclass(frozen=True, slots=True)
class Trace:
    """Silent unless `on`."""

    on: bool
    config: Config

    def request(self, job: Job, request: Mapping[str, Any], defaults: Mapping[str, Any], flavor: Flavor) -> None:
        """The request as received, the defaults applied, and the values read with the flavor each came from."""
        if not self.on:
            return
        log.info("%s request %s", job.ref, _line(request))
        log.info("%s defaults applied %s", job.ref, _line(defaults))
        for key, (value, source) in self.config.values_read(flavor).items():
            log.info("%s config %s = %s (from %s)", job.ref, key, _line(value), source)

    def prompt(self, job: Job, engine: Engine, text: str) -> None:
        """The full prompt after templating."""
        if self.on:
            log.info("%s prompt for %s:\n%s", job.ref, engine.name, text)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
