"""Files that are gone, foreign, slow, broken, huge, or no pictures: what the member reads and sees, what is charged,
and what is stored."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import Image

from tests.darkroom.pictures import chunk, gif_claiming, gradient, opened, phone_photo, png, saved, webp_claiming
from tests.faults.stage import VENDORS_WORDS, Stage
from tests.faults.test_replicate_calls import BUSY, DOWN, LATE, ONE, always
from tests.standins.local import Fault, LocalServer, wire
from tests.standins.pictures import bomb
from tests.standins.replicate import Script

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOT, BROKEN, LARGE = "what came was not a picture", "the picture was broken", "larger than this bot takes in"
GONE, FOREIGN, EMPTY = "the link to the picture had expired", "at an address that is not trusted", "no picture came"


# ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────────

LINKS = {
    "another host": "https://example.org/x.png",
    "another host that looks like it": "https://replicate.delivery.example.org/x.png",
    "another host with a name before it": "https://replicate.delivery@example.org/x.png",
    "http": "http://replicate.delivery/x.png",
    "another port": "https://replicate.delivery:8080/x.png",
    "the cloud's own": "http://169.254.169.254/latest/meta-data/",
    "the cloud's own, by https": "https://169.254.169.254/latest/meta-data/",
    "this machine in hexadecimal": "https://0x7f000001/x.png",
    "this network": "https://192.168.0.1/x.png",
    "a backslash": "https://replicate.delivery\\@example.org/x.png",
    "a line break": "https://replicate.delivery/\r\nHost: example.org",
    "10,000 characters": "https://replicate.delivery/" + "x" * 10_000,
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
async def test_a_link_that_is_not_trusted(stage: Stage, link: str) -> None:
    always(stage, Script(output=[link]))
    (await stage.character()).failure(FOREIGN)
    assert stage.replicate.stats()["downloads"] == 0


@pytest.mark.parametrize("link", ["file:///etc/passwd", "ftp://replicate.delivery/x.png", "javascript:alert(1)", "//x"])
async def test_a_link_that_is_none(stage: Stage, link: str) -> None:
    always(stage, Script(output=[link]))
    (await stage.character()).failure(NOT)


@pytest.mark.parametrize("there", ["http://replicate.delivery/x.png", "https://example.org/x", "file:///etc/passwd",
                                   "http://169.254.169.254/", "http://[::1", ""])  # fmt: skip
async def test_a_redirect_from_a_good_host_to_a_bad_one(stage: Stage, there: str) -> None:
    always(stage, Script(files=(Fault(status=302, json={}, headers={"Location": there}),) * 20))
    told = await stage.character()
    told.failure(FOREIGN if there.partition(":")[2].strip("/[:1") else "No picture could be taken in")


class Elsewhere(LocalServer):
    """Keeps what it is asked."""

    def routes(self, app: Any) -> None:
        app.router.add_get("/{any:.*}", self._get)
        self.asked: list[Mapping[str, str]] = []

    async def _get(self, request: Any) -> Any:
        from aiohttp import web

        self.asked.append(dict(request.headers))
        return web.Response(body=saved(gradient(), "PNG"), content_type="image/png")


async def test_a_redirect_to_a_good_host_is_followed_without_the_key(stage: Stage) -> None:
    async with Elsewhere() as elsewhere:
        always(stage, Script(files=(Fault(status=302, json={}, headers={"Location": f"{elsewhere.url}/x.png"}),)))
        (await stage.character()).result("take 1", charged=ONE)
        assert [headers for headers in elsewhere.asked if "Authorization" in headers] == []
        assert len(elsewhere.asked) == 1


async def test_a_redirect_to_itself_ends(stage: Stage) -> None:
    always(stage, Script(files=(Fault(status=302, json={}, headers={"Location": "0.png"}),) * 100))
    (await stage.character()).failure(BROKEN)
    assert stage.replicate.stats()["downloads"] < 30


# ── downloads ────────────────────────────────────────────────────────────────────────────────────────────────────────

PNG = saved(gradient(), "PNG")
DOWNLOADS: Mapping[str, tuple[Fault, str]] = {
    "404": (Fault(status=404, json={}), GONE),
    "403": (Fault(status=403, body="<Error>expired</Error>"), GONE),
    "410": (Fault(status=410, json={}), GONE),
    "418": (Fault(status=418, json={}), BROKEN),
    "429": (Fault(status=429, json={}), BUSY),
    "500": (Fault(status=500, json={}), DOWN),
    "503": (Fault(status=503, json={}), DOWN),
    "dropped before the answer": (Fault(drop="before"), BROKEN),
    "dropped mid-body": (Fault(status=200, drop="mid"), BROKEN),
    "200 with HTML": (Fault(status=200, body="<html>sorry</html>"), NOT),
    "200 with JSON": (Fault(status=200, json={"detail": VENDORS_WORDS}), NOT),
    "200 with nothing": (Fault(raw=wire(b"", mime="image/png")), EMPTY),
    "Content-Length too long": (Fault(raw=wire(PNG, mime="image/png", content_length="99999999")), LARGE),
    "Content-Length a little too long": (Fault(raw=wire(PNG, mime="image/png", content_length="99999")), BROKEN),
    "Content-Length too short": (Fault(raw=wire(PNG, mime="image/png", content_length="999")), BROKEN),
    "gzip that was not asked for": (Fault(raw=wire(zlib.compress(PNG), content_encoding="deflate")), NOT),
    "not HTTP": (Fault(raw=b"220 smtp.example.org ESMTP\r\n"), BROKEN),
    "a byte a second": (Fault(raw=wire(PNG, mime="image/png"), drip=0.1), LATE),
    "headers and no body": (Fault(raw=wire(b"", content_length="500"), hang=True), LATE),
}


@pytest.mark.parametrize(("fault", "words"), DOWNLOADS.values(), ids=DOWNLOADS)
async def test_a_file_that_cannot_be_fetched(stage: Stage, fault: Fault, words: str) -> None:
    always(stage, Script(files=(fault,) * 50))
    (await stage.character()).failure(words)
    assert stage.replicate.stats()["accepted"] == 1


@pytest.mark.parametrize("fault", [fault for fault, _ in DOWNLOADS.values()], ids=DOWNLOADS)
async def test_a_file_that_cannot_be_fetched_once_is_fetched_again(stage: Stage, fault: Fault) -> None:
    always(stage, Script(files=(fault,)))
    told = await stage.character()
    if "larger" in told.text or "no picture came" in told.text or "418" in str(fault):
        told.failure("No picture could be taken in")  # the vendor means it
    else:
        told.result("take 1", charged=ONE)
    assert stage.replicate.stats()["accepted"] == 1


@pytest.mark.parametrize("file", ["declared", "huge"])
async def test_200_megabytes_are_not_read(stage: Stage, file: str) -> None:
    always(stage, Script(file=file))
    (await stage.character()).failure(LARGE)
    assert stage.replicate.stats()["bytes_sent"] < 60_000_000


async def test_no_download_carries_the_key(stage: Stage) -> None:
    await stage.character(images=4)
    assert stage.replicate.stats()["downloads"] == 4
    assert stage.replicate.stats()["tokens_leaked"] == 0


# ── what is in the file ──────────────────────────────────────────────────────────────────────────────────────────────


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("evil.txt", "EVIL-PAYLOAD")
    return file.getvalue()


TRUNCATED = PNG[: len(PNG) // 2]
BAD = {
    "truncated PNG": (TRUNCATED, BROKEN),
    "PNG of its first bytes": (PNG[:20], BROKEN),
    "truncated JPEG": (saved(gradient(), "JPEG")[:400], BROKEN),
    "truncated WebP": (saved(gradient(), "WEBP")[:60], BROKEN),
    "PNG with a wrong checksum": (PNG.replace(b"IDAT", b"IDAT\x00", 1), BROKEN),
    "zeros": (bytes(10_000), NOT),
    "HTML called PNG": (b"<html><script>alert(1)</script></html>", NOT),
    "SVG": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', NOT),
    "PDF": (b"%PDF-1.7\n%EOF", NOT),
    "TIFF": (saved(gradient(), "TIFF"), NOT),
    "ZIP": (zipped(), NOT),
    "decompression bomb, PNG": (bomb(), LARGE),
    "claims 100,000 x 100,000, PNG": (png(100_000, 100_000), LARGE),
    "claims 16,384 x 16,384, WebP": (webp_claiming(16_384, 16_384), LARGE),
    "claims 65,535 x 65,535, GIF": (gif_claiming(65_535, 65_535), LARGE),
    "bomb in a text chunk": (
        PNG[:33] + chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(200_000_000), 9)) + PNG[33:], BROKEN),
}  # fmt: skip


@pytest.mark.parametrize(("data", "words"), BAD.values(), ids=BAD)
async def test_what_is_no_good_picture(stage: Stage, data: bytes, words: str) -> None:
    always(stage, Script(data=data))
    told = await stage.character()
    told.failure(words)
    assert stage.replicate.stats()["accepted"] == 1
    assert not [path for path in (stage.data / "media").rglob("*") if path.is_file() and path.read_bytes() == data]


def sideways() -> bytes:
    return phone_photo(6)


def animated() -> bytes:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def deep() -> bytes:
    return saved(Image.linear_gradient("L").resize((320, 200)).convert("I;16"), "PNG")


GOOD = {
    "animated GIF": (animated(), (64, 48)),
    "animated WebP": (saved(gradient(), "WEBP", save_all=True, append_images=[gradient()]), (320, 200)),
    "16-bit": (deep(), (320, 200)),
    "CMYK": (saved(gradient(mode="CMYK"), "JPEG"), (320, 200)),
    "grey with alpha": (saved(gradient(mode="LA"), "PNG"), (320, 200)),
    "palette": (saved(gradient(mode="P"), "PNG"), (320, 200)),
    "one bit": (saved(gradient(mode="1"), "PNG"), (320, 200)),
    "one pixel": (saved(gradient(1, 1), "PNG"), (1, 1)),
    "EXIF says rotated": (sideways(), (200, 320)),
    "polyglot with a ZIP": (PNG + zipped(), (320, 200)),
    "polyglot with HTML": (PNG + b"<script>EVIL-PAYLOAD</script>", (320, 200)),
    "JPEG called PNG": (saved(gradient(), "JPEG"), (320, 200)),
}


@pytest.mark.parametrize(("data", "size"), GOOD.values(), ids=GOOD)
async def test_an_unusual_picture_is_shown_light_and_kept_as_it_came(
    stage: Stage, data: bytes, size: tuple[int, int]
) -> None:
    always(stage, Script(data=data))
    told = await stage.character()
    told.result("take 1", f"{size[0]} × {size[1]}", charged=ONE)
    (preview,) = told.message.attachments
    shown = opened(preview.data)
    assert (shown.format, shown.size, getattr(shown, "n_frames", 1)) == ("WEBP", size, 1)
    for trace in (b"EVIL-PAYLOAD", b"SECRET-PLACE", b"MADE-AT-HOME", b"MAKER-OF-PHONES"):
        assert trace not in preview.data
    member = stage.discord.guild.members[told.asked.user.id]
    original = await (await stage.discord.click(told.message, "Original", member=member)).response()
    assert original.attachments[0].data == data
