"""Log lines: one place that formats them, and the last place that keeps secrets out.

Everything logs by the standard library. Whatever a line says, known secrets and the tokens in Discord's addresses are
blotted out of it before it is written.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterable

from mv.settings import Settings

BLOT = "[secret]"
_TOKENS = re.compile(
    r"(?<=/webhooks/)(\d+)/[\w.~%-]+"  # an interaction's token
    r"|(?<=/interactions/)(\d+)/[\w.~%-]+"
)
QUIET = {"discord": logging.INFO, "httpx": logging.WARNING, "httpx2": logging.WARNING, "google_genai": logging.WARNING,
         "alembic": logging.WARNING, "PIL": logging.WARNING, "aiosqlite": logging.WARNING}  # fmt: skip


class Blotting(logging.Formatter):
    """A line a record, with its time in UTC; then blots."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 8)

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines, without secrets."""
        return blotted(super().format(record), self._secrets)


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, nor tokens of interactions in addresses."""
    for secret in secrets:
        text = text.replace(secret, BLOT)
    return _TOKENS.sub(lambda found: f"{found[1] or found[2]}/{BLOT}", text)


def set_up(settings: Settings) -> None:
    """To standard error, from INFO."""
    keys = (settings.discord_token, settings.gemini_api_key, settings.replicate_api_token)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Blotting([key.get_secret_value() for key in keys if key is not None]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
