"""Files that the stand-ins deliver: real pictures, and what must not be taken for one."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import zlib
from functools import lru_cache

from PIL import Image, ImageDraw

MIMES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"}
BOMB_EDGE = 20_000
_drawing = threading.Lock()


def picture(marker: str, ratio: str, extension: str, edge: int) -> bytes:
    """A picture whose bytes are the same for the same marker only."""
    tint = hashlib.sha256(marker.encode()).digest()
    try:
        across, down = (int(part) for part in ratio.split(":"))
    except ValueError:
        across, down = 1, 1
    longest = max(across, down)
    with _drawing:  # two threads that draw the same at once would draw different noise
        drawn = _drawn(tint[0] % 8, edge * across // longest, edge * down // longest, extension)
    return drawn + tint[:8]  # bytes after the end are no part of the picture


@lru_cache(maxsize=64)
def _drawn(hue: int, width: int, height: int, extension: str) -> bytes:
    grain = Image.effect_noise((width, height), 24)
    sky = Image.linear_gradient("L").resize((width, height))
    channels = [Image.blend(sky, grain, 0.15 + 0.05 * ((hue >> bit) & 1)) for bit in range(3)]
    canvas = Image.merge("RGB", channels)
    pen = ImageDraw.Draw(canvas)
    pen.ellipse((width // 3, height // 8, 2 * width // 3, height // 2), fill=(200, 160 + 10 * hue, 120))
    pen.rectangle((width // 4, height // 2, 3 * width // 4, height), fill=(40 * (hue % 4), 60, 160))
    file = io.BytesIO()
    canvas.save(file, "JPEG" if extension in {"jpg", "jpeg"} else extension.upper(), quality=90)
    return file.getvalue()


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A PNG of some 50 kB that unpacks to 400 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + BOMB_EDGE // 8)
    rows = b"".join(packer.compress(row) for _ in range(BOMB_EDGE)) + packer.flush()
    header = struct.pack(">IIBBBBB", BOMB_EDGE, BOMB_EDGE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
