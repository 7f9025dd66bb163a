"""The stage of the proof: stand-ins with books, a copy of the configuration with room for two hundred jobs, lives."""

from __future__ import annotations

import random
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.e2e.stage import ROOT, BotProcess, Stage
from tests.proof.vendors import BookedGemini, BookedReplicate
from tests.proof.weather import Weather

ALLOWANCES = [
    {"kind": "scenes", "limit": 500, "period": "month"},
    {"kind": "images", "limit": 800, "period": "day"},
    {"kind": "images", "limit": 900, "period": "month"},
    {"kind": "spend", "limit": 90, "period": "month"},
]


class ProofStage(Stage):
    """`killed` has the moments of all kills, by the number of the life that each ended."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        super().__init__(folder)
        self.configs = folder / "configs"
        self.weather = Weather(random.Random(dice.random()))
        self.google = self.painter = BookedGemini(self.weather.gemini, self._life)
        self.replicate = self.vendor = BookedReplicate(self.weather.replicate, self._life)
        self.killed: dict[int, float] = {}
        self.killed_on: list[datetime] = []
        """The same by the clock."""
        self._configure()

    def _life(self) -> int:
        return len(self.bots) - 1

    def _configure(self) -> None:
        """The product's own, but for what would only stand in the way: allowances and rates that two hundred jobs in a
        minute would use up, and the rest that is given to a vendor that fails as often as this one."""
        shutil.copytree(ROOT / "configs", self.configs)
        file = self.configs / "limits.yaml"
        limits = yaml.safe_load(file.read_text("utf-8"))
        limits["allowances"] = ALLOWANCES
        limits["vendors"] |= {"per_minute": {"replicate": 6000}, "rest_after_failures": 500}
        file.write_text(yaml.safe_dump(limits, sort_keys=False), "utf-8")

    def environment(self, **changes: str | None) -> dict[str, str]:
        """With that configuration."""
        return super().environment(**{"MV_CONFIG_DIR": str(self.configs), **changes})

    async def kill(self, bot: BotProcess) -> None:
        """kill -9, and when it was."""
        self.killed[self._life()] = time.monotonic()
        self.killed_on.append(datetime.now(UTC))
        await bot.kill()

    def open_jobs(self) -> int:
        """Those that have not come to their member yet."""
        return int(self.rows("SELECT COUNT(*) AS n FROM jobs WHERE delivered_at IS NULL")[0]["n"])

    def jobs(self) -> int:
        """All that were accepted."""
        return int(self.rows("SELECT COUNT(*) AS n FROM jobs")[0]["n"])
