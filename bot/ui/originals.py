"""A character's untouched files, as downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.ui.frame import Attached, Sheet
from bot.ui.limits import FILES
from bot.ui.text import bare
from mv.domain.character import Original


def originals_message(originals: Sequence[Original], upload_limit: int) -> Sheet:
    """The files that fit into one message here, and a line for each that does not; `upload_limit` in bytes."""
    files: list[Attached] = []
    lines: list[str] = []
    room = upload_limit
    for original in originals:
        media, number = original.take.original, original.take.number
        facts = f"take {number} · {media.width} × {media.height} · {media.bytes / 1e6:.1f} MB"
        if media.bytes > room or len(files) == FILES:
            more = " Ask for it alone, with `take`." if media.bytes <= upload_limit else ""
            lines.append(f"{facts}: too large for this server ({upload_limit / 1e6:.0f} MB).{more}")
            continue
        room -= media.bytes
        name = PurePosixPath(media.key).name
        files.append(Attached(name=name, data=original.data, description=bare(f"Take {number}, untouched", 100)))
        lines.append(facts)
    return Sheet(content="### Untouched files\n" + "\n".join(lines[:20]), files=tuple(files))
