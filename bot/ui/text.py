"""Text from members and vendors, made safe to stand inside what we draw.

Three doors, by what Discord does with the text afterwards: `plain` for paragraphs and `line` for one line, where
Markdown is read; `bare` where it is not (footers, author lines, button labels, alt text), so that no backslash shows.
Lengths are UTF-16 code units: Discord counts code points, which are never more.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
EMPTY = "–"
"""Stands where Discord refuses to show nothing."""
_MARKS = 5
"""Combining marks that one letter may carry; Hebrew with cantillation needs four."""
_CLUSTER = 64
"""What is seen as one character but has more code points than these is not spared when a text is cut."""

_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NOTHING = re.compile(  # controls, lone surrogates, bidi embeddings, overrides and isolates, fillers of no width, tags
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]+"
    "|(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]+"
)
_BLANK = re.compile("[\t \xa0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]+")
_JOIN = "\u061c\u200c-\u200f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = re.compile(f"([{_JOIN}]{{2}})[{_JOIN}]+")
_GAPS = re.compile(" *\n[ \n]*")
_TRAILING = " \n\u061c\u200c\u200d\u200e\u200f"
_LEADING = _TRAILING + "".join(map(chr, range(0xFE00, 0xFE10)))
_SIMPLE = re.compile("[\x00-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20cf\u2190-\u2319]*")
"""Text without marks, joiners, emoji and scripts that need more care than one step a character."""

_ESCAPED = re.compile(
    r"[\\*_~`|<\[]"  # emphasis, spoilers, code, mentions, timestamps, emoji, masked links
    r"|^[#>+\-=]"  # headings, quotes, lists, subtext
    r"|:(?=//)|:(?=[\w+~-]+:)"  # addresses, emoji by name
    r"|(?<=discord\.gg)/|(?<=discord\.com)/|(?<=discordapp\.com)/",
    re.MULTILINE | re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
_EVERYBODY = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def plain(text: str, limit: int) -> str:
    """Paragraphs as they are meant, at most `limit` units, cut with `…`; empty if nothing would be seen."""
    clean, more = _cleaned(text, limit)
    return _cut(_escaped(clean), limit, more)


def unescaped(text: str) -> str:
    """What was written, from what `plain` made of it: all but what nobody could see."""
    return re.sub(r"\\(.)", r"\1", text.replace("@\u200b", "@"))


def line(text: str, limit: int) -> str:
    """As `plain`, on one line; right-to-left text is isolated, so that it does not reorder what stands beside it."""
    clean, more = _cleaned(text, limit, one_line=True)
    if not _has_rtl(clean):
        return _cut(_escaped(clean), limit, more)
    return f"\u2068{_cut(_escaped(clean), limit - 2, more)}\u2069"


def bare(text: str, limit: int) -> str:
    """As `line`, where Discord reads no Markdown."""
    clean, more = _cleaned(text, limit, one_line=True)
    if not _has_rtl(clean):
        return _cut(clean, limit, more)
    return f"\u2068{_cut(clean, limit - 2, more)}\u2069"


def cut(text: str, limit: int) -> str:
    """Our own text, kept within `limit` units; never inside an escape or what is seen as one character."""
    return _cut(text, limit, more=False)


def units(text: str) -> int:
    """The length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cleaned(text: str, limit: int, *, one_line: bool = False) -> tuple[str, bool]:
    """What can be seen of the text, and whether there is more of it. Looks at a few times `limit` only, for speed."""
    window, more = _first(text.strip(), 4 * limit + 256)
    window = _NOTHING.sub(lambda found: found[1] or "", _BREAKS.sub("\n", window))
    window = " ".join(window.split()) if one_line else _GAPS.sub(_gap, _BLANK.sub(" ", window))
    if not _SIMPLE.fullmatch(window):
        window = _JOINERS.sub(r"\1", _BLANK.sub(" ", window)).lstrip(_LEADING).rstrip(_TRAILING)
    window, longer = _first(window.strip(), limit)
    if not _SIMPLE.fullmatch(window):
        window = _fewer_marks(window)
        if not any(unicodedata.category(char)[0] in "LNPS" for char in window):
            return "", False
    return window, more or longer


def _first(text: str, count: int) -> tuple[str, bool]:
    return (text, False) if len(text) <= count else (text[: _whole(text, count)], True)


def _gap(found: re.Match[str]) -> str:
    return "\n\n" if found[0].count("\n") > 1 else "\n"


def _fewer_marks(text: str) -> str:
    """Without the piles of marks that would run over the lines above and below."""
    kept: list[str] = []
    pile = 0
    for char in text:
        pile = pile + 1 if char > "\u02ff" and unicodedata.category(char) in ("Mn", "Me") else 0
        if pile <= _MARKS:
            kept.append(char)
    return "".join(kept)


def _has_rtl(text: str) -> bool:
    return not _SIMPLE.fullmatch(text) and any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for char in text)


def _escaped(text: str) -> str:
    text = _NUMBERED.sub(r"\1\\\2", _ESCAPED.sub(r"\\\g<0>", text))
    return _EVERYBODY.sub("@\u200b", text)


def _cut(text: str, limit: int, more: bool) -> str:
    if units(text) <= limit - more:
        return text.rstrip(_TRAILING) + ELLIPSIS if more else text
    room = 2 * (limit - len(ELLIPSIS))
    end = len(text.encode("utf-16-le", "surrogatepass")[:room].decode("utf-16-le", "ignore"))
    return text[: _whole(text, end)].rstrip(_TRAILING) + ELLIPSIS


def _whole(text: str, at: int) -> int:
    """The last place up to `at` where the text may be cut."""
    for place in range(at, max(0, at - _CLUSTER), -1):
        if _is_boundary(text, place):
            return place
    return at - _open_escape(text, at) if at >= _CLUSTER else 0


def _open_escape(text: str, at: int) -> int:
    """1 if the character before is a backslash that escapes the one after."""
    before = text[:at]
    return (len(before) - len(before.rstrip("\\"))) % 2


def _is_boundary(text: str, at: int) -> bool:
    """Whether a text may be cut here: not inside an escape, nor inside what is seen as one character (the rules of
    Unicode's annex 29 that matter, erring on the side of keeping together)."""
    before, after = text[at - 1], text[at]
    if before == "\\":
        return not _open_escape(text, at)
    if before < "\u0300" and after < "\u0300":
        return True
    if _extends(after) or before in "\u200d\u2068" or "\u0600" <= before <= "\u0605":
        return False
    if unicodedata.combining(before) == 9:  # a virama joins the next letter
        return not unicodedata.category(after).startswith("L")
    if before in _FLAG_LETTERS and after in _FLAG_LETTERS:
        letters = text[:at]
        return (len(letters) - len(letters.rstrip(_FLAG_LETTERS))) % 2 == 0
    return not _joins_hangul(before, after)


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in ("Mn", "Me", "Mc")
        or char in "\u200b\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _joins_hangul(before: str, after: str) -> bool:
    """Whether two parts belong to one syllable."""
    leads = "\u1100" <= before <= "\u115f" or "\ua960" <= before <= "\ua97c"
    follows = "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7fb"
    return (leads and _is_hangul(after)) or (follows and _is_hangul(before))


def _is_hangul(char: str) -> bool:
    return "\u1100" <= char <= "\u11ff" or "\ua960" <= char <= "\ua97c" or "\uac00" <= char <= "\ud7fb"
