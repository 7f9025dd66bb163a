"""The wire under Google's SDK: an httpx2 client that waits briefly for a connection, follows no redirect (it would
carry the key to another host), and reads no answer that is larger, unpacked, than what was asked for could be.
"""

from __future__ import annotations

from typing import Any

import httpx2

from mv.vendors.gemini_errors import TooLarge

CONNECT_SECONDS = 10.0
UPLOADING, UPLOADED = "x-goog-upload-command", "x-goog-upload-status"
_OF_THE_BODY = {"content-encoding", "content-length", "transfer-encoding"}


class Wire(httpx2.AsyncClient):
    """Answers are always read to their end."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        super().__init__(follow_redirects=False, event_hooks={"request": [_hurry]})

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Raises TooLarge."""
        response = await super().send(request, stream=True, **options)
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self._max_bytes:
                    raise TooLarge("the answer is too large")
        finally:
            await response.aclose()
        kept = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_BODY]
        if UPLOADING in request.headers and UPLOADED not in response.headers:
            # without it the SDK sends the same bytes again, three times and whatever the answer was
            kept.append((UPLOADED, "unknown"))
        return httpx2.Response(response.status_code, headers=kept, content=bytes(body), request=request)


async def _hurry(request: httpx2.Request) -> None:
    limits = dict(request.extensions.get("timeout", {}))
    limits["connect"] = min(limits.get("connect") or CONNECT_SECONDS, CONNECT_SECONDS)
    request.extensions["timeout"] = limits
