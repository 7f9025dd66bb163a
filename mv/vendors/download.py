"""Fetches pictures from the addresses a vendor names: with a plain client that knows no key, from known hosts only,
and never more bytes than agreed.

What the vendor says about a file (its type, its length) is not believed: bytes are counted as they come, and the
darkroom looks at what they are.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from mv.errors import NoPicture, VendorBusy, VendorDown
from mv.ports import Report
from mv.vendors.retry import Patience, Setback, insist, quiet, seconds_of

if TYPE_CHECKING:
    import httpx

_PLAIN = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without spaces and backslash: anything else is read differently by different parsers."""

_GONE = {401, 403, 404, 410}
_MOST_HOPS = 3


class Downloader:
    """One plain client for one vendor. `loopback` allows http to this machine as well: for a vendor that is local.

    `seconds` is for one attempt at one file, whatever its size.
    """

    def __init__(
        self,
        vendor: str,
        hosts: tuple[str, ...],
        max_bytes: int,
        *,
        loopback: bool = False,
        seconds: float = 60.0,
        first_wait: float = 0.5,
    ) -> None:
        self._vendor = vendor
        self._hosts = tuple(host.lower() for host in hosts)
        self._max_bytes = max_bytes
        self._loopback = loopback
        self._seconds = seconds
        self._first_wait = first_wait
        self._lock = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    async def connect(self) -> httpx.AsyncClient:
        """The client, made once, in a thread: it reads certificates, some 20 ms."""
        async with self._lock:
            if self._client is not None:
                return self._client
            made = await asyncio.to_thread(_plain_client)
            self._client = made
            return made

    async def aclose(self) -> None:
        """Closes connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def fetch(self, url: str, report: Report) -> bytes:
        """The bytes behind an address or a data URI.

        Raises NoPicture (foreign_host, too_large, expired, empty, broken), VendorBusy or VendorDown; network errors are
        retried twice.
        """
        if url[:5].lower() == "data:":
            return await asyncio.to_thread(self._decode, url)
        self._check(url)
        patience = Patience(seconds=3 * self._seconds, attempts=3, first_wait=self._first_wait, paid_repeats=3)

        async def attempt(left: float) -> bytes:
            import httpx

            try:
                async with asyncio.timeout(min(left, self._seconds)):
                    return await self._follow(url)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
                raise self._setback("unreachable", error) from error
            except (TimeoutError, httpx.TimeoutException) as error:
                raise self._setback("timeout", error) from error
            except (httpx.HTTPError, OSError) as error:
                broken = NoPicture(vendor=self._vendor, reason="broken")
                raise Setback(broken, type(error).__name__, again=True) from error

        # Signed addresses are secrets too: an exception that quotes one is not passed on.
        return await insist(attempt, patience, report, url, f"{self._vendor} download")

    def _setback(self, reason: str, error: Exception) -> Setback:
        return Setback(VendorDown(vendor=self._vendor, reason=reason), type(error).__name__, again=True)

    async def _follow(self, url: str) -> bytes:
        import httpx

        client = await self.connect()
        for _ in range(_MOST_HOPS + 1):
            self._check(url)
            async with client.stream("GET", url) as response:
                if response.has_redirect_location:
                    try:
                        url = str(response.url.join(response.headers["location"]))
                    except (httpx.InvalidURL, ValueError) as error:
                        raise NoPicture(vendor=self._vendor, reason="foreign_host") from error
                    continue
                self._refuse_status(response)
                return await self._read(response)
        raise NoPicture(vendor=self._vendor, reason="broken")

    def _refuse_status(self, response: httpx.Response) -> None:
        status, note = response.status_code, f"HTTP {response.status_code}"
        if status in _GONE:
            raise NoPicture(vendor=self._vendor, reason="expired")
        after = seconds_of(response.headers.get("retry-after"))
        if status == 429:
            raise Setback(VendorBusy(vendor=self._vendor, retry_after=after), note, again=True, after=after)
        if status >= 500:
            raise Setback(VendorDown(vendor=self._vendor), note, again=True, after=after)
        if status != 200:
            raise NoPicture(vendor=self._vendor, reason="broken")

    async def _read(self, response: httpx.Response) -> bytes:
        """Raw bytes: an encoding that was not asked for could unpack to any size."""
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._max_bytes:
            raise NoPicture(vendor=self._vendor, reason="too_large")
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self._max_bytes:
                raise NoPicture(vendor=self._vendor, reason="too_large")
        if not data:
            raise NoPicture(vendor=self._vendor, reason="empty")
        return bytes(data)

    def _check(self, url: str) -> None:
        """Refuses everything but https on its own port to a known host, and this machine where that is allowed."""
        import httpx

        foreign = NoPicture(vendor=self._vendor, reason="foreign_host")
        if len(url) > 8192 or not _PLAIN.fullmatch(url):
            raise foreign
        try:
            parsed = httpx.URL(url)
            host, port = parsed.raw_host.decode("ascii").lower(), parsed.port
        except (httpx.InvalidURL, ValueError) as error:
            raise foreign from error
        if parsed.userinfo:
            raise foreign
        if self._loopback and is_loopback(host):
            return
        if parsed.scheme != "https" or port not in {None, 443} or not self._known(host):
            raise foreign

    def _known(self, host: str) -> bool:
        return any(
            host == known or (known.startswith(".") and (host.endswith(known) or host == known[1:]))
            for known in self._hosts
        )

    def _decode(self, url: str) -> bytes:
        head, comma, body = url.partition(",")
        broken = NoPicture(vendor=self._vendor, reason="broken")
        if not comma:
            raise broken
        in_base64 = head.lower().rstrip().endswith(";base64")
        if len(body) > (self._max_bytes * 4 // 3 + 4 if in_base64 else self._max_bytes * 3):
            raise NoPicture(vendor=self._vendor, reason="too_large")
        try:
            data = base64.b64decode(unquote_to_bytes(body), validate=True) if in_base64 else unquote_to_bytes(body)
        except (binascii.Error, ValueError) as error:
            raise broken from error
        if len(data) > self._max_bytes:
            raise NoPicture(vendor=self._vendor, reason="too_large")
        if not data:
            raise NoPicture(vendor=self._vendor, reason="empty")
        return data


def _plain_client() -> httpx.AsyncClient:
    import httpx

    quiet("httpx", "httpcore")
    headers = {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "mv-bot"}
    return httpx.AsyncClient(timeout=15.0, headers=headers, follow_redirects=False)


def is_loopback(host: str) -> bool:
    """Whether it names this machine: as an address or as `localhost`, nothing that would have to be looked up."""
    return (
        host == "localhost" or host in {"::1", "[::1]"} or bool(re.fullmatch(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}", host))
    )
