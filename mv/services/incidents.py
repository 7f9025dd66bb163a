"""Bugs, under the number that a member reads."""

from __future__ import annotations

import logging
import secrets

from mv.errors import Incident

log = logging.getLogger(__name__)


def incident(what: str, cause: BaseException | None = None) -> Incident:
    """Logged with its traceback; `what` was being done."""
    number = secrets.token_hex(4)
    log.error("incident %s: %s", number, what, exc_info=cause, extra={"incident": number})
    return Incident(number=number)
