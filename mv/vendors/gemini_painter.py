"""Pictures by Gemini's image models, through google-genai.

There is no prediction that could be looked up: the picture comes in the answer to the very call that orders it. So
`start` makes the call, which costs money, and holds the picture in memory for `collect`. It is repeated only where it
certainly was not accepted; an answer that is lost, or a picture that a kill took along, is Uncertain.
"""

from __future__ import annotations

import asyncio
import io
import math
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mv.config.model import Pictures
from mv.domain.engine import Engine
from mv.errors import BadRequest, MvError, NoPicture, Uncertain, VendorDown
from mv.ports import Lent, Painted, Painter, PicturePrompt, Report, Ticket
from mv.vendors.gemini_client import HOME, GeminiClient, usual
from mv.vendors.gemini_errors import VENDOR, judge_order, judge_upload
from mv.vendors.gemini_picture import read
from mv.vendors.gemini_shelf import Held, Shelf
from mv.vendors.retry import Patience, Setback, insist

if TYPE_CHECKING:
    from google.genai.types import GenerateContentConfig, Part

ATTEMPTS = 3
LONGEST_ADDRESS = 2000
SPOILED = ("broken", "too_large")
"""Why a picture that was made cannot be taken in."""


class GeminiPainter(Painter):
    """Made cheaply; the SDK is loaded at the first use, beside the event loop. `upload_seconds` is the longest wait for
    one picture to be handed over, `first_wait` in seconds as well."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str | None,
        api_version: str | None,
        pictures: Pictures,
        upload_seconds: float = 60.0,
        first_wait: float = 1.0,
    ) -> None:
        self._max_bytes = pictures.max_bytes
        most = 2 * pictures.max_bytes  # base64 is a third longer, and drafts may come along
        self._client = GeminiClient(api_key, base_url=base_url, api_version=api_version, max_bytes=most)
        self._upload_seconds, self._first_wait = upload_seconds, first_wait
        self._shelf = Shelf()

    async def warm(self) -> None:
        """Loads the SDK ahead of the first request: half a second of work in a thread."""
        await self._client.connect()

    async def lend(self, engine: Engine, picture: Lent, report: Report) -> str:
        """Uploads it; the vendor keeps it for two days. The address is its type and its URI."""
        if not engine.takes_references:
            raise BadRequest(vendor=VENDOR, model=engine.model)
        self._client.check_key()
        await self._client.connect()
        patience = Patience(seconds=ATTEMPTS * self._upload_seconds, attempts=ATTEMPTS, first_wait=self._first_wait)

        async def upload(left: float) -> str:
            with self._client.judged(engine.model, judge_upload):
                return await self._uploaded(picture, min(left, self._upload_seconds))

        address = await insist(upload, patience, report, self._client.key, f"gemini upload for {engine.model}")
        return f"{picture.mime} {address}"

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """Makes the picture; takes at most `prompt.timeout_seconds`, waits included. Raises Blocked and NoPicture where
        none was made; one that was made and is of no use is told of by `collect`, for it is paid for."""
        self._client.check_key()
        await self._client.connect()
        contents, config = _contents(engine, prompt), _config(engine, prompt)
        patience = Patience(seconds=prompt.timeout_seconds, attempts=ATTEMPTS, first_wait=self._first_wait)

        async def ask(left: float) -> Painted:
            with self._client.judged(engine.model, judge_order):
                body = await self._client.generate(engine, contents, config, left)
                return await asyncio.to_thread(read, body, engine.model, self._max_bytes)

        try:
            held: Held = await insist(ask, patience, report, self._client.key, f"gemini {engine.model}")
        except NoPicture as error:
            if error.reason not in SPOILED:
                raise
            held = error
        ticket = Ticket(id=secrets.token_hex(12), data={"pictures": 1})
        self._shelf.put(ticket.id, held)
        return ticket

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """At once, from memory. Raises NoPicture (broken, too_large), and Uncertain for what another process ordered:
        it was made, and is lost."""
        held = self._shelf.take(ticket.id)
        if isinstance(held, Painted):
            return held
        error: MvError = Uncertain(vendor=VENDOR)
        if held is not None:
            error = NoPicture(vendor=VENDOR, reason=held.reason)
        error.made = _made(ticket)
        raise error from held

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """There is nothing left to stop: a ticket is given for what was made, and paid for, also by another process."""
        self._shelf.drop(ticket.id)
        return _made(ticket)

    async def aclose(self) -> None:
        """Closes connections."""
        await self._client.aclose()

    async def _uploaded(self, picture: Lent, seconds: float) -> str:
        """The URI of a picture. Without an address of ours the SDK would send it to whichever host the answer names."""
        from google.genai.types import HttpOptions, UploadFileConfig

        client = await self._client.connect()
        options = HttpOptions(base_url=self._client.base_url, timeout=math.ceil(seconds * 1000))
        config = UploadFileConfig(mime_type=picture.mime, display_name=picture.name, http_options=options)
        async with asyncio.timeout(seconds):
            made = await client.aio.files.upload(file=io.BytesIO(picture.data), config=config)
        address = made.uri or ""
        if not self._is_own(address):
            raise Setback(VendorDown(vendor=VENDOR), "a file was given an address of another host")
        return address

    def _is_own(self, address: str) -> bool:
        """Whether it leads to the API: no other address is passed on in its name."""
        try:
            found = urlsplit(address)
            homes = {(home.scheme, home.netloc) for home in map(urlsplit, (self._client.base_url, HOME))}
        except ValueError:
            return False
        return len(address) <= LONGEST_ADDRESS and (found.scheme, found.netloc) in homes


def _made(ticket: Ticket) -> int:
    return int(ticket.data.get("pictures", 1))


def _contents(engine: Engine, prompt: PicturePrompt) -> list[Part]:
    """The pictures to go by, then the words."""
    from google.genai.types import FileData, Part

    lent = [address.partition(" ") for address in prompt.references[: engine.max_references]]
    pictures = [Part(file_data=FileData(mime_type=mime, file_uri=uri)) for mime, _, uri in lent]
    return [*pictures, Part(text=prompt.text)]


def _config(engine: Engine, prompt: PicturePrompt) -> GenerateContentConfig:
    """Of the parameters only the size is known here: a flavor's are meant for the engines of other vendors too."""
    from google.genai.types import GenerateContentConfig, ImageConfig

    size = {**engine.parameters, **prompt.parameters}.get("image_size")
    return GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=ImageConfig(
            aspect_ratio=prompt.aspect_ratio if engine.aspect_ratios else None,
            image_size=size if isinstance(size, str) else None,
        ),
        seed=prompt.seed if engine.takes_seed else None,
        **usual(engine, prompt.timeout_seconds),
    )
