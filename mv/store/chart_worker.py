"""The process that draws charts: a line of JSON in, a line of JSON and a picture out, until there was nothing to do for
so many seconds, or until whoever asked is gone. What libraries remark upon meanwhile, on fonts and folders, is nobody's
business: what goes wrong is told in the answer."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import traceback
from threading import Timer

from mv.store.charts import month_of

NICER = 5
"""Whoever waits for a word goes first."""


def main() -> None:
    """Ends when there is nothing more to read."""
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever else is printed is no picture
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if hasattr(os, "nice"):
        os.nice(NICER)
    idle_seconds = float(sys.argv[1])
    idle = _rest(idle_seconds)
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        for order in sys.stdin.buffer:
            idle.cancel()
            problem, picture = _drawn(order)
            out.write(json.dumps({"problem": problem, "bytes": len(picture)}).encode() + b"\n" + picture)
            out.flush()
            idle = _rest(idle_seconds)
    os._exit(0)


def _drawn(order: bytes) -> tuple[str, bytes]:
    try:
        from mv.store.spend_chart import draw

        return "", draw(month_of(json.loads(order)))
    except Exception:  # noqa: BLE001  # told to whoever asked
        return traceback.format_exc(), b""


def _rest(seconds: float) -> Timer:
    timer = Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
    return timer


if __name__ == "__main__":
    main()
