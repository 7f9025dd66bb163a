"""Pictures by Replicate, through the predictions API: create, poll, fetch.

A create costs money from the moment it is accepted, so it is repeated only when it certainly was not. When that cannot
be known, the prediction is looked for at the vendor; found without doubt it is taken over, else the job is Uncertain.
`Prefer: wait` is not used: the id would come with the picture, and until then nothing could be found again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mv.config.model import Pictures
from mv.domain.engine import Engine
from mv.errors import TIMEOUT, MvError, NoPicture, Uncertain, VendorDown
from mv.ports import BUSY, UNSURE, Lent, Painted, Painter, PicturePrompt, Report, Search, Ticket
from mv.vendors.download import Downloader, is_loopback
from mv.vendors.replicate_api import ReplicateApi
from mv.vendors.replicate_order import Order, made_at, matching, order_for
from mv.vendors.replicate_outcome import links, version_of
from mv.vendors.retry import LONGEST_WAIT, Patience, Setback, clean, insist, raise_plainly

if TYPE_CHECKING:
    from replicate.prediction import Prediction

log = logging.getLogger(__name__)

VENDOR = "replicate"

POLL = (0.3, *[0.1] * 7, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Pauses in seconds, the last one repeated: quick pictures are seen within a tenth of a second, and one of 10 s costs
some twenty requests (the vendor allows 3,000 a minute)."""

LOOK = (0.5, 1.5, 3.0)
"""Pauses in seconds before each look for a prediction that may have been accepted."""
LOOK_SECONDS = 60.0
"""How long a vendor that cannot be asked is asked for its list."""

MARGIN = timedelta(seconds=2)
"""By which two clocks may differ after the vendor's answers were compared with ours."""
LONG_MARGIN = timedelta(seconds=15)
"""The same where all other orders are known, so that an equal one of a moment before is no doubt."""
PAGES = 5
"""Of a hundred predictions each: what is looked through before it is given up."""


class ReplicatePainter(Painter):
    """Made cheaply; the SDK is loaded at the first use, beside the event loop.

    `poll` and `look` are pauses in seconds, `look_seconds` the patience of one look, `answer_seconds` the longest wait
    for one answer of the API, `download_seconds` that for one file.
    """

    def __init__(
        self,
        api_token: str,
        *,
        base_url: str | None,
        pictures: Pictures,
        poll: Sequence[float] = POLL,
        look: Sequence[float] = LOOK,
        look_seconds: float = LOOK_SECONDS,
        answer_seconds: float = 30.0,
        first_wait: float = 1.0,
        download_seconds: float = 60.0,
    ) -> None:
        most = 6 * pictures.max_bytes  # an answer may hold four pictures as data URIs
        self._api = ReplicateApi(api_token, base_url, answer_seconds=answer_seconds, max_bytes=most)
        loopback = base_url is not None and is_loopback(urlsplit(base_url).hostname or "")
        self._downloads = Downloader(
            VENDOR,
            pictures.hosts,
            pictures.max_bytes,
            loopback=loopback,
            seconds=download_seconds,
            first_wait=min(first_wait, 0.5),
        )
        self._poll, self._look, self._look_seconds = tuple(poll), tuple(look), look_seconds
        self._answer_seconds, self._first_wait = answer_seconds, first_wait
        self._given: deque[str] = deque(maxlen=2000)
        self._asking: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    async def warm(self) -> None:
        """Loads the SDK ahead of the first request: a fifth of a second of work in a thread."""
        await self._api.connect()
        await self._downloads.connect()

    async def lend(self, engine: Engine, picture: Lent, report: Report) -> str:
        """Uploads it; the vendor keeps it for a day."""
        patience = Patience(seconds=4 * self._answer_seconds, first_wait=self._first_wait)

        async def upload(left: float) -> str:
            return await self._api.lend(picture, engine.model)

        return await insist(upload, patience, report, self._api.token, f"replicate upload for {engine.model}")

    async def start(self, engine: Engine, prompt: PicturePrompt, report: Report) -> Ticket:
        """Asks for one prediction. Whoever cancels this does not learn whether it was accepted: let it run to its
        end."""
        order = order_for(engine, prompt)
        patience = Patience(seconds=4 * self._answer_seconds, first_wait=self._first_wait)
        sent_at = datetime.now(UTC)

        async def ask(left: float) -> Prediction:
            nonlocal sent_at
            sent_at = datetime.now(UTC)
            return await self._api.create(order, engine.model)

        try:
            with _counted(self._asking, order.mark):
                made = await insist(ask, patience, report, self._api.token, f"replicate {engine.model}")
                self._given.append(made.id)
                return Ticket(id=made.id)
        except Uncertain:
            await report(UNSURE)
            found = await self._seek(order, Search(since=sent_at - MARGIN), self._look)
            if found is None:
                raise
            return found

    async def find(self, engine: Engine, prompt: PicturePrompt, search: Search) -> Ticket | None:
        """After a kill. Some 5 s, unless the vendor is slow or cannot be asked."""
        early = replace(search, since=search.since - LONG_MARGIN)
        return await self._seek(order_for(engine, prompt), early, (0.0, *self._look[1:]))

    async def collect(self, engine: Engine, ticket: Ticket, timeout_seconds: float, report: Report) -> Painted:
        """Polls until the prediction ends, then fetches what it made. After `timeout_seconds` it is cancelled at the
        vendor and VendorDown says timeout. Of several pictures those that came are returned."""
        try:
            async with asyncio.timeout(timeout_seconds):
                prediction = await self._ended(ticket.id, engine.model, report)
        except TimeoutError as error:
            ended = await self._api.cancel(ticket.id)
            if ended is None or ended.status != "succeeded":
                raise VendorDown(vendor=VENDOR, reason=TIMEOUT) from error
            prediction = ended  # at the last moment, and paid for
        if prediction.error:
            log.warning("replicate: %s failed: %s", ticket.id, clean(prediction.error, self._api.token))
        pictures, missing = await self._fetch(prediction, report)
        version = version_of(prediction, engine.model)
        return Painted(pictures=tuple(pictures), model_version=version, missing=missing)

    async def cancel(self, engine: Engine, ticket: Ticket) -> int:
        """At most 5 s; a failure is logged, and then nothing is known to have been made."""
        ended = await self._api.cancel(ticket.id)
        try:
            return len(links(ended)) if ended is not None else 0
        except MvError:
            return 0

    async def aclose(self) -> None:
        """Closes connections."""
        await self._api.aclose()
        await self._downloads.aclose()

    async def _seek(self, order: Order, search: Search, pauses: Sequence[float]) -> Ticket | None:
        """The prediction of an order whose answer is lost, if there is no doubt: listed since then, with the same model
        and the very same input, nobody else's, and no equal order under way. Equal orders that are all lost may take
        each other's, as long as there are no more predictions than such orders: they ask for the same."""
        with _counted(self._lost, order.mark):
            for pause in pauses:
                await asyncio.sleep(pause)
                listed = await self._looked(order, search.since)
                if listed is None:
                    break
                found, complete = listed
                free = [id for id in found if id not in search.taken and id not in self._given]
                if free:
                    log.warning("replicate: an order got no answer; %d predictions may be its own", len(free))
                alone = not self._asking[order.mark] and len(free) <= max(search.alike, self._lost[order.mark])
                if free and complete and alone:
                    self._given.append(free[0])
                    return Ticket(id=free[0])
        return None

    async def _looked(self, order: Order, since: datetime) -> tuple[list[str], bool] | None:
        """`_listed`, through every trouble that may pass, for what is looked for may be paid for; None if the vendor
        cannot be asked for `look_seconds`."""
        until = time.monotonic() + self._look_seconds
        for attempt in itertools.count(1):
            try:
                return await self._listed(order, since)
            except Setback as setback:
                wait = Patience(seconds=0, first_wait=self._first_wait).pause(setback, min(attempt, 4))
                if not setback.again or time.monotonic() + wait > until:
                    log.warning("replicate: could not look for a prediction: %s", setback.note)
                    return None
                await asyncio.sleep(wait)
        return None

    async def _listed(self, order: Order, since: datetime) -> tuple[list[str], bool]:
        """The ids of all predictions made since then by such an order, and whether the vendor's list was seen that far
        back. Raises Setback."""
        found: list[str] = []
        cursor = ""
        for _ in range(PAGES):
            page = await self._api.newest(cursor)
            begin = since + self._api.ahead
            found += [one.id for one in matching(order, page.results, begin)]
            if not page.next or (page.results and made_at(page.results[-1]) < begin):
                return list(dict.fromkeys(found)), True
            cursor = page.next
        return list(dict.fromkeys(found)), False

    async def _ended(self, id: str, model: str, report: Report) -> Prediction:
        """Polls through every trouble that may pass, for the prediction runs and is paid for."""
        troubles = 0
        pauses = itertools.chain(self._poll, itertools.repeat(self._poll[-1]))
        while True:
            await asyncio.sleep(next(pauses))
            try:
                prediction = await self._api.get(id, model)
            except Setback as setback:
                troubles += 1
                await self._bear(setback, troubles, id, report)
                continue
            troubles = 0
            if prediction.status in {"succeeded", "failed", "canceled"}:
                return prediction

    async def _bear(self, setback: Setback, troubles: int, id: str, report: Report) -> None:
        """Waits before the next poll, or raises what will not pass. A 404 is believed when it comes twice."""
        unknown_yet = isinstance(setback.error, NoPicture) and troubles == 1
        if not setback.again and not unknown_yet:
            log.warning("replicate: %s: %s", id, setback.note)
            raise_plainly(setback, self._api.token)
        if troubles == 1:
            await report(BUSY)
        wait = Patience(seconds=0, first_wait=self._first_wait).pause(setback, min(troubles, 4))
        await asyncio.sleep(min(wait, LONGEST_WAIT))

    async def _fetch(self, prediction: Prediction, report: Report) -> tuple[list[bytes], int]:
        """The pictures that came, at least one, and how many did not; expired addresses are asked for afresh, once."""
        got = await self._fetch_all(links(prediction), report)
        if any(isinstance(one, NoPicture) and one.reason == "expired" for one in got):
            got = await self._fetch_again(prediction.id, got, report)
        pictures = [one for one in got if isinstance(one, bytes)]
        failures = [one for one in got if isinstance(one, MvError)]
        if not pictures:
            failures[0].made = len(failures)
            raise failures[0]
        if failures:
            log.warning("replicate: %d of %d pictures of %s failed", len(failures), len(got), prediction.id)
        return pictures, len(failures)

    async def _fetch_again(self, id: str, got: list[bytes | MvError], report: Report) -> list[bytes | MvError]:
        try:
            fresh = links(await self._api.get(id))
        except (Setback, MvError) as error:
            log.info("replicate: no fresh addresses for %s: %s", id, type(error).__name__)
            return got
        again = await self._fetch_all(fresh, report)
        if len(again) != len(got):
            return again
        return [new if isinstance(old, MvError) else old for old, new in zip(got, again, strict=True)]

    async def _fetch_all(self, addresses: list[str], report: Report) -> list[bytes | MvError]:
        async def one(address: str) -> bytes | MvError:
            try:
                return await self._downloads.fetch(address, report)
            except MvError as error:
                return error

        return list(await asyncio.gather(*(one(address) for address in addresses)))


@contextmanager
def _counted(counter: Counter[str], mark: str) -> Iterator[None]:
    """Counts while the block lasts; what is at zero is forgotten."""
    counter[mark] += 1
    try:
        yield
    finally:
        counter[mark] -= 1
        if not counter[mark]:
            del counter[mark]
