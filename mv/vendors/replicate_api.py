"""The calls to Replicate's predictions API, each ending in a prediction or a Setback."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from mv.errors import BadRequest, KeyRefused, NoPicture, VendorDown
from mv.ports import Lent
from mv.vendors.replicate_order import Order
from mv.vendors.retry import Setback, usable

if TYPE_CHECKING:
    from replicate.client import Client
    from replicate.pagination import Page
    from replicate.prediction import Prediction

    from mv.vendors.replicate_wire import Wire

log = logging.getLogger(__name__)

T = TypeVar("T")

CANCEL_SECONDS = 5.0
HOME = "https://api.replicate.com"
LONGEST_ADDRESS = 2000


class ReplicateApi:
    """One client, made at the first call in a thread. `answer_seconds` is the longest wait for one answer."""

    def __init__(self, token: str, base_url: str | None, *, answer_seconds: float, max_bytes: int) -> None:
        self.token = token.strip()
        self._base_url = base_url
        self._answer_seconds = answer_seconds
        self._max_bytes = max_bytes
        self._lock = asyncio.Lock()
        self._client: Client | None = None
        self._wire: Wire | None = None

    async def connect(self) -> Client:
        """The SDK's client. Raises KeyRefused for a token that cannot even be sent."""
        if not usable(self.token):
            raise KeyRefused(vendor="replicate", variable="REPLICATE_API_TOKEN")
        async with self._lock:
            if self._client is not None:
                return self._client
            made, self._wire = await asyncio.to_thread(self._make)
            self._client = made
            return made

    def _make(self) -> tuple[Client, Wire]:
        from mv.vendors import replicate_wire

        wire = replicate_wire.Wire(self._answer_seconds, self._max_bytes)
        return replicate_wire.connect(self.token, self._base_url, wire), wire

    @property
    def ahead(self) -> timedelta:
        """The vendor's clock minus ours, as its last answer said; to the second."""
        return timedelta(seconds=self._wire.ahead if self._wire else 0.0)

    async def aclose(self) -> None:
        """Closes connections."""
        async with self._lock:
            wire, self._client, self._wire = self._wire, None, None
        if wire is not None:
            await wire.aclose()

    async def create(self, order: Order, model: str) -> Prediction:
        """Costs money once accepted."""
        client = await self.connect()
        target: dict[str, Any] = {"version": order.version} if order.version else {"model": order.model}

        asking = client.predictions.async_create(input=dict(order.input), **target)
        return await self._judged(asking, model, creating=True)

    async def lend(self, picture: Lent, model: str) -> str:
        """Uploads a picture, at no cost; its address, which is at the API itself. Raises Setback."""
        client = await self.connect()
        kind: dict[str, Any] = {"filename": picture.name, "content_type": picture.mime}
        try:
            made = await self._judged(client.files.async_create(io.BytesIO(picture.data), **kind), model)
        except Setback as setback:
            if isinstance(setback.error, NoPicture):  # 404 and 410 speak of a prediction elsewhere
                raise Setback(BadRequest(vendor="replicate", model=model), setback.note) from setback
            raise
        address = str(made.urls["get"])
        if not self._is_own(address):
            raise Setback(VendorDown(vendor="replicate"), "a file was given an address of another host")
        return address

    def _is_own(self, address: str) -> bool:
        """Whether it leads to the API: no other address is passed on in its name."""
        try:
            found = urlsplit(address)
            homes = {(home.scheme, home.netloc) for home in map(urlsplit, (self._base_url or HOME, HOME))}
        except ValueError:
            return False
        return len(address) <= LONGEST_ADDRESS and (found.scheme, found.netloc) in homes

    async def get(self, id: str, model: str = "") -> Prediction:
        """Its state now. Raises Setback; 404 is NoPicture(expired)."""
        client = await self.connect()
        return await self._judged(client.predictions.async_get(id), model)

    async def newest(self, after: str = "") -> Page[Prediction]:
        """The newest hundred predictions of the account; `after` is a page's `next`, for the hundred before those. Of
        that address only the cursor is used: the token never follows it to another host."""
        client = await self.connect()
        cursor = parse_qs(urlsplit(after).query).get("cursor", [""])[0]
        listing = client.predictions.async_list(f"/v1/predictions?cursor={quote(cursor)}" if cursor else ...)
        return await self._judged(listing, "")

    async def cancel(self, id: str) -> Prediction | None:
        """At most 5 s; what goes wrong is logged, never raised. Its state then, if that is known: what has ended
        already stays as it is."""
        try:
            client = await self.connect()
            async with asyncio.timeout(CANCEL_SECONDS):
                try:
                    return await self._judged(client.predictions.async_cancel(id), "")
                except Setback as setback:
                    log.warning("replicate: %s could not be cancelled: %s", id, setback.note)
                return await self.get(id)
        except (Setback, KeyRefused, TimeoutError) as error:
            log.warning("replicate: whether %s is cancelled is not known: %s", id, type(error).__name__)
        return None

    async def _judged(self, call: Awaitable[T], model: str, *, creating: bool = False) -> T:
        from mv.vendors.replicate_wire import judge

        try:
            # The wire's limit resets with every byte: an answer that drips would never end.
            async with asyncio.timeout(self._answer_seconds * 4 / 3):
                return await call
        except Exception as error:
            setback = judge(error, model, self.token, creating=creating)
            if setback is None:
                raise
            raise setback from error
