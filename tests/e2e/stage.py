"""`python -m bot` as a process, and the Discord, the Gemini and the Replicate it meets.

Whatever a test does, `close` looks at everything that was logged, sent and stored: no secret in any log or record, no
traceback, nobody pinged but the one who asked, no message that Discord found malformed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.standins.discord import DiscordStandIn
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

ROOT = Path(__file__).parents[2]
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GAbCdE.a-token-that-nobody-may-read-0123456789"
GEMINI_KEY = "AIzaSyD-a-key-that-nobody-may-read-0123"
REPLICATE_TOKEN = "r8_a_token_that_nobody_may_read_456789"
SECRETS = (TOKEN, GEMINI_KEY, REPLICATE_TOKEN)
MALFORMED = (400, 413)
CHARGED = "('scenes', 'images', 'spend')"
"""What the ledger charges a member, for SQL; the rest are tokens, and money that nobody is charged."""


async def until(true: Callable[[], Any], what: str, within: float = 15.0) -> None:
    """Looks every few milliseconds. Raises AssertionError with `what` when the time is up."""
    ends = time.monotonic() + within
    while not true():
        assert time.monotonic() < ends, f"not within {within} s: {what}"
        await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that came to its end by itself."""

    code: int
    out: str
    err: str


class BotProcess:
    """One process, with its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it wrote so far, to both outputs."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    async def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 10.0) -> int:
        """Sends the signal; the exit code, which must come within that many seconds."""
        self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), within)

    async def kill(self) -> None:
        """kill -9: nothing of it runs on."""
        if self.running:
            self._process.kill()
        await self._process.wait()

    async def says(self, what: str) -> str:
        """Waits for a text in the log, and returns the log."""
        await until(lambda: what in self.log, f"{what!r} in the log")
        return self.log


class Stage:
    """Three stand-ins, a data folder, and the processes that a test starts there. `async with`."""

    def __init__(self, folder: Path, *, delay: float = 0.0, token: str | None = TOKEN) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.discord = DiscordStandIn(token=token)
        self.google = GeminiStandIn(delay=delay)
        self.replicate = ReplicateStandIn(delay=delay, edge=64)
        self.troubles_expected = False
        """Whether the logs may hold errors and tracebacks."""
        self.bots: list[BotProcess] = []
        """All that were started, the last one last."""

    async def __aenter__(self) -> Stage:
        for server in (self.discord, self.google, self.replicate):
            await server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        for bot in self.bots:
            await bot.kill()
        for server in (self.discord, self.google, self.replicate):
            await server.__aexit__()
        if error[0] is None:
            self.check()

    # ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────

    def environment(self, **changes: str | None) -> dict[str, str]:
        """What a process finds there: everything set, and nothing of the machine's own. None leaves one out."""
        values: dict[str, str | None] = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DISCORD_TOKEN": TOKEN,
            "GEMINI_API_KEY": GEMINI_KEY,
            "REPLICATE_API_TOKEN": REPLICATE_TOKEN,
            "DISCORD_API_BASE_URL": self.discord.base_url,
            "GOOGLE_GEMINI_BASE_URL": self.google.url,
            "REPLICATE_BASE_URL": self.replicate.url,
            "MV_CONFIG_DIR": str(ROOT / "configs"),
            "MV_DATA_DIR": str(self.data),
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    async def start(self, **changes: str | None) -> BotProcess:
        """The bot, connected and with its commands known to Discord."""
        before = self.discord.gateway.identifies
        log = self.folder / f"bot-{len(self.bots)}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", cwd=self.folder, env=self.environment(**changes), stdout=file, stderr=file
            )
        bot = BotProcess(process, log)
        self.bots.append(bot)
        ready = asyncio.create_task(self.discord.ready(20, beyond=before))
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            raise AssertionError(f"the bot ended with {process.returncode}:\n{bot.log}")
        ended.cancel()
        ready.result()
        await self.discord.synced("scenes create")
        return bot

    async def run(self, *arguments: str, within: float = 40.0, **changes: str | None) -> Ended:
        """`python -m bot …` to its end."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *arguments, cwd=self.folder, env=self.environment(**changes),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(), within)
        except TimeoutError:
            process.kill()
            out, err = await process.communicate()
            raise AssertionError(f"still running after {within} s: {(out + err).decode()[-3000:]}") from None
        ended = Ended(process.returncode or 0, out.decode(), err.decode())
        for secret in SECRETS:
            assert secret not in ended.out + ended.err
        return ended

    # ── what the records say ─────────────────────────────────────────────────────────────────────────────────────────

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Rows of the bot's database, also while it runs."""
        with closing(sqlite3.connect(f"file:{self.data / 'mv.sqlite3'}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(statement, values).fetchall()

    async def delivered(self) -> None:
        """Waits until no job is left without its delivery noted."""
        await until(lambda: not self.rows("SELECT id FROM jobs WHERE delivered_at IS NULL"), "all jobs delivered")

    def counted(self, job: int) -> dict[str, int]:
        """What its member is charged for a job in all, by kind; kinds that add up to nothing are left out."""
        sums = self.rows(
            "SELECT l.kind AS kind, SUM(l.amount) AS amount FROM ledger l JOIN jobs j ON j.id = l.job_id"
            f" WHERE j.number = ? AND j.server_id = ? AND l.kind IN {CHARGED} GROUP BY l.kind",
            job,
            self.discord.guild.id,
        )
        return {row["kind"]: row["amount"] for row in sums if row["amount"]}

    # ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """What must be true whatever happened."""
        tokens = [*SECRETS, *self.discord.hooks.by_token]
        for bot in self.bots:
            for line in bot.log.splitlines():
                assert not [token for token in tokens if token in line], f"a secret in the log: {line[:200]}"
                if not self.troubles_expected:
                    assert "Traceback" not in line, bot.log[-6000:]
                    assert "ERROR" not in line, bot.log[-6000:]
        self._check_messages()
        self._check_records()

    def _check_messages(self) -> None:
        for message in self.discord.world.messages.values():
            for who in message.pinged:
                assert message.content.startswith(f"<@{who}>"), f"{who} was pinged: {message.text[:300]}"
            rule = message.allowed_mentions or {}
            assert message.thinking or rule.get("parse") == [], f"may ping: {rule} {message.text[:300]}"
        malformed = [one for one in self.discord.requests if one.status in MALFORMED and one.code != 40060]
        assert not malformed, [(one.method, one.path, one.code, str(one.body)[:500]) for one in malformed]

    def _check_records(self) -> None:
        for file in self.data.rglob("*"):
            if file.is_file():
                data = file.read_bytes()
                assert not [secret for secret in SECRETS if secret.encode() in data], f"a secret in {file}"
        if self.troubles_expected or not (self.data / "mv.sqlite3").exists():
            return
        if self.rows("SELECT name FROM sqlite_master WHERE name = 'jobs'"):
            kept = "SELECT number FROM jobs WHERE delivered_at IS NOT NULL AND reply_token IS NOT NULL"
            assert self.rows(kept) == []
