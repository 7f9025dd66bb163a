"""One process to a data folder and its records: two would both take up the same jobs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from filelock import FileLock, Timeout

from mv.errors import DataFolderInUse, DataFolderUnusable

NAME = "mv-bot.lock"


class FolderLock:
    """Held until it is released, this object is gone or the process ends, however it ends. A block, or `acquire` and
    `release`. A `database` that is a file elsewhere is held as well."""

    def __init__(self, folder: Path, database: Path | None = None) -> None:
        self._folder = folder.absolute()
        files = [self._folder / NAME]
        if database is not None and database.absolute().parent != self._folder:
            files.append(database.absolute().with_name(f"{database.name}.lock"))
        self._locks = [FileLock(file, timeout=0, thread_local=False) for file in files]

    def acquire(self) -> None:
        """Makes the folder if need be. Raises DataFolderInUse, DataFolderUnusable; never waits."""
        folder = self._folder
        try:
            for lock in self._locks:
                folder = Path(lock.lock_file).parent
                folder.mkdir(parents=True, exist_ok=True)
                lock.acquire()
        except Timeout as error:
            self.release()
            raise DataFolderInUse(path=str(folder)) from error
        except OSError as error:
            self.release()
            raise DataFolderUnusable(path=str(folder), reason=error.strerror or "unknown") from error

    def release(self) -> None:
        """Nothing happens if it is not held."""
        for lock in self._locks:
            lock.release()

    def __enter__(self) -> FolderLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
