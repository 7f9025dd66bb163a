"""Stand-ins and adapters for one test each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import certifi
import pytest

from mv.vendors.gemini import GeminiWriter
from mv.vendors.replicate import ReplicatePainter
from tests.standins.gemini import GeminiStandIn
from tests.standins.replicate import ReplicateStandIn
from tests.vendors.samples import KEY, TOKEN, pictures


class Heard(list[str]):
    """A Report that remembers."""

    async def __call__(self, code: str) -> None:
        self.append(code)


@pytest.fixture(scope="session", autouse=True)
def few_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every client reads all certificates of the world, 20 ms each time; here one will do."""
    end = "-----END CERTIFICATE-----"
    one = tmp_path_factory.mktemp("certificates") / "one.pem"
    one.write_text(Path(certifi.where()).read_text().partition(end)[0] + end + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(one))
        yield


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def google() -> AsyncIterator[GeminiStandIn]:
    async with GeminiStandIn() as server:
        yield server


@pytest.fixture
async def writer(google: GeminiStandIn) -> AsyncIterator[GeminiWriter]:
    made = GeminiWriter(KEY, base_url=google.url, api_version=None, first_wait=0.01)
    yield made
    await made.aclose()


@pytest.fixture
async def server() -> AsyncIterator[ReplicateStandIn]:
    async with ReplicateStandIn() as one:
        yield one


@pytest.fixture
async def painter(server: ReplicateStandIn) -> AsyncIterator[ReplicatePainter]:
    made = ReplicatePainter(
        TOKEN,
        base_url=server.url,
        pictures=pictures(),
        poll=(0.01, 0.02, 0.05),
        look=(0.02, 0.05),
        answer_seconds=0.5,
        look_seconds=1.0,
        first_wait=0.01,
    )
    yield made
    await made.aclose()
