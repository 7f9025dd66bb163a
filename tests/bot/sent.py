"""Whatever the bot sent, looked at as Discord would: who is pinged, what is too long, what must never be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from simcord.types import HttpLogEntry

from tests.ui.rules import breaches

MESSAGES = re.compile(
    r"POST /interactions/\d+/[^/]+/callback"
    r"|(POST|PATCH) /webhooks/\d+/[^/]+(/messages/[^/]+)?"
    r"|(POST|PATCH) /channels/\d+/messages(/\d+)?"
)
UNSEEMLY = ("Traceback", 'File "', "mv.errors", "sqlalchemy", "httpx", "Exception", "mv.sqlite3")


def bodies(requests: Iterable[HttpLogEntry]) -> list[dict[str, Any]]:
    """The messages in what was sent: of callbacks the inner one."""
    found = []
    for request in requests:
        body = request.json
        if not MESSAGES.fullmatch(f"{request.method} {request.path}") or not isinstance(body, dict):
            continue
        if request.path.endswith("/callback"):
            if body["type"] not in (4, 7):
                continue
            body = body["data"]
        found.append(body)
    return found


def faults(requests: Iterable[HttpLogEntry]) -> list[str]:
    """What is wrong with them; nothing, if all is well."""
    return [fault for body in bodies(requests) for fault in _faults(body)]


def _faults(body: dict[str, Any]) -> list[str]:
    found = [*_pings(body), *breaches(_as_message(body))]
    text = json.dumps([body.get("content"), body.get("embeds")], ensure_ascii=False)
    return found + [f"shows {word!r}: {text[:300]}" for word in UNSEEMLY if word in text]


def _pings(body: dict[str, Any]) -> list[str]:
    allowed = body.get("allowed_mentions")
    if allowed is None:
        return [f"no allowed_mentions: {str(body)[:200]}"]
    if allowed.get("parse") or allowed.get("roles") or allowed.get("replied_user"):
        return [f"may ping: {allowed}"]
    users = [str(user) for user in allowed.get("users", [])]
    opening = re.match(r"<@(\d+)>", body.get("content") or "")
    if users and (len(users) > 1 or opening is None or opening[1] != users[0]):
        return [f"may ping {users} in {body.get('content')!r}"]
    return []


def _as_message(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "content": body.get("content") or "",
        "embeds": body.get("embeds") or [],
        "components": body.get("components") or [],
        "attachments": [{"description": None, **file} for file in body.get("attachments") or []],
        "allowed_mentions": body.get("allowed_mentions"),
    }
