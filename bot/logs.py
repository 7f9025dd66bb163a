"""Log lines: one place that formats them, and the last place that keeps secrets out.

Everything logs by the standard library. Whatever a line says, known secrets, the tokens in Discord's addresses and the
signatures in those of files are blotted out of it before it is written. As text, or as a JSON object a line; then the
number of an incident, and the job that was at work, are fields of their own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import quote

from mv.jobs.work import LOG_FIELDS
from mv.settings import Settings

BLOT = "[secret]"
SHORTEST = 8
_TOKENS = re.compile(
    r"(?<=/webhooks/)(\d+)/[\w.~%-]+"  # an interaction's token
    r"|(?<=/interactions/)(\d+)/[\w.~%-]+"
)
_SIGNED = re.compile(  # what makes an address open a file in object storage
    r"([?&](?:X-(?:Amz|Goog)-(?:Signature|Security-Token)|sig)=)[\w.~%+/=-]+", re.IGNORECASE
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
        self._secrets = disguises(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines, without secrets."""
        return blotted(super().format(record), self._secrets)


class JsonLines(Blotting):
    """An object a line, in ASCII. Blots come before JSON, which would write some secrets otherwise than they are."""

    def format(self, record: logging.LogRecord) -> str:
        """Always time, level, logger and message; exception, stack, incident, job and server where there are any."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **LOG_FIELDS.get(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        if incident := getattr(record, "incident", None):
            line["incident"] = str(incident)
        return json.dumps({name: blotted(value, self._secrets) for name, value in line.items()})


def disguises(secrets: Iterable[str]) -> tuple[str, ...]:
    """Secrets as they are, and as JSON, Python and addresses write them; the longest first. What is too short to be a
    secret would blot out half of every line."""
    found = set()
    for secret in secrets:
        if len(secret) >= SHORTEST:
            found |= {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], quote(secret, safe=""), quote(secret)}
    return tuple(sorted(found, key=len, reverse=True))


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, nor tokens of interactions or signatures in addresses."""
    for secret in secrets:
        text = text.replace(secret, BLOT)
    text = _SIGNED.sub(lambda found: f"{found[1]}{BLOT}", text)
    return _TOKENS.sub(lambda found: f"{found[1] or found[2]}/{BLOT}", text)


def set_up(settings: Settings) -> None:
    """To standard error, from INFO; warnings, and the bug that ends the process, too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter({"text": Blotting, "json": JsonLines}[settings.log_format](settings.secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    sys.excepthook = _last_words
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    for name in ("discord.client", "discord.shard"):
        logging.getLogger(name).addFilter(_calm)


def _calm(record: logging.LogRecord) -> bool:
    """discord.py writes an error with a traceback whenever it takes a lost line to Discord up again, or could not begin
    one."""
    if str(record.msg).startswith(("Attempting a reconnect", "Failed to connect")) and record.exc_info:
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        kind, record.exc_info = record.exc_info[0], None
        record.msg = f"{record.msg} ({kind.__name__ if kind else 'no reason'})"
    return True


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's own would write the traceback as it is, secrets and all."""
    logging.getLogger(__name__).critical("mv-bot ends by a bug", exc_info=(kind, error, trace))
