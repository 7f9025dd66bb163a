"""Stand-ins on a bad day: every answer takes its time, and some are lost although what was asked for was done."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.e2e.stage import Stage
from tests.standins.discord import Fault as DiscordFault
from tests.standins.discord.door import Call
from tests.standins.discord.faults import Faults
from tests.standins.discord.hooks import Hooks
from tests.standins.gemini import GeminiStandIn, Reply
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script
from tests.torture.presses import progress_of
from tests.torture.words import word_in

LOST = 0.05
"""The share of answers that are lost."""
DROPS = ("before", "mid")
TOKEN_SECONDS = 900.0


class LossyGemini(GeminiStandIn):
    """`lost` counts the answers that never arrived, by the word of their request; a request loses one at most."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(decide=self._decide)
        self._dice = dice
        self.lost: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()

    def _decide(self, prompt: str) -> Reply:
        word = word_in(prompt)
        self.asked[word] += 1
        delay = self._dice.uniform(0.1, 1.2)
        if not self.lost[word] and self._dice.random() < LOST:
            self.lost[word] += 1
            return Reply(delay=delay, fault=Fault(status=200, drop=self._dice.choice(DROPS)))
        return Reply(delay=delay)


class LossyReplicate(ReplicateStandIn):
    """Also the answer to a create takes its time, when the prediction is there already."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(edge=48, decide=self._decide)
        self._dice = dice
        self.lost = 0

    def _decide(self, values: Mapping[str, Any]) -> Script:
        dice = self._dice
        delay = dice.uniform(0.1, 2.5)
        drop = Fault(status=200, drop=dice.choice(DROPS), delay=dice.uniform(0, 0.4))
        gets = (drop,) if dice.random() < LOST else ()
        files = (drop,) if dice.random() < LOST else ()
        if dice.random() < LOST:
            self.lost += 1
            return Script(delay=delay, gets=gets, files=files, create=drop, accepted=True)
        return Script(delay=delay, gets=gets, files=files)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        answer = await super()._create(request)
        await asyncio.sleep(self._dice.uniform(0, 0.4))
        return answer


class LossyDiscord(Faults):
    """Meets each request of the bot with a delay; some are refused for the moment, of some the answer is lost. A cut
    connection looks the same to the bot whether or not it was done; a 5xx was not done."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__()
        self._dice = dice

    def meet(self, method: str, path: str) -> DiscordFault | None:
        """What is asked for on purpose comes first."""
        dice = self._dice
        first = super().meet(method, path)
        if first is not None or not path.startswith(("/interactions/", "/webhooks/", "/channels/")):
            return first
        fault = DiscordFault(method=method, pattern=path, delay=dice.uniform(0, 0.25))
        luck = dice.random()
        if luck < LOST:
            fault.lose = True
        elif luck < 1.5 * LOST and method == "PATCH":
            fault.status = dice.choice((500, 502))
        elif luck < 2 * LOST and method == "PATCH":
            fault.status, fault.retry_after = 429, 0.3
        return fault


class LastingHooks(Hooks):
    """A token by which a result was shown lives on for its fifteen minutes, though it was to grow old early: if it died
    before the bot's next try, nobody could know any more whether the asker has seen an ephemeral result."""

    async def edit(self, call: Call) -> Any:
        """Of the response or a follow-up."""
        answer = await super().edit(call)
        asked = self.by_token[call.args["token"]]
        if asked.message is not None and progress_of(asked.message) is None:
            asked.token_expires_at = time.monotonic() + TOKEN_SECONDS
        return answer


class BadDay(Stage):
    """A stage with these."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder)
        dice = random.Random(seed)
        self.google = self.lossy_google = LossyGemini(random.Random(dice.random()))
        self.replicate = self.lossy_replicate = LossyReplicate(random.Random(dice.random()))
        before = self.discord.hooks
        self.discord.hooks = LastingHooks(before.world, before.rest, before.answer_seconds)
        self.discord.door.faults = LossyDiscord(random.Random(dice.random()))
