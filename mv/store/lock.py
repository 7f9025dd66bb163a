"""One process to a data folder: two would both take up the same jobs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from mv.errors import DataFolderInUse, DataFolderUnusable

NAME = "mv-bot.lock"


class FolderLock:
    """Held until it is released, this object is gone or the process ends, however it ends. A block, or `acquire` and
    `release`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._lock = FileLock(self._folder / NAME, timeout=0, thread_local=False)

    def acquire(self) -> None:
        """Makes the folder if need be. Raises DataFolderInUse, DataFolderUnusable; never waits."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            raise DataFolderInUse(path=str(self._folder)) from error
        except OSError as error:
            raise DataFolderUnusable(path=str(self._folder), reason=error.strerror or "unknown") from error

    def release(self) -> None:
        """Nothing happens if it is not held."""
        self._lock.release()

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
