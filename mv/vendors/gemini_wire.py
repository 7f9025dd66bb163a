"""The wire under Google's SDK: an httpx2 client that waits briefly for a connection, follows no redirect (it would
carry the key to another host), and reads no answer that is larger than any list of scenes could be, unpacked.
"""

from __future__ import annotations

from typing import Any

import httpx2

CONNECT_SECONDS = 10.0
MOST_BYTES = 16 * 1024 * 1024
"""An answer of 65,536 tokens has some 300 kB."""

_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}


class Wire(httpx2.AsyncClient):
    """Answers are always read to their end."""

    def __init__(self) -> None:
        super().__init__(follow_redirects=False, event_hooks={"request": [_hurry]})

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Raises ValueError for an answer that is too large."""
        response = await super().send(request, stream=True, **options)
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ValueError("the answer is too large")
        finally:
            await response.aclose()
        kept = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_BODY]
        return httpx2.Response(response.status_code, headers=kept, content=bytes(body), request=request)


async def _hurry(request: httpx2.Request) -> None:
    limits = dict(request.extensions.get("timeout", {}))
    limits["connect"] = min(limits.get("connect") or CONNECT_SECONDS, CONNECT_SECONDS)
    request.extensions["timeout"] = limits
