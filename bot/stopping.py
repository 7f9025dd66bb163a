"""How the process is told to stop, and how it leaves in time whatever hangs.

A first signal asks for it. Should the way out take too long (a vendor, Discord or a disk that does not answer), or a
second signal come, the process leaves where it is: its records are made for that, as for a kill.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading

LEAVES_WITHIN_SECONDS = 9.5
"""From the first signal; service managers commonly kill after ten."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Listens for signals from its making on; the running loop's."""

    def __init__(self, leaves_within: float = LEAVES_WITHIN_SECONDS) -> None:
        self._leaves_within = leaves_within
        self._asked = asyncio.Event()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._signalled)

    @property
    def asked(self) -> bool:
        """Whether it was told to stop."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Until it is told to stop."""
        await self._asked.wait()

    def _signalled(self) -> None:
        if self.asked:
            leave("mv-bot was told twice to stop, and leaves where it is.")
        self._asked.set()
        late = threading.Timer(self._leaves_within, leave, ("mv-bot could not stop in time, and leaves where it is.",))
        late.daemon = True  # a thread, for the loop itself may hang
        late.start()


def leave(why: str) -> None:
    """Ends the process here and now with code 0. Not by `logging`: whoever hangs may hold its lock."""
    os.write(2, f"{why} What was not finished goes on after the next start.\n".encode())
    os._exit(0)


def leave_at_once() -> None:
    """Before there is a loop that listens, and after, a SIGTERM ends the process with code 0 as well."""
    signal.signal(signal.SIGTERM, lambda number, frame: leave("mv-bot was told to stop."))
