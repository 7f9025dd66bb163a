"""Discord's rules for a message, written from its documentation and from nothing of ours."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.ui.frame import Sheet, view_of

ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
ACTIVE = {
    "mention": re.compile(r"<@[!&]?\d+>|<#\d+>|</[^:>\n]+:\d+>|<id:\w+>"),
    "everyone": re.compile(r"@(?:everyone|here)"),
    "timestamp": re.compile(r"<t:-?\d+(?::\w)?>"),
    "custom emoji": re.compile(r"<a?:\w+:\d+>"),
    "emoji by name": re.compile(r":[\w+~-]+:"),
    "masked link": re.compile(r"\[[^\]\n]*\]\("),
    "address": re.compile(r"[a-z]+://|discord\.gg/", re.IGNORECASE),
    "emphasis": re.compile(r"[*_~|`]"),
    "heading": re.compile(r"^\s*#{1,3} ", re.MULTILINE),
    "subtext": re.compile(r"^\s*-# ", re.MULTILINE),
    "quote": re.compile(r"^\s*>{1,3} ", re.MULTILINE),
    "list": re.compile(r"^\s*(?:[-*+]|\d+[.)]) ", re.MULTILINE),
}
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def shown(text: str) -> str:
    """What a reader sees: escapes resolved."""
    return ESCAPE.sub(r"\1", text)


def active(text: str) -> list[str]:
    """The Markdown of Discord's that is alive in a text; a backslash that escapes nothing counts."""
    dead = ESCAPE.sub("\ue000", text)
    found = [name for name, pattern in ACTIVE.items() if pattern.search(dead)]
    return [*found, "backslash"] if "\\" in dead else found


def payload(sheet: Sheet) -> dict[str, Any]:
    """What would be sent."""
    view = view_of(sheet.rows)
    return {
        "content": sheet.content,
        "embeds": [embed.to_dict() for embed in sheet.embeds],
        "components": view.to_components() if view else [],
        "attachments": [
            {"id": str(number), "filename": each.name, "description": each.description or None}
            for number, each in enumerate(sheet.files)
        ],
        "allowed_mentions": discord.AllowedMentions.none().to_dict(),
    }


def breaches(message: dict[str, Any]) -> list[str]:
    """Every rule that a message breaks."""
    found: list[str] = []

    def check(what: str, text: str | None, limit: int, *, needed: bool = False) -> int:
        if text is None:
            text = ""
        if units(text) > limit:
            found.append(f"{what}: {units(text)} of {limit}")
        if needed and not text.strip(" \n\u2068\u2069\u200b"):
            found.append(f"{what}: empty")
        try:
            text.encode()
        except UnicodeEncodeError:
            found.append(f"{what}: lone surrogate")
        return units(text)

    check("content", message["content"], 2000)
    if not (message["content"].strip() or message["embeds"]):
        found.append("nothing to show")
    if len(message["embeds"]) > 10:
        found.append("more than 10 embeds")
    names = [file["filename"] for file in message["attachments"]]
    total = sum(_embed(embed, check, found, names) for embed in message["embeds"])
    if total > 6000:
        found.append(f"embeds: {total} of 6000")
    _files(message["attachments"], check, found)
    _components(message["components"], check, found)
    return found


def _embed(embed: dict[str, Any], check: Any, found: list[str], files: list[str]) -> int:
    total = int(check("title", embed.get("title"), 256)) + int(check("description", embed.get("description"), 4096))
    fields = embed.get("fields", [])
    if len(fields) > 25:
        found.append("more than 25 fields")
    for field in fields:
        total += check("field name", field["name"], 256, needed=True)
        total += check("field value", field["value"], 1024, needed=True)
    if "footer" in embed:
        total += check("footer", embed["footer"]["text"], 2048, needed=True)
    if "author" in embed:
        total += check("author", embed["author"]["name"], 256, needed=True)
    if "image" in embed:
        url = embed["image"]["url"]
        if url.removeprefix("attachment://") not in files:
            found.append(f"{url} names no file")
    if not total and "image" not in embed:
        found.append("empty embed")
    return total


def _files(files: list[dict[str, Any]], check: Any, found: list[str]) -> None:
    if len(files) > 10:
        found.append("more than 10 files")
    if len({file["filename"] for file in files}) != len(files):
        found.append("two files of one name")
    for file in files:
        check("alt text", file["description"], 1024)
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,260}", file["filename"]):
            found.append(f"file name {file['filename']}")


def _components(rows: list[dict[str, Any]], check: Any, found: list[str]) -> None:
    if len(rows) > 5:
        found.append("more than 5 rows")
    ids = [button["custom_id"] for row in rows for button in row["components"]]
    if len(set(ids)) != len(ids):
        found.append("two buttons of one custom_id")
    for row in rows:
        if not 1 <= len(row["components"]) <= 5:
            found.append("a row of more than 5, or none")
        for button in row["components"]:
            check("label", button["label"], 80, needed=True)
            check("custom_id", button["custom_id"], 100, needed=True)
