"""The process that draws charts: started when needed, ended when idle, and never ours to fall with."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mv.errors import NoChart
from mv.store import charts
from mv.store.charts import MatplotlibCharts
from tests.charts.months import MONTHS, month
from tests.darkroom.pictures import opened


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all, so that the list of fonts is made once."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture
async def shop(scratch: Path) -> AsyncIterator[MatplotlibCharts]:
    shop = MatplotlibCharts(scratch)
    yield shop
    await shop.aclose()


def number(shop: MatplotlibCharts) -> int:
    assert shop._worker is not None
    return shop._worker.pid


async def gone(shop: MatplotlibCharts) -> None:
    worker = shop._worker
    assert worker is not None
    await asyncio.to_thread(worker.wait, 10)


async def test_all_months_come_back_in_order_and_from_one_process(
    shop: MatplotlibCharts, capfd: pytest.CaptureFixture[str]
) -> None:
    drawn = await asyncio.gather(*(shop.spend(each) for each in MONTHS.values()))
    first = number(shop)
    assert [opened(data).size for data in drawn] == [(1200, 640)] * len(MONTHS)
    assert await shop.spend(MONTHS["hostile"]) == drawn[list(MONTHS).index("hostile")]
    assert number(shop) == first
    assert capfd.readouterr() == ("", "")


async def test_it_ends_when_idle_and_comes_again(scratch: Path) -> None:
    shop = MatplotlibCharts(scratch, idle_seconds=0.1)
    await shop.spend(month())
    first = number(shop)
    await gone(shop)
    await shop.spend(month())
    assert number(shop) != first
    await shop.aclose()


async def test_one_that_was_killed_is_replaced(shop: MatplotlibCharts) -> None:
    await shop.spend(month())
    os.kill(number(shop), 9)
    assert opened(await shop.spend(month())).size == (1200, 640)


async def test_one_that_hangs_is_ended(scratch: Path) -> None:
    shop = MatplotlibCharts(scratch, seconds=0.001)
    with pytest.raises(NoChart):
        await shop.spend(month())
    assert shop._worker is None


async def test_what_cannot_be_drawn_ends_nothing(
    shop: MatplotlibCharts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await shop.spend(month())
    first = number(shop)
    with monkeypatch.context() as patched:
        patched.setattr(charts, "asdict", lambda month: {"rows": [], "today": None, "first": "no day"})
        with pytest.raises(NoChart):
            await shop.spend(month())
    assert "no day" in caplog.text
    await shop.spend(month())
    assert number(shop) == first


async def test_without_a_program_there_is_no_chart(
    shop: MatplotlibCharts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NoChart):
        await shop.spend(month())
    assert "could not be started" in caplog.text


async def test_closing_waits_for_no_chart(scratch: Path) -> None:
    shop = MatplotlibCharts(scratch)
    waiting = [asyncio.create_task(shop.spend(MONTHS["fifteen"])) for _ in range(20)]
    await waiting[0]
    began = time.monotonic()
    await shop.aclose()
    assert time.monotonic() - began < 2
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert any(isinstance(each, NoChart) for each in ended)
    assert shop._worker is None


async def test_it_is_told_no_secret(scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    monkeypatch.setenv("MV_DATABASE_URL", "postgresql://me:secret@somewhere/db")
    shop = MatplotlibCharts(scratch)
    environment = shop._environment()
    assert "secret" not in str(environment)
    assert environment["MPLCONFIGDIR"] == str(scratch / "matplotlib")
    await shop.aclose()


async def test_a_folder_that_cannot_be_written_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scratch"
    file.write_bytes(b"")
    file.chmod(stat.S_IRUSR)
    monkeypatch.setenv("HOME", str(file))
    shop = MatplotlibCharts(file)
    assert opened(await shop.spend(MONTHS["hostile"])).size == (1200, 640)
    await shop.aclose()
    assert capfd.readouterr() == ("", "")


def test_it_ends_with_whoever_started_it(scratch: Path) -> None:
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from mv.store.charts import MatplotlibCharts\n"
        "from tests.charts.months import month\n"
        "async def main():\n"
        f"    shop = MatplotlibCharts(Path({str(scratch)!r}))\n"
        "    await shop.spend(month())\n"
        "    print(shop._worker.pid, 'matplotlib' in sys.modules, flush=True)\n"
        "    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    pid, ours = ran.stdout.split()
    assert ours == "False", "matplotlib stays out of our process"
    for _ in range(100):
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("it goes on")


async def test_the_loop_runs_on_while_charts_are_drawn(shop: MatplotlibCharts) -> None:
    """What is asked for is 25 ms, the test leaves room for a busy machine."""
    pause, worst, last = 0.001, 0.0, time.perf_counter()
    work = asyncio.gather(*(shop.spend(MONTHS["fifteen"]) for _ in range(4)))
    while not work.done():
        await asyncio.sleep(pause)
        now = time.perf_counter()
        worst, last = max(worst, now - last - pause), now
    await work
    assert worst < 0.2
