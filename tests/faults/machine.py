"""This machine with a fault: disks of a few kilobytes, disks that may not be written, limits of a process.

What needs the rights of an administrator or a Linux kernel skips its test elsewhere, and says why.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.standins.discord import Interaction, Message

BLOCK = 4096
CHARGING = ("scenes create", "character create")


@dataclass(slots=True)
class Disk:
    """A small disk of its own, at `path`."""

    path: Path

    @property
    def free(self) -> int:
        """Bytes."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int = 0) -> None:
        """Leaves so many bytes free, or a block less."""
        with self._filling.open("ab", buffering=0) as file:
            while self.free > leave:
                try:
                    file.write(bytes(min(BLOCK * 16, max(self.free - leave, 1))))
                except OSError:
                    if not leave:
                        return

    def room(self) -> None:
        """As before."""
        self._filling.unlink(missing_ok=True)

    @property
    def _filling(self) -> Path:
        return self.path / "filling"


def did(*command: str) -> None:
    """A command that needs rights; skips the test where there are none."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"this machine does not let a test do it: {' '.join(command)}: {done.stderr.strip()[:200]}")


@contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[Disk]:
    """In memory; skips the test where nothing can be mounted."""
    if sys.platform != "linux":
        pytest.skip("small disks are made by Linux only")
    path.mkdir(parents=True)
    did("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(path))
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@contextmanager
def failing_disk(path: Path) -> Iterator[Disk]:
    """A disk with a file system that the kernel can be made to give up on (`give_up`); skips the test where there is
    none to be had."""
    if sys.platform != "linux" or shutil.which("mkfs.ext4") is None:
        pytest.skip("no file system to give up on")
    image = path.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    path.mkdir(parents=True)
    did("mkfs.ext4", "-q", str(image))
    did("mount", "-o", "loop", str(image), str(path))
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def give_up(disk: Disk) -> None:
    """What the kernel does to a disk with errors: from now on nothing can be written there, open files included."""
    did("mount", "-o", "remount,abort", str(disk.path))


async def refused(asked: Interaction, *words: str) -> Message:
    """It was answered in time, to the asker alone, with these words, and nothing was charged."""
    await asked.acknowledged()
    assert asked.acknowledged_after < 3
    answer = await _answer(asked)
    assert answer.ephemeral, answer.text
    for one in (*words, *(["Nothing was charged"] if asked.name in CHARGING else [])):
        assert one in answer.text, answer.text
    assert "Traceback" not in answer.text
    return answer


async def _answer(asked: Interaction) -> Message:
    """In the place of the acknowledgement, or, if the checks took long, beside it."""
    shown = asyncio.ensure_future(asked.response(20))
    beside = asyncio.ensure_future(asked.followup(timeout_seconds=20))
    done, left = await asyncio.wait({shown, beside}, return_when=asyncio.FIRST_COMPLETED)
    for one in left:
        one.cancel()
    return done.pop().result()
