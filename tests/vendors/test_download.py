"""Fetching pictures: whom we trust, and how far."""

from __future__ import annotations

import base64
import time

import pytest

from mv.errors import MvError, NoPicture, VendorBusy, VendorDown
from mv.vendors.download import Downloader, is_loopback
from mv.vendors.replicate import ReplicatePainter
from tests.standins.local import Fault
from tests.standins.replicate import ReplicateStandIn, Script
from tests.vendors.conftest import Heard
from tests.vendors.samples import picture_prompt, pictures, pictures_engine

HOSTS = ("replicate.delivery", ".example.com")


async def fetch(painter: ReplicatePainter, heard: Heard) -> tuple[bytes, ...]:
    engine = pictures_engine(count_parameter="num_outputs")
    ticket = await painter.start(engine, picture_prompt(images=2), heard)
    return (await painter.collect(engine, ticket, 5, heard)).pictures


GONE = Fault(status=404)
ENDINGS: list[tuple[str, Script, MvError, int]] = [
    ("404", Script(files=(GONE,) * 9), NoPicture(vendor="replicate", reason="expired"), 4),
    ("403", Script(files=(Fault(status=403),) * 9), NoPicture(vendor="replicate", reason="expired"), 4),
    ("400", Script(files=(Fault(status=400),) * 9), NoPicture(vendor="replicate", reason="broken"), 2),
    ("500", Script(files=(Fault(status=500),) * 9), VendorDown(vendor="replicate"), 6),
    ("429", Script(files=(Fault(status=429),) * 9), VendorBusy(vendor="replicate"), 6),
    ("cut", Script(files=(Fault(status=200, drop="mid"),) * 9), NoPicture(vendor="replicate", reason="broken"), 6),
    ("dropped", Script(files=(Fault(drop="before"),) * 9), NoPicture(vendor="replicate", reason="broken"), 6),
    ("empty", Script(file="empty"), NoPicture(vendor="replicate", reason="empty"), 2),
    ("huge", Script(file="huge"), NoPicture(vendor="replicate", reason="too_large"), 2),
    ("huge by its header", Script(file="declared"), NoPicture(vendor="replicate", reason="too_large"), 2),
    (
        "http elsewhere",
        Script(output="http://replicate.delivery/x.png"),
        NoPicture(vendor="replicate", reason="foreign_host"),
        0,
    ),
    ("elsewhere", Script(output="https://example.org/x.png"), NoPicture(vendor="replicate", reason="foreign_host"), 0),
    (
        "redirected elsewhere",
        Script(files=(Fault(status=302, headers={"Location": "https://example.org/"}),) * 2),
        NoPicture(vendor="replicate", reason="foreign_host"),
        2,
    ),
    ("a file", Script(output="file:///etc/passwd"), NoPicture(vendor="replicate", reason="not_a_picture"), 0),
]


@pytest.mark.parametrize(
    ("script", "error", "downloads"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS]
)
async def test_what_is_not_taken_in(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, script: Script, error: MvError, downloads: int
) -> None:
    server.script.append(script)
    with pytest.raises(MvError) as caught:
        await fetch(painter, heard)
    assert (type(caught.value), caught.value.facts()) == (type(error), error.facts())
    assert server.counts["downloads"] == downloads
    assert server.counts["bytes_sent"] < 30_000_000, "it stops reading"
    assert server.counts["tokens_leaked"] == 0


async def test_html_is_handed_on_for_the_darkroom_to_see(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(file="html"))
    assert await fetch(painter, heard) == (b"<html>sorry</html>",) * 2


@pytest.mark.parametrize(
    "faults",
    [
        (Fault(status=503), Fault(drop="before"), Fault(status=200, drop="mid")),
        (GONE, GONE),
        (GONE,),
        (Fault(status=307, headers={"Location": "1.png"}),),
    ],
)
async def test_what_passes(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, faults: tuple[Fault, ...]
) -> None:
    server.script.append(Script(files=faults))
    assert [one[:4] for one in await fetch(painter, heard)] == [b"\x89PNG"] * 2
    assert server.counts["creates"] == 1


async def test_what_came_is_kept_when_the_rest_failed(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    server.script.append(Script(output=["{base}/files/{id}/0.png", "https://example.org/1.png"]))
    assert len(await fetch(painter, heard)) == 1


async def test_redirects_end(server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard) -> None:
    server.script.append(
        Script(output="{base}/files/{id}/0.png", files=(Fault(status=302, headers={"Location": "0.png"}),) * 99)
    )
    with pytest.raises(NoPicture) as caught:
        await fetch(painter, heard)
    assert caught.value.reason == "broken"
    assert server.counts["downloads"] == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://replicate.delivery/x.png",
        "https://replicate.delivery.example.org/x.png",
        "https://evilexample.com/x.png",
        "https://replicate.delivery@example.org/x.png",
        "https://user:pw@replicate.delivery/x.png",
        "https://replicate.delivery:8443/x.png",
        "https://example.org\\@replicate.delivery/x.png",
        "https://example.org#@replicate.delivery/",
        "https://replicate.delivery\n.example.org/",
        "https://replicate.delivery .example.org/",
        "https://127.0.0.1/x.png",
        "http://127.0.0.1:9/x.png",
        "http://localhost/x.png",
        "https://[::1]/x.png",
        "https://2130706433/x.png",
        "https://169.254.169.254/latest/meta-data",
        "https://\u0435xample.com/x.png",
        "https://",
        "https:///x.png",
        "https://replicate.delivery:99999999/",
        "ftp://replicate.delivery/x.png",
        "//replicate.delivery/x.png",
        "x.png",
        "https://replicate.delivery/" + "x" * 9000,
    ],
)
async def test_addresses_that_are_refused(heard: Heard, url: str) -> None:
    downloads = Downloader("replicate", HOSTS, 1000)
    with pytest.raises(NoPicture) as caught:
        await downloads.fetch(url, heard)
    assert caught.value.reason == "foreign_host"
    await downloads.aclose()


@pytest.mark.parametrize(
    "url",
    [
        "https://replicate.delivery/x.png?sig=a%2Fb",
        "https://REPLICATE.delivery:443/x.png",
        "https://a.b.example.com/x.png",
        "https://example.com/x.png",
    ],
)
def test_addresses_that_are_not(url: str) -> None:
    Downloader("replicate", HOSTS, 1000)._check(url)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("data:image/png;base64,####", "broken"),
        ("data:image/png;base64", "broken"),
        ("data:image/png;base64,", "empty"),
        ("data:image/png;base64," + "A" * 4000, "too_large"),
        ("data:," + "A" * 1001, "too_large"),
        ("data:," + "A" * 4000, "too_large"),
    ],
)
async def test_data_that_is_refused(heard: Heard, url: str, reason: str) -> None:
    with pytest.raises(NoPicture) as caught:
        await Downloader("replicate", HOSTS, 1000).fetch(url, heard)
    assert caught.value.reason == reason


async def test_data_that_is_not(heard: Heard) -> None:
    data = bytes(range(256)) * 3
    downloads = Downloader("replicate", HOSTS, 1000)
    assert await downloads.fetch(f"data:image/png;base64,{base64.b64encode(data).decode()}", heard) == data
    assert await downloads.fetch("data:,a%20b", heard) == b"a b"


async def test_a_slow_file_ends_within_its_time(server: ReplicateStandIn, heard: Heard) -> None:
    downloads = Downloader("replicate", HOSTS, 1000, loopback=True, seconds=0.2, first_wait=0.01)
    server.script.append(Script(files=(Fault(delay=5),) * 5))
    began = time.monotonic()
    made = ReplicatePainter("t", base_url=server.url, pictures=pictures())
    ticket = await made.start(pictures_engine(), picture_prompt(), heard)
    with pytest.raises(VendorDown) as caught:
        await downloads.fetch(f"{server.url}/files/{ticket.id}/0.png", heard)
    assert caught.value.reason == "timeout"
    assert time.monotonic() - began < 4
    await downloads.aclose()
    await made.aclose()


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("127.0.0.1.example.org", False),
        ("localhost.evil", False),
    ],
)
def test_loopback(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
