"""Charts, drawn by a process of their own.

In a thread matplotlib holds the interpreter for 15 to 40 ms at a time, and it would leave 60 MB behind. The process is
started when a chart is wanted, goes on for a while in case another follows, and ends by itself, or when ours does.
It is told neither keys nor tokens, and what it does wrong is not our end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import IO, Any, cast

from mv.domain.spending import DaySpend, MonthSpend
from mv.errors import NoChart
from mv.ports import Charts

log = logging.getLogger(__name__)

SECONDS = 30.0
"""For one chart; a slow machine takes three."""
IDLE_SECONDS = 60.0
KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Of our environment, with OPENBLAS_*: no more than a program needs to start."""


class MatplotlibCharts(Charts):
    """One chart at a time, in the order they were asked for. `scratch` is a folder for matplotlib's list of fonts; if
    it cannot be written, it is made anew each time."""

    def __init__(self, scratch: Path, *, seconds: float = SECONDS, idle_seconds: float = IDLE_SECONDS) -> None:
        self._scratch = scratch / "matplotlib"
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="charts")
        self._worker: subprocess.Popen[bytes] | None = None
        self._closed = False

    async def spend(self, month: MonthSpend) -> bytes:
        """About a second if the process must be started, else a fifth of one."""
        order = json.dumps(asdict(month), default=date.isoformat).encode() + b"\n"
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._spend, order)

    async def aclose(self) -> None:
        """Ends the process, whatever it is at; there are no more charts."""
        self._closed = True
        if self._worker is not None:
            self._worker.kill()
            await asyncio.get_running_loop().run_in_executor(self._pool, self._end)

    def _spend(self, order: bytes) -> bytes:
        fresh = self._worker is None
        answer = self._ask(order)
        if answer is None and not fresh:  # it was idle for too long, and went just now
            answer = self._ask(order)
        if answer is None:
            raise NoChart()
        problem, picture = answer
        if problem:
            log.error("a chart could not be drawn: %s", problem)
            raise NoChart()
        return picture

    def _ask(self, order: bytes) -> tuple[str, bytes] | None:
        """What is wrong, or the picture; None if the process is gone."""
        if self._closed:
            return None
        try:
            worker = self._worker = self._worker or self._start()
        except OSError as error:
            log.error("the process that draws charts could not be started: %r", error)
            return None
        there, back = cast("IO[bytes]", worker.stdin), cast("IO[bytes]", worker.stdout)
        late = threading.Timer(self._seconds, worker.kill)
        late.start()
        try:
            there.write(order)
            there.flush()
            head = json.loads(back.readline())
            picture = back.read(head["bytes"])
            if len(picture) == head["bytes"]:
                return head["problem"], picture
        except (OSError, ValueError) as error:
            log.info("the process that draws charts is gone: %r", error)
        finally:
            late.cancel()
        self._end()
        return None

    def _start(self) -> subprocess.Popen[bytes]:
        """In a group of its own, for Ctrl+C is ours to answer; but in our session, so that being nice counts."""
        return subprocess.Popen(  # noqa: S603  # our own words only
            [sys.executable, "-P", "-m", "mv.store.chart_worker", str(self._idle_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment(),
            process_group=0,
        )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("OPENBLAS_")}
        house = str(Path(__file__).absolute().parents[2])
        return kept | {"PYTHONPATH": house, "MPLCONFIGDIR": str(self._scratch.absolute()), "OPENBLAS_NUM_THREADS": "1"}

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.kill()
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):  # an order that it did not read any more
                cast("IO[bytes]", pipe).close()
        worker.wait()


def month_of(order: dict[str, Any]) -> MonthSpend:
    """What was asked for, on the other side."""
    rows = tuple(DaySpend(**(row | {"day": date.fromisoformat(row["day"])})) for row in order["rows"])
    today = None if order["today"] is None else date.fromisoformat(order["today"])
    return MonthSpend(**(order | {"first": date.fromisoformat(order["first"]), "today": today, "rows": rows}))
