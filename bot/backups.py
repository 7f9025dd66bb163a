"""`python -m bot backup FILE` and `restore FILE`: what they say."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mv.app import SystemClock
from mv.settings import Settings
from mv.store.backup import Held, back_up, restore

NEEDS_A_PERSON = 2
NAMED = 20
"""How many files are named in a warning."""


def make(settings: Settings, file: Path, *, force: bool) -> int:
    """Prints what the file holds. Missing media are a warning: they are missing in the original. Raises MvError."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        held = back_up(settings, file, SystemClock(), force=force)
    except KeyboardInterrupt:
        _broke_off("No backup was made.")
    print(f"{file}: {_what(held)}, read again and found sound.")
    print("Tokens of interactions are not in it: jobs that were open are delivered another way after a restore.")
    _warn("named by the records, but missing", held.missing)
    _warn("not what the records say they are, and backed up as they are", held.differing)
    return 0


def put_back(settings: Settings, file: Path) -> int:
    """Prints what is there now, and where the old state is. Raises MvError."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        restored = restore(settings, file, SystemClock())
    except KeyboardInterrupt:
        _broke_off("The state before is in place, or the restored one, whole: restore again to be sure.")
    print(f"Restored the state of {restored.held.made_at}: {_what(restored.held)}.")
    if restored.kept is not None and not restored.had:
        print(f"There was no database, but media files: they stay until the empty folder {restored.kept} is deleted.")
    elif restored.kept is not None:
        print(f"The database as it was before is in {restored.kept}; its media files stay where they are.")
    print("Jobs that were open at the backup go on at the next start.")
    _warn("missing in the backup", restored.held.missing)
    return 0


def _broke_off(what: str) -> NoReturn:
    """Not 0, as a bot that is told to stop ends with: what was asked for was not done. At once, for obstore's threads
    complain when the interpreter ends while they read a file."""
    print(f"Interrupted. {what}", file=sys.stderr, flush=True)
    os._exit(NEEDS_A_PERSON)


def _what(held: Held) -> str:
    records = ", ".join(f"{count:,} {name}" for name, count in held.records.items())
    return f"{records}, {held.files:,} media files; {held.bytes:,} bytes in {held.seconds:.1f} s"


def _warn(what: str, keys: Sequence[str]) -> None:
    if not keys:
        return
    print(f"Warning: {len(keys):,} media files {what}:", file=sys.stderr)
    for key in keys[:NAMED]:
        print(f"  {key}", file=sys.stderr)
    if len(keys) > NAMED:
        print(f"  and {len(keys) - NAMED:,} more", file=sys.stderr)
