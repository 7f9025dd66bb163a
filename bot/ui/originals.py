"""A character's untouched files, as downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from bot.ui.frame import Attached, Sheet
from bot.ui.limits import FILES, across, card
from bot.ui.text import bare
from bot.ui.words import ACCENT, stamp
from mv.domain.character import Original

HEAD = "### Untouched files"
CARE = "Whoever has a link can fetch the file by it, without Discord."
MORE = "They do not all fit into one message: with `take` each comes alone."


def originals_message(originals: Sequence[Original], upload_limit: int) -> Sheet:
    """The files that fit into one message here, with a line each, also for those that do not, and links to those that
    never would; `upload_limit` in bytes."""
    files: list[Attached] = []
    rows: list[str] = []
    room = upload_limit
    for original in originals:
        size = len(original.data)
        if original.link is None and size <= room and len(files) < FILES:
            room -= size
            files.append(_file(original))
            rows.append(_sent(original, upload_limit))
        else:
            rows.append(_not_sent(original, upload_limit))
    head = [HEAD, CARE] if any(original.link for original in originals) else [HEAD]
    texts, left = across([*head, *rows])
    if left:
        texts, _ = across([*head, MORE, *rows])
    cards = tuple(card(text=text, colour=ACCENT) for text in texts[1:] if text)
    return Sheet(content=texts[0], embeds=cards, files=tuple(files))


def _file(original: Original) -> Attached:
    path, said = PurePosixPath(original.take.original.key), f"Take {original.take.number}, untouched"
    if original.smaller:
        path = path.with_suffix(f".smaller.{original.smaller}")
        said = f"Take {original.take.number}, made smaller"
    return Attached(name=path.name, data=original.data, description=bare(said, 100))


def _sent(original: Original, upload_limit: int) -> str:
    if not original.smaller:
        return _facts(original)
    return f"{_too_large(original, upload_limit)}, so here is the largest copy that fits"


def _not_sent(original: Original, upload_limit: int) -> str:
    said = _too_large(original, upload_limit)
    if original.link is not None:
        name = f"Take {original.take.number} · {original.take.original.bytes / 1e6:.1f} MB"
        until = f"{stamp(original.link.until, 't')} ({stamp(original.link.until, 'R')})"
        return f"{said}; untouched by link until {until}: [{name}](<{original.link.address}>)"
    more = " Ask for it alone, with `take`." if len(original.data) <= upload_limit else ""
    return f"{said}.{more}"


def _too_large(original: Original, upload_limit: int) -> str:
    return f"{_facts(original)}: too large for this server ({upload_limit / 1e6:.0f} MB)"


def _facts(original: Original) -> str:
    media = original.take.original
    return f"take {original.take.number} · {media.width} × {media.height} · {media.bytes / 1e6:.1f} MB"
