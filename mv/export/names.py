"""Names of files that every system takes, and that still say what is in them."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 80
"""Characters of a name; its bytes are bounded as well, for most systems count these."""
_BYTES = 240
_RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def safe_name(stem: str, tail: str = "") -> str:
    """`stem` as far as it is safe and fits before `tail`, such as ` (v3).json`, which is safe already. Scripts of all
    kinds stay; what cannot be seen, or turns the direction of reading, goes."""
    text = unicodedata.normalize("NFC", stem)
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Zs") else char for char in text)
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    text = " ".join(_FORBIDDEN.sub(" ", text).split()).lstrip(". ")[: LONGEST - len(tail)]
    text = text.encode()[: _BYTES - len(tail.encode())].decode(errors="ignore").rstrip(". ")
    name = f"{text}{tail}".strip()
    if not name or name.startswith(".") or _RESERVED.fullmatch(name):
        return f"_{text[: LONGEST - len(tail) - 1]}{tail.strip()}"
    return name
