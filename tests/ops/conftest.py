"""Stages, as in tests/e2e."""

from tests.e2e.conftest import make_stage

__all__ = ["make_stage"]
