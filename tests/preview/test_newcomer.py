"""What a newcomer does after `make preview`, in a real browser. Its pictures are in pytest's folder for this test."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn

pytest.importorskip("playwright.async_api", reason="Playwright is not installed")

from playwright.async_api import Browser, async_playwright

from tests.preview.visit import PreviewProcess, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium(own: str) -> str | None:
    """The machine's, or else Playwright's own."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    return next((path for path in [*found, own] if Path(path).exists()), None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        path = chromium(driver.chromium.executable_path)
        if path is None:
            pytest.skip("no Chromium on this machine")
        browser = await driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


async def visit(browser: Browser, preview: PreviewProcess) -> Visitor:
    page = await browser.new_page(viewport={"width": 1280, "height": 1200})
    await page.goto(preview.address)
    return Visitor(page, preview.folder)


def numbers(text: str) -> list[int]:
    """Of the scenes in a message."""
    return [int(found) for found in re.findall(r"^(\d+) · ", text, re.MULTILINE)]


async def test_a_newcomer(browser: Browser, tmp_path: Path) -> None:
    async with PreviewProcess(tmp_path) as preview:
        visitor = await visit(browser, preview)
        welcome = await visitor.sees(visitor.message("Welcome to mv-bot"))
        assert "mv-bot" in await welcome.locator(".message-author").inner_text()
        await visitor.shot("welcome")
        await make_and_page_scenes(visitor)
        await ask_again_and_delete(visitor)
        await make_a_character_and_use_it(visitor)
        assert await preview.stop(signal.SIGINT) == 0
        assert preview.left_behind() == []
        assert preview.log == ""


async def make_and_page_scenes(visitor: Visitor) -> None:
    await visitor.command(
        "scenes create", idea="A lighthouse keeper paints the storm", character="Mara, 60, yellow raincoat"
    )
    await visitor.sees(visitor.message("Writing the scenes"), 10)
    await visitor.shot("progress")
    made = await visitor.sees(visitor.message("S1 · version 1"))
    await visitor.sees(made.get_by_role("button", name="Again"))
    await visitor.shot("scenes")
    first = numbers(await made.inner_text())
    assert first[0] == 1

    async def turned() -> bool:
        return numbers(await made.inner_text())[:1] == [first[-1] + 1]

    await visitor.press(made.get_by_role("button", name="Next"), turned)
    await visitor.shot("next")
    assert first + numbers(await made.inner_text()) == list(range(1, 9))
    assert "scenes.json" in await made.inner_text()


async def ask_again_and_delete(visitor: Visitor) -> None:
    made = visitor.message("S1 · version 1")
    count = await visitor.messages.count()

    async def more() -> bool:
        return await visitor.messages.count() > count

    await visitor.press(made.get_by_role("button", name="Again"), more)
    again = await visitor.sees(visitor.message("S1 · version 2"))
    await visitor.sees(again.get_by_role("button", name="Delete"))
    await visitor.shot("again")
    question = visitor.message("Delete S1?")
    await visitor.press(again.get_by_role("button", name="Delete"), question.is_visible)
    await visitor.shot("question")
    gone = visitor.messages.filter(has_text="S1 is deleted")
    await visitor.press(question.get_by_role("button", name="Delete S1"), gone.first.is_visible)
    await visitor.shot("deleted")


async def make_a_character_and_use_it(visitor: Visitor) -> None:
    await visitor.command("character create", description="A kite seller with a wind-worn face and a red scarf")
    await visitor.sees(visitor.message("Painting"), 10)
    made = await visitor.sees(visitor.message("C1 · take 1"))
    picture = await visitor.sees(made.locator("img.embed-image"))
    width = 0
    for _ in range(50):
        width = await picture.evaluate("image => image.complete ? image.naturalWidth : 0")
        if width:
            break
        await asyncio.sleep(0.1)
    assert width > 200, "the picture was not rendered"
    await visitor.shot("character")

    form = visitor.page.get_by_role("dialog")
    await visitor.press(made.get_by_role("button", name="Use in scenes"), form.is_visible)
    await form.locator('[name="idea"]').fill("She lets the last kite go")
    await form.locator('[name="count"]').fill("3")
    await visitor.shot("form")

    async def closed() -> bool:
        return not await form.is_visible()

    await visitor.press(form.get_by_role("button", name="Submit"), closed)
    listed = await visitor.sees(visitor.message("S2 · version 1"))
    assert "C1" in await listed.inner_text()
    assert numbers(await listed.inner_text()) == [1, 2, 3]
    await visitor.shot("used")


async def test_with_keys_the_real_vendors_are_asked(browser: Browser, tmp_path: Path) -> None:
    """They take longer than the simulation waits for anything: progress shows live, Cancel works, results come."""
    async with GeminiStandIn(delay=30.0) as google, ReplicateStandIn(delay=2.0) as replicate:
        keys = {"GEMINI_API_KEY": "AIzaSyD-a-key-0123456789", "GOOGLE_GEMINI_BASE_URL": google.url}
        keys |= {"REPLICATE_API_TOKEN": "r8_a_token_0123456789", "REPLICATE_BASE_URL": replicate.url}
        async with PreviewProcess(tmp_path, **keys) as preview:
            visitor = await visit(browser, preview)
            await visitor.command("scenes create", idea="Rain", character="A fox")
            progress = await visitor.sees(visitor.message("Writing the scenes"), 10)
            assert "gemini-2.5-pro" in await progress.inner_text()
            cancelled = visitor.messages.filter(has_text="was cancelled")
            await visitor.press(progress.get_by_role("button", name="Cancel"), cancelled.first.is_visible)
            await visitor.shot("cancelled")
            google.delay = 4.0
            await visitor.command("scenes create", idea="Snow", character="A fox")
            await visitor.sees(visitor.message("Writing the scenes"), 10)
            made = await visitor.sees(visitor.message("S1 · version 1"))
            assert "gemini-2.5-pro-001" in await made.inner_text()
            await visitor.command("character create", description="A fox in a mustard coat")
            await visitor.sees(visitor.message("Painting"), 10)
            painted = await visitor.sees(visitor.message("C1 · take 1"))
            assert "google/imagen-4" in await painted.inner_text()
            await visitor.shot("made")
            google.delay = 30.0
            await visitor.command("scenes create", idea="Fog", character="A fox")
            await visitor.sees(visitor.message("Writing the scenes"), 10)
            assert await preview.stop(signal.SIGTERM) == 0
            assert preview.left_behind() == []
            assert "Traceback" not in preview.log


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        preview = PreviewProcess(tmp_path)
        process = await preview.begin("--port", str(taken.getsockname()[1]))
        assert await asyncio.wait_for(process.wait(), 30) == 2
        assert "--port" in preview.log
        assert "Traceback" not in preview.log
        assert preview.left_behind() == []
