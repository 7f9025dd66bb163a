"""The darkroom, on real bytes: what it lets in, what it turns away, and what its previews keep to themselves."""

from __future__ import annotations

import asyncio
import io
import random
import time

import pytest
from PIL import Image, ImageCms, ImageFile

from mv.errors import NoPicture
from mv.ports import Developed, PreviewSpec
from mv.store.darkroom import PillowDarkroom
from tests.darkroom.pictures import GPS, chunk, gif_claiming, gradient, opened, phone_photo, png, saved, webp_claiming

MAX_PIXELS = 4_000_000
WEBP = PreviewSpec(format="webp", quality=85, effort=1, longest_edge=256)
JPEG = PreviewSpec(format="jpeg", quality=85, effort=4, longest_edge=256)


@pytest.fixture(scope="module")
def darkroom() -> PillowDarkroom:
    return PillowDarkroom(max_pixels=MAX_PIXELS)


async def reason(darkroom: PillowDarkroom, data: bytes) -> str:
    with pytest.raises(NoPicture) as caught:
        await darkroom.develop(data, WEBP)
    assert caught.value.vendor == ""
    return caught.value.reason


def pixel(developed: Developed, x: float, y: float) -> tuple[int, ...]:
    picture = opened(developed.preview).convert("RGB")
    value = picture.getpixel((round(x * (picture.width - 1)), round(y * (picture.height - 1))))
    assert isinstance(value, tuple)
    return tuple(int(channel) for channel in value)


def near(left: tuple[int, ...], right: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(left, right, strict=True))


# ── let in ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", [WEBP, JPEG], ids=["webp", "jpeg"])
@pytest.mark.parametrize(
    ("format", "mime", "extension"),
    [
        ("PNG", "image/png", "png"),
        ("JPEG", "image/jpeg", "jpg"),
        ("WEBP", "image/webp", "webp"),
        ("GIF", "image/gif", "gif"),
    ],
)
async def test_true_type_and_size(
    darkroom: PillowDarkroom, spec: PreviewSpec, format: str, mime: str, extension: str
) -> None:
    developed = await darkroom.develop(saved(gradient(640, 400), format), spec)
    assert (developed.mime, developed.extension, developed.width, developed.height) == (mime, extension, 640, 400)
    assert (developed.preview_width, developed.preview_height) == (256, 160)
    preview = opened(developed.preview)
    assert preview.size == (256, 160)
    assert preview.get_format_mimetype() == developed.preview_mime  # type: ignore[attr-defined]
    assert developed.preview_mime == f"image/{spec.format}"
    assert developed.preview_extension == {"webp": "webp", "jpeg": "jpg"}[spec.format]


async def test_a_small_picture_is_not_blown_up(darkroom: PillowDarkroom) -> None:
    developed = await darkroom.develop(saved(gradient(40, 30), "PNG"), WEBP)
    assert (developed.preview_width, developed.preview_height) == (40, 30)


@pytest.mark.parametrize("size", [(2000, 3), (3, 2000), (1, 1)])
async def test_thin_pictures(darkroom: PillowDarkroom, size: tuple[int, int]) -> None:
    developed = await darkroom.develop(saved(gradient(*size), "PNG"), WEBP)
    assert developed.preview_width >= 1
    assert developed.preview_height >= 1
    assert (developed.width, developed.height) == size


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
async def test_of_a_moving_picture_the_first_frame(darkroom: PillowDarkroom, format: str) -> None:
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100, loop=0)
    assert getattr(Image.open(io.BytesIO(data)), "n_frames", 1) == 3
    developed = await darkroom.develop(data, WEBP)
    assert getattr(Image.open(io.BytesIO(developed.preview)), "n_frames", 1) == 1
    assert near(pixel(developed, 0.5, 0.5), (255, 0, 0))


@pytest.mark.parametrize("mode", ["CMYK", "L"])
async def test_jpeg_of_other_colours(darkroom: PillowDarkroom, mode: str) -> None:
    grey = Image.new("RGB", (64, 64), (120, 120, 120)).convert(mode)
    developed = await darkroom.develop(saved(grey, "JPEG"), WEBP)
    assert near(pixel(developed, 0.5, 0.5), (120, 120, 120))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "I;16"])
async def test_png_of_every_mode(darkroom: PillowDarkroom, mode: str) -> None:
    picture = gradient(50, 50, "L").convert(mode) if mode != "PA" else gradient(50, 50).convert("RGBA").quantize(16)
    developed = await darkroom.develop(saved(picture, "PNG"), JPEG)
    assert (developed.width, developed.height) == (50, 50)


async def test_sixteen_bits_keep_their_brightness(darkroom: PillowDarkroom) -> None:
    row = b"\0" + b"\x80\x00" * 64
    developed = await darkroom.develop(png(64, 64, bits=16, colour=0, pixels=row * 64), WEBP)
    assert near(pixel(developed, 0.5, 0.5), (128, 128, 128))
    colour = b"\0" + b"\xff\xff\x80\x00\x00\x00" * 64
    developed = await darkroom.develop(png(64, 64, bits=16, colour=2, pixels=colour * 64), WEBP)
    assert near(pixel(developed, 0.5, 0.5), (255, 128, 0))


async def test_alpha_is_kept_by_webp_and_lies_on_white_in_jpeg(darkroom: PillowDarkroom) -> None:
    glass = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    glass.paste((200, 0, 0, 255), (0, 0, 32, 64))
    data = saved(glass, "PNG")
    kept = opened((await darkroom.develop(data, WEBP)).preview)
    assert kept.mode == "RGBA"
    assert kept.getpixel((60, 30))[3] == 0  # type: ignore[index]
    flat = await darkroom.develop(data, JPEG)
    assert near(pixel(flat, 0.95, 0.5), (255, 255, 255))
    assert near(pixel(flat, 0.1, 0.5), (200, 0, 0), 20)


async def test_transparent_palettes(darkroom: PillowDarkroom) -> None:
    picture = Image.new("P", (32, 32), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    developed = await darkroom.develop(saved(picture, "PNG", transparency=0), WEBP)
    assert opened(developed.preview).getpixel((16, 16))[3] == 0  # type: ignore[index]


# ── what a preview keeps to itself ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", [WEBP, JPEG], ids=["webp", "jpeg"])
async def test_no_metadata_leaves_the_house(darkroom: PillowDarkroom, spec: PreviewSpec) -> None:
    data = phone_photo(6)
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(GPS)
    for word in (b"SECRET-PLACE", b"MADE-AT-HOME", b"MAKER-OF-PHONES"):
        assert word in data
    preview = (await darkroom.develop(data, spec)).preview
    shown = opened(preview)
    assert not shown.getexif()
    assert not {"exif", "xmp", "icc_profile", "comment"} & set(shown.info)
    for word in (b"SECRET-PLACE", b"MADE-AT-HOME", b"MAKER-OF-PHONES", b"Exif", b"ICC"):
        assert word not in preview


async def test_no_text_of_a_png_leaves_the_house(darkroom: PillowDarkroom) -> None:
    data = saved(gradient(30, 30), "PNG")
    data = data[:-12] + chunk(b"tEXt", b"parameters\0SECRET PROMPT") + data[-12:]
    assert b"SECRET" not in (await darkroom.develop(data, WEBP)).preview


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_pictures_stand_upright(darkroom: PillowDarkroom, orientation: int) -> None:
    developed = await darkroom.develop(phone_photo(orientation), WEBP)
    sideways = orientation >= 5
    assert (developed.width, developed.height) == ((200, 320) if sideways else (320, 200))
    assert (developed.preview_width, developed.preview_height) == ((160, 256) if sideways else (256, 160))
    bright = {1: (0.5, 1), 2: (0.5, 1), 3: (0.5, 0), 4: (0.5, 0), 5: (1, 0.5), 6: (0, 0.5), 7: (0, 0.5), 8: (1, 0.5)}
    x, y = bright[orientation]
    assert pixel(developed, x, y)[0] > 200
    assert pixel(developed, 1 - x, 1 - y)[0] < 60


async def test_colours_of_a_profile_become_srgb(darkroom: PillowDarkroom) -> None:
    """A profile whose red and green stand in each other's place shows whether it was read."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    renamed = bytes(profile).replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")).replace(b"sRGB", b"swap")
    data = saved(Image.new("RGB", (40, 40), (220, 20, 20)), "PNG", icc_profile=renamed)
    assert near(pixel(await darkroom.develop(data, WEBP), 0.5, 0.5), (20, 220, 20), 40)


@pytest.mark.parametrize("profile", [b"not a profile", b"\0" * 200])
async def test_a_broken_profile_does_not_matter(darkroom: PillowDarkroom, profile: bytes) -> None:
    data = saved(Image.new("RGB", (40, 40), (220, 20, 20)), "PNG", icc_profile=profile)
    assert near(pixel(await darkroom.develop(data, WEBP), 0.5, 0.5), (220, 20, 20))


# ── turned away ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<!doctype html><title>Not found</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"plain words",
        b"BM" + b"\0" * 100,
        b"RIFF\x04\0\0\0WAVE",
        b"%PDF-1.7",
        b"\x89PN",
    ],
)
async def test_what_is_no_picture(darkroom: PillowDarkroom, data: bytes) -> None:
    assert await reason(darkroom, data) == "not_a_picture"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.3, 0.6, 0.9])
async def test_cut_off_files(darkroom: PillowDarkroom, format: str, kept: float) -> None:
    whole = saved(Image.effect_noise((200, 200), 80), format)
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert await reason(darkroom, whole[: max(16, int(len(whole) * kept))]) == "broken"


@pytest.mark.parametrize(
    "data",
    [
        png(60_000, 60_000),
        png(2001, 2000),
        webp_claiming(16_000, 16_000),
        webp_claiming(1 << 24, 1 << 24),
        gif_claiming(50_000, 50_000),
    ],
    ids=["png", "png just over", "webp", "webp huge", "gif"],
)
async def test_bombs_are_refused_by_their_header(darkroom: PillowDarkroom, data: bytes) -> None:
    before = time.perf_counter()
    assert await reason(darkroom, data) == "too_large"
    assert time.perf_counter() - before < 0.5


async def test_a_jpeg_bomb_is_refused_by_its_header(darkroom: PillowDarkroom) -> None:
    data = bytearray(saved(gradient(16, 16), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = (65_000).to_bytes(2, "big") * 2
    assert await reason(darkroom, bytes(data)) == "too_large"


async def test_exactly_the_limit_is_let_in(darkroom: PillowDarkroom) -> None:
    developed = await darkroom.develop(saved(Image.new("1", (2000, 2000)), "PNG"), WEBP)
    assert developed.width * developed.height == MAX_PIXELS


async def test_damaged_bytes_give_a_picture_or_the_one_error(darkroom: PillowDarkroom) -> None:
    dice, seen = random.Random(7), set()
    for format in ("PNG", "JPEG", "WEBP", "GIF"):
        whole = saved(gradient(64, 48), format)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(dice.randrange(1, 6)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            try:
                developed = await darkroom.develop(bytes(data), WEBP)
            except NoPicture as refused:
                seen.add(refused.reason)
            else:
                assert developed.width * developed.height <= MAX_PIXELS
    assert "broken" in seen
    assert seen <= {"broken", "not_a_picture", "too_large"}


# ── the event loop ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_loop_runs_on_while_pictures_are_taken_in(darkroom: PillowDarkroom) -> None:
    """24 pictures of 1024x1024; what is asked for is 25 ms, the test leaves room for a busy machine."""
    spec = PreviewSpec()
    data = [saved(gradient(1024, 1024), "PNG"), saved(gradient(1024, 1024), "JPEG")]
    await darkroom.develop(data[0], spec)
    pause, worst, last = 0.001, 0.0, time.perf_counter()
    work = asyncio.gather(*(darkroom.develop(data[turn % 2], spec) for turn in range(24)))
    while not work.done():
        await asyncio.sleep(pause)
        now = time.perf_counter()
        worst, last = max(worst, now - last - pause), now
    assert len(await work) == 24
    assert worst < 0.1
