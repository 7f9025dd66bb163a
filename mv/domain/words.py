"""Names that people mistype."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(given: str, names: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The closest of `names` by spelling, best first; of none that resembles, the first few."""
    from rapidfuzz import fuzz, process

    known = list(names)
    found = process.extract(given.casefold(), known, scorer=fuzz.WRatio, processor=str.casefold, limit=most)
    close = tuple(name for name, score, _ in found if score >= 50)
    return close or tuple(known[:most])
