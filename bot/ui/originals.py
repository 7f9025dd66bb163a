"""A character's untouched files, as downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.ui.frame import Attached, Sheet
from bot.ui.limits import FILES
from bot.ui.text import bare
from mv.domain.character import Original


def originals_message(originals: Sequence[Original], upload_limit: int) -> Sheet:
    """The files that fit into one message here, with a line each, also for those that do not; `upload_limit` in
    bytes."""
    files: list[Attached] = []
    lines: list[str] = []
    room = upload_limit
    for original in originals:
        media, number, size = original.take.original, original.take.number, len(original.data)
        facts = f"take {number} · {media.width} × {media.height} · {media.bytes / 1e6:.1f} MB"
        if size > room or len(files) == FILES:
            more = " Ask for it alone, with `take`." if size <= upload_limit else ""
            lines.append(f"{facts}: too large for this server ({upload_limit / 1e6:.0f} MB).{more}")
            continue
        room -= size
        path, said = PurePosixPath(media.key), f"Take {number}, untouched"
        if original.smaller:
            path, said = path.with_suffix(f".smaller.{original.smaller}"), f"Take {number}, made smaller"
            facts += f": too large for this server ({upload_limit / 1e6:.0f} MB), so here is the largest copy that fits"
        files.append(Attached(name=path.name, data=original.data, description=bare(said, 100)))
        lines.append(facts)
    return Sheet(content="### Untouched files\n" + "\n".join(lines[:20]), files=tuple(files))
