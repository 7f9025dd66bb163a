"""Takes pictures in: what they truly are, how large, and a light preview without a word about where they were taken.

Pillow decodes, scales and encodes without holding the interpreter, and JPEG's encoder, which does hold it, works in
slices of a millisecond as long as it does not optimise. So threads suffice. Two of them: with four on two cores the
loop waited 40 ms instead of 10. They are not made nice to it: on a busy machine a nice thread is put aside while it
holds the interpreter, and then everybody waits.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mv.errors import NoPicture
from mv.ports import ContactCell, Darkroom, Developed, PreviewSpec

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

logger = logging.getLogger(__name__)

WORKERS = 2
ORIENTATION = 0x0112
"""EXIF's tag for how the camera was held."""
SIDEWAYS = 5
"""From this orientation on, the picture is shown with width and height exchanged."""


@dataclass(frozen=True, slots=True)
class _Kind:
    mime: str
    extension: str


_PNG = _Kind("image/png", "png")
_JPEG = _Kind("image/jpeg", "jpg")
_WEBP = _Kind("image/webp", "webp")
_GIF = _Kind("image/gif", "gif")


class PillowDarkroom(Darkroom):
    """PNG, JPEG, WebP and GIF up to `max_pixels`; of moving pictures the first frame. Whatever the bytes are, the event
    loop does not wait for them."""

    def __init__(self, *, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="darkroom")

    async def develop(self, data: bytes, spec: PreviewSpec) -> Developed:
        """30 to 60 ms of one core for 1024x1024, two pictures at a time; one that waits holds nothing but its bytes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _develop, data, spec, self._max_pixels)

    async def contact_sheet(self, cells: Sequence[ContactCell]) -> bytes:
        """A JPEG with all of them; about a second of one core for 48 previews."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _contact_sheet, cells, self._max_pixels)


def _contact_sheet(cells: Sequence[ContactCell], max_pixels: int) -> bytes:
    from mv.store.contact_sheet import EDGE, draw

    spec = PreviewSpec(longest_edge=EDGE)
    return draw([(_thumbnail(cell.picture, spec, max_pixels), cell.title, cell.text) for cell in cells])


def _thumbnail(data: bytes | None, spec: PreviewSpec, max_pixels: int) -> Image | None:
    try:
        return None if data is None else _on_white(_read(_open(data, _kind_of(data), max_pixels), spec)[0])
    except Exception as error:  # noqa: BLE001  # damaged bytes, as in `_develop`
        logger.info("a preview of %d bytes could not be read: %r", len(data or b""), error)
        return None


def _develop(data: bytes, spec: PreviewSpec, max_pixels: int) -> Developed:
    kind = _kind_of(data)
    try:
        negative = _open(data, kind, max_pixels)
        size = negative.size
        picture, turned = _read(negative, spec)
    except NoPicture:
        raise
    except Exception as error:  # Pillow answers damaged bytes with whatever its parsers stumble over
        logger.info("a picture of %d bytes, %s by its first bytes, could not be read: %r", len(data), kind.mime, error)
        raise NoPicture(vendor="", reason="broken") from error
    preview, made = _print(picture, spec)
    width, height = reversed(size) if turned else size
    return Developed(
        mime=kind.mime,
        extension=kind.extension,
        width=width,
        height=height,
        preview=preview,
        preview_mime=made.mime,
        preview_extension=made.extension,
        preview_width=picture.width,
        preview_height=picture.height,
    )


def _kind_of(data: bytes) -> _Kind:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if data.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _WEBP
    if data.startswith((b"GIF87a", b"GIF89a")):
        return _GIF
    raise NoPicture(vendor="", reason="not_a_picture")


def _open(data: bytes, kind: _Kind, max_pixels: int) -> ImageFile:
    """The header only: nothing that grows with the claimed size is allocated before that size was looked at."""
    from PIL import GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    if kind is _WEBP:  # its decoder allocates the canvas on opening
        _admit(_webp_size(data), max_pixels)
    plugins: dict[_Kind, Callable[[io.BytesIO], ImageFile]] = {
        _PNG: PngImagePlugin.PngImageFile,
        _JPEG: JpegImagePlugin.JpegImageFile,
        _WEBP: WebPImagePlugin.WebPImageFile,
        _GIF: GifImagePlugin.GifImageFile,
    }
    picture = plugins[kind](io.BytesIO(data))
    _admit(picture.size, max_pixels)
    return picture


def _admit(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise NoPicture(vendor="", reason="too_large")


def _webp_size(data: bytes) -> tuple[int, int]:
    """By the container's specification: lossy, lossless and extended files each say it in their own way."""
    form, head = data[12:16], data[20:30]
    if len(head) < 10:
        raise NoPicture(vendor="", reason="broken")
    if form == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _read(picture: Image, spec: PreviewSpec) -> tuple[Image, bool]:
    """Decoded, small, in sRGB, upright; and whether it lay on its side before."""
    from PIL.Image import Resampling

    edge = spec.longest_edge
    picture.draft(None, (edge, edge))  # JPEG decodes at 1/2, 1/4 or 1/8 almost for nothing
    picture.load()
    profile = picture.info.get("icc_profile")
    orientation = _orientation(picture)
    small = _eight_bits(picture)
    small.thumbnail((edge, edge), Resampling.LANCZOS, reducing_gap=2.0)
    return _upright(_srgb(small, profile), orientation), orientation >= SIDEWAYS


def _orientation(picture: Image) -> int:
    try:
        value = picture.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged metadata, however it fails, does not make a damaged picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _eight_bits(picture: Image) -> Image:
    """RGB, RGBA, L or CMYK; a copy, so that a second look at the file's object is not needed."""
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode.startswith(("I", "F")):
        return picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    return picture.convert(picture.mode if picture.mode in ("RGB", "L", "CMYK") else "RGB")


def _srgb(picture: Image, profile: bytes | None) -> Image:
    """Colours as a screen shows them; a profile that is broken or of another colour space counts as none."""
    plain = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "sRGB" not in (source.profile.profile_description or ""):
                mended = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=plain)
                picture = mended or picture
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
            logger.info("a colour profile was left aside: %r", error)
    return picture if picture.mode == plain else picture.convert(plain)


def _upright(picture: Image, orientation: int) -> Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(turns[orientation]) if orientation in turns else picture


def _print(picture: Image, spec: PreviewSpec) -> tuple[bytes, _Kind]:
    """`effort` is WebP's method; JPEG has none: optimising would save 4 % of the bytes and stall the loop."""
    picture.info.clear()  # Pillow would carry a comment over
    paper = io.BytesIO()
    if spec.format == "jpeg":
        _on_white(picture).save(paper, "JPEG", quality=spec.quality)
        return paper.getvalue(), _JPEG
    picture.save(paper, "WEBP", quality=spec.quality, method=spec.effort)
    return paper.getvalue(), _WEBP


def _on_white(picture: Image) -> Image:
    if picture.mode != "RGBA":
        return picture
    from PIL import Image as Pillow

    white = Pillow.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white
