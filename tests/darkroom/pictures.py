"""Real files, made by Pillow or by hand, good and bad."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

GPS = 0x8825
ORIENTATION = 0x0112


def gradient(width: int = 320, height: int = 200, mode: str = "RGB") -> Image.Image:
    """Red grows to the bottom, green to the outside, blue stands."""
    red = Image.linear_gradient("L").resize((width, height))
    green = Image.radial_gradient("L").resize((width, height))
    return Image.merge("RGB", [red, green, Image.new("L", (width, height), 90)]).convert(mode)


def saved(picture: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *, bits: int = 8, colour: int = 2, pixels: bytes = b"") -> bytes:
    """A PNG by hand: its header may claim whatever it likes."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(pixels)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def webp_claiming(width: int, height: int) -> bytes:
    """An extended WebP whose header claims this canvas."""
    body = b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + body


def gif_claiming(width: int, height: int) -> bytes:
    """A GIF whose header claims this screen."""
    whole = saved(gradient(16, 16), "GIF")
    return whole[:6] + struct.pack("<HH", width, height) + whole[10:]


def phone_photo(orientation: int) -> bytes:
    """A JPEG that lies as the sensor saw it, with the place it was taken, a comment and a thumbnail's worth of XMP."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "MAKER-OF-PHONES"
    exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 17.8)})
    xmp = b"<x:xmpmeta>SECRET-PLACE</x:xmpmeta>"
    return saved(gradient(), "JPEG", exif=exif, comment=b"MADE-AT-HOME", xmp=xmp, quality=95)
