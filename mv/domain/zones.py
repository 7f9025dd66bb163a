"""Time zones by their names, such as Europe/Berlin."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from mv.domain.settings import known_zone

_NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/", "US/")


@cache
def zones() -> tuple[str, ...]:
    """All that people may choose, sorted: UTC first. Reads some hundred small files, once."""
    names = (name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES))
    return "UTC", *sorted(name for name in names if known_zone(name))


def offered(text: str, size: int) -> tuple[str, ...]:
    """Those whose names hold every word that was typed so far."""
    words = text.casefold().replace("/", " ").replace("_", " ").split()
    plain = ((name, name.casefold().replace("_", " ")) for name in zones())
    return tuple(name for name, folded in plain if all(word in folded for word in words))[:size]
