"""The preview as a process, and a visitor who sees it in a browser and acts as a person does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Locator, Page
from playwright.async_api import TimeoutError as Timeout

ROOT = Path(__file__).parents[2]


class PreviewProcess:
    """`python -m bot preview` in a folder of its own; nothing of the machine's environment reaches it. `async with`."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.address = ""
        self._environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "MV_CONFIG_DIR": str(ROOT / "configs"),
            "TMPDIR": str(folder / "tmp"),
            **environment,
        }

    async def begin(self, *arguments: str) -> asyncio.subprocess.Process:
        """The process, without waiting for its address."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        with self._log.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "preview", *arguments,
                cwd=self.folder, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=log,
            )  # fmt: skip

    async def __aenter__(self) -> PreviewProcess:
        self._process = await self.begin("--port", "0")
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            while not self.address:
                line = (await self._process.stdout.readline()).decode()
                assert line, self.log
                if "http://127.0.0.1:" in line:
                    self.address = line.strip()
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / "preview.log"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    async def stop(self, number: signal.Signals = signal.SIGINT, within: float = 15.0) -> int:
        self._process.send_signal(number)
        return await asyncio.wait_for(self._process.wait(), within)

    def left_behind(self) -> list[str]:
        """What is in its folder for temporary files."""
        return [each.name for each in (self.folder / "tmp").iterdir()]


class Visitor:
    """Somebody at the page. `shot` keeps a picture of it."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self._folder = folder
        self._shots = 0

    async def command(self, name: str, **options: str) -> None:
        """Types a slash command, fills its fields, sends it."""
        line = self.page.locator("#channel-composer-input")
        await line.click()
        await line.press_sequentially(f"/{name}", delay=10)
        await self.page.get_by_role("option", name=f"/{name}").first.wait_for()
        await self.page.keyboard.press("Enter")
        for option, value in options.items():
            await self.page.locator(f'[data-option="{option}"]').first.fill(value)
        await self.page.wait_for_timeout(600)
        await self.page.locator("#send-message").click()

    @property
    def messages(self) -> Locator:
        return self.page.locator("article.channel-message")

    def message(self, text: str) -> Locator:
        """The newest with this text."""
        return self.messages.filter(has_text=text).last

    async def sees(self, what: Locator, within: float = 20.0) -> Locator:
        try:
            await what.wait_for(timeout=within * 1000)
        except Timeout:
            await self.shot("missing")
            shown = (await self.page.inner_text("body"))[-1500:]
            raise AssertionError(f"not there within {within} s: {what}\nThe page ends with:\n{shown}") from None
        return what

    async def press(self, button: Locator, until: Callable[[], Awaitable[bool]]) -> None:
        """Presses, and once more after some seconds: a page that was drawn anew just then does not take a click."""
        for _ in range(3):
            await self.page.wait_for_timeout(800)
            if await until():
                return
            await button.click()
            ends = time.monotonic() + 5
            while time.monotonic() < ends:
                if await until():
                    return
                await self.page.wait_for_timeout(100)
        raise AssertionError(f"pressing it changed nothing: {button}")

    async def shot(self, name: str) -> None:
        self._shots += 1
        await self.page.screenshot(path=self._folder / f"{self._shots}-{name}.png")
