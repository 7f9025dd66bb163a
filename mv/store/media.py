"""Files by key, in a local folder or in object storage; the same calls for both."""

from __future__ import annotations

import asyncio
import errno
import logging
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mv.errors import ConfigMistake, DataFolderUnusable, StorageError, storage_error
from mv.ports import Listed, Media

if TYPE_CHECKING:
    from obstore.store import ObjectStore

log = logging.getLogger(__name__)

LISTED_AT_ONCE = 1000
SIGNING_SECONDS = 5.0
"""A store without keys looks for some around it, for minutes; a member waits."""
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


class ObjectMedia(Media):
    """A file appears under its key whole or not at all, and survives the process from then on."""

    def __init__(self, store: ObjectStore, *, typed: bool) -> None:
        """`typed`: the store keeps a file's type beside it, as object storage does and folders do not."""
        self._store = store
        self._typed = typed

    @classmethod
    def at(cls, url: str | None, data_folder: Path) -> ObjectMedia:
        """At `file:///…`, `memory:///`, `s3://…` (and what else obstore knows); None is `media` in the data folder.

        Raises ConfigMistake for an address that is none, DataFolderUnusable for a folder that cannot be made.
        """
        if url is None:
            return cls(_folder(data_folder / "media"), typed=False)
        parts = urlsplit(url)
        if parts.scheme == "file" and not parts.netloc:
            return cls(_folder(Path(unquote(parts.path))), typed=False)
        return cls(_by_url(url), typed=True)

    async def put(self, key: str, data: bytes, mime: str) -> None:
        """Whole or not at all. Raises StorageFull, StorageError."""
        import obstore

        attributes: Any = {"Content-Type": mime} if self._typed else None
        try:
            await obstore.put_async(self._store, key, data, attributes=attributes, use_multipart=False)
        except Exception as error:
            raise _meaning(error) from error

    async def get(self, key: str) -> bytes:
        """Raises KeyError if there is none, StorageError."""
        import obstore

        try:
            found = await obstore.get_async(self._store, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError as error:
            raise KeyError(key) from error
        except Exception as error:
            raise _meaning(error) from error

    async def link(self, key: str, seconds: int) -> str | None:
        """None for folders and memory, for a store without keys to sign with, and for one that is not reached by https:
        a signature is not sent in the open, and such a store is seldom one that members can reach. Signed here, without
        a request, unless the keys themselves are to be fetched."""
        import obstore
        from obstore.store import AzureStore, GCSStore, S3Store

        if not isinstance(self._store, AzureStore | GCSStore | S3Store):
            return None
        try:
            async with asyncio.timeout(SIGNING_SECONDS):
                address = await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))
        except Exception as error:  # noqa: BLE001  # whose text may hold the address
            log.warning("no link to a file could be signed: %s", type(error).__name__)
            return None
        return address if address.startswith("https://") else None

    async def delete(self, key: str) -> None:
        """No error if there is none. Raises StorageError."""
        import obstore

        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return
        except Exception as error:
            raise _meaning(error) from error

    async def folders(self) -> tuple[str, ...]:
        """What keys begin with, up to the first slash. Raises StorageError."""
        import obstore

        try:
            found = await obstore.list_with_delimiter_async(self._store)
        except Exception as error:
            raise _meaning(error) from error
        return tuple(found["common_prefixes"])

    async def list(self, folder: str) -> AsyncIterator[Sequence[Listed]]:
        """The files of one folder, in any order, a thousand at a time. Raises StorageError."""
        import obstore

        try:
            async for chunk in obstore.list(self._store, prefix=folder, chunk_size=LISTED_AT_ONCE):
                yield [Listed(one["path"], one["size"], one["last_modified"]) for one in chunk]
        except Exception as error:
            raise _meaning(error) from error


def _folder(path: Path) -> ObjectStore:
    from obstore.store import LocalStore

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(path=str(path), reason=error.strerror or "unknown") from error
    return LocalStore(path)


def _by_url(url: str) -> ObjectStore:
    from obstore.store import from_url

    try:
        return from_url(url)
    except Exception:  # noqa: BLE001  # whose text holds the address, which may hold a key
        expected = "file:///FOLDER, memory:/// or s3://BUCKET/PREFIX"
        raise ConfigMistake(file="environment", line=0, key="MV_MEDIA_URL", expected=expected) from None


def _meaning(error: Exception) -> StorageError:
    """obstore keeps the number of an error of the system in its text only."""
    found = _OS_ERROR.search(str(error))
    number = int(found[1]) if found else 0
    meaning = storage_error(number)
    log.warning("a file: %s (%s)", meaning.code, errno.errorcode.get(number, type(error).__name__))
    return meaning
