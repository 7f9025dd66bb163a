"""The word by which everything that came of one request is told apart: it stands in the request, and so in prompts."""

from __future__ import annotations

import re

WORD = re.compile(r"quokka[0-9]{4}")


def word(number: int) -> str:
    """No other request has it."""
    return f"quokka{number:04d}"


def word_in(text: str) -> str:
    """The word of a prompt or an order; empty if there is none."""
    found = WORD.search(text)
    return found[0] if found else ""
