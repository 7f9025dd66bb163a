"""What a cell of a spreadsheet may hold, for whatever is exported as one."""

from __future__ import annotations

import re

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no workbook takes."""
_UNSEEN = "\\s\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_FORMULA = re.compile(f"[\t\r\n]|[{_UNSEEN}]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
"""Full width too: some spreadsheets take them for the same."""


def harmless(text: str) -> str:
    """A text that would begin a formula has an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text
