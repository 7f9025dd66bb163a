"""Pictures handed to Replicate: what is sent where, and what its answers mean."""

from __future__ import annotations

from typing import Any

import pytest

from mv.errors import BadRequest, KeyRefused, MvError, NoCredit, VendorBusy, VendorDown
from mv.ports import Lent
from mv.vendors.offline import OfflinePainter
from mv.vendors.replicate import ReplicatePainter
from tests.standins.local import Fault, wire
from tests.standins.replicate import ReplicateStandIn
from tests.vendors.conftest import Heard
from tests.vendors.samples import TOKEN, picture_prompt, pictures, pictures_engine

PICTURE = Lent(name="character_ref_20261122_201500_9f2c1a07.png", mime="image/png", data=b"\x89PNG" + bytes(300_000))
BY_ONE = pictures_engine(reference_parameter="image", max_references=1)
BY_SEVERAL = pictures_engine(reference_parameter="image_input", reference_list=True, max_references=2)


async def test_a_picture_is_handed_over_and_named_in_the_order(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard
) -> None:
    address = await painter.lend(BY_SEVERAL, PICTURE, heard)
    (upload,) = server.uploads.values()
    assert address in server.uploads
    assert (upload.name, upload.mime, upload.data) == (PICTURE.name, PICTURE.mime, PICTURE.data)
    for engine, references, sent in (
        (BY_SEVERAL, (address,), {"image_input": [address]}),
        (BY_SEVERAL, ("a", "b", "c"), {"image_input": ["a", "b"]}),
        (BY_ONE, (address, "b"), {"image": address}),
        (BY_ONE, (), {}),
        (pictures_engine(), (address,), {}),
    ):
        ticket = await painter.start(engine, picture_prompt(references=references), heard)
        assert server.predictions[ticket.id].input == {"prompt": "Mara, a singer", **sent}
    assert heard == []


AGAIN: list[Fault] = [
    Fault(status=429),
    Fault(status=500),
    Fault(status=503, headers={"Retry-After": "0"}),
    Fault(drop="before"),
    Fault(status=201, drop="mid"),
    Fault(status=201, body="{"),
    Fault(status=201, json={"id": "../x", "urls": {"get": "https://api.replicate.com/v1/files/x"}}),
    Fault(raw=wire(b"[]", status="201 Created")),
    Fault(raw=b"HTTP/1.1 201", hang=True),
]


@pytest.mark.parametrize("fault", AGAIN, ids=range(len(AGAIN)))
async def test_what_may_pass_is_tried_again(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, fault: Fault
) -> None:
    server.uploading.append(fault)
    assert await painter.lend(BY_ONE, PICTURE, heard) in server.uploads
    assert server.counts["uploads"] == 2
    assert heard == ["vendor_busy", ""]


ELSEWHERE = Fault(status=302, headers={"Location": "https://evil.example"})
MALFORMED = BadRequest(vendor="replicate", model="google/imagen-4")
LASTING: list[tuple[Fault, MvError, int]] = [
    (Fault(status=429, headers={"Retry-After": "900"}), VendorBusy(vendor="replicate", retry_after=900.0), 1),
    (Fault(status=500), VendorDown(vendor="replicate"), 3),
    (Fault(raw=b"", hang=True), VendorDown(vendor="replicate", reason="timeout"), 3),
    (ELSEWHERE, VendorDown(vendor="replicate", reason="unreachable"), 1),
    (Fault(status=401), KeyRefused(vendor="replicate", variable="REPLICATE_API_TOKEN"), 1),
    (Fault(status=402), NoCredit(vendor="replicate"), 1),
    *((Fault(status=status), MALFORMED, 1) for status in (400, 404, 410, 413, 422)),
]


@pytest.mark.parametrize(("fault", "error", "times"), LASTING, ids=range(len(LASTING)))
async def test_what_does_not_pass(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, fault: Fault, error: MvError, times: int
) -> None:
    server.uploading.extend([fault] * 4)
    with pytest.raises(type(error)) as caught:
        await painter.lend(BY_ONE, PICTURE, heard)
    assert caught.value.facts() == error.facts()
    assert server.counts["uploads"] == times


OWN = ["https://api.replicate.com/v1/files/x", "{base}/v1/files/x"]
FOREIGN = [
    "https://evil.example/v1/files/x",
    "https://api.replicate.com.evil.example/x",
    "https://api.replicate.com@evil.example/x",
    "https://api.replicate.com:8443/x",
    "http://api.replicate.com/x",
    "ftp://127.0.0.1/x",
    "data:image/png;base64,AAAA",
    "http://[",
    "",
    "https://api.replicate.com/" + "x" * 2000,
]


@pytest.mark.parametrize("address", OWN)
async def test_addresses_at_the_api_are_passed_on(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, address: str
) -> None:
    told: dict[str, Any] = {"id": "f1", "urls": {"get": address.format(base=server.url)}}
    server.uploading.append(Fault(status=201, json=told))
    assert await painter.lend(BY_ONE, PICTURE, heard) == told["urls"]["get"]


@pytest.mark.parametrize("address", FOREIGN, ids=range(len(FOREIGN)))
async def test_no_other_address_is(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, address: str
) -> None:
    server.uploading.extend([Fault(status=201, json={"id": "f1", "urls": {"get": address}})] * 3)
    with pytest.raises(VendorDown):
        await painter.lend(BY_ONE, PICTURE, heard)
    assert server.counts["uploads"] == 1


async def test_a_token_that_cannot_be_sent_is_refused_first(server: ReplicateStandIn, heard: Heard) -> None:
    painter = ReplicatePainter("two words", base_url=server.url, pictures=pictures())
    with pytest.raises(KeyRefused):
        await painter.lend(BY_ONE, PICTURE, heard)
    assert server.counts["uploads"] == 0


async def test_the_token_is_not_in_what_is_raised(
    server: ReplicateStandIn, painter: ReplicatePainter, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    server.uploading.extend([Fault(status=422, json={"detail": f"bad token {TOKEN}"})])
    with pytest.raises(BadRequest) as caught:
        await painter.lend(BY_ONE, PICTURE, heard)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert TOKEN not in f"{seen!s}{seen!r}"
        seen = seen.__cause__
    assert TOKEN not in caplog.text


async def test_an_engine_that_takes_none_says_so(heard: Heard) -> None:
    with pytest.raises(BadRequest):
        await OfflinePainter().lend(pictures_engine(), PICTURE, heard)
