"""For all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("mv", deadline=None)  # a busy machine is no failing test
settings.load_profile("mv")
